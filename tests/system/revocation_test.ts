/** The end of an identity, on real processes: `parley revoke` and `parley succeed`. */
import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { exists } from "../../storage/folders.ts";
import { freePort, Host, isOnline, type Run } from "./host.ts";

const stateOf = (host: Host, nick: string) => host.stateOf(nick);
const ENDED = "[This identity of 'y' has ended: it was revoked, or has a successor.]";

/** What a command says and its exit status. */
async function told(session: Run): Promise<[number, ...string[]]> {
  const status = await session.status;
  return [status, ...session.output.lines, ...session.error.lines];
}

async function leaves(client: Run): Promise<void> {
  client.kill("SIGTERM");
  assertEquals(await client.status, 0);
}

Deno.test("a revocation is written at the first start, and ends the identity from any machine", async () => {
  await using host = await Host.withServer();
  const x = await host.online("x");
  const y = await host.online("y", ["x"]);
  await x.sees(isOnline("y"));
  await x.say("send y hello");
  await x.sees("[Message received by y.]");
  // Kept elsewhere, with some notes around it.
  const text = await Deno.readTextFile(`${stateOf(host, "y")}/revocation`);
  const paper = `${host.folder}/typed in`;
  await Deno.writeTextFile(
    paper,
    `from the drawer\n\n${
      text.slice(text.indexOf("nick:")).toUpperCase()
        .replaceAll(/^(NICK|SERVER|SERVER KEY|IDENTITY|SIGNATURE):( Y$)?/gm, (line) => line.toLowerCase())
    }`,
  );
  assertEquals(await told(host.run(["revoke", paper])), [
    0,
    "[The identity of y has ended at the server, for good.]",
  ]);
  await x.sees("[y's identity was revoked by its owner.]");
  await y.sees(ENDED);
  // Once more is no mistake.
  assertEquals((await told(host.run(["revoke", paper])))[0], 0);
  await leaves(y);
  const again = host.client("y");
  await again.sees(ENDED);
  assertEquals(await again.status, 1);
});

Deno.test("what is no revocation, or has no server, is told in a sentence", async () => {
  await using host = await Host.withServer();
  await host.beenThere("y");
  const file = `${stateOf(host, "y")}/revocation`;
  assertEquals(await told(host.run(["revoke"])), [2, "usage: revoke FILE [options]"]);
  assertEquals(await told(host.run(["revoke", "nothing"])), [
    1,
    "cannot read the revocation 'nothing': there is no such file",
  ]);
  const nowhere = freePort();
  assertEquals(await told(host.run(["revoke", file, "-p", `${nowhere}`])), [
    1,
    `no server at 127.0.0.1:${nowhere}, start one with 'deno task server'`,
  ]);
  const text = await Deno.readTextFile(file);
  const [, identity = ""] = /identity:\n {4}(\w{8})/.exec(text) ?? [];
  await Deno.writeTextFile(file, text.replace(identity, identity === "00000000" ? "11111111" : "00000000"));
  assertEquals(await told(host.run(["revoke", file])), [
    1,
    "[The server does not know this identity of y, nothing has changed.]",
  ]);
  const signature = text.trimEnd().slice(-8);
  await Deno.writeTextFile(
    file,
    text.replaceAll(signature, signature === "00000000" ? "11111111" : "00000000"),
  );
  assertEquals(await told(host.run(["revoke", file])), [
    1,
    "[The signature is not right, nothing has changed.]",
  ]);
  // Another server in its place: the revocation knows the key of the right one.
  const strange = host.run(["revoke", file, "--server-key", "5e".repeat(32)]);
  assertEquals(await strange.status, 1);
  assert(strange.error.text.includes("somebody may be in its place"), strange.error.text);
  // A file that was changed is written anew at the next start.
  await host.beenThere("y");
  assertEquals(await Deno.readTextFile(file), text);
});

Deno.test("a successor takes over from a copy of the identity, and others follow by themselves", async () => {
  await using host = await Host.withServer();
  const x = await host.online("x");
  const y = await host.online("y", ["x"]);
  await x.sees(isOnline("y"));
  await x.say("send y hello");
  await x.sees("[Message received by y.]");
  const copy = `${host.folder}/copy`;
  await Deno.copyFile(`${stateOf(host, "y")}/identity`, copy);
  // The old machine is gone, and its client still runs.
  const state = `${host.folder}/new`;
  const args = ["succeed", "-n", "y", "-i", "127.0.0.1", "-p", `${host.port}`, "--state", state];
  assertEquals(await told(host.run([...args, "--identity", copy])), [
    0,
    `[y has a new identity, signed by the old one: '${state}/identity'.]`,
    "[The old one ends at the server when you start the client with the new one.]",
  ]);
  assertFalse(exists(`${state}/identity.old`));
  const successor = host.client("y", ["--state", state]);
  await successor.sees("SERVER: [Welcome, you are registered.]");
  await successor.sees(isOnline("x"));
  await x.sees("[y has a new identity, signed by the old one.]");
  await x.say("send y hello again");
  await successor.sees("x: hello again");
  assertFalse(y.output.text.includes("hello again"));
  await y.sees("[You were registered as 'y' from another place, this one is offline now.]");
  await y.say("reg y");
  await y.sees(ENDED);
  await leaves(y);
  await leaves(successor);
  // A statement lies beside each of them, also where the server takes the identity no more.
  const other = `${host.folder}/other`;
  const former = host.client("y", ["--state", other, "--identity", copy]);
  assertEquals(await former.status, 1);
  assert(former.output.text.includes(ENDED));
  const statements = [state, other].map((folder) => Deno.readTextFileSync(`${folder}/revocation`));
  assertNotEquals(statements[0], statements[1]);
  assertEquals((await told(host.run(["revoke", `${other}/revocation`])))[0], 0);
  await x.sees("[y's identity was revoked by its owner.]");
});

Deno.test("succeed: without an identity, and while the client runs", async () => {
  await using host = await Host.withServer();
  const args = ["succeed", "-i", "127.0.0.1", "-p", `${host.port}`];
  assertEquals(await told(host.run([...args, "-n", "z"])), [
    1,
    `cannot read the identity '${
      stateOf(host, "z")
    }/identity': there is no such file, put it back from a copy`,
  ]);
  await host.online("y");
  const [status, sentence = ""] = await told(host.run([...args, "-n", "y"]));
  assertEquals(status, 1);
  assert(sentence.includes("in use by another process"), sentence);
});

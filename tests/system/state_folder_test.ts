/** The state of a nick belongs to a server, wherever that is and whatever it is called. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { KNOWN_PEER } from "../../core/durable/records.ts";
import { exists } from "../../storage/folders.ts";
import { openSqlite } from "../../storage/sqlite.ts";
import { freePort, Host, type Run } from "./host.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";

async function leave(client: Run): Promise<void> {
  await client.endInput();
  assertEquals(await client.status, 0, client.error.text);
}

async function stop(server: Run): Promise<void> {
  server.kill("SIGTERM");
  assertEquals(await server.status, 0);
}

const identityIn = (folder: string) => Deno.readTextFile(`${folder}/identity`);

Deno.test("a server that has moved to another address is the same: identity, nick and what waits go on", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  await host.beenThere("y");
  const x = host.client("x");
  await x.sees(WELCOME);
  await stop(server);
  await x.say("send y it waits");
  await x.endInput();
  assertEquals(await x.status, 1);
  assert(x.output.lines.includes("[1 message waits and leaves at the next start.]"), x.output.text);
  const identity = await identityIn(host.stateOf("x"));

  const place = ["-p", `${host.port}`, "--host", "127.0.0.2", "--data", `${host.folder}/server.db`];
  const moved = host.run(["server", ...place]);
  await moved.error.sees(/ listening on .*\n/);
  const back = host.run(["client", "-n", "x", "-i", "127.0.0.2", "-p", `${host.port}`]);
  await back.sees(`[This is the server you know as 127.0.0.1:${host.port}.]`);
  await back.sees(WELCOME);
  await back.sees("SERVER: [Message received by the server and saved]");
  await leave(back);
  assertFalse(back.output.text.includes("New identity"));
  assertEquals(await identityIn(host.stateOf("x")), identity);
});

Deno.test("folders of old releases are taken over: the one that was used, and the other is named", async () => {
  await using host = await Host.withServer();
  const y = await host.online("y");
  const x = host.client("x");
  await x.say("send y hello");
  await x.sees("[Message received by y.]");
  await leave(x);
  const folder = host.stateOf("x");
  const identity = await identityIn(folder);
  const root = `${host.folder}/state/parley`;
  const [old, other] = [`${root}/127.0.0.1_${host.port}`, `${root}/192.168.1.33_${host.port}`];
  for (const place of [old, other]) await Deno.mkdir(place);
  await Deno.rename(folder, `${host.folder}/aside`);
  // The same server under another address: that identity was refused, for the nick was x's already.
  const refused = host.client("x");
  await refused.sees("[Nickname 'x' belongs to another key.]");
  assertEquals(await refused.status, 1);
  await Deno.rename(folder, `${other}/x`);
  await Deno.rename(`${host.folder}/aside`, `${old}/x`);

  const back = host.client("x");
  await back.sees(`[There is another state of x at this server, unused: '${other}/x'.]`);
  await back.sees(WELCOME);
  await back.say("send y again");
  await y.sees("x: again");
  await leave(back);
  assertEquals(await identityIn(folder), identity);
  assertFalse(exists(`${old}/x`));
});

Deno.test("of two old folders the one is taken over whose identity the server knows, whichever has more in it", async () => {
  await using host = await Host.withServer();
  const x = host.client("x");
  await x.sees(WELCOME);
  await leave(x);
  const folder = host.stateOf("x");
  const identity = await identityIn(folder);
  const root = `${host.folder}/state/parley`;
  const [old, other] = [`${root}/127.0.0.1_${host.port}`, `${root}/192.168.1.33_${host.port}`];
  for (const place of [old, other]) await Deno.mkdir(place);
  await Deno.rename(folder, `${host.folder}/aside`);
  const refused = host.client("x");
  await refused.sees("[Nickname 'x' belongs to another key.]");
  assertEquals(await refused.status, 1);
  await Deno.rename(folder, `${other}/x`);
  await Deno.rename(`${host.folder}/aside`, `${old}/x`);
  const store = openSqlite(`${other}/x/state.db`, "client");
  store.commit(["a", "b", "c"].map((nick) => ({
    type: "save",
    key: KNOWN_PEER.key(nick),
    value: KNOWN_PEER.encode({ identity: "a1".repeat(32), verified: false, revoked: false }),
  })));
  store.close();

  const back = host.client("x");
  await back.sees(`[There is another state of x at this server, unused: '${other}/x'.]`);
  await back.sees(WELCOME);
  await leave(back);
  assertFalse(back.output.text.includes("belongs to another key"));
  assertEquals(await identityIn(folder), identity);
});

Deno.test("of two old folders none is moved before the server has said whose the nick is", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const x = host.client("x");
  await x.sees(WELCOME);
  await leave(x);
  const folder = host.stateOf("x");
  const identity = await identityIn(folder);
  const root = `${host.folder}/state/parley`;
  const places = [`${root}/192.168.1.33_${host.port}/x`, `${root}/127.0.0.1_${host.port}/x`];
  for (const place of places) await Deno.mkdir(place.slice(0, -2));
  const aside = `${host.folder}/aside`;
  await Deno.rename(folder, aside);
  for (const number of places.keys()) {
    const refused = host.client("x");
    await refused.sees("[Nickname 'x' belongs to another key.]");
    assertEquals(await refused.status, 1);
    await Deno.rename(folder, `${aside}${number}`);
  }
  for (const [number, place] of places.entries()) await Deno.rename(`${aside}${number}`, place);
  const isUntouched = () => {
    assertFalse(exists(folder));
    assert(places.every((place) => exists(`${place}/state.db`)));
  };

  // Neither has the identity that the nick belongs to.
  const neither = host.client("x");
  await neither.sees("[Nickname 'x' belongs to another key.]");
  assertEquals(await neither.status, 1);
  for (const place of places) {
    assert(neither.output.text.includes(`[There is another state of x at this server, unused: '${place}'.]`));
  }
  isUntouched();

  // One has it, and nobody says so.
  await Deno.remove(places[0]!, { recursive: true });
  await Deno.rename(aside, places[0]!);
  await stop(server);
  const unanswered = host.client("x");
  assertEquals(await unanswered.status, 1);
  assert(unanswered.error.text.includes(`no server at 127.0.0.1:${host.port}`), unanswered.error.text);
  isUntouched();

  await host.startServer();
  // Who does not ask the server does not choose.
  const successor = host.run(["succeed", "-n", "x", "-i", "127.0.0.1", "-p", `${host.port}`]);
  assertEquals(await successor.status, 1);
  assert(successor.error.text.startsWith("cannot choose among '"), successor.error.text);
  isUntouched();

  const back = host.client("x");
  await back.sees(`[There is another state of x at this server, unused: '${places[1]}'.]`);
  await back.sees(WELCOME);
  await leave(back);
  for (const once of ["Client IP->", WELCOME, "[Exiting]"]) {
    assertEquals(back.output.text.split(once).length, 2, back.output.text);
  }
  assertEquals(await identityIn(folder), identity);
});

Deno.test("nothing is made for a server that has not proved its key", async () => {
  await using host = await Host.create();
  const x = host.run(["client", "-n", "x", "-p", `${freePort()}`]);
  await x.say("send y hi");
  await x.endInput();
  assertEquals(await x.status, 1);
  assertEquals(x.output.text, "");
  assertFalse(exists(`${host.folder}/state`));
});

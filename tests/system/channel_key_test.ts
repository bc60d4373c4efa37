/** `client --channel-key FILE`: what is said in the channel is for those who have the key. */
import { assertEquals, assertFalse } from "@std/assert";
import { Host, type Run } from "./host.ts";

const OURS = "0123456789abcdef".repeat(4);
const THEIRS = "fedcba9876543210".repeat(4);

async function writeKey(host: Host, name: string, digits: string): Promise<string> {
  const file = `${host.folder}/${name}`;
  await Deno.writeTextFile(file, `${digits}\n`, { mode: 0o600 });
  return file;
}

async function online(host: Host, nick: string, key?: string): Promise<Run> {
  const client = host.client(nick, key === undefined ? [] : ["--channel-key", key]);
  await client.sees("SERVER: [Welcome, you are registered.]");
  await client.sees(new RegExp(`^${nick} @ .* is ONLINE\n`, "m"));
  return client;
}

const sealed = (nick: string) =>
  `[A channel message of ${nick} is sealed under a channel key that this client does not have, see 'client --channel-key'.]`;

Deno.test("who has the channel's key reads what others do not, and sees what was not sealed", async () => {
  await using host = await Host.withServer();
  const ours = await writeKey(host, "ours", OURS);
  const copy = await writeKey(host, "copy", OURS.toUpperCase());
  const x = await online(host, "x", ours);
  const y = await online(host, "y", copy);
  const z = await online(host, "z");
  const w = await online(host, "w", await writeKey(host, "theirs", THEIRS));

  await x.say("send_all for those with the key");
  await x.sees("[Message received by Server.]");
  await y.sees("[Channel_Message x: for those with the key]");
  for (const other of [z, w]) await other.sees(sealed("x"));

  await z.say("send_all for everybody");
  for (const other of [x, y, w]) await other.sees("[Channel_Message, not sealed, z: for everybody]");
  await w.say("send_all theirs");
  for (const other of [x, y, z]) await other.sees(sealed("w"));

  await y.say("send_all answered");
  await x.sees("[Channel_Message y: answered]");
  for (const other of [z, w]) {
    await other.sees(sealed("y"));
    assertFalse(/those with the key|answered/.test(other.output.text));
  }
  // The channel's key is not for direct messages.
  await x.say("send z hello");
  await z.sees("x: hello");
});

Deno.test("what was said meanwhile is read with the key that one has at the next start", async () => {
  await using host = await Host.withServer();
  const key = await writeKey(host, "ours", OURS);
  await host.beenThere("y");
  await host.beenThere("z");
  const x = await online(host, "x", key);
  await x.say("send_all while you were away");
  await x.sees("[Message received by Server.]");
  const y = await online(host, "y", key);
  await y.sees(/^\[Channel_Message x: .* while you were away\]$/m);
  const z = await online(host, "z");
  await z.sees(sealed("x"));
});

Deno.test("a channel key that cannot be used ends the client at its start", async (test) => {
  await using host = await Host.withServer();
  const key = await writeKey(host, "ours", OURS);
  const refusal = async () => {
    const client = host.client("x", ["--channel-key", key]);
    assertEquals(await client.status, 1);
    assertEquals(client.output.text, "");
    return client.error.text;
  };
  const make = "make one with 'openssl rand -hex 32'";
  await test.step("others may read it", async () => {
    await Deno.chmod(key, 0o644);
    assertEquals(await refusal(), `cannot use '${key}': others may read or change it, 'chmod 600 ${key}'\n`);
    await Deno.chmod(key, 0o600);
  });
  await test.step("it is none", async () => {
    await Deno.writeTextFile(key, OURS.slice(1));
    assertEquals(
      await refusal(),
      `cannot use the channel key '${key}': it is not 64 hexadecimal digits, ${make}\n`,
    );
  });
  await test.step("it is not there", async () => {
    await Deno.remove(key);
    assertEquals(await refusal(), `cannot read the channel key '${key}': there is no such file, ${make}\n`);
  });
});

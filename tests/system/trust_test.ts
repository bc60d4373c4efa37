/**
 * Whose key it is: invitations, numbers to compare, and what happens when somebody has another key than
 * before.
 */
import { assert, assertEquals, assertFalse, assertMatch, assertNotEquals } from "@std/assert";
import { freePort, Host, isOnline, type Run } from "./host.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";

const changedKey = (nick: string) =>
  `[${nick} has another key than the pinned one: somebody else may have the nick. ` +
  `Nothing is sent to ${nick} until you say 'trust ${nick}'.]`;
const trusted = (nick: string) =>
  new RegExp(
    `^\\[The key that ${nick} has now is trusted: [0-9a-f]{64}\\. It is not verified: 'verify ${nick}'\\.\\]\n`,
    "m",
  );

async function stop(session: Run): Promise<void> {
  session.kill("SIGTERM");
  assertEquals(await session.status, 0);
}

async function invitationOf(client: Run): Promise<string> {
  await client.say("invite");
  const [line] = await client.sees(/^parley:\/\/.*$/m);
  return line;
}

/** The number that a client shows for somebody. */
async function numberFor(client: Run, nick: string): Promise<string> {
  await client.say(`verify ${nick}`);
  const [, number] = await client.sees(
    new RegExp(`^\\[Your safety number with ${nick}: ((?:\\d{5} ){11}\\d{5})\\]\n`, "m"),
  );
  return number!;
}

/**
 * Gives a nick that is offline to somebody else while the server is stopped, and starts it again. He
 * registers at another port, where nobody else sees him; it is his from the first moment that others can come
 * back.
 */
async function giveAway(host: Host, nick: string): Promise<Run> {
  const release = host.run(["nicks", "--data", `${host.folder}/server.db`, "--release", nick]);
  assertEquals(await release.status, 0);
  const { port } = host;
  host.port = freePort();
  const elsewhere = await host.startServer();
  const registers = host.client(nick, ["--state", `${host.folder}/elsewhere`]);
  await registers.sees(WELCOME);
  await stop(registers);
  await stop(elsewhere);
  host.port = port;
  await host.startServer();
  const identity = ["--identity", `${host.folder}/elsewhere/identity`];
  const other = host.client(nick, ["--state", `${host.folder}/other`, ...identity]);
  await other.sees(isOnline(nick));
  return other;
}

/** The line of a nick in what `peers` shows, without its address. */
async function peersLine(client: Run, nick: string): Promise<string> {
  await client.say("peers");
  await client.sees(/^SERVER @ .* is ONLINE$/m);
  const [, line] = await client.sees(new RegExp(`^${nick} @ \\S+ (.*)\n`, "m"));
  return line!;
}

Deno.test("an invitation that one client shows starts another one, with server and key", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const [, key] = await server.error.sees(/ its key is ([0-9a-f]{64})\n/);
  const alice = await host.online("Zoë");
  const invitation = await invitationOf(alice);
  assertMatch(
    invitation,
    new RegExp(`^parley://127\\.0\\.0\\.1:${host.port}/\\?server=${key}&peer=Zo%C3%AB:[0-9a-f]{64}$`),
  );
  await alice.sees(/^\[Nobody else reaches 127\.0\.0\.1:\d+: start with .*\]\n/m);
  const bob = host.run(["client", invitation, "-n", "bob", "--state", `${host.folder}/bob`]);
  await bob.sees(WELCOME);
  await bob.sees(isOnline("Zoë"));
  await bob.say("send zoë hello");
  await alice.sees("bob: hello");
  assertFalse(bob.output.text.includes("New server"), "it was not taken on trust");
  assertEquals(
    await Deno.readTextFile(`${host.folder}/bob/known_servers`),
    `127.0.0.1:${host.port} ${key}\n`,
  );
  await bob.endInput();
  assertEquals(await bob.status, 0);
});

Deno.test("an invitation pins who gave it: somebody else under that nick is not taken for him", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const alice = await host.online("alice");
  const invitation = await invitationOf(alice);
  await stop(alice);
  await stop(server);
  await giveAway(host, "alice");
  const bob = host.run(["client", invitation, "-n", "bob", "--state", `${host.folder}/bob`]);
  await bob.sees(changedKey("alice"));
  await bob.say("send alice my secret");
  await bob.sees(changedKey("alice"));
  await bob.endInput();
  assertEquals(await bob.status, 1);
});

Deno.test("an invitation to another server's key is refused, and one that is none says so", async () => {
  await using host = await Host.withServer();
  const invitation = await invitationOf(await host.online("alice"));
  const key = /server=([0-9a-f]{64})/.exec(invitation)![1]!;
  const other = "0123456789abcdef".repeat(4);
  const bob = host.run(["client", invitation.replace(key, other), "-n", "bob", "--state", ":memory:"]);
  assertEquals(await bob.status, 1);
  assert(
    bob.error.text.startsWith(`the server at 127.0.0.1:${host.port} has another key than '${other}'`),
  );

  assertFalse(bob.error.text.includes(key), "nobody is to take a key from there");

  // Nor does an invitation take the place of a key that is known.
  const friend = host.run(["client", invitation.replace(key, other), "-n", "friend"]);
  assertEquals(await friend.status, 1);
  assertEquals(friend.error.lines, [
    `cannot use the invitation: it names another key for 127.0.0.1:${host.port} than '${key}', which is known of it, ask the server's operator for its key`,
  ]);

  const nobody = host.run(["client", "alice"]);
  assertEquals(await nobody.status, 2);
  assertEquals(
    nobody.error.text,
    "'alice' is not an invitation: 'parley://HOST:PORT/?server=KEY&peer=NICK:KEY', as 'invite' shows it, in quotes\n",
  );
});

Deno.test("an invitation does not take the place of a key that is pinned", async () => {
  await using host = await Host.withServer();
  const alice = await host.online("alice");
  const invitation = await invitationOf(alice);
  const bob = await host.online("bob", ["alice"]);
  await bob.say("send alice hello");
  await bob.sees("[Message received by alice.]");
  await stop(bob);
  const forged = invitation.replace(/[0-9a-f]{64}$/, "0123456789abcdef".repeat(4));
  const again = host.run(["client", forged, "-n", "bob"]);
  await again.sees("[The invitation gives another key for alice than the one that is pinned, which stays.]");
  await again.sees(isOnline("alice"));
  await again.say("send alice it is me");
  await alice.sees("bob: it is me");
});

Deno.test("'verify' shows the same number at both ends, another one for others, and marks whom", async () => {
  await using host = await Host.withServer();
  const x = await host.online("x");
  const y = await host.online("y", ["x"]);
  const z = await host.online("z", ["x", "y"]);
  for (const client of [x, y]) await client.sees(isOnline("z"));
  assertEquals(await peersLine(x, "y"), "is ONLINE");
  const number = await numberFor(x, "y");
  assertEquals(await peersLine(x, "y"), "is ONLINE");
  await x.say("verify y 12345 67890");
  await x.sees(/^\[Your safety number with y does not end so, nothing is marked: /m);
  await x.say(`verify y ${number.slice(-5)}`);
  await x.sees("[y is marked as verified, 'trust y' takes the mark away.]");
  assertEquals(await numberFor(y, "x"), number);
  assertNotEquals(await numberFor(x, "z"), number);
  assertEquals(await numberFor(z, "x"), await numberFor(x, "z"));
  assertEquals(await peersLine(x, "y"), "is ONLINE (verified)");
  await x.say("trust y");
  await x.sees(trusted("y"));
  assertEquals(await peersLine(x, "y"), "is ONLINE");
  await x.say("verify nobody");
  await x.sees("[Unknown peer: nobody]");

  // What is verified stays so in the next process.
  assertEquals(await numberFor(x, "y"), number);
  await x.say(`verify y ${number}`);
  await x.sees("[y is marked as verified, 'trust y' takes the mark away.]");
  await stop(x);
  const again = await host.online("x", ["y"]);
  assertEquals(await peersLine(again, "y"), "is ONLINE (verified)");
  assertEquals(await numberFor(again, "y"), number);
});

Deno.test("a changed key stops 'send' until 'trust'", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const y = await host.online("y");
  const x = await host.online("x");
  await x.say("send y hello");
  await y.sees("x: hello");
  const number = await numberFor(x, "y");
  await stop(y);
  await stop(x);
  await stop(server);
  const newOwner = await giveAway(host, "y");
  const other = await host.online("z", ["y"]);
  const back = host.client("x");
  await back.sees(changedKey("y"));
  await back.say("send y my secret");
  await back.sees(changedKey("y"));
  await back.say("verify y");
  await back.sees(/another one than the pinned one\. If y sees the same number, say 'trust y'\.\]\n/);
  assertEquals(await peersLine(back, "y"), "is ONLINE (another key than the pinned one)");
  // Others are written to as ever, and that comes later than the secret would.
  await back.say("send z hi");
  await other.sees("x: hi");

  await back.say("trust y");
  await back.sees(trusted("y"));
  assertEquals(await peersLine(back, "y"), "is ONLINE");
  await back.say("send y to the new one");
  await newOwner.sees("x: to the new one");
  await back.sees("[Message received by y.]");
  assertFalse(/secret|missing/.test(newOwner.output.text));
  assertNotEquals(await numberFor(back, "y"), number);
});

Deno.test("what waits for somebody is not sent to another key before 'trust'", async () => {
  await using host = await Host.create();
  const server = await host.startServer();
  const y = await host.online("y");
  const x = host.client("x", ["--attempts", "0"]);
  await x.sees(isOnline("x"));
  await x.say("send y hello");
  await y.sees("x: hello");
  await x.sees("[Message received by y.]");
  await stop(y);
  await x.sees(/^y @ .* is OFFLINE\n/m);
  await stop(server);
  await x.say("send y my secret");
  // A command that comes later has been done: so has the one before.
  await x.say("send nobody hi");
  await x.sees("[Unknown peer: nobody]");
  const newOwner = await giveAway(host, "y");
  await x.sees(changedKey("y"));
  const other = await host.online("z", ["y"]);
  await x.sees(isOnline("z"));
  await x.say("send z hi");
  await other.sees("x: hi");
  assertFalse(newOwner.output.text.includes("secret"));
  await x.say("trust y");
  await newOwner.sees("x: my secret");
  await x.sees("[Message received by y.]");
  assertFalse(newOwner.output.text.includes("missing"), "what was said to the other one is not waited for");
});

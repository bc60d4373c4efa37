/** Whose key it is: invitations, numbers to compare, and what happens when somebody has another key than before. */
import { assert, assertEquals, assertFalse, assertMatch, assertNotEquals } from "@std/assert";
import { freePort, isOnline, type Session, World } from "./session.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";

const changedKey = (nick: string) =>
  `[${nick} has another key than the pinned one: somebody else may have the nick. ` +
  `Nothing is sent to ${nick} until you say 'trust ${nick}'.]`;
const trusted = (nick: string) =>
  `[The key that ${nick} has now is trusted. It is not verified: 'verify ${nick}'.]`;

async function stop(session: Session): Promise<void> {
  session.kill("SIGTERM");
  assertEquals(await session.status, 0);
}

async function invitationOf(client: Session): Promise<string> {
  await client.say("invite");
  const [line] = await client.sees(/^parley:\/\/.*$/m);
  return line;
}

/** The number that a client shows for somebody. */
async function numberFor(client: Session, nick: string): Promise<string> {
  await client.say(`verify ${nick}`);
  const [, number] = await client.sees(
    new RegExp(`^\\[Your safety number with ${nick}: ((?:\\d{5} ){11}\\d{5})\\]\n`, "m"),
  );
  return number!;
}

/**
 * Gives a nick that is offline to somebody else while the server is stopped, and starts it again. He registers at
 * another port, where nobody else sees him; it is his from the first moment that others can come back.
 */
async function giveAway(world: World, nick: string): Promise<Session> {
  const release = world.run(["nicks", "--data", `${world.folder}/server.db`, "--release", nick]);
  assertEquals(await release.status, 0);
  const { port } = world;
  world.port = freePort();
  const elsewhere = await world.startServer();
  const registers = world.client(nick, ["--state", `${world.folder}/elsewhere`]);
  await registers.sees(WELCOME);
  await stop(registers);
  await stop(elsewhere);
  world.port = port;
  await world.startServer();
  const identity = ["--identity", `${world.folder}/elsewhere/identity`];
  const other = world.client(nick, ["--state", `${world.folder}/other`, ...identity]);
  await other.sees(isOnline(nick));
  return other;
}

/** The line of a nick in what `peers` shows, without its address. */
async function peersLine(client: Session, nick: string): Promise<string> {
  await client.say("peers");
  await client.sees(/^SERVER @ .* is ONLINE$/m);
  const [, line] = await client.sees(new RegExp(`^${nick} @ \\S+ (.*)\n`, "m"));
  return line!;
}

Deno.test("an invitation that one client shows starts another one, with server and key", async () => {
  await using world = await World.create();
  const server = await world.startServer();
  const [, key] = await server.error.sees(/ its key is ([0-9a-f]{64})\n/);
  const alice = await world.online("Zoë");
  const invitation = await invitationOf(alice);
  assertMatch(
    invitation,
    new RegExp(`^parley://127\\.0\\.0\\.1:${world.port}/\\?server=${key}&peer=Zo%C3%AB:[0-9a-f]{64}$`),
  );
  const bob = world.run(["client", invitation, "-n", "bob", "--state", `${world.folder}/bob`]);
  await bob.sees(WELCOME);
  await bob.sees(isOnline("Zoë"));
  await bob.say("send zoë hello");
  await alice.sees("bob: hello");
  assertFalse(bob.output.text.includes("New server"), "it was not taken on trust");
  assertEquals(
    await Deno.readTextFile(`${world.folder}/bob/known_servers`),
    `127.0.0.1:${world.port} ${key}\n`,
  );
  await bob.endInput();
  assertEquals(await bob.status, 0);
});

Deno.test("an invitation pins who gave it: somebody else under that nick is not taken for him", async () => {
  await using world = await World.create();
  const server = await world.startServer();
  const alice = await world.online("alice");
  const invitation = await invitationOf(alice);
  await stop(alice);
  await stop(server);
  await giveAway(world, "alice");
  const bob = world.run(["client", invitation, "-n", "bob", "--state", `${world.folder}/bob`]);
  await bob.sees(changedKey("alice"));
  await bob.say("send alice my secret");
  await bob.sees(changedKey("alice"));
  await bob.endInput();
  assertEquals(await bob.status, 1);
});

Deno.test("an invitation to another server's key is refused, and one that is none says so", async () => {
  await using world = await World.withServer();
  const invitation = await invitationOf(await world.online("alice"));
  const key = /server=([0-9a-f]{64})/.exec(invitation)![1]!;
  const other = "0123456789abcdef".repeat(4);
  const bob = world.run(["client", invitation.replace(key, other), "-n", "bob", "--state", ":memory:"]);
  assertEquals(await bob.status, 1);
  assert(
    bob.error.text.startsWith(`the server at 127.0.0.1:${world.port} has the key '${key}', not '${other}'`),
  );

  const nobody = world.run(["client", "alice"]);
  assertEquals(await nobody.status, 2);
  assertEquals(
    nobody.error.text,
    "'alice' is not an invitation: 'parley://HOST:PORT/?server=KEY&peer=NICK:KEY', as 'invite' shows it, in quotes\n",
  );
});

Deno.test("an invitation does not take the place of a key that is pinned", async () => {
  await using world = await World.withServer();
  const alice = await world.online("alice");
  const invitation = await invitationOf(alice);
  const bob = await world.online("bob", ["alice"]);
  await bob.say("send alice hello");
  await bob.sees("[Message received by alice.]");
  await stop(bob);
  const forged = invitation.replace(/[0-9a-f]{64}$/, "0123456789abcdef".repeat(4));
  const again = world.run(["client", forged, "-n", "bob"]);
  await again.sees("[The invitation gives another key for alice than the one that is pinned, which stays.]");
  await again.sees(isOnline("alice"));
  await again.say("send alice it is me");
  await alice.sees("bob: it is me");
});

Deno.test("'verify' shows the same number at both ends, another one for others, and marks whom", async () => {
  await using world = await World.withServer();
  const x = await world.online("x");
  const y = await world.online("y", ["x"]);
  const z = await world.online("z", ["x", "y"]);
  for (const client of [x, y]) await client.sees(isOnline("z"));
  assertEquals(await peersLine(x, "y"), "is ONLINE");
  const number = await numberFor(x, "y");
  await x.sees(
    "[y is marked as verified. If y sees another number, somebody is between you: 'trust y' takes the mark away.]",
  );
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
  await stop(x);
  const again = await world.online("x", ["y"]);
  assertEquals(await peersLine(again, "y"), "is ONLINE (verified)");
  assertEquals(await numberFor(again, "y"), number);
});

Deno.test("a changed key stops 'send' until 'trust'", async () => {
  await using world = await World.create();
  const server = await world.startServer();
  const y = await world.online("y");
  const x = await world.online("x");
  await x.say("send y hello");
  await y.sees("x: hello");
  const number = await numberFor(x, "y");
  await stop(y);
  await stop(x);
  await stop(server);
  const newOwner = await giveAway(world, "y");
  const other = await world.online("z", ["y"]);
  const back = world.client("x");
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
  await using world = await World.create();
  const server = await world.startServer();
  const y = await world.online("y");
  const x = world.client("x", ["--attempts", "0"]);
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
  const newOwner = await giveAway(world, "y");
  await x.sees(changedKey("y"));
  const other = await world.online("z", ["y"]);
  await x.sees(isOnline("z"));
  await x.say("send z hi");
  await other.sees("x: hi");
  assertFalse(newOwner.output.text.includes("secret"));
  await x.say("trust y");
  await newOwner.sees("x: my secret");
  await x.sees("[Message received by y.]");
  assertFalse(newOwner.output.text.includes("missing"), "what was said to the other one is not waited for");
});

/** Who is there: only the server decides, and a nick belongs to one key, which is in one place at a time. */
import { assert, assertEquals } from "@std/assert";
import { isAnothers } from "../kit/person.ts";
import { scenario } from "./scenario.ts";

// ---- silence ---------------------------------------------------------------------------------------------

scenario("a client that was killed is OFFLINE within 75 s, without anybody writing to it", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  world.runs(200_000);
  alice.sees();
  bob.isKilled();
  const offline = world.table(alice.online, bob.offline, carol.online);
  const took = world.runsUntil(() => alice.hasSeen(bob.offline), 75_100);
  assert(took > 40_000, `after ${took} ms already`);
  alice.sees(...offline);
  carol.sees(...offline);
});

scenario("once a message found it silent, a killed client is OFFLINE within 3 s", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.runs(60_000);
  bob.isKilled();
  alice.types("send bob hi");
  world.runs(3060);
  alice.sees(
    "[No ACK from bob, message sent to server.]",
    "[Message received by SERVER.]",
    "SERVER: [Message received by the server and saved]",
    ...world.table(alice.online, bob.offline),
  );
});

scenario("who lives is never called OFFLINE because the direct way to it is cut", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cutBetween(alice, bob);
  for (let minute = 0; minute < 10; minute++) {
    alice.types(`send bob ${minute}`);
    world.runs(60_000);
    bob.sees(`alice: ${minute}`);
  }
  assert(!alice.hasSeen(bob.offline));
});

scenario("idle clients stay ONLINE for a day, and cost a keep-alive about every 25 s", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const began = world.schedule.now;
  world.runs(24 * 3600_000);
  alice.sees();
  bob.sees();
  const count = world.sent({ from: alice, kind: "keepAlive" }, began).length;
  assert(count > 24 * 3600 / 31 && count < 24 * 3600 / 19, `${count} keep-alives`);
});

scenario(
  "a client that was cut off for long is OFFLINE, and back by itself when it is reached again",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    world.cut(bob);
    world.runs(100_000);
    alice.sees(...world.table(alice.online, bob.offline));
    alice.types("send bob hi");
    world.runs(100);
    alice.looks();
    bob.sees();
    world.mend(bob);
    world.runs(31_000);
    alice.sees(...world.table(alice.online, bob.online), "[bob has collected 1 message.]");
    const [announcement, letter, ...rest] = bob.looks();
    assertEquals([announcement, letter?.endsWith(" hi"), rest], ["SERVER: [You have messages]", true, []]);
  },
);

// ---- the same nick again ---------------------------------------------------------------------------------

scenario(
  "killed and started again at once, on another port: it takes its place without being refused",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    bob.isKilled();
    bob.starts();
    bob.looks();
    world.runs(100);
    bob.sees("SERVER: [Welcome, you are registered.]", ...world.table(alice.online, bob.online));
    alice.sees(...world.table(alice.online, bob.online));
    alice.types("send bob hi");
    world.runs(100);
    alice.sees("[Message received by bob.]");
    bob.sees("alice: hi");
  },
);

scenario("killed and started again at once, on the same port", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob before");
  world.runs(1000);
  bob.isKilled();
  bob.starts(bob.address.port);
  world.everybodyLooks();
  world.runs(300);
  bob.sees("SERVER: [Welcome, you are registered.]", ...world.table(alice.online, bob.online));
  assert(!alice.hasSeen(bob.offline));
  alice.looks();
  alice.types("send bob hi");
  world.runs(499);
  alice.sees("[Message received by bob.]");
  bob.sees("alice: hi");
});

scenario("messages reach a client that was killed and started again ten times in a row", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  for (let life = 1; life <= 10; life++) {
    bob.isKilled();
    if (life % 2 === 0) bob.starts(bob.address.port);
    else bob.starts();
    world.runs(500);
    world.everybodyLooks();
    alice.types(`send bob ${life}`);
    world.runs(499);
    alice.sees("[Message received by bob.]");
    bob.sees(`alice: ${life}`);
  }
});

scenario("a nick whose holder is dead is not for another key: refused at once, without a probe", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.isKilled();
  const began = world.schedule.now;
  const other = world.client("bob");
  other.starts();
  other.looks();
  world.runs(10);
  other.sees(...isAnothers("bob"));
  other.hasEnded(1);
  // The holder is not asked, and is found silent in his own time.
  assertEquals(world.sent({ from: world.server, to: bob }, began), []);
  alice.sees();
  world.runsUntil(() => alice.hasSeen(bob.offline), 75_100);
  other.starts();
  other.looks();
  world.runs(10);
  other.sees(...isAnothers("bob"));
  other.hasEnded(1);
});

scenario("nor after a restart of the server, at which its holder is away", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("quit");
  world.runs(200);
  world.server.isKilled();
  world.server.starts();
  const other = world.client("bob");
  other.starts();
  other.looks();
  world.runs(10);
  other.sees(...isAnothers("bob"));
  other.hasEnded(1);
  bob.starts();
  bob.looks();
  world.runs(300);
  bob.sees("SERVER: [Welcome, you are registered.]", ...world.table(alice.online, bob.online));
});

scenario("who holds a nick has no trouble with somebody who wants it, again and again", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  for (let count = 0; count < 20; count++) {
    const other = world.client("bob");
    other.starts();
    other.looks();
    world.runs(10);
    other.sees(...isAnothers("bob"));
    other.hasEnded(1);
  }
  world.runs(100_000);
  alice.sees();
  bob.sees();
  alice.types("send bob hi");
  world.runs(100);
  bob.sees("alice: hi");
});

scenario("who comes back to a nick that somebody else was given meanwhile gets the prompt back", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(100);
  world.server.releases("bob");
  const other = world.client("bob");
  other.starts();
  world.runs(500);
  world.everybodyLooks();
  bob.types("reg bob");
  world.runs(100);
  bob.sees(...isAnothers("bob"));
  assertEquals([bob.isAlive, bob.unsettled], [true, 0]);
  bob.types("send alice hi");
  bob.sees("[You are offline, 'reg bob' first.]");
  // It stays the other one's, also when he is gone.
  other.types("quit");
  world.runs(100);
  bob.types("reg bob");
  world.runs(100);
  bob.sees(...isAnothers("bob"));
  assertEquals([bob.isAlive, bob.unsettled], [true, 0]);
  assert(alice.isAlive);
});

scenario("the same key elsewhere, with nothing but that, has the nick at once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.isKilled();
  const other = world.client("bob");
  other.identity = bob.identity;
  other.starts();
  other.looks();
  world.runs(100);
  other.sees("SERVER: [Welcome, you are registered.]", ...world.table(alice.online, other.online));
  alice.sees(...world.table(alice.online, other.online));
  alice.types("send bob hi");
  world.runs(100);
  alice.sees("[Message received by bob.]");
  other.sees("alice: hi");
});

scenario("a client that was replaced says so, and does not register again by itself", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const other = world.client("bob");
  other.identity = bob.identity;
  other.disk.commit(
    [...bob.disk.read()].map(([key, value]) => ({ type: "save" as const, key, value })),
  );
  other.starts();
  world.runs(300);
  other.looks();
  alice.looks();
  // At once, and nobody else sees anything of it.
  bob.sees("[You were registered as 'bob' from another place, this one is offline now.]");
  world.runs(200_000);
  alice.sees();
  bob.sees();
  other.sees();
  assert(bob.isAlive);
  bob.types("send alice hi");
  bob.sees("[You are offline, 'reg bob' first.]");
  alice.looks();
  alice.types("send bob hi");
  world.runs(100);
  other.sees("alice: hi");
  bob.sees();
  // What the user asks for is done.
  bob.types("reg bob");
  world.runs(2000);
  assert(bob.hasSeen("SERVER: [Welcome, you are registered.]"));
  world.runs(35_000);
  assert(other.hasSeen("[You were registered as 'bob' from another place, this one is offline now.]"));
});

scenario("a client that was cut off while its nick changed places is told so when it is back", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob);
  const other = world.client("bob");
  other.identity = bob.identity;
  other.starts();
  other.looks();
  world.runs(100);
  other.sees("SERVER: [Welcome, you are registered.]", ...world.table(alice.online, other.online));
  world.mend(bob);
  world.runs(40_000);
  bob.sees("[You were registered as 'bob' from another place, this one is offline now.]");
  bob.types("send alice hi");
  bob.sees("[You are offline, 'reg bob' first.]");
  assertEquals([other.isAlive, bob.isAlive], [true, true]);
  alice.types("send bob hi");
  world.runs(100);
  assertEquals(other.looks(), ["alice: hi"]);
});

// ---- the server starts again -----------------------------------------------------------------------------

scenario("after a restart of the server nobody is called OFFLINE for 75 s", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  world.server.isKilled();
  bob.isKilled();
  world.runs(1000);
  world.server.starts();
  world.runs(74_000);
  alice.sees();
  carol.sees();
  world.runs(2000);
  const offline = world.table(alice.online, bob.offline, carol.online);
  alice.sees(...offline);
  carol.sees(...offline);
});

scenario("clients register again by themselves, and say nothing of it", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.server.isKilled();
  world.server.starts();
  world.runs(35_000);
  alice.sees();
  bob.sees();
  alice.types("send_all hi");
  world.runs(100);
  alice.sees("[Message received by Server.]");
  bob.sees("[Channel_Message alice: hi]");
});

scenario("whoever asks the server something finds out at once that it is a new one", (world) => {
  const { alice } = world.clients("alice", "bob");
  world.runs(1000);
  world.server.isKilled();
  world.server.starts();
  alice.types("send_all hi");
  world.runs(500);
  alice.sees("[Message received by Server.]");
});

scenario("a server that starts ten times loses no mail and gives no number twice", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  const expected: string[] = [];
  for (let life = 1; life <= 10; life++) {
    expected.push(`alice: ${alice.types(`send bob ${life}`)} ${life}`);
    world.runs(500);
    expected.push(`[Channel_Message alice: ${alice.types(`send_all ${life}`)} ${life}]`);
    world.runs(500);
    world.server.isKilled();
    world.server.starts();
    world.runs(31_000);
  }
  bob.looks();
  bob.types("reg bob");
  world.runs(1000);
  bob.sees(
    "SERVER: [Welcome, you are registered.]",
    ...world.table(alice.online, bob.online),
    "SERVER: [You have messages]",
    ...expected,
  );
});

scenario(
  "a message for a registration that lapsed: the client registers by itself, and the message arrives",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    world.cut(alice);
    world.runs(76_000);
    bob.sees(...world.table(alice.offline, bob.online));
    world.mend(alice);
    alice.types("send_all hi");
    world.runs(3000);
    alice.sees("[Message received by Server.]");
    assert(bob.looks().includes("[Channel_Message alice: hi]"));
  },
);

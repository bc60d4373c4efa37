/** The table and the addresses in it: versions, pages, candidates. */
import { assert, assertEquals } from "@std/assert";
import { TABLE_GATHER_MS } from "../../core/base/limits.ts";
import { scenario } from "./scenario.ts";

// ---- versions --------------------------------------------------------------------------------------------

scenario("a client that missed pushes catches up with its next keep-alive", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(alice);
  const carol = world.client("carol");
  carol.starts();
  world.runs(200);
  bob.types("dereg bob");
  world.runs(5000);
  alice.sees();
  world.mend(alice);
  world.runs(31_000);
  alice.sees(...world.table(alice.online, bob.offline, carol.online));
});

scenario("a client that missed one push asks as soon as the next one comes", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const carol = world.client("carol");
  world.loses({ kind: "rows", to: alice });
  carol.starts();
  world.runs(200);
  world.losesNothing();
  alice.sees();
  bob.types("dereg bob");
  world.runs(200);
  alice.sees(...world.table(alice.online, bob.offline, carol.online));
});

scenario("somebody who came and went while a client was cut off changes nothing but his row", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(alice);
  bob.types("dereg bob");
  world.runs(200);
  bob.types("reg bob");
  world.runs(200);
  world.mend(alice);
  world.runs(60_000);
  alice.sees();
  alice.types("peers");
  alice.sees(...world.rows(alice.online, bob.online));
});

scenario("the answer to a question for rows is lost: it is asked again", (world) => {
  const { alice } = world.clients("alice");
  const bob = world.client("bob");
  world.loses({ kind: "rows", to: bob });
  bob.starts();
  world.runs(1200);
  bob.looks();
  world.losesNothing();
  world.runs(600);
  bob.sees(...world.table(alice.online, bob.online));
});

scenario("sixty clients: the table takes several datagrams, and everybody ends with all of it", (world) => {
  const nicks = Array.from({ length: 60 }, (_, count) => `somebody-with-a-long-nick-${count + 10}`);
  const people = nicks.map((nick) => world.client(nick));
  for (const person of people) person.starts();
  world.runs(5000);
  const rows = people.map((person) => person.online);
  for (const person of people) {
    person.looks();
    person.types("peers");
    person.sees(...world.rows(...rows));
  }
  const last = world.client("last");
  const began = world.schedule.now;
  last.starts();
  world.runs(1000);
  last.looks();
  last.types("peers");
  last.sees(...world.rows(...rows, last.online));
  assert(world.sent({ to: last, kind: "rows" }, began).length >= 3);
  assert(world.datagrams.every(({ bytes }) => bytes.length <= 1200));
});

scenario("with more than twelve lines an update prints what changed, and peers prints all", (world) => {
  const nicks = Array.from({ length: 13 }, (_, count) => `c${count}`);
  const people = nicks.map((nick) => world.client(nick));
  for (const person of people) person.starts();
  world.runs(5000);
  const [first, second] = people;
  first!.looks();
  second!.types("dereg c1");
  world.runs(200);
  first!.sees(...world.table(second!.offline));
  first!.types("peers");
  first!.sees(...world.rows(first!.online, second!.offline, ...people.slice(2).map(({ online }) => online)));
});

scenario(
  "somebody unknown writes: his row is asked for, then his message is shown and receipted",
  (world) => {
    const { alice } = world.clients("alice");
    world.loses({ kind: "rows", to: alice });
    const bob = world.client("bob");
    bob.starts();
    world.runs(100);
    bob.looks();
    bob.types("send alice hi");
    world.runs(300);
    bob.sees();
    assert(!alice.hasSeen("bob: hi"));
    world.losesNothing();
    world.runs(1000);
    assertEquals(alice.looks().filter((line) => line === "bob: hi").length, 1);
  },
);

scenario("a burst of somebody who has just come waits for his row, all of it", (world) => {
  // No screen folds it.
  const alice = world.client("alice", { isAttended: false });
  alice.starts();
  world.runs(500);
  const bob = world.client("bob");
  bob.starts();
  world.runs(TABLE_GATHER_MS / 2);
  bob.looks();
  for (let count = 0; count < 500; count++) bob.types(`send alice ${count}`);
  world.runs(400);
  const shown = alice.looks().filter((line) => line.startsWith("bob: "));
  assertEquals(shown, Array.from({ length: 500 }, (_, count) => `bob: ${count}`));
  assertEquals(world.sent({ kind: "deposit" }), []);
});

scenario("who registers again as before is no news for the others", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const began = world.schedule.now;
  world.server.isKilled();
  world.server.starts();
  world.runs(60_000);
  const rows = world.sent({ from: world.server, to: bob, kind: "rows" }, began);
  assertEquals(rows.length, 1, "the answer to bob's own question");
  alice.sees();
});

// ---- addresses -------------------------------------------------------------------------------------------

/** The server's computer, on which bob is, too; carol is elsewhere. */
const SERVER_HOST = "10.0.0.1";
const LOOPBACK = "127.0.0.1";

scenario("loopback is for those on loopback; to others it is the server's own host", (world) => {
  world.server.isKilled();
  world.network.loopbackHost = SERVER_HOST;
  world.server.starts({ host: LOOPBACK, port: 9999 });
  const server = { host: LOOPBACK, port: 9999 };
  const bob = world.client("bob", { host: LOOPBACK, server });
  const dave = world.client("dave", { host: LOOPBACK, server });
  const carol = world.client("carol");
  bob.starts(20_001);
  world.runs(100);
  dave.starts(20_002);
  world.runs(100);
  carol.starts(20_003);
  world.runs(500);
  world.everybodyLooks();
  bob.types("peers");
  bob.sees(
    "SERVER @ 127.0.0.1:9999 is ONLINE",
    "bob @ 127.0.0.1:20001 is ONLINE",
    "dave @ 127.0.0.1:20002 is ONLINE",
    "carol @ 10.0.1.3:20003 is ONLINE",
  );
  carol.types("peers");
  carol.sees(
    "SERVER @ 10.0.0.1:9999 is ONLINE",
    "bob @ 10.0.0.1:20001 is ONLINE",
    "dave @ 10.0.0.1:20002 is ONLINE",
    "carol @ 10.0.1.3:20003 is ONLINE",
  );
  carol.types("send bob from elsewhere");
  bob.types("send dave from here");
  dave.types("send carol from there");
  world.runs(400);
  bob.sees("carol: from elsewhere", "[Message received by dave.]");
  dave.sees("bob: from here", "[Message received by carol.]");
  carol.sees("dave: from there", "[Message received by bob.]");
  assertEquals(world.sent({ kind: "deposit" }), []);
});

scenario("when the first address does not answer, the next one is tried, within the 500 ms", (world) => {
  const { alice } = world.clients("alice");
  // Where the server sees bob, nobody else reaches him; his own address leads to him by way of a gateway.
  const own = { host: "10.0.9.9", port: 20_000 };
  const bob = world.client("bob", { candidates: [own] });
  bob.starts(20_000);
  world.runs(500);
  world.everybodyLooks();
  const inside = { host: "10.0.9.8", port: 20_000 };
  world.network.bind(own, (_from, bytes) => world.network.send(inside, bob.address, bytes));
  world.network.bind(inside, (_from, bytes) => world.network.send(own, alice.address, bytes));
  world.cutBetween(alice, bob);
  const began = world.schedule.now;
  alice.types("send bob hi");
  world.runs(480);
  const tried = world.sent({ from: alice, kind: "initiation" }, began).map(({ to }) => to.host);
  assertEquals(tried, ["10.0.1.2", "10.0.1.2", "10.0.9.9"]);
  bob.sees("alice: hi");
  alice.sees("[Message received by bob.]");
});

scenario("a client that moves to another port in mid-conversation is found again", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob one");
  bob.types("send alice two");
  world.runs(200);
  bob.pressesCtrlC();
  world.runs(200);
  bob.starts();
  world.runs(500);
  world.everybodyLooks();
  bob.types("send alice three");
  alice.types("send bob four");
  world.runs(499);
  assertEquals(alice.looks().toSorted(), ["[Message received by bob.]", "bob: three"]);
  assertEquals(bob.looks().toSorted(), ["[Message received by alice.]", "alice: four"]);
});

scenario("somebody else at an address from the table shows and receipts nothing", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.isKilled();
  const dave = world.client("dave", { host: bob.host });
  dave.starts(bob.address.port);
  world.runs(1);
  world.loses({ kind: "rows", to: alice });
  dave.looks();
  alice.types("send bob secret");
  world.runs(60_000);
  assert(!dave.looks().some((line) => line.includes("secret")));
  assertEquals(world.sent({ kind: "receipt" }), []);
});

scenario(
  "a computer's port is taken over by another nick: the former one is a silent one like any other",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    alice.types("send bob before");
    world.runs(1000);
    world.everybodyLooks();
    bob.isKilled();
    world.runs(1000);
    const dave = world.client("dave", { host: bob.host });
    dave.starts(bob.address.port);
    world.runs(200);
    // An address says nothing of who is there: only the silence of bob's key does.
    alice.sees(...world.table(alice.online, bob.online, dave.online));
    dave.looks();
    alice.types("send bob where are you?");
    alice.types("send dave welcome");
    world.runs(3060);
    dave.sees("alice: welcome", ...world.table(alice.online, bob.offline, dave.online));
    alice.sees(
      "[Message received by dave.]",
      "[No ACK from bob, message sent to server.]",
      "[Message received by SERVER.]",
      "SERVER: [Message received by the server and saved]",
      ...world.table(alice.online, bob.offline, dave.online),
    );
  },
);

scenario("and when nobody writes to him, he is OFFLINE within 75 s all the same", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.isKilled();
  const dave = world.client("dave", { host: bob.host });
  dave.starts(bob.address.port);
  world.runs(200);
  alice.looks();
  world.runsUntil(() => alice.hasSeen(bob.offline), 75_100);
  alice.sees(...world.table(alice.online, bob.offline, dave.online));
});

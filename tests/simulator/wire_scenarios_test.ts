/** What is seen on the wire: when a message leaves again, and that nothing comes twice. */
import { assert, assertEquals } from "@std/assert";
import { scenario } from "./scenario.ts";

scenario("before a round trip is known, what is not acknowledged leaves at 0, 150 and 350 ms", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  // An answer to a repeated initiation may be one to any of them: it tells no round trip.
  world.loses({ from: alice, to: bob, kind: "initiation" }, { kind: "introduce" });
  alice.types("send bob hi");
  world.runs(100);
  world.losesNothing();
  world.loses({ from: bob, kind: "acknowledgement" }, { kind: "direct" });
  world.runsUntil(() => world.sent({ from: alice, kind: "direct" }).length > 0, 100);
  const [first] = world.sent({ from: alice, kind: "direct" });
  world.runs(499);
  const departures = world.sent({ from: alice, to: bob, kind: "direct" });
  assertEquals(departures.map(({ at }) => at - first!.at), [0, 150, 350]);
});

scenario(
  "then it leaves after each probe timeout, of which each is twice as long as the one before",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    alice.types("send bob first");
    world.runs(100);
    world.cut(bob);
    const began = world.schedule.now;
    alice.types("send bob second");
    world.runs(499);
    const departures = world.sent({ from: alice, to: bob, kind: "direct" }, began);
    // A round trip of 2 ms, four times its variation, and the 25 ms that an acknowledgement may wait. A probe
    // is two packets as soon as two are in flight.
    assertEquals(departures.map(({ at }) => at - began), [0, 30, 90, 90, 210, 210, 450, 450]);
  },
);

scenario("the first message of all asks for a session at 0, 150 and 350 ms", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob);
  world.loses({ kind: "introduce" });
  const began = world.schedule.now;
  alice.types("send bob first");
  world.runs(499);
  const departures = world.sent({ from: alice, to: bob }, began);
  assertEquals(departures.map(({ at, kinds }) => [at - began, ...kinds]), [
    [0, "initiation"],
    [150, "initiation"],
    [350, "initiation"],
  ]);
});

scenario("one lost datagram is no reason to trouble the server", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob first");
  world.runs(100);
  world.everybodyLooks();
  world.loses({ kind: "direct" });
  alice.types("send bob second");
  world.runs(140);
  world.losesNothing();
  world.runs(100);
  alice.sees("[Message received by bob.]");
  bob.sees("alice: second");
  assertEquals(world.sent({ kind: "deposit" }), []);
});

scenario("a lost receipt is sent again, and the message is shown once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.loses({ kind: "receipt" });
  alice.types("send bob hi");
  world.runs(300);
  world.losesNothing();
  world.runs(190);
  alice.sees("[Message received by bob.]");
  bob.sees("alice: hi");
});

scenario("datagrams that come twice are shown once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.network.weather = { ...world.network.weather, duplication: 1 };
  alice.types("send bob one");
  bob.types("send alice two");
  alice.types("send_all three");
  world.runs(30_000);
  assertEquals(alice.looks().toSorted(), [
    "[Message received by Server.]",
    "[Message received by bob.]",
    "bob: two",
  ]);
  assertEquals(bob.looks().toSorted(), [
    "[Channel_Message alice: three]",
    "[Message received by alice.]",
    "alice: one",
  ]);
});

scenario(
  "every datagram of a conversation is thrown in once more, later: nothing is shown again",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    alice.types("send bob one");
    world.runs(600);
    world.everybodyLooks();
    for (const { from, to, bytes } of [...world.datagrams]) world.network.send(from, to, bytes);
    world.runs(60_000);
    alice.sees();
    bob.sees();
    alice.types("send bob two");
    world.runs(1000);
    alice.sees("[Message received by bob.]");
    bob.sees("alice: two");
  },
);

scenario("an old 'not registered' that is thrown in again makes nobody register", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(alice);
  world.runs(76_000);
  world.mend(alice);
  world.runs(60_000);
  world.everybodyLooks();
  const old = world.sent({ from: world.server, to: alice, kind: "notRegistered" });
  assert(old.length > 0);
  const began = world.schedule.now;
  for (const { from, to, bytes } of old) world.network.send(from, to, bytes);
  world.runs(60_000);
  assertEquals(world.sent({ kind: "register" }, began), []);
  alice.sees();
  bob.sees();
});

scenario("on a bad link two hundred messages come once and in order", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.network.weather = { ...world.network.weather, loss: 0.2, duplication: 0.1, delay: 20, jitter: 60 };
  const texts = Array.from({ length: 200 }, (_, count) => `${count}`);
  for (const text of texts) {
    alice.types(`send bob ${text}`);
    world.runs(30);
  }
  world.runs(10_000);
  world.network.heal();
  world.runs(60_000);
  const shown = bob.looks();
  assert(!shown.includes("[A message from alice is missing.]"), "nothing was missing");
  assertEquals(shown.filter((line) => line.startsWith("alice:")), texts.map((text) => `alice: ${text}`));
  assertEquals([alice.keeps("outbox"), bob.keeps("inbox"), alice.unsettled], [0, 0, 0]);
});

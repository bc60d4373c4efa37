/** What is seen on the wire: when a message leaves again, and that nothing comes twice. */
import { assert, assertEquals } from "@std/assert";
import { scenario } from "./scenario.ts";

scenario("a message that is not acknowledged leaves at 0, 150 and 350 ms", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob first");
  world.runs(100);
  world.cut(bob);
  const began = world.schedule.now;
  alice.types("send bob second");
  world.runs(499);
  const departures = world.sent({ from: alice, to: bob, kind: "direct" }, began);
  assertEquals(departures.map(({ at }) => at - began), [0, 150, 350]);
});

scenario("the first message of all greets at 0, 150 and 350 ms", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob);
  const began = world.schedule.now;
  alice.types("send bob first");
  world.runs(499);
  const departures = world.sent({ from: alice, to: bob }, began);
  assertEquals(departures.map(({ at, kind }) => [at - began, kind]), [
    [0, "hello"],
    [150, "hello"],
    [350, "hello"],
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

scenario("on a bad link two hundred messages come once and in order", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.network.weather = { loss: 0.2, duplication: 0.1, delay: 20, jitter: 60 };
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

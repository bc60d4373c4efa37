/** Exactly once and in order, whoever is killed when. */
import { assert, assertEquals } from "@std/assert";
import { LINK_DEAD_MS } from "../../core/base/limits.ts";
import type { Which } from "../kit/datagram.ts";
import type { Person } from "../kit/person.ts";
import type { World } from "../kit/world.ts";
import { scenario, sending, showing } from "./scenario.ts";

// ---- order -----------------------------------------------------------------------------------------------

scenario("a later message waits for the one before it", (world) => {
  const { alice, bob } = acquainted(world);
  loseText(world, alice, "one");
  alice.types("send bob one");
  alice.types("send bob two");
  alice.types("send bob three");
  world.runs(4000);
  bob.sees();
  assert(leftAlone(world, { from: alice, to: bob, text: "two" }));
  assert(leftAlone(world, { from: alice, to: bob, text: "three" }));
  world.losesNothing();
  world.runs(5000);
  bob.sees("alice: one", "alice: two", "alice: three");
});

scenario("after 5 s a gap is told, and who comes later still is dated", (world) => {
  const { alice, bob, written } = loseOne(world);
  alice.types("send bob two");
  alice.types("send bob three");
  world.runs(5000);
  bob.sees();
  world.runs(50);
  bob.sees("[A message from alice is missing.]", "alice: two", "alice: three");
  alice.types("send bob four");
  world.runs(50);
  bob.sees("alice: four");
  world.mend(world.server);
  world.runs(60_000);
  bob.sees(`alice: ${written} one`);
  assertEquals([alice.keeps("outbox"), bob.keeps("inbox")], [0, 0]);
});

scenario("at most 64 messages of one sender are held", (world) => {
  const { alice, bob } = loseOne(world);
  for (let count = 1; count <= 64; count++) alice.types(`send bob ${count}`);
  world.runs(400);
  bob.sees();
  assertEquals(bob.keeps("inbox"), 64);
  alice.types("send bob 65");
  world.runs(100);
  const expected = Array.from({ length: 65 }, (_, count) => `alice: ${count + 1}`);
  bob.sees("[A message from alice is missing.]", ...expected);
});

scenario("what one sender's message waits for holds up nobody else", (world) => {
  const { alice, bob, carol } = loseOne(world);
  alice.types("send bob two");
  carol.types("send bob hello");
  alice.types("send carol hello");
  world.runs(100);
  assertEquals(bob.keeps("inbox"), 1);
  bob.sees("carol: hello");
  carol.sees("alice: hello", "[Message received by bob.]");
});

scenario("a packet that one link waits for holds up no other link", (world) => {
  const { alice, bob, carol } = acquainted(world);
  loseText(world, alice, "one");
  alice.types("send bob one");
  alice.types("send bob two");
  carol.types("send bob hello");
  alice.types("send carol hello");
  world.runs(100);
  assert(leftAlone(world, { from: alice, to: bob, text: "two" }));
  bob.sees("carol: hello");
  carol.sees("alice: hello", "[Message received by bob.]");
});

scenario("what went round by the server and what goes directly keep their order", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  const one = alice.types("send bob one");
  world.runs(10);
  bob.types("reg bob");
  world.runs(3);
  bob.looks();
  alice.types("send bob two");
  world.runs(1000);
  alice.types("send bob three");
  world.runs(1000);
  const shown = bob.looks().filter((line) => /alice: |messages/.test(line));
  assertEquals(shown.slice(0, 2), ["SERVER: [You have messages]", `alice: ${one} one`]);
  assertEquals(shown.length, 4);
  assert(shown[2]!.endsWith("two"));
  assertEquals(shown[3], "alice: three");
});

scenario("a letter waits for the one before it on its way to the server", (world) => {
  const { alice, bob } = acquainted(world);
  bob.types("dereg bob");
  world.runs(200);
  loseText(world, alice, "one");
  const one = alice.types("send bob one");
  const two = alice.types("send bob two");
  world.runs(1000);
  assert(leftAlone(world, { from: alice, to: world.server, text: "two" }));
  assertEquals(world.server.keeps("letter"), 0);
  world.losesNothing();
  world.runs(5000);
  bob.types("reg bob");
  bob.looks();
  world.runs(1000);
  const letters = bob.looks().filter((line) => line.startsWith("alice: "));
  assertEquals(letters, [`alice: ${one} one`, `alice: ${two} two`]);
});

scenario("letters that reach the server out of order are shown in order", (world) => {
  const { alice, bob } = acquainted(world);
  // bob answers the first parts of the long one, then nothing: its 500 ms end later than those of the next.
  const long = "x".repeat(20_000);
  const one = alice.types(`send bob ${long}`);
  const two = alice.types("send bob two");
  world.runs(1);
  bob.isKilled();
  world.runs(5000);
  assertEquals(world.server.keeps("letter"), 2);
  const [deposit] = world.sent({ to: world.server, text: "two" });
  const [part] = world.sent({ to: world.server, kind: "part" });
  assert(deposit!.at < part!.at);
  bob.starts();
  bob.looks();
  world.runs(1000);
  const letters = bob.looks().filter((line) => line.startsWith("alice: "));
  assertEquals(letters, [`alice: ${one} ${long}`, `alice: ${two} two`]);
});

/**
 * Three who have links to each other already: what they write leaves at once, each message in a packet of its
 * own.
 */
function acquainted(world: World): { alice: Person; bob: Person; carol: Person } {
  const people = world.clients("alice", "bob", "carol");
  people.alice.types("send bob zero");
  people.alice.types("send carol zero");
  people.carol.types("send bob zero");
  world.runs(100);
  world.everybodyLooks();
  return people;
}

/**
 * Neither bob nor the server, which is cut off, has got "one", and alice's link to bob has dropped it: what
 * she writes now reaches him before "one", which she tries again within 5.5 s.
 */
function loseOne(world: World): { alice: Person; bob: Person; carol: Person; written: string } {
  const people = acquainted(world);
  world.cut(world.server);
  world.cutBetween(people.alice, people.bob);
  const written = people.alice.types("send bob one");
  world.runs(LINK_DEAD_MS + 100);
  world.losesNothing();
  world.everybodyLooks();
  return { ...people, written };
}

function loseText(world: World, from: Person, text: string): void {
  world.loses({ from, text });
}

/** Whether such a message was once the only one in its packet. */
function leftAlone(world: World, which: Which): boolean {
  return world.sent(which).some(({ verbs: [verb, ...more] }) =>
    more.length === 0 && (verb?.type !== "direct" || verb.messages.length === 1)
  );
}

// ---- restarts of the sender ------------------------------------------------------------------------------

scenario("a sender who is killed before anything left sends it at the next start", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob zero");
  world.runs(100);
  alice.diesBefore(sending("direct"));
  alice.types("send bob one");
  assertEquals(alice.isAlive, false);
  bob.looks();
  world.runs(5000);
  alice.starts();
  world.runs(1000);
  assertEquals(bob.looks().filter((line) => line === "alice: one").length, 1);
  assertEquals(alice.keeps("outbox"), 0);
});

scenario(
  "a sender who is killed right after a message left shows the receipt, and the message is shown once",
  (world) => {
    const { alice, bob } = acquainted(world);
    alice.types("send bob one");
    world.runs(1);
    assert(bob.hasSeen("alice: one"));
    alice.sees();
    alice.isKilled();
    world.runs(1000);
    alice.starts();
    world.runs(5000);
    const receipts = alice.looks().filter((line) => line.startsWith("[Message received"));
    assertEquals(receipts, ["[Message received by bob.]"]);
    assertEquals(bob.looks().filter((line) => line === "alice: one").length, 1);
    assertEquals(alice.keeps("outbox"), 0);
  },
);

scenario("a sender restarted with messages in its outbox sends them in order, before new ones", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.cut(bob, world.server);
  for (const text of ["one", "two", "three"]) alice.types(`send bob ${text}`);
  world.runs(700);
  alice.isKilled();
  world.runs(3000);
  world.mend(bob, world.server);
  alice.starts();
  alice.types("send bob four");
  world.runs(1000);
  const shown = bob.looks().filter((line) => line.startsWith("alice: "));
  assertEquals(shown, ["alice: one", "alice: two", "alice: three", "alice: four"]);
  assertEquals(alice.keeps("outbox"), 0);
});

scenario("a sender who forgot everything but his key may write again: both lives are shown", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob one");
  world.runs(100);
  alice.types("quit");
  world.runs(100);
  const other = world.client("alice");
  other.identity = alice.identity;
  other.starts();
  world.runs(100);
  bob.looks();
  other.types("send bob two");
  other.types("send bob three");
  world.runs(100);
  bob.sees("alice: two", "alice: three");
});

// ---- restarts of the recipient ---------------------------------------------------------------------------

/** bob is killed at some moment of a message's way and started again soon. Returns what he saw of it. */
function killRecipient(world: World, kill: (bob: Person) => void): { shown: number; alice: Person } {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob zero");
  world.runs(200);
  world.everybodyLooks();
  kill(bob);
  const written = alice.types("send bob hi");
  world.runs(80);
  assertEquals(bob.isAlive, false);
  world.runs(2000);
  bob.starts();
  world.runs(10_000);
  const forms = ["alice: hi", `alice: ${written} hi`];
  const shown = bob.looks().filter((line) => forms.includes(line)).length;
  assertEquals([alice.keeps("outbox"), bob.keeps("inbox"), world.server.keeps("letter")], [0, 0, 0]);
  return { shown, alice };
}

scenario("a recipient killed before its commit gets the message again", (world) => {
  const { shown } = killRecipient(world, (bob) => bob.diesBefore((output) => output.type === "save"));
  assertEquals(shown, 1);
});

scenario("a recipient killed between commit and answer shows the message at its start, once", (world) => {
  const { shown } = killRecipient(world, (bob) => bob.diesBefore(sending("got")));
  assertEquals(shown, 1);
});

scenario("a recipient killed between receipt and display shows the message at its start, once", (world) => {
  const { shown, alice } = killRecipient(world, (bob) => bob.diesBefore(showing("directReceived")));
  assertEquals(shown, 1);
  assertEquals(alice.looks().filter((line) => line.startsWith("[Message received")), [
    "[Message received by bob.]",
  ]);
});

scenario("a recipient killed 10 ms after display may show the message once more", (world) => {
  const { shown } = killRecipient(world, (bob) => killAfterShowing(world, bob, "alice: hi", 10));
  assert(shown === 1 || shown === 2, `shown ${shown} times`);
});

scenario("a recipient killed 60 ms after display never shows the message again", (world) => {
  const { shown } = killRecipient(world, (bob) => killAfterShowing(world, bob, "alice: hi", 60));
  assertEquals(shown, 1);
});

function killAfterShowing(world: World, person: Person, line: string, delay: number): void {
  const look = () => {
    if (person.hasSeen(line)) world.schedule.at(world.schedule.now + delay, () => person.isKilled());
    else world.schedule.at(world.schedule.now + 0.1, look);
  };
  world.schedule.at(world.schedule.now, look);
}

scenario(
  "held messages outlive their recipient's process, and the missing one still comes first",
  (world) => {
    const { alice, bob } = loseOne(world);
    loseText(world, alice, "one");
    world.mend(world.server);
    // Until everybody has a link to the server again.
    world.runs(5000);
    alice.types("send bob two");
    world.runs(1000);
    bob.sees();
    assertEquals(bob.keeps("inbox"), 1);
    bob.isKilled();
    bob.starts();
    world.runs(1000);
    bob.looks();
    world.losesNothing();
    world.runs(3000);
    bob.sees("alice: one", "alice: two");
  },
);

scenario(
  "messages that wait in the link to a process that is killed reach the next one in order",
  (world) => {
    const { alice, bob } = acquainted(world);
    loseText(world, alice, "one");
    alice.types("send bob one");
    alice.types("send bob two");
    world.runs(1000);
    bob.sees();
    assert(leftAlone(world, { from: alice, to: bob, text: "two" }));
    bob.isKilled();
    bob.starts();
    world.runs(1000);
    bob.looks();
    world.losesNothing();
    world.runs(3000);
    bob.sees("alice: one", "alice: two");
  },
);

scenario(
  "a letter is deleted only when its recipient has it: killed between the server's push and the commit",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    bob.types("dereg bob");
    world.runs(200);
    const written = alice.types("send bob hi");
    world.runs(200);
    bob.diesBefore((output) => output.type === "save" && output.key.startsWith("event/"));
    bob.types("reg bob");
    world.runs(100);
    assertEquals([bob.isAlive, world.server.keeps("letter")], [false, 1]);
    bob.starts();
    world.runs(100);
    assert(bob.looks().includes(`alice: ${written} hi`));
    world.runs(1000);
    assertEquals(world.server.keeps("letter"), 0);
    assert(alice.looks().includes("[bob has collected 1 message.]"));
  },
);

scenario("the server is killed between 'saved' and collection: the mail is there once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  const written = alice.types("send bob hi");
  world.runs(200);
  world.server.isKilled();
  bob.looks();
  bob.types("reg bob");
  world.runs(1000);
  world.server.starts();
  world.runs(2000);
  bob.sees(
    "SERVER: [Welcome, you are registered.]",
    ...world.table(alice.online, bob.online),
    "SERVER: [You have messages]",
    `alice: ${written} hi`,
  );
  world.runs(40_000);
  assert(alice.looks().includes("[bob has collected 1 message.]"));
  assertEquals([world.server.keeps("letter"), world.server.keeps("receipt")], [0, 0]);
});

scenario(
  "receipts say which message they are about while several wait, and a single one does not",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob", "carol");
    world.cutBetween(alice, bob);
    alice.types("send bob the first of two, which is a long one");
    alice.types("send bob the second\u202e");
    alice.types("send carol hi");
    world.runs(100);
    // To carol there is one.
    alice.sees("[Message received by carol.]");
    world.losesNothing();
    world.runs(300);
    alice.sees(
      '[Message received by bob: "the first of two, which is a\u2026".]',
      '[Message received by bob: "the second<U+202E>".]',
    );
    alice.types("send bob the third");
    world.runs(100);
    alice.sees("[Message received by bob.]");
  },
);

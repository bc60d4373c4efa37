/** What happens when an identity ends: it is revoked, or another one takes its place. */
import { assertEquals } from "@std/assert";
import type { World } from "../kit/world.ts";
import type { Person } from "../kit/person.ts";
import { Speaker } from "../kit/speaker.ts";
import { scenario } from "./scenario.ts";

const REVOKED = "[bob's identity was revoked by its owner.]";
const SUCCEEDED = "[bob has a new identity, signed by the old one.]";
const ENDED = "[This identity of 'bob' has ended: it was revoked, or has a successor.]";
const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];

/** Somebody who has bob's revocation hands it in, from a computer of his own. */
function isRevoked(world: World, revocation: Person["revocation"]): Speaker {
  const finder = new Speaker(world, "finder");
  finder.says(world.server, revocation);
  world.runs(500);
  return finder;
}

/** These two know each other from now on, and still talk with each other. */
function theyTalk(world: World, one: Person, other: Person): void {
  world.everybodyLooks();
  one.types(`send ${other.nick} still here`);
  world.runs(100);
  other.sees(`${one.nick}: still here`);
  one.sees(`[Message received by ${other.nick}.]`);
}

/** bob starts with the successor of his identity. */
function startsAfresh(world: World, bob: Person): void {
  if (bob.isAlive) bob.isKilled();
  bob.succeeds();
  bob.starts();
  world.runs(1000);
}

scenario("a revocation ends an identity: its program is told, and those who know it", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  theyTalk(world, alice, bob);
  world.everybodyLooks();
  const finder = isRevoked(world, bob.revocation);
  assertEquals(finder.heardOf("revoked").map(({ answer }) => answer), ["done"]);
  assertEquals(bob.looks().filter((line) => line.startsWith("[This")), [ENDED]);
  alice.sees(...world.table(alice.online, bob.offline, carol.online), REVOKED);
  // carol has never written to bob: to her he is just away.
  carol.sees(...world.table(alice.online, bob.offline, carol.online));
  world.server.sees("bob is offline: revoked");
  alice.types("send bob hi");
  alice.sees(REVOKED);
  carol.types("send bob hi");
  carol.sees(REVOKED);
  alice.types("trust bob");
  alice.sees(REVOKED);
  bob.types("reg bob");
  world.runs(500);
  bob.sees(ENDED);
});

scenario("what waits for a revoked identity fails, at the sender and at the server", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  theyTalk(world, alice, bob);
  bob.isKilled();
  world.runs(80_000);
  world.everybodyLooks();
  alice.types("send bob one");
  world.runs(500);
  alice.sees(...STORED);
  world.cut(alice);
  alice.types("send bob two");
  world.runs(100);
  isRevoked(world, bob.revocation);
  assertEquals(world.server.keeps("letter"), 0);
  world.mend(alice);
  world.runs(60_000);
  const failed = "[Message to bob failed: the recipient's identity was revoked.]";
  assertEquals(
    alice.looks().filter((line) => line.includes("bob")).filter((line) => !line.includes("@")).toSorted(),
    [
      failed,
      failed,
      REVOKED,
    ],
  );
  assertEquals(alice.outbox, []);
});

scenario("a revocation counts for good: after restarts of the server and of those who know it", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  theyTalk(world, alice, bob);
  isRevoked(world, bob.revocation);
  world.server.restarts();
  alice.isKilled();
  alice.starts();
  world.runs(1000);
  world.everybodyLooks();
  alice.types("send bob hi");
  alice.sees(REVOKED);
  if (bob.isAlive) bob.isKilled();
  bob.starts();
  world.runs(500);
  assertEquals(bob.looks().at(-1), ENDED);
  bob.hasEnded(1);
});

scenario("a successor takes the place of its identity, and peers follow without 'trust'", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  theyTalk(world, alice, bob);
  alice.verifies("bob");
  world.everybodyLooks();
  startsAfresh(world, bob);
  assertEquals(alice.looks().filter((line) => line.includes("identity")), [
    `${SUCCEEDED.slice(0, -1)} It is not verified: 'verify bob'.]`,
  ]);
  theyTalk(world, alice, bob);
  theyTalk(world, bob, alice);
  // Once more, and nobody had verified the successor.
  startsAfresh(world, bob);
  assertEquals(alice.looks().filter((line) => line.includes("identity")), [SUCCEEDED]);
  theyTalk(world, alice, bob);
});

scenario("a script may be the first that a successor runs", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  theyTalk(world, alice, bob);
  bob.types("quit");
  world.runs(1000);
  bob.succeeds();
  world.everybodyLooks();
  bob.runsScript("send alice the backup is done");
  world.runs(1000);
  bob.hasEnded(0);
  alice.sees(SUCCEEDED, "bob: the backup is done");
  bob.starts();
  world.runs(1000);
  theyTalk(world, alice, bob);
});

scenario("who was away follows over several successors at once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  theyTalk(world, alice, bob);
  alice.isKilled();
  for (let count = 0; count < 3; count++) startsAfresh(world, bob);
  alice.starts();
  world.runs(1000);
  assertEquals(alice.looks().filter((line) => line.includes("identity")), [SUCCEEDED]);
  theyTalk(world, alice, bob);
});

scenario("the old identity is of no use any more once its successor has registered", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  theyTalk(world, alice, bob);
  const old = bob.identity;
  startsAfresh(world, bob);
  const thief = world.client("bob", { identity: old });
  thief.starts();
  world.runs(1000);
  assertEquals(thief.looks().at(-1), ENDED);
  world.everybodyLooks();
  theyTalk(world, alice, bob);
});

scenario("mail that waits for an identity is sealed again for its successor", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  theyTalk(world, alice, bob);
  bob.isKilled();
  world.runs(80_000);
  world.everybodyLooks();
  const date = alice.types("send bob for bob");
  world.runs(500);
  alice.sees(...STORED);
  startsAfresh(world, bob);
  // bob's new row leaves before his word that it does not open.
  const shown = bob.looks().filter((line) => line.startsWith("alice:") || line.includes("opened"));
  assertEquals(shown[0], "[A message from alice cannot be opened, it will be sealed again.]");
  assertEquals(shown.slice(1).map((line) => line.replace(`${date} `, "")), ["alice: for bob"]);
  assertEquals(alice.outbox, []);
});

scenario("what the old identity had sealed and not sent leaves under the new one", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  theyTalk(world, alice, bob);
  world.cut(bob);
  bob.types("send alice from bob");
  world.runs(200);
  bob.isKilled();
  world.mend(bob);
  startsAfresh(world, bob);
  world.runs(1000);
  assertEquals(alice.looks().filter((line) => line.startsWith("bob:")), ["bob: from bob"]);
});

scenario("what was on its way directly to the old identity goes to its successor", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  theyTalk(world, alice, bob);
  bob.isKilled();
  alice.types("send bob one");
  alice.types("send bob two");
  world.runs(50);
  startsAfresh(world, bob);
  assertEquals(bob.looks().filter((line) => /^alice:|opened/.test(line)), ["alice: one", "alice: two"]);
  assertEquals(alice.outbox, []);
  assertEquals(alice.looks().filter((line) => /received|ACK|failed/.test(line)), [
    '[Message received by bob: "one".]',
    '[Message received by bob: "two".]',
  ]);
});

scenario("a revocation of the old identity ends its successor as well", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  theyTalk(world, alice, bob);
  const paper = bob.revocation;
  startsAfresh(world, bob);
  theyTalk(world, alice, bob);
  // carol meets the successor, and knows nothing of what was before.
  theyTalk(world, carol, bob);
  world.everybodyLooks();
  isRevoked(world, paper);
  for (const peer of [alice, carol]) {
    assertEquals(peer.looks().filter((line) => line.startsWith("[bob")), [REVOKED]);
  }
  assertEquals(bob.looks().filter((line) => line.startsWith("[This")), [ENDED]);
});

scenario("after a revocation the operator releases the nick, and peers decide anew", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  theyTalk(world, alice, bob);
  isRevoked(world, bob.revocation);
  world.server.releases("bob");
  const again = world.client("bob");
  again.starts();
  world.runs(60_000);
  world.everybodyLooks();
  alice.types("send bob hi");
  assertEquals(alice.looks()[0]?.startsWith("[bob has another key than the pinned one"), true);
  alice.types("trust bob");
  alice.looks();
  theyTalk(world, alice, again);
  // The revoked identity does not come back to the nick, or to any other one.
  if (bob.isAlive) bob.isKilled();
  bob.starts();
  world.runs(1000);
  assertEquals(bob.looks().at(-1), ENDED);
});

/** Whose a nick is, and what happens when it changes hands. */
import { assert, assertEquals } from "@std/assert";
import { isAnothers, type Person } from "../kit/person.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";
const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];
const REPLACED = "[You were registered as 'bob' from another place, this one is offline now.]";
const BOB_CHANGED = "[bob has another key than the pinned one: somebody else may have the nick. " +
  "Nothing is sent to bob until you say 'trust bob'.]";
const trusted = (bob: Person, waited = "") =>
  `[The key that bob has now is trusted${waited}: ${bob.identity.publicKey}. It is not verified: 'verify bob'.]`;
const trustedWithOne = (bob: Person) => trusted(bob, ", for 1 message that waited as well");
const BOB_RELEASED = "[Message to bob failed: the nickname was given up.]";
const ALICE_REFUSES = "[Message to alice failed: the recipient knows another key of yours.]";

// ---- whose a nick is -------------------------------------------------------------------------------------

scenario("a nick belongs to the key that registered it first, online or offline", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  world.everybodyLooks();
  for (const nick of ["alice", "bob"]) {
    const other = world.client(nick);
    other.starts();
    other.looks();
    world.runs(10);
    other.sees(...isAnothers(nick));
    other.hasEnded(1);
  }
  world.runs(100_000);
  alice.sees();
  bob.types("reg bob");
  world.runs(200);
  bob.sees(WELCOME, ...world.table(alice.online, bob.online));
  alice.types("send bob hi");
  world.runs(100);
  bob.sees("alice: hi");
});

scenario("its owner keeps it when he gets another address, and nobody warns of him", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob one");
  world.runs(200);
  world.everybodyLooks();
  world.network.rebind(bob.address, { host: "192.0.2.1", port: 4000 });
  world.runs(31_000);
  alice.sees(...world.table(alice.online, "bob @ 192.0.2.1:4000 is ONLINE"));
  alice.types("send bob two");
  world.runs(100);
  alice.sees("[Message received by bob.]");
});

scenario("its owner comes back from another computer, with the state folder: all goes on", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob one");
  bob.types("send alice two");
  world.runs(200);
  bob.types("quit");
  world.runs(200);
  const written = alice.types("send bob three");
  world.runs(200);
  world.everybodyLooks();
  const elsewhere = another(world, bob);
  elsewhere.disk.commit([...bob.disk.read()].map(([key, value]) => ({ type: "save", key, value })));
  elsewhere.starts();
  elsewhere.looks();
  world.runs(1000);
  elsewhere.sees(
    WELCOME,
    ...world.table(alice.online, elsewhere.online),
    "SERVER: [You have messages]",
    `alice: ${written} three`,
  );
  alice.sees(...world.table(alice.online, elsewhere.online), "[bob has collected 1 message.]");
  elsewhere.types("send alice four");
  world.runs(100);
  alice.sees("bob: four");
});

scenario("with his identity alone he takes over at once, and the old place is told", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("send alice one");
  world.runs(200);
  world.everybodyLooks();
  const elsewhere = another(world, bob);
  elsewhere.starts();
  elsewhere.looks();
  world.runs(100);
  elsewhere.sees(WELCOME, ...world.table(alice.online, elsewhere.online));
  // The same key, so nobody is warned.
  alice.sees(...world.table(alice.online, elsewhere.online));
  world.runs(35_000);
  bob.sees(REPLACED);
  assert(bob.isAlive);
  elsewhere.types("send alice two");
  alice.types("send bob three");
  world.runs(200);
  assertEquals(alice.looks().toSorted(), ["[Message received by bob.]", "bob: two"]);
  assertEquals(elsewhere.looks().toSorted(), ["[Message received by alice.]", "alice: three"]);
  bob.sees();
});

/** Another computer of somebody's, to which he has brought the file with his identity. */
function another(world: World, person: Person): Person {
  const elsewhere = world.client(person.nick);
  elsewhere.identity = person.identity;
  return elsewhere;
}

// ---- a nick that changes hands ---------------------------------------------------------------------------

/**
 * alice has written with the former holder of a nick, and carol has not. He is gone, the operator has given
 * his nick up, and somebody else has taken it. All screens are empty, but for what that looks like to alice
 * and carol.
 */
function changeHands(world: World): { alice: Person; bob: Person; carol: Person; former: Person } {
  const { alice, bob: former, carol } = world.clients("alice", "bob", "carol");
  former.types("send alice hi");
  world.runs(200);
  former.types("quit");
  world.runs(200);
  world.server.releases("bob");
  // Until everybody has noticed that the server is a new one.
  world.runs(35_000);
  world.everybodyLooks();
  const bob = world.client("bob");
  bob.starts();
  world.runs(200);
  bob.looks();
  return { alice, bob, carol, former };
}

scenario("the former holder, if he is still there, is told that the nick is not his any more", (world) => {
  const { alice, bob: former } = world.clients("alice", "bob");
  world.cut(former);
  world.server.releases("bob");
  const bob = world.client("bob");
  bob.starts();
  world.runs(200);
  world.mend(former);
  world.runs(35_000);
  former.sees(...isAnothers("bob"));
  former.types("send alice hi");
  former.sees("[You are offline, 'reg bob' first.]");
  former.types("reg bob");
  world.runs(100);
  former.sees(...isAnothers("bob"));
  assertEquals([former.isAlive, former.unsettled], [true, 0]);
  alice.looks();
  bob.types("send alice hi");
  world.runs(100);
  alice.sees("bob: hi");
});

scenario("who knew the former holder of a nick is warned when somebody else has it", (world) => {
  const { alice, bob, carol } = changeHands(world);
  const table = world.table(alice.online, carol.online, bob.online);
  alice.sees(...table, BOB_CHANGED);
  carol.sees(...table);
  alice.types("peers");
  alice.sees(...world.rows(alice.online, carol.online, `${bob.online} (another key than the pinned one)`));
  carol.types("peers");
  carol.sees(...world.rows(alice.online, carol.online, bob.online));
  // Once in a process, and again in the next one.
  world.runs(100_000);
  alice.sees();
  alice.types("quit");
  world.runs(200);
  alice.starts();
  alice.looks();
  world.runs(200);
  alice.sees(WELCOME, ...world.table(alice.online, carol.online, bob.online), BOB_CHANGED);
});

scenario("nothing is sent to the new holder before 'trust', and all that is written after it", (world) => {
  const { alice, bob } = changeHands(world);
  const began = world.schedule.now;
  alice.looks();
  alice.types("send bob a secret");
  alice.sees(BOB_CHANGED);
  alice.types("verify bob");
  // A number to compare before she trusts him, and no mark.
  assert(alice.looks().at(-1)?.endsWith("If bob sees the same number, say 'trust bob'.]"));
  world.runs(60_000);
  assertEquals([world.sent({ from: alice, to: bob }, began), alice.keeps("outbox"), alice.unsettled], [
    [],
    0,
    0,
  ]);
  bob.sees();
  alice.types("trust bob");
  alice.sees(trusted(bob));
  alice.types("send bob hello");
  world.runs(100);
  alice.sees("[Message received by bob.]");
  bob.sees("alice: hello");
  alice.types("peers");
  assert(alice.hasSeen(bob.online));
});

scenario("nor is anything of his shown: he hears why, however it comes", (world) => {
  const { alice, bob, carol } = changeHands(world);
  alice.looks();
  carol.looks();
  bob.types("send carol hello");
  bob.types("send alice it is me");
  world.runs(100);
  assertEquals(bob.looks().toSorted(), ["[Message received by carol.]", ALICE_REFUSES]);
  carol.sees("bob: hello");
  world.cutBetween(alice, bob);
  bob.types("send alice by the server");
  world.runs(1000);
  bob.sees("[No ACK from alice, message sent to server.]", ...STORED, ALICE_REFUSES);
  world.losesNothing();
  bob.types("send_all who knows me?");
  world.runs(100);
  bob.sees("[Message received by Server.]");
  carol.sees("[Channel_Message bob: who knows me?]");
  alice.sees();
  assertEquals([bob.keeps("outbox"), world.server.keeps("letter"), alice.keeps("inbox")], [0, 0, 0]);
  alice.types("trust bob");
  bob.types("send alice thank you");
  world.runs(100);
  alice.sees(trusted(bob), "bob: thank you");
  // She had left bob's message unanswered, so this one leaves both ways at once, and has one line.
  bob.sees("[Message received by alice.]");
});

scenario("nor when she was away: what waited for her is refused when she collects it", (world) => {
  const { alice, bob } = changeHands(world);
  alice.types("quit");
  world.runs(200);
  bob.types("send alice it is me");
  world.runs(200);
  bob.looks();
  alice.starts();
  world.runs(1000);
  assertEquals(alice.looks().filter((line) => line.includes("it is me")), []);
  assertEquals(bob.looks().filter((line) => line === ALICE_REFUSES).length, 1);
  assertEquals([bob.keeps("outbox"), world.server.keeps("letter"), world.server.keeps("receipt")], [0, 0, 0]);
});

scenario("the first message to the new holder waits for none that the former one got", (world) => {
  const { alice, bob: former } = world.clients("alice", "bob");
  alice.types("send bob to the former one");
  world.runs(200);
  former.types("quit");
  world.runs(200);
  world.server.releases("bob");
  world.runs(35_000);
  const bob = world.client("bob");
  bob.starts();
  world.runs(200);
  world.everybodyLooks();
  alice.types("trust bob");
  alice.types("send bob to the new one");
  world.runs(100);
  alice.sees(trusted(bob), "[Message received by bob.]");
  bob.sees("alice: to the new one");
});

scenario("mail for the former holder fails, and the new one never gets it", (world) => {
  const { alice, bob: former } = world.clients("alice", "bob");
  former.types("quit");
  world.runs(200);
  alice.types("send bob between us");
  world.runs(200);
  world.everybodyLooks();
  world.server.releases("bob");
  world.runs(35_000);
  alice.sees(BOB_RELEASED);
  assertEquals([alice.keeps("outbox"), world.server.keeps("letter"), world.server.keeps("receipt")], [
    0,
    0,
    0,
  ]);
  const bob = world.client("bob");
  bob.starts();
  world.runs(1000);
  alice.looks();
  alice.types("trust bob");
  world.runs(60_000);
  alice.sees(trusted(bob));
  assertEquals(bob.looks().filter((line) => line.startsWith("alice:") || line.includes("opened")), []);
});

scenario("a message that waits stays when the nick changes hands, and leaves after 'trust'", (world) => {
  const { alice, bob } = heldBack(world);
  alice.sees(...world.table(alice.online, bob.online), BOB_CHANGED);
  world.runs(60_000);
  alice.sees();
  assertEquals([alice.isAlive, alice.keeps("outbox")], [true, 1]);
  alice.types("trust bob");
  world.runs(100);
  alice.sees(trustedWithOne(bob), "[Message received by bob.]");
  bob.sees("alice: for bob");
  assertEquals([alice.keeps("outbox"), alice.unsettled], [0, 0]);
});

scenario("and when the process is another one by then", (world) => {
  const { alice, bob } = heldBack(world);
  alice.pressesCtrlC();
  world.runs(1000);
  alice.starts();
  world.runs(60_000);
  alice.looks();
  bob.looks();
  assertEquals([alice.isAlive, alice.keeps("outbox")], [true, 1]);
  alice.types("trust bob");
  world.runs(100);
  alice.sees(trustedWithOne(bob), "[Message received by bob.]");
  bob.sees("alice: for bob");
});

scenario(
  "a script that ends with such a message says that it waits, and does not blame the server",
  (world) => {
    const { alice } = heldBack(world);
    alice.pressesCtrlC();
    world.runs(1000);
    alice.starts();
    alice.endsInput();
    world.runs(5000);
    assertEquals(alice.looks().slice(-3), [
      BOB_CHANGED,
      "[1 message waits and leaves at the next start.]",
      "[Exiting]",
    ]);
    alice.hasEnded(1);
  },
);

/** alice has a message to bob that neither he nor the server got before his nick went to somebody else. */
function heldBack(world: World): { alice: Person; bob: Person } {
  const { alice, bob: former } = world.clients("alice", "bob");
  former.types("quit");
  world.runs(200);
  alice.looks();
  world.loses({ kind: "deposit" });
  alice.types("send bob for bob");
  world.runs(10);
  world.server.releases("bob");
  const bob = world.client("bob");
  bob.starts();
  world.runs(1000);
  world.losesNothing();
  bob.looks();
  assertEquals([alice.keeps("outbox"), world.server.keeps("letter")], [1, 0]);
  return { alice, bob };
}

/** How to be sure of somebody's key: numbers to compare, invitations, and what of it stays. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Identity, SECRETS_BYTES } from "../../core/messages/identity.ts";
import { cheapPrimitives as primitives } from "../kit/cheap_primitives.ts";
import type { Person } from "../kit/person.ts";
import { scenario } from "./scenario.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";
const BOB_CHANGED = "[bob has another key than the pinned one: somebody else may have the nick. " +
  "Nothing is sent to bob until you say 'trust bob'.]";
const trusted = (bob: Person) =>
  `[The key that bob has now is trusted: ${bob.identity.publicKey}. It is not verified: 'verify bob'.]`;

const DIGITS_DIFFER =
  "[Your safety number with bob does not end so, nothing is marked: compare again with 'verify bob'. " +
  "If bob sees another number, somebody is between you.]";

// ---- numbers ---------------------------------------------------------------------------------------------

scenario(
  "'verify' shows both the same 60 digits, and marks the other who has read them; 'trust' takes the mark away",
  (world) => {
    const { alice, bob, carol } = world.clients("alice", "bob", "carol");
    const number = numberWith(alice, bob);
    assertEquals(number, numberWith(bob, alice));
    assert(/^\d{5}( \d{5}){11}$/.test(number), number);
    assertEquals(new Set([number, numberWith(alice, carol), numberWith(bob, carol)]).size, 3);
    alice.types("peers");
    alice.sees(...world.rows(alice.online, bob.online, carol.online));
    alice.types("verify bob 00000");
    alice.sees(DIGITS_DIFFER);
    alice.types(`verify bob ${number}`);
    alice.sees("[bob is marked as verified, 'trust bob' takes the mark away.]");
    alice.types("peers");
    alice.sees(...world.rows(alice.online, `${bob.online} (verified)`, carol.online));
    // It outlives the process, and a new prekey changes nothing.
    alice.types("quit");
    world.runs(26 * 3600_000);
    alice.starts();
    world.runs(500);
    alice.looks();
    alice.types("peers");
    alice.sees(...world.rows(alice.online, `${bob.online} (verified)`, carol.online));
    assertEquals(numberWith(alice, bob), number);
    alice.types("trust bob");
    alice.sees(trusted(bob));
    alice.types("peers");
    alice.sees(...world.rows(alice.online, bob.online, carol.online));
  },
);

scenario("the new holder of a nick has another number, and no mark", (world) => {
  const { alice, bob: former } = world.clients("alice", "bob");
  const number = numberWith(alice, former);
  alice.verifies("bob");
  former.types("quit");
  world.runs(200);
  world.server.releases("bob");
  world.runs(35_000);
  const bob = world.client("bob");
  bob.starts();
  world.runs(200);
  alice.looks();
  alice.types("peers");
  alice.sees(...world.rows(alice.online, `${bob.online} (another key than the pinned one)`));
  alice.types("trust bob");
  alice.looks();
  alice.types("peers");
  alice.sees(...world.rows(alice.online, bob.online));
  assertNotEquals(numberWith(alice, bob), number);
  assertEquals(numberWith(alice, bob), numberWith(bob, alice));
});

scenario("'verify' and 'trust' of somebody who does not exist", (world) => {
  const { alice } = world.clients("alice");
  alice.types("verify zoe");
  alice.types("trust zoe");
  alice.sees("[Unknown peer: zoe]", "[Unknown peer: zoe]");
  assertEquals([alice.keeps("known_peer"), alice.unsettled], [0, 0]);
});

/** The number that `verify` shows. */
function numberWith(person: Person, other: Person): string {
  person.looks();
  person.types(`verify ${other.nick}`);
  const [first = "", second = "", ...more] = person.looks();
  assert(second.includes(`say 'verify ${other.nick} DIGITS'`), second);
  assertEquals(more, []);
  const number = /^\[Your safety number with (?<nick>.+): (?<number>[\d ]+)\]$/.exec(first)?.groups;
  assertEquals(number?.nick, other.nick);
  return number?.number ?? "";
}

// ---- invitations -----------------------------------------------------------------------------------------

scenario("an invitation names the server and its maker, each with the key", (world) => {
  const { alice } = world.clients("alice");
  alice.types("invite");
  const { key } = world.server;
  alice.sees(`parley://the server/?server=${key}&peer=alice:${alice.identity.publicKey}`);
});

scenario(
  "whom an invitation names is known from the start, and has to have the key that it gives",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    const impostor = new Identity(primitives, world.dice.bytes(SECRETS_BYTES));
    const invited = [
      { nick: "alice", identity: alice.identity.publicKey },
      { nick: "bob", identity: impostor.publicKey },
    ];
    const carol = world.client("carol", { invited });
    carol.starts();
    carol.looks();
    world.runs(200);
    const began = world.schedule.now;
    carol.sees(WELCOME, ...world.table(alice.online, bob.online, carol.online), BOB_CHANGED);
    carol.types("send alice hi");
    carol.types("send bob hi");
    world.runs(100);
    carol.sees(BOB_CHANGED, "[Message received by alice.]");
    assertEquals(world.sent({ from: carol, to: bob }, began), []);
    world.everybodyLooks();
    bob.types("send carol hi");
    world.runs(100);
    bob.sees("[Message to carol failed: the recipient knows another key of yours.]");
    carol.sees();
  },
);

scenario("what is pinned stays, whatever an invitation says later", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const carol = world.client("carol", { invited: [{ nick: "bob", identity: alice.identity.publicKey }] });
  carol.starts();
  world.runs(200);
  carol.looks();
  carol.types("trust bob");
  world.runs(10);
  carol.types("quit");
  world.runs(200);
  carol.looks();
  carol.starts();
  world.runs(200);
  const differs = "[The invitation gives another key for bob than the one that is pinned, which stays.]";
  const seen = carol.looks();
  assertEquals([seen.filter((line) => line === differs).length, seen.includes(BOB_CHANGED)], [1, false]);
  carol.types("send bob hi");
  world.runs(100);
  carol.sees("[Message received by bob.]");
  assert(bob.hasSeen("carol: hi"));
});

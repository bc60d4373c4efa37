/** Attacks on letters: only who is told to have written one can have, word for word, to this reader, once. */
import { assertEquals } from "@std/assert";
import { MALFORMED } from "../../core/base/bytes.ts";
import { primitives } from "../../core/base/crypto.ts";
import {
  HELD_MS,
  PREKEY_LIFE_MS,
  PREKEY_MS,
  RETRY_FIRST_MS,
  SEEN_LIFE_MS,
  SWEEP_MS,
} from "../../core/base/limits.ts";
import { peopleTag } from "../../core/messages/direct.ts";
import { decodeLetter } from "../../core/messages/letter_form.ts";
import { HostileServer, last, type Message } from "../kit/hostile_server.ts";
import { altered } from "../kit/peer.ts";
import type { Person } from "../kit/person.ts";
import { ID, idOf } from "../kit/samples.ts";
import { Speaker } from "../kit/speaker.ts";
import { Arena } from "./arena.ts";

const UNREADABLE = "[A message from alice cannot be opened, it will be sealed again.]";
const UNREADABLE_TWICE = "[A message from alice cannot be opened, it was sealed twice.]";
const MISSING = "[A message from alice is missing.]";
const OTHER_KEY = "[alice has another key than the pinned one: somebody else may have the nick. " +
  "Nothing is sent to alice until you say 'trust alice'.]";

/**
 * alice writes so many letters to bob, by way of a server that keeps them and means no good. bob knows her.
 */
function withLetters(count: number): {
  arena: Arena;
  alice: Person;
  bob: Person;
  carol: Person;
  server: HostileServer;
  letters: readonly Message[];
  /** When each was written. */
  dates: readonly string[];
} {
  const arena = new Arena();
  const { alice, bob, carol } = arena.clients("alice", "bob", "carol");
  arena.theyTalk(alice, bob, "first");
  const server = HostileServer.inThePlaceOfTheServer(arena);
  for (const nick of ["bob", "carol"]) server.saysAway(nick);
  arena.runs(1000);
  const dates: string[] = [];
  for (let number = 1; number <= count; number++) {
    dates.push(alice.writes("bob", `letter ${number}`));
    arena.runs(100);
  }
  arena.everybodyLooks();
  return { arena, alice, bob, carol, server, dates, letters: server.lettersFrom("alice") };
}

// ---- from a peer -----------------------------------------------------------------------------------------

for (const isMember of [false, true]) {
  const who = isMember ? "a member" : "a stranger";
  Deno.test(`attack: ${who} writes directly under another's nick: neither shown nor receipted`, () => {
    const arena = new Arena();
    const { alice, bob } = arena.clients("alice", "bob");
    arena.theyTalk(alice, bob);
    const mallory = isMember ? arena.member("mal") : new Speaker(arena, "mal");
    arena.runs(1000);
    arena.everybodyLooks();
    const { server } = arena;
    const recipient = { nick: "bob", identity: server.bundleOf("bob").identity };
    // Everybody can name the two: with his own identity, or with that of whom he claims to be.
    const identities = [mallory.identity.publicKey, server.bundleOf("alice").identity, recipient.identity];
    mallory.heard.length = 0;
    for (const [at, identity] of identities.entries()) {
      for (const [spelling, from] of ["alice", "ALICE", "bob", "nobody"].entries()) {
        const verb = arena.direct(mallory, "bob", "forged", { id: idOf(spelling + 1, at), from });
        const people = peopleTag(primitives, server.key, { nick: from, identity }, recipient);
        mallory.says(bob, { ...verb, people });
      }
    }
    arena.runs(30_000);
    bob.sees();
    assertEquals([mallory.heardOf("got"), bob.keeps("inbox")], [[], 0]);
    if (!isMember) return;
    // Under one's own nick it is shown, and receipted.
    mallory.says(bob, arena.direct(mallory, "bob", "mine", { id: ID }));
    arena.runs(100);
    bob.sees("mal: mine");
    assertEquals(mallory.heardOf("got").map(({ outcome }) => outcome), ["read"]);
  });
}

Deno.test("attack: pass somebody's letter on to a third person under one's own nick: it is not for him", () => {
  const arena = new Arena();
  const { alice, carol } = arena.clients("alice", "carol");
  const mallory = arena.member("mal");
  arena.runs(500);
  arena.everybodyLooks();
  mallory.tells(arena.server, { type: "leave", nick: "mal", turn: ++mallory.turn });
  alice.writes("mal", "between us");
  arena.runs(100);
  mallory.registers();
  carol.looks();
  const { id, body } = last(mallory.heardOf("letter"));
  // It is carol's to answer, and cannot be opened.
  mallory.says(arena.server, { type: "deposit", id, from: "mal", to: "carol", body });
  arena.runs(100);
  carol.sees("[A message from mal cannot be opened, it will be sealed again.]");
});

Deno.test("attack: a member deposits in another's name, or for himself under another's bundle: it is his own", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  arena.theyTalk(alice, bob);
  const mallory = arena.member("mal");
  arena.runs(500);
  arena.everybodyLooks();
  const recipient = arena.server.bundleOf("bob");
  for (const [at, from] of ["alice", "mal"].entries()) {
    const about = { id: idOf(at + 1, 1), from, to: "bob" };
    const body = mallory.letter({
      ...about,
      text: "forged",
      recipient,
      sender: arena.server.bundleOf("alice"),
    });
    mallory.says(arena.server, { type: "deposit", ...about, body });
    arena.runs(200);
  }
  assertEquals(mallory.kindsHeard.filter((type) => type === "notRegistered" || type === "stored"), [
    "notRegistered",
    "stored",
  ]);
  bob.sees("[A message from mal cannot be opened, it will be sealed again.]");
});

// ---- from the server -------------------------------------------------------------------------------------

Deno.test("a letter that the server hands over as it was given is shown, and receipted as read", () => {
  const { bob, server, letters } = withLetters(1);
  server.hands(bob, "letter", letters[0]!);
  bob.sees("alice: letter 1");
  assertEquals(server.receiptsFrom("bob").map(({ outcome }) => outcome), ["read"]);
});

Deno.test("attack: the server alters a letter, wherever: it cannot be opened, and is sealed again, or it is none", () => {
  const { arena, alice, bob, server, letters: [letter] } = withLetters(1);
  const { body } = letter!;
  const decoded = decodeLetter(body);
  if (decoded === MALFORMED) throw new Error("alice writes what is no letter");
  // Which sealing, prekey, ephemeral key; of the sender's bundle identity, key, prekey, time, counter and
  // signature; what is sealed, and its tag.
  const [bundleAt, sealedAt] = [41, decoded.header.length];
  const bundlePlaces = [0, 32, 64, 101, 107].map((at) => bundleAt + at);
  const places = [0, 1, 9, 40, ...bundlePlaces, sealedAt - 1];
  for (const at of [...places, sealedAt, sealedAt + 60, body.length - 17, body.length - 1]) {
    server.heard.length = 0;
    server.hands(bob, "letter", { ...letter!, body: altered(body, at) });
    assertEquals(server.receiptsFrom("bob").map(({ outcome }) => outcome), ["unreadable"], `byte ${at}`);
  }
  for (const length of [0, 1, 40, sealedAt - 1, sealedAt, sealedAt + 15, body.length - 1]) {
    server.heard.length = 0;
    server.hands(bob, "letter", { ...letter!, body: body.subarray(0, length) });
    // What ends before there is anything sealed is no letter, and gets no answer.
    const expected = length < sealedAt ? [] : ["unreadable"];
    assertEquals(server.receiptsFrom("bob").map(({ outcome }) => outcome), expected, `${length} bytes`);
  }
  // Once for each sealing that it may have been.
  assertEquals([...new Set(bob.looks())].toSorted(), [UNREADABLE_TWICE, UNREADABLE].toSorted());
  // alice hears of it, and seals it again.
  server.tells(alice, { type: "collected", to: "bob", receipts: server.receiptsFrom("bob").slice(-1) });
  arena.runs(RETRY_FIRST_MS);
  server.hands(bob, "letter", last(server.lettersFrom("alice")));
  bob.sees("alice: letter 1");
});

Deno.test("attack: the server hands over a genuine letter under another id or nick, or to another: none can open it", () => {
  const { bob, carol, server, letters: [letter] } = withLetters(1);
  server.hands(bob, "letter", { ...letter!, id: idOf(1, 1) });
  bob.sees(UNREADABLE);
  server.hands(bob, "letter", { ...letter!, from: "carol" });
  bob.sees(UNREADABLE.replace("alice", "carol"));
  server.hands(carol, "letter", letter!);
  carol.sees(UNREADABLE);
  server.hands(carol, "letter", { ...letter!, from: "bob" });
  carol.sees(UNREADABLE.replace("alice", "bob"));
  const outcomes = ["bob", "carol"].map((nick) => server.receiptsFrom(nick).map(({ outcome }) => outcome));
  assertEquals(outcomes, [["unreadable", "unreadable"], ["unreadable", "unreadable"]]);
  server.hands(bob, "letter", letter!);
  bob.sees("alice: letter 1");
});

Deno.test("attack: the server writes under a nick with an identity that it has made up: refused, with a warning", () => {
  const { arena, bob, server } = withLetters(0);
  const mallory = new Speaker(arena, "mal");
  const about = { id: idOf(1, 1), from: "alice", to: "bob" };
  const body = mallory.letter({
    ...about,
    text: "forged",
    recipient: server.rowOf("bob"),
    sender: mallory.bundle("alice"),
  });
  server.hands(bob, "letter", { ...about, body });
  bob.sees(OTHER_KEY);
  assertEquals(server.receiptsFrom("bob").map(({ outcome }) => outcome), ["refused"]);
});

Deno.test("attack: the server writes under a nick with a bundle that is not signed at all: it cannot be opened", () => {
  const { arena, bob, server } = withLetters(0);
  const mallory = new Speaker(arena, "mal");
  const [alice, recipient] = [server.rowOf("alice"), server.rowOf("bob")];
  const own = mallory.bundle("alice");
  const senders = [
    { ...own, identity: alice.identity },
    { ...alice, key: mallory.key, signature: own.signature },
    { ...alice, key: mallory.key, signature: "00".repeat(64) },
    mallory.bundle("mal"),
  ];
  for (const [at, sender] of senders.entries()) {
    const about = { id: idOf(1, at + 1), from: "alice", to: "bob" };
    const body = mallory.letter({ ...about, text: "forged", recipient, sender });
    server.hands(bob, "letter", { ...about, body });
    bob.sees(UNREADABLE);
  }
});

Deno.test("attack: the server writes in the name of somebody verified, with a copy of his signature over its own keys: it cannot be opened", () => {
  const { arena, bob, server } = withLetters(0);
  bob.verifies("alice");
  const mallory = new Speaker(arena, "mal");
  const [alice, recipient] = [server.rowOf("alice"), server.rowOf("bob")];
  // The signature is the one that the table has, but what it stands under is not what was signed.
  const changes = [
    { key: mallory.key },
    { identity: mallory.identity.publicKey },
    { key: mallory.key, identity: mallory.identity.publicKey },
    { prekeyAt: alice.prekeyAt + 1 },
  ];
  for (const [at, change] of changes.entries()) {
    const about = { id: idOf(1, at + 1), from: "alice", to: "bob" };
    const body = mallory.letter({ ...about, text: "forged", recipient, sender: { ...alice, ...change } });
    server.hands(bob, "letter", { ...about, body });
    bob.sees(UNREADABLE);
  }
  assertEquals([...new Set(server.receiptsFrom("bob").map(({ outcome }) => outcome))], ["unreadable"]);
});

Deno.test("attack: the server hands a letter over again when its id has been forgotten: its prekey is gone as well", () => {
  const { arena, bob, server, letters: [letter] } = withLetters(1);
  server.hands(bob, "letter", letter!);
  bob.sees("alice: letter 1");
  for (const victim of arena.people) victim.does({ type: "leave" });
  // While he is away his prekey stays the same; it is replaced, and kept for as long again, when he comes
  // back.
  for (const days of [SEEN_LIFE_MS, PREKEY_LIFE_MS]) {
    arena.runs(days + PREKEY_MS);
    bob.registers();
    arena.runs(2 * SWEEP_MS);
    bob.looks();
    server.hands(bob, "letter", letter!);
    assertEquals(bob.looks().filter((line) => line.includes("letter 1")), []);
    bob.does({ type: "leave" });
  }
});

// ---- order and gaps --------------------------------------------------------------------------------------

Deno.test("attack: the server drops a letter: its recipient is told that it is missing", () => {
  const { arena, bob, server, letters } = withLetters(3);
  server.hands(bob, "letter", letters[0]!);
  server.hands(bob, "letter", letters[2]!);
  bob.sees("alice: letter 1");
  arena.runs(HELD_MS);
  bob.sees(MISSING, "alice: letter 3");
});

Deno.test("attack: the server exchanges the order of letters: they are shown as they were written", () => {
  const { bob, server, letters } = withLetters(3);
  for (const at of [2, 1, 0]) server.hands(bob, "letter", letters[at]!);
  bob.sees("alice: letter 1", "alice: letter 2", "alice: letter 3");
});

Deno.test("attack: the server hands a letter over too late: it is missing, and dated when it comes", () => {
  const { arena, bob, server, letters, dates } = withLetters(2);
  server.hands(bob, "letter", letters[1]!);
  arena.runs(HELD_MS);
  bob.sees(MISSING, "alice: letter 2");
  server.hands(bob, "letter", letters[0]!);
  bob.sees(`alice: ${dates[0]} letter 1`);
});

Deno.test("attack: the server exchanges what is in two letters: neither can be opened, and what is said of that concerns neither", () => {
  const { arena, alice, bob, server, letters } = withLetters(2);
  const [one, two] = [letters[0]!, letters[1]!];
  server.hands(bob, "letter", { ...one, body: two.body });
  server.hands(bob, "letter", { ...two, body: one.body });
  bob.sees(UNREADABLE, UNREADABLE);
  // bob names the letters that he got, and alice has sealed no such ones: both may still be opened.
  server.tells(alice, { type: "collected", to: "bob", receipts: server.receiptsFrom("bob") });
  arena.runs(RETRY_FIRST_MS);
  assertEquals(server.lettersFrom("alice").length, 2);
  alice.sees();
  for (const letter of letters) server.hands(bob, "letter", letter);
  bob.sees("alice: letter 1", "alice: letter 2");
  server.tells(alice, { type: "collected", to: "bob", receipts: server.receiptsFrom("bob").slice(-2) });
  arena.runs(1000);
  alice.sees("[bob has collected 2 messages.]");
});

Deno.test("attack: the server hands a letter over again and again, in new streams too: shown once, receipted each time", () => {
  const { arena, bob, server, letters } = withLetters(1);
  for (let count = 0; count < 3; count++) server.hands(bob, "letter", letters[0]!);
  bob.sees("alice: letter 1");
  server.tells(bob, { type: "notRegistered", nick: "bob" });
  for (let count = 0; count < 3; count++) server.hands(bob, "letter", letters[0]!);
  bob.isKilled();
  bob.registers();
  arena.runs(1000);
  for (let count = 0; count < 3; count++) server.hands(bob, "letter", letters[0]!);
  assertEquals(bob.looks().filter((line) => line.includes("letter 1")), []);
  assertEquals(server.receiptsFrom("bob").length, 9);
  assertEquals([...new Set(server.receiptsFrom("bob").map(({ outcome }) => outcome))], ["read"]);
});

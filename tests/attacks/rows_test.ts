/**
 * Attacks on the table: what the server says of others counts as far as they have signed it, or been pinned.
 */
import { assertEquals, assertNotEquals } from "@std/assert";
import { MALFORMED } from "../../core/base/bytes.ts";
import { primitives } from "../../core/base/crypto.ts";
import { PREKEY_MS } from "../../core/base/limits.ts";
import { KNOWN_PEER, NICK } from "../../core/durable/records.ts";
import { type Bundle, bundleOf, isGenuine, safetyNumber } from "../../core/messages/identity.ts";
import { decodeLetter, prekeyId } from "../../core/messages/letter_form.ts";
import { HostileServer, last } from "../kit/hostile_server.ts";
import { altered } from "../kit/peer.ts";
import { isAnothers, type Person } from "../kit/person.ts";
import { Speaker } from "../kit/speaker.ts";
import { Arena } from "./arena.ts";

const FORGED = "[The server gives keys for bob that bob did not sign, they are not used.]";
const OTHER_KEY = "[bob has another key than the pinned one: somebody else may have the nick. " +
  "Nothing is sent to bob until you say 'trust bob'.]";
const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];

interface Situation {
  readonly arena: Arena;
  readonly alice: Person;
  readonly bob: Person;
  readonly server: HostileServer;
  readonly mallory: Speaker;
}

/** bob is said to be away, so that what alice writes to him passes the server, which means no good. */
function withHostileServer({ haveTalked = true }: { haveTalked?: boolean } = {}): Situation {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob", "carol");
  if (haveTalked) arena.theyTalk(alice, bob);
  const server = HostileServer.inThePlaceOfTheServer(arena);
  server.saysAway("bob");
  arena.everybodyLooks();
  return { arena, alice, bob, server, mallory: new Speaker(arena, "mal") };
}

/** What alice writes reaches bob, and nobody else has the keys for it. */
function theyStillWrite({ arena, alice, bob, server }: Situation, text: string): void {
  alice.writes("bob", text);
  arena.runs(100);
  alice.sees(...STORED);
  server.hands(bob, "letter", last(server.lettersFrom("alice")));
  bob.sees(`alice: ${text}`);
}

// ---- what nobody has signed ------------------------------------------------------------------------------

Deno.test("attack: the server puts another link key, prekey, time, counter or signature into a row: it is not used", () => {
  const scene = withHostileServer();
  const { alice, server, mallory } = scene;
  const row = server.rowOf("bob");
  const own = mallory.bundle("bob");
  const spoilt = altered(Uint8Array.fromHex(row.signature), 0).toHex();
  const changes: Partial<Bundle>[] = [
    { key: own.key },
    { prekey: own.prekey },
    { prekeyAt: row.prekeyAt + 1 },
    { counter: row.counter + 1 },
    { signature: spoilt },
    { signature: own.signature },
    // One's own bundle under bob's identity, and bob's under one's own.
    { ...own, identity: row.identity },
    { identity: own.identity },
  ];
  for (const change of changes) {
    server.changesRow("bob", { ...row, ...change });
    alice.sees(FORGED);
  }
  alice.does({ type: "listPeers" });
  assertEquals(alice.looks().filter((line) => line.includes("key")), []);
  theyStillWrite(scene, "hi");
});

Deno.test("attack: the server gives somebody else's bundle for a nick: it is not used", () => {
  const scene = withHostileServer();
  const { alice, server, mallory } = scene;
  const row = server.rowOf("bob");
  for (const bundle of [server.rowOf("carol"), server.rowOf("alice"), mallory.bundle("mal")]) {
    server.changesRow("bob", { ...row, ...bundleOf(bundle) });
    alice.sees(FORGED);
  }
  theyStillWrite(scene, "hi");
});

Deno.test("attack: the server gives forged keys at once to a newcomer: there is nobody of that nick for him", () => {
  const { arena, bob, server, mallory } = withHostileServer();
  const row = server.rowOf("bob");
  server.changesRow("bob", { key: mallory.key });
  const dave = arena.client("dave");
  dave.registers();
  arena.runs(1000);
  assertEquals(dave.looks().filter((line) => line === FORGED || line.startsWith("bob @")), [FORGED]);
  dave.writes("bob", "hi");
  dave.sees("[Unknown peer: bob]");
  server.changesRow("bob", row);
  assertEquals(dave.looks().filter((line) => line.startsWith("bob @")), [
    bob.offline,
  ]);
});

// ---- a whole new identity --------------------------------------------------------------------------------

Deno.test("attack: after the first contact the server puts its own identity under a nick: warned, and nothing is sent", () => {
  const scene = withHostileServer();
  const { arena, alice, bob, server, mallory } = scene;
  const row = server.rowOf("bob");
  server.changesRow("bob", { ...mallory.bundle("bob"), addresses: [mallory.address], online: true });
  server.away.delete("bob");
  server.changesRow("bob", {});
  alice.does({ type: "listPeers" });
  const lines = alice.looks();
  assertEquals(lines.filter((line) => line === OTHER_KEY), [OTHER_KEY]);
  assertEquals(lines.at(-2), "bob @ 10.66.6.6:6666 is ONLINE (another key than the pinned one)");
  const since = arena.now;
  for (const text of ["one", "two"]) {
    alice.writes("bob", text);
    alice.sees(OTHER_KEY);
  }
  alice.types("verify bob");
  // A number to compare, and no mark.
  assertEquals(alice.looks().at(-1)?.includes("another one than the pinned one"), true);
  arena.runs(20_000);
  assertEquals([mallory.received.length, server.lettersFrom("alice")], [0, []]);
  assertEquals(arena.sent({ from: alice, to: mallory }, since), []);
  // The same row again as it was: nothing is in the way any more.
  server.saysAway("bob");
  server.changesRow("bob", row);
  alice.looks();
  bob.looks();
  theyStillWrite(scene, "three");
});

Deno.test("attack: ... while a letter waits: it is not sealed anew and does not leave, until the user trusts", () => {
  const { arena, alice, server, mallory } = withHostileServer();
  server.stores = false;
  alice.writes("bob", "for bob");
  arena.runs(1000);
  const [id = ""] = alice.outbox;
  const letters = () => server.lettersFrom("alice").filter((letter) => letter.id === id);
  const [first] = letters();
  server.changesRow("bob", mallory.bundle("bob"));
  const count = letters().length;
  arena.runs(60_000);
  // What stands in the outbox is still sealed for the bob that alice knows, and stays there.
  assertEquals([letters().length, alice.outbox], [count, [id]]);
  assertEquals([...new Set(letters().map(({ body }) => body.toHex()))], [first!.body.toHex()]);
  // Not even a new process sends it.
  alice.isKilled();
  alice.registers();
  arena.runs(60_000);
  assertEquals(letters().length, count);
  assertEquals(alice.looks().filter((line) => line === OTHER_KEY), [OTHER_KEY, OTHER_KEY]);
  alice.does({ type: "trust", nick: "bob" });
  arena.runs(100);
  alice.sees(
    "[The key that bob has now is trusted, for 1 message that waited as well: " +
      `${mallory.bundle("bob").identity}. It is not verified: 'verify bob'.]`,
  );
  const letter = decodeLetter(last(letters()).body);
  assertEquals(letter !== MALFORMED && letter.prekeyId, prekeyId(mallory.bundle("bob").prekey));
  assertNotEquals(last(letters()).body, first!.body);
});

/** What an operator does with the file, while the server is not running. */
function swapOnDisk(arena: Arena, nick: string, bundle: Bundle): void {
  const { disk } = arena.server;
  const [key, value] = [...disk.read()].find(([name]) => name === NICK.keyFor(nick))!;
  const record = NICK.decode(value);
  if (record === MALFORMED) throw new Error("the server keeps a malformed record");
  arena.server.isKilled();
  disk.commit([{ type: "save", key, value: NICK.encode({ ...record, bundle }) }]);
  arena.server.starts();
}

/** Somebody else is registered as bob, because the operator has put his keys into the server's file. */
function impostorOf(arena: Arena): Speaker {
  const impostor = new Speaker(arena, "mal");
  swapOnDisk(arena, "bob", impostor.bundle("bob"));
  impostor.registers("bob");
  arena.runs(1000);
  assertEquals(impostor.heardOf("registered").length, 1);
  return impostor;
}

Deno.test("attack: swap a key in the server's file after the first contact: warned, nothing is sent to the impostor", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  arena.theyTalk(alice, bob);
  const before = arena.server.bundleOf("bob");
  const impostor = impostorOf(arena);
  arena.runs(30_000);
  // bob himself hears that he is locked out.
  assertEquals(bob.looks().slice(-2), isAnothers("bob"));
  assertEquals(alice.looks().filter((line) => line === OTHER_KEY), [OTHER_KEY]);
  alice.writes("bob", "for bob");
  alice.sees(OTHER_KEY);
  // Nor is anything shown that the impostor writes.
  const about = { id: "0".repeat(31) + "1", from: "bob", to: "alice" };
  const recipient = arena.server.bundleOf("alice");
  const body = impostor.letter({ ...about, text: "forged", recipient, sender: impostor.bundle("bob") });
  impostor.says(alice, arena.direct(impostor, "alice", "forged", { id: about.id, from: "bob" }));
  impostor.says(arena.server, { type: "deposit", ...about, body });
  arena.runs(10_000);
  alice.sees();
  assertEquals(impostor.heardOf("got").map(({ outcome }) => outcome), ["refused"]);
  assertEquals(impostor.heardOf("direct"), []);
  // Put right again, all is as it was.
  swapOnDisk(arena, "bob", before);
  bob.registers();
  arena.runs(30_000);
  arena.theyTalk(alice, bob);
});

Deno.test("attack: swap a key before the first contact: believed, but numbers compared elsewhere differ, and the true one's return is told", () => {
  const arena = new Arena();
  const { bob } = arena.clients("bob");
  const before = arena.server.bundleOf("bob");
  const impostor = impostorOf(arena);
  const alice = arena.client("alice");
  alice.registers();
  arena.runs(1000);
  alice.looks();
  alice.writes("bob", "hi");
  arena.runs(100);
  assertEquals(impostor.heardOf("direct").length, 1);
  alice.types("verify bob");
  const [own, theirs] = [alice, bob].map(({ nick, identity }) => ({ nick, identity: identity.publicKey }));
  const truly = safetyNumber(primitives, own!, theirs!);
  const shown = safetyNumber(primitives, own!, { nick: "bob", identity: impostor.identity.publicKey });
  assertEquals(alice.looks()[0], `[Your safety number with bob: ${shown}]`);
  assertNotEquals(shown, truly);
  swapOnDisk(arena, "bob", before);
  bob.registers();
  arena.runs(30_000);
  assertEquals(alice.looks().filter((line) => line === OTHER_KEY), [OTHER_KEY]);
  alice.writes("bob", "hi");
  alice.sees(OTHER_KEY);
});

Deno.test("attack: swap a key before the first contact of somebody with an invitation: warned, nothing is sent", () => {
  const arena = new Arena();
  const { bob } = arena.clients("bob");
  const impostor = impostorOf(arena);
  const alice = arena.client("alice", { invited: [{ nick: "bob", identity: bob.identity.publicKey }] });
  alice.registers();
  arena.runs(1000);
  assertEquals(alice.looks().filter((line) => line === OTHER_KEY), [OTHER_KEY]);
  alice.writes("bob", "hi");
  alice.sees(OTHER_KEY);
  arena.runs(10_000);
  assertEquals(impostor.heardOf("direct"), []);
});

Deno.test("attack: an invitation of somebody else's for a nick that is pinned: the pin stays", () => {
  const { arena, alice, bob, server, mallory } = withHostileServer();
  alice.isKilled();
  const invited = [{ nick: "BOB", identity: mallory.identity.publicKey }];
  const again = arena.client("alice", { identity: alice.identity, disk: alice.disk, invited });
  again.registers();
  arena.runs(1000);
  const line = "[The invitation gives another key for BOB than the one that is pinned, which stays.]";
  assertEquals(again.looks().filter((other) => other.includes("invitation")), [line]);
  const pin = KNOWN_PEER.decode([...again.disk.read()].find(([key]) => key === KNOWN_PEER.keyFor("bob"))![1]);
  assertEquals(pin, { identity: bob.identity.publicKey, verified: false, revoked: false });
  again.writes("bob", "hi");
  arena.runs(100);
  assertEquals(server.lettersFrom("alice").length, 1);
});

// ---- what was true once ----------------------------------------------------------------------------------

Deno.test("attack: the server repeats pages of before, and of an earlier life: they change nothing", () => {
  const { arena, alice, bob, server } = withHostileServer();
  const old = server.rowOf("bob");
  const { start, counter } = server.version;
  for (const victim of arena.people) victim.isKilled();
  arena.runs(PREKEY_MS);
  for (const victim of [alice, bob]) victim.registers();
  arena.runs(1000);
  const row = server.rowOf("bob");
  assertNotEquals(row.prekey, old.prekey);
  assertEquals(isGenuine(primitives, "bob", old), true);
  arena.everybodyLooks();
  const page = { type: "rows", rows: [{ ...old, online: false, addresses: [bob.address] }] } as const;
  server.tells(alice, { ...page, since: { start, counter: 0 }, upTo: counter, newest: counter });
  server.tells(alice, { ...page, since: { start, counter }, upTo: counter, newest: counter });
  server.tells(alice, { ...page, since: { start: start - 1, counter: 0 }, upTo: 9999, newest: 9999 });
  arena.runs(1000);
  alice.sees();
  alice.writes("bob", "hi");
  arena.runs(100);
  const letter = decodeLetter(last(server.lettersFrom("alice")).body);
  assertEquals(letter !== MALFORMED && letter.prekeyId, prekeyId(row.prekey));
});

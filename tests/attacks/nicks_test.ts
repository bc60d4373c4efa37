/**
 * Attacks on nicks: a nick belongs to an identity, and what is said of it counts only from the link of its
 * holder.
 */
import { assertEquals } from "@std/assert";
import { KEY_BYTES, primitives } from "../../core/base/crypto.ts";
import { BUNDLES_BURST, KEEP_ALIVE_JITTER, KEEP_ALIVE_MS } from "../../core/base/limits.ts";
import { Identity, NO_KEY, SECRETS_BYTES } from "../../core/messages/identity.ts";
import { NO_VERSION } from "../../core/messages/table.ts";
import type { Verb } from "../../core/messages/verb.ts";
import { Disk } from "../kit/disk.ts";
import { isAnothers, type Person } from "../kit/person.ts";
import { ID } from "../kit/samples.ts";
import { Speaker, STRANGER } from "../kit/speaker.ts";
import { Arena } from "./arena.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";
const REPLACED = "[You were registered as 'alice' from another place, this one is offline now.]";

/** Spellings of one nick: as it is, in capitals, and with a letter of full width (NFKC). */
const SPELLINGS = ["alice", "ALICE", "\uff41lice"];

/** Somebody else's program under alice's nick: he is told why, and his program ends. */
function isRefused(arena: Arena, nick: string): void {
  const thief = arena.client(nick, { serverKey: arena.server.key });
  thief.registers();
  thief.looks();
  arena.runs(1000);
  thief.sees(...isAnothers(nick));
  assertEquals([thief.isAlive, thief.exitStatus], [false, 1]);
}

Deno.test("attack: take a nick that is online: it belongs to another key, and its holder notices nothing", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  for (const nick of SPELLINGS) isRefused(arena, nick);
  arena.runs(60_000);
  for (const victim of [alice, bob]) victim.sees();
  arena.theyTalk(bob, alice);
});

Deno.test("attack: take a nick that is offline: it belongs to another key, also after the server has restarted", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  alice.deregisters();
  arena.runs(200);
  const date = bob.writes("alice", "for alice alone");
  arena.runs(200);
  for (const nick of SPELLINGS) isRefused(arena, nick);
  arena.server.restarts();
  for (const nick of SPELLINGS) isRefused(arena, nick);
  assertEquals(arena.server.keeps("letter"), 1);
  // The same from whoever has the key.
  alice.looks();
  alice.registers();
  arena.runs(1000);
  assertEquals(alice.looks().filter((line) => line === WELCOME || line.startsWith("bob:")), [
    WELCOME,
    `bob: ${date} for alice alone`,
  ]);
});

for (const where of ["online", "offline", "offline, the server has restarted"] as const) {
  Deno.test(`attack: register with the owner's bundle, copied, over a link of one's own (${where}): no answer`, () => {
    const arena = new Arena();
    const { alice, bob } = arena.clients("alice", "bob");
    if (where !== "online") alice.deregisters();
    arena.runs(200);
    if (where.includes("restarted")) arena.server.restarts();
    arena.runs(2000);
    const mallory = new Speaker(arena, "mal");
    const bundle = arena.server.bundleOf("alice");
    const own = mallory.bundle("alice");
    const before = arena.server.state;
    // As it is; with one's own link key; with one's own prekey; with the owner's name on one's own signature.
    mallory.registers("alice", bundle);
    mallory.registers("alice", { ...bundle, key: mallory.key });
    mallory.registers("alice", { ...bundle, key: mallory.key, prekey: own.prekey });
    mallory.registers("alice", { ...own, identity: bundle.identity });
    assertEquals(mallory.kindsHeard, []);
    assertEquals(arena.server.state, before);
    // One's own is answered, with the reason.
    mallory.registers("alice");
    assertEquals(mallory.heardOf("refused"), [{ type: "refused", nick: "alice", reason: "other key" }]);
    bob.looks();
    arena.runs(60_000);
    bob.sees();
  });
}

Deno.test("attack: register a nick with a bundle that its identity signed for another nick: no answer", () => {
  const arena = new Arena();
  arena.clients("alice");
  const mallory = new Speaker(arena, "mal");
  mallory.registers("carol", mallory.bundle("mallory"));
  mallory.registers("carol", arena.server.bundleOf("alice"));
  assertEquals([mallory.kindsHeard, arena.server.keeps("nick")], [[], 1]);
  mallory.registers("carol");
  assertEquals(mallory.heardOf("registered").map(({ nick }) => nick), ["carol"]);
});

// ---- from another link -----------------------------------------------------------------------------------

/** All that a member may say of himself, said by somebody else. */
function sayings(arena: Arena, bob: Person): Verb[] {
  const receipt = { id: ID, edition: 0, ephemeral: NO_KEY };
  const body = Uint8Array.of(0, 1, 2);
  return [
    { type: "deregister", nick: "bob", turn: 1000 },
    { type: "leave", nick: "bob", turn: 1001 },
    { type: "keepAlive", nick: "bob" },
    { type: "rowsSince", nick: "bob", version: NO_VERSION },
    { type: "saved", nick: "bob", stream: arena.now, position: 9 },
    { type: "noted", nick: "bob", receipts: [receipt] },
    { type: "deposit", id: ID, from: "bob", to: "alice", body },
    { type: "post", id: ID, from: "bob", body },
    {
      type: "receipt",
      from: "bob",
      to: "alice",
      ...bob.identity.receipt("bob", "alice", { ...receipt, outcome: "read" }),
    },
  ];
}

for (const isMember of [false, true]) {
  const who = isMember ? "a member" : "a stranger";
  Deno.test(`attack: ${who} deregisters, leaves, keeps alive, writes and receipts for others: 'not registered'`, () => {
    const arena = new Arena();
    const { alice, bob } = arena.clients("alice", "bob");
    const mallory = isMember ? arena.member("mal") : new Speaker(arena, "mal");
    arena.runs(200);
    mallory.heard.length = 0;
    const before = arena.server.state;
    const since = arena.now;
    for (const verb of sayings(arena, bob)) {
      mallory.says(arena.server, verb);
      arena.runs(100);
    }
    assertEquals(mallory.kindsHeard, ["deregistered", ...Array(7).fill("notRegistered")]);
    assertEquals(arena.server.state, before);
    assertEquals(arena.sent({ to: alice }, since).length, 0);
    arena.runs(60_000);
    for (const computer of [alice, bob, arena.server]) computer.sees();
    arena.theyTalk(alice, bob);
  });
}

Deno.test("attack: keep somebody who has died online: he is offline after 75 s all the same", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const mallory = arena.member("mal");
  bob.isKilled();
  for (let second = 0; second < 80; second++) {
    mallory.says(arena.server, { type: "keepAlive", nick: "bob" });
    arena.runs(1000);
  }
  assertEquals(arena.server.looks(), ["bob is offline: silent"]);
  assertEquals(alice.looks().filter((line) => line.startsWith("bob @")), [
    `bob @ ${bob.address.host}:${bob.address.port} is OFFLINE`,
  ]);
});

// ---- a copy of the state folder --------------------------------------------------------------------------

/** Who is replaced hears of it when he says that he is still there, every 25 s and a fifth more at most. */
const HEARD_WITHIN_MS = KEEP_ALIVE_MS * (1 + KEEP_ALIVE_JITTER) + 2000;

/** Somebody with a copy of all that alice has on her disk. */
function thiefOf(arena: Arena, alice: Person): Person {
  const disk = new Disk();
  const changes = [...alice.disk.read()].map(([key, value]) => ({ type: "save", key, value } as const));
  disk.commit(changes);
  return arena.client("alice", { identity: alice.identity, disk, ...STRANGER });
}

Deno.test("attack: take over with a copy of the state folder: the owner is told, and takes it back", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const thief = thiefOf(arena, alice);
  thief.registers();
  arena.runs(HEARD_WITHIN_MS);
  alice.sees(REPLACED);
  assertEquals(thief.looks().filter((line) => line === WELCOME), [WELCOME]);
  // Everybody sees where alice is now.
  assertEquals(bob.looks().at(-2), "alice @ 10.66.6.6:6666 is ONLINE");
  // It does not come back by itself, so that two places do not fight.
  arena.runs(120_000);
  alice.sees();
  alice.registers();
  arena.runs(HEARD_WITHIN_MS);
  thief.sees(REPLACED);
  assertEquals(alice.looks()[0], WELCOME);
  arena.theyTalk(bob, alice);
});

Deno.test("attack: take over with a copy of the state folder while the owner is away: he is told when he comes", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const thief = thiefOf(arena, alice);
  alice.does({ type: "leave" });
  arena.runs(200);
  thief.registers();
  arena.runs(200);
  alice.looks();
  thief.looks();
  alice.registers();
  arena.runs(HEARD_WITHIN_MS);
  thief.sees(REPLACED);
  arena.theyTalk(bob, alice);
});

Deno.test("attack: the identity alone, without the records, is enough to be its owner: he is told as well", () => {
  const arena = new Arena();
  const secrets = arena.random(SECRETS_BYTES);
  const alice = arena.client("alice", { identity: new Identity(primitives, secrets) });
  alice.registers();
  arena.runs(500);
  alice.looks();
  // He signs a newer bundle than the one that is known.
  const thief = new Speaker(arena, "mal", { secrets, counter: 2 });
  thief.registers("alice");
  assertEquals(thief.heardOf("registered").length, 1);
  arena.runs(HEARD_WITHIN_MS);
  alice.sees(REPLACED);
});

// ---- in the place of a client that only sends ------------------------------------------------------------

for (const where of ["online", "offline", "offline, the server has restarted"] as const) {
  Deno.test(`attack: register only to send, with vouchers that the owner did not make (${where}): no answer`, () => {
    const arena = new Arena();
    const { alice, bob } = arena.clients("alice", "bob");
    if (where !== "online") alice.deregisters();
    arena.runs(200);
    if (where.includes("restarted")) arena.server.restarts();
    arena.runs(2000);
    const mallory = new Speaker(arena, "mal");
    const bundle = arena.server.bundleOf("alice");
    const before = arena.server.state;
    const vouchers = [
      // One's own; the owner's, for another nick or for another link; what the owner has signed beside.
      mallory.identity.voucher("alice", mallory.key),
      alice.identity.voucher("bob", mallory.key),
      alice.identity.voucher("alice", alice.key),
      bundle.signature,
      "00".repeat(64),
    ];
    for (const voucher of vouchers) mallory.registersToSend({ nick: "alice", bundle, voucher });
    // The owner's identity, and a bundle that it did not sign.
    const own = mallory.bundle("alice");
    mallory.registersToSend({ nick: "alice", bundle: { ...own, identity: bundle.identity } });
    assertEquals(mallory.kindsHeard, []);
    // One's own identity is answered, with the reason.
    mallory.registersToSend({ nick: "alice" });
    assertEquals(mallory.heardOf("refused"), [{ type: "refused", nick: "alice", reason: "other key" }]);
    assertEquals(arena.server.state, before);
    bob.looks();
    arena.runs(60_000);
    bob.sees();
  });
}

Deno.test("attack: only the rate of a link bounds how many vouchers the server checks for it", () => {
  const checks: Uint8Array[] = [];
  const verify: typeof primitives.verify = (key, message, signature) => {
    checks.push(message);
    return primitives.verify(key, message, signature);
  };
  const arena = new Arena({ primitives: { ...primitives, verify } });
  arena.clients("alice");
  const mallory = new Speaker(arena, "mal");
  const bundle = arena.server.bundleOf("alice");
  checks.length = 0;
  for (let count = 0; count < 100; count++) {
    const voucher = count.toString(16).padStart(128, "0");
    const turn = ++mallory.turn;
    mallory.says(arena.server, {
      type: "sendOnly",
      nick: "alice",
      turn,
      bundle,
      voucher,
      predecessors: [],
    });
    arena.runs(2);
  }
  arena.runs(200);
  assertEquals(checks.length, BUNDLES_BURST);
});

Deno.test("attack: eat mail, receipt it, deregister its owner, as a client that only sends: nothing of it counts", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  alice.deregisters();
  arena.runs(200);
  const date = bob.writes("alice", "for alice alone");
  arena.runs(200);
  const thief = new Speaker(arena, "alice", {
    secrets: arena.random(SECRETS_BYTES),
    ownKey: primitives.keyPair(arena.random(KEY_BYTES)),
  });
  const bundle = arena.server.bundleOf("alice");
  thief.registersToSend({ bundle, voucher: alice.identity.voucher("alice", thief.key) });
  assertEquals(thief.kindsHeard, ["registered"]);
  arena.everybodyLooks();
  const before = arena.server.state;
  const [id] = bob.outbox;
  const receipt = alice.identity.receipt("alice", "bob", {
    id: id!,
    edition: 0,
    ephemeral: NO_KEY,
    outcome: "read",
  });
  thief.tells(arena.server, { type: "saved", nick: "alice", stream: arena.now, position: 1 });
  thief.tells(arena.server, { type: "receipt", from: "alice", to: "bob", ...receipt });
  thief.tells(arena.server, { type: "deregister", nick: "alice", turn: ++thief.turn });
  arena.runs(1000);
  assertEquals([thief.kindsHeard, arena.server.state], [["registered"], before]);
  bob.sees();
  alice.registers();
  arena.runs(1000);
  assertEquals(alice.looks().at(-1), `bob: ${date} for alice alone`);
});

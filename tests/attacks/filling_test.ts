/** Attacks by filling: what one can take has an end, and what others have is theirs. */
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { equalAddresses } from "../../core/base/address.ts";
import {
  COLLECTED_RECEIPTS,
  DAY_MS,
  HAND_OVER_AGAIN_MS,
  MAIL_TOTAL_BYTES,
  MAILBOX_LETTERS,
  MAILBOX_SHARE,
  MEMBER_MESSAGES_BURST,
  MEMBER_MESSAGES_PER_SECOND,
  MEMBER_QUESTIONS_BURST,
  MEMBER_QUESTIONS_PER_SECOND,
  NEW_NICKS_PER_HOUR,
  NICK_TRIAL_MS,
  RECEIPTS,
  RECEIPTS_AGAIN_MS,
  RECEIPTS_AGAIN_VERBS,
  RECEIPTS_PER_SENDER,
  ROWS_PACKETS,
  SEEN_PREFIXES,
  SEEN_PREFIXES_PER_SENDER,
  SILENCE_MS,
  STRANGER_BYTES,
  STRANGERS_BYTES,
  STRANGERS_VERBS,
  STREAM_WINDOW,
  SWEEP_MS,
  UNUSED_NICK_DAYS,
} from "../../core/base/limits.ts";
import { Effects } from "../../core/durable/effects.ts";
import { RECEIPT, receiptName } from "../../core/durable/records.ts";
import { SeenIds } from "../../core/durable/seen_ids.ts";
import { NO_KEY } from "../../core/messages/identity.ts";
import { prekeyId } from "../../core/messages/letter_form.ts";
import { OfflineStore } from "../../core/server/offline_store.ts";
import { partsOf } from "../../core/messages/message_id.ts";
import { NO_VERSION } from "../../core/messages/table.ts";
import type { Person } from "../kit/person.ts";
import { idOf, NO_LIMITS } from "../kit/samples.ts";
import { Speaker } from "../kit/speaker.ts";
import { SERVER } from "../kit/surroundings.ts";
import { Arena } from "./arena.ts";

const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];
const SHARE = MAILBOX_LETTERS * MAILBOX_SHARE;
const JUNK = new Uint8Array(300);

/**
 * mallory gives the server so many letters to somebody, each with an id of its own, as fast as the network
 * goes.
 */
function deposits(arena: Arena, mallory: Speaker, to: string, count: number, from = 1): void {
  for (let number = from; number < from + count; number++) {
    mallory.says(arena.server, { type: "deposit", id: idOf(number, 1), from: "mal", to, body: JUNK });
    if (number % 100 === 0) arena.runs(50);
  }
  arena.runs(1000);
}

/** How often it was told so. */
function answers(mallory: Speaker): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const verb of mallory.heard) {
    const name = verb.type === "rejected" ? verb.reason : verb.type === "stored" ? "stored" : undefined;
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

Deno.test("attack: fill somebody's mailbox: a quarter of it, then 'quota', and others find room", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const mallory = arena.member("mal");
  bob.deregisters();
  arena.runs(200);
  deposits(arena, mallory, "bob", SHARE + 50);
  assertEquals(answers(mallory), { stored: SHARE, quota: 50 });
  // From another process, or under another spelling of one's nick, it is the same sender.
  mallory.heard.length = 0;
  mallory.says(arena.server, { type: "deposit", id: idOf(1, 2), from: "MAL", to: "BOB", body: JUNK });
  arena.runs(200);
  assertEquals([answers(mallory), arena.server.keeps("letter")], [{ quota: 1 }, SHARE]);
  alice.looks();
  alice.writes("bob", "hi");
  arena.runs(200);
  alice.sees(...STORED);
});

Deno.test("attack: so many messages at once that the server has time for nobody else: 'rate', and others are heard", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const mallory = arena.member("mal");
  bob.deregisters();
  arena.runs(200);
  const began = arena.now;
  deposits(arena, mallory, "bob", 4 * MEMBER_MESSAGES_BURST);
  const { rate = 0, quota = 0, stored = 0 } = answers(mallory);
  assertEquals(stored, SHARE);
  const most = MEMBER_MESSAGES_BURST + MEMBER_MESSAGES_PER_SECOND * (arena.now - began) / 1000;
  assertGreater(rate, 0);
  assertLessOrEqual(stored + quota, most);
  // Meanwhile and afterwards there is room for others.
  alice.looks();
  alice.writes("bob", "hi");
  alice.posts("hello");
  arena.runs(200);
  assertEquals(alice.looks().toSorted(), [...STORED, "[Message received by Server.]"].toSorted());
  // Who waits is heard again.
  arena.runs(10_000);
  mallory.heard.length = 0;
  deposits(arena, mallory, "alice", 10, 100_000);
  assertEquals(answers(mallory), { stored: 10 });
});

Deno.test("attack: new nicks from one address: 'rate' after 20 in an hour, and others still come", () => {
  const arena = new Arena({ limits: { ...NO_LIMITS, newNicksPerHour: NEW_NICKS_PER_HOUR } });
  const { alice } = arena.clients("alice");
  const mallory = new Speaker(arena, "mal");
  const tries = (count: number, from: number) => {
    mallory.heard.length = 0;
    for (let number = from; number < from + count; number++) {
      mallory.registers(`mal${number}`);
      // So often the server checks a bundle of one link.
      arena.runs(1000);
    }
    return mallory.heard.map((verb) => verb.type === "refused" ? verb.reason : verb.type).filter((word) =>
      word !== "rows" && word !== "presence"
    );
  };
  assertEquals(tries(NEW_NICKS_PER_HOUR + 5, 0), [
    ...Array(NEW_NICKS_PER_HOUR).fill("registered"),
    ...Array(5).fill("rate"),
  ]);
  // From another port, under another key: it is the same address.
  const other = new Speaker(arena, "mal", { address: { ...mallory.address, port: 7777 } });
  other.registers("other");
  assertEquals(other.heardOf("refused").map(({ reason }) => reason), ["rate"]);
  const program = arena.client("program", { ...mallory.address, port: 8888 });
  program.registers();
  arena.runs(500);
  assertEquals(
    program.looks().at(-1),
    "[The server takes no more new nicknames from your address for now.]",
  );
  // A nick that one has is not new; who is elsewhere is not asked.
  assertEquals(tries(1, 3), ["registered"]);
  const carol = arena.client("carol");
  carol.registers();
  arena.runs(500);
  assert(carol.looks().includes("SERVER: [Welcome, you are registered.]"));
  arena.theyTalk(alice, carol);
  // Three minutes later there is one more.
  arena.runs(3600_000 / NEW_NICKS_PER_HOUR);
  assertEquals(tries(2, 100), ["registered", "rate"]);
});

Deno.test("attack: ask for the table again and again: 20 answers, then 4 a second, and others are answered", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice");
  const mallory = arena.member("mal");
  arena.runs(1000);
  mallory.heard.length = 0;
  const [began, since] = [arena.now, arena.datagrams.length];
  const SECONDS = 5;
  for (let at = 0; at < SECONDS * 1000; at += 10) {
    mallory.says(arena.server, { type: "rowsSince", nick: "mal", version: NO_VERSION });
    arena.runs(10);
  }
  const most = MEMBER_QUESTIONS_BURST + MEMBER_QUESTIONS_PER_SECOND * SECONDS + 1;
  assertLessOrEqual(mallory.heardOf("rows").length, most);
  assertGreater(mallory.heardOf("rows").length, MEMBER_QUESTIONS_BURST);
  const answered = arena.datagrams.slice(since).filter(({ from, to }) =>
    equalAddresses(from, SERVER) && equalAddresses(to, mallory.address)
  );
  const asked = arena.sent({ from: mallory, to: arena.server }, began).length;
  assertLessOrEqual(answered.length, asked + most * ROWS_PACKETS);
  // Meanwhile a newcomer has his table at once.
  const bob = arena.client("bob");
  bob.registers();
  arena.runs(200);
  assertEquals(bob.looks().filter((line) => line.endsWith("ONLINE")).length, 4);
  arena.theyTalk(alice, bob);
});

Deno.test("attack: ids of made-up prefixes, under all nicks that one can have: another's are remembered", () => {
  const seen = new SeenIds(new Effects(true));
  const others = partsOf(idOf(1, 7));
  seen.add(1, "alice", others);
  for (let nick = 0; nick <= SEEN_PREFIXES / SEEN_PREFIXES_PER_SENDER; nick++) {
    for (let prefix = 0; prefix < SEEN_PREFIXES_PER_SENDER; prefix++) {
      seen.add(2, `mal${nick}`, partsOf(idOf(1, prefix)));
    }
  }
  assert(seen.hasSeen("alice", others));
  // Somebody had to give way: one of those who have most.
  assert(!seen.hasSeen("mal0", partsOf(idOf(1, 0))));
});

Deno.test("attack: ids of made-up prefixes: they push out one's own, so that what another wrote is not shown twice", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice");
  // No screen folds what comes.
  const bob = arena.client("bob", { isAttended: false });
  bob.starts();
  arena.runs(500);
  bob.deregisters();
  arena.runs(200);
  alice.writes("bob", "once");
  arena.runs(200);
  // Letters that the server keeps, to be handed over once more.
  const letters = [...arena.server.disk.read()].filter(([key]) => key.startsWith("letter/"));
  bob.registers();
  arena.runs(1000);
  assertEquals(bob.looks().filter((line) => line.endsWith(" once")).length, 1);
  const mallory = arena.member("mal");
  arena.runs(500);
  bob.looks();
  const says = (prefix: number) => {
    mallory.says(bob, arena.direct(mallory, "bob", `${prefix}`, { id: idOf(1, prefix) }));
  };
  for (let prefix = 1; prefix <= SEEN_PREFIXES_PER_SENDER + 50; prefix++) {
    says(prefix);
    if (prefix % 50 === 0) arena.runs(50);
  }
  arena.runs(1000);
  // The first that is pushed out takes all of its folder's earlier starts along: nothing of them is new.
  const shown = bob.looks().filter((line) => line.startsWith("mal: "));
  assertEquals(shown.length, SEEN_PREFIXES_PER_SENDER + 1);
  assertEquals(mallory.heardOf("got").filter(({ outcome }) => outcome === "forgotten").length, 49);
  assertEquals(
    bob.disk.keys().filter((key) => key.startsWith("seen/mal/")).length,
    SEEN_PREFIXES_PER_SENDER,
  );
  arena.server.isKilled();
  arena.server.disk.commit(letters.map(([key, value]) => ({ type: "save", key, value })));
  arena.server.starts();
  arena.runs(30_000);
  assertEquals(bob.looks().filter((line) => line.endsWith(" once")), []);
  // It was handed over, and receipted.
  assertEquals(arena.server.keeps("letter"), 0);
});

/** Somebody whom alice does not know yet writes so much to her. */
function strangerWrites(arena: Arena, alice: Person, stranger: Speaker, count: number, text: string): void {
  const nick = `m${stranger.address.port}`;
  for (let number = 1; number <= count; number++) {
    const id = idOf(number, stranger.address.port);
    stranger.says(alice, arena.direct(stranger, "alice", text, { id, from: nick }));
    if (number % 50 === 0) arena.runs(50);
  }
  arena.runs(2000);
}

for (
  const { name, each, text, most } of [
    { name: "short ones", each: 400, text: "x", most: STRANGERS_VERBS },
    {
      name: "of 64 KiB",
      each: 30,
      text: "x".repeat(60_000),
      most: Math.floor(STRANGERS_BYTES / (60_000 + STRANGER_BYTES)),
    },
  ]
) {
  Deno.test(`attack: many messages from people one does not know, ${name}: only so many are kept`, () => {
    const arena = new Arena();
    // No screen folds what comes.
    const alice = arena.client("alice", { isAttended: false });
    alice.starts();
    arena.runs(500);
    alice.looks();
    const strangers = [1, 2, 3, 4].map((port) =>
      new Speaker(arena, "mal", { address: { host: "10.66.6.6", port } })
    );
    // What the server says of them does not reach alice.
    arena.network.cut(SERVER.host);
    for (const stranger of strangers) strangerWrites(arena, alice, stranger, each, text);
    arena.runs(10_000);
    alice.sees();
    assertEquals([alice.keeps("inbox"), alice.keeps("seen"), alice.keeps("known_peer")], [0, 0, 0]);
    // When they are known, so many are shown and no more.
    const { passes } = arena.network;
    arena.network.passes = (from, to) => !equalAddresses(from, SERVER) || !equalAddresses(to, alice.address);
    arena.network.mend(SERVER.host);
    for (const stranger of strangers) stranger.registers(`m${stranger.address.port}`);
    arena.network.passes = passes;
    arena.runs(35_000);
    const shown = alice.looks().filter((line) => /^m\d: /.test(line)).length;
    assertLessOrEqual(shown, most);
    assertGreater(shown, most * 0.9);
    const gots = strangers.flatMap((stranger) => stranger.heardOf("got")).flatMap(({ runs }) => runs);
    assertEquals(gots.reduce((sum, { from, to }) => sum + to - from + 1, 0), shown);
  });
}

/** The server has so many receipts for mal. */
function keepReceipts(arena: Arena, count: number): void {
  const receipt = {
    from: "mal",
    to: "bob",
    at: arena.now,
    edition: 0,
    ephemeral: NO_KEY,
    outcome: "read",
    proof: "",
  } as const;
  const value = RECEIPT.encode(receipt);
  const ids = Array.from({ length: count }, (_, number) => idOf(number, 1));
  arena.server.disk.commit(
    ids.map((id) => ({ type: "save", key: RECEIPT.key(receiptName("mal", id)), value })),
  );
}

Deno.test("attack: acknowledge no receipt, and ask with packets full of keep-alives: few are told again, and seldom", () => {
  const arena = new Arena();
  arena.server.isKilled();
  keepReceipts(arena, 1000);
  arena.server.starts();
  const mallory = arena.member("mal");
  arena.runs(RECEIPTS_AGAIN_MS);
  const link = mallory.links.open(arena.now, arena.server.key, [SERVER]);
  // All of them are told when he registers, and his link acknowledges that. Then some, each ten seconds.
  for (const most of [1000, RECEIPTS_AGAIN_VERBS * COLLECTED_RECEIPTS, 0]) {
    const told = mallory.heardOf("collected").flatMap(({ receipts }) => receipts);
    assertLessOrEqual(told.length, most);
    if (most > 0) assertGreater(told.length, most * 0.9);
    mallory.heard.length = 0;
    for (let count = 0; count < 300; count++) link.tell(arena.now, { type: "keepAlive", nick: "mal" });
    mallory.wakesUp();
    arena.runs(500);
  }
});

Deno.test("attack: acknowledge no receipt, and register again and again: all are told once in 10 s", () => {
  const arena = new Arena();
  arena.server.isKilled();
  keepReceipts(arena, RECEIPTS_PER_SENDER);
  arena.server.starts();
  const mallory = arena.member("mal");
  arena.runs(2000);
  for (let count = 0; count < MEMBER_QUESTIONS_BURST; count++) {
    mallory.registers();
    arena.runs(300);
  }
  const told = mallory.heardOf("collected").flatMap(({ receipts }) => receipts);
  const again = RECEIPTS_AGAIN_VERBS * COLLECTED_RECEIPTS;
  assertLessOrEqual(told.length, 2 * RECEIPTS_PER_SENDER + MEMBER_QUESTIONS_BURST * again);
});

Deno.test("attack: packets full of keep-alives, and nothing is ever saved: each letter is handed over once in 5 s", () => {
  const arena = new Arena();
  const { bob } = arena.clients("bob");
  const mallory = arena.member("mal");
  mallory.says(arena.server, { type: "deregister", nick: "mal", turn: ++mallory.turn });
  arena.runs(1000);
  for (let count = 0; count < STREAM_WINDOW; count++) bob.writes("mal", `letter ${count}`);
  arena.runs(1000);
  mallory.registers();
  const link = mallory.links.open(arena.now, arena.server.key, [SERVER]);
  assertEquals(mallory.heardOf("letter").length, STREAM_WINDOW);
  mallory.heard.length = 0;
  const seconds = 20;
  for (let count = 0; count < seconds * 10; count++) {
    for (let verb = 0; verb < 200; verb++) link.tell(arena.now, { type: "keepAlive", nick: "mal" });
    mallory.wakesUp();
    arena.runs(100);
  }
  // A packet is answered once, however many keep-alives it holds.
  assertLessOrEqual(mallory.heardOf("alive").length, seconds * 10 * 2);
  const times = seconds * 1000 / HAND_OVER_AGAIN_MS;
  assertEquals(mallory.heardOf("letter").length, STREAM_WINDOW * times);
});

Deno.test("attack: register again and again with a new prekey: nobody's screen fills with what nobody can see", () => {
  const arena = new Arena();
  const { alice } = arena.clients("alice", "bob");
  const mallory = arena.member("mal");
  arena.runs(1000);
  arena.everybodyLooks();
  for (let count = 2; count < 102; count++) {
    mallory.registers("mal", mallory.identity.bundle("mal", arena.random(32).toHex(), arena.now, count));
  }
  alice.sees();
  // What has changed is known all the same.
  alice.writes("mal", "hi");
  arena.runs(100);
  assertEquals(mallory.heardOf("direct")[0]?.place, prekeyId(arena.server.bundleOf("mal").prekey));
});

Deno.test("attack: never note receipts, under many nicks: all have a bound, and others keep theirs", () => {
  const receipt = { to: "bob", at: 0, edition: 0, ephemeral: NO_KEY, outcome: "read", proof: "" } as const;
  const value = RECEIPT.encode({ ...receipt, from: "mal" });
  const names = Array.from({ length: RECEIPTS - 10 }, (_, at) => receiptName(`mal${at % 12}`, idOf(at + 1)));
  names.push(...Array.from({ length: 10 }, (_, at) => receiptName("alice", idOf(at + 1))));
  const records = names.toSorted().map((name) => [RECEIPT.key(name), value] as const);
  const effects = new Effects(true, records);
  const store = new OfflineStore(0, effects, { totalBytes: MAIL_TOTAL_BYTES });
  for (let number = 1; number <= 20; number++) {
    const id = idOf(number, 2);
    const letter = { order: number, id, from: "mal1", to: "bob", storedAt: 0, body: JUNK };
    store.deposit(0, letter);
    store.collect(0, letter, { ...receipt, id });
  }
  const count = (nick: string) => store.receiptsFor(nick).flatMap(({ receipts }) => receipts).length;
  assertEquals(count("alice"), 10);
  const ofMallory = Array.from({ length: 12 }, (_, at) => count(`mal${at}`));
  assertEquals(ofMallory.reduce((sum, one) => sum + one), RECEIPTS - 10);
});

/** People who were there once more a day later, and nicks that mallory registers until there is no room. */
function fillTable(nickDays: number): { arena: Arena; alice: Person } {
  const arena = new Arena({ limits: { ...NO_LIMITS, nicks: 4, nickDays } });
  const { alice } = arena.clients("alice");
  alice.types("quit");
  arena.runs(NICK_TRIAL_MS);
  alice.starts();
  arena.runs(1000);
  for (const number of [1, 2, 3]) arena.member(`mal${number}`);
  alice.types("quit");
  arena.runs(SILENCE_MS + 1000);
  return { arena, alice };
}

Deno.test("attack: fill the table with nicks: those that are never used become free, and others stay", () => {
  const { arena, alice } = fillTable(UNUSED_NICK_DAYS);
  const bob = arena.client("bob");
  bob.starts();
  arena.runs(1000);
  assert(bob.looks().includes("[The server takes no more nicknames.]"));
  arena.runs(UNUSED_NICK_DAYS * DAY_MS + SWEEP_MS);
  assertEquals(arena.server.keeps("nick"), 1);
  bob.starts();
  alice.starts();
  arena.runs(1000);
  assert(bob.isAlive);
  assert(alice.isAlive);
  // The next owner of such a nick has nothing of the former one.
  const next = arena.client("mal1");
  next.starts();
  arena.runs(1000);
  assert(next.looks().includes("SERVER: [Welcome, you are registered.]"));
});

Deno.test("the operator may keep all nicks for good", () => {
  const { arena } = fillTable(0);
  arena.runs(UNUSED_NICK_DAYS * DAY_MS + SWEEP_MS);
  assertEquals(arena.server.keeps("nick"), 4);
});

Deno.test("mail for a nick that becomes free fails, its sender is told, and the next owner gets none of it", () => {
  const DAYS = 2;
  const arena = new Arena({ limits: { ...NO_LIMITS, nickDays: DAYS } });
  const { alice, bob } = arena.clients("alice", "bob");
  bob.types("quit");
  alice.types("quit");
  arena.runs(NICK_TRIAL_MS);
  alice.starts();
  arena.runs(1000);
  alice.types("send bob are you there?");
  arena.runs(1000);
  alice.types("quit");
  arena.runs(DAYS * DAY_MS);
  alice.looks();
  alice.starts();
  arena.runs(SWEEP_MS);
  assert(alice.looks().includes("[Message to bob failed: the nickname was given up.]"));
  const next = arena.client("bob");
  next.starts();
  arena.runs(1000);
  const lines = next.looks();
  assert(lines.includes("SERVER: [Welcome, you are registered.]"));
  assertEquals(lines.filter((line) => line.includes("are you there")), []);
});

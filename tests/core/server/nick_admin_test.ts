/** What an operator sees and does of the nicks on a server's disk: lists them, and makes one free. */
import { NO_LINEAGE } from "../../../core/messages/lineage.ts";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { MAIL_TOTAL_BYTES } from "../../../core/base/limits.ts";
import {
  CHANNEL,
  CLOCK,
  CURSOR,
  DROPPED,
  KEY,
  LETTER,
  NICK,
  RECEIPT,
  receiptKey,
  SEEN,
  START,
} from "../../../core/durable/records.ts";
import type { Change } from "../../../core/machine.ts";
import { NO_KEY } from "../../../core/messages/identity.ts";
import { listNicks, releaseNick } from "../../../core/server/nick_admin.ts";
import { OfflineStore } from "../../../core/server/offline_store.ts";
import { Recorded } from "../../kit/recorded.ts";
import { BUNDLE, ID, idOf, IPV4, KEY as SECRET, SIGNATURE } from "../../kit/samples.ts";

const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * 3_600_000;
const ALICE = "a1".repeat(32);
const BOB = "b2".repeat(32);
const CAROL = "c3".repeat(32);

type Entry = readonly [key: string, value: Uint8Array];

function bound(nick: string, identity: string, ordinal: number): Entry {
  const bundle = { ...BUNDLE, identity };
  const record = {
    nick,
    skeleton: nick,
    bundle,
    ordinal,
    unusedSince: 0,
    seenAt: NOW - DAY_MS,
    online: false,
    addresses: [IPV4],
    ...NO_LINEAGE,
  };
  return [NICK.keyFor(nick), NICK.encode(record)];
}

function letter(order: number, from: string, to: string, body: readonly number[] = [0, 1, 2]): Entry {
  const values = { id: idOf(order), from, to, storedAt: NOW, body: Uint8Array.from(body) };
  return [LETTER.key(order), LETTER.encode(values)];
}

function receipt(id: string, from: string, to: string): Entry {
  const values = {
    from,
    to,
    at: NOW,
    edition: 0,
    ephemeral: SECRET,
    outcome: "read",
    proof: SIGNATURE,
  } as const;
  return [receiptKey(values.from, id), RECEIPT.encode(values)];
}

const cursor = (nick: string): Entry => [CURSOR.keyFor(nick), CURSOR.encode({ number: 7 })];
const seen = (nick: string, prefix: string): Entry => [`${SEEN.keyFor(nick)}/${prefix}`, Uint8Array.of(1)];
const post = (order: number, from: string): Entry => [
  CHANNEL.key(order),
  CHANNEL.encode({ number: order, id: idOf(order), from, storedAt: NOW, body: Uint8Array.of(1) }),
];

/** What is on the disk besides the nicks, and says nothing of them. */
const OTHERS: readonly Entry[] = [
  [KEY.key("own"), KEY.encode({ secret: SECRET })],
  [START.key("last"), START.encode({ at: NOW })],
  [DROPPED.key("last"), DROPPED.encode({ number: 3 })],
];

/** Sorted by key, as a store gives them. */
function disk(...records: readonly Entry[]): Entry[] {
  return [...OTHERS, ...records].sort(([a], [b]) => a < b ? -1 : 1);
}

function after(records: readonly Entry[], changes: readonly Change[]): Map<string, Uint8Array> {
  const kept = new Map(records);
  for (const change of changes) {
    if (change.type === "save") kept.set(change.key, change.value);
    else kept.delete(change.key);
  }
  return kept;
}

/** Which keys a release takes away, and which it puts there. */
function changesOf(records: readonly Entry[], nick: string): { forgotten: string[]; saved: string[] } {
  const kept = after(records, releaseNick(NOW, records, nick));
  const before = new Map(records);
  return {
    forgotten: [...before.keys()].filter((key) => !kept.has(key)).sort(),
    saved: [...kept].filter(([key, value]) => before.get(key) !== value).map(([key]) => key).sort(),
  };
}

Deno.test("nobody is listed on a new disk", () => {
  assertEquals(listNicks(NOW, []), []);
  assertEquals(listNicks(NOW, disk()), []);
});

Deno.test("nicks are listed in the order in which they came, each with its key and how many letters wait", () => {
  const records = disk(
    bound("alice", ALICE, 3),
    bound("Bob", BOB, 1),
    bound("Zoë", CAROL, 2),
    // However the sender wrote it; what was collected does not wait.
    ...[letter(1, "alice", "Bob"), letter(2, "alice", "BOB"), letter(3, "Bob", "ZOË")],
    receipt(idOf(9), "Bob", "alice"),
    post(4, "alice"),
  );
  const rest = { online: false, revoked: false, idleMs: DAY_MS };
  assertEquals(listNicks(NOW, records), [
    { nick: "Bob", identity: BOB, ordinal: 1, letters: 2, ...rest },
    { nick: "Zoë", identity: CAROL, ordinal: 2, letters: 1, ...rest },
    { nick: "alice", identity: ALICE, ordinal: 3, letters: 0, ...rest },
  ]);
});

Deno.test("who was online when the server ended was there until then, as far as the clock was saved", () => {
  const clock: Entry = [CLOCK.key("last"), CLOCK.encode({ at: NOW - HOUR_MS, wall: NOW })];
  const [key, value] = bound("alice", ALICE, 1);
  const record = NICK.decode(value);
  assert(record !== MALFORMED);
  const online: Entry = [key, NICK.encode({ ...record, online: true })];
  const idle = (...records: Entry[]) => listNicks(NOW, disk(...records)).map(({ idleMs }) => idleMs);
  assertEquals(idle(online, clock), [HOUR_MS]);
  assertEquals(idle(online), [DAY_MS]);
  assertEquals(idle([key, value], clock), [DAY_MS]);
});

Deno.test("records that are damaged are passed over", () => {
  const records = disk(
    bound("alice", ALICE, 1),
    [NICK.keyFor("bob"), bound("bob", BOB, 2)[1].subarray(1)],
    [LETTER.key(1), letter(1, "bob", "alice")[1].slice(0, 20)],
    letter(2, "bob", "alice"),
  );
  assertEquals(listNicks(NOW, records).map(({ nick, letters }) => [nick, letters]), [["alice", 1]]);
  assertFalse(changesOf(records, "alice").forgotten.includes(LETTER.key(1)), "nobody knows whose it was");
});

Deno.test("a released nick is gone, with its place in the channel and what was seen of it", () => {
  const records = disk(bound("alice", ALICE, 1), cursor("alice"), seen("alice", "00"), seen("alice", "ff"));
  assertEquals(changesOf(records, "Alice"), {
    forgotten: [
      CURSOR.keyFor("alice"),
      NICK.keyFor("alice"),
      ...["00", "ff"].map((at) => `seen/alice/${at}`),
    ],
    saved: [],
  });
  const left = [...after(records, releaseNick(NOW, records, "alice"))];
  assertEquals(left.map(([key]) => key).sort(), disk().map(([key]) => key));
});

Deno.test("what is others' stays: nicks that begin alike, their mail, and what the nick wrote itself", () => {
  const others = [
    ...["al", "alice2", "alice.b", "alic", "lice"].flatMap((nick, at) => [
      bound(nick, BOB, at + 2),
      cursor(nick),
      seen(nick, "00"),
      letter(at, "alice", nick),
    ]),
    receipt(idOf(20), "al", "alice"),
    post(30, "alice"),
  ];
  const records = disk(bound("alice", ALICE, 1), ...others);
  assertEquals(changesOf(records, "alice"), { forgotten: [NICK.keyFor("alice")], saved: [] });
});

Deno.test("what became of its own messages is for nobody any more", () => {
  const records = disk(
    bound("alice", ALICE, 1),
    receipt(idOf(1), "ALICE", "bob"),
    receipt(idOf(2), "bob", "alice"),
  );
  assertEquals(changesOf(records, "alice"), {
    forgotten: [NICK.keyFor("alice"), receiptKey("alice", idOf(1))].sort(),
    saved: [],
  });
});

Deno.test("mail that waits for it fails: its senders are told, and nobody gets it", () => {
  const records = disk(
    bound("y", ALICE, 1),
    bound("x", BOB, 2),
    letter(1, "x", "y"),
    letter(2, "x", "Y", [1, 9, 9]),
    letter(3, "x", "z"),
    letter(4, "x", "y", [0x41, ...new Uint8Array(8), ...Uint8Array.fromHex(SECRET)]),
  );
  const kept = after(records, releaseNick(NOW, records, "y"));
  assertEquals(listNicks(NOW, [...kept]).map(({ nick, identity }) => [nick, identity]), [["x", BOB]]);

  const server = new OfflineStore(NOW, new Recorded(kept).effects, { totalBytes: MAIL_TOTAL_BYTES });
  assertEquals(server.lettersFor("y"), []);
  assertEquals(server.lettersFor("z").length, 1);
  const told = server.receiptsFor("x").map(({ to, receipts }) => ({
    to,
    receipts: receipts.map(({ id, edition, ephemeral, outcome, proof }) => ({
      id,
      edition,
      ephemeral,
      outcome,
      proof,
    })),
  }));
  const released = { outcome: "released", proof: "" } as const;
  assertEquals(told, [{
    to: "y",
    receipts: [
      { id: idOf(1), edition: 0, ephemeral: NO_KEY, ...released },
      { id: idOf(2), edition: 1, ephemeral: NO_KEY, ...released },
      { id: idOf(4), edition: 1, ephemeral: SECRET, ...released },
    ],
  }]);
  assert(server.hasStored("x", idOf(1)), "it does not come once more");
});

Deno.test("a letter that is none fails as well, and leaves a record that can be read", () => {
  for (const body of [[], [2], [255, 0]]) {
    const records = disk(bound("y", ALICE, 1), letter(1, "x", "y", body));
    const kept = after(records, releaseNick(NOW, records, "y"));
    assertFalse(kept.has(LETTER.key(1)));
    const value = RECEIPT.decode(kept.get(receiptKey("x", idOf(1)))!);
    assert(value !== undefined && typeof value === "object", `body ${body}`);
    assertEquals(value.outcome, "released");
  }
});

Deno.test("a nick that nobody has can be released, and nothing is lost", () => {
  const records = disk(
    bound("alice", ALICE, 1),
    cursor("alice"),
    letter(1, "alice", "alice"),
    receipt(ID, "alice", "x"),
  );
  assertEquals(changesOf(records, "bob"), { forgotten: [], saved: [] });
});

import { NO_LINEAGE } from "../../../core/messages/lineage.ts";
import { assert, assertEquals, assertFalse, assertLess } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import {
  CHAIN,
  CHANNEL,
  CURSOR,
  DROPPED,
  IDENTITY,
  INBOX,
  INITIATION,
  KEY,
  KNOWN_PEER,
  LETTER,
  NICK,
  OUTBOX,
  POSTED,
  PREKEY,
  RECEIPT,
  SEEN,
  SENT,
  SHOWN,
  START,
} from "../../../core/durable/records.ts";
import { OUTCOMES } from "../../../core/messages/identity.ts";
import { nickKey } from "../../../core/messages/nick.ts";
import { seededDice } from "../../kit/dice.ts";
import {
  BODY,
  BUNDLE,
  ID,
  IPV4,
  KEY as PUBLIC_KEY,
  LONGEST_BODY,
  LONGEST_NICK,
  LONGEST_TEXT,
  mutated,
  SIGNATURE,
} from "../../kit/samples.ts";

const SECRET = "0123456789abcdef".repeat(4);
const U48 = 2 ** 48 - 1;
const HASH = "c0".repeat(32);
const INCOMING = {
  prefix: ID.slice(0, 20),
  sequence: U48,
  after: [ID],
  afterHash: [HASH],
  channel: false,
  isOpen: false,
  from: LONGEST_NICK,
  sentAt: U48,
  dated: true,
  text: LONGEST_TEXT,
};

Deno.test("every record of a client survives the disk", () => {
  const identity = {
    nick: "x",
    server: { host: "10.0.0.1", port: 9999 },
    serverKey: [],
    state: "abcdef",
    starts: 2 ** 32 - 1,
  };
  assertEquals(IDENTITY.decode(IDENTITY.encode(identity)), identity);
  const outgoing = {
    after: [ID],
    to: ["y"],
    writtenAt: U48,
    sentAt: 1,
    stored: true,
    text: LONGEST_TEXT,
    edition: 1,
    sealing: [{ ephemeral: PUBLIC_KEY, proof: HASH, body: LONGEST_BODY }],
  };
  assertEquals(OUTBOX.decode(OUTBOX.encode(outgoing)), outgoing);
  const unsealed = { ...outgoing, to: [], after: [], edition: 0, sealing: [] };
  assertEquals(OUTBOX.decode(OUTBOX.encode(unsealed)), unsealed);
  assertEquals(INBOX.decode(INBOX.encode(INCOMING)), INCOMING);
  const open = { ...INCOMING, after: [], afterHash: [], channel: true, isOpen: true, dated: false };
  assertEquals(INBOX.decode(INBOX.encode(open)), open);
  const end = { id: ID, hash: HASH };
  for (const kind of [SENT, SHOWN]) assertEquals(kind.decode(kind.encode(end)), end);
  const prekey = { secret: SECRET, at: U48, counter: U48, supersededAt: 0 };
  assertEquals(PREKEY.decode(PREKEY.encode(prekey)), prekey);
  const pin = { identity: PUBLIC_KEY, verified: true, revoked: false };
  assertEquals(KNOWN_PEER.decode(KNOWN_PEER.encode(pin)), pin);
  const last = { number: U48, hash: HASH };
  for (const kind of [POSTED, CHAIN]) assertEquals(kind.decode(kind.encode(last)), last);
});

Deno.test("every record of a server survives the disk, and what both have", () => {
  const nick = {
    nick: "x",
    skeleton: "x",
    bundle: BUNDLE,
    ordinal: 1,
    unusedSince: 7,
    seenAt: 8,
    online: true,
    addresses: [IPV4],
    ...NO_LINEAGE,
  };
  assertEquals(NICK.decode(NICK.encode(nick)), nick);
  const letter = { id: ID, from: LONGEST_NICK, to: "y", storedAt: 7, body: LONGEST_BODY };
  assertEquals(LETTER.decode(LETTER.encode(letter)), letter);
  const row = { number: U48, id: ID, from: LONGEST_NICK, storedAt: 7, body: BODY };
  assertEquals(CHANNEL.decode(CHANNEL.encode(row)), row);
  for (const outcome of OUTCOMES) {
    const receipt = {
      from: "x",
      to: "y",
      at: 5,
      edition: 1,
      ephemeral: PUBLIC_KEY,
      outcome,
      proof: SIGNATURE,
    };
    assertEquals(RECEIPT.decode(RECEIPT.encode(receipt)), receipt);
  }
  const seen = { at: 1, floor: U48, runs: [{ from: 1, to: 2 }, { from: 4, to: U48 }] };
  for (const value of [seen, { ...seen, runs: [] }]) assertEquals(SEEN.decode(SEEN.encode(value)), value);
  const key = { secret: SECRET };
  assertEquals(KEY.decode(KEY.encode(key)), key);
  for (const kind of [CURSOR, DROPPED]) assertEquals(kind.decode(kind.encode({ number: 9 })), { number: 9 });
  for (const kind of [INITIATION, START]) assertEquals(kind.decode(kind.encode({ at: U48 })), { at: U48 });
});

Deno.test("keys with numbers sort as the numbers do", () => {
  const numbers = [0, 1, 9, 10, 99, 1000, 2 ** 31, 2 ** 49];
  const keys = numbers.map((number) => LETTER.key(number));
  assertEquals(keys.toSorted(), keys);
  assertEquals(keys.map((key) => Number(LETTER.nameOf(key))), numbers);
});

Deno.test("a kind knows its own keys and no others", () => {
  const own = [IDENTITY, OUTBOX, SENT, INBOX, SHOWN, PREKEY, KNOWN_PEER, POSTED, CHAIN];
  const kinds = [...own, INITIATION, SEEN, KEY, NICK, LETTER, RECEIPT, CHANNEL, CURSOR, DROPPED, START];
  for (const kind of kinds) {
    assertEquals(kinds.filter((other) => other.matches(kind.key("a/b"))), [kind]);
    assertEquals(kind.nameOf(kind.key("a/b")), "a/b");
  }
  assertFalse(SEEN.matches("seen"));
});

Deno.test("a secret key of another length is no key", () => {
  const bytes = KEY.encode({ secret: PUBLIC_KEY });
  assertEquals(bytes.length, 32);
  assertEquals(KEY.decode(bytes.subarray(1)), MALFORMED);
  assertEquals(KEY.decode(Uint8Array.of(...bytes, 0)), MALFORMED);
});

Deno.test("a damaged record means nothing, or a value that can be written again; it never throws", () => {
  const dice = seededDice();
  const bytes = INBOX.encode({ ...INCOMING, text: "hi", channel: true, dated: false });
  assertEquals(INBOX.decode(bytes.subarray(1)), MALFORMED);
  let read = 0;
  for (let round = 0; round < 5000; round++) {
    const value = INBOX.decode(mutated(dice, bytes));
    if (value === MALFORMED) continue;
    read++;
    assertEquals(INBOX.decode(INBOX.encode(value)), value);
  }
  assert(read > 0);
  assertLess(read, 5000);
});

Deno.test("the records of a nick are found under it, however it is written; their keys are ASCII", () => {
  for (const kind of [SENT, SHOWN, KNOWN_PEER, NICK, CURSOR]) {
    assertEquals(kind.keyFor("ZOË"), kind.keyFor("zoë"));
    assertEquals(decodeURIComponent(kind.nameOf(kind.keyFor("ZOË"))), nickKey("zoë"));
    assert(/^[ -~]+$/.test(kind.keyFor("ZOË")));
  }
});

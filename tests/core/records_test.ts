import { assert, assertEquals, assertFalse, assertLess } from "@std/assert";
import { MALFORMED } from "../../core/bytes.ts";
import {
  CHANNEL,
  CURSOR,
  DROPPED,
  IDENTITY,
  INBOX,
  INITIATION,
  KEY,
  LETTER,
  NICK,
  OUTBOX,
  RECEIPT,
  SEEN,
  SENT,
} from "../../core/records.ts";
import { SHOWN, START } from "../../core/records.ts";
import { ID, IPV4, KEY as PUBLIC_KEY, LONGEST_NICK, LONGEST_TEXT, mutated } from "./samples.ts";
import { seededDice } from "./seed.ts";

const MESSAGE = { id: ID, after: ID, from: LONGEST_NICK, sentAt: 2 ** 48 - 1, text: LONGEST_TEXT };

Deno.test("every record survives the disk", () => {
  const identity = {
    nick: "x",
    server: { host: "10.0.0.1", port: 9999 },
    state: "abcdef",
    starts: 2 ** 32 - 1,
  };
  assertEquals(IDENTITY.decode(IDENTITY.encode(identity)), identity);
  const outgoing = { after: ID, to: ["y"], sentAt: 1, stored: true, text: "" };
  assertEquals(OUTBOX.decode(OUTBOX.encode(outgoing)), outgoing);
  assertEquals(OUTBOX.decode(OUTBOX.encode({ ...outgoing, to: [] })), { ...outgoing, to: [] });
  const incoming = { ...MESSAGE, channel: false, dated: true };
  assertEquals(INBOX.decode(INBOX.encode(incoming)), incoming);
  const nick = { nick: "x", key: PUBLIC_KEY, ordinal: 1, online: true, addresses: [IPV4] };
  assertEquals(NICK.decode(NICK.encode(nick)), nick);
  const letter = { ...MESSAGE, to: "y", storedAt: 7 };
  assertEquals(LETTER.decode(LETTER.encode(letter)), letter);
  const { after: _, ...rest } = MESSAGE;
  const row = { ...rest, number: 2 ** 48 - 1, storedAt: 7 };
  assertEquals(CHANNEL.decode(CHANNEL.encode(row)), row);
  const receipt = { from: "x", to: "y", at: 5 };
  assertEquals(RECEIPT.decode(RECEIPT.encode(receipt)), receipt);
  const key = { secret: "0123456789abcdef".repeat(4) };
  assertEquals(KEY.decode(KEY.encode(key)), key);
  const initiation = { at: 2 ** 48 - 1 };
  assertEquals(INITIATION.decode(INITIATION.encode(initiation)), initiation);
  for (const kind of [SENT, SHOWN]) assertEquals(kind.decode(kind.encode({ id: ID })), { id: ID });
  for (const kind of [CURSOR, DROPPED]) assertEquals(kind.decode(kind.encode({ number: 9 })), { number: 9 });
  assertEquals(START.decode(START.encode({ at: 2 ** 48 - 1 })), { at: 2 ** 48 - 1 });
});

Deno.test("keys with numbers sort as the numbers do", () => {
  const numbers = [0, 1, 9, 10, 99, 1000, 2 ** 31, 2 ** 49];
  const keys = numbers.map((number) => LETTER.key(number));
  assertEquals(keys.toSorted(), keys);
  assertEquals(keys.map((key) => Number(LETTER.nameOf(key))), numbers);
});

Deno.test("a kind knows its own keys and no others", () => {
  const own = [KEY, INITIATION, IDENTITY, OUTBOX, SENT, INBOX, SHOWN];
  const kinds = [...own, NICK, LETTER, RECEIPT, CHANNEL, CURSOR, DROPPED, START, SEEN];
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
  const bytes = INBOX.encode({ ...MESSAGE, text: "hi", channel: true, dated: false });
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

/** The bytes of direct messages and of the answers to them, and the tag that names the two people. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { MALFORMED, Reader, utf8Length, Writer } from "../../../core/base/bytes.ts";
import { primitives } from "../../../core/base/crypto.ts";
import { DIRECT_MESSAGES, GOT_RUNS, TEXT_BYTES } from "../../../core/base/limits.ts";
import {
  directHeaderBytes,
  type DirectMessage,
  directMessageBytes,
  directMessages,
  peopleTag,
  type Run,
  runs,
} from "../../../core/messages/direct.ts";
import { decodeVerb, encodeVerb, type VerbOf } from "../../../core/messages/verb.ts";
import { seededDice } from "../../kit/dice.ts";
import { ID, KEY, LONGEST_NICK, LONGEST_TEXT, TOP_ID } from "../../kit/samples.ts";
import { peopleByHand } from "./letter_by_hand.ts";

const U48 = 2 ** 48 - 1;
const HEAD = { people: "7e".repeat(16), place: "0b".repeat(8), prefix: ID.slice(0, 20) };

function direct(messages: readonly DirectMessage[], from = "a", to = "b"): VerbOf<"direct"> {
  return { type: "direct", from, to, ...HEAD, messages };
}

function message(values: Partial<DirectMessage> = {}): DirectMessage {
  return { sequence: 1, after: undefined, sentAt: 1_000, text: "hi", ...values };
}

/** The bytes of the messages alone. */
function written(...messages: readonly DirectMessage[]): string {
  const writer = new Writer();
  directMessages.write(writer, messages);
  return writer.finish().toHex();
}

/** What these bytes say; `undefined` if they are malformed. */
function read<Value>(field: { read(reader: Reader): Value }, digits: string): Value | undefined {
  const reader = new Reader(Uint8Array.fromHex(digits));
  const value = field.read(reader);
  return reader.done ? value : undefined;
}

// ---- messages --------------------------------------------------------------------------------------------

Deno.test("a message is its sequence and a bit, the one before it if that is another, its time and its text", () => {
  assertEquals(written(message()), "05" + "0000000003e8" + "02" + "6869");
  assertEquals(written(message({ after: TOP_ID })), "04" + TOP_ID + "0000000003e8" + "02" + "6869");
});

Deno.test("the times of later messages are differences, which may be negative", () => {
  const times = [1_000, 1_000, 1_001, 999, 1_031, 968, 0, U48];
  const messages = times.map((sentAt, at) => message({ sequence: at + 1, sentAt, text: "" }));
  const bytes = written(...messages);
  assertEquals(bytes.slice(0, 2 * (1 + 6 + 1)), "05" + "0000000003e8" + "00");
  const rest = ["01" + "00", "01" + "02", "01" + "01", "01" + "3e", "01" + "3f", "01" + "47cf"];
  assertEquals(bytes.slice(16, 16 + 39), rest.join("00") + "00" + bytes.slice(16 + 38, 16 + 39));
  assertEquals(read(directMessages, bytes), messages);
});

Deno.test("messages survive the wire with values at their edges, and take the bytes that are counted for them", () => {
  const dice = seededDice();
  const sequences = [1, 31, 32, 8191, 8192, 2 ** 29 - 1, 2 ** 29, U48];
  const texts = [
    "",
    "x",
    "é".repeat(31),
    "é".repeat(32),
    "x".repeat(16_383),
    "x".repeat(16_384),
    LONGEST_TEXT,
  ];
  const times = [0, 1, 2 ** 31, U48];
  for (let round = 0; round < 300; round++) {
    const nick = dice.pick(["a", "Zoë", LONGEST_NICK]);
    const messages = Array.from({ length: 1 + dice.below(4) }, () => ({
      sequence: dice.pick(sequences),
      after: dice.pick([undefined, ID, TOP_ID]),
      sentAt: dice.pick(times),
      text: dice.pick(texts),
    }));
    const verb = direct(messages, nick, "b");
    const bytes = encodeVerb(verb);
    assertEquals(decodeVerb(bytes), verb);
    const first = messages[0]!.sentAt;
    const each = messages.map((one, at) => {
      const next = at === 0 ? 0 : messages[at - 1]!.sequence + 1;
      return directMessageBytes(one, next, first, utf8Length(one.text));
    });
    // The time of the first message counts with the header.
    assertEquals(bytes.length, each.reduce((sum, one) => sum + one, directHeaderBytes(nick, "b")));
  }
});

Deno.test("a verb has at most 256 messages, and at least one", () => {
  const most = Array.from({ length: DIRECT_MESSAGES }, (_, at) => message({ sequence: at + 1, text: "" }));
  assertEquals(decodeVerb(encodeVerb(direct(most))), direct(most));
  assertEquals(decodeVerb(encodeVerb(direct([...most, message({ sequence: 9_999 })]))), MALFORMED);
  assertEquals(decodeVerb(encodeVerb(direct([]))), MALFORMED);
});

Deno.test("a sequence of 0 or of more than 48 bits means nothing", () => {
  for (const sequence of [0, 2 ** 48, 2 ** 50]) {
    for (const after of [undefined, ID]) {
      assertEquals(read(directMessages, written(message({ sequence, after }))), undefined, `${sequence}`);
    }
  }
});

Deno.test("a time before 0 or of more than 48 bits means nothing", () => {
  for (const [first, second] of [[5, -1], [U48, U48 + 1], [0, 2 ** 49]] as const) {
    const pair = [message({ sentAt: first }), message({ sequence: 2, sentAt: second })];
    assertEquals(read(directMessages, written(...pair)), undefined, `${second}`);
  }
});

Deno.test("a text that is too long, is cut off or is no UTF-8 means nothing", () => {
  assertEquals(read(directMessages, written(message({ text: "x".repeat(TEXT_BYTES + 1) }))), undefined);
  const bytes = written(message({ text: "hé" }));
  assertEquals(read(directMessages, bytes)?.[0]?.text, "hé");
  assertEquals(read(directMessages, bytes.slice(0, -2)), undefined);
  assertEquals(read(directMessages, bytes.slice(0, -2) + "ff"), undefined);
});

// ---- answers ---------------------------------------------------------------------------------------------

function writtenRuns(...some: readonly Run[]): string {
  const writer = new Writer();
  runs.write(writer, some);
  return writer.finish().toHex();
}

Deno.test("a run is where it begins, less the end of the one before, and how many follow; runs may come in any order", () => {
  const some = [{ from: 7, to: 9 }, { from: 1, to: 1 }, { from: 1, to: U48 }];
  assertEquals(writtenRuns(some[0]!, some[1]!), "0e" + "02" + "0f" + "00");
  assertEquals(read(runs, writtenRuns(...some)), some);
});

Deno.test("a run that ends behind 48 bits means nothing", () => {
  assertEquals(read(runs, writtenRuns({ from: U48, to: U48 })), [{ from: U48, to: U48 }]);
  assertEquals(read(runs, writtenRuns({ from: U48, to: U48 + 1 })), undefined);
  assertEquals(read(runs, writtenRuns({ from: 1, to: 2 ** 52 })), undefined);
});

Deno.test("an answer has at most 256 runs, and at least one", () => {
  const most = Array.from({ length: GOT_RUNS }, (_, at) => ({ from: 2 * at + 1, to: 2 * at + 1 }));
  assertEquals(read(runs, writtenRuns(...most)), most);
  assertEquals(read(runs, writtenRuns(...most, { from: 1, to: 1 })), undefined);
  assertEquals(read(runs, ""), undefined);
});

Deno.test("no bytes make the reading throw, and what is read is written again", () => {
  const dice = seededDice();
  for (let round = 0; round < 5_000; round++) {
    const bytes = dice.bytes(dice.below(40));
    const messages = read(directMessages, bytes.toHex());
    if (messages !== undefined) assertEquals(read(directMessages, written(...messages)), messages);
    const some = read(runs, bytes.toHex());
    if (some !== undefined) assertEquals(read(runs, writtenRuns(...some)), some);
  }
});

// ---- whom they are from and for --------------------------------------------------------------------------

Deno.test("the tag of two people is made as it is by hand, whatever the case of their nicks", () => {
  const [alice, bob] = [{ nick: "alice", identity: "1d".repeat(32) }, {
    nick: "zoë",
    identity: "9e".repeat(32),
  }];
  const byHand = [alice, bob].map(({ nick, identity }) => ({ nick, identity: Uint8Array.fromHex(identity) }));
  const made = peopleByHand(Uint8Array.fromHex(KEY), byHand[0]!, byHand[1]!).toHex();
  assertEquals(peopleTag(primitives, KEY, alice, bob), made);
  assertEquals(peopleTag(primitives, KEY, { ...alice, nick: "ALICE" }, { ...bob, nick: "ZOE\u0308" }), made);
});

Deno.test("the tag is another one for another server, nick or identity, and for the other direction", () => {
  const [alice, bob] = [{ nick: "alice", identity: "1d".repeat(32) }, {
    nick: "bob",
    identity: "9e".repeat(32),
  }];
  const other = "5a".repeat(32);
  const tags = [
    peopleTag(primitives, KEY, alice, bob),
    peopleTag(primitives, other, alice, bob),
    peopleTag(primitives, KEY, bob, alice),
    peopleTag(primitives, KEY, { ...alice, nick: "alic" }, bob),
    peopleTag(primitives, KEY, { ...alice, identity: other }, bob),
    peopleTag(primitives, KEY, alice, { ...bob, nick: "bo" }),
    peopleTag(primitives, KEY, alice, { ...bob, identity: other }),
  ];
  assertEquals(new Set(tags).size, tags.length);
  for (const tag of tags) assert(/^[0-9a-f]{32}$/.test(tag));
  assertNotEquals(tags[0], tags[2]);
});

import { assert, assertEquals, assertFalse } from "@std/assert";
import type { Primitives } from "../../../core/base/crypto.ts";
import { HELD_MS, HELD_PER_SENDER_MESSAGES, SEEN_LIFE_MS } from "../../../core/base/limits.ts";
import { Floods } from "../../../core/client/floods.ts";
import { Inbox, type IncomingMessage } from "../../../core/client/inbox.ts";
import { KnownPeers } from "../../../core/client/known_peers.ts";
import { LookAlikes } from "../../../core/client/look_alikes.ts";
import { NO_HASH, textHash } from "../../../core/messages/identity.ts";
import { NO_MESSAGE, partsOf, sequenceOf } from "../../../core/messages/message_id.ts";
import { Table } from "../../../core/messages/table.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { journalOn, Recorded } from "../../kit/recorded.ts";

/** The id of the n-th message of the alice process that was started as the `start`-th. */
function idOf(count: number, start = 1): string {
  return count === 0
    ? NO_MESSAGE
    : `aaaaaa${start.toString(16).padStart(8, "0")}bbbbbb${count.toString(16).padStart(12, "0")}`;
}

const textOf = (id: string) => `m${sequenceOf(id)}`;
const hashOf = (id: string) => id === NO_MESSAGE ? NO_HASH : textHash(primitives, id, textOf(id));

/** A message that came in a letter. */
function letter(count: number, values: Partial<IncomingMessage> & { id?: string } = {}): IncomingMessage {
  const { id = idOf(count), after = idOf(count - 1), ...rest } = values;
  const place = { ...partsOf(id), after, afterHash: hashOf(after), channel: false, isOpen: false };
  return { ...place, from: "alice", sentAt: 1, dated: false, text: textOf(id), ...rest };
}

/** A message that came directly: no hash, and no `after` where that is the message just before it. */
function direct(count: number): IncomingMessage {
  return { ...letter(count), after: count === 1 ? NO_MESSAGE : undefined, afterHash: undefined };
}

function inboxOf({ effects }: Recorded, primitives: Primitives): Inbox {
  const lookAlikes = new LookAlikes(new Table(), new KnownPeers(effects));
  const floods = new Floods(effects, false);
  return new Inbox({ effects, primitives, lookAlikes, floods, journal: journalOn({ effects }, true) });
}

class TestInbox {
  readonly recorded: Recorded;
  readonly inbox: Inbox;

  constructor(recorded = new Recorded()) {
    this.recorded = recorded;
    this.inbox = inboxOf(recorded, primitives);
  }

  accept(now: number, ...messages: IncomingMessage[]): void {
    for (const message of messages) this.inbox.accept(now, message);
  }

  /** The lines shown since this was asked last: a date in front of what did not come in its place. */
  shown(now = 0): string[] {
    this.inbox.runTimers(now);
    return this.recorded.perform(now).map((notice) => {
      if (notice.type === "missing") return "missing";
      if (notice.type !== "directReceived" && notice.type !== "channelReceived") return notice.type;
      return (notice.message.dated ? "dated " : "") + notice.message.text;
    });
  }

  /** The process is killed and started again with what is on disk. */
  restart(now: number): TestInbox {
    const next = new TestInbox(this.recorded.restarted());
    next.inbox.showUnshown(now);
    return next;
  }
}

Deno.test("messages that come in order are shown at once", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1), letter(2), letter(3));
  assertEquals(reader.shown(), ["m1", "m2", "m3"]);
  const [last, none] = [reader.inbox.lastShown("ALICE"), reader.inbox.lastShown("bob")];
  assertEquals([last.id, last.hash(primitives)], [idOf(3), hashOf(idOf(3))]);
  assertEquals([none.id, none.hash(primitives)], [NO_MESSAGE, NO_HASH]);
  assertEquals(reader.inbox.deadline, Infinity);
});

Deno.test("a message is shown once, however often it comes", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1), letter(1));
  reader.accept(9, letter(1, { dated: true }));
  assertEquals(reader.shown(), ["m1"]);
  assert(reader.inbox.hasSeen(letter(1)));
  assertFalse(reader.inbox.hasSeen(letter(2)));
});

Deno.test("a message is saved before it is shown", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1));
  const outputs = reader.recorded.effects.takeOutputs(0, []);
  assertEquals(outputs.map(({ type }) => type).slice(0, 2), ["save", "notice"]);
});

Deno.test("what comes too early waits for what was written before it", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1), letter(4), letter(3));
  assertEquals(reader.shown(), ["m1"]);
  reader.accept(1, letter(2));
  assertEquals(reader.shown(1), ["m2", "m3", "m4"]);
});

Deno.test("after 5 s it is shown behind a word about the gap; what comes later still is dated", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1), letter(3), letter(4));
  assertEquals(reader.shown(HELD_MS - 1), ["m1"]);
  assertEquals(reader.shown(HELD_MS), ["missing", "m3", "m4"]);
  reader.accept(HELD_MS + 1, letter(2));
  assertEquals(reader.shown(HELD_MS + 1), ["dated m2"]);
  reader.accept(HELD_MS + 2, letter(5));
  assertEquals(reader.shown(HELD_MS + 2), ["m5"]);
});

Deno.test("of two gaps the earlier one is told first", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1), letter(3));
  reader.accept(1, letter(5));
  assertEquals(reader.shown(HELD_MS), ["m1", "missing", "m3"]);
  assertEquals(reader.shown(HELD_MS + 1), ["missing", "m5"]);
});

Deno.test("the first message ever, and the first after a failed one, come in their place", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(7, { after: NO_MESSAGE }), letter(9, { after: idOf(7) }));
  assertEquals(reader.shown(), ["m7", "m9"]);
});

Deno.test("a message of an earlier process of the sender that comes late is dated", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1, { id: idOf(1, 2), after: NO_MESSAGE, text: "new" }));
  reader.accept(1, letter(8, { id: idOf(8, 1), after: idOf(7, 1), text: "old" }));
  assertEquals(reader.shown(), ["new", "dated old"]);
});

Deno.test("64 messages of a sender are held; the next one ends the waiting", () => {
  const reader = new TestInbox();
  const held = Array.from({ length: HELD_PER_SENDER_MESSAGES }, (_, at) => letter(at + 3));
  reader.accept(0, letter(1), ...held);
  assertEquals(reader.shown(), ["m1"]);
  reader.accept(1, letter(HELD_PER_SENDER_MESSAGES + 3));
  const lines = reader.shown(1);
  assertEquals(lines.slice(0, 2), ["missing", "m3"]);
  assertEquals(lines.length, HELD_PER_SENDER_MESSAGES + 2);
});

Deno.test("one sender's gap holds up nobody else, and no channel message", () => {
  const reader = new TestInbox();
  reader.accept(
    0,
    letter(2, { after: idOf(1) }),
    letter(1, { id: "c".repeat(32), channel: true, text: "all" }),
  );
  reader.accept(0, letter(1, { id: "d".repeat(32), after: NO_MESSAGE, from: "carol", text: "hello" }));
  assertEquals(reader.shown(), ["all", "hello"]);
});

Deno.test("after a kill what may not have been shown is shown, in order; what was shown is not", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1));
  reader.shown(0);
  // "Shown" is durable now.
  reader.shown(60);
  reader.accept(100, letter(2), letter(3));
  reader.shown(100);
  const again = reader.restart(200);
  assertEquals(again.shown(200), ["m2", "m3"]);
  again.accept(201, letter(3), letter(4));
  assertEquals(again.shown(201), ["m4"]);
  again.shown(300);
  assertEquals(again.restart(400).shown(400), []);
});

Deno.test("after a kill a held message still waits for the one before it", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1), letter(3));
  reader.shown(0);
  reader.shown(60);
  const again = reader.restart(1000);
  assertEquals(again.shown(1000), []);
  again.accept(1001, letter(2));
  assertEquals(again.shown(1001), ["m2", "m3"]);
});

Deno.test("what was shown leaves nothing but its id and its number behind", () => {
  const reader = new TestInbox();
  for (let count = 1; count <= 50; count++) reader.accept(count, letter(count));
  reader.shown(50);
  reader.shown(200);
  assertEquals([reader.recorded.records("inbox"), reader.recorded.records("event")], [[], []]);
  assertEquals(reader.recorded.disk.size, 3);
});

Deno.test("of two gaps, the later message came first: both are told, both messages shown", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1), letter(5));
  reader.accept(1, letter(3));
  assertEquals([...reader.shown(HELD_MS), ...reader.shown(HELD_MS + 1)], [
    "m1",
    "missing",
    "m3",
    "missing",
    "m5",
  ]);
});

// ---- whether the message before is the one that was sent --------------------------------------------------

const FALSE_HASH = "0f".repeat(32);

Deno.test("a message that follows another text than its sender wrote is shown behind a word about it", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1), letter(2, { afterHash: FALSE_HASH }), letter(3));
  assertEquals(reader.shown(), ["m1", "exchanged", "m2", "m3"]);
});

Deno.test("that is told also of what had to wait, and after a restart", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1));
  reader.shown(0);
  reader.accept(100, letter(3, { afterHash: FALSE_HASH }));
  reader.accept(101, letter(2, { text: "another text" }));
  assertEquals(reader.shown(101), ["another text", "exchanged", "m3"]);
  reader.shown(200);
  const again = reader.restart(300);
  again.accept(300, letter(4, { afterHash: FALSE_HASH }));
  assertEquals(again.shown(300), ["exchanged", "m4"]);
});

Deno.test("of a message that is missing nobody knows what it said", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1), letter(3, { afterHash: FALSE_HASH }));
  assertEquals(reader.shown(HELD_MS), ["m1", "missing", "m3"]);
  // The first one that was ever shown, and one that comes late, are compared with nothing either.
  const newcomer = new TestInbox();
  newcomer.accept(0, letter(5, { after: NO_MESSAGE, afterHash: FALSE_HASH }));
  newcomer.accept(1, letter(3, { afterHash: FALSE_HASH }));
  assertEquals(newcomer.shown(1), ["m5", "dated m3"]);
});

Deno.test("channel messages have other ways to tell that", () => {
  const reader = new TestInbox();
  reader.accept(0, letter(1));
  reader.accept(0, letter(2, { channel: true, afterHash: FALSE_HASH }));
  assertEquals(reader.shown(), ["m1", "m2"]);
  assertEquals(reader.inbox.lastShown("alice").id, idOf(1));
});

Deno.test("direct messages come in order, by themselves and between letters, and wait like these for the one before", () => {
  const reader = new TestInbox();
  reader.accept(0, direct(1), direct(2), letter(3), direct(4));
  assertEquals(reader.shown(), ["m1", "m2", "m3", "m4"]);
  reader.accept(1, direct(7), direct(6));
  assertEquals(reader.shown(1), []);
  reader.accept(2, direct(5));
  assertEquals(reader.shown(2), ["m5", "m6", "m7"]);
  reader.accept(3, direct(9));
  assertEquals(reader.shown(3 + HELD_MS), ["missing", "m9"]);
});

Deno.test("a held direct message waits for the one just before it also after a kill", () => {
  const reader = new TestInbox();
  reader.accept(0, direct(1), direct(3));
  reader.shown(0);
  reader.shown(60);
  const again = reader.restart(100);
  assertEquals(again.shown(100), []);
  again.accept(101, direct(2));
  assertEquals(again.shown(101), ["m2", "m3"]);
});

Deno.test("a letter behind a direct message shows it if that came with another text", () => {
  const reader = new TestInbox();
  reader.accept(0, direct(1), { ...direct(2), text: "another text" }, letter(3));
  assertEquals(reader.shown(), ["m1", "another text", "exchanged", "m3"]);
});

Deno.test("the texts of direct messages are hashed when a letter or a record needs that, not before", () => {
  const counted = { hashes: 0 };
  const counting = {
    ...primitives,
    hash: (...parts: Uint8Array[]) => {
      counted.hashes++;
      return primitives.hash(...parts);
    },
  };
  const recorded = new Recorded();
  const inbox = inboxOf(recorded, counting);
  for (let count = 1; count <= 100; count++) inbox.accept(0, direct(count));
  recorded.perform(0);
  assertEquals(counted.hashes, 0);
  // The record of the last one that was shown is written a little later, once for all of them.
  recorded.perform(60);
  assertEquals(counted.hashes, 1);
  inbox.accept(100, letter(101));
  assertEquals(counted.hashes, 1);
});

// ---- what is passed over ---------------------------------------------------------------------------------

Deno.test("a message that is passed over was seen and is not shown, also after a restart", () => {
  const reader = new TestInbox();
  const message = letter(1, { channel: true });
  reader.inbox.markSeen(0, message);
  assert(reader.inbox.hasSeen(message));
  reader.accept(1, message);
  assertEquals(reader.shown(1), []);
  reader.shown(100);
  const again = reader.restart(200);
  again.accept(200, message);
  assertEquals(again.shown(200), []);
});

Deno.test("ids of channel messages and of direct ones are kept apart", () => {
  const reader = new TestInbox();
  reader.inbox.markSeen(0, letter(1, { channel: true }));
  assertFalse(reader.inbox.hasSeen(letter(1)));
  reader.accept(0, letter(1));
  assertEquals(reader.shown(), ["m1"]);
});

Deno.test("ids are remembered for 45 days, and as long as there is a prekey from before they were seen", () => {
  const reader = new TestInbox();
  reader.accept(1000, letter(1));
  reader.inbox.forgetOldIds(999 + SEEN_LIFE_MS, Infinity);
  reader.inbox.forgetOldIds(1000 + 2 * SEEN_LIFE_MS, 999);
  assert(reader.inbox.hasSeen(letter(1)));
  reader.inbox.forgetOldIds(1000 + SEEN_LIFE_MS, 1000);
  assertFalse(reader.inbox.hasSeen(letter(1)));
});

Deno.test("that a channel message was not sealed is shown with it, also after a kill", () => {
  const isOpen = (reader: TestInbox, now: number) =>
    reader.recorded.perform(now).flatMap((notice) =>
      notice.type === "channelReceived" || notice.type === "directReceived" ? [notice.message.isOpen] : []
    );
  const reader = new TestInbox();
  reader.accept(0, letter(1, { channel: true, isOpen: true }), letter(2, { channel: true }));
  assertEquals(isOpen(reader, 0), [true, false]);
  assertEquals(isOpen(reader.restart(10), 10), [true, false]);
});

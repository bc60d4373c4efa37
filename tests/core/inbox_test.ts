import { assert, assertEquals, assertFalse } from "@std/assert";
import { Inbox, type IncomingMessage } from "../../core/inbox.ts";
import { HELD_MS, HELD_PER_SENDER_MESSAGES } from "../../core/limits.ts";
import { NO_MESSAGE } from "../../core/message_id.ts";
import { Recorded } from "./effects.ts";

/** The id of the n-th message of the alice process that was started as the `start`-th. */
function idOf(count: number, start = 1): string {
  return count === 0
    ? NO_MESSAGE
    : `aaaaaa${start.toString(16).padStart(4, "0")}bbbbbb${count.toString(16).padStart(16, "0")}`;
}

function letter(count: number, values: Partial<IncomingMessage> = {}): IncomingMessage {
  const [id, after] = [idOf(count), idOf(count - 1)];
  return { id, after, channel: false, from: "alice", sentAt: 1, dated: false, text: `m${count}`, ...values };
}

class Reader {
  readonly recorded: Recorded;
  readonly inbox: Inbox;

  constructor(recorded = new Recorded()) {
    this.recorded = recorded;
    this.inbox = new Inbox(recorded.effects);
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
  restart(now: number): Reader {
    const next = new Reader();
    for (const [key, value] of this.recorded.disk) next.recorded.disk.set(key, value);
    for (const [key, value] of this.recorded.records("inbox")) next.inbox.loadMessage(key, value);
    for (const [key, value] of this.recorded.records("seen")) next.inbox.loadSeen(key, value);
    for (const [key, value] of this.recorded.records("shown")) next.inbox.loadShown(key, value);
    next.inbox.showUnshown(now);
    return next;
  }
}

Deno.test("messages that come in order are shown at once", () => {
  const reader = new Reader();
  reader.accept(0, letter(1), letter(2), letter(3));
  assertEquals(reader.shown(), ["m1", "m2", "m3"]);
  assertEquals(reader.inbox.lastShown("ALICE"), idOf(3));
  assertEquals(reader.inbox.deadline, Infinity);
});

Deno.test("a message is shown once, however often it comes", () => {
  const reader = new Reader();
  reader.accept(0, letter(1), letter(1));
  reader.accept(9, letter(1, { dated: true }));
  assertEquals(reader.shown(), ["m1"]);
  assert(reader.inbox.has(letter(1)));
  assertFalse(reader.inbox.has(letter(2)));
});

Deno.test("a message is saved before it is shown", () => {
  const reader = new Reader();
  reader.accept(0, letter(1));
  const outputs = reader.recorded.effects.take(0, []);
  assertEquals(outputs.map(({ type }) => type).slice(0, 2), ["save", "notice"]);
});

Deno.test("what comes too early waits for what was written before it", () => {
  const reader = new Reader();
  reader.accept(0, letter(1), letter(4), letter(3));
  assertEquals(reader.shown(), ["m1"]);
  reader.accept(1, letter(2));
  assertEquals(reader.shown(1), ["m2", "m3", "m4"]);
});

Deno.test("after 5 s it is shown behind a word about the gap; what comes later still is dated", () => {
  const reader = new Reader();
  reader.accept(0, letter(1), letter(3), letter(4));
  assertEquals(reader.shown(HELD_MS - 1), ["m1"]);
  assertEquals(reader.shown(HELD_MS), ["missing", "m3", "m4"]);
  reader.accept(HELD_MS + 1, letter(2));
  assertEquals(reader.shown(HELD_MS + 1), ["dated m2"]);
  reader.accept(HELD_MS + 2, letter(5));
  assertEquals(reader.shown(HELD_MS + 2), ["m5"]);
});

Deno.test("of two gaps the earlier one is told first", () => {
  const reader = new Reader();
  reader.accept(0, letter(1), letter(3));
  reader.accept(1, letter(5));
  assertEquals(reader.shown(HELD_MS), ["m1", "missing", "m3"]);
  assertEquals(reader.shown(HELD_MS + 1), ["missing", "m5"]);
});

Deno.test("the first message ever, and the first after a failed one, come in their place", () => {
  const reader = new Reader();
  reader.accept(0, letter(7, { after: NO_MESSAGE }), letter(9, { after: idOf(7) }));
  assertEquals(reader.shown(), ["m7", "m9"]);
});

Deno.test("a message of an earlier process of the sender that comes late is dated", () => {
  const reader = new Reader();
  reader.accept(0, letter(1, { id: idOf(1, 2), after: NO_MESSAGE, text: "new" }));
  reader.accept(1, letter(8, { id: idOf(8, 1), after: idOf(7, 1), text: "old" }));
  assertEquals(reader.shown(), ["new", "dated old"]);
});

Deno.test("64 messages of a sender are held; the next one ends the waiting", () => {
  const reader = new Reader();
  const held = Array.from({ length: HELD_PER_SENDER_MESSAGES }, (_, at) => letter(at + 3));
  reader.accept(0, letter(1), ...held);
  assertEquals(reader.shown(), ["m1"]);
  reader.accept(1, letter(HELD_PER_SENDER_MESSAGES + 3));
  const lines = reader.shown(1);
  assertEquals(lines.slice(0, 2), ["missing", "m3"]);
  assertEquals(lines.length, HELD_PER_SENDER_MESSAGES + 2);
});

Deno.test("one sender's gap holds up nobody else, and no channel message", () => {
  const reader = new Reader();
  reader.accept(
    0,
    letter(2, { after: idOf(1) }),
    letter(1, { id: "c".repeat(32), channel: true, text: "all" }),
  );
  reader.accept(0, letter(1, { id: "d".repeat(32), after: NO_MESSAGE, from: "carol", text: "hello" }));
  assertEquals(reader.shown(), ["all", "hello"]);
});

Deno.test("after a kill what may not have been shown is shown, in order; what was shown is not", () => {
  const reader = new Reader();
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
  const reader = new Reader();
  reader.accept(0, letter(1), letter(3));
  reader.shown(0);
  reader.shown(60);
  const again = reader.restart(1000);
  assertEquals(again.shown(1000), []);
  again.accept(1001, letter(2));
  assertEquals(again.shown(1001), ["m2", "m3"]);
});

Deno.test("what was shown leaves nothing but its id behind", () => {
  const reader = new Reader();
  for (let count = 1; count <= 50; count++) reader.accept(count, letter(count));
  reader.shown(50);
  reader.shown(200);
  assertEquals(reader.recorded.records("inbox"), []);
  assertEquals(reader.recorded.disk.size, 2);
});

Deno.test("of two gaps, the later message came first: both are told, both messages shown", () => {
  const reader = new Reader();
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

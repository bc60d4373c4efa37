import { assert, assertEquals, assertFalse } from "@std/assert";
import { ACK_DELAY_MS, BODY_BYTES, STREAM_WINDOW, STREAM_WINDOW_BYTES } from "../../../core/base/limits.ts";
import { type StreamItem, StreamReader } from "../../../core/client/stream_reader.ts";
import { verbInPieces } from "../../../core/messages/verb.ts";
import { seededDice } from "../../kit/dice.ts";
import { ID } from "../../kit/samples.ts";
import { DeafLink, heldBy, Streams } from "../../kit/streams.ts";
import { TestLink } from "../../kit/test_link.ts";

const STREAM = 77;

const bodyOf = (position: number) => new TextEncoder().encode(`m${position}`);
const textOf = ({ body }: StreamItem) => new TextDecoder().decode(body);

function letter(position: number, values: Partial<StreamItem> = {}): StreamItem {
  const rest = {
    stream: STREAM,
    waited: false,
    id: ID,
    from: "x",
    body: bodyOf(position),
  };
  return { type: "letter", position, ...rest, ...values } as StreamItem;
}

/** So many letters for y, as they are stored before the stream begins. */
function withLetters(count: number): Streams {
  const streams = new Streams();
  for (let at = 1; at <= count; at++) streams.letter("y", bodyOf(at));
  return streams;
}

/** The items that leave now; several share a packet. */
function sent(test: TestLink, now: number): StreamItem[] {
  return test.take(now).flatMap(({ verbs }) => verbs as StreamItem[]);
}

function take(reader: StreamReader, now = 0, chance = 0): string[] {
  const texts = [];
  for (let item; (item = reader.takeNext(now, chance)) !== undefined;) texts.push(textOf(item));
  return texts;
}

const placesOf = ({ taken }: DeafLink) =>
  taken.map((item) => `${item.position} ${item.type} ${textOf(item)}`);

// ---- the reader ------------------------------------------------------------------------------------------

Deno.test("items are taken in order of position, however they come", () => {
  const reader = new StreamReader();
  assert(reader.begin(STREAM, 1, 0));
  for (const position of [3, 1]) reader.file(0, letter(position));
  assertEquals(take(reader), ["m1"]);
  reader.file(0, letter(2));
  assertEquals(take(reader), ["m2", "m3"]);
  assertEquals(reader.saved, { stream: STREAM, position: 3 });
});

Deno.test("nothing of another registration, nothing beyond the window, nothing twice", () => {
  const reader = new StreamReader();
  reader.begin(STREAM, 1, 0);
  reader.file(0, letter(1, { stream: STREAM - 1 }));
  reader.file(0, letter(STREAM_WINDOW + 1));
  assertEquals(take(reader), []);
  for (let position = 0; position <= STREAM_WINDOW; position++) reader.file(0, letter(position));
  assertEquals(take(reader).length, STREAM_WINDOW);
  reader.file(0, letter(1));
  assertEquals(take(reader), []);
});

Deno.test("a new registration begins at 1; a late answer to an earlier one is of no use", () => {
  const reader = new StreamReader();
  reader.begin(STREAM, 1, 0);
  reader.file(0, letter(1));
  reader.file(0, letter(3));
  take(reader);
  assertFalse(reader.begin(STREAM, 1, 0));
  assertFalse(reader.begin(STREAM - 1, 1, 0));
  assert(reader.begin(STREAM + 1, 1, 0));
  assertEquals(reader.saved, { stream: STREAM + 1, position: 0 });
  for (const position of [2, 1]) reader.file(0, letter(position, { stream: STREAM + 1 }));
  assertEquals(take(reader), ["m1", "m2"]);
});

Deno.test("a letter is acknowledged at once, a channel message up to 25 ms later, a repeat again", () => {
  const reader = new StreamReader();
  reader.begin(STREAM, 1, 0);
  assertFalse(reader.takeAck(1e9));
  reader.file(0, letter(1));
  take(reader, 10);
  assert(reader.takeAck(10));
  assertFalse(reader.takeAck(10));
  reader.file(20, letter(2, { type: "channel" }));
  take(reader, 20, 0.99);
  assertFalse(reader.takeAck(20));
  assertEquals(reader.deadline, 20 + 0.99 * ACK_DELAY_MS);
  assert(reader.takeAck(20 + ACK_DELAY_MS));
  reader.file(60, letter(1));
  assert(reader.takeAck(60));
});

Deno.test("the more members, the longer acknowledgements of channel messages are spread", () => {
  const reader = new StreamReader();
  reader.begin(STREAM, 10_000, 0);
  reader.file(0, letter(1, { type: "channel" }));
  take(reader, 0, 0.5);
  assertEquals(reader.deadline, 1000);
  // There are fewer now.
  reader.noteMembers(2_000);
  reader.file(0, letter(2, { type: "channel" }));
  take(reader, 0, 0.5);
  assertEquals(reader.deadline, 200);
});

Deno.test("an acknowledgement leaves a little early with a packet that leaves anyway", () => {
  const reader = new StreamReader();
  reader.begin(STREAM, 1_000, 0);
  reader.file(0, letter(1, { type: "channel" }));
  take(reader, 0, 0.5);
  assertEquals(reader.deadline, 100);
  assertFalse(reader.takeAck(99));
  assertFalse(reader.takeAck(100 - ACK_DELAY_MS - 1, true));
  assert(reader.takeAck(100 - ACK_DELAY_MS, true));
  assertFalse(reader.takeAck(100));
});

Deno.test("items that overtake the answer that begins their stream are kept for it", () => {
  const reader = new StreamReader();
  reader.file(0, letter(2));
  reader.file(0, letter(1));
  assertEquals(take(reader), []);
  reader.begin(STREAM, 1, 0);
  assertEquals(take(reader), ["m1", "m2"]);
});

Deno.test("a server in a new life may count its streams from anywhere", () => {
  const reader = new StreamReader();
  reader.begin(STREAM, 1, 0);
  reader.forget();
  assert(reader.begin(STREAM - 5, 1, 0));
  reader.file(0, letter(1, { stream: STREAM - 5 }));
  assertEquals(take(reader), ["m1"]);
});

// ---- the writer ------------------------------------------------------------------------------------------

Deno.test("a stream begins with all that waits, letters and channel messages as they were stored", () => {
  const streams = new Streams();
  streams.channel.join("y");
  streams.letter("y", bodyOf(1));
  streams.post("z", bodyOf(2));
  streams.post("Y", bodyOf(3));
  streams.post("z", bodyOf(4));
  streams.letter("z", bodyOf(5));
  streams.letter("y", bodyOf(6));
  const test = TestLink.withPath(0);
  const writer = streams.open("y", test.link);
  assertEquals(writer.waiting, 4);
  writer.pump(0);
  streams.letter("y", bodyOf(7));
  writer.letterCame();
  writer.pump(0);
  const [first, ...rest] = sent(test, 0);
  assertEquals([first!.stream, first!.from, first!.waited], [writer.number, "x", true]);
  assertEquals(rest.map((item) => [item.position, item.type, textOf(item), item.waited]), [
    [2, "channel", "m2", true],
    [3, "channel", "m4", true],
    [4, "letter", "m6", true],
    [5, "letter", "m7", false],
  ]);
});

Deno.test("at most 32 items are under way; each acknowledgement lets others follow", () => {
  const streams = withLetters(STREAM_WINDOW + 8);
  const test = TestLink.withPath(0);
  const writer = streams.open("y", test.link);
  assert(writer.pump(0));
  assertEquals(sent(test, 0).length, STREAM_WINDOW);
  assertFalse(writer.pump(0));
  assertEquals(sent(test, 0).length, 0);
  assertEquals(writer.acknowledge(0, 5).length, 5);
  assert(writer.pump(0));
  const texts = sent(test, 0).map((item) => [item.position, textOf(item)]);
  assertEquals(texts, [33, 34, 35, 36, 37].map((position) => [position, `m${position}`]));
});

Deno.test("at most eight of the longest bodies are under way, and the rest follows", () => {
  const streams = new Streams();
  streams.channel.join("y");
  for (let count = 0; count < 20; count++) streams.post("z", new Uint8Array(BODY_BYTES));
  streams.post("z", bodyOf(21));
  const link = new DeafLink();
  const writer = streams.open("y", link);
  writer.pump(0);
  assertEquals(heldBy([link]).bytes, STREAM_WINDOW_BYTES);
  assertEquals(link.taken.length, 8);
  for (const [position, taken] of [[1, 9], [8, 16], [16, 21], [20, 21]]) {
    streams.saves(0, "y", writer, position!);
    assertEquals(link.taken.length, taken, `after ${position}`);
  }
});

Deno.test("a post to fifty members is encoded once: their links send the same bytes", () => {
  const streams = new Streams();
  const links = Array.from({ length: 50 }, () => new DeafLink());
  const writers = links.map((link, at) => streams.open(`y${at}`, link));
  const row = streams.post("z", new Uint8Array(BODY_BYTES));
  for (const writer of writers) writer.pump(0);
  const pieces = links.flatMap(({ taken }) => taken.map(verbInPieces));
  assertEquals(pieces.length, 50);
  for (const { body } of pieces) assert(body === row.body);
  for (const { head } of pieces) assertEquals(head.buffer.byteLength < 100, true);
});

Deno.test("an acknowledgement counts once, and only for what was sent", () => {
  const streams = withLetters(3);
  const writer = streams.open("y", new DeafLink());
  assertEquals(writer.acknowledge(0, 3), []);
  writer.pump(0);
  assertEquals(writer.acknowledge(0, 2).length, 2);
  assertEquals(writer.acknowledge(0, 2), []);
  assertEquals(writer.acknowledge(0, 1), []);
  assertEquals(writer.acknowledge(0, 99).length, 1);
});

Deno.test("what is not acknowledged is handed over again, unless it is still on its way", () => {
  const streams = withLetters(2);
  const test = TestLink.withPath(0);
  const writer = streams.open("y", test.link);
  writer.pump(0);
  assertEquals(sent(test, 0).length, 2);
  writer.handOverAgain(0);
  assertEquals(sent(test, 0), []);
  test.acknowledge(1);
  writer.handOverAgain(1);
  assertEquals(sent(test, 1).map(({ position }) => position), [1, 2]);
});

Deno.test("a letter that is saved and still in the mailbox is handed over again, in another place", () => {
  const streams = withLetters(2);
  const link = new DeafLink();
  const writer = streams.open("y", link);
  writer.pump(0);
  writer.handOverAgain(0);
  streams.saves(0, "y", writer, 1);
  assertEquals(placesOf(link), ["1 letter m1", "2 letter m2"]);
  streams.saves(0, "y", writer, 2);
  streams.store.withdraw(streams.store.lettersFor("y")[0]!);
  writer.handOverAgain(0);
  assertEquals(placesOf(link).slice(2), ["3 letter m2"]);
});

Deno.test("what is not under way is not held: when it is gone, a new stream has to tell that there is less", () => {
  const streams = withLetters(STREAM_WINDOW + 2);
  const link = new DeafLink();
  const writer = streams.open("y", link);
  writer.pump(0);
  const [last, ...saved] = streams.store.lettersFor("y").reverse();
  streams.store.withdraw(last!);
  streams.saves(0, "y", writer, STREAM_WINDOW);
  assertFalse(writer.isShort);
  streams.saves(0, "y", writer, STREAM_WINDOW + 1);
  assertEquals(link.taken.length, STREAM_WINDOW + 1);
  assert(writer.isShort);
  for (const one of saved) streams.store.withdraw(one);
  const next = streams.open("y", link, writer);
  assertEquals([next.waiting, next.isShort, next.number > writer.number], [0, false, true]);
});

Deno.test("a stream that is closed takes back from its link whatever has not arrived", () => {
  const streams = withLetters(3);
  const link = new DeafLink();
  const writer = streams.open("y", link);
  writer.pump(0);
  writer.close();
  assertEquals([writer.isOver, link.holds.size], [true, 0]);
  writer.letterCame();
  assertFalse(writer.pump(0));
  assertEquals(writer.acknowledge(0, 3), []);
});

Deno.test("a writer and a reader with loss, repeats and disorder between them: all, once, in order", () => {
  const dice = seededDice();
  for (let round = 0; round < 30; round++) {
    const streams = withLetters(100);
    const reader = new StreamReader();
    const links: TestLink[] = [];
    // Each time what the link holds is lost with it.
    const link = {
      send: (...said: Parameters<TestLink["link"]["send"]>) => links.at(-1)!.link.send(...said),
      cancel: () => {},
    };
    const writer = streams.open("y", link);
    reader.begin(writer.number, 1, writer.waiting);
    const taken: string[] = [];
    let acknowledged = 0;
    for (let now = 0; now < 10_000 && acknowledged < 100; now += 10) {
      const test = TestLink.withPath(now);
      links.push(test);
      writer.handOverAgain(now);
      const items = sent(test, now);
      for (let copies = items.length; copies > 0; copies--) {
        if (dice.happens(0.6)) reader.file(now, dice.pick(items));
      }
      taken.push(...take(reader, now));
      if (dice.happens(0.7)) acknowledged += writer.acknowledge(now, reader.saved.position).length;
    }
    assertEquals(taken, Array.from({ length: 100 }, (_, at) => `m${at + 1}`));
    assertEquals(acknowledged, 100);
    assert(reader.isDrained);
  }
});

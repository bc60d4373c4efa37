import { assert, assertEquals, assertFalse } from "@std/assert";
import { ACK_DELAY_MS, STREAM_WINDOW } from "../../../core/base/limits.ts";
import { type StreamItem, StreamReader } from "../../../core/client/stream_reader.ts";
import { StreamWriter } from "../../../core/server/stream_writer.ts";
import { seededDice } from "../../kit/dice.ts";
import { ID } from "../../kit/samples.ts";
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

function fill(writer: StreamWriter, count: number): void {
  const mail = { id: ID, from: "x", to: "y", storedAt: 0, order: 1 };
  for (let at = 1; at <= count; at++) {
    writer.push({ type: "letter", letter: { ...mail, body: bodyOf(at) }, waited: false });
  }
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
});

Deno.test("at most 32 items are under way; each acknowledgement lets others follow", () => {
  const writer = new StreamWriter(STREAM);
  const test = TestLink.withPath(0);
  fill(writer, STREAM_WINDOW + 8);
  writer.pump(0, test.link);
  assertEquals(sent(test, 0).length, STREAM_WINDOW);
  writer.pump(0, test.link);
  assertEquals(sent(test, 0).length, 0);
  assertEquals(writer.acknowledge(5).length, 5);
  writer.pump(0, test.link);
  const texts = sent(test, 0).map((item) => [item.position, textOf(item)]);
  assertEquals(texts, [33, 34, 35, 36, 37].map((position) => [position, `m${position}`]));
});

Deno.test("an acknowledgement counts once, and only for what was sent", () => {
  const writer = new StreamWriter(STREAM);
  const test = TestLink.withPath(0);
  fill(writer, 3);
  assertEquals(writer.acknowledge(3), []);
  writer.pump(0, test.link);
  assertEquals(writer.acknowledge(2).length, 2);
  assertEquals(writer.acknowledge(2), []);
  assertEquals(writer.acknowledge(1), []);
  assertEquals(writer.acknowledge(99).length, 1);
});

Deno.test("after a rewind what is not acknowledged is sent again, unless it is still on its way", () => {
  const writer = new StreamWriter(STREAM);
  const test = TestLink.withPath(0);
  fill(writer, 2);
  writer.pump(0, test.link);
  assertEquals(sent(test, 0).length, 2);
  writer.rewind();
  writer.pump(0, test.link);
  assertEquals(sent(test, 0), []);
  test.acknowledge(1);
  writer.rewind();
  writer.pump(1, test.link);
  assertEquals(sent(test, 1).length, 2);
});

Deno.test("a writer and a reader with loss, repeats and disorder between them: all, once, in order", () => {
  const dice = seededDice();
  for (let round = 0; round < 30; round++) {
    const writer = new StreamWriter(STREAM);
    const reader = new StreamReader();
    reader.begin(STREAM, 1, 0);
    fill(writer, 100);
    const taken: string[] = [];
    let acknowledged = 0;
    for (let now = 0; now < 10_000 && acknowledged < 100; now += 10) {
      const test = TestLink.withPath(now);
      writer.rewind();
      writer.pump(now, test.link);
      const items = sent(test, now);
      for (let copies = items.length; copies > 0; copies--) {
        if (dice.happens(0.6)) reader.file(now, dice.pick(items));
      }
      taken.push(...take(reader, now));
      if (dice.happens(0.7)) acknowledged += writer.acknowledge(reader.saved.position).length;
    }
    assertEquals(taken, Array.from({ length: 100 }, (_, at) => `m${at + 1}`));
    assertEquals(acknowledged, 100);
  }
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

Deno.test("a stream begins with all that waits, letters and channel messages as they were stored", () => {
  const mail = { id: ID, from: "x", to: "y", storedAt: 0 };
  const letters = [4, 1].map((order) => ({ ...mail, order, body: bodyOf(order) }));
  const rows = [3, 2].map((order) => ({
    id: ID,
    from: "z",
    storedAt: 0,
    number: order,
    order,
    body: bodyOf(order),
  }));
  const writer = StreamWriter.open(STREAM, { letters, rows });
  assertEquals([writer.stream, writer.length], [STREAM, 4]);
  const test = TestLink.withPath(0);
  writer.pump(0, test.link);
  const items = sent(test, 0);
  const place = { stream: STREAM, waited: true, id: ID };
  assertEquals(items, [
    { type: "letter", ...place, position: 1, from: "x", body: bodyOf(1) },
    { type: "channel", ...place, position: 2, from: "z", body: bodyOf(2) },
    { type: "channel", ...place, position: 3, from: "z", body: bodyOf(3) },
    { type: "letter", ...place, position: 4, from: "x", body: bodyOf(4) },
  ]);
});

Deno.test("what was acknowledged and is handed over again has another position", () => {
  const writer = new StreamWriter(STREAM);
  const reader = new StreamReader();
  reader.begin(STREAM, 1, 0);
  const test = TestLink.withPath(0);
  fill(writer, 2);
  writer.pump(0, test.link);
  for (const item of sent(test, 0)) reader.file(0, item);
  assertEquals(take(reader), ["m1", "m2"]);
  test.acknowledge(1);
  for (const entry of writer.acknowledge(1)) writer.push(entry);
  writer.pump(1, test.link);
  const again = sent(test, 1);
  assertEquals(again.map((item) => [item.position, textOf(item)]), [[3, "m1"]]);
  for (const item of again) reader.file(1, item);
  assertEquals(take(reader), ["m1"]);
});

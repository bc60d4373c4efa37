/** The sending side of parcels. Verbs are bytes here; what they say is of no interest. */
import { assert, assertEquals, assertFalse, assertLess, assertLessOrEqual } from "@std/assert";
import { MALFORMED, Pieces, Writer } from "../../../core/base/bytes.ts";
import {
  LINK_QUEUE_BYTES,
  LINK_QUEUE_VERBS,
  LINK_TOLD_BYTES,
  PARCEL_PARTS,
  PARCEL_SPAN,
  PART_BYTES,
  ROWS_BYTES,
  UNFINISHED_PARCELS,
} from "../../../core/base/limits.ts";
import { type Chunk, ParcelSender, type Sending } from "../../../core/link/parcel_sender.ts";
import { rowBytes } from "../../../core/messages/field.ts";
import { NO_VERSION, type Row } from "../../../core/messages/table.ts";
import { type Verb, verbInPieces } from "../../../core/messages/verb.ts";
import { type Frame, FRAME_HEADER_BYTES, readFrames } from "../../../core/wire/frame.ts";
import { FRAMES_BYTES } from "../../../core/wire/packet.ts";
import { IPV4, LONGEST, ROW } from "../../kit/samples.ts";

interface Packet {
  readonly chunks: readonly Chunk[];
  readonly frames: readonly Frame[];
  /** Of the frames. */
  readonly bytes: number;
}

/** A verb that is told by its first byte. */
function verb(name: string, length = 10): Uint8Array {
  return new Uint8Array(length).fill(name.charCodeAt(0));
}

/**
 * `u1 a` is the unordered parcel 1, whose verb is `a`; `o2 -` an empty ordered one; `p3 0/2 b` a part of one.
 */
function nameOf(frame: Frame): string {
  const name = (bytes: Uint8Array) => bytes.length === 0 ? "-" : String.fromCharCode(bytes[0]!);
  switch (frame.type) {
    case "told":
      return `told ${name(frame.verb)}`;
    case "unordered":
    case "ordered":
      return `${frame.type[0]}${frame.number} ${name(frame.verb)}`;
    case "part":
      return `p${frame.number} ${frame.index}/${frame.parts} ${name(frame.bytes)}`;
    default:
      return frame.type;
  }
}

class TestSender {
  readonly parcels = new ParcelSender(() => {});

  ordered(name: string, length?: number, tag?: string): Sending {
    return this.parcels.send(new Pieces(verb(name, length)), true, tag);
  }

  unordered(name: string, length?: number, tag?: string): Sending {
    return this.parcels.send(new Pieces(verb(name, length)), false, tag);
  }

  has(tag: string): boolean {
    return this.parcels.get(tag) !== undefined;
  }

  /** The next packet. */
  packet(now = 0, most = FRAMES_BYTES): Packet {
    const writer = new Writer();
    const chunks = this.parcels.fill(now, writer, most);
    const bytes = writer.finish();
    assertLessOrEqual(bytes.length, most);
    const frames = readFrames(bytes);
    assert(frames !== MALFORMED);
    return { chunks, frames, bytes: bytes.length };
  }

  /** All packets that may leave now. */
  packets(now = 0): Packet[] {
    const packets = [];
    while (this.parcels.hasWaiting) packets.push(this.packet(now));
    return packets;
  }

  named(now = 0): string[][] {
    return namesOf(this.packets(now));
  }
}

function namesOf(packets: readonly Packet[]): string[][] {
  return packets.map(({ frames }) => frames.map(nameOf));
}

/** Verbs of one frame each, called a, b, c and so on. */
function sent(count: number, length = 10): { sender: TestSender; packets: Packet[] } {
  const sender = new TestSender();
  for (let at = 0; at < count; at++) sender.ordered(String.fromCharCode(97 + at % 26), length);
  return { sender, packets: sender.packets() };
}

// ---- what leaves first, and how much of it
// -----------------------------------------------------------------

Deno.test("told verbs leave first, then unordered ones, then ordered ones, each in the order of sending", () => {
  const sender = new TestSender();
  for (const name of ["a", "b"]) sender.ordered(name);
  for (const name of ["x", "y"]) sender.unordered(name);
  for (const name of ["t", "s"]) sender.parcels.tell(verb(name));
  assertEquals(sender.named(), [["told t", "told s", "u1 x", "u2 y", "o1 a", "o2 b"]]);
  assertFalse(sender.parcels.hasWaiting);
});

Deno.test("what was lost leaves before what is new, except for what is told", () => {
  const { sender, packets } = sent(1);
  sender.parcels.again(packets[0]!.chunks);
  sender.ordered("b");
  sender.unordered("x");
  sender.parcels.tell(verb("t"));
  assertEquals(sender.named(), [["told t", "o1 a", "u1 x", "o2 b"]]);
});

Deno.test("unordered verbs overtake a long text that has begun", () => {
  const sender = new TestSender();
  sender.ordered("a", 3 * PART_BYTES);
  assertEquals(namesOf([sender.packet()]), [["p1 0/3 a"]]);
  sender.unordered("x");
  assertEquals(sender.named(), [["u1 x", "p1 1/3 a"], ["p1 2/3 a"]]);
});

Deno.test("ordered verbs do not overtake each other: what does not fit keeps those behind it", () => {
  const sender = new TestSender();
  for (const [name, length] of [["a", 1000], ["b", 1000], ["c", 10]] as const) sender.ordered(name, length);
  assertEquals(sender.named(), [["o1 a"], ["o2 b", "o3 c"]]);
});

Deno.test("small verbs share a packet, as many as it holds", () => {
  const { packets } = sent(200);
  for (const { bytes } of packets.slice(0, -1)) assertLess(FRAMES_BYTES - bytes, 10 + FRAME_HEADER_BYTES);
  const numbers = packets.flatMap(({ frames }) =>
    frames.map((frame) => "number" in frame ? frame.number : 0)
  );
  assertEquals(numbers, Array.from({ length: 200 }, (_, at) => at + 1));
});

Deno.test("a verb of one part leaves whole, one byte more makes two, and the last part has what is left", () => {
  const { packets: whole } = sent(1, PART_BYTES);
  assertEquals(namesOf(whole), [["o1 a"]]);
  const { packets: cut } = sent(1, PART_BYTES + 1);
  assertEquals(namesOf(cut), [["p1 0/2 a", "p1 1/2 a"]]);
  const { packets: more } = sent(1, 2 * PART_BYTES + 100);
  assertEquals(namesOf(more), [["p1 0/3 a"], ["p1 1/3 a"], ["p1 2/3 a"]]);
  assertEquals(
    more.flatMap(({ frames }) => frames.map((frame) => "bytes" in frame ? frame.bytes.length : 0)),
    [
      PART_BYTES,
      PART_BYTES,
      100,
    ],
  );
});

Deno.test("the longest verbs have no more parts than there may be", () => {
  for (const longest of LONGEST) {
    const sender = new TestSender();
    sender.parcels.send(verbInPieces(longest), true, undefined);
    const frames = sender.packets().flatMap(({ frames }) => frames);
    assertLessOrEqual(frames.length, PARCEL_PARTS, longest.type);
  }
});

Deno.test("the longest page of table rows leaves whole: parts have the numbers of ordered parcels", () => {
  const row = (nick: string): Row => ({ ...ROW, nick, addresses: [IPV4] });
  const rows = Array.from({ length: Math.floor(ROWS_BYTES / rowBytes(row("nick"))) }, () => row("nick"));
  // What is left of the page goes into the last nick.
  rows.push(row("n".repeat(4 + ROWS_BYTES - rows.length * rowBytes(rows.pop()!))));
  const sender = new TestSender();
  const page: Verb = { type: "rows", since: NO_VERSION, upTo: 1, newest: 1, rows };
  sender.parcels.send(verbInPieces(page), false, undefined);
  assertEquals(sender.packets().map(({ frames }) => frames.map(({ type }) => type)), [["unordered"]]);
});

Deno.test("where there is less room than for a frame nothing is written and nothing is lost", () => {
  const sender = new TestSender();
  sender.parcels.tell(verb("t"));
  sender.ordered("a");
  for (const most of [0, 1, FRAME_HEADER_BYTES + 9]) assertEquals(sender.packet(0, most).frames, []);
  assertEquals(sender.named(), [["told t", "o1 a"]]);
});

// ---- limits ----------------------------------------------------------------------------------------------

Deno.test("no number is more than the span ahead of the oldest that is not acknowledged", () => {
  const { sender, packets } = sent(LINK_QUEUE_VERBS);
  for (const name of ["y", "z"]) sender.ordered(name);
  assertEquals(LINK_QUEUE_VERBS, PARCEL_SPAN);
  assertFalse(sender.parcels.hasWaiting);
  // All but the oldest: there is no room yet.
  const [first, ...others] = packets.flatMap(({ chunks }) => chunks);
  sender.parcels.acknowledged(others);
  assertFalse(sender.parcels.hasWaiting);
  // The other kind has numbers of its own.
  sender.unordered("x");
  assertEquals(sender.named(), [["u1 x"]]);
  sender.parcels.acknowledged([first!]);
  assertEquals(sender.named(), [[`o${PARCEL_SPAN + 1} y`, `o${PARCEL_SPAN + 2} z`]]);
});

Deno.test("16 verbs of several parts are under way; the next one waits, with all that come after it", () => {
  const { sender, packets } = sent(UNFINISHED_PARCELS + 1, 2 * PART_BYTES);
  assertEquals(packets.length, 2 * UNFINISHED_PARCELS);
  sender.ordered("z");
  sender.unordered("x");
  assertEquals(sender.named(), [["u1 x"]]);
  sender.parcels.acknowledged(packets[6]!.chunks);
  assertFalse(sender.parcels.hasWaiting);
  // The second half of the fourth: any of them makes room.
  sender.parcels.acknowledged(packets[7]!.chunks);
  assertEquals(sender.named(), [["p17 0/2 q"], ["p17 1/2 q", "o18 z"]]);
});

Deno.test("one of several parts holds up no whole ones before it", () => {
  const { sender } = sent(UNFINISHED_PARCELS - 1, 2 * PART_BYTES);
  for (const name of ["w", "x", "y"]) sender.ordered(name);
  sender.ordered("z", 2 * PART_BYTES);
  assertEquals(sender.named().flat(), ["o16 w", "o17 x", "o18 y", "p19 0/2 z", "p19 1/2 z"]);
});

Deno.test("so many verbs of a kind wait, and so many bytes in all; then there is no room", () => {
  const many = new TestSender();
  for (let count = 0; count < LINK_QUEUE_VERBS; count++) assertFalse(many.ordered("a").isOver);
  assert(many.ordered("b", 10, "tag").isOver);
  assertFalse(many.has("tag"));
  assertFalse(many.unordered("x").isOver);
  many.packet();
  assertFalse(many.ordered("b").isOver);
  const large = new TestSender();
  let taken = 0;
  while (!large.ordered("a", 65_536).isOver) taken++;
  assertEquals(taken, Math.floor(LINK_QUEUE_BYTES / 65_536) + 1);
  assert(large.unordered("x").isOver);
  // What has left waits no longer.
  for (let count = 0; count < 61; count++) large.packet();
  assert(large.unordered("x"));
});

Deno.test("so many told verbs wait; more are lost", () => {
  const sender = new TestSender();
  for (let count = 0; count < LINK_QUEUE_VERBS + 10; count++) sender.parcels.tell(verb("t"));
  assertEquals(sender.named().flat().length, LINK_QUEUE_VERBS);
  const many = Math.ceil(LINK_TOLD_BYTES / PART_BYTES);
  for (let round = 0; round < 2; round++) {
    for (let count = 0; count < 2 * many; count++) sender.parcels.tell(verb("t", PART_BYTES));
    assertFalse(sender.parcels.hasRoomToTell);
    if (round === 0) sender.parcels.clear();
    else assertEquals(sender.named().flat().length, many);
    assert(sender.parcels.hasRoomToTell);
  }
});

// ---- lost and acknowledged -------------------------------------------------------------------------------

Deno.test("of a verb of several parts those that are lost leave again, and only those", () => {
  const { sender, packets } = sent(1, 4 * PART_BYTES);
  sender.parcels.acknowledged(packets[0]!.chunks);
  for (const at of [3, 1]) sender.parcels.again(packets[at]!.chunks);
  const again = sender.packets();
  assertEquals(namesOf(again), [["p1 3/4 a"], ["p1 1/4 a"]]);
  for (const { chunks } of [packets[2]!, ...again]) {
    assert(sender.parcels.isBusy);
    sender.parcels.acknowledged(chunks);
  }
  assertFalse(sender.parcels.isBusy);
});

Deno.test("what is lost twice before it leaves again leaves once, what is acknowledged meanwhile not at all", () => {
  const { sender, packets } = sent(1);
  const [{ chunks }] = packets as [Packet];
  for (const times of [1, 2]) {
    for (let count = 0; count < times; count++) sender.parcels.again(chunks);
    assertEquals(sender.named(), [["o1 a"]]);
  }
  sender.parcels.again(chunks);
  sender.parcels.acknowledged(chunks);
  assertFalse(sender.parcels.hasWaiting);
  // The packet that carried it again is acknowledged, or lost: neither says anything new.
  sender.parcels.acknowledged(chunks);
  sender.parcels.again(chunks);
  assertEquals([sender.parcels.hasWaiting, sender.parcels.isBusy], [false, false]);
});

Deno.test("what room is left repeats what is under way, once, and nothing that is settled or waits anyway", () => {
  const { sender, packets: [first] } = sent(4);
  const [a, b, c, d] = first!.chunks;
  sender.parcels.acknowledged([a!]);
  sender.parcels.again([b!]);
  const writer = new Writer();
  const joined = [c!];
  sender.parcels.repeat(writer, FRAMES_BYTES, first!.chunks, joined);
  assertEquals(joined, [c!, d!]);
  assertEquals((readFrames(writer.finish()) as Frame[]).map(nameOf), ["o4 d"]);
  const small = new Writer();
  sender.parcels.repeat(small, FRAME_HEADER_BYTES + 9, first!.chunks, []);
  assertEquals(small.length, 0);
});

Deno.test("a tag is known until all parts are acknowledged; when the last of them first left is told", () => {
  const sender = new TestSender();
  sender.ordered("a", 2 * PART_BYTES, "tag");
  const left = [];
  for (const now of [10, 20]) {
    assertEquals([sender.has("tag"), sender.parcels.get("tag")?.departedAt], [true, undefined]);
    left.push(sender.packet(now));
  }
  sender.parcels.again(left[1]!.chunks);
  left[1] = sender.packet(30);
  assertEquals(sender.parcels.get("tag")?.departedAt, 20);
  sender.parcels.acknowledged(left[0]!.chunks);
  assert(sender.has("tag"));
  sender.parcels.acknowledged(left[1]!.chunks);
  assertEquals([sender.has("tag"), sender.parcels.get("tag")?.departedAt], [false, undefined]);
});

Deno.test("who sends a verb sees when it left and when it is over: acknowledged, cancelled, cleared, no room", () => {
  let cancelled = 0;
  const parcels = new ParcelSender(() => cancelled++);
  const sent = ["a", "b", "c"].map((name) => parcels.send(new Pieces(verb(name)), true, undefined));
  const states = () => sent.map(({ isOver, departedAt }) => [isOver, departedAt]);
  const { chunks: [first] } = { chunks: parcels.fill(7, new Writer(), FRAMES_BYTES) };
  sent.push(parcels.send(new Pieces(verb("d")), true, undefined));
  assertEquals(states(), [[false, 7], [false, 7], [false, 7], [false, undefined]]);
  parcels.acknowledged([first!]);
  for (let times = 0; times < 2; times++) sent[1]!.cancel();
  assertEquals(cancelled, 1);
  parcels.restart();
  assertEquals(states(), [[true, 7], [true, 7], [false, undefined], [false, undefined]]);
  parcels.clear();
  assertEquals(states(), [[true, 7], [true, 7], [true, undefined], [true, undefined]]);
  sent[2]!.cancel();
  assertFalse(parcels.isBusy);
});

// ---- cancelled -------------------------------------------------------------------------------------------

Deno.test("what is cancelled before it begins never leaves, and takes no number", () => {
  const sender = new TestSender();
  for (const name of ["a", "b", "c"]) sender.ordered(name, 10, name);
  sender.unordered("x", 10, "x");
  for (const tag of ["b", "x", "nothing"]) sender.parcels.cancel(tag);
  assertEquals([sender.has("b"), sender.has("a")], [false, true]);
  assertEquals(sender.named(), [["o1 a", "o2 c"]]);
});

Deno.test("an unordered verb that is cancelled is not repeated: nothing waits for its number", () => {
  const sender = new TestSender();
  sender.unordered("x", 10, "x");
  const { chunks } = sender.packet();
  sender.parcels.again(chunks);
  sender.parcels.cancel("x");
  assertEquals([sender.parcels.hasWaiting, sender.parcels.isBusy], [false, false]);
  sender.parcels.again(chunks);
  assertFalse(sender.parcels.hasWaiting);
});

Deno.test("an ordered verb that is cancelled under way goes on as nothing, for what comes behind it", () => {
  const { sender } = sent(0);
  for (const name of ["a", "b"]) sender.ordered(name, 10, name);
  const { chunks } = sender.packet();
  sender.parcels.cancel("a");
  sender.parcels.acknowledged([chunks[1]!]);
  // Nobody waits for it any more; but if it was lost the hole is to be filled.
  assertEquals([sender.has("a"), sender.parcels.isBusy, sender.parcels.hasWaiting], [
    false,
    false,
    false,
  ]);
  sender.parcels.again([chunks[0]!]);
  assertEquals(sender.named(), [["o1 -"]]);
});

for (const begun of [1, 2, 3]) {
  Deno.test(`a text of three parts, cancelled when ${begun} of them have left, goes on as nothing at once`, () => {
    const sender = new TestSender();
    sender.ordered("a", 3 * PART_BYTES, "a");
    sender.ordered("b");
    const left = Array.from({ length: begun }, () => sender.packet());
    sender.parcels.cancel("a");
    for (const { chunks } of left) sender.parcels.again(chunks);
    const packets = sender.packets();
    assertEquals(namesOf(packets), [["o1 -", "o2 b"]]);
    for (const { chunks } of packets) sender.parcels.acknowledged(chunks);
    assertFalse(sender.parcels.isBusy);
  });
}

Deno.test("cancelled texts make room for others", () => {
  const sender = new TestSender();
  const name = (at: number) => String.fromCharCode(97 + at);
  for (let at = 0; at <= UNFINISHED_PARCELS; at++) sender.ordered(name(at), 2 * PART_BYTES, name(at));
  sender.packets();
  sender.parcels.cancel("c");
  assertEquals(sender.named().flat(), ["o3 -", "p17 0/2 q", "p17 1/2 q"]);
});

// ---- the peer begins anew --------------------------------------------------------------------------------

Deno.test("for a peer that begins anew all that is not acknowledged leaves again, in order, under new numbers", () => {
  const sender = new TestSender();
  for (const name of ["a", "b", "c"]) sender.ordered(name, 10, name);
  sender.unordered("x", 10, "x");
  const first = sender.packet();
  assertEquals(first.frames.map(nameOf), ["u1 x", "o1 a", "o2 b", "o3 c"]);
  sender.ordered("d", 3 * PART_BYTES, "d");
  sender.packet();
  sender.ordered("e", 10, "e");
  sender.parcels.tell(verb("t"));
  sender.parcels.acknowledged([first.chunks[1]!]);
  sender.parcels.cancel("c");
  sender.parcels.restart();
  assertEquals(["a", "b", "c", "d", "e", "x"].filter((tag) => sender.has(tag)), ["b", "d", "e", "x"]);
  assertEquals(sender.parcels.get("b")?.departedAt, undefined);
  const names = sender.named();
  assertEquals(names.flat(), ["told t", "u1 x", "o1 b", "p2 0/3 d", "p2 1/3 d", "p2 2/3 d", "o3 e"]);
});

Deno.test("what is cleared is gone", () => {
  const sender = new TestSender();
  for (const name of ["a", "b"]) sender.ordered(name, 2 * PART_BYTES, name);
  sender.parcels.tell(verb("t"));
  sender.packet();
  sender.parcels.clear();
  assertFalse(sender.parcels.hasWaiting || sender.parcels.isBusy || sender.has("a"));
});

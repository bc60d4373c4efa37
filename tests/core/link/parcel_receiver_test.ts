/**
 * The receiving side of parcels: whatever comes, however often and in whatever order, is handed on once, in
 * order.
 */
import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { MALFORMED, Pieces, Writer } from "../../../core/base/bytes.ts";
import {
  LINK_EARLY_BYTES,
  PARCEL_PARTS,
  PARCEL_SPAN,
  PART_BYTES,
  REPLAY_WINDOW_PACKETS,
  UNFINISHED_BYTES,
  UNFINISHED_PARCELS,
} from "../../../core/base/limits.ts";
import { Budget, ParcelReceiver } from "../../../core/link/parcel_receiver.ts";
import { type Chunk, ParcelSender } from "../../../core/link/parcel_sender.ts";
import { type Frame, type PartFrame, readFrames } from "../../../core/wire/frame.ts";
import { FRAMES_BYTES } from "../../../core/wire/packet.ts";
import { type Dice, seededDice } from "../../kit/dice.ts";

const NAME_BYTES = 4;

/** A verb that says its name, a number. */
function verb(name: number, length = 10): Uint8Array {
  const bytes = new Uint8Array(length).fill(name);
  new DataView(bytes.buffer).setUint32(0, name);
  return bytes;
}

/** The names of verbs, each as it was sent: to its last byte. */
function namesOf(verbs: readonly Uint8Array[] | undefined): number[] | undefined {
  return verbs?.map((bytes) => {
    const name = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    assertEquals(bytes, verb(name, bytes.length));
    return name;
  });
}

/** Parcel `number`, named like it, in so many parts; the last one has a byte. */
function partsOf(number: number, parts: number): PartFrame[] {
  const bytes = verb(number, (parts - 1) * PART_BYTES + 1);
  return Array.from({ length: parts }, (_, index) => ({
    type: "part",
    number,
    index,
    parts,
    bytes: bytes.subarray(index * PART_BYTES, (index + 1) * PART_BYTES),
  }));
}

class TestReceiver {
  readonly parcels: ParcelReceiver;

  constructor(readonly budget = new Budget()) {
    this.parcels = new ParcelReceiver(budget);
  }

  ordered(number: number, length?: number): number[] | undefined {
    return namesOf(this.parcels.receiveOrdered(number, verb(number, length)));
  }

  unordered(number: number): number[] | undefined {
    return namesOf(this.parcels.receiveUnordered(number, verb(number)));
  }

  part(frame: PartFrame): number[] | undefined {
    return namesOf(this.parcels.receivePart(frame));
  }

  empty(number: number): number[] | undefined {
    return namesOf(this.parcels.receiveOrdered(number, new Uint8Array(0)));
  }

  /** Nothing is held, and nothing is missing of the budget. */
  assertEmpty(): void {
    assertEquals(this.parcels.held, 0);
    assertEquals(roomIn(this.budget), UNFINISHED_BYTES);
  }
}

/** What the budget still gives, to the last byte. */
function roomIn(budget: Budget): number {
  // No link holds more, so none has to let go for it.
  const greedy = { held: UNFINISHED_BYTES, lose: () => {} };
  let room = 0;
  for (let bytes = UNFINISHED_BYTES; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    while (budget.take(bytes, greedy)) room += bytes;
  }
  greedy.held = 0;
  budget.give(room, greedy);
  return room;
}

// ---- ordered ---------------------------------------------------------------------------------------------

Deno.test("ordered parcels are handed on in order, and what was missing brings all that waited for it", () => {
  const receiver = new TestReceiver();
  const seen = [1, 3, 5, 4, 2, 6].map((number) => receiver.ordered(number));
  assertEquals(seen, [[1], [], [], [], [2, 3, 4, 5], [6]]);
  receiver.assertEmpty();
});

Deno.test("what comes again is not handed on again, nor held twice", () => {
  const receiver = new TestReceiver();
  assertEquals([2, 2].map((number) => receiver.ordered(number)), [[], []]);
  const { held } = receiver.parcels;
  assertEquals(receiver.ordered(2), []);
  assertEquals(receiver.parcels.held, held);
  assertEquals([1, 1, 2, 3, 3].map((number) => receiver.ordered(number)), [[1, 2], [], [], [3], []]);
  receiver.assertEmpty();
});

Deno.test("an empty parcel is handed on to nobody, and lets pass what is behind it", () => {
  const receiver = new TestReceiver();
  for (const number of [3, 4]) receiver.ordered(number);
  assertEquals([receiver.empty(2), receiver.empty(1)], [[], [3, 4]]);
  receiver.assertEmpty();
});

Deno.test("an empty one takes the place of parts that have come", () => {
  const receiver = new TestReceiver();
  const [first, second] = partsOf(1, 2);
  assertEquals([receiver.part(first!), receiver.ordered(2), receiver.empty(1)], [[], [], [2]]);
  receiver.assertEmpty();
  assertEquals(receiver.part(second!), []);
  receiver.assertEmpty();
});

Deno.test("beyond the span from the next one there is no room", () => {
  const receiver = new TestReceiver();
  assertEquals(receiver.ordered(PARCEL_SPAN + 1), undefined);
  assertEquals(receiver.part(partsOf(PARCEL_SPAN + 1, 2)[0]!), undefined);
  assertEquals(receiver.ordered(PARCEL_SPAN), []);
  receiver.ordered(1);
  assertEquals(receiver.ordered(PARCEL_SPAN + 1), []);
});

Deno.test("what is held is a copy: the datagram it came in belongs to somebody else", () => {
  const receiver = new TestReceiver();
  const datagram = verb(2);
  receiver.parcels.receiveOrdered(2, datagram);
  datagram.fill(0);
  const [first, second] = partsOf(1, 2);
  const bytes = first!.bytes.slice();
  receiver.part({ ...first!, bytes });
  bytes.fill(0);
  assertEquals(receiver.part(second!), [1, 2]);
});

// ---- parts -----------------------------------------------------------------------------------------------

Deno.test("parts are put together in whatever order they come, and doubled ones do no harm", () => {
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0], [1, 1, 0, 1, 0, 2], [
    2,
    2,
    2,
    0,
    1,
  ]];
  for (const order of orders) {
    const receiver = new TestReceiver();
    const parts = partsOf(1, 3);
    const seen = order.map((index) => receiver.part(parts[index]!));
    assertEquals(seen.at(-1), [1], order.join());
    assertEquals(seen.flat(), [1], order.join());
    receiver.assertEmpty();
    for (const part of parts) assertEquals(receiver.part(part), []);
    receiver.assertEmpty();
  }
});

Deno.test("a parcel of the most parts, and many at once", () => {
  const receiver = new TestReceiver();
  const parcels = Array.from({ length: UNFINISHED_PARCELS }, (_, at) => partsOf(at + 1, PARCEL_PARTS));
  const seen = [];
  for (let index = PARCEL_PARTS - 1; index >= 0; index--) {
    for (const parts of parcels) seen.push(...receiver.part(parts[index]!)!);
  }
  assertEquals(seen, parcels.map((_, at) => at + 1));
  receiver.assertEmpty();
});

Deno.test("parts that do not agree on how many there are make nothing longer than the first of them said", () => {
  for (const [first, other] of [[2, 3], [3, 2], [2, PARCEL_PARTS], [PARCEL_PARTS, 2]] as const) {
    const receiver = new TestReceiver();
    const [said, contradicted] = [partsOf(1, first), partsOf(1, other)];
    assertEquals(receiver.part(said[0]!), []);
    // Those beyond the first one's end are taken for nothing, and so is what stands where something is.
    const { held } = receiver.parcels;
    for (const part of contradicted.slice(first)) assertEquals(receiver.part(part), []);
    assertEquals(receiver.part(contradicted[0]!), []);
    assertEquals(receiver.parcels.held, held);
    // Others may stand for those that lack; bytes they have like any.
    const all = said.map((part) => receiver.parcels.receivePart(part));
    assertEquals(all.flat().map((verb) => verb!.length), [said.length * PART_BYTES - PART_BYTES + 1]);
    receiver.assertEmpty();
  }
});

Deno.test("a parcel that comes whole and in parts is handed on once", () => {
  for (const isFirst of [true, false]) {
    const receiver = new TestReceiver();
    const parts = partsOf(2, 2);
    if (isFirst) receiver.ordered(2);
    for (const part of parts) assertEquals(receiver.part(part), []);
    if (!isFirst) receiver.ordered(2);
    assertEquals(receiver.ordered(1), [1, 2]);
    receiver.assertEmpty();
  }
  const receiver = new TestReceiver();
  receiver.part(partsOf(1, 2)[0]!);
  assertEquals(receiver.ordered(1), [1]);
  receiver.assertEmpty();
});

Deno.test("of 16 parcels parts are kept; of others they count as lost until one is whole", () => {
  const receiver = new TestReceiver();
  const parcels = Array.from({ length: UNFINISHED_PARCELS + 1 }, (_, at) => partsOf(at + 1, 2));
  const more = parcels.pop()!;
  for (const [first] of parcels) assertEquals(receiver.part(first!), []);
  const { held } = receiver.parcels;
  for (const part of more) assertEquals(receiver.part(part), undefined);
  assertEquals(receiver.parcels.held, held);
  // One of several parts keeps nobody else from coming.
  assertEquals(receiver.ordered(UNFINISHED_PARCELS + 2), []);
  // The last is whole now, though it waits for the others.
  assertEquals(receiver.part(parcels.at(-1)![1]!), []);
  for (const part of more) assertEquals(receiver.part(part), []);
  const seen = parcels.slice(0, -1).map(([, second]) => receiver.part(second!));
  assertEquals(seen.flat(), Array.from({ length: UNFINISHED_PARCELS + 2 }, (_, at) => at + 1));
  receiver.assertEmpty();
});

// ---- budgets ---------------------------------------------------------------------------------------------

Deno.test("one peer's early parcels take so many bytes; the one that all wait for finds room", () => {
  const receiver = new TestReceiver();
  const length = 64 * 1024;
  let number = 2;
  while (receiver.ordered(number, length) !== undefined) number++;
  assertLessOrEqual(receiver.parcels.held, LINK_EARLY_BYTES + PARCEL_SPAN);
  assertLess(LINK_EARLY_BYTES - receiver.parcels.held, 2 * length);
  assertEquals(roomIn(receiver.budget), UNFINISHED_BYTES - receiver.parcels.held);
  // It may be the longest that there is.
  const next = partsOf(1, PARCEL_PARTS);
  for (const part of next.slice(0, -1)) assertEquals(receiver.part(part), []);
  assertEquals(receiver.part(next.at(-1)!)!.length, number - 1);
  receiver.assertEmpty();
  assertEquals(receiver.ordered(number), [number]);
});

Deno.test("all peers together take so many bytes; when there is no more room, the one that holds most loses it", () => {
  const budget = new Budget();
  const receivers = Array.from(
    { length: Math.ceil(UNFINISHED_BYTES / LINK_EARLY_BYTES) + 1 },
    () => new TestReceiver(budget),
  );
  const length = 64 * 1024;
  for (const receiver of receivers) {
    for (let at = 2; receiver.ordered(at, length) !== undefined;) at++;
    const held = receivers.reduce((sum, { parcels }) => sum + parcels.held, 0);
    assertEquals(held + roomIn(budget), UNFINISHED_BYTES);
  }
  const lost = receivers.filter(({ parcels }) => parcels.isLost);
  assertEquals([lost.length, lost[0]!.parcels.held], [1, 0]);
  // What it had acknowledged is gone: it takes nothing any more, and its packet space ends.
  assertEquals(lost[0]!.ordered(2), undefined);
  const modest = new TestReceiver(budget);
  for (const part of partsOf(1, PARCEL_PARTS)) assert(modest.part(part) !== undefined);
  for (const { parcels } of receivers) parcels.clear();
  modest.assertEmpty();
});

/** What V8 takes for an array in a map, beside the bytes in it. */
const MEASURED_BYTES = 230;

Deno.test("many tiny ones count for the memory that they take", () => {
  const early = new TestReceiver();
  for (let number = 2; number <= PARCEL_SPAN; number++) early.empty(number);
  assertGreater(early.parcels.held, (PARCEL_SPAN - 1) * MEASURED_BYTES);
  const inParts = new TestReceiver();
  for (let number = 1; number <= UNFINISHED_PARCELS; number++) {
    inParts.part(partsOf(number, PARCEL_PARTS).at(-1)!);
  }
  assertGreater(inParts.parcels.held, UNFINISHED_PARCELS * 2 * MEASURED_BYTES);
});

Deno.test("what is refused holds nothing", () => {
  const budget = new Budget();
  // Somebody has it all, and does not count as the one who holds most.
  const other = { held: 0, lose: () => {} };
  assert(budget.take(UNFINISHED_BYTES, other));
  const receiver = new TestReceiver(budget);
  for (const part of partsOf(2, 2)) assertEquals(receiver.part(part), undefined);
  assertEquals([receiver.ordered(2), receiver.parcels.held], [undefined, 0]);
  // What need not be held needs no room.
  assertEquals([receiver.ordered(1), receiver.unordered(1)], [[1], [1]]);
  budget.give(UNFINISHED_BYTES, other);
  assertEquals(receiver.ordered(2), [2]);
  receiver.assertEmpty();
});

Deno.test("after it was cleared nothing of it comes back", () => {
  const receiver = new TestReceiver();
  receiver.ordered(3);
  receiver.part(partsOf(2, 2)[0]!);
  receiver.parcels.clear();
  receiver.assertEmpty();
  assertEquals(receiver.part(partsOf(2, 2)[1]!), []);
  receiver.parcels.clear();
  receiver.assertEmpty();
});

// ---- unordered -------------------------------------------------------------------------------------------

Deno.test("unordered parcels are handed on as they come, each once", () => {
  const receiver = new TestReceiver();
  const seen = [3, 1, 3, 5, 2, 1, 4, 5, 2, 6].map((number) => receiver.unordered(number));
  assertEquals(seen, [[3], [1], [], [5], [2], [], [4], [], [], [6]]);
  receiver.assertEmpty();
});

Deno.test("numbers too large to count do no harm", () => {
  const receiver = new TestReceiver();
  for (const number of [2 ** 60, 2 ** 60 + 1024, 2 ** 60 + 2048, 2 ** 62 - 1]) receiver.unordered(number);
  receiver.assertEmpty();
});

Deno.test("ordered and unordered ones have numbers of their own", () => {
  const receiver = new TestReceiver();
  assertEquals([receiver.unordered(1), receiver.ordered(1)], [[1], [1]]);
});

Deno.test("unordered ones that lack for longer than any sender has them under way were cancelled", () => {
  const receiver = new TestReceiver();
  assertEquals(receiver.unordered(PARCEL_SPAN), [PARCEL_SPAN]);
  assertEquals(receiver.unordered(1), [1]);
  const far = PARCEL_SPAN + REPLAY_WINDOW_PACKETS;
  assertEquals(receiver.unordered(far), [far]);
  assertEquals([2, PARCEL_SPAN, far - PARCEL_SPAN, far].map((number) => receiver.unordered(number)), [
    [],
    [],
    [far - PARCEL_SPAN],
    [],
  ]);
});

// ---- anything --------------------------------------------------------------------------------------------

/** What a sender and a receiver make of a path that loses, doubles and mixes; some verbs are cancelled. */
function overABadPath(dice: Dice): void {
  const [sender, receiver] = [new ParcelSender(() => {}), new TestReceiver()];
  const ordered: number[] = [];
  const cancelled = new Set<number>();
  const seen: number[] = [];
  let underWay: { frames: Frame[]; chunks: Chunk[] }[] = [];
  const last = 60 + dice.below(60);
  for (let name = 1; name <= last || sender.hasWaiting || underWay.length > 0;) {
    if (name <= last && dice.happens(0.5)) {
      const isOrdered = dice.happens(0.7);
      const length = isOrdered && dice.happens(0.3) ? dice.below(5 * PART_BYTES) : dice.below(300);
      const bytes = verb(name, NAME_BYTES + length);
      const at = dice.below(bytes.length + 1);
      sender.send(new Pieces(bytes.subarray(0, at), bytes.subarray(at)), isOrdered, `${name}`);
      if (isOrdered) ordered.push(name);
      name++;
    }
    if (dice.happens(0.05)) {
      const some = 1 + dice.below(last);
      if (sender.get(`${some}`) !== undefined) cancelled.add(some);
      sender.cancel(`${some}`);
    }
    if (sender.hasWaiting) {
      const writer = new Writer();
      const chunks = sender.fill(0, writer, dice.pick([FRAMES_BYTES, FRAMES_BYTES, 2 * PART_BYTES / 3]));
      const frames = readFrames(writer.finish());
      assert(frames !== MALFORMED);
      underWay.push({ frames, chunks });
    }
    if (underWay.length === 0 || dice.happens(0.3)) continue;
    const packet = dice.pick(underWay);
    const isLost = dice.happens(0.3);
    const taken = isLost ? [] : packet.frames.map((frame) => {
      if (frame.type === "part") return receiver.part(frame);
      if (frame.type === "ordered") return namesOf(receiver.parcels.receiveOrdered(frame.number, frame.verb));
      return frame.type === "unordered"
        ? namesOf(receiver.parcels.receiveUnordered(frame.number, frame.verb))
        : [];
    });
    seen.push(...taken.flatMap((names) => names ?? []));
    if (dice.happens(0.1)) continue;
    underWay = underWay.filter((other) => other !== packet);
    if (isLost || taken.includes(undefined)) sender.again(packet.chunks);
    else sender.acknowledged(packet.chunks);
  }
  assertEquals(seen.length, new Set(seen).size, "something was handed on twice");
  const whole = seen.filter((name) => ordered.includes(name));
  assertEquals(whole, whole.toSorted((one, other) => one - other), "something came out of order");
  const lost = Array.from({ length: last }, (_, at) => at + 1).filter((name) =>
    !cancelled.has(name) && !seen.includes(name)
  );
  assertEquals([lost, sender.isBusy], [[], false]);
  receiver.assertEmpty();
}

Deno.test("whatever the path does, what is not cancelled arrives once, in order, and nothing stays behind", () => {
  const dice = seededDice();
  for (let run = 0; run < 100; run++) overABadPath(dice);
});

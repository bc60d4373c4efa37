import { assert, assertEquals, assertLess } from "@std/assert";
import { MALFORMED } from "../../core/bytes.ts";
import { ackRoom, decodeFrame, encodeFrame, type Frame, type Transport } from "../../core/frame.ts";
import { ACKS_PER_PACKET, DATAGRAM_BYTES, HELLO_BYTES } from "../../core/limits.ts";
import { mutated } from "./samples.ts";
import { seededDice } from "./seed.ts";

const TOKEN = "0123456789abcdef";
const REPLY = "fedcba9876543210";
const TOP = 2 ** 32 - 1;

const TRANSPORT: Transport = {
  type: "transport",
  token: TOKEN,
  reply: REPLY,
  session: "0000ffff",
  number: 1,
  acked: undefined,
  verb: new Uint8Array(0),
};

const FRAMES: readonly Frame[] = [
  { type: "hello", reply: TOKEN },
  { type: "retry", token: TOKEN, reply: REPLY },
  TRANSPORT,
  { ...TRANSPORT, number: 0, verb: new Uint8Array(3) },
  { ...TRANSPORT, number: TOP, acked: { session: "deadbeef", numbers: [1] } },
  {
    ...TRANSPORT,
    acked: { session: "00000000", numbers: Array(ACKS_PER_PACKET).fill(TOP) },
    verb: new Uint8Array(1000),
  },
];

Deno.test("every kind of frame survives the wire", () => {
  for (const frame of FRAMES) assertEquals(decodeFrame(encodeFrame(frame)), frame);
});

Deno.test("the first byte is version 1 and the kind", () => {
  assertEquals(FRAMES.slice(0, 3).map((frame) => encodeFrame(frame)[0]), [0x11, 0x12, 0x13]);
});

Deno.test("a hello has 32 bytes, a retry fewer", () => {
  assertEquals(encodeFrame({ type: "hello", reply: TOKEN }).length, HELLO_BYTES);
  assertEquals(HELLO_BYTES, 32);
  assertLess(encodeFrame({ type: "retry", token: TOKEN, reply: REPLY }).length, HELLO_BYTES);
});

Deno.test("a hello or a retry of another length means nothing", () => {
  for (const frame of FRAMES.slice(0, 2)) {
    const bytes = encodeFrame(frame);
    assertEquals(decodeFrame(Uint8Array.of(...bytes, 0)), MALFORMED);
    assertEquals(decodeFrame(bytes.subarray(0, -1)), MALFORMED);
  }
});

Deno.test("another version or an unknown kind means nothing", () => {
  const bytes = encodeFrame(FRAMES[0]!);
  for (let first = 0; first < 256; first++) {
    bytes[0] = first;
    if (first === 0x11) continue;
    const frame = decodeFrame(bytes);
    // With 32 bytes it can still be a transport packet, but never a retry.
    assert(frame === MALFORMED || (first === 0x13 && frame.type === "transport"), String(first));
  }
});

Deno.test("more than 1,200 bytes mean nothing, 1,200 do", () => {
  const header = encodeFrame(TRANSPORT).length;
  const fitting = { ...TRANSPORT, verb: new Uint8Array(DATAGRAM_BYTES - header) };
  assertEquals(decodeFrame(encodeFrame(fitting)), fitting);
  const long = { ...TRANSPORT, verb: new Uint8Array(DATAGRAM_BYTES - header + 1) };
  assertEquals(decodeFrame(encodeFrame(long)), MALFORMED);
});

Deno.test("every truncation is a shorter frame or means nothing", () => {
  for (const frame of FRAMES) {
    const bytes = encodeFrame(frame);
    const verbBytes = frame.type === "transport" ? frame.verb.length : 0;
    for (let length = 0; length < bytes.length; length++) {
      const cut = decodeFrame(bytes.subarray(0, length));
      const verbLeft = length - (bytes.length - verbBytes);
      if (verbLeft < 0) assertEquals(cut, MALFORMED, `${frame.type} cut to ${length}`);
      else assertEquals<unknown>(cut, { ...frame, verb: new Uint8Array(1000).subarray(0, verbLeft) });
    }
  }
});

Deno.test("more acknowledgements than a packet may carry mean nothing", () => {
  const numbers = Array(ACKS_PER_PACKET + 1).fill(1);
  const bytes = encodeFrame({ ...TRANSPORT, acked: { session: "00000000", numbers } });
  assertEquals(decodeFrame(bytes), MALFORMED);
});

Deno.test("acknowledgements take the room that a verb leaves, and no more", () => {
  for (let length = 0; length <= DATAGRAM_BYTES; length++) {
    const count = ackRoom(length);
    if (count === 0) continue;
    const acked = { session: "00000000", numbers: Array(count).fill(1) };
    const bytes = encodeFrame({ ...TRANSPORT, acked, verb: new Uint8Array(length) });
    assert(bytes.length <= DATAGRAM_BYTES, `a verb of ${length} bytes`);
    assert(count === ACKS_PER_PACKET || bytes.length > DATAGRAM_BYTES - 4);
  }
});

Deno.test("any bytes are a frame or MALFORMED, and a frame is written as it was read", () => {
  const dice = seededDice();
  const valid = FRAMES.map(encodeFrame);
  for (let round = 0; round < 20_000; round++) {
    const bytes = round % 2 === 0 ? mutated(dice, dice.pick(valid)) : dice.bytes(dice.below(80));
    const frame = decodeFrame(bytes);
    if (frame === MALFORMED) continue;
    assertEquals(decodeFrame(encodeFrame(frame)), frame);
    if (frame.type !== "hello") assertEquals(encodeFrame(frame), bytes);
  }
});

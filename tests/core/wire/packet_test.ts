/** The outer grammar of datagrams: every kind, byte by byte, and all that is none. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { MALFORMED, type Malformed } from "../../../core/base/bytes.ts";
import { KEY_BYTES, TAG_BYTES } from "../../../core/base/crypto.ts";
import { DATAGRAM_BYTES, SERVER_NAME_BYTES } from "../../../core/base/limits.ts";
import { VERSION } from "../../../core/base/version.ts";
import {
  decodePacket,
  encodeAnnounce,
  encodeCookieReply,
  encodeDiscover,
  encodeInitiation,
  encodeResponse,
  encodeVersions,
  FRAMES_BYTES,
  INITIATION_NOISE_BYTES,
  MAC_BYTES,
  NONCE_BYTES,
  OVERHEAD_BYTES,
  type Packet,
  SALT_BYTES,
} from "../../../core/wire/packet.ts";
import { encodeTransport } from "../../kit/datagram.ts";
import { seededDice } from "../../kit/dice.ts";
import { mutated } from "../../kit/samples.ts";

const RESPONSE_NOISE_BYTES = 60;
const SEALED_COOKIE_BYTES = 34;

/** Bytes that tell their place. */
function counting(count: number, first = 1): Uint8Array {
  return Uint8Array.from({ length: count }, (_, at) => first + at);
}

const NONCE = counting(NONCE_BYTES);
const KEY = counting(KEY_BYTES, 100);
const SALT = counting(SALT_BYTES);
const INDEX = 0x01020304;
const TOP_INDEX = 2 ** 32 - 1;
const NAME = "é".repeat(SERVER_NAME_BYTES / 2);

const initiation = encodeInitiation(INDEX, counting(INITIATION_NOISE_BYTES));
initiation.set(counting(2 * MAC_BYTES, 200), initiation.length - 2 * MAC_BYTES);
const response = encodeResponse(INDEX, TOP_INDEX, counting(RESPONSE_NOISE_BYTES));
response.set(counting(MAC_BYTES, 200), response.length - MAC_BYTES);

interface Sample {
  readonly bytes: Uint8Array;
  readonly packet: Packet;
  readonly kind: number;
  readonly length: number;
}

const DISCOVER: Sample = {
  bytes: encodeDiscover(NONCE),
  packet: { type: "discover", nonce: NONCE, length: 98 },
  kind: 0x41,
  length: 98,
};

const ANNOUNCE: Sample = {
  bytes: encodeAnnounce(NONCE, KEY, NAME),
  packet: { type: "announce", nonce: NONCE, key: KEY, name: NAME, bytes: encodeAnnounce(NONCE, KEY, NAME) },
  kind: 0x42,
  length: 98,
};

const INITIATION: Sample = {
  bytes: initiation,
  packet: {
    type: "initiation",
    sender: INDEX,
    noise: counting(INITIATION_NOISE_BYTES),
    mac1: counting(MAC_BYTES, 200),
    bytes: initiation,
  },
  kind: 0x43,
  length: 151,
};

const RESPONSE: Sample = {
  bytes: response,
  packet: {
    type: "response",
    sender: INDEX,
    receiver: TOP_INDEX,
    noise: counting(RESPONSE_NOISE_BYTES),
    bytes: response,
  },
  kind: 0x44,
  length: 85,
};

const COOKIE_REPLY: Sample = {
  bytes: encodeCookieReply(INDEX, SALT, counting(SEALED_COOKIE_BYTES, 50)),
  packet: { type: "cookieReply", receiver: INDEX, salt: SALT, sealed: counting(SEALED_COOKIE_BYTES, 50) },
  kind: 0x45,
  length: 71,
};

const TRANSPORT: Sample = {
  bytes: encodeTransport(INDEX, Number.MAX_SAFE_INTEGER, counting(TAG_BYTES)),
  packet: {
    type: "transport",
    receiver: INDEX,
    number: Number.MAX_SAFE_INTEGER,
    sealed: counting(TAG_BYTES),
  },
  kind: 0x46,
  length: 29,
};

const VERSIONS: Sample = {
  bytes: encodeVersions(),
  packet: { type: "versions", known: [VERSION] },
  kind: 0x00,
  length: 2,
};

function meansNothing(bytes: Uint8Array, why?: string): void {
  assertEquals<unknown>(decodePacket(bytes), MALFORMED, why);
}

/** Packets that have one length only. */
const FIXED = [INITIATION, RESPONSE, COOKIE_REPLY];
const SAMPLES = [DISCOVER, ANNOUNCE, ...FIXED, TRANSPORT, VERSIONS];

for (const { bytes, packet, kind, length } of SAMPLES) {
  Deno.test(`${packet.type}: ${length} bytes, the first of them 0x${Uint8Array.of(kind).toHex()}, there and back`, () => {
    assertEquals([bytes[0], bytes.length], [kind, length]);
    assertEquals<unknown>(decodePacket(bytes), packet);
  });
}

Deno.test("numbers and fields stand where the table has them, big-endian", () => {
  const digits = (count: number, first?: number) => counting(count, first).toHex();
  assertEquals(
    ANNOUNCE.bytes.subarray(0, 54).toHex(),
    "42" + digits(16) + digits(32, 100) + "20" + "c3a9c3a9",
  );
  assertEquals(initiation.subarray(0, 8).toHex(), "43" + "01020304" + "010203");
  assertEquals(response.subarray(0, 12).toHex(), "44" + "01020304" + "ffffffff" + "010203");
  assertEquals(COOKIE_REPLY.bytes.subarray(0, 8).toHex(), "45" + "01020304" + "010203");
  assertEquals(TRANSPORT.bytes.toHex(), "46" + "01020304" + "001fffffffffffff" + digits(16));
  assertEquals(VERSIONS.bytes.toHex(), "0004");
});

Deno.test("macs are zeros until they are set", () => {
  const unset = encodeInitiation(1, counting(INITIATION_NOISE_BYTES)).subarray(-2 * MAC_BYTES);
  assertEquals(unset, new Uint8Array(2 * MAC_BYTES));
  const unanswered = encodeResponse(1, 2, counting(RESPONSE_NOISE_BYTES)).subarray(-MAC_BYTES);
  assertEquals(unanswered, new Uint8Array(MAC_BYTES));
});

Deno.test("a discover is padded with zeros to the length of its answer", () => {
  assertEquals(DISCOVER.bytes.length, ANNOUNCE.bytes.length);
  assertEquals(DISCOVER.bytes.subarray(1 + NONCE_BYTES), new Uint8Array(DISCOVER.length - 1 - NONCE_BYTES));
  for (let length = 0; length < DISCOVER.length; length++) {
    meansNothing(DISCOVER.bytes.subarray(0, length), `cut to ${length}`);
  }
});

Deno.test("a discover may be longer, up to the longest datagram, and so may its answer", () => {
  for (const length of [99, 600, DATAGRAM_BYTES]) {
    const discover = encodeDiscover(NONCE, length);
    assertEquals<unknown>(decodePacket(discover), { type: "discover", nonce: NONCE, length });
    const bytes = encodeAnnounce(NONCE, KEY, NAME, length);
    assertEquals<unknown>(decodePacket(bytes), {
      type: "announce",
      nonce: NONCE,
      key: KEY,
      name: NAME,
      bytes,
    });
    assertEquals([discover.length, bytes.length], [length, length]);
  }
  meansNothing(encodeDiscover(NONCE, DATAGRAM_BYTES + 1));
});

Deno.test("every announce has the same length, whatever the name, and zeros behind it", () => {
  for (const name of ["", "x", "Zoë's", NAME]) {
    const bytes = encodeAnnounce(NONCE, KEY, name);
    assertEquals<unknown>(decodePacket(bytes), { type: "announce", nonce: NONCE, key: KEY, name, bytes });
    assertEquals(bytes.length, ANNOUNCE.length);
  }
  assertEquals(encodeAnnounce(NONCE, KEY, "x").subarray(50).toHex(), "78" + "00".repeat(31 + 16));
});

Deno.test("a name that is too long or not UTF-8 makes an announce mean nothing", () => {
  const lengthAt = 1 + NONCE_BYTES + KEY_BYTES;
  for (const length of [SERVER_NAME_BYTES + 1, 255]) {
    meansNothing(ANNOUNCE.bytes.with(lengthAt, length));
  }
  // The length cuts a letter of two bytes in half.
  meansNothing(ANNOUNCE.bytes.with(lengthAt, SERVER_NAME_BYTES - 1));
  meansNothing(ANNOUNCE.bytes.with(lengthAt + 1, 0xff));
});

Deno.test("no answer is longer than what it answers", () => {
  assertLessOrEqual(ANNOUNCE.length, DISCOVER.length);
  assertLessOrEqual(RESPONSE.length, INITIATION.length);
  assertLessOrEqual(COOKIE_REPLY.length, INITIATION.length);
  const foreign = Uint8Array.of(0x21, 0);
  assertEquals<unknown>(decodePacket(foreign), { type: "foreign", version: 2 });
  meansNothing(foreign.subarray(0, 1));
  assertLessOrEqual(VERSIONS.length, foreign.length);
});

for (const { bytes, packet, length } of FIXED) {
  Deno.test(`${packet.type}: another length than ${length} means nothing`, () => {
    const long = new Uint8Array(DATAGRAM_BYTES + 1);
    long.set(bytes);
    for (let other = 0; other <= long.length; other++) {
      if (other === length) continue;
      meansNothing(long.subarray(0, other), String(other));
    }
  });
}

Deno.test("a transport packet has a tag at least, and 1,200 bytes at most", () => {
  for (let length = 0; length < TRANSPORT.length; length++) {
    meansNothing(TRANSPORT.bytes.subarray(0, length), `cut to ${length}`);
  }
  const sealed = new Uint8Array(FRAMES_BYTES + TAG_BYTES).fill(5);
  const longest = encodeTransport(0, 0, sealed);
  assertEquals([longest.length, OVERHEAD_BYTES], [DATAGRAM_BYTES, TRANSPORT.length]);
  assertEquals<unknown>(decodePacket(longest), { type: "transport", receiver: 0, number: 0, sealed });
  const longer = encodeTransport(0, 0, new Uint8Array(sealed.length + 1));
  meansNothing(longer);
});

Deno.test("a kind that nobody uses means nothing", () => {
  const kinds = SAMPLES.map(({ kind }) => kind);
  for (let kind = VERSION << 4; kind < (VERSION + 1) << 4; kind++) {
    if (kinds.includes(kind)) continue;
    for (const { bytes } of SAMPLES) meansNothing(bytes.with(0, kind));
  }
});

Deno.test("another version is told, whatever follows it; its kinds are not ours to know", () => {
  for (let first = 0x10; first < 256; first++) {
    const version = first >> 4;
    if (version === VERSION) continue;
    for (const length of [2, 98, DATAGRAM_BYTES]) {
      const bytes = new Uint8Array(length).fill(0xff).with(0, first);
      assertEquals<unknown>(decodePacket(bytes), { type: "foreign", version });
    }
    meansNothing(new Uint8Array(DATAGRAM_BYTES + 1).with(0, first));
  }
});

Deno.test("version 0 names versions in kind 0, and is nothing else", () => {
  assertEquals<unknown>(decodePacket(Uint8Array.of(0, 3, 4, 255)), { type: "versions", known: [3, 4, 255] });
  meansNothing(Uint8Array.of(0));
  for (let first = 1; first < 0x10; first++) {
    meansNothing(Uint8Array.of(first, VERSION));
  }
  meansNothing(new Uint8Array(DATAGRAM_BYTES + 1));
});

Deno.test("a version that we speak is not answered with versions, even if the packet means nothing", () => {
  meansNothing(Uint8Array.of(VERSION << 4 | 6, 0));
});

/** The same packet once more, without its macs. */
function encodedAgain(packet: Packet): Uint8Array | undefined {
  switch (packet.type) {
    case "discover":
      return encodeDiscover(packet.nonce, packet.length);
    case "announce":
      return encodeAnnounce(packet.nonce, packet.key, packet.name, packet.bytes.length);
    case "initiation":
      return encodeInitiation(packet.sender, packet.noise);
    case "response":
      return encodeResponse(packet.sender, packet.receiver, packet.noise);
    case "cookieReply":
      return encodeCookieReply(packet.receiver, packet.salt, packet.sealed);
    case "transport":
      return encodeTransport(packet.receiver, packet.number, packet.sealed);
    default:
      return undefined;
  }
}

function withoutMacs(packet: Packet | Malformed): unknown {
  return packet === MALFORMED ? packet : { ...packet, mac1: undefined, bytes: undefined };
}

Deno.test("any bytes are a packet or MALFORMED, and what is read is written as it was", () => {
  const dice = seededDice();
  let packets = 0;
  for (let round = 0; round < 20_000; round++) {
    const { bytes, packet: { type } } = dice.pick(SAMPLES);
    // One byte differs, so that most are packets still; or anything goes.
    const changed = bytes.with(dice.below(bytes.length), dice.below(256));
    const input = round % 2 === 0 ? changed : mutated(dice, bytes);
    const packet = decodePacket(input);
    if (packet === MALFORMED) continue;
    packets++;
    const again = encodedAgain(packet);
    if (again === undefined || (packet.type === "transport" && !Number.isSafeInteger(packet.number))) {
      continue;
    }
    assertEquals(again.length, input.length, type);
    assertEquals(withoutMacs(decodePacket(again)), withoutMacs(packet));
  }
  assert(packets > 10_000, `only ${packets} of them were packets`);
});

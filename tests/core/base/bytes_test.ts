import { assert, assertEquals, assertFalse } from "@std/assert";
import { equalBytes, Pieces, Reader, utf8Length, Writer } from "../../../core/base/bytes.ts";
import { seededDice } from "../../kit/dice.ts";

function written(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  write(writer);
  return writer.finish();
}

Deno.test("numbers are big-endian", () => {
  assertEquals((written((w) => w.u8(0xab))).toHex(), "ab");
  assertEquals((written((w) => w.u16(0x0102))).toHex(), "0102");
  assertEquals((written((w) => w.u24(0xfffefd))).toHex(), "fffefd");
  assertEquals((written((w) => w.u32(0xfffefdfc))).toHex(), "fffefdfc");
  assertEquals((written((w) => w.u48(0x0102_03040506))).toHex(), "010203040506");
  assertEquals((written((w) => w.u64(0x0102_0304_0506_07))).toHex(), "0001020304050607");
});

Deno.test("what was written is read: numbers at their edges, hexadecimal digits, text", () => {
  const bytes = written((w) => {
    for (const value of [0, 255]) w.u8(value);
    for (const value of [0, 65535]) w.u16(value);
    for (const value of [0, 65536, 2 ** 24 - 1]) w.u24(value);
    for (const value of [0, 2 ** 31, 2 ** 32 - 1]) w.u32(value);
    for (const value of [0, 2 ** 32, 2 ** 48 - 1]) w.u48(value);
    for (const value of [0, 2 ** 32, Number.MAX_SAFE_INTEGER]) w.u64(value);
    w.hex("00ff10");
    w.text8("");
    w.text8("é");
    w.text24("😀".repeat(250));
    w.text24("é".repeat(35_000));
    w.zeros(3);
    w.raw(Uint8Array.of(1, 2));
  });
  const reader = new Reader(bytes);
  assertEquals([reader.u8(), reader.u8()], [0, 255]);
  assertEquals([reader.u16(), reader.u16()], [0, 65535]);
  assertEquals([reader.u24(), reader.u24(), reader.u24()], [0, 65536, 2 ** 24 - 1]);
  assertEquals([reader.u32(), reader.u32(), reader.u32()], [0, 2 ** 31, 2 ** 32 - 1]);
  assertEquals([reader.u48(), reader.u48(), reader.u48()], [0, 2 ** 32, 2 ** 48 - 1]);
  assertEquals([reader.u64(), reader.u64(), reader.u64()], [0, 2 ** 32, Number.MAX_SAFE_INTEGER]);
  assertEquals(reader.hex(3), "00ff10");
  assertEquals([reader.text8(), reader.text8(), reader.text24()], ["", "é", "😀".repeat(250)]);
  assertEquals(reader.text24(), "é".repeat(35_000));
  assertEquals([...reader.raw(3)], [0, 0, 0]);
  assertFalse(reader.done);
  assertEquals([...reader.rest()], [1, 2]);
  assert(reader.done);
});

Deno.test("variable-length integers as in RFC 9000, appendix A.1", () => {
  const examples: readonly [string, number][] = [
    ["25", 37],
    ["7bbd", 15_293],
    ["9d7f3e7d", 494_878_333],
  ];
  for (const [digits, value] of examples) {
    assertEquals((written((w) => w.varint(value))).toHex(), digits);
    assertEquals(new Reader(Uint8Array.fromHex(digits)).varint(), value);
  }
  // Its fourth example is above 2^53, where the lowest bits are lost; and a number need not be as short as it
  // can.
  assertEquals(new Reader(Uint8Array.fromHex("c2197c5eff14e88c")).varint(), Number(151_288_809_941_952_652n));
  assertEquals(new Reader(Uint8Array.fromHex("4025")).varint(), 37);
});

Deno.test("a variable-length integer takes 1, 2, 4 or 8 bytes, as few as will do", () => {
  const edges: readonly [number, number][] = [
    [0, 1],
    [2 ** 6 - 1, 1],
    [2 ** 6, 2],
    [2 ** 14 - 1, 2],
    [2 ** 14, 4],
    [2 ** 30 - 1, 4],
    [2 ** 30, 8],
    [2 ** 32, 8],
    [Number.MAX_SAFE_INTEGER, 8],
  ];
  for (const [value, length] of edges) {
    const bytes = written((w) => w.varint(value));
    const reader = new Reader(bytes);
    assertEquals([bytes.length, reader.varint(), reader.done], [length, value, true], String(value));
    for (let cut = 0; cut < length; cut++) {
      const short = new Reader(bytes.subarray(0, cut));
      short.varint();
      assert(short.failed, `${value} cut to ${cut}`);
    }
  }
});

Deno.test("hexadecimal digits and bytes, there and back", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assertEquals(Uint8Array.fromHex(bytes.toHex()), bytes);
  assertEquals(Uint8Array.fromHex("00ff09af").toHex(), "00ff09af");
  assertEquals([(new Uint8Array(0)).toHex(), Uint8Array.fromHex("").length], ["", 0]);
});

Deno.test("bytes are equal when all of them are, and there are as many", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  assert(equalBytes(bytes, bytes.slice()));
  for (const other of [[1, 2], [1, 2, 3, 4], [1, 2, 4], [0, 2, 3], []]) {
    assertFalse(equalBytes(bytes, Uint8Array.from(other)), other.join());
  }
});

Deno.test("a byte order mark is text like any other", () => {
  assertEquals(new Reader(written((w) => w.text8("\u{FEFF}a"))).text8(), "\u{FEFF}a");
});

Deno.test("what one writer gave out does not change when another one writes", () => {
  const first = written((w) => w.zeros(300));
  assertEquals(written((w) => w.raw(new Uint8Array(500).fill(7))), new Uint8Array(500).fill(7));
  assertEquals(first, new Uint8Array(300));
  assertEquals(written((w) => w.zeros(300)), first);
});

Deno.test("two writers at a time do not disturb each other", () => {
  const [one, two] = [new Writer(), new Writer()];
  for (const [writer, byte] of [[one, 1], [two, 2], [one, 1], [two, 2]] as const) writer.u8(byte);
  assertEquals([one.length, [...one.finish()], [...two.finish()]], [2, [1, 1], [2, 2]]);
});

Deno.test("a cut of two pieces has the bytes of the whole, and shares them where one piece has them all", () => {
  const whole = Uint8Array.from({ length: 10 }, (_, at) => at);
  const pieces = new Pieces(whole.slice(0, 4), whole.slice(4));
  assertEquals(pieces.length, 10);
  for (let from = 0; from <= 10; from++) {
    for (let to = from; to <= 10; to++) {
      const bytes = pieces.cut(from, to);
      assertEquals(bytes, whole.subarray(from, to));
      const owner = to <= 4 ? pieces.head : from >= 4 ? pieces.body : undefined;
      assertEquals([pieces.head, pieces.body].find(({ buffer }) => buffer === bytes.buffer), owner);
    }
  }
  assertEquals(new Pieces(whole).cut(2, 10), whole.subarray(2));
});

Deno.test("past the end a reader gives zeros and remembers it", () => {
  const reads: ((reader: Reader) => unknown)[] = [
    (r) => r.u8(),
    (r) => r.u16(),
    (r) => r.u24(),
    (r) => r.u32(),
    (r) => r.u48(),
    (r) => r.u64(),
    (r) => r.varint(),
    (r) => r.hex(1),
    (r) => r.raw(1).length,
    (r) => r.text8(),
    (r) => r.text24(),
  ];
  for (const read of reads) {
    const reader = new Reader(new Uint8Array(0));
    assert([0, ""].includes(read(reader) as string | number));
    assert(reader.failed);
    assertFalse(reader.done);
    assertEquals(reader.rest().length, 0);
  }
});

Deno.test("a length that lies, or bytes that are not UTF-8, fail without throwing", () => {
  const bad = ["05616263", "01ff", "02c328", "03eda080", "04f4908080", "02c080"];
  for (const digits of bad) {
    const reader = new Reader(written((w) => w.hex(digits)));
    assertEquals(reader.text8(), "", digits);
    assert(reader.failed, digits);
  }
});

Deno.test("what is left over is not done", () => {
  const reader = new Reader(Uint8Array.of(1, 2));
  reader.u8();
  assertFalse(reader.failed);
  assertFalse(reader.done);
});

Deno.test("no sequence of reads over any bytes throws", () => {
  const dice = seededDice();
  for (let round = 0; round < 3000; round++) {
    const reader = new Reader(dice.bytes(dice.below(40)));
    for (let reads = 0; reads < 8; reads++) {
      dice.pick([
        () => reader.u8(),
        () => reader.u24(),
        () => reader.u48(),
        () => reader.text8(),
        () => reader.varint(),
        () => reader.u64(),
        () => reader.raw(reader.varint()),
        () => reader.text24(),
        () => reader.hex(dice.below(300)),
        () => reader.rest(),
      ])();
      assert(reader.failed || reader.left >= 0);
    }
  }
});

Deno.test("the length of a text is counted in bytes of UTF-8", () => {
  assertEquals(["a", "é", "€", "😀", "\u{D800}"].map(utf8Length), [1, 2, 3, 4, 3]);
});

Deno.test("a length before a text that makes the buffer grow is kept", () => {
  for (let at = 0; at < 5000; at += 7) {
    const reader = new Reader(written((w) => {
      w.zeros(at);
      w.text8("alice");
    }));
    reader.raw(at);
    assertEquals(reader.text8(), "alice", String(at));
  }
});

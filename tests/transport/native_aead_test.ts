import { assertEquals } from "@std/assert";
import { primitives } from "../../core/base/crypto.ts";
import { systemPrimitives } from "../../transport/native_aead.ts";

/** Made before any test: the library stays open. */
const native = systemPrimitives();

const KEY = new Uint8Array(32).map((_, at) => at);
const COUNTERS = [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
const LENGTHS = [0, 1, 15, 16, 17, 63, 64, 65, 1184];

Deno.test("what is sealed by either way is the same, and opened by the other", () => {
  for (const length of LENGTHS) {
    const text = new Uint8Array(length).map((_, at) => 7 * at);
    const associated = text.subarray(0, length % 40);
    for (const counter of COUNTERS) {
      const sealed = native.seal(KEY, counter, associated, text);
      assertEquals(sealed, primitives.seal(KEY, counter, associated, text));
      assertEquals(primitives.open(KEY, counter, associated, sealed), text);
      assertEquals(native.open(KEY, counter, associated, sealed), text);
      const target = new Uint8Array(length + 16).fill(0xff);
      native.sealInto(target, KEY, counter, associated, text);
      assertEquals(target, sealed);
    }
  }
});

Deno.test("what was changed, cut or sealed for others does not open, and the next one does", () => {
  const [text, associated] = [new Uint8Array(100).fill(1), new Uint8Array(13).fill(2)];
  const sealed = native.seal(KEY, 5, associated, text);
  for (const at of [0, 99, 100, 115]) {
    const changed = sealed.slice();
    changed[at]! ^= 1;
    assertEquals(native.open(KEY, 5, associated, changed), undefined);
  }
  for (const length of [0, 15, 16, 115]) {
    assertEquals(native.open(KEY, 5, associated, sealed.subarray(0, length)), undefined);
  }
  assertEquals(native.open(KEY, 6, associated, sealed), undefined);
  assertEquals(native.open(KEY, 5, associated.subarray(1), sealed), undefined);
  assertEquals(native.open(KEY.toReversed(), 5, associated, sealed), undefined);
  assertEquals(native.open(KEY, 5, associated, sealed), text);
});

import { assert, assertEquals, assertFalse, assertGreater, assertMatch, assertNotEquals } from "@std/assert";
import { EPOCH_BYTES, isWithinReach, nextEpoch, NO_EPOCH } from "../../../core/wire/epoch.ts";
import { seededDice } from "../../kit/dice.ts";

const random = (bytes: number) => new Uint8Array(bytes).fill(0xab);

Deno.test("an epoch is a number of 4 bytes and 4 random ones", () => {
  assertEquals(NO_EPOCH, "0000000000000000");
  assertEquals(nextEpoch(random, NO_EPOCH, NO_EPOCH), "00000001abababab");
  assertEquals(Uint8Array.fromHex(NO_EPOCH).length, EPOCH_BYTES);
});

Deno.test("the next one counts from the higher of the two, whichever it is", () => {
  const [low, high] = ["00000009ffffffff", "000000ff00000000"];
  assertEquals(nextEpoch(random, low, high), "00000100abababab");
  assertEquals(nextEpoch(random, high, low), "00000100abababab");
  assertEquals(nextEpoch(random, "00000005aaaaaaaa", "00000005bbbbbbbb"), "00000006abababab");
});

Deno.test("two that are named at the same time are different", () => {
  const dice = seededDice();
  const draw = (bytes: number) => dice.bytes(bytes);
  const epochs = [nextEpoch(draw, NO_EPOCH, NO_EPOCH), nextEpoch(draw, NO_EPOCH, NO_EPOCH)];
  assertNotEquals(epochs[0], epochs[1]);
});

Deno.test("the next one is higher than both, and as long", () => {
  const dice = seededDice();
  for (let round = 0; round < 1000; round++) {
    // Near to each other, and with all lengths of digits.
    const one = dice.bytes(EPOCH_BYTES).toHex().replace(/^./, "0").replace(/^.{2}/, dice.pick(["00", "$&"]));
    const other = dice.happens(0.5)
      ? one.slice(0, 8) + dice.bytes(4).toHex()
      : dice.bytes(8).toHex().replace(/^./, "7");
    const next = nextEpoch((bytes) => dice.bytes(bytes), one, other)!;
    assertGreater(next, one);
    assertGreater(next, other);
    assertMatch(next, /^[0-9a-f]{16}$/);
  }
});

Deno.test("links live long: after a thousand million conversations the next one is still higher", () => {
  const late = "3b9aca0000000000";
  assertGreater(nextEpoch(random, late, NO_EPOCH)!, late);
});

Deno.test("behind the last number there is none", () => {
  assertEquals(nextEpoch(random, "fffffffe00000000", NO_EPOCH), "ffffffffabababab");
  assertEquals(nextEpoch(random, "ffffffff00000000", NO_EPOCH), undefined);
  assertEquals(nextEpoch(random, NO_EPOCH, "ffffffffffffffff"), undefined);
});

Deno.test("an epoch that is named may be a jump ahead of ours, and no more; without one of ours, half of them", () => {
  const last = "00000010ffffffff";
  for (const near of [NO_EPOCH, "0000001000000000", "00000011abababab", "00000410ffffffff"]) {
    assert(isWithinReach(near, last), near);
  }
  for (const far of ["0000041100000000", "7fffffffffffffff", "fffffffe00000000"]) {
    assertFalse(isWithinReach(far, last), far);
  }
  assert(isWithinReach("7fffffffffffffff", NO_EPOCH));
  assertFalse(isWithinReach("8000000100000000", NO_EPOCH));
});

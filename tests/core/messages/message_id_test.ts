import { assert, assertEquals, assertFalse, assertMatch, assertNotEquals } from "@std/assert";
import {
  idOf,
  IdSource,
  isBefore,
  type MessageId,
  NO_MESSAGE,
  partsOf,
  prefixOf,
  sequenceOf,
} from "../../../core/messages/message_id.ts";

let drawn = 0;
const random = (count: number) => Uint8Array.from({ length: count }, () => ++drawn);
const source = (starts = 1, state = "aabbcc") => new Ids(state, starts);

/** Gives ids as texts. */
class Ids {
  readonly #source: IdSource;

  constructor(state: string, starts: number, chance = random) {
    this.#source = new IdSource(state, starts, chance);
  }

  next(recipient: string): MessageId {
    return idOf(this.#source.next(recipient));
  }
}

Deno.test("an id is 128 bits: the folder, its starts, chance, and a count from 1", () => {
  drawn = 0;
  const ids = source(0x12345678);
  assertEquals(ids.next("bob"), "aabbcc" + "12345678" + "010203" + "000000000001");
  assertEquals(ids.next("bob"), "aabbcc" + "12345678" + "010203" + "000000000002");
});

Deno.test("each recipient has a count of its own, without gaps", () => {
  const ids = source();
  const bob = [ids.next("bob"), ids.next("bob")];
  const carol = ids.next("carol");
  const again = ids.next("bob");
  assertNotEquals(prefixOf(carol), prefixOf(again));
  assertEquals([...bob, again].map(sequenceOf), [1, 2, 3]);
  assertEquals(sequenceOf(carol), 1);
});

Deno.test("two recipients never share ids, even when chance draws the same bits for them", () => {
  const draws = [1, 1, 1, 2];
  const ids = new Ids("aabbcc", 1, (count) => new Uint8Array(count).fill(draws.shift()!));
  assertEquals([ids.next("bob"), ids.next("carol")].map((id) => id.slice(14, 20)), ["010101", "020202"]);
});

Deno.test("a folder restored from a copy gives no id twice", () => {
  assertNotEquals(source(7).next("bob"), source(7).next("bob"));
});

Deno.test("an id is a text, or its two parts", () => {
  const parts = { prefix: "aabbcc12345678010203", sequence: 2 ** 48 - 1 };
  assertEquals(idOf(parts), "aabbcc12345678010203ffffffffffff");
  assertEquals(partsOf(idOf(parts)), parts);
});

Deno.test("NO_MESSAGE is no id that is ever given", () => {
  assertMatch(NO_MESSAGE, /^0{32}$/);
  assertEquals(sequenceOf(NO_MESSAGE), 0);
});

Deno.test("of one process, the lower count was written before", () => {
  const ids = source();
  const [first, second] = [ids.next("bob"), ids.next("bob")];
  assert(isBefore(first, second));
  assertFalse(isBefore(second, first));
  assertFalse(isBefore(first, first));
});

Deno.test("of one folder, what an earlier start gave was written before", () => {
  const [earlier, later] = [source(1).next("bob"), source(2).next("bob")];
  assert(isBefore(earlier, later));
  assertFalse(isBefore(later, earlier));
});

Deno.test("the count of starts may wrap", () => {
  const at = (starts: number) => source(starts).next("bob");
  assert(isBefore(at(65535), at(65536)));
  assert(isBefore(at(2 ** 32 - 1), at(2 ** 32)));
  assert(isBefore(at(2 ** 32 - 1), at(0)));
  assertFalse(isBefore(at(0), at(2 ** 32 - 1)));
  assert(isBefore(at(3e9), at(2 ** 32 + 7000)));
  // Half way round nothing can be told.
  assertFalse(isBefore(at(0), at(2 ** 31)));
  assertFalse(isBefore(at(2 ** 31), at(0)));
  assert(isBefore(at(0), at(2 ** 31 - 1)));
});

Deno.test("of two folders, or of two lives with the same count, nothing can be told", () => {
  const [a, b] = [source(1, "aaaaaa").next("bob"), source(2, "bbbbbb").next("bob")];
  assertFalse(isBefore(a, b));
  assertFalse(isBefore(b, a));
  const [copy, other] = [source(1).next("bob"), source(1).next("bob")];
  assertFalse(isBefore(copy, other));
  assertFalse(isBefore(other, copy));
});

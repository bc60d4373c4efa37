/** What outlives a process: the key, and numbers that only ever grow. */
import { assertEquals, assertGreater, assertNotEquals } from "@std/assert";

import { KEY_BYTES } from "../../../core/base/crypto.ts";
import type { Random } from "../../../core/base/units.ts";
import { Effects } from "../../../core/durable/effects.ts";
import { INITIATION, KEY, START } from "../../../core/durable/records.ts";
import { initiationClock, nextStart, ownKey } from "../../../core/durable/start.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { Recorded } from "../../kit/recorded.ts";

const NOW = 1_700_000_000_000;
const SECRET = "0123456789abcdef".repeat(4);

/** One byte, over and over. */
const repeating = (byte: number): Random => (bytes) => new Uint8Array(bytes).fill(byte);

function noRandom(): never {
  throw new Error("randomness is not needed");
}

// ---- the key ---------------------------------------------------------------------------------------------

Deno.test("the first start makes a key of 32 random bytes and saves it", () => {
  const recorded = new Recorded();
  const { publicKey } = ownKey(primitives, repeating(7), recorded.effects);
  assertEquals(publicKey, primitives.keyPair(new Uint8Array(KEY_BYTES).fill(7)).publicKey);
  assertEquals(recorded.effects.deadline, -Infinity, "it is to be saved before anything leaves");
  recorded.perform(0);
  const [[, value] = [], ...more] = recorded.records("key");
  assertEquals([KEY.decode(value!), more], [{ secret: "07".repeat(32) }, []]);
});

Deno.test("every later start has the same key, and saves nothing", () => {
  const recorded = new Recorded();
  const first = ownKey(primitives, repeating(7), recorded.effects);
  recorded.perform(0);
  const { effects } = recorded.restarted();
  const again = ownKey(primitives, noRandom, effects);
  assertEquals(again.publicKey, first.publicKey);
  assertEquals(effects.takeOutputs(0, []), []);
});

Deno.test("the key is found among other records", () => {
  const others: [string, Uint8Array][] = [
    [INITIATION.key("own"), INITIATION.encode({ at: NOW })],
    [KEY.key("own"), KEY.encode({ secret: SECRET })],
    [START.key("last"), START.encode({ at: NOW })],
  ];
  const { publicKey } = ownKey(primitives, noRandom, new Effects(true, others));
  assertEquals(publicKey, primitives.keyPair(Uint8Array.fromHex(SECRET)).publicKey);
});

Deno.test("where nothing outlives the process each start has another key", () => {
  const effects = new Effects(false);
  const [one, other] = [1, 2].map((byte) => ownKey(primitives, repeating(byte), effects));
  assertNotEquals(one!.publicKey.toHex(), other!.publicKey.toHex());
  assertEquals(effects.takeOutputs(0, []), []);
});

// ---- initiations -----------------------------------------------------------------------------------------

Deno.test("initiations have the time, in whole milliseconds, and later ones a later time", () => {
  const clock = initiationClock(new Effects(true));
  const times = [NOW + 0.9, NOW + 0.95, NOW + 1, NOW + 1000.5].map(clock);
  assertEquals(times, [NOW, NOW + 1, NOW + 2, NOW + 1000]);
});

Deno.test("a clock that goes back does not make times go back", () => {
  const clock = initiationClock(new Effects(true));
  assertEquals([NOW, NOW - 3_600_000, 0].map(clock), [NOW, NOW + 1, NOW + 2]);
});

Deno.test("over a restart times go on, even when the clock went back", () => {
  const recorded = new Recorded();
  const clock = initiationClock(recorded.effects);
  clock(NOW);
  const last = clock(NOW);
  recorded.perform(NOW);
  const again = initiationClock(recorded.restarted().effects);
  assertGreater(again(NOW - 86_400_000), last);
});

Deno.test("each time is saved before its initiation leaves, in one record", () => {
  const recorded = new Recorded();
  const clock = initiationClock(recorded.effects);
  for (const now of [NOW, NOW + 5000]) {
    const at = clock(now);
    const outputs = recorded.effects.takeOutputs(now, []);
    const value = INITIATION.encode({ at });
    assertEquals(outputs, [{ type: "save", key: INITIATION.key("own"), value }]);
  }
});

// ---- starts ----------------------------------------------------------------------------------------------

Deno.test("a server's start is when it started, later than the one before even if the clock went back", () => {
  let recorded = new Recorded();
  const starts: number[] = [];
  for (const now of [NOW + 0.5, NOW, NOW - 86_400_000, NOW + 60_000]) {
    recorded = recorded.restarted();
    starts.push(nextStart(now, recorded.effects));
    recorded.perform(now);
  }
  assertEquals(starts, [NOW, NOW + 1, NOW + 2, NOW + 60_000]);
  assertEquals(recorded.records("start").length, 1);
});

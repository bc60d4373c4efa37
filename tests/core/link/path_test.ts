import { assert, assertEquals, assertFalse, assertLessOrEqual } from "@std/assert";
import { AMPLIFICATION_LIMIT } from "../../../core/base/limits.ts";
import { Path } from "../../../core/link/path.ts";
import { seededDice } from "../../kit/dice.ts";
import { PEER } from "../../kit/test_link.ts";

const CHALLENGE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

Deno.test("without a challenge an address is proved: there is room without end", () => {
  const path = new Path(PEER);
  path.sent(1e9);
  assertEquals([path.isValidated, path.challenge, path.room], [true, undefined, Infinity]);
  assertEquals(path.address, PEER);
});

Deno.test("an address that is not proved gets three times the bytes that came from there, and nothing before", () => {
  const path = new Path(PEER, CHALLENGE);
  assertEquals([path.isValidated, path.challenge, path.room], [false, CHALLENGE, 0]);
  path.received(100);
  assertEquals(path.room, 300);
  path.sent(250);
  assertEquals(path.room, 50);
  path.received(10);
  assertEquals(path.room, 80);
});

Deno.test("the challenge stays until the same 8 bytes come back", () => {
  const path = new Path(PEER, CHALLENGE);
  const wrong = [CHALLENGE.with(7, 9), CHALLENGE.subarray(1), new Uint8Array(0), new Uint8Array(8)];
  for (const data of wrong) assertFalse(path.answered(data));
  assertEquals([path.isValidated, path.challenge], [false, CHALLENGE]);
  assert(path.answered(CHALLENGE.slice()));
  assertEquals([path.isValidated, path.challenge, path.room], [true, undefined, Infinity]);
});

Deno.test("what nobody asked for, or has been answered, proves nothing", () => {
  assertFalse(new Path(PEER).answered(CHALLENGE));
  const path = new Path(PEER, CHALLENGE);
  path.answered(CHALLENGE);
  assertFalse(path.answered(CHALLENGE));
});

Deno.test("whoever keeps to the room never sends more than three times what came", () => {
  const dice = seededDice();
  const path = new Path(PEER, CHALLENGE);
  let [received, sent] = [0, 0];
  for (let step = 0; step < 1000; step++) {
    const bytes = 1 + dice.below(1200);
    if (dice.happens(0.3)) {
      path.received(bytes);
      received += bytes;
    } else if (bytes <= path.room) {
      path.sent(bytes);
      sent += bytes;
    }
    assertLessOrEqual(sent, AMPLIFICATION_LIMIT * received);
    assertEquals(path.room, AMPLIFICATION_LIMIT * received - sent);
  }
});

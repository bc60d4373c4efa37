import { assert, assertEquals, assertFalse } from "@std/assert";
import { STAYS_MS } from "../../../core/base/limits.ts";
import type { Address } from "../../../core/base/units.ts";
import { Path, Route } from "../../../core/link/path.ts";

const A: Address = { host: "10.0.0.1", port: 1 };
const B: Address = { host: "10.0.0.2", port: 2 };
const C: Address = { host: "10.0.0.3", port: 3 };
const D: Address = { host: "10.0.0.4", port: 4 };
const OTHER_PORT: Address = { ...A, port: 9 };
const CHALLENGE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

const proved = (address: Address) => new Path(address);
const unproved = (address: Address) => new Path(address, CHALLENGE);

Deno.test("before there is a path the peer is where it is said to be", () => {
  const route = new Route([A, B]);
  assertEquals([route.path, route.address, route.candidates], [undefined, A, [A, B]]);
});

Deno.test("a path that is proved says where the peer is, one that is not does not yet", () => {
  const route = new Route([A, B]);
  route.take(proved(B));
  assertEquals(route.address, B);
  route.take(unproved(C));
  assertEquals([route.path?.address, route.address], [C, B]);
  route.answered(0, CHALLENGE.with(0, 9));
  assertEquals(route.address, B);
  route.answered(0, CHALLENGE);
  assertEquals([route.path?.isValidated, route.address], [true, C]);
});

Deno.test("another host is news, another port of the same host is not, and neither is the first path", () => {
  const route = new Route([A]);
  assertFalse(route.take(proved(A)));
  assertFalse(route.take(unproved(OTHER_PORT)));
  assert(route.take(unproved(B)));
  assert(route.take(proved(A)));
  route.leave();
  assertFalse(route.take(proved(C)));
});

/** A route whose peer was proved at A and is heard at B at 0, with the challenges for A and for B. */
function heardElsewhere() {
  const route = new Route([A]);
  route.take(proved(A));
  let count = 0;
  route.heardAt(0, B, 100, () => CHALLENGE.with(0, ++count));
  return { route, atB: CHALLENGE.with(0, 1), atA: CHALLENGE.with(0, 2) };
}

Deno.test("another address or port is elsewhere", () => {
  const route = new Route([A]);
  route.take(proved(A));
  assertEquals([A, { ...A }, OTHER_PORT, B].map((from) => route.isElsewhere(from)), [
    false,
    false,
    true,
    true,
  ]);
});

Deno.test("a peer that is heard elsewhere is challenged at both places, each probe timeout", () => {
  const { route, atA, atB } = heardElsewhere();
  assertEquals([route.path?.address, route.challenge, route.deadline], [A, atA, 0]);
  const other = route.takeChallenged(0);
  assertEquals([other?.address, other?.challenge, other?.room], [B, atB, 0]);
  route.received(B, 50);
  assertEquals([other?.room, route.takeChallenged(99), route.deadline], [150, undefined, 100]);
  assertEquals(route.takeChallenged(100)?.address, B);
});

Deno.test("a peer that answers elsewhere and not where it was has moved after two and a half probe timeouts", () => {
  const { route, atB } = heardElsewhere();
  route.answered(10, atB);
  assertEquals([route.takeMove(249), route.address], [undefined, A]);
  const moved = route.takeMove(250)!;
  route.take(moved);
  assertEquals([route.address, route.challenge, route.deadline], [B, undefined, Infinity]);
});

Deno.test("a peer that answers where it was stays there, and is not asked again for a second", () => {
  for (const also of [true, false]) {
    const { route, atA, atB } = heardElsewhere();
    if (also) route.answered(10, atB);
    route.answered(20, atA);
    assertEquals([route.deadline, route.takeMove(250), route.address], [Infinity, undefined, A]);
    route.heardAt(20 + STAYS_MS - 1, C, 100, () => CHALLENGE);
    assertEquals(route.deadline, Infinity);
    route.heardAt(20 + STAYS_MS, C, 100, () => CHALLENGE);
    assertEquals(route.deadline, 20 + STAYS_MS);
  }
});

Deno.test("a peer that answers nowhere stays where it was proved", () => {
  const { route } = heardElsewhere();
  assertEquals([route.takeMove(250), route.address, route.deadline], [undefined, A, Infinity]);
});

Deno.test("only what comes from where packets go makes room there", () => {
  const route = new Route([A]);
  route.take(unproved(A));
  route.received(B, 100);
  route.received(OTHER_PORT, 100);
  assertEquals(route.path?.room, 0);
  route.received({ ...A }, 100);
  assertEquals(route.path?.room, 300);
});

Deno.test("a silent peer is looked for where it was last, then where else it may be, each address once", () => {
  const route = new Route([A, B]);
  route.take(proved(B));
  assertEquals(route.candidates, [B, A]);
  route.take(proved(A));
  assertEquals(route.candidates, [A, B]);
});

Deno.test("a peer that is said to be elsewhere is looked for there first", () => {
  const route = new Route([A, B]);
  route.take(proved(C));
  assertEquals(route.candidates, [A, B, C]);
  route.leave();
  assertEquals(route.candidates, [A, B, C]);
});

Deno.test("where an earlier link ended comes first, and last if the peer is said to be elsewhere", () => {
  assertEquals(new Route([A, B], B).candidates, [B, A]);
  assertEquals(new Route([A, B], C).candidates, [A, B, C]);
});

Deno.test("where a peer was just seen is tried first, and what was known stays, as far as there is room", () => {
  const route = new Route([A, B]);
  assertFalse(route.learnMore([C, B]));
  assertEquals(route.candidates, [C, B, A]);
  route.learnMore([OTHER_PORT, D]);
  assertEquals(route.candidates, [OTHER_PORT, D, C, B]);
  route.take(proved(A));
  assertFalse(route.learnMore([B]), "known already");
  assert(route.learnMore([{ ...D, port: 9 }]));
});

Deno.test("that a peer is said to be elsewhere is news once, and only when packets go somewhere else", () => {
  const route = new Route([A]);
  assertFalse(route.learn([B]), "nothing leaves yet");
  route.take(proved(B));
  assertFalse(route.learn([C, B]), "it is reached at one of these");
  assert(route.learn([A, C]));
  assertFalse(route.learn([A, C]), "the same once more");
  assertFalse(route.learn([C]), "known already");
  assertEquals(route.candidates, [C, B]);
});

Deno.test("whoever says nothing of where the peer is changes nothing", () => {
  const route = new Route([A]);
  route.take(proved(B));
  assertFalse(route.learn([]));
  assertEquals(route.candidates, [A, B]);
});

Deno.test("what is said does not move a peer whose address is proved", () => {
  const route = new Route([A]);
  route.take(proved(A));
  route.learn([C]);
  assertEquals(route.address, A);
  route.leave();
  assertEquals([route.path, route.address], [undefined, A]);
});

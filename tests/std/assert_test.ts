import {
  assert,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
  unreachable,
} from "@std/assert";

/** Whether the assertion fails. It is caught by hand: the assertions are not trusted to test themselves. */
function fails(assertion: () => void): boolean {
  try {
    assertion();
    return false;
  } catch (error) {
    if (error instanceof AssertionError) return true;
    throw error;
  }
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

class Point {
  constructor(readonly x: number) {}
}

class OtherPoint {
  constructor(readonly x: number) {}
}

const loop: Record<string, unknown> = { a: 1 };
loop["self"] = loop;
const otherLoop: Record<string, unknown> = { a: 1 };
otherLoop["self"] = otherLoop;

const EQUAL: [what: string, a: unknown, b: unknown][] = [
  ["numbers", 1, 1],
  ["NaN", NaN, NaN],
  ["zero and minus zero", 0, -0],
  ["arrays", [1, [2]], [1, [2]]],
  ["objects, whatever the order", { a: 1, b: { c: 2 } }, { b: { c: 2 }, a: 1 }],
  ["a plain object and one without a prototype", { a: 1 }, Object.assign(Object.create(null), { a: 1 })],
  ["dates", new Date(5), new Date(5)],
  ["patterns", /a/g, /a/g],
  ["addresses", new URL("http://a/b"), new URL("http://a/b")],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([0, 1, 2]).subarray(1)],
  ["buffers", new Uint8Array([1]).buffer, new Uint8Array([1]).buffer],
  ["sets, whatever the order", new Set([1, 2]), new Set([2, 1])],
  ["sets of objects", new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }])],
  ["maps", new Map([["a", { b: 1 }]]), new Map([["a", { b: 1 }]])],
  ["maps with objects as keys", new Map([[{ a: 1 }, 1]]), new Map([[{ a: 1 }, 1]])],
  ["instances", new Point(1), new Point(1)],
  ["objects that hold themselves", loop, otherLoop],
];

const DIFFERENT: [what: string, a: unknown, b: unknown][] = [
  ["a number and its text", 1, "1"],
  ["null and undefined", null, undefined],
  ["an undefined property and none", { a: undefined }, {}],
  ["undefined properties of other names", { a: undefined }, { b: undefined }],
  ["arrays of other length", [1], [1, undefined]],
  ["an array and an object", [], {}],
  ["dates", new Date(5), new Date(6)],
  ["patterns", /a/g, /a/],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["bytes of another kind", new Uint8Array([1]), new Int8Array([1])],
  ["sets", new Set([1]), new Set([2])],
  ["sets of objects", new Set([{ a: 1 }]), new Set([{ a: 2 }])],
  ["maps", new Map([["a", 1]]), new Map([["a", 2]])],
  ["instances", new Point(1), new Point(2)],
  ["instances of two classes", new Point(1), new OtherPoint(1)],
  ["two functions", () => 1, () => 1],
];

for (const [what, a, b] of EQUAL) {
  Deno.test(`equal: ${what}`, () => {
    check(!fails(() => assertEquals(a, b)) && !fails(() => assertEquals(b, a)), "should be equal");
    check(fails(() => assertNotEquals(a, b)), "should not be different");
  });
}

for (const [what, a, b] of DIFFERENT) {
  Deno.test(`not equal: ${what}`, () => {
    check(fails(() => assertEquals(a, b)) && fails(() => assertEquals(b, a)), "should not be equal");
    check(!fails(() => assertNotEquals(a, b)), "should be different");
  });
}

Deno.test("assertEquals says what differs", () => {
  const { message } = assertThrows(
    () => assertEquals({ a: 1, b: "old" }, { a: 1, b: "new" }, "the note"),
    AssertionError,
    "Values are not equal: the note",
  );
  assertStringIncludes(message, "old");
  assertStringIncludes(message, "new");
});

Deno.test("weak collections cannot be compared", () => {
  assertThrows(() => assertEquals(new WeakMap(), new WeakMap()), TypeError);
});

const PASSES: [what: string, assertion: () => void][] = [
  ["assert", () => assert(1)],
  ["assertFalse", () => assertFalse("")],
  ["assertStrictEquals", () => assertStrictEquals(loop, loop)],
  ["assertStrictEquals of NaN", () => assertStrictEquals(NaN, NaN)],
  ["assertExists", () => assertExists(0)],
  ["assertInstanceOf", () => assertInstanceOf(new Point(1), Point)],
  ["assertMatch", () => assertMatch("alice", /^a/)],
  ["assertStringIncludes", () => assertStringIncludes("alice", "lic")],
  ["assertArrayIncludes", () => assertArrayIncludes([1, { a: 1 }, 3], [3, { a: 1 }])],
  ["assertGreater", () => assertGreater(2, 1)],
  ["assertGreaterOrEqual", () => assertGreaterOrEqual(2n, 2n)],
  ["assertLess", () => assertLess("a", "b")],
  ["assertLessOrEqual", () => assertLessOrEqual(2, 2)],
];

const FAILS: [what: string, assertion: () => void][] = [
  ["assert", () => assert(0)],
  ["assertFalse", () => assertFalse("x")],
  ["assertStrictEquals of equals", () => assertStrictEquals({ a: 1 }, { a: 1 })],
  ["assertStrictEquals of zeros", () => assertStrictEquals(0, -0)],
  ["assertExists of null", () => assertExists(null)],
  ["assertExists of undefined", () => assertExists(undefined)],
  ["assertInstanceOf", () => assertInstanceOf(new Point(1), OtherPoint)],
  ["assertInstanceOf of null", () => assertInstanceOf(null, Point)],
  ["assertMatch", () => assertMatch("bob", /^a/)],
  ["assertStringIncludes", () => assertStringIncludes("bob", "x")],
  ["assertArrayIncludes", () => assertArrayIncludes([1, 2], [2, 3])],
  ["assertGreater", () => assertGreater(1, 1)],
  ["assertGreaterOrEqual", () => assertGreaterOrEqual(1, 2)],
  ["assertLess of NaN", () => assertLess(NaN, 1)],
  ["assertLessOrEqual", () => assertLessOrEqual(3, 2)],
  ["fail", () => fail()],
  ["unreachable", () => unreachable()],
  ["assertThrows of what does not throw", () => void assertThrows(() => {})],
  ["assertThrows of another class", () => void assertThrows(() => JSON.parse("{"), TypeError)],
  ["assertThrows of another message", () => void assertThrows(() => fail("a"), AssertionError, "b")],
  ["assertThrows of no error", () => void assertThrows(throwText, Error)],
];

for (const [what, assertion] of PASSES) {
  Deno.test(`passes: ${what}`, () => check(!fails(assertion), "should pass"));
}

for (const [what, assertion] of FAILS) {
  Deno.test(`fails: ${what}`, () => check(fails(assertion), "should fail"));
}

function throwText(): never {
  throw "text";
}

Deno.test("an assertion narrows the type", () => {
  const value: number | string | undefined = [1, "a"].at(1);
  assertExists(value);
  assert(typeof value === "string");
  assertStrictEquals(value.length, 1);
  const error: unknown = new TypeError("why");
  assertInstanceOf(error, TypeError);
  assertStrictEquals(error.message, "why");
});

Deno.test("the note is in the message", () => {
  assertThrows(() => assert(false, "the note"), AssertionError, "the note");
  assertThrows(() => assertMatch("a", /b/, "the note"), AssertionError, "the note");
  assertThrows(() => assertLess(2, 1, "the note"), AssertionError, "the note");
  assertThrows(() => fail("the note"), AssertionError, "the note");
});

Deno.test("assertThrows returns what was thrown", () => {
  const error = new RangeError("too far");
  const raise = (): never => {
    throw error;
  };
  assertStrictEquals(assertThrows(raise), error);
  assertStrictEquals(assertThrows(raise, "a note"), error);
  assertStrictEquals(assertThrows(raise, RangeError, "far"), error);
  assertStrictEquals(assertThrows(raise, Error).message, "too far");
  assertStrictEquals(assertThrows(throwText), "text");
});

Deno.test("assertRejects resolves to the reason", async () => {
  const error = new RangeError("too far");
  assertStrictEquals(await assertRejects(() => Promise.reject(error)), error);
  assertStrictEquals(await assertRejects(() => Promise.reject(error), RangeError, "far"), error);
});

Deno.test("assertRejects fails where nothing is rejected", async () => {
  await assertRejects(() => assertRejects(() => Promise.resolve(1)), AssertionError);
  await assertRejects(() => assertRejects(() => fail()), AssertionError);
  await assertRejects(() => assertRejects(() => Promise.reject(new Error("a")), TypeError), AssertionError);
  await assertRejects(() => assertRejects(() => Promise.reject(new Error("a")), Error, "b"), AssertionError);
  await assertRejects(() => assertRejects(() => Promise.reject("text"), Error), AssertionError);
});

Deno.test("an AssertionError knows its name and cause", () => {
  const cause = new Error("first");
  const error = new AssertionError("second", { cause });
  assertEquals([error.name, error.message, error.cause], ["AssertionError", "second", cause]);
  assertInstanceOf(error, Error);
});

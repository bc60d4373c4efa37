/** What steps want done, in which order, and what may wait for company. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { SAVE_LATER_MS } from "../../../core/base/limits.ts";
import { Effects } from "../../../core/durable/effects.ts";
import type { Memory, Output } from "../../../core/machine.ts";
import { PEER } from "../../kit/test_link.ts";

const bytes = (value: number) => Uint8Array.of(value);
const saved = (key: string, value: number): Output => ({ type: "save", key, value: bytes(value) });
const forgotten = (key: string): Output => ({ type: "forget", key });
const destroyed = (key: string): Output => ({ type: "destroy", key });
const GAVE_UP: Output = { type: "notice", notice: { type: "gaveUp" } };
const TRANSMIT: Output = { type: "transmit", to: PEER, bytes: bytes(9) };

function unasked(): never {
  throw new Error("the value is not needed");
}

Deno.test("what was asked for is given out once, in order, what leaves behind it", () => {
  const effects = new Effects(true);
  effects.save("a", () => bytes(1));
  effects.notice({ type: "gaveUp" });
  effects.forget("b");
  effects.destroy("c");
  assertEquals(effects.takeOutputs(0, [TRANSMIT]), [
    saved("a", 1),
    GAVE_UP,
    forgotten("b"),
    destroyed("c"),
    TRANSMIT,
  ]);
  assertEquals(effects.takeOutputs(0, []), []);
});

Deno.test("what is saved is what it was when it was asked for", () => {
  const effects = new Effects(true);
  let value = 1;
  effects.save("a", () => bytes(value));
  value = 2;
  assertEquals(effects.takeOutputs(0, []), [saved("a", 1)]);
});

Deno.test("where nothing outlives the process nothing is saved, and no record is even made", () => {
  const effects = new Effects(false);
  effects.save("a", unasked);
  effects.forget("b");
  effects.destroy("b");
  effects.saveLater(0, "c", unasked);
  effects.forgetLater(0, "d");
  assertEquals(effects.deadline, Infinity);
  effects.notice({ type: "gaveUp" });
  assertEquals(effects.takeOutputs(1000, [TRANSMIT]), [GAVE_UP, TRANSMIT]);
  effects.saveLater(2000, "c", unasked);
  effects.exit(1);
  assertEquals(effects.takeOutputs(2000, []), [{ type: "exit", status: 1 }]);
});

// ---- when ------------------------------------------------------------------------------------------------

Deno.test("whatever waits to be taken is due at once: it may have been asked for before the first step", () => {
  const asks: readonly ((effects: Effects) => void)[] = [
    (effects) => effects.save("a", () => bytes(1)),
    (effects) => effects.forget("a"),
    (effects) => effects.destroy("a"),
    (effects) => effects.notice({ type: "gaveUp" }),
  ];
  for (const ask of asks) {
    const effects = new Effects(true);
    assertEquals(effects.deadline, Infinity);
    ask(effects);
    assertEquals(effects.deadline, -Infinity);
    effects.takeOutputs(0, []);
    assertEquals(effects.deadline, Infinity);
  }
});

Deno.test("what may wait is due a little later, counted from the first", () => {
  const effects = new Effects(true);
  effects.saveLater(100, "a", () => bytes(1));
  effects.forgetLater(120, "b");
  assertEquals(effects.deadline, 100 + SAVE_LATER_MS);
  assertEquals(effects.takeOutputs(99 + SAVE_LATER_MS, []), []);
  assertEquals(effects.takeOutputs(100 + SAVE_LATER_MS, []), [saved("a", 1), forgotten("b")]);
  assertEquals(effects.deadline, Infinity);
});

// ---- what may wait ---------------------------------------------------------------------------------------

Deno.test("several of these for one key become one save, no later than the first, of the newest value", () => {
  const effects = new Effects(true);
  for (let at = 0; at < SAVE_LATER_MS; at++) effects.saveLater(at, "a", () => bytes(at));
  assertEquals(effects.takeOutputs(SAVE_LATER_MS, []), [saved("a", SAVE_LATER_MS - 1)]);
  assertEquals(effects.takeOutputs(2 * SAVE_LATER_MS, []), []);
});

Deno.test("none of them shares a commit with the wake-up that asked for it", () => {
  const effects = new Effects(true);
  effects.saveLater(0, "a", () => bytes(1));
  effects.saveLater(SAVE_LATER_MS, "b", () => bytes(2));
  effects.forgetLater(SAVE_LATER_MS, "c");
  assertEquals(effects.takeOutputs(SAVE_LATER_MS, []), [saved("a", 1)]);
  assertEquals(effects.deadline, 2 * SAVE_LATER_MS);
  assertEquals(effects.takeOutputs(2 * SAVE_LATER_MS, []), [saved("b", 2), forgotten("c")]);
});

Deno.test("what waits joins the next commit of a later wake-up, and waits no more", () => {
  const asks: readonly ((effects: Effects) => void)[] = [
    (effects) => effects.save("x", () => bytes(9)),
    (effects) => effects.forget("x"),
    (effects) => effects.destroy("x"),
  ];
  for (const ask of asks) {
    const effects = new Effects(true);
    effects.saveLater(0, "a", () => bytes(1));
    effects.forgetLater(0, "b");
    ask(effects);
    // The wake-up that asked for them shares no commit with them, and a notice makes no commit.
    assertEquals(effects.takeOutputs(0, []).length, 1);
    effects.notice({ type: "gaveUp" });
    assertEquals(effects.takeOutputs(1, []), [GAVE_UP]);
    ask(effects);
    assertEquals(effects.takeOutputs(2, []).slice(1), [saved("a", 1), forgotten("b")]);
    assertEquals(effects.deadline, Infinity);
  }
});

Deno.test("a key that changes in the wake-up in which it is due is saved as it was before, then as it is", () => {
  const effects = new Effects(true);
  effects.saveLater(0, "a", () => bytes(1));
  effects.saveLater(SAVE_LATER_MS, "a", () => bytes(2));
  effects.saveLater(SAVE_LATER_MS, "a", () => bytes(3));
  assertEquals(effects.takeOutputs(SAVE_LATER_MS, []), [saved("a", 1)]);
  assertEquals(effects.takeOutputs(2 * SAVE_LATER_MS, []), [saved("a", 3)]);
  assertEquals(effects.deadline, Infinity);
});

Deno.test("a key that is to be forgotten and is saved again is not saved by the wake-up that asked for it", () => {
  const effects = new Effects(true);
  effects.forgetLater(0, "a");
  effects.saveLater(SAVE_LATER_MS, "a", () => bytes(1));
  const first = effects.takeOutputs(SAVE_LATER_MS, []);
  assertFalse(first.some(({ type }) => type === "save"));
  assertEquals(effects.takeOutputs(2 * SAVE_LATER_MS, []), [saved("a", 1)]);
});

Deno.test("what is wanted at once takes the place of what may wait", () => {
  const effects = new Effects(true);
  effects.saveLater(0, "a", unasked);
  effects.saveLater(0, "b", unasked);
  effects.forgetLater(0, "c");
  effects.saveLater(0, "d", unasked);
  effects.forgetLater(0, "e");
  effects.save("a", () => bytes(1));
  effects.forget("b");
  effects.save("c", () => bytes(3));
  effects.destroy("d");
  effects.destroy("e");
  assertEquals(effects.takeOutputs(0, []), [
    saved("a", 1),
    forgotten("b"),
    saved("c", 3),
    destroyed("d"),
    destroyed("e"),
  ]);
  assertEquals(effects.takeOutputs(SAVE_LATER_MS, []), []);
  assertEquals(effects.deadline, Infinity);
});

Deno.test("what is to be forgotten later is not saved before", () => {
  const effects = new Effects(true);
  effects.saveLater(0, "a", unasked);
  effects.forgetLater(10, "a");
  assertEquals(effects.takeOutputs(SAVE_LATER_MS, []), [forgotten("a")]);
});

Deno.test("what was destroyed and is made again is saved", () => {
  const effects = new Effects(true);
  effects.destroy("a");
  effects.saveLater(0, "a", () => bytes(1));
  assertEquals(effects.takeOutputs(0, []), [destroyed("a")]);
  assertEquals(effects.takeOutputs(SAVE_LATER_MS, []), [saved("a", 1)]);
});

// ---- the end ---------------------------------------------------------------------------------------------

Deno.test("the first status counts, and the end comes last", () => {
  const effects = new Effects(true);
  assertFalse(effects.exiting);
  effects.exit(1);
  effects.exit(0);
  assert(effects.exiting);
  effects.save("a", () => bytes(1));
  effects.notice({ type: "gaveUp" });
  assertEquals(effects.takeOutputs(0, [TRANSMIT]), [saved("a", 1), GAVE_UP, TRANSMIT, {
    type: "exit",
    status: 1,
  }]);
});

Deno.test("before the end what may wait waits no longer, but for the notices of its own wake-up", () => {
  const effects = new Effects(true);
  effects.saveLater(0, "a", () => bytes(1));
  effects.saveLater(10, "b", () => bytes(2));
  effects.exit(0);
  assertEquals(effects.takeOutputs(10, []), [saved("a", 1)]);
  assertEquals(effects.deadline, 11);
  assertEquals(effects.takeOutputs(11, []), [saved("b", 2), { type: "exit", status: 0 }]);
});

/** Something to remember, by the text. */
function memory(text: string): Memory {
  const message = { id: "0".repeat(32), from: "me", to: "bob", text, sentAt: 0, failure: undefined };
  return { type: "written", message: { ...message, state: "queued" }, when: { now: 0, date: 0 } };
}

Deno.test("what is remembered waits for the next commit, and what was said of it last counts", () => {
  const effects = new Effects(true);
  effects.save("a", () => bytes(1));
  effects.remember(0, memory("one"));
  effects.remember(0, memory("two"));
  assertEquals(effects.takeOutputs(0, []), [saved("a", 1)]);
  assert(effects.deadline <= SAVE_LATER_MS);
  assertEquals(effects.takeOutputs(SAVE_LATER_MS, []), [{ type: "remember", memory: memory("two") }]);
  assertEquals([effects.takeOutputs(99, []), effects.deadline], [[], Infinity]);
});

Deno.test("where a record is forgotten at once, everything is remembered before that", () => {
  const effects = new Effects(true);
  effects.remember(0, memory("hi"));
  effects.forget("a");
  assertEquals(effects.takeOutputs(0, []), [forgotten("a"), { type: "remember", memory: memory("hi") }]);
});

Deno.test("a process ends when everything is remembered", () => {
  const effects = new Effects(true);
  effects.exit(0);
  effects.remember(0, memory("hi"));
  assertEquals(effects.takeOutputs(0, []), []);
  const [remembered, exit] = effects.takeOutputs(1, []);
  assertEquals([remembered?.type, exit?.type], ["remember", "exit"]);
});

Deno.test("where nothing outlives the process nothing is remembered", () => {
  const effects = new Effects(false);
  effects.remember(0, memory("hi"));
  assertEquals([effects.takeOutputs(99, []), effects.deadline], [[], Infinity]);
});

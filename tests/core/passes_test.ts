import { assertEquals } from "@std/assert";
import { inPasses } from "../../core/passes.ts";
import type { Memory } from "../../core/machine.ts";

const TO = { host: "192.0.2.1", port: 1 };
const transmit = (byte: number) => ({ type: "transmit", to: TO, bytes: Uint8Array.of(byte) }) as const;
const SAVE = { type: "save", key: "a", value: new Uint8Array(1) } as const;
const FORGET = { type: "forget", key: "b" } as const;
const DESTROY = { type: "destroy", key: "c" } as const;
const SHOW = { type: "notice", notice: { type: "registered" } } as const;
const EXIT = { type: "exit", status: 3 } as const;

Deno.test("all changes are one commit before everything else; what is shown and the exit come last, in their order", () => {
  const outputs = [SHOW, transmit(1), SAVE, EXIT, transmit(2), FORGET, SHOW, DESTROY];
  assertEquals(inPasses(outputs), [
    { type: "commit", changes: [SAVE, FORGET, DESTROY] },
    transmit(1),
    transmit(2),
    SHOW,
    EXIT,
    SHOW,
  ]);
});

Deno.test("without a change there is no commit", () => {
  assertEquals(inPasses([SHOW, transmit(1)]), [transmit(1), SHOW]);
  assertEquals(inPasses([]), []);
});

Deno.test("half a million notices are no more than many", () => {
  const many = Array.from({ length: 500_000 }, () => SHOW);
  assertEquals(inPasses(many).length, many.length);
});

Deno.test("what is to be remembered is in the history before anything is saved or forgotten", () => {
  const when = { now: 0, date: 0 };
  const memory: Memory = { type: "gap", name: "x", from: undefined, count: 1, when };
  const deeds = inPasses([DESTROY, SHOW, { type: "remember", memory }, transmit(1)]);
  assertEquals(deeds.map(({ type }) => type), ["commitHistory", "commit", "transmit", "notice"]);
  assertEquals(deeds[0], { type: "commitHistory", memories: [memory] });
});

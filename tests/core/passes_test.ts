import { assertEquals } from "@std/assert";
import { inPasses } from "../../core/passes.ts";

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

import { assertEquals } from "@std/assert";
import { Several } from "../../../core/client/several.ts";

Deno.test("a receipt names its message if several wait, and all do that come together with it", () => {
  const several = new Several();
  const come = (now: number, recipient: string, waiting: number) => several.isAmong(now, recipient, waiting);
  assertEquals(come(1, "bob", 1), false);
  assertEquals([come(2, "bob", 3), come(2, "bob", 2), come(2, "bob", 1)], [true, true, true]);
  assertEquals(come(2, "ben", 1), false);
  assertEquals(come(3, "bob", 1), false);
  assertEquals([come(4, "bob", 2), come(5, "bob", 1)], [true, false]);
});

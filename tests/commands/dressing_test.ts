/** How messages look, and what is known of those who send them. */
import { assertEquals } from "@std/assert";
import { dressed, TimeStamps } from "../../programs/dressing.ts";
import { People } from "../../programs/people.ts";
import { promptOf } from "../../programs/reading.ts";

const KEY = "0123456789abcdef".repeat(4);
const COLOURED = { hasLinks: true, colourOf: () => "<red>" };
const PLAIN = { hasLinks: false, colourOf: () => undefined };

Deno.test("the nick has its colour, and only the nick", () => {
  assertEquals(dressed(["bob: bob: hi", "  bob"], "bob", KEY, COLOURED), [
    "<red>bob\x1b[0m: bob: hi",
    "  bob",
  ]);
  assertEquals(dressed(["[Channel_Message bob: hi]"], "bob", KEY, COLOURED), [
    "[Channel_Message <red>bob\x1b[0m: hi]",
  ]);
  assertEquals(dressed(["bob: hi"], "bob", undefined, COLOURED), ["bob: hi"]);
});

Deno.test("addresses are links where the terminal has them", () => {
  const lines = ["bob: http://a.example/", "  http://a.example/"];
  assertEquals(dressed(lines, "bob", KEY, PLAIN), lines);
  assertEquals(
    dressed(lines, "bob", undefined, COLOURED)[1],
    "  \x1b]8;;http://a.example/\x1b\\http://a.example/\x1b]8;;\x1b\\",
  );
});

Deno.test("the time of day, and the day when it is another one", () => {
  const stamps = new TimeStamps();
  const evening = Date.UTC(2026, 10, 27, 23, 59, 30);
  assertEquals([stamps.newDay(evening), stamps.timeOf(evening)], [undefined, "23:59"]);
  assertEquals(stamps.newDay(evening + 10_000), undefined);
  assertEquals([stamps.newDay(evening + 31_000), stamps.timeOf(evening + 31_000)], ["2026-11-28", "00:00"]);
  assertEquals(stamps.newDay(evening + 60_000), undefined);
});

Deno.test("who can be taken for somebody else is told apart by the key", () => {
  const people = new People();
  assertEquals([people.areKnown, people.fingerprintOf("bob")], [false, undefined]);
  people.meet({ rows: [{ nick: "Bob", identity: KEY }], alike: [["Bob", "b0b"]] });
  assertEquals([people.nickOf("bOB"), people.likeOf("bob"), people.areKnown], ["Bob", "b0b", true]);
  assertEquals(people.fingerprintOf("bob"), "0123 4567 89ab cdef");
  assertEquals(promptOf({ to: "Bob" }, " (0123)"), "Bob (0123)> ");
  people.meet({ rows: [{ nick: "Bob", identity: KEY }], alike: [] });
  assertEquals(people.likeOf("bob"), undefined);
});

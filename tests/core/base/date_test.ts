import { assertEquals } from "@std/assert";
import { dateAndTime } from "../../../core/base/text.ts";
import { seededDice } from "../../kit/dice.ts";

/** What the platform says, in the form of the original. */
function expected(instant: number): string {
  return `${new Date(instant).toISOString().replace("T", " ").slice(0, -1)}000`;
}

const YEAR_2101 = Date.UTC(2101, 0, 1);
const DAY_MS = 86_400_000;

Deno.test("an instant in the form of the original", () => {
  assertEquals(dateAndTime(0), "1970-01-01 00:00:00.000000");
  assertEquals(dateAndTime(Date.UTC(2022, 2, 22, 21, 35, 12, 521)), "2022-03-22 21:35:12.521000");
});

Deno.test("every day from 1970 to 2100, leap days and the missing one of 2100 included", () => {
  for (let day = 0; day < YEAR_2101; day += DAY_MS) {
    assertEquals(dateAndTime(day), expected(day));
    assertEquals(dateAndTime(day + DAY_MS - 1), expected(day + DAY_MS - 1));
  }
});

Deno.test("any instant, and before 1970 as well: the reader's zone may be west of UTC", () => {
  const dice = seededDice();
  for (let round = 0; round < 5000; round++) {
    const instant = Math.floor(dice.next() * YEAR_2101);
    assertEquals(dateAndTime(instant), expected(instant));
  }
  assertEquals(dateAndTime(-1), "1969-12-31 23:59:59.999000");
});

Deno.test("fractions of a millisecond are cut off", () => {
  assertEquals(dateAndTime(999.999), "1970-01-01 00:00:00.999000");
});

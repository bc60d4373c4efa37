import { assert, assertEquals } from "@std/assert";
import {
  JOURNAL_BYTES,
  JOURNAL_LIFE_MS,
  JOURNAL_MORE_BYTES,
  JOURNAL_READERS,
} from "../../../core/base/limits.ts";
import type { Entry } from "../../../core/client/journal.ts";
import { journalOn, Recorded } from "../../kit/recorded.ts";

const PREFIX = "0".repeat(20);

function entry(text: string, from = "alice"): Entry {
  const place = { channel: false, prefix: PREFIX, sequence: 1, from, like: undefined, sentAt: 1 };
  return { ...place, dated: false, isOpen: false, isBehindGap: false, isExchanged: false, text };
}

const texts = (events: readonly { text: string }[]) => events.map(({ text }) => text);

/** What the next client at a terminal is given. */
function shownNext(recorded: Recorded, now = 0) {
  const next = recorded.restarted();
  const { printed, unshown } = journalOn(next, true).takeUnshown(now);
  next.performAll(now);
  assertEquals(next.records("event"), []);
  return { dropped: printed.missed, printed: texts(printed.events), unshown: texts(unshown) };
}

Deno.test("with a person at the terminal nothing stays in the journal", () => {
  const recorded = new Recorded();
  journalOn(recorded, true).add(0, entry("hi"));
  recorded.performAll(0);
  assertEquals(recorded.records("event"), []);
});

Deno.test("a process that is killed before it showed a message leaves it in the journal", () => {
  const recorded = new Recorded();
  journalOn(recorded, true).add(0, entry("hi"));
  recorded.perform(0);
  assertEquals(shownNext(recorded), { dropped: 0, printed: [], unshown: ["hi"] });
});

Deno.test("what nobody looked at is kept for the person", () => {
  const recorded = new Recorded();
  const journal = journalOn(recorded, false);
  journal.add(0, entry("hi"));
  recorded.performAll(0);
  assertEquals(journal.takeUnshown(100), { printed: { events: [], missed: 0, newest: 1 }, unshown: [] });
  assertEquals(texts(journal.unseen.events), ["hi"]);
  assertEquals(shownNext(recorded), { dropped: 0, printed: ["hi"], unshown: [] });
});

Deno.test("a person who comes is given what came before, until the screen confirms that it was shown", () => {
  const recorded = new Recorded();
  const journal = journalOn(recorded, false);
  journal.add(0, entry("one"));
  recorded.performAll(0);
  journal.attend(true);
  assertEquals(texts(journal.takeUnshown(100).printed.events), ["one"]);
  journal.add(101, entry("two"));
  recorded.performAll(101);
  assertEquals(texts(journal.unseen.events), ["one", "two"]);
  journal.confirmShown(102, 1);
  recorded.performAll(102);
  assertEquals([recorded.records("event").length, texts(journal.unseen.events)], [1, ["two"]]);
  assertEquals(texts(journal.takeUnshown(103).printed.events), ["two"]);
  // No screen can confirm what has not come.
  journal.confirmShown(104, 9);
  journal.add(105, entry("three"));
  recorded.performAll(105);
  assertEquals(texts(journal.unseen.events), ["three"]);
});

Deno.test("what is folded was not shown, whatever a screen confirms", () => {
  const recorded = new Recorded();
  const journal = journalOn(recorded, false);
  journal.attend(true);
  journal.takeUnshown(0);
  journal.add(0, entry("one"));
  journal.add(0, entry("folded"), true);
  journal.add(0, entry("two"));
  journal.add(0, entry("three"));
  journal.confirmShown(1, 3);
  recorded.performAll(1);
  assertEquals(texts(journal.unseen.events), ["folded", "three"]);
  assertEquals(shownNext(recorded), { dropped: 0, printed: ["folded", "three"], unshown: [] });
});

Deno.test("a program goes on where it stopped, whatever the person has seen", () => {
  const recorded = new Recorded();
  const journal = journalOn(recorded, true);
  assertEquals(journal.placeOfProgram(0, "bot"), 0);
  for (const text of ["one", "two", "three"]) journal.add(0, entry(text));
  journal.confirm(0, "bot", 1);
  recorded.performAll(0);
  const again = journalOn(recorded.restarted(), true);
  assertEquals(again.placeOfProgram(0, "bot"), 1);
  assertEquals(texts(again.pageAfter(1).events), ["two", "three"]);
  assertEquals(again.placeOfProgram(0, "new"), 3);
});

Deno.test("what the person and all programs have dealt with is forgotten", () => {
  const recorded = new Recorded();
  const journal = journalOn(recorded, false);
  journal.placeOfProgram(0, "bot");
  for (const text of ["one", "two", "three"]) journal.add(0, entry(text));
  journal.confirm(1, undefined, 3);
  recorded.performAll(1);
  assertEquals(texts(journal.pageAfter(0).events), ["one", "two", "three"]);
  journal.confirm(2, "bot", 2);
  recorded.performAll(2);
  assertEquals(texts(journal.pageAfter(0).events), ["three"]);
  assertEquals(journal.pageAfter(0).missed, 2);
});

Deno.test("so many programs read the journal, and not one more", () => {
  const journal = journalOn(new Recorded(), true);
  for (let count = 0; count < JOURNAL_READERS; count++) journal.placeOfProgram(0, `bot${count}`);
  assertEquals(journal.placeOfProgram(0, "late"), undefined);
  assertEquals(journal.placeOfProgram(0, "bot0"), 0);
});

Deno.test("what nobody reads is forgotten after 30 days, and so are programs that do not come back", () => {
  const recorded = new Recorded();
  const journal = journalOn(recorded, false);
  journal.placeOfProgram(0, "bot");
  journal.add(0, entry("old"));
  journal.add(1, entry("new"));
  recorded.performAll(1);
  journal.forgetOld(JOURNAL_LIFE_MS);
  assertEquals(texts(journal.unseen.events), ["new"]);
  assertEquals(journal.unseen.missed, 1);
  assertEquals(journal.placeOfProgram(JOURNAL_LIFE_MS, "bot"), 2);
});

Deno.test("nobody can push out what others wrote, and the readers learn how many are gone", () => {
  const recorded = new Recorded();
  const journal = journalOn(recorded, false);
  const long = "x".repeat(60_000);
  for (let count = 1; count <= 10; count++) journal.add(count, entry(`a letter of a friend, ${count}`));
  const fit = Math.floor(JOURNAL_BYTES / (long.length + JOURNAL_MORE_BYTES));
  for (let count = 1; count <= fit + 5; count++) journal.add(count, entry(long, "mallory"));
  assertEquals(recorded.performAll(fit + 5).map(({ type }) => type), ["journalFull"]);
  const { dropped, printed } = shownNext(recorded, fit + 5);
  assert(printed.join("").length <= JOURNAL_BYTES);
  assertEquals(dropped + printed.length, fit + 15);
  assertEquals(printed.slice(0, 10).at(-1), "a letter of a friend, 10");
});

Deno.test("what was folded is shown at the next start, and what was shown behind it is not", () => {
  const recorded = new Recorded();
  const journal = journalOn(recorded, true);
  journal.add(0, entry("shown"));
  journal.add(1, entry("folded"), true);
  journal.add(2, entry("shown behind it"));
  recorded.performAll(2);
  assertEquals(texts(journal.unseen.events), ["folded"]);
  assertEquals(shownNext(recorded), { dropped: 0, printed: ["folded"], unshown: [] });
});

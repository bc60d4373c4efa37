/** Who comes and goes, in lines; and messages that are not shown. */
import { assertEquals } from "@std/assert";
import type { JournalEvent } from "../../core/notice.ts";
import { Hidden } from "../../programs/hidden.ts";
import { offlineLast, Presence } from "../../programs/presence.ts";

const rows = (...nicks: string[]) =>
  nicks.map((nick) => ({ nick: nick.replace("-", ""), online: !nick.startsWith("-") }));
const plain = (nick: string) => nick;

Deno.test("a line tells who has come and who has gone, and nothing of those who stay", () => {
  const presence = new Presence();
  assertEquals(presence.changed(rows("amy", "-bob"), plain), undefined, "the first table");
  assertEquals(presence.changed(rows("amy", "bob", "-cleo"), plain), ["bob is online"]);
  assertEquals(presence.changed(rows("-amy", "bob", "cleo", "dora"), plain), [
    "cleo and dora are online",
    "amy is offline",
  ]);
  assertEquals(presence.changed(rows("-amy", "bob", "cleo", "dora"), plain), []);
});

Deno.test("a crowd is told in one line", () => {
  const presence = new Presence();
  presence.changed([], plain);
  const crowd = Array.from({ length: 12 }, (_, at) => `n${at}`);
  assertEquals(presence.changed(rows(...crowd), plain), [
    "n0, n1, n2, n3, n4, n5, n6, n7 and 4 more are online",
  ]);
});

Deno.test("who is offline comes last, in the order that there was", () => {
  assertEquals(offlineLast(rows("-a", "b", "-c", "d")), rows("b", "d", "-a", "-c"));
});

function message(from: string, text: string): JournalEvent {
  const rest = { channel: false, sentAt: 0, dated: false, isOpen: false, like: undefined };
  return { number: 1, id: "0", from, text, ...rest, isBehindGap: false, isExchanged: false };
}

Deno.test("somebody is ignored until it is said again, and what was hidden is there to be shown", () => {
  const hidden = new Hidden();
  assertEquals([hidden.toggle("Bob"), hidden.isIgnored("bob"), hidden.isIgnored("amy")], [true, true, false]);
  for (const [from, text] of [["bob", "1"], ["amy", "2"], ["bob", "3"]] as const) {
    hidden.keep(message(from, text));
  }
  const texts = (from?: string) => hidden.take(from).map(({ text }) => text);
  assertEquals([texts("BOB"), texts("bob"), texts(), texts()], [["1", "3"], [], ["2"], []]);
  assertEquals([hidden.toggle("bob"), hidden.isIgnored("bob")], [false, false]);
});

Deno.test("the newest of what is hidden is kept, so many messages and so much text", () => {
  const hidden = new Hidden();
  for (let at = 0; at < 1_500; at++) hidden.keep(message("bob", `${at}`));
  const kept = hidden.take("bob");
  assertEquals([kept.length, kept.at(0)?.text, kept.at(-1)?.text], [1_000, "500", "1499"]);
  for (let at = 0; at < 30; at++) hidden.keep(message("bob", "x".repeat(60_000)));
  assertEquals(hidden.take(undefined).length, 16);
});

import { assert, assertEquals } from "@std/assert";
import { KEPT_BYTES, KEPT_MESSAGES, TEXT_BYTES } from "../../../core/base/limits.ts";
import { WhileAway } from "../../../core/client/while_away.ts";
import { Recorded } from "../../kit/recorded.ts";

const message = (text: string, from = "alice") => (
  { channel: false, isOpen: false, from, like: [], sentAt: 1, text }
);

/** What the next client at a terminal shows: how many were dropped, and the texts. */
function shown(recorded: Recorded): { dropped: number | undefined; texts: string[] } {
  const next = recorded.restarted();
  new WhileAway(next.effects, true).show(0);
  let dropped: number | undefined;
  const texts: string[] = [];
  for (const notice of next.performAll(0)) {
    if (notice.type === "whileAway") dropped = notice.dropped;
    if (notice.type === "directReceived") texts.push(notice.message.text);
  }
  assertEquals(next.records("kept"), []);
  return { dropped, texts };
}

Deno.test("a client with a person at its terminal keeps nothing but what it does not show", () => {
  const recorded = new Recorded();
  const away = new WhileAway(recorded.effects, true);
  away.keep(0, message("hi"), true);
  recorded.performAll(0);
  assertEquals(recorded.disk.size, 0);
  away.keep(100, message("folded"), false);
  recorded.performAll(100);
  assertEquals(shown(recorded), { dropped: 0, texts: ["folded"] });
});

Deno.test("what is kept after the rest was shown counts from the beginning, and has all the room", () => {
  const first = new Recorded();
  const piped = new WhileAway(first.effects, false);
  for (const text of ["one", "two", "three"]) piped.keep(0, message(text), true);
  first.performAll(0);
  const recorded = first.restarted();
  const away = new WhileAway(recorded.effects, true);
  away.show(0);
  for (let count = 1; count <= KEPT_MESSAGES; count++) away.keep(0, message(`${count}`), false);
  const told = recorded.performAll(0).map(({ type }) => type);
  assertEquals(told.filter((type) => type === "keptFull"), []);
  const { dropped, texts } = shown(recorded);
  assertEquals([dropped, texts.length, texts[0]], [0, KEPT_MESSAGES, "1"]);
});

Deno.test("a message is kept after it was printed, not before", () => {
  const recorded = new Recorded();
  new WhileAway(recorded.effects, false).keep(0, message("hi"), true);
  recorded.perform(0);
  assertEquals(recorded.disk.size, 0);
  recorded.perform(60);
  assertEquals(shown(recorded), { dropped: 0, texts: ["hi"] });
});

Deno.test("a client in a pipe shows nothing that was kept", () => {
  const recorded = new Recorded();
  const away = new WhileAway(recorded.effects, false);
  away.keep(0, message("hi"), true);
  recorded.performAll(0);
  away.show(100);
  assertEquals(recorded.performAll(100), []);
});

Deno.test("nobody can push out what others wrote, and the person is told how many found no room", () => {
  const recorded = new Recorded();
  const away = new WhileAway(recorded.effects, false);
  for (let count = 1; count <= 10; count++) {
    away.keep(count, message(`a long letter of a friend, ${count}`), true);
  }
  for (let count = 1; count <= KEPT_MESSAGES; count++) away.keep(count, message(`${count}`, "mallory"), true);
  const told = recorded.performAll(KEPT_MESSAGES);
  assertEquals(told.map(({ type }) => type), ["keptFull"]);
  const { dropped, texts } = shown(recorded);
  assertEquals([dropped, texts.length], [10, KEPT_MESSAGES]);
  assertEquals(texts.slice(9, 12), ["a long letter of a friend, 10", "11", "12"]);
});

Deno.test("bytes are counted over restarts, and the newest message is kept", () => {
  let recorded = new Recorded();
  const long = "x".repeat(TEXT_BYTES - 10);
  const fit = Math.floor(KEPT_BYTES / TEXT_BYTES);
  for (let count = 0; count < fit + 5; count++) {
    recorded = recorded.restarted();
    new WhileAway(recorded.effects, false).keep(count, message(`${count} ${long}`), true);
    recorded.performAll(count);
  }
  const { dropped, texts } = shown(recorded);
  assert(texts.join("").length <= KEPT_BYTES);
  assertEquals(dropped! + texts.length, fit + 5);
  assert(texts.at(-1)!.startsWith(`${fit + 4} `));
});

import { assert, assertEquals, assertFalse } from "@std/assert";
import { AckTracker } from "../../core/ack_tracker.ts";
import { ACK_TIMEOUT_MS, MESSAGE_LIFE_MS, RETRY_FIRST_MS, RETRY_MAXIMUM_MS } from "../../core/limits.ts";
import { NO_MESSAGE } from "../../core/message_id.ts";
import { Recorded } from "./effects.ts";

const idOf = (count: number) => "ab".repeat(8) + count.toString(16).padStart(16, "0");

function restarted(recorded: Recorded): AckTracker {
  const tracker = new AckTracker(new Recorded().effects);
  for (const [key, value] of recorded.records("outbox")) tracker.loadMessage(key, value);
  for (const [key, value] of recorded.records("sent")) tracker.loadSent(key, value);
  return tracker;
}

Deno.test("a message without a receipt is due after 500 ms, not before", () => {
  const tracker = new AckTracker(new Recorded().effects);
  const message = tracker.add(1000, idOf(1), "bob", "hi");
  assertEquals(tracker.deadline, 1000 + ACK_TIMEOUT_MS);
  assertEquals(tracker.next(1499), undefined);
  assertEquals(tracker.next(1500), message);
  assertEquals(tracker.next(1500), undefined);
});

Deno.test("then it is due less and less often, up to every 30 s", () => {
  const tracker = new AckTracker(new Recorded().effects);
  tracker.add(0, idOf(1), "bob", "hi");
  const waits = [];
  for (let [last, round] = [0, 0]; round < 7; round++) {
    const at = tracker.deadline;
    assert(tracker.next(at) !== undefined);
    waits.push(at - last);
    last = at;
  }
  assertEquals(waits, [ACK_TIMEOUT_MS, RETRY_FIRST_MS, 10_000, 20_000, ...Array(3).fill(RETRY_MAXIMUM_MS)]);
});

Deno.test("when the recipient or the server is back, it begins again", () => {
  const tracker = new AckTracker(new Recorded().effects);
  const message = tracker.add(0, idOf(1), "bob", "hi");
  for (let round = 0; round < 5; round++) tracker.next(tracker.deadline);
  message.unanswered = true;
  tracker.restart(100_000, message);
  assertFalse(message.unanswered);
  assertEquals(tracker.next(100_500), message);
  assertEquals(tracker.deadline, 100_500 + RETRY_FIRST_MS);
});

Deno.test("a receipt ends it", () => {
  const tracker = new AckTracker(new Recorded().effects);
  tracker.delivered(10, tracker.add(0, idOf(1), "bob", "hi"));
  assertEquals([tracker.waiting, tracker.get(idOf(1))], [0, undefined]);
  assertEquals(tracker.next(1e9), undefined);
});

Deno.test("what the server has is remembered without its text, and no longer due", () => {
  const recorded = new Recorded();
  const tracker = new AckTracker(recorded.effects);
  tracker.stored(tracker.add(0, idOf(1), "bob", "secret"));
  assertEquals(tracker.next(1e9), undefined);
  assertEquals([tracker.waiting, tracker.get(idOf(1))?.stored], [0, true]);
  assertEquals(tracker.unstored(), []);
  recorded.performAll(1);
  const message = restarted(recorded).get(idOf(1))!;
  assertEquals([message.stored, message.text, message.to], [true, "", "bob"]);
});

Deno.test("each message names the one before it to the same recipient", () => {
  const tracker = new AckTracker(new Recorded().effects);
  const afters = (["bob", "carol", "BOB"] as const).map((to, at) => tracker.add(0, idOf(at), to, "hi").after);
  assertEquals(afters, [NO_MESSAGE, NO_MESSAGE, idOf(0)]);
  assertEquals(tracker.add(0, idOf(9), undefined, "to all").after, NO_MESSAGE);
});

Deno.test("nothing waits for a message that failed: the next one names the one before it", () => {
  const tracker = new AckTracker(new Recorded().effects);
  tracker.add(0, idOf(1), "bob", "a");
  const failing = tracker.add(0, idOf(2), "bob", "b");
  tracker.failed(0, failing);
  assertEquals(tracker.get(idOf(2)), undefined);
  assertEquals(tracker.add(0, idOf(3), "bob", "c").after, idOf(1));
});

Deno.test("an older message that fails changes nothing for the newer ones", () => {
  const tracker = new AckTracker(new Recorded().effects);
  const failing = tracker.add(0, idOf(1), "bob", "a");
  tracker.add(0, idOf(2), "bob", "b");
  tracker.failed(0, failing);
  assertEquals(tracker.add(0, idOf(3), "bob", "c").after, idOf(2));
});

Deno.test("a message is too old after 7 days, not before", () => {
  const tracker = new AckTracker(new Recorded().effects);
  const message = tracker.add(1000, idOf(1), "bob", "hi");
  assertFalse(tracker.isTooOld(999 + MESSAGE_LIFE_MS, message));
  assert(tracker.isTooOld(1000 + MESSAGE_LIFE_MS, message));
});

Deno.test("everything but what was told survives a kill", () => {
  const recorded = new Recorded();
  const tracker = new AckTracker(recorded.effects);
  tracker.add(5.5, idOf(1), "bob", "hi");
  tracker.add(6, idOf(2), undefined, "all");
  recorded.perform(6);
  const again = restarted(recorded);
  const [direct, channel] = again.unstored();
  assertEquals([direct?.id, direct?.to, direct?.text, direct?.sentAt], [idOf(1), "bob", "hi", 5]);
  assertEquals([channel?.to, channel?.text], [undefined, "all"]);
  assertEquals([direct?.unsettled, direct?.unanswered], [false, false]);
  assertEquals(again.next(1e9), undefined);
  assertEquals(again.add(7, idOf(3), "bob", "more").after, idOf(1));
});

Deno.test("a delivered message is still the last one for the next after a restart", () => {
  const recorded = new Recorded();
  const tracker = new AckTracker(recorded.effects);
  tracker.delivered(1, tracker.add(0, idOf(1), "bob", "hi"));
  recorded.performAll(1);
  assertEquals(recorded.records("outbox"), []);
  assertEquals(restarted(recorded).add(7, idOf(2), "bob", "more").after, idOf(1));
});

Deno.test("what waits is listed oldest first, for one recipient or for all", () => {
  const tracker = new AckTracker(new Recorded().effects);
  tracker.add(0, idOf(1), "bob", "a");
  tracker.add(0, idOf(2), "carol", "b");
  tracker.add(0, idOf(3), undefined, "c");
  tracker.add(0, idOf(4), "Bob", "d");
  assertEquals(tracker.unstored().map(({ text }) => text), ["a", "b", "c", "d"]);
  assertEquals(tracker.unstored("BOB").map(({ text }) => text), ["a", "d"]);
  assertEquals(tracker.waiting, 4);
});

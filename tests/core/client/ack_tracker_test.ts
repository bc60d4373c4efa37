import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  ACK_TIMEOUT_MS,
  MAIL_LIFE_MS,
  MESSAGE_LIFE_MS,
  MESSAGE_MOST_MS,
  OUTBOX_BYTES,
  OUTBOX_MESSAGES,
  RETRY_FIRST_MS,
  RETRY_MAXIMUM_MS,
  TEXT_BYTES,
  TOO_OLD_AFTER_TRIES,
} from "../../../core/base/limits.ts";
import { AckTracker } from "../../../core/client/ack_tracker.ts";
import type { OutgoingMessage } from "../../../core/client/outbox.ts";
import { NO_HASH, NO_KEY, textHash } from "../../../core/messages/identity.ts";
import { NO_MESSAGE, partsOf } from "../../../core/messages/message_id.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { Recorded, trueClock } from "../../kit/recorded.ts";
import { BODY, idOf, KEY, LONGEST_TEXT } from "../../kit/samples.ts";

const NOTHING = new Uint8Array(0);
/** A letter, as far as the tracker cares. */
const SEALING = { body: BODY, ephemeral: KEY, proof: "9a".repeat(32) };
const hashOf = (count: number, text: string) => textHash(primitives, idOf(count), text);

function trackerOf(recorded = new Recorded()): AckTracker {
  return new AckTracker(recorded.effects, primitives, trueClock());
}

/** The id of the message before, and the hash of its text. */
function before(message: OutgoingMessage): [string, string] {
  return [message.before.id, message.before.hash(primitives)];
}

function restarted(recorded: Recorded): AckTracker {
  return trackerOf(recorded.restarted());
}

Deno.test("a message without a receipt is due after 500 ms, not before", () => {
  const tracker = trackerOf();
  const message = tracker.add(1000, partsOf(idOf(1)), "bob", "hi");
  assertEquals(tracker.deadline, 1000 + ACK_TIMEOUT_MS);
  assertEquals(tracker.takeDue(1499), undefined);
  assertEquals(tracker.takeDue(1500), message);
  assertEquals(tracker.takeDue(1500), undefined);
});

Deno.test("then it is due less and less often, up to every 30 s", () => {
  const tracker = trackerOf();
  tracker.add(0, partsOf(idOf(1)), "bob", "hi");
  const waits = [];
  for (let [last, round] = [0, 0]; round < 7; round++) {
    const at = tracker.deadline;
    assert(tracker.takeDue(at) !== undefined);
    waits.push(at - last);
    last = at;
  }
  assertEquals(waits, [ACK_TIMEOUT_MS, RETRY_FIRST_MS, 10_000, 20_000, ...Array(3).fill(RETRY_MAXIMUM_MS)]);
});

Deno.test("when the recipient or the server is back, it begins again", () => {
  const tracker = trackerOf();
  const message = tracker.add(0, partsOf(idOf(1)), "bob", "hi");
  for (let round = 0; round < 5; round++) tracker.takeDue(tracker.deadline);
  message.unanswered = true;
  tracker.restart(100_000, message);
  assertFalse(message.unanswered);
  assertEquals(tracker.takeDue(100_500), message);
  assertEquals(tracker.deadline, 100_500 + RETRY_FIRST_MS);
});

Deno.test("a receipt ends it", () => {
  const tracker = trackerOf();
  tracker.delivered(10, tracker.add(0, partsOf(idOf(1)), "bob", "hi"));
  assertEquals([tracker.waiting, tracker.messageWith(idOf(1))], [0, undefined]);
  assertEquals(tracker.takeDue(1e9), undefined);
});

Deno.test("what the server has is remembered with its text and the proof that it was read, without the letter, and no longer due", () => {
  const recorded = new Recorded();
  const tracker = trackerOf(recorded);
  const message = tracker.add(0, partsOf(idOf(1)), "bob", "secret");
  tracker.sealed(message, SEALING);
  tracker.stored(message);
  assertEquals(tracker.takeDue(1e9), undefined);
  assertEquals([tracker.waiting, tracker.messageWith(idOf(1))?.stored], [0, true]);
  assertEquals(tracker.unstored(), []);
  recorded.performAll(1);
  const again = restarted(recorded);
  const { stored, text, body, to, ephemeral, proof } = again.messageWith(idOf(1))!;
  assertEquals([stored, text, body, to], [true, "secret", NOTHING, "bob"]);
  assertEquals([ephemeral, proof], [SEALING.ephemeral, SEALING.proof]);
  assertEquals([again.waiting, again.unstored(), again.takeDue(1e9)], [0, [], undefined]);
});

Deno.test("what is stored twice counts once", () => {
  const tracker = trackerOf();
  const message = tracker.add(0, partsOf(idOf(1)), "bob", "hi");
  tracker.stored(message);
  tracker.stored(message);
  tracker.add(0, partsOf(idOf(2)), "bob", "more");
  assertEquals(tracker.waiting, 1);
});

// ---- what leaves -----------------------------------------------------------------------------------------

Deno.test("a new message is not sealed; it is durable once it is kept or sealed, not before", () => {
  const recorded = new Recorded();
  const tracker = trackerOf(recorded);
  const message = tracker.add(0, partsOf(idOf(1)), "bob", "hi");
  assertEquals([message.body, message.edition], [NOTHING, 0]);
  recorded.performAll(0);
  assertEquals(recorded.records("outbox"), []);
  tracker.save(message);
  recorded.perform(100);
  assertEquals(restarted(recorded).messageWith(idOf(1))?.body, NOTHING);
  tracker.sealed(message, SEALING);
  recorded.perform(100);
  const { body, ephemeral, proof } = restarted(recorded).messageWith(idOf(1))!;
  assertEquals([message.body, { body, ephemeral, proof }], [BODY, SEALING]);
});

Deno.test("somebody else with the nick knows nothing of what was before: what waits begins anew for him, durably", () => {
  const recorded = new Recorded();
  const tracker = trackerOf(recorded);
  const [earlier, first, second] = [1, 2, 3].map((count) =>
    tracker.add(0, partsOf(idOf(count)), "bob", `m${count}`)
  );
  for (const message of [earlier!, first!, second!]) {
    tracker.sealed(message, SEALING);
    message.wentTo = KEY;
  }
  tracker.delivered(0, earlier!);
  tracker.sealAgain(0, first!);
  tracker.beginAnew(0, "BOB");
  recorded.performAll(100);
  for (const known of [tracker, restarted(recorded)]) {
    const [one, two] = [known.messageWith(idOf(2))!, known.messageWith(idOf(3))!];
    assertEquals([one.after, one.before.hash(primitives), two.before.id], [NO_MESSAGE, NO_HASH, idOf(2)]);
    // The one before is not written down again, and its text may be gone after a restart.
    assertEquals(two.after, undefined);
    assertEquals(two.before.hash(primitives), known === tracker ? hashOf(2, "m2") : NO_HASH);
    for (const { body, edition, ephemeral, proof, wentTo } of [one, two]) {
      assertEquals([body, edition, ephemeral, proof, wentTo], [NOTHING, 0, NO_KEY, "", undefined]);
    }
    assertEquals(before(known.add(200, partsOf(idOf(4)), "bob", "m4")), [idOf(3), hashOf(3, "m3")]);
  }
});

Deno.test("what its recipient could not open begins anew, also when the server had it, also after a restart", () => {
  const recorded = new Recorded();
  const tracker = trackerOf(recorded);
  const message = tracker.add(0, partsOf(idOf(1)), "bob", "hi");
  tracker.sealed(message, SEALING);
  for (let round = 0; round < 3; round++) tracker.takeDue(tracker.deadline);
  tracker.stored(message);
  tracker.sealAgain(100_000, message);
  // It is not told of as unanswered: its recipient has answered.
  assertEquals([message.stored, message.unanswered, message.edition, message.body], [
    false,
    true,
    1,
    NOTHING,
  ]);
  assertEquals([tracker.waiting, tracker.unstored()], [1, [message]]);
  assertEquals(tracker.takeDue(100_499), undefined);
  assertEquals(tracker.takeDue(100_500), message);
  assertEquals(tracker.takeDue(100_499 + RETRY_FIRST_MS), undefined);
  assertEquals(tracker.takeDue(100_500 + RETRY_FIRST_MS), message);
  recorded.perform(100_000);
  const { stored, edition, body, text } = restarted(recorded).messageWith(idOf(1))!;
  assertEquals([stored, edition, body, text], [false, 1, NOTHING, "hi"]);
});

Deno.test("what was not stored and begins anew is still counted once", () => {
  const tracker = trackerOf();
  tracker.sealAgain(0, tracker.add(0, partsOf(idOf(1)), "bob", "hi"));
  assertEquals(tracker.waiting, 1);
});

Deno.test("a message that the server takes later is due then, once", () => {
  const tracker = trackerOf();
  const message = tracker.add(0, partsOf(idOf(1)), "bob", "hi");
  tracker.delay(message, 1000);
  assertEquals([tracker.takeDue(999), tracker.takeDue(1000), tracker.takeDue(1000)], [
    undefined,
    message,
    undefined,
  ]);
  assertEquals(tracker.takeDue(1000 + RETRY_FIRST_MS), message);
});

Deno.test("10,000 messages wait at most; what is stored is none of them", () => {
  const tracker = trackerOf();
  for (let count = 1; count < OUTBOX_MESSAGES; count++) {
    tracker.add(0, partsOf(idOf(count)), "bob", "");
  }
  assertFalse(tracker.isFull(0));
  const last = tracker.add(0, partsOf(idOf(OUTBOX_MESSAGES)), "bob", "");
  assert(tracker.isFull(0));
  tracker.stored(last);
  assertFalse(tracker.isFull(0));
});

Deno.test("64 MiB of text wait at most, counted in UTF-8, what is stored among it", () => {
  const tracker = trackerOf();
  const most = OUTBOX_BYTES / TEXT_BYTES;
  for (let count = 1; count <= most; count++) {
    tracker.stored(tracker.add(0, partsOf(idOf(count)), "bob", LONGEST_TEXT));
  }
  assertEquals([tracker.isFull(0), tracker.isFull(1)], [false, true]);
  tracker.delivered(0, tracker.messageWith(idOf(1))!);
  assertEquals([tracker.isFull(TEXT_BYTES), tracker.isFull(TEXT_BYTES + 1)], [false, true]);
});

Deno.test("of messages with the same prefix the record leaves out which one is before", () => {
  const tracker = trackerOf();
  const [first, second, , fourth] = [1, 2, 3, 4].map((count) => {
    const message = tracker.add(0, partsOf(idOf(count)), "bob", "x");
    if (count === 3) tracker.failed(0, message);
    return message;
  });
  assertEquals([first!.after, second!.after, fourth!.after], [NO_MESSAGE, undefined, idOf(2)]);
  const other = tracker.add(0, partsOf(idOf(5, 7)), "bob", "x");
  assertEquals(other.after, idOf(4));
});

Deno.test("the text of the message before is hashed when a letter or a record needs that, not before", () => {
  const counted = { hashes: 0 };
  const counting = {
    ...primitives,
    hash: (...parts: Uint8Array[]) => {
      counted.hashes++;
      return primitives.hash(...parts);
    },
  };
  const recorded = new Recorded();
  const tracker = new AckTracker(recorded.effects, counting, trueClock());
  const messages = Array.from(
    { length: 100 },
    (_, at) => tracker.add(0, partsOf(idOf(at + 1)), "bob", "x"),
  );
  for (const message of messages) tracker.save(message);
  for (const message of messages.slice(0, -1)) tracker.delivered(0, message);
  assertEquals(counted.hashes, 0);
  // A letter for the last one names the one before it.
  assertEquals(messages.at(-1)!.before.hash(counting), hashOf(99, "x"));
  assertEquals(counted.hashes, 1);
  // The record of the last message is written once for all of them.
  recorded.performAll(0);
  assertEquals(counted.hashes, 2);
});

// ---- in order --------------------------------------------------------------------------------------------

Deno.test("each message names the one before it to the same recipient, and its text by a hash", () => {
  const tracker = trackerOf();
  const afters = (["bob", "carol", "BOB"] as const).map((to, at) => {
    return before(tracker.add(0, partsOf(idOf(at)), to, `text ${at}`));
  });
  const nothing = [NO_MESSAGE, NO_HASH];
  assertEquals(afters, [nothing, nothing, [idOf(0), hashOf(0, "text 0")]]);
  assertEquals(before(tracker.add(0, partsOf(idOf(9)), undefined, "to all")), nothing);
});

Deno.test("nothing waits for a message that failed: the next one names the one before it", () => {
  const tracker = trackerOf();
  tracker.add(0, partsOf(idOf(1)), "bob", "a");
  const failing = tracker.add(0, partsOf(idOf(2)), "bob", "b");
  tracker.failed(0, failing);
  assertEquals(tracker.messageWith(idOf(2)), undefined);
  assertEquals(before(tracker.add(0, partsOf(idOf(3)), "bob", "c")), [idOf(1), hashOf(1, "a")]);
});

Deno.test("when all have failed the next one names nothing", () => {
  const tracker = trackerOf();
  const failing = [1, 2, 3].map((count) => tracker.add(0, partsOf(idOf(count)), "bob", "a"));
  for (const at of [1, 0, 2]) tracker.failed(0, failing[at]!);
  assertEquals(before(tracker.add(0, partsOf(idOf(4)), "bob", "c")), [NO_MESSAGE, NO_HASH]);
});

Deno.test("an older message that fails changes nothing for the newer ones", () => {
  const tracker = trackerOf();
  const failing = tracker.add(0, partsOf(idOf(1)), "bob", "a");
  tracker.add(0, partsOf(idOf(2)), "bob", "b");
  tracker.failed(0, failing);
  assertEquals(tracker.add(0, partsOf(idOf(3)), "bob", "c").before.id, idOf(2));
});

Deno.test("a message is too old after 7 days, not before", () => {
  const tracker = trackerOf();
  const message = tracker.add(1000, partsOf(idOf(1)), "bob", "hi");
  message.tries = TOO_OLD_AFTER_TRIES;
  assertFalse(tracker.isTooOld(999 + MESSAGE_LIFE_MS, message));
  assert(tracker.isTooOld(1000 + MESSAGE_LIFE_MS, message));
});

Deno.test("a message that is older than that at a start is tried ten times first, but never after 14 days", () => {
  const recorded = new Recorded();
  const tracker = trackerOf(recorded);
  tracker.sealed(tracker.add(0, partsOf(idOf(1)), "bob", "hi"), SEALING);
  recorded.perform(0);
  const later = trackerOf(recorded.restarted());
  const message = later.messageWith(idOf(1))!;
  assertFalse(later.isTooOld(MESSAGE_MOST_MS - 1, message));
  assert(later.isTooOld(MESSAGE_MOST_MS, message));
  message.tries = TOO_OLD_AFTER_TRIES;
  assert(later.isTooOld(MESSAGE_LIFE_MS, message));
});

Deno.test("everything but what was told survives a kill", () => {
  const recorded = new Recorded();
  const tracker = trackerOf(recorded);
  tracker.sealed(tracker.add(5.5, partsOf(idOf(1)), "bob", "hi"), SEALING);
  tracker.save(tracker.add(6, partsOf(idOf(2)), undefined, "all"));
  recorded.perform(6);
  const again = restarted(recorded);
  const [direct, channel] = again.unstored();
  assertEquals([direct?.id, direct?.to, direct?.text, direct?.sentAt], [idOf(1), "bob", "hi", 5]);
  assertEquals([direct?.body, ...before(direct!)], [BODY, NO_MESSAGE, NO_HASH]);
  assertEquals([channel?.to, channel?.text], [undefined, "all"]);
  assertEquals([direct?.unsettled, direct?.unanswered], [false, false]);
  assertEquals(again.takeDue(1e9), undefined);
  assertEquals(before(again.add(7, partsOf(idOf(3)), "bob", "more")), [idOf(1), hashOf(1, "hi")]);
});

Deno.test("a delivered message is still the last one for the next after a restart", () => {
  const recorded = new Recorded();
  const tracker = trackerOf(recorded);
  const message = tracker.add(0, partsOf(idOf(1)), "bob", "hi");
  tracker.save(message);
  tracker.delivered(1, message);
  recorded.performAll(1);
  assertEquals(recorded.records("outbox"), []);
  const next = restarted(recorded).add(7, partsOf(idOf(2)), "bob", "more");
  assertEquals(before(next), [idOf(1), hashOf(1, "hi")]);
});

Deno.test("what is forgotten is gone durably, what failed as well", () => {
  for (const isFailure of [false, true]) {
    const recorded = new Recorded();
    const tracker = trackerOf(recorded);
    const message = tracker.add(0, partsOf(idOf(1)), "bob", "hi");
    tracker.sealed(message, SEALING);
    tracker.stored(message);
    recorded.perform(0);
    if (isFailure) tracker.failed(1, message);
    else tracker.forget(message);
    recorded.perform(1);
    assertEquals([recorded.records("outbox"), tracker.messageWith(idOf(1)), tracker.waiting], [
      [],
      undefined,
      0,
    ]);
  }
});

Deno.test("what was stored is given up 44 days after it was written, what waits is not", () => {
  const tracker = trackerOf();
  const message = tracker.add(1000, partsOf(idOf(1)), "bob", "hi");
  tracker.add(1000, partsOf(idOf(2)), "bob", "hi");
  tracker.stored(message);
  assertEquals(tracker.expired(999 + MESSAGE_MOST_MS + MAIL_LIFE_MS), []);
  assertEquals(tracker.expired(1000 + MESSAGE_MOST_MS + MAIL_LIFE_MS), [message]);
});

Deno.test("channel messages have their turn one after the other", () => {
  const tracker = trackerOf();
  tracker.add(0, partsOf(idOf(1)), "bob", "hi");
  const [first, second] = [2, 3].map((count) => tracker.add(0, partsOf(idOf(count)), undefined, "all"));
  assertEquals(tracker.nextPost, first);
  tracker.delivered(0, first!);
  assertEquals(tracker.nextPost, second);
  tracker.failed(0, second!);
  assertEquals(tracker.nextPost, undefined);
});

Deno.test("what waits is listed oldest first, for one recipient or for all", () => {
  const tracker = trackerOf();
  tracker.add(0, partsOf(idOf(1)), "bob", "a");
  tracker.add(0, partsOf(idOf(2)), "carol", "b");
  tracker.add(0, partsOf(idOf(3)), undefined, "c");
  tracker.add(0, partsOf(idOf(4)), "Bob", "d");
  assertEquals(tracker.unstored().map(({ text }) => text), ["a", "b", "c", "d"]);
  assertEquals(tracker.unstored("BOB").map(({ text }) => text), ["a", "d"]);
  assertEquals(tracker.waiting, 4);
});

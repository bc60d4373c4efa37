/** The outbox behind the tracker: each recipient's messages in their order, and how many of them wait. */
import { assert, assertEquals } from "@std/assert";
import { AckTracker } from "../../../core/client/ack_tracker.ts";
import type { OutgoingMessage } from "../../../core/client/outbox.ts";
import { partsOf } from "../../../core/messages/message_id.ts";
import { nickKey } from "../../../core/messages/nick.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { seededDice } from "../../kit/dice.ts";
import { Recorded, trueClock } from "../../kit/recorded.ts";
import { idOf } from "../../kit/samples.ts";

const PEOPLE = ["bob", "carol", "Zoë", "dave"];

function trackerWith(count: number, to: string): { tracker: AckTracker; messages: OutgoingMessage[] } {
  const tracker = new AckTracker(new Recorded().effects, primitives, trueClock());
  const messages = Array.from(
    { length: count },
    (_, at) => tracker.add(0, partsOf(idOf(at)), to, `m${at}`),
  );
  return { tracker, messages };
}

Deno.test("what the server had and its recipient could not open waits again in its old place", () => {
  const { tracker, messages } = trackerWith(3, "bob");
  const [first, second, third] = messages;
  tracker.stored(first!);
  tracker.stored(second!);
  assertEquals(tracker.unstored("bob"), [third]);
  tracker.sealAgain(0, first!);
  assertEquals(tracker.unstored("bob"), [first, third]);
  assertEquals(tracker.unstored(), [first, third]);
});

Deno.test("what is done with is not listed: delivered, failed, forgotten", () => {
  const { tracker, messages } = trackerWith(4, "bob");
  tracker.delivered(0, messages[0]!);
  tracker.failed(0, messages[2]!);
  tracker.forget(messages[3]!);
  assertEquals(tracker.unstored("bob"), [messages[1]]);
  tracker.delivered(0, messages[1]!);
  assertEquals([tracker.unstored("bob"), [...tracker.recipients]], [[], []]);
});

Deno.test("whoever has only stored messages is not waited for", () => {
  const { tracker, messages } = trackerWith(2, "Bob");
  tracker.add(0, partsOf(idOf(8)), undefined, "to all");
  for (const message of messages) tracker.stored(message);
  assertEquals([tracker.waitingFor("bob"), [...tracker.recipients]], [0, [""]]);
  tracker.sealAgain(0, messages[0]!);
  assertEquals([tracker.waitingFor("BOB"), new Set(tracker.recipients)], [1, new Set(["", "bob"])]);
});

Deno.test("whatever becomes of messages, they are listed and counted as by a walk over all, also after a restart", () => {
  const dice = seededDice();
  const recorded = new Recorded();
  const tracker = new AckTracker(recorded.effects, primitives, trueClock());
  let all: OutgoingMessage[] = [];

  function assertAsWalked(one: AckTracker): void {
    const waits = all.filter(({ stored }) => !stored);
    const texts = (messages: readonly OutgoingMessage[]) => messages.map(({ text }) => text);
    assertEquals(texts(one.unstored()), texts(waits));
    assertEquals(one.waiting, waits.length);
    assertEquals(one.nextPost?.text, all.find(({ to }) => to === undefined)?.text);
    for (const nick of PEOPLE) {
      const walked = waits.filter(({ to }) => to !== undefined && nickKey(to) === nickKey(nick));
      assertEquals(texts(one.unstored(nick)), texts(walked));
      assertEquals(one.waitingFor(nick), walked.length);
    }
    const recipients = new Set(waits.map(({ to }) => to === undefined ? "" : nickKey(to)));
    assertEquals([...one.recipients].sort(), [...recipients].sort());
  }

  for (let step = 0; step < 600; step++) {
    const message = all.length === 0 || dice.happens(0.45) ? undefined : dice.pick(all);
    if (message === undefined) {
      const nick = dice.pick([undefined, ...PEOPLE]);
      const to = dice.happens(0.5) ? nick?.toUpperCase() : nick;
      const added = tracker.add(step, partsOf(idOf(step)), to, `m${step}`);
      tracker.save(added);
      all.push(added);
    } else {
      const fate = dice.pick(message.to === undefined ? [0, 1, 2] : [0, 1, 2, 3, 4, 4]);
      if (fate === 0) tracker.delivered(step, message);
      if (fate === 1) tracker.failed(step, message);
      if (fate === 2) tracker.forget(message);
      if (fate === 3) tracker.sealAgain(step, message);
      if (fate === 4) tracker.stored(message);
      if (fate < 3) all = all.filter((other) => other !== message);
    }
    assertAsWalked(tracker);
  }
  recorded.performAll(1000);
  const again = new AckTracker(recorded.restarted().effects, primitives, trueClock());
  assertAsWalked(again);
});

Deno.test("messages are found by id, and by the prefix of their ids, as long as they are there", () => {
  const { tracker, messages } = trackerWith(3, "bob");
  const { prefix } = messages[0]!;
  assertEquals([...tracker.messagesWith(prefix).keys()], [0, 1, 2]);
  assertEquals(tracker.messageWith(messages[1]!.id), messages[1]);
  tracker.delivered(0, messages[1]!);
  assertEquals([...tracker.messagesWith(prefix).values()], [messages[0], messages[2]]);
  assertEquals(tracker.messageWith(messages[1]!.id), undefined);
  assert(!tracker.has(messages[1]!));
  for (const at of [0, 2]) tracker.forget(messages[at]!);
  assertEquals(tracker.messagesWith(prefix).size, 0);
});

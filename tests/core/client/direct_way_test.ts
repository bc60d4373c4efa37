/** How messages are packed into verbs, taken back and settled; answers; and the tags of two people. */
import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { DIRECT_MESSAGES, GOT_RUNS, PART_BYTES, PEOPLE, REST_HELD_MS } from "../../../core/base/limits.ts";
import type { Address, Key, Millis } from "../../../core/base/units.ts";
import { Answers } from "../../../core/client/answers.ts";
import { DirectWay } from "../../../core/client/direct_way.ts";
import type { Introductions } from "../../../core/client/introductions.ts";
import { LastMessage } from "../../../core/client/last_message.ts";
import { OutgoingMessage } from "../../../core/client/outbox.ts";
import { People } from "../../../core/client/people.ts";
import type { Link, Links } from "../../../core/link/links.ts";
import { NO_MESSAGE } from "../../../core/messages/message_id.ts";
import type { Nick } from "../../../core/messages/nick.ts";
import type { Row } from "../../../core/messages/table.ts";
import { encodeVerb, type Verb } from "../../../core/messages/verb.ts";
import { Author } from "../../kit/author.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { seededDice } from "../../kit/dice.ts";
import { idOf, KEY, LONGEST_TEXT } from "../../kit/samples.ts";

const PREFIX = idOf(0).slice(0, 20);
const OTHER_PREFIX = idOf(0, 7).slice(0, 20);
const OWN = { nick: "alice", identity: "1d".repeat(32) };

/** A link that takes verbs and keeps them. */
class TakenLink {
  heardAt = -Infinity;
  isUnderWay(_now: Millis, sending: { readonly isOver: boolean }): boolean {
    return !sending.isOver;
  }

  readonly taken: { verb: Verb; isOver: boolean; departedAt: Millis | undefined; cancel(): void }[] = [];

  send(_now: Millis, verb: Verb) {
    const sending = {
      verb,
      isOver: false,
      departedAt: undefined as Millis | undefined,
      cancel() {
        this.isOver = true;
      },
    };
    this.taken.push(sending);
    return sending;
  }

  /** The sequences in each verb that is on its way. */
  get underWay(): number[][] {
    return this.taken.filter(({ isOver }) => !isOver).map(({ verb }) => {
      return verb.type === "direct" ? verb.messages.map(({ sequence }) => sequence) : [];
    });
  }
}

/** The direct way from alice to bob. */
class Desk {
  readonly bob = new Author(primitives, seededDice(), "bob");
  readonly links = new Map<Key, TakenLink>();
  readonly way: DirectWay;
  /** Whom the server was asked to introduce. */
  readonly lookedFor: Nick[] = [];
  row: Row = this.bob.row();

  constructor() {
    const people = new People(primitives, OWN, () => KEY);
    const links = {
      open: (_now: Millis, key: Key) => this.linkTo(key),
      holds: () => true,
    } as unknown as Links;
    const introductions = {
      lookFor: (_now: Millis, nick: Nick) => this.lookedFor.push(nick),
    } as unknown as Introductions;
    this.way = new DirectWay({ links, introductions, people, nick: OWN.nick });
  }

  linkTo(key: Key): TakenLink {
    const link = this.links.get(key) ?? new TakenLink();
    this.links.set(key, link);
    return link;
  }

  get link(): TakenLink {
    return this.linkTo(this.row.key);
  }

  message(sequence: number, text = "x", { prefix = PREFIX, sentAt = 1_000 } = {}): OutgoingMessage {
    const message = new OutgoingMessage({ prefix, sequence }, { to: "bob", writtenAt: sentAt, sentAt, text });
    if (sequence > 1) {
      message.before = LastMessage.from({ prefix, sequence: sequence - 1, text: "" });
    }
    return message;
  }

  messages(count: number, text = "x"): OutgoingMessage[] {
    return Array.from({ length: count }, (_, at) => this.message(at + 1, text));
  }

  sends(...messages: readonly OutgoingMessage[]): void {
    for (const message of messages) this.way.send(0, message, this.row);
  }

  flush(now: Millis = 0): void {
    this.way.flush(now);
  }
}

// ---- silence ---------------------------------------------------------------------------------------------

Deno.test("a recipient is silent from the end of 500 ms until it answers a message, or is on another host", () => {
  const desk = new Desk();
  const isSilent = () => desk.way.isSilent("bob");
  desk.way.noteAnswer("bob", false);
  assertFalse(isSilent(), "nothing has gone there");
  desk.sends(desk.message(1));
  assertFalse(isSilent());
  for (const at of [500, 5000]) {
    desk.way.noteAnswer("bob", false);
    desk.sends(desk.message(at));
    desk.link.heardAt = at + 1;
    assert(isSilent(), "a packet is no answer");
    desk.way.noteAnswer("bob", true);
    assertFalse(isSilent());
  }
  desk.way.noteAnswer("bob", false);
  const [{ host, port }] = desk.row.addresses as [Address];
  // A NAT gives it another port, or it has another prekey.
  desk.row = { ...desk.row, addresses: [{ host, port: port + 1 }] };
  desk.sends(desk.message(2));
  assert(isSilent());
  desk.row = { ...desk.row, addresses: [{ host: "10.9.9.9", port }] };
  desk.sends(desk.message(3));
  assertFalse(isSilent());
  assertEquals(new Set(desk.lookedFor), new Set(["bob"]));
});

// ---- packing ---------------------------------------------------------------------------------------------

Deno.test("messages leave with the tick, those of one wake-up together, in order", () => {
  const desk = new Desk();
  assertEquals(desk.way.deadline, Infinity);
  desk.sends(...desk.messages(3));
  assertEquals([desk.way.deadline, desk.link.underWay], [-Infinity, []]);
  desk.flush();
  assertEquals([desk.way.deadline, desk.link.underWay], [Infinity, [[1, 2, 3]]]);
  const { verb } = desk.link.taken[0]!;
  if (verb.type !== "direct") throw new Error(verb.type);
  assertEquals([verb.from, verb.to, verb.prefix, verb.place], [
    "alice",
    "bob",
    PREFIX,
    desk.row.prekey.slice(0, 16),
  ]);
  assertEquals(verb.messages.map(({ after }) => after), [NO_MESSAGE, undefined, undefined]);
});

Deno.test("a verb has as many messages as fill a part, and no more than 256", () => {
  for (const bytes of [0, 1, 50, 63, 64, 200, 1_000]) {
    const desk = new Desk();
    desk.sends(...desk.messages(600, "x".repeat(bytes)));
    desk.flush();
    desk.flush(REST_HELD_MS);
    const lengths = desk.link.taken.map(({ verb }) => encodeVerb(verb).length);
    const counts = desk.link.underWay.map(({ length }) => length);
    assertEquals(desk.link.underWay.flat(), Array.from({ length: 600 }, (_, at) => at + 1));
    const one = bytes + 5;
    for (const [at, length] of lengths.entries()) {
      assertEquals(length <= PART_BYTES, true, `${length}`);
      const isLast = at === lengths.length - 1;
      const isFull = length + one > PART_BYTES || counts[at] === DIRECT_MESSAGES;
      assertEquals(isLast || isFull, true, `${bytes}: ${counts[at]} in ${length}`);
    }
  }
});

Deno.test("a text that is longer than a part goes alone", () => {
  const desk = new Desk();
  desk.sends(desk.message(1), desk.message(2, LONGEST_TEXT), desk.message(3), desk.message(4));
  desk.flush();
  assertEquals(desk.link.underWay, [[1], [2], [3, 4]]);
});

Deno.test("a few messages behind a full verb wait for more, but not for long", () => {
  const desk = new Desk();
  const all = desk.messages(80, "x".repeat(64));
  desk.sends(...all.slice(0, 20));
  desk.flush();
  assertEquals([desk.link.underWay.map(({ length }) => length), desk.way.deadline], [[15], REST_HELD_MS]);
  // They lead the next full verb.
  desk.sends(...all.slice(20, 35));
  assertEquals(desk.way.deadline, -Infinity);
  desk.flush(1);
  assertEquals(desk.link.underWay.map(({ length }) => length), [15, 15]);
  desk.flush(REST_HELD_MS);
  assertEquals([desk.link.underWay.length, desk.way.deadline], [2, 1 + REST_HELD_MS]);
  desk.flush(1 + REST_HELD_MS);
  assertEquals(desk.link.underWay.flat(), Array.from({ length: 35 }, (_, at) => at + 1));
  assertEquals(desk.way.deadline, Infinity);
  // With something new they leave at once, if no full verb is before them.
  desk.sends(...all.slice(35, 55));
  desk.flush(20);
  desk.sends(all[55]!);
  desk.flush(20);
  assertEquals(desk.link.underWay.at(-1)!.length, 6);
});

Deno.test("messages with another prefix go in a verb of their own", () => {
  const desk = new Desk();
  desk.sends(desk.message(1, "x", { prefix: OTHER_PREFIX }), desk.message(1), desk.message(2));
  desk.flush();
  assertEquals(desk.link.underWay, [[1], [1, 2]]);
});

Deno.test("a message that is on its way is not sent again; once its verb has arrived it may be", () => {
  const desk = new Desk();
  const [first, second] = desk.messages(2);
  desk.sends(first!, first!, second!);
  desk.flush();
  desk.sends(first!, second!);
  desk.flush();
  assertEquals(desk.link.underWay, [[1, 2]]);
  desk.link.taken[0]!.isOver = true;
  desk.sends(second!);
  desk.flush();
  assertEquals(desk.link.underWay, [[2]]);
});

Deno.test("a message that was settled and sent again before the tick leaves once", () => {
  const desk = new Desk();
  const [message] = desk.messages(1);
  desk.sends(message!);
  desk.way.settle(message!);
  desk.sends(message!);
  desk.flush();
  assertEquals(desk.link.underWay, [[1]]);
});

// ---- settled and withdrawn -------------------------------------------------------------------------------

Deno.test("a verb goes on until the last of its messages is settled", () => {
  const desk = new Desk();
  const [first, second, third] = desk.messages(3);
  desk.sends(first!, second!, third!);
  desk.flush();
  for (const message of [second!, first!]) {
    desk.way.settle(message);
    desk.way.settle(message);
    assertEquals(desk.link.underWay, [[1, 2, 3]]);
  }
  desk.way.settle(third!);
  assertEquals(desk.link.underWay, []);
});

Deno.test("a message that is settled before the tick does not leave", () => {
  const desk = new Desk();
  const [first, second] = desk.messages(2);
  desk.sends(first!, second!);
  desk.way.settle(first!);
  desk.flush();
  assertEquals(desk.link.underWay, [[2]]);
});

Deno.test("a message that is withdrawn takes its verb back, and the others leave again without it", () => {
  const desk = new Desk();
  const [first, second, third, fourth] = desk.messages(4);
  desk.sends(first!, second!, third!, fourth!);
  desk.flush();
  desk.way.settle(fourth!);
  desk.way.withdraw(0, second!);
  assertEquals(desk.link.underWay, []);
  desk.flush();
  // The fourth one is settled, so that it does not leave again either.
  assertEquals(desk.link.underWay, [[1, 3]]);
});

Deno.test("what has arrived is not taken back", () => {
  const desk = new Desk();
  const [first, second] = desk.messages(2);
  desk.sends(first!, second!);
  desk.flush();
  desk.link.taken[0]!.isOver = true;
  desk.way.withdraw(0, first!);
  desk.flush();
  assertEquals(desk.link.taken.length, 1);
});

// ---- to whom ---------------------------------------------------------------------------------------------

Deno.test("a message remembers the key that it went to, and answers are awaited on that link alone", () => {
  const desk = new Desk();
  const [message] = desk.messages(1);
  desk.sends(message!);
  assertEquals(message!.wentTo, desk.row.key);
  const people = new People(primitives, OWN, () => KEY).with(desk.row);
  assertEquals(desk.way.answersOn(desk.link as unknown as Link, "BOB"), people.toUs);
  assertEquals(desk.way.answersOn(new TakenLink() as unknown as Link, "bob"), undefined);
  assertEquals(desk.way.answersOn(desk.link as unknown as Link, "carol"), undefined);
});

Deno.test("the way is left when identity, key or prekey are others, and not for another address", () => {
  const desk = new Desk();
  const start = () => {
    const [message] = desk.messages(1);
    desk.sends(message!);
    desk.flush();
  };
  start();
  assertEquals(desk.way.hasLeft({ ...desk.row, online: false, addresses: [], ordinal: 9 }), false);
  assertEquals(desk.way.hasLeft({ ...desk.row, nick: "carol", key: KEY }), false);
  for (const name of ["identity", "key", "prekey"] as const) {
    assertEquals(desk.way.hasLeft({ ...desk.row, [name]: KEY }), true, name);
    assertEquals(desk.way.answersOn(desk.link as unknown as Link, "bob"), undefined);
    start();
  }
});

// ---- answers ---------------------------------------------------------------------------------------------

Deno.test("the answers of a wake-up are runs, one verb for each outcome, prefix and pair", () => {
  const answers = new Answers();
  const link = new TakenLink();
  const head = { from: "bob", to: "alice", people: "7e".repeat(16), prefix: PREFIX };
  const on = (outcome: "read" | "refused", prefix = PREFIX) =>
    answers.on(link as unknown as Link, { ...head, outcome, prefix });
  for (const sequence of [1, 2, 3, 3, 2, 7, 8, 5]) on("read").add(sequence);
  on("refused").add(4);
  on("read", OTHER_PREFIX).add(1);
  assertEquals([answers.deadline, link.taken], [-Infinity, []]);
  answers.flush(0);
  answers.flush(0);
  assertEquals(answers.deadline, Infinity);
  const runs = link.taken.map(({ verb }) => {
    if (verb.type !== "got") throw new Error(verb.type);
    return `${verb.outcome} ${verb.prefix === PREFIX ? "" : "other "}` +
      verb.runs.map(({ from, to }) => `${from}-${to}`).join(" ");
  });
  assertEquals(runs, ["read 1-3 7-8 5-5", "refused 4-4", "read other 1-1"]);
});

Deno.test("more than 256 runs go in several verbs", () => {
  const answers = new Answers();
  const link = new TakenLink();
  const head = {
    from: "bob",
    to: "alice",
    people: "7e".repeat(16),
    prefix: PREFIX,
    outcome: "read",
  } as const;
  const answer = answers.on(link as unknown as Link, head);
  for (let at = 0; at < GOT_RUNS + 1; at++) answer.add(1 + 2 * at);
  answers.flush(0);
  const counts = link.taken.map(({ verb }) => verb.type === "got" ? verb.runs.length : 0);
  assertEquals(counts, [GOT_RUNS, 1]);
});

// ---- people ----------------------------------------------------------------------------------------------

Deno.test("the tags of a pair are computed once, and anew for another identity or server", () => {
  const counted = { hashes: 0 };
  const counting = {
    ...primitives,
    hash: (...parts: Uint8Array[]) => {
      counted.hashes++;
      return primitives.hash(...parts);
    },
  };
  let serverKey = KEY;
  const people = new People(counting, OWN, () => serverKey);
  const bob = { nick: "bob", identity: "9e".repeat(32) };
  const first = people.with(bob);
  for (let time = 0; time < 9; time++) assertEquals(people.with({ ...bob, nick: "BOB" }), first);
  assertEquals(counted.hashes, 2);
  const other = people.with({ ...bob, identity: KEY });
  assertNotEquals(other.fromUs, first.fromUs);
  serverKey = "5a".repeat(32);
  assertNotEquals(people.with({ ...bob, identity: KEY }).toUs, other.toUs);
  // Of 1,024 peers they are remembered.
  counted.hashes = 0;
  for (let at = 0; at < PEOPLE; at++) people.with({ ...bob, nick: `n${at}` });
  const before = counted.hashes;
  people.with({ ...bob, nick: "n0" });
  assertEquals(counted.hashes, before);
  people.with({ ...bob, identity: KEY });
  assertEquals(counted.hashes, before + 2);
});

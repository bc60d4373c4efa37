/**
 * Direct messages (docs/protocol.md, section 5): messages that go from client to client, plain inside the
 * session of their link. The session proves who holds the link's key at either end, and nothing more; so
 * their verbs name the two people and the place that they are meant for.
 */
import { utf8Length, varintBytes } from "../base/bytes.ts";
import { labelled, type Primitives } from "../base/crypto.ts";
import { DIRECT_MESSAGES, GOT_RUNS, TEXT_BYTES } from "../base/limits.ts";
import type { Key, Millis } from "../base/units.ts";
import type { Field } from "./field.ts";
import { PREKEY_ID_BYTES } from "./letter_form.ts";
import { ID_BYTES, type MessageId, PREFIX_BYTES } from "./message_id.ts";
import { type Nick, nickKey } from "./nick.ts";

/** A nick, and the identity that it stands for. */
export interface Person {
  readonly nick: Nick;
  readonly identity: Key;
}

/** One of several messages in a verb, whose ids have the same prefix. */
export interface DirectMessage {
  readonly sequence: number;
  /**
   * The sender's message before this one to the same recipient that has not failed; `NO_MESSAGE` if none.
   * `undefined` stands for the most usual one: the same prefix, and the sequence before this one.
   */
  readonly after: MessageId | undefined;
  /** An instant of the sender's wall clock. */
  readonly sentAt: Millis;
  readonly text: string;
}

export const PEOPLE_BYTES = 16;
const INSTANT_BYTES = 6;

/** Sequences and instants have 48 bits. Sequences count from 1. */
const SEQUENCES = 2 ** 48;
const INSTANTS = 2 ** 48;

/**
 * Names the sender and the recipient of direct messages at one server. Neither a bundle nor a session says
 * that the two ends mean each other: without this tag a message could be carried from one server to another,
 * or be taken for one of another identity that was named for the same link key.
 */
export function peopleTag(
  { hash }: Primitives,
  serverKey: Key,
  sender: Person,
  recipient: Person,
): string {
  const writer = labelled("Parley 4 direct");
  writer.hex(serverKey);
  for (const { nick, identity } of [sender, recipient]) {
    writer.text8(nickKey(nick));
    writer.hex(identity);
  }
  return hash(writer.finish()).subarray(0, PEOPLE_BYTES).toHex();
}

/** Sequences from one to another, both included. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/**
 * All messages of a verb, up to its end. The first has its sequence and its instant in full. Each of the
 * others has two differences, which may be negative (`zigzag`): that of its sequence to the one behind the
 * message before, and that of its instant to the first one.
 *
 *     message = (2 x step, + 1 if `after` is the one before) v | after 16, if not | time | length v | text
 */
export const directMessages: Field<readonly DirectMessage[]> = {
  write: (w, messages) => {
    let first: Millis | undefined;
    let next = 0;
    for (const { sequence, after, sentAt, text } of messages) {
      w.varint(2 * zigzag(sequence - next) + (after === undefined ? 1 : 0));
      next = sequence + 1;
      if (after !== undefined) w.hex(after);
      if (first === undefined) w.u48(first = sentAt);
      else w.varint(zigzag(sentAt - first));
      w.textV(text);
    }
  },
  read: (r) => {
    const messages: DirectMessage[] = [];
    let first: Millis | undefined;
    let next = 0;
    do {
      const number = r.varint();
      const after = number % 2 === 1 ? undefined : r.hex(ID_BYTES);
      const sequence = next + unzigzag(Math.floor(number / 2));
      const sentAt = first === undefined ? first = r.u48() : first + unzigzag(r.varint());
      if (sequence < 1 || sequence >= SEQUENCES || sentAt < 0 || sentAt >= INSTANTS) r.fail();
      messages.push({ sequence, after, sentAt, text: r.textV(TEXT_BYTES) });
      next = sequence + 1;
    } while (r.left > 0 && !r.failed && messages.length < DIRECT_MESSAGES);
    return messages;
  },
};

/**
 * Runs of sequences up to the end of a verb: where a run begins, as the difference to the end of the one
 * before it (to 0 for the first), and how many follow.
 */
export const runs: Field<readonly Run[]> = {
  write: (w, some) => {
    let last = 0;
    for (const { from, to } of some) {
      w.varint(zigzag(from - last));
      w.varint(to - from);
      last = to;
    }
  },
  read: (r) => {
    const some: Run[] = [];
    let last = 0;
    do {
      const from = last + unzigzag(r.varint());
      const to = from + r.varint();
      if (from < 0 || to >= SEQUENCES) r.fail();
      some.push({ from, to });
      last = to;
    } while (r.left > 0 && !r.failed && some.length < GOT_RUNS);
    return some;
  },
};

/** The bytes of a `direct` verb before its messages, and the instant of the first one. */
export function directHeaderBytes(from: Nick, to: Nick): number {
  const tags = PEOPLE_BYTES + PREKEY_ID_BYTES + PREFIX_BYTES;
  return 1 + 1 + utf8Length(from) + 1 + utf8Length(to) + tags + INSTANT_BYTES;
}

/**
 * The bytes of one message in a verb, without those of the first one's instant. `next` is the sequence behind
 * the message before (0 for the first), `first` the first one's instant, and `bytes` the length of the text.
 */
export function directMessageBytes(
  { sequence, after, sentAt }: DirectMessage,
  next: number,
  first: Millis,
  bytes: number,
): number {
  const time = next === 0 ? 0 : varintBytes(zigzag(sentAt - first));
  const step = varintBytes(2 * zigzag(sequence - next) + 1);
  return step + (after === undefined ? 0 : ID_BYTES) + time + varintBytes(bytes) + bytes;
}

/** A difference as a number that is not negative: small ones stay small. */
function zigzag(difference: number): number {
  return difference < 0 ? -2 * difference - 1 : 2 * difference;
}

function unzigzag(number: number): number {
  return number % 2 === 1 ? -(number + 1) / 2 : number / 2;
}

/** How an entry of the history is written. A new kind gets a new number, and a changed one as well. */
import { RecordKind } from "../core/durable/records.ts";
import { MALFORMED } from "../core/base/bytes.ts";
import type { Memory, When } from "../core/machine.ts";
import * as f from "../core/messages/field.ts";
import { type Nick, nickKey } from "../core/messages/nick.ts";
import { isFailure, MESSAGE_STATES, type MessageState } from "../core/notice.ts";

const RECEIVED = new RecordKind("received", {
  number: f.u48,
  id: f.id,
  channel: f.flag,
  isOpen: f.flag,
  from: f.nick,
  sentAt: f.instant,
  dated: f.flag,
  like: f.list(f.nick, 1),
  isBehindGap: f.flag,
  isExchanged: f.flag,
  text: f.text,
});

const WRITTEN = new RecordKind("written", {
  id: f.id,
  from: f.nick,
  to: f.list(f.nick, 1),
  sentAt: f.instant,
  state: f.oneOf(MESSAGE_STATES),
  failure: f.text,
  text: f.text,
});

const GAP = new RecordKind("gap", { name: f.text, from: f.list(f.nick, 1), count: f.u48 });

const KINDS = [RECEIVED, WRITTEN, GAP];

export function encodeMemory(memory: Memory): Uint8Array {
  switch (memory.type) {
    case "received": {
      const { message } = memory;
      return numbered(0, RECEIVED.encode({ ...message, like: listOf(message.like) }));
    }
    case "written": {
      const { message } = memory;
      const { failure = "", to } = message;
      return numbered(1, WRITTEN.encode({ ...message, to: listOf(to), failure }));
    }
    case "gap":
      return numbered(2, GAP.encode({ ...memory, from: listOf(memory.from) }));
  }
}

/** `undefined` for bytes that are no entry, or one of a later release. */
export function decodeMemory(bytes: Uint8Array, when: When): Memory | undefined {
  const rest = bytes.subarray(1);
  switch (KINDS[bytes[0] ?? KINDS.length]) {
    case RECEIVED: {
      const values = RECEIVED.decode(rest);
      if (values === MALFORMED) return undefined;
      return { type: "received", message: { ...values, like: values.like[0] }, when };
    }
    case WRITTEN: {
      const values = WRITTEN.decode(rest);
      if (values === MALFORMED) return undefined;
      const failure = isFailure(values.failure) ? values.failure : undefined;
      return { type: "written", message: { ...values, to: values.to[0], failure }, when };
    }
    case GAP: {
      const values = GAP.decode(rest);
      return values === MALFORMED ? undefined : { type: "gap", ...values, from: values.from[0], when };
    }
    default:
      return undefined;
  }
}

/** The conversation of an entry: the nick's key of the other end, or nothing for the channel. */
export function conversationOf(memory: Memory): string {
  const other = memory.type === "written"
    ? memory.message.to
    : memory.type === "received" && !memory.message.channel
    ? memory.message.from
    : undefined;
  return conversationWith(other);
}

export function conversationWith(nick: Nick | undefined | null): string {
  return nick === undefined || nick === null ? "" : nickKey(nick);
}

/** A message that has failed may yet be delivered, and one that was delivered stays so. */
const STAGES: Readonly<Record<MessageState, number>> = {
  queued: 1,
  sent: 2,
  stored: 3,
  failed: 4,
  delivered: 5,
};

/** How far a message has come: an entry only ever gets a higher stage. */
export function stageOf(memory: Memory): number {
  return memory.type === "written" ? STAGES[memory.message.state] : 0;
}

function listOf<Value>(value: Value | undefined): readonly Value[] {
  return value === undefined ? [] : [value];
}

function numbered(kind: number, record: Uint8Array): Uint8Array {
  const whole = new Uint8Array(1 + record.length);
  whole[0] = kind;
  whole.set(record, 1);
  return whole;
}

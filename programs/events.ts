/**
 * The output of programs for other programs: one JSON object a line, all of the shapes that `schema.ts` has
 * (docs/scripts.md). Text of others is data there, and does nothing to a terminal.
 */
import { jsonLine } from "../core/base/json_line.ts";
import type { Millis } from "../core/base/units.ts";
import type { HistoryEntry } from "../core/machine.ts";
import type { JournalEvent, Notice } from "../core/notice.ts";
import { render } from "../core/notice.ts";
import type { Hello, Sent } from "./engine_methods.ts";
import { isRetryable } from "./statuses.ts";

/** The version of all shapes. Later releases add fields and types, and take none away. */
export const SCHEMA_VERSION = 1;

/** An object with a `type`, as it is printed. A field that is `undefined` is left out. */
export type Event = Readonly<Record<string, unknown>> & { readonly type: string };

export function helloEvent({ cursor, nick, server }: Pick<Hello, "cursor" | "nick" | "server">): Event {
  return { type: "hello", v: SCHEMA_VERSION, nick, server, cursor };
}

/** A message that has come. `own` is the nick of the one who gets it. */
export function messageEvent(event: JournalEvent, own: string): Event {
  const { channel, dated, from, id, isBehindGap, isExchanged, isOpen, like, number, sentAt, text } = event;
  return {
    type: "message",
    seq: number,
    id,
    at: timeOf(sentAt),
    from,
    to: channel ? null : own,
    text,
    late: dated || undefined,
    gap: isBehindGap || undefined,
    exchanged: isExchanged || undefined,
    open: isOpen || undefined,
    looksLike: like,
  };
}

/** How far a message of ours has come. */
export function stateEvent(
  { id, state, why }: Pick<Sent, "id" | "state"> & { readonly why?: Notice | string | undefined },
  about: {
    readonly at: Millis;
    readonly to: string | undefined;
    readonly ref?: string;
    readonly status?: number;
  },
): Event {
  const { at, to, ref, status } = about;
  return {
    type: "state",
    id: id ?? null,
    at: timeOf(at),
    to: to ?? null,
    state,
    why: typeof why === "object" ? sentenceOf(why) : why,
    retryable: status === undefined || status === 0 ? undefined : isRetryable(status),
    ref,
  };
}

/** Something that a person would read on the screen. */
export function newsEvent(notice: Notice, at: Millis): Event {
  return { type: "news", at: timeOf(at), name: notice.type, text: sentenceOf(notice) };
}

/** An entry of the history, and what is missing before it. */
export function historyEvents({ memory, missed }: HistoryEntry, own: string, isSearch: boolean): Event[] {
  const before = missed > 0 && !isSearch ? [missedEvent(missed)] : [];
  if (memory === undefined) return [...before, { type: "damaged" }];
  const { when } = memory;
  if (memory.type === "received") return [...before, messageEvent(memory.message, own)];
  if (memory.type === "gap") {
    return [...before, {
      type: "gap",
      at: timeOf(when.date),
      from: memory.from ?? null,
      count: memory.count,
    }];
  }
  const { failure, from, id, sentAt, state, text, to } = memory.message;
  const why = failure === undefined ? undefined : sentenceOf({ type: "failed", to, failure });
  return [...before, { type: "written", id, at: timeOf(sentAt), from, to: to ?? null, text, state, why }];
}

/** The history begins later than its first message, because older ones were dropped. */
export function cutEvent(): Event {
  return { type: "cut" };
}

export function missedEvent(count: number): Event {
  return { type: "missed", count };
}

/** The lines of a notice as one text. */
export function sentenceOf(notice: Notice): string {
  return render(notice, () => 0).lines.join("\n");
}

/** The instant in ISO 8601, in UTC. */
export function timeOf(at: Millis): string {
  return new Date(at).toISOString();
}

export function printEvent(event: Event): void {
  console.log(jsonLine(event));
}

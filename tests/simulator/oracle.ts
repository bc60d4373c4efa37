/**
 * What must hold. It sees what every process commits and shows, and knows from that what each user was
 * promised.
 */
import { idOf } from "../../core/messages/message_id.ts";
import { MALFORMED, type Malformed } from "../../core/base/bytes.ts";
import type { Millis } from "../../core/base/units.ts";
import { EVENT, INBOX, OUTBOX, type ValueOf } from "../../core/durable/records.ts";
import type { Change } from "../../core/machine.ts";
import type { JournalEvent, Notice } from "../../core/notice.ts";

/** "Shown" is durable within this (50 ms in which the process runs, and the simulated clocks' lateness). */
const SHOWN_AGAIN_MS = 52;

/** What is told only where somebody has bad intentions. */
const SUSPICIONS: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>([
  "unreadable",
  "exchanged",
  "forged",
  "postRepeated",
  "postsMissing",
  "postExchanged",
  "postSealed",
  "rowForged",
  "peerKeyChanged",
]);

interface Display {
  readonly at: Millis;
  readonly life: number;
  readonly dated: boolean;
}

interface Accepted {
  readonly id: string;
  readonly from: string;
  /** `undefined` for the channel. */
  readonly to: string | undefined;
  readonly text: string;
  readonly serial: number;
}

/** The nick of the hostile peer. */
export const HOSTILE = "mallory";

export class Oracle {
  readonly #isServerHostile: boolean;
  /** By text, which is unique. */
  readonly #accepted = new Map<string, Accepted>();
  /** By recipient and text. */
  readonly #shown = new Map<string, Display[]>();
  readonly #order = new Map<string, { serial: number; at: Millis }[]>();
  readonly #gaps = new Set<string>();
  readonly #kills = new Map<string, Millis[]>();
  readonly #members = new Map<string, number>();
  /** Direct messages, by recipient and id, that he has made durable. */
  readonly #received = new Set<string>();
  /** Direct messages that their senders no longer wait for. */
  readonly #settled = new Map<string, Accepted>();
  /** All that were ever among them: a receipt that comes once more settles nothing anew. */
  readonly #everSettled = new Set<string>();
  /** Of the settled ones those in each sender's last commit. */
  readonly #justSettled = new Map<string, string[]>();
  /** What clients have folded and keep for their next start. It is shown then, dated. */
  readonly #kept = new Set<string>();
  /** How often each sender was told that a message has failed. */
  readonly #failed = new Map<string, number>();
  readonly #failures: string[] = [];
  #serial = 0;

  /** Towards a hostile server nobody is promised that anything arrives. */
  constructor(isServerHostile: boolean) {
    this.#isServerHostile = isServerHostile;
  }

  get failures(): readonly string[] {
    return this.#failures;
  }

  get accepted(): number {
    return this.#accepted.size;
  }

  /** A client has made something durable: a message of its user's is accepted with that. */
  committed(from: string, changes: readonly Change[]): void {
    // Whatever the commit before this one was about has been told by now.
    this.#justSettled.set(from, []);
    for (const change of changes) {
      if (change.type === "save" && INBOX.matches(change.key)) {
        this.#noteReceived(from, INBOX.decode(change.value));
      }
      if (change.type === "save" && EVENT.matches(change.key)) {
        this.#noteReceived(from, EVENT.decode(change.value));
      }
      if (change.type === "forget" && OUTBOX.matches(change.key)) this.#noteSettled(from, change.key);
      if (change.type !== "save" || !OUTBOX.matches(change.key)) continue;
      const record = OUTBOX.decode(change.value);
      if (record === MALFORMED || record.stored || this.#accepted.has(record.text)) continue;
      const { text, to: [to] } = record;
      this.#accepted.set(text, { id: OUTBOX.nameOf(change.key), from, to, text, serial: ++this.#serial });
    }
  }

  #noteReceived(by: string, message: ValueOf<typeof INBOX> | ValueOf<typeof EVENT> | Malformed): void {
    if (message !== MALFORMED && !message.channel) this.#received.add(`${by} ${idOf(message)}`);
  }

  /** True if a client has folded messages, which stay in its journal until its next start. */
  hasFolded(name: string): boolean {
    return [...this.#kept].some((kept) => kept.startsWith(`${name}<`));
  }

  /** True if this was shown there, or will be. */
  #has(name: string | undefined, text: string): boolean {
    return this.#shown.has(`${name}<${text}`) || this.#kept.has(`${name}<${text}`);
  }

  #noteSettled(by: string, key: string): void {
    const id = OUTBOX.nameOf(key);
    const message = [...this.#accepted.values()].find((accepted) => accepted.id === id);
    if (message?.to === undefined || message.from !== by || this.#everSettled.has(id)) return;
    this.#everSettled.add(id);
    this.#settled.set(id, message);
    this.#justSettled.get(by)!.push(id);
  }

  /**
   * A client heard for the first time that it is registered: channel messages from now on are for it, too.
   */
  joined(name: string): void {
    if (!this.#members.has(name)) this.#members.set(name, this.#serial);
  }

  /** `at` is in the process's own time, as in `noticed`. */
  killed(name: string, at: Millis): void {
    // What failed is durable before it is told: that may not have been told any more.
    for (const id of this.#justSettled.get(name) ?? []) this.#settled.delete(id);
    this.#kills.set(name, [...this.#kills.get(name) ?? [], at]);
  }

  noticed(name: string, life: number, at: Millis, notice: Notice): void {
    if (notice.type === "foldedMessage") this.#kept.add(`${name}<${notice.message.text}`);
    if (notice.type === "directReceived") this.#display(name, life, at, notice.message, false);
    if (notice.type === "channelReceived") this.#display(name, life, at, notice.message, true);
    if (notice.type === "missing") this.#gaps.add(`${notice.from}>${name}`);
    if (notice.type === "exchanged") this.#gaps.add(`${notice.from}>${name}`);
    if (notice.type === "failed" || notice.type === "unknownPeer") {
      this.#failed.set(name, (this.#failed.get(name) ?? 0) + 1);
    }
    if (this.#isServerHostile) return;
    if (notice.type === "failed") this.fail(`a message of '${name}' failed: ${notice.failure}`);
    if (notice.type === "channelDropped") this.fail(`'${name}' was told of dropped channel messages`);
    // What nobody has done nobody is told.
    if (SUSPICIONS.has(notice.type) && !(("from" in notice) && notice.from === HOSTILE)) {
      this.fail(`'${name}' was told ${JSON.stringify(notice)}`);
    }
  }

  #display(
    name: string,
    life: number,
    at: Millis,
    { from, text, dated }: JournalEvent,
    channel: boolean,
  ): void {
    const message = this.#accepted.get(text);
    // A message to oneself is never in the outbox.
    if (message === undefined && ((from === name && !channel) || from === HOSTILE)) return;
    if (message === undefined) return this.fail(`'${name}' was shown '${text}', which nobody sent`);
    if (message.from !== from || (channel ? message.to !== undefined : message.to !== name)) {
      return this.fail(
        `'${name}' was shown '${text}' of '${message.from}' to '${message.to}' as from '${from}'`,
      );
    }
    const key = `${name}<${text}`;
    const before = this.#shown.get(key);
    if (before === undefined) {
      this.#shown.set(key, [{ at, life, dated }]);
      this.#checkOrder(name, message, at, dated);
      return;
    }
    const last = before.at(-1)!;
    before.push({ at, life, dated });
    const excused = last.life < life && this.#wasForgotten(name, last.at);
    if (!excused) this.fail(`'${name}' was shown '${text}' twice, at ${last.at} and ${at}`);
  }

  /** Whether the process died before it could note that it had shown this: then it counts as not shown. */
  #wasForgotten(name: string, shownAt: Millis): boolean {
    return (this.#kills.get(name) ?? []).some((kill) => kill >= shownAt && kill <= shownAt + SHOWN_AGAIN_MS);
  }

  #checkOrder(name: string, { from, to, serial, text }: Accepted, at: Millis, dated: boolean): void {
    if (to === undefined) return;
    const key = `${from}>${name}`;
    const order = this.#order.get(key) ?? [];
    this.#order.set(key, order);
    // The next message does not name one whose sender was told that it has failed, so no gap is seen.
    const mayBeLate = dated &&
      (this.#gaps.has(key) || this.#failed.has(from) || this.#kept.has(`${name}<${text}`));
    const overtaken = order.some((other) =>
      other.serial > serial && !mayBeLate && !this.#wasForgotten(name, other.at)
    );
    if (overtaken) {
      this.fail(`'${name}' was shown '${text}' behind a later one${dated ? ", and no gap was told" : ""}`);
    }
    order.push({ serial, at });
  }

  /** Who was told that a message has arrived, or was shown a later one, was told the truth. */
  checkHonesty(): void {
    const unread = new Map<string, string[]>();
    for (const { id, from, to, text } of this.#settled.values()) {
      if (!this.#received.has(`${to} ${id}`)) unread.set(from, [...unread.get(from) ?? [], text]);
    }
    for (const [from, texts] of unread) {
      const told = this.#failed.get(from) ?? 0;
      if (texts.length > told) {
        this.fail(`'${from}' no longer waits for '${texts}', which nobody has, and was told of ${told}`);
      }
    }
    for (const [pair, order] of this.#order) {
      this.#checkGaps(
        pair,
        Math.max(...order.map(({ serial }) => serial)),
      );
    }
  }

  /**
   * Between two who have heard of no gap nothing that was written before the last message shown is missing.
   */
  #checkGaps(pair: string, last: number): void {
    if (this.#gaps.has(pair)) return;
    for (const { from, to, text, serial, id } of this.#accepted.values()) {
      if (`${from}>${to}` !== pair || serial > last || this.#has(to, text)) continue;
      if (this.#settled.has(id) || this.#failed.has(from)) continue;
      this.fail(`'${to}' was shown a later message of '${from}' than '${text}', and no gap was told`);
    }
  }

  /** When all has healed and settled: everything accepted has been shown to everybody it was for. */
  checkLiveness(): void {
    for (const message of this.#accepted.values()) {
      for (const name of this.#recipientsOf(message)) {
        if (!this.#has(name, message.text)) {
          this.fail(`'${name}' was never shown '${message.text}' of '${message.from}' (${message.id})`);
        }
      }
    }
  }

  #recipientsOf({ from, to, serial }: Accepted): string[] {
    if (to !== undefined) return [to];
    const members = [...this.#members].filter(([name, since]) => name !== from && since < serial);
    return members.map(([name]) => name);
  }

  fail(what: string): void {
    this.#failures.push(what);
  }
}

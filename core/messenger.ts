/**
 * Sending: messages directly to their recipients, and by way of the server when that does not answer; receipts
 * for what others send directly.
 */
import { utf8Length } from "./bytes.ts";
import type { AckTracker, OutgoingMessage } from "./ack_tracker.ts";
import type { Attempts } from "./attempts.ts";
import type { Effects } from "./effects.ts";
import type { Inbox } from "./inbox.ts";
import {
  ACK_TIMEOUT_MS,
  COLLECTED_GATHER_MS,
  PART_BYTES,
  STRANGERS_BYTES,
  STRANGERS_MESSAGES,
} from "./limits.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";
import type { Millis } from "./machine.ts";
import type { Membership } from "./membership.ts";
import type { IdSource } from "./message_id.ts";
import { type Nick, type NickKey, nickKey, sameNick } from "./nick.ts";
import type { Failure } from "./notice.ts";
import type { Row } from "./table.ts";
import { Timers } from "./timers.ts";
import type { Verb, VerbOf } from "./verb.ts";

/** Where channel messages stand among recipients. */
const CHANNEL = "";

export interface MessengerOptions {
  readonly effects: Effects;
  readonly links: Links;
  readonly attempts: Attempts;
  readonly tracker: AckTracker;
  readonly inbox: Inbox;
  readonly membership: Membership;
  readonly nick: Nick;
  readonly ids: IdSource;
}

export class Messenger {
  readonly #options: MessengerOptions;
  readonly #peers = new Map<NickKey, Link>();
  /** Messages from senders we do not know, until the server has told us who there is. */
  #strangers: { link: Link; verb: VerbOf<"direct"> }[] = [];
  #strangersBytes = 0;
  readonly #collected = new Map<NickKey, { to: Nick; count: number }>();
  readonly #timers = new Timers<NickKey>();
  #finishing = false;

  constructor(options: MessengerOptions) {
    this.#options = options;
  }

  get deadline(): Millis {
    return Math.min(this.#timers.deadline, this.#options.tracker.deadline);
  }

  // ---- the user's messages -------------------------------------------------------------------------------

  /** A new message to a peer in the table, or to the channel. */
  compose(now: Millis, to: Nick | undefined, text: string): void {
    const { effects, ids, tracker, nick } = this.#options;
    if (to !== undefined && sameNick(to, nick)) return this.#sendToSelf(now, text);
    if (tracker.isFull(utf8Length(text))) {
      effects.notice({ type: "tooMany", count: tracker.waiting });
      return effects.notice({ type: "settled" });
    }
    this.#transmit(
      now,
      tracker.add(now, ids.next(to === undefined ? CHANNEL : nickKey(to)), to, text),
      true,
    );
  }

  /** The input has ended: from now on everything that waits is waited for like a command. */
  finish(now: Millis): void {
    this.#finishing = true;
    for (const message of this.#options.tracker.unstored()) {
      this.#options.attempts.wait(now, message.id, true);
    }
  }

  /** The server knows us (again): everything that waits starts afresh. */
  cameOnline(now: Millis): void {
    for (const message of this.#options.tracker.unstored()) this.#startAfresh(now, message);
  }

  wentOffline(): void {
    const { tracker, effects } = this.#options;
    for (const message of tracker.unstored()) {
      this.#stop(message);
      if (message.unsettled) effects.notice({ type: "settled" });
      message.unsettled = false;
    }
  }

  rowsChanged(now: Millis, rows: readonly Row[]): void {
    for (const row of rows) {
      const link = this.#peers.get(nickKey(row.nick));
      // Somebody else has the nick now.
      if (link !== undefined && link.peer !== row.key) {
        for (const message of this.#options.tracker.unstored(row.nick)) link.cancel(message.id);
        this.#peers.delete(nickKey(row.nick));
      }
      if (!this.#options.membership.isRegistered) continue;
      for (const message of this.#options.tracker.unstored(row.nick)) this.#startAfresh(now, message);
    }
    const strangers = this.#strangers;
    this.#strangers = [];
    this.#strangersBytes = 0;
    for (const { link, verb } of strangers) {
      // Whoever was silent for so long that his link was forgotten tries again.
      if (this.#options.links.holds(link) && this.#isLinkOf(verb.from, link)) this.#onDirect(now, link, verb);
    }
  }

  /** A peer is in a new process: what was on its way to the former one is sent again. */
  peerRestarted(now: Millis, link: Link): void {
    for (const [nick, known] of this.#peers) {
      if (known !== link || !this.#options.membership.isRegistered) continue;
      for (const message of this.#options.tracker.unstored(nick)) this.#startAfresh(now, message);
    }
  }

  runTimers(now: Millis): void {
    const { tracker } = this.#options;
    for (let message = tracker.next(now); message !== undefined; message = tracker.next(now)) {
      const leavesUntil = this.#leavesUntil(now, message);
      if (tracker.isTooOld(now, message)) this.#fail(now, message, "too old");
      else if (leavesUntil > now) tracker.postpone(message, leavesUntil);
      else if (this.#options.membership.isRegistered) this.#again(now, message);
    }
    for (let key = this.#timers.next(now); key !== undefined; key = this.#timers.next(now)) {
      this.#tellCollected(key);
    }
  }

  /** Says what was still being gathered: the process is about to end. */
  flush(): void {
    for (const key of [...this.#collected.keys()]) this.#tellCollected(key);
  }

  /** Forgets messages that were stored so long ago that the server has dropped them, and says so. */
  sweep(now: Millis): void {
    for (const message of this.#options.tracker.expired(now)) this.#fail(now, message, "expired");
  }

  #tellCollected(key: NickKey): void {
    const entry = this.#collected.get(key);
    this.#collected.delete(key);
    if (entry !== undefined) this.#options.effects.notice({ type: "collected", ...entry });
  }

  #sendToSelf(now: Millis, text: string): void {
    const { effects, ids, inbox, nick } = this.#options;
    const id = ids.next(nickKey(nick));
    const after = inbox.lastShown(nick);
    inbox.accept(now, { id, after, channel: false, from: nick, sentAt: Math.floor(now), dated: false, text });
    effects.notice({ type: "delivered", to: nick });
    effects.notice({ type: "settled" });
  }

  #startAfresh(now: Millis, message: OutgoingMessage): void {
    this.#options.tracker.restart(now, message);
    this.#transmit(now, message, false);
  }

  /** Sends a message the way its recipient's row says. `command`: the user has just given it. */
  #transmit(now: Millis, message: OutgoingMessage, command: boolean): void {
    const row = message.to === undefined ? undefined : this.#options.membership.table.get(message.to);
    if (row?.online) this.#sendDirect(now, message, row);
    else this.#sendToServer(now, message, command || message.unsettled);
  }

  /**
   * When the 500 ms of a message are over: of one in several parts they begin when the last part has left, as
   * long as the recipient is heard.
   */
  #leavesUntil(now: Millis, { id, text, to }: OutgoingMessage): Millis {
    const link = to === undefined ? undefined : this.#peers.get(nickKey(to));
    if (link === undefined || utf8Length(text) <= PART_BYTES || !link.has(id)) return now;
    return (link.departedAt(id) ?? link.heardAt) + ACK_TIMEOUT_MS;
  }

  /** The 500 ms are over, or a later retry is due. */
  #again(now: Millis, message: OutgoingMessage): void {
    const { effects, membership } = this.#options;
    const row = message.to === undefined ? undefined : membership.table.get(message.to);
    if (row?.online) {
      if (!message.unanswered) effects.notice({ type: "unanswered", to: row.nick });
      message.unanswered = true;
      this.#sendDirect(now, message, row);
    }
    this.#sendToServer(now, message, false);
  }

  #sendDirect(now: Millis, { id, after, sentAt, text }: OutgoingMessage, row: Row): void {
    const verb: Verb = { type: "direct", id, after, from: this.#options.nick, to: row.nick, sentAt, text };
    this.#linkTo(now, row).send(now, verb, id);
  }

  #sendToServer(now: Millis, message: OutgoingMessage, command: boolean): void {
    const { attempts, membership, nick, tracker } = this.#options;
    const { id, after, to, sentAt, text } = message;
    attempts.wait(now, id, command || this.#finishing);
    if (to === undefined && tracker.nextPost !== message) return;
    const verb: Verb = to === undefined
      ? { type: "post", id, from: nick, sentAt, text }
      : { type: "deposit", id, after, from: nick, to, sentAt, text };
    membership.link.send(now, verb, id);
  }

  #sendNextPost(now: Millis): void {
    const { membership, tracker } = this.#options;
    if (membership.isRegistered && tracker.nextPost !== undefined) {
      this.#sendToServer(now, tracker.nextPost, false);
    }
  }

  #linkTo(now: Millis, row: Row): Link {
    const link = this.#options.links.open(now, row.key, row.addresses);
    this.#peers.set(nickKey(row.nick), link);
    return link;
  }

  /** Nothing more is sent for this message. */
  #stop(message: OutgoingMessage): void {
    const { attempts, membership } = this.#options;
    attempts.done(message.id);
    membership.link.cancel(message.id);
    if (message.to !== undefined) this.#peers.get(nickKey(message.to))?.cancel(message.id);
  }

  #settle(message: OutgoingMessage): void {
    if (message.unsettled) this.#options.effects.notice({ type: "settled" });
    message.unsettled = false;
  }

  #fail(now: Millis, message: OutgoingMessage, failure: Failure): void {
    const { effects, tracker } = this.#options;
    this.#stop(message);
    tracker.failed(now, message);
    const unknown = failure === "unknown" && message.to !== undefined;
    effects.notice(
      unknown ? { type: "unknownPeer", nick: message.to! } : { type: "failed", to: message.to, failure },
    );
    this.#settle(message);
    this.#sendNextPost(now);
  }

  // ---- what comes from peers -----------------------------------------------------------------------------

  receiveFromPeer(now: Millis, link: Link, verb: Verb): void {
    const { membership, nick } = this.#options;
    if (membership.state !== "online") return;
    if ((verb.type === "direct" || verb.type === "receipt") && !sameNick(verb.to, nick)) return;
    if (verb.type === "direct") this.#onDirect(now, link, verb);
    if (verb.type === "receipt") this.#onReceipt(now, link, verb);
  }

  #onDirect(now: Millis, link: Link, verb: VerbOf<"direct">): void {
    const { id, after, from, to, sentAt, text } = verb;
    const { inbox, membership } = this.#options;
    const row = membership.table.get(from);
    if (row === undefined || row.key !== link.peer) {
      this.#keepStranger(link, verb);
      return membership.askForRows(now);
    }
    inbox.accept(now, { id, after, channel: false, from: row.nick, sentAt, dated: false, text });
    link.send(now, { type: "receipt", id, from: to, to: from }, `receipt/${id}`);
  }

  /** What finds no room is not receipted, so its sender tries again. */
  #keepStranger(link: Link, verb: VerbOf<"direct">): void {
    const bytes = utf8Length(verb.text);
    if (this.#strangers.length >= STRANGERS_MESSAGES || this.#strangersBytes + bytes > STRANGERS_BYTES) {
      return;
    }
    this.#strangersBytes += bytes;
    this.#strangers.push({ link, verb });
  }

  /** Whether whoever is at the other end of a link holds a nick. */
  #isLinkOf(nick: Nick, link: Link): boolean {
    return this.#options.membership.table.get(nick)?.key === link.peer;
  }

  #onReceipt(now: Millis, link: Link, { id, from }: VerbOf<"receipt">): void {
    const { effects, tracker } = this.#options;
    const message = tracker.get(id);
    // Only from the recipient: an id alone proves nothing.
    if (message?.to === undefined || !sameNick(message.to, from) || !this.#isLinkOf(from, link)) return;
    this.#stop(message);
    tracker.delivered(now, message);
    effects.notice({ type: "delivered", to: message.to });
    this.#settle(message);
  }

  // ---- what comes from the server ------------------------------------------------------------------------

  receiveFromServer(now: Millis, verb: Verb): void {
    switch (verb.type) {
      case "stored":
        return this.#onStored(now, verb);
      case "rejected":
        return this.#onRejected(now, verb);
      case "collected":
        return this.#onCollected(now, verb);
      default:
    }
  }

  #onStored(now: Millis, { id }: VerbOf<"stored">): void {
    const { attempts, effects, membership, tracker } = this.#options;
    attempts.done(id);
    const message = tracker.get(id);
    if (message === undefined || message.stored) return;
    membership.link.cancel(id);
    if (message.to === undefined) {
      tracker.delivered(now, message);
      effects.notice({ type: "posted" });
      this.#sendNextPost(now);
    } else {
      tracker.stored(message);
      effects.notice({ type: "stored" });
    }
    this.#settle(message);
  }

  /** The server takes it not; while the recipient is there and time remains, the direct way goes on. */
  #onRejected(now: Millis, { id, reason }: VerbOf<"rejected">): void {
    const { attempts, membership, tracker } = this.#options;
    const message = tracker.get(id);
    if (message === undefined || message.stored) return;
    const row = message.to === undefined ? undefined : membership.table.get(message.to);
    if (!row?.online || this.#finishing) return this.#fail(now, message, reason);
    attempts.done(id);
    membership.link.cancel(id);
  }

  #onCollected(now: Millis, { to, ids }: VerbOf<"collected">): void {
    const { effects, membership, nick, tracker } = this.#options;
    for (const id of ids) {
      const message = tracker.get(id);
      // Once the server knows that we know, nobody will tell us again: what is forgotten must be so durably.
      tracker.forget(id);
      if (message?.to === undefined) continue;
      this.#stop(message);
      this.#settle(message);
      const entry = this.#collected.get(nickKey(to)) ?? { to, count: 0 };
      entry.count++;
      this.#collected.set(nickKey(to), entry);
      this.#timers.set(nickKey(to), now + COLLECTED_GATHER_MS);
    }
    if (effects.exiting) return;
    membership.link.send(now, { type: "noted", nick, ids });
  }
}

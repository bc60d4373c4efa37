/**
 * Sending: messages go directly to their recipients, and by way of the server if a recipient is offline or
 * has not answered in 500 ms (docs/protocol.md, section 6). A message is sealed, or signed for the channel,
 * when it is first transmitted, and leaves as the same bytes on every way.
 */
import { utf8Length } from "../base/bytes.ts";
import {
  ACK_TIMEOUT_MS,
  BUSY_MS,
  COLLECTED_GATHER_MS,
  PART_BYTES,
  UNKNOWN_AFTER_TRIES,
} from "../base/limits.ts";
import { Timers } from "../base/timers.ts";
import type { Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import type { Link, Links } from "../link/links.ts";
import type { Outcome, Receipt } from "../messages/identity.ts";
import type { IdSource } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey, sameNick } from "../messages/nick.ts";
import type { Row } from "../messages/table.ts";
import type { Verb, VerbOf } from "../messages/verb.ts";
import type { Failure } from "../notice.ts";
import type { AckTracker } from "./ack_tracker.ts";
import type { Attempts } from "./attempts.ts";
import type { Inbox } from "./inbox.ts";
import type { Membership } from "./membership.ts";
import { type OutgoingMessage, recipientKey } from "./outbox.ts";
import { PeerLinks } from "./peer_links.ts";
import type { Sealing } from "./sealing.ts";

export interface SenderOptions {
  readonly effects: Effects;
  readonly links: Links;
  readonly attempts: Attempts;
  readonly tracker: AckTracker;
  readonly inbox: Inbox;
  readonly membership: Membership;
  readonly nick: Nick;
  readonly ids: IdSource;
  readonly sealing: Sealing;
}

export class Sender {
  readonly #options: SenderOptions;
  readonly #peerLinks = new PeerLinks();
  /** Letters that were collected, by recipient: they are counted until the line about them is shown. */
  readonly #collected = new Map<NickKey, { to: Nick; count: number }>();
  /** When the line about the collected letters of a recipient is due. */
  readonly #timers = new Timers<NickKey>();
  /** True if the input has ended. */
  #finishing = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get deadline(): Millis {
    return Math.min(this.#timers.deadline, this.#options.tracker.deadline);
  }

  // ---- the user's messages -------------------------------------------------------------------------------

  /** Takes a new message of the user's: to a peer in the table, or to the channel (`undefined`). */
  compose(now: Millis, to: Nick | undefined, text: string): void {
    const { effects, ids, tracker, nick } = this.#options;
    if (to !== undefined && sameNick(to, nick)) return this.#sendToSelf(now, text);
    if (tracker.isFull(utf8Length(text))) {
      effects.notice({ type: "tooMany", count: tracker.waiting });
      return effects.notice({ type: "settled" });
    }
    const message = tracker.add(now, ids.next(recipientKey(to)), to, text);
    if (this.#transmit(now, message, { command: true })) return;
    // Unless it has failed by now, it has to wait, and is saved unsealed.
    if (tracker.messageWith(message.id) !== undefined) tracker.save(message);
  }

  /**
   * The input has ended: every message that waits is awaited like a command from now on, except those that
   * are held back.
   */
  finish(now: Millis): void {
    this.#finishing = true;
    for (const message of this.#options.tracker.unstored()) {
      if (!this.#options.sealing.isHeldBack(message)) this.#options.attempts.wait(now, message.id, true);
    }
  }

  /** The number of messages to a peer that are held back until the user trusts the peer's new key. */
  heldBackFor(to: Nick): number {
    const { sealing, tracker } = this.#options;
    return sealing.isHeldBack({ to }) ? tracker.waitingFor(to) : 0;
  }

  /** True if any message waits for something other than a word of the user. */
  get isUnderWay(): boolean {
    const { sealing, tracker } = this.#options;
    for (const to of tracker.recipients) if (!sealing.isHeldBack({ to })) return true;
    return false;
  }

  /** We are registered, perhaps again, and our table is complete: every message that waits starts afresh. */
  cameOnline(now: Millis): void {
    for (const message of this.#options.tracker.unstored()) this.#startAfresh(now, message);
  }

  /** Nothing can be sent any more: every message that waits is set aside. */
  wentOffline(): void {
    for (const message of this.#options.tracker.unstored()) this.#setAside(message);
  }

  /** The recipients of waiting messages may be online now, or offline, or have other keys. */
  rowsChanged(now: Millis, rows: readonly Row[]): void {
    for (const row of rows) {
      const link = this.#peerLinks.linkOf(row.nick);
      // The nick has another key now, and nothing more goes to the holder of the former one.
      if (link !== undefined && link.peer !== row.key) {
        for (const message of this.#options.tracker.unstored(row.nick)) link.cancel(message.id);
        this.#peerLinks.delete(row.nick);
      }
      if (this.#options.sealing.isOver(row)) {
        for (const message of this.#options.tracker.messagesTo(row.nick)) {
          this.#fail(now, message, "revoked");
        }
      }
      for (const message of this.#options.tracker.unstored(row.nick)) {
        if (this.#options.sealing.isHeldBack(message)) this.#setAside(message);
        else if (this.#options.membership.isRegistered) this.#startAfresh(now, message);
      }
    }
  }

  /** The user accepts the identity that the table gives for a nick: messages that wait are sealed for it. */
  trusts(now: Millis, row: Row): void {
    this.#options.tracker.beginAnew(now, row.nick);
    this.#options.sealing.forgetSecrets();
    if (!this.#options.membership.isRegistered) return;
    for (const message of this.#options.tracker.unstored(row.nick)) this.#startAfresh(now, message);
  }

  /** A peer is in a new process: messages that were on their way to its former process are sent again. */
  peerRestarted(now: Millis, link: Link): void {
    if (!this.#options.membership.isRegistered) return;
    for (const nick of this.#peerLinks.nicksOn(link)) {
      for (const message of this.#options.tracker.unstored(nick)) this.#startAfresh(now, message);
    }
  }

  runTimers(now: Millis): void {
    const { tracker } = this.#options;
    for (let message = tracker.takeDue(now); message !== undefined; message = tracker.takeDue(now)) {
      const leavesUntil = this.#leavesUntil(now, message);
      if (tracker.isTooOld(now, message)) this.#fail(now, message, "too old");
      else if (leavesUntil > now) tracker.postpone(message, leavesUntil);
      else if (this.#options.membership.isRegistered) this.#again(now, message);
    }
    for (let key = this.#timers.next(now); key !== undefined; key = this.#timers.next(now)) {
      this.#tellCollected(key);
    }
  }

  /** Shows the lines that are still being gathered, because the process is about to end. */
  flush(): void {
    for (const key of [...this.#collected.keys()]) this.#tellCollected(key);
  }

  /**
   * Fails the messages that were stored so long ago that the server must have dropped them. It forgets old
   * secrets as well.
   */
  forgetOld(now: Millis): void {
    this.#options.sealing.forgetOldSecrets(now);
    for (const message of this.#options.tracker.expired(now)) this.#fail(now, message, "expired");
  }

  /** Shows one line for all letters that a recipient has collected. */
  #tellCollected(key: NickKey): void {
    const entry = this.#collected.get(key);
    this.#collected.delete(key);
    if (entry !== undefined) this.#options.effects.notice({ type: "collected", ...entry });
  }

  /** A message to ourselves is shown and receipted like any other, but does not leave. */
  #sendToSelf(now: Millis, text: string): void {
    const { effects, ids, inbox, nick } = this.#options;
    const id = ids.next(nickKey(nick));
    const { id: after, hash: afterHash } = inbox.lastShown(nick);
    const place = { after, afterHash, channel: false, isOpen: false, from: nick, dated: false };
    inbox.accept(now, { id, ...place, sentAt: Math.floor(now), text });
    effects.notice({ type: "delivered", to: nick });
    effects.notice({ type: "settled" });
  }

  // ---- transmissions -------------------------------------------------------------------------------------

  /** Transmits a message again as if it were new: the 500 ms and the tries begin anew. */
  #startAfresh(now: Millis, message: OutgoingMessage): void {
    this.#options.tracker.restart(now, message);
    this.#transmit(now, message, { command: message.unsettled });
  }

  /** The 500 ms are over, or a later try is due: the server gets the message as well. */
  #again(now: Millis, message: OutgoingMessage): void {
    const { effects, sealing } = this.#options;
    const row = sealing.rowOf(message);
    if (message.to !== undefined && row === undefined && message.tries >= UNKNOWN_AFTER_TRIES) {
      return this.#fail(now, message, "unknown");
    }
    if (!this.#transmit(now, message, { command: false, bothWays: true }) || !row?.online) return;
    if (!message.unanswered) effects.notice({ type: "unanswered", to: row.nick });
    message.unanswered = true;
  }

  /**
   * The one place where a message is sealed. A sealed message goes directly if its recipient is online, and
   * otherwise to the server; with `bothWays` the server gets it in any case. Returns false if nothing leaves:
   * then the message waits, or it has failed because nobody can ever seal it. `command` is true if the user
   * waits for the server.
   */
  #transmit(
    now: Millis,
    message: OutgoingMessage,
    { command, bothWays = false }: { command: boolean; bothWays?: boolean },
  ): boolean {
    const { sealing } = this.#options;
    const sealed = sealing.seal(now, message);
    if (sealed === "impossible") this.#fail(now, message, "keys");
    // Posts leave one after the other. Those behind the first one wait for the server, too.
    if (sealed === "waits" && message.to === undefined) this.#waitForServer(now, message, command);
    if (sealed !== "sealed") return false;
    const row = sealing.rowOf(message);
    if (row?.online) this.#sendDirect(now, message, row);
    if (!row?.online || bothWays) this.#sendToServer(now, message, command);
    return true;
  }

  #sendDirect(now: Millis, { id, body }: OutgoingMessage, row: Row): void {
    const verb: Verb = { type: "direct", id, from: this.#options.nick, to: row.nick, body };
    this.#linkTo(now, row).send(now, verb, id);
  }

  #sendToServer(now: Millis, message: OutgoingMessage, command: boolean): void {
    const { membership, nick: from } = this.#options;
    const { id, to, body } = message;
    this.#waitForServer(now, message, command);
    if (command) membership.link.urge(now);
    const verb: Verb = to === undefined
      ? { type: "post", id, from, body }
      : { type: "deposit", id, from, to, body };
    membership.link.send(now, verb, id);
  }

  #waitForServer(now: Millis, { id }: OutgoingMessage, command: boolean): void {
    this.#options.attempts.wait(now, id, command || this.#finishing);
  }

  /** Sends the oldest post that waits: posts leave one at a time (docs/protocol.md, section 7). */
  #sendNextPost(now: Millis): void {
    const { membership, tracker } = this.#options;
    const { nextPost } = tracker;
    if (membership.isRegistered && nextPost !== undefined) this.#transmit(now, nextPost, { command: false });
  }

  /**
   * The end of the 500 ms of a message in several parts (docs/protocol.md, section 4). They run from the
   * departure of the last part; as long as parts still have to leave, from the last sign of life of the
   * recipient. For any other message it returns `now`.
   */
  #leavesUntil(now: Millis, { id, body, to }: OutgoingMessage): Millis {
    const link = to === undefined ? undefined : this.#peerLinks.linkOf(to);
    if (link === undefined || body.length <= PART_BYTES || !link.has(id)) return now;
    return (link.departedAt(id) ?? link.heardAt) + ACK_TIMEOUT_MS;
  }

  #linkTo(now: Millis, row: Row): Link {
    const link = this.#options.links.open(now, row.key, row.addresses);
    this.#peerLinks.set(row.nick, link);
    return link;
  }

  /** Sends nothing more for this message. */
  #stop(message: OutgoingMessage): void {
    const { attempts, membership } = this.#options;
    attempts.done(message.id);
    membership.link.cancel(message.id);
    if (message.to !== undefined) this.#peerLinks.linkOf(message.to)?.cancel(message.id);
  }

  /** Sends nothing for now, and ends the command that wrote the message. */
  #setAside(message: OutgoingMessage): void {
    this.#stop(message);
    this.#settle(message);
  }

  /** Tells once that the command that wrote the message is over. */
  #settle(message: OutgoingMessage): void {
    if (message.unsettled) this.#options.effects.notice({ type: "settled" });
    message.unsettled = false;
  }

  /** Gives a message up for good, and tells why. */
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

  // ---- receipts ------------------------------------------------------------------------------------------

  /** Takes a receipt that came directly. The caller has checked that the link is that of the peer `from`. */
  onReceipt(now: Millis, from: Nick, receipt: Receipt): void {
    const { effects, sealing, tracker } = this.#options;
    const message = tracker.messageWith(receipt.id);
    if (message === undefined || !sealing.isReceiptFor(message, from, receipt)) return;
    if (receipt.outcome !== "read") return this.#onUnread(now, message, receipt.outcome);
    this.#stop(message);
    tracker.delivered(now, message);
    effects.notice({ type: "delivered", to: message.to! });
    this.#settle(message);
  }

  /**
   * The message has arrived and was not read. If it was unreadable it is sealed again, once; otherwise it
   * fails.
   */
  #onUnread(now: Millis, message: OutgoingMessage, outcome: Exclude<Outcome, "read">): void {
    const { membership, tracker } = this.#options;
    if (outcome !== "unreadable" || message.edition > 0) return this.#fail(now, message, outcome);
    this.#stop(message);
    // The second edition needs the recipient's present prekey. It leaves when the table has changed, or at
    // the latest when its 500 ms are over.
    tracker.sealAgain(now, message);
    membership.askForRows(now);
  }

  // ---- answers of the server -----------------------------------------------------------------------------

  /**
   * Takes the server's answers to deposits and posts, and its news of letters. Other verbs mean nothing here.
   */
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
    const message = tracker.messageWith(id);
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

  /**
   * The server does not take the message. If it was only too busy, the message is tried again soon. The
   * direct way goes on while the recipient is online, unless the input has ended.
   */
  #onRejected(now: Millis, { id, reason }: VerbOf<"rejected">): void {
    const { attempts, membership, tracker } = this.#options;
    const message = tracker.messageWith(id);
    if (message === undefined || message.stored) return;
    if (reason === "rate") {
      membership.link.cancel(id);
      return tracker.delay(message, now + BUSY_MS);
    }
    if (!this.#options.sealing.rowOf(message)?.online || this.#finishing) {
      return this.#fail(now, message, reason);
    }
    attempts.done(id);
    membership.link.cancel(id);
  }

  /** Notes the receipts that the server hands over, and acknowledges them. */
  #onCollected(now: Millis, { to, receipts }: VerbOf<"collected">): void {
    const { effects, membership, nick } = this.#options;
    const noted = receipts.filter((receipt) => this.#onCollectedOne(now, to, receipt));
    if (effects.exiting || noted.length === 0) return;
    membership.link.send(now, { type: "noted", nick, receipts: noted });
  }

  /**
   * Returns true if the receipt is to be acknowledged. The server then forgets it and nobody will tell us
   * again, so our note of it is saved before (docs/architecture.md, section 2). A forged receipt is not
   * acknowledged.
   */
  #onCollectedOne(now: Millis, to: Nick, receipt: Receipt): boolean {
    const { sealing, tracker } = this.#options;
    const { id, outcome } = receipt;
    const message = tracker.messageWith(id);
    // A message that is gone here may still have a record on disk.
    if (message === undefined) tracker.forget(id);
    // A late receipt for edition 0 says nothing about edition 1.
    if (message === undefined || message.edition > receipt.edition) return true;
    // `released` is the server's own word, and not signed.
    if (outcome !== "released" && !sealing.isReceiptFor(message, to, receipt)) return false;
    if (outcome !== "read") {
      this.#onUnread(now, message, outcome);
      return true;
    }
    tracker.forget(id);
    this.#setAside(message);
    const entry = this.#collected.get(nickKey(to)) ?? { to, count: 0 };
    entry.count++;
    this.#collected.set(nickKey(to), entry);
    this.#timers.set(nickKey(to), now + COLLECTED_GATHER_MS);
    return true;
  }
}

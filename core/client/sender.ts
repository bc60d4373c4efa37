/**
 * Sending: messages go directly to their recipients, and by way of the server if a recipient is offline or
 * has not answered in 500 ms (docs/protocol.md, section 6). A letter is sealed for a message when it first
 * goes to the server, and a post is signed then; both leave as the same bytes each time.
 */
import {
  ACK_TIMEOUT_MS,
  BUSY_MS,
  COLLECTED_GATHER_MS,
  GOT_MESSAGES,
  UNKNOWN_AFTER_TRIES,
} from "../base/limits.ts";
import type { Entries } from "../base/renewed_map.ts";
import { Timers } from "../base/timers.ts";
import type { Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import type { WallClock } from "../durable/wall_clock.ts";
import type { Link } from "../link/links.ts";
import type { Run } from "../messages/direct.ts";
import { hasKeys, type Outcome, type Receipt } from "../messages/identity.ts";
import { isSameLetter, type LetterName } from "../messages/letter_form.ts";
import { idOf, type IdSource, type MessageId } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey, sameNick } from "../messages/nick.ts";
import type { Row } from "../messages/table.ts";
import type { Verb, VerbOf } from "../messages/verb.ts";
import type { Failure, MessageState } from "../notice.ts";
import type { AckTracker } from "./ack_tracker.ts";
import type { Attempts } from "./attempts.ts";
import type { DirectWay } from "./direct_way.ts";
import type { Inbox } from "./inbox.ts";
import type { KnownPeers } from "./known_peers.ts";
import type { Membership } from "./membership.ts";
import { NOTHING, type OutgoingMessage, recipientKey } from "./outbox.ts";
import type { Chronicle } from "./chronicle.ts";
import type { FollowedMessages } from "./followed_messages.ts";
import type { Sealing } from "./sealing.ts";
import { Several } from "./several.ts";

export interface SenderOptions {
  readonly effects: Effects;
  readonly clock: WallClock;
  readonly attempts: Attempts;
  readonly directWay: DirectWay;
  readonly tracker: AckTracker;
  readonly followed: FollowedMessages;
  readonly chronicle: Chronicle;
  readonly inbox: Inbox;
  readonly knownPeers: KnownPeers;
  readonly membership: Membership;
  readonly nick: Nick;
  readonly ids: IdSource;
  readonly sealing: Sealing;
  /** True if the client only sends: all messages go by way of the server. */
  readonly sendsOnly: boolean;
}

export class Sender {
  readonly #options: SenderOptions;
  /** Letters that were collected, by recipient: they are counted until the line about them is shown. */
  readonly #collected = new Map<NickKey, { to: Nick; count: number }>();
  /** When the line about the collected letters of a recipient is due. */
  readonly #timers = new Timers<NickKey>();
  /**
   * Messages that have left both ways at once and that the server has: when the user is told so, unless their
   * recipient answers before.
   */
  readonly #untold = new Timers<OutgoingMessage>();
  readonly #several = new Several();
  /** Messages of scripts that have not left. */
  readonly #unsent = new Set<OutgoingMessage>();
  /** True if the input has ended. */
  #finishing = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get deadline(): Millis {
    const { directWay, tracker } = this.#options;
    return Math.min(this.#timers.deadline, this.#untold.deadline, tracker.deadline, directWay.deadline);
  }

  // ---- the user's messages -------------------------------------------------------------------------------

  /** Takes a new message of the user's: to a peer in the table, or to the channel (`undefined`). */
  compose(
    now: Millis,
    to: Nick | undefined,
    { text, bytes, once }: {
      readonly text: string;
      readonly bytes: number;
      readonly once: string | undefined;
    },
  ): void {
    const { effects, ids, membership, sealing, tracker, nick } = this.#options;
    if (to !== undefined && sameNick(to, nick)) return this.#sendToSelf(now, text, once);
    if (tracker.isFull(bytes)) {
      effects.notice({ type: "tooMany", count: tracker.waiting });
      return effects.notice({ type: "settled" });
    }
    const message = tracker.add(now, ids.next(recipientKey(to)), to, text);
    message.ref = effects.ref;
    this.#options.chronicle.written(now, message, "queued");
    if (once !== undefined) this.#follow(message, once);
    if (membership.isRegistered) this.#transmit(now, message, { command: true });
    // A letter or post was saved with its message. Any other message is saved before it leaves directly, or
    // has to wait, unless it has failed by now.
    if (message.body === NOTHING && tracker.has(message)) tracker.save(message);
    if (to === undefined || !sealing.isHeldBack(message)) return;
    effects.notice({ type: "waitsForKeys", to });
    this.#setAside(message);
  }

  /** Follows a message that a script has sent, or asks for. */
  #follow(message: OutgoingMessage, once: string): void {
    this.#options.followed.follow(message, once);
    this.#unsent.add(message);
  }

  /** A script asks for a message: tells how far it has come, and follows it from now on. */
  follow(id: MessageId): void {
    const { effects, followed, tracker } = this.#options;
    const known = followed.of(id);
    const message = tracker.messageWith(id);
    if (known !== undefined) followed.tell(known);
    else if (message !== undefined) this.#follow(message, "");
    else effects.notice({ type: "unknownMessage", id });
  }

  /** Tells of the messages of scripts that have left. It is called when the links have made datagrams. */
  noteDepartures(): void {
    for (const message of this.#unsent) {
      const { deposit, direct } = message;
      const sending = direct === "waits" ? undefined : direct?.sending;
      const hasLeft = sending?.departedAt !== undefined || deposit?.departedAt !== undefined;
      if (hasLeft) this.#options.followed.departed(message);
      if (hasLeft || message.stored || !this.#options.tracker.has(message)) this.#unsent.delete(message);
    }
  }

  /**
   * The input has ended: every message that waits is awaited like a command from now on, except those that
   * are held back.
   */
  finish(now: Millis): void {
    this.#finishing = true;
    for (const message of this.#options.tracker.unstored()) {
      if (!this.#options.sealing.isHeldBack(message)) this.#options.attempts.wait(now, message, true);
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
    const { directWay, membership, sealing, tracker } = this.#options;
    for (const row of rows) {
      const messages = tracker.unstored(row.nick);
      // Nothing more goes to the holder of the former keys.
      if (directWay.hasLeft(row)) { for (const message of messages) directWay.settle(message); }
      if (sealing.isOver(row)) {
        for (const message of tracker.messagesTo(row.nick)) this.#fail(now, message, "revoked");
        continue;
      }
      for (const message of messages) {
        if (sealing.isHeldBack(message)) this.#setAside(message);
        else if (membership.isRegistered) this.#startAfresh(now, message);
      }
    }
  }

  /** The server says that nobody has a nick: messages to it have failed, unless somebody had it before. */
  hasNobody(now: Millis, name: Nick): void {
    const { membership, tracker } = this.#options;
    if (membership.table.get(name) !== undefined) return;
    for (const message of tracker.unstored(name)) this.#fail(now, message, "unknown");
  }

  /** The user accepts the identity that the table gives for a nick: messages that wait are sealed for it. */
  trusts(now: Millis, row: Row): void {
    const { directWay, membership, tracker } = this.#options;
    const messages = tracker.unstored(row.nick);
    for (const message of messages) directWay.settle(message);
    tracker.beginAnew(now, row.nick);
    if (!membership.isRegistered) return;
    for (const message of messages) this.#startAfresh(now, message);
  }

  /** A peer is in a new process: messages that were on their way to its former process are sent again. */
  peerRestarted(now: Millis, link: Link): void {
    if (!this.#options.membership.isRegistered) return;
    for (const nick of this.#options.directWay.nicksOn(link)) {
      for (const message of this.#options.tracker.unstored(nick)) this.#startAfresh(now, message);
    }
  }

  runTimers(now: Millis): void {
    const { directWay, membership, tracker } = this.#options;
    for (let message = tracker.takeDue(now); message !== undefined; message = tracker.takeDue(now)) {
      const leavesUntil = directWay.leavesUntil(now, message);
      if (tracker.isTooOld(now, message)) this.#fail(now, message, "too old");
      else if (leavesUntil > now) tracker.postpone(message, leavesUntil);
      else if (membership.isRegistered) this.#again(now, message);
    }
    for (let key = this.#timers.next(now); key !== undefined; key = this.#timers.next(now)) {
      this.#tellCollected(key);
    }
    this.#tellStored(now);
  }

  /** Shows the lines that are still put off, because the process is about to end. */
  flush(): void {
    this.#tellStored(Infinity);
    for (const key of [...this.#collected.keys()]) this.#tellCollected(key);
  }

  /** Tells of messages that the server has, and whose recipients have not answered until now. */
  #tellStored(now: Millis): void {
    for (let message; (message = this.#untold.next(now)) !== undefined;) {
      this.#options.effects.notice({ type: "stored" }, message.ref);
    }
  }

  /** Fails the messages that were stored so long ago that the server must have dropped them. */
  forgetOld(now: Millis): void {
    for (const message of this.#options.tracker.expired(now)) this.#fail(now, message, "expired");
  }

  /** Shows one line for all letters that a recipient has collected. */
  #tellCollected(key: NickKey): void {
    const entry = this.#collected.get(key);
    this.#collected.delete(key);
    if (entry !== undefined) this.#options.effects.notice({ type: "collected", ...entry });
  }

  /** A message to ourselves is shown and receipted like any other, but does not leave. */
  #sendToSelf(now: Millis, text: string, once: string | undefined): void {
    const { clock, effects, ids, inbox, nick, followed } = this.#options;
    const id = ids.next(nickKey(nick));
    const after = inbox.lastShown(nick).id;
    const place = { after, afterHash: undefined, channel: false, isOpen: false, from: nick, dated: false };
    inbox.accept(now, { ...id, ...place, sentAt: Math.floor(clock.at(now)), text });
    if (once !== undefined) {
      followed.begin({ id: idOf(id), once, to: nick, state: "delivered", failure: undefined });
    }
    effects.notice({ type: "delivered", to: nick, text: undefined });
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
    const { directWay, effects, membership, sealing } = this.#options;
    const row = sealing.rowOf(message);
    const isNobody = message.to !== undefined && row === undefined && membership.table.isWhole;
    if (isNobody && message.tries >= UNKNOWN_AFTER_TRIES) {
      return this.#fail(now, message, "unknown");
    }
    if (!this.#transmit(now, message, { command: false, bothWays: true }) || !this.#isReachable(row)) return;
    directWay.noteAnswer(row.nick, false);
    if (!message.unanswered) effects.notice({ type: "unanswered", to: row.nick }, message.ref);
    message.unanswered = true;
  }

  /**
   * Sends a message directly if its recipient is online, and otherwise to the server. With `bothWays` the
   * server gets it in any case, and so it does at once if the 500 ms of an earlier message have run out and
   * the recipient was not heard since. Returns false if nothing leaves: then the message waits, or it has
   * failed because nobody can ever seal it. `command` is true if the user waits for the server.
   */
  #transmit(
    now: Millis,
    message: OutgoingMessage,
    { command, bothWays = false }: { command: boolean; bothWays?: boolean },
  ): boolean {
    const { directWay, knownPeers, membership, sealing } = this.#options;
    const row = sealing.rowOf(message);
    if (message.to !== undefined && row === undefined && !membership.table.isWhole) {
      membership.lookUp(now, message.to, command || this.#finishing);
    }
    // At the first contact the table's word is taken, and pinned (docs/security.md, "What is trusted when").
    if (row !== undefined && knownPeers.pinOf(row.nick) === undefined) {
      knownPeers.pin(row.nick, row.identity, false);
    }
    const isDirect = this.#isReachable(row);
    if (isDirect) directWay.send(now, message, row);
    const isSilent = isDirect && directWay.isSilent(row.nick);
    if (isDirect && !bothWays && !isSilent) return true;
    if (isSilent && !bothWays) message.isTwofold = true;
    switch (sealing.seal(now, message)) {
      case "sealed":
        this.#sendToServer(now, message, command && !isDirect);
        return true;
      case "waits":
        // Posts leave one after the other. Those behind the first one wait for the server, too.
        if (message.to === undefined) this.#waitForServer(now, message, command);
        return isDirect;
      case "impossible":
        if (isDirect && !bothWays) return true;
        // The direct way has brought no answer, and there is no other one.
        this.#fail(now, message, "keys");
        return false;
    }
  }

  /**
   * True if messages may go directly to the owner of a row: it is online, has keys, and its identity is the
   * one that is pinned, and not revoked. A row with the server's own key would send them to the server. A
   * client that only sends speaks to the server alone.
   */
  #isReachable(row: Row | undefined): row is Row {
    const { knownPeers, membership, sendsOnly } = this.#options;
    return row !== undefined && row.online && hasKeys(row) && !sendsOnly &&
      row.key !== membership.link.peer &&
      knownPeers.pinOf(row.nick) !== undefined && knownPeers.agrees(row.nick, row.identity);
  }

  #sendToServer(now: Millis, message: OutgoingMessage, command: boolean): void {
    const { membership, nick: from } = this.#options;
    const { id, to, body } = message;
    this.#waitForServer(now, message, command);
    if (command) membership.link.urge(now);
    if (message.deposit !== undefined && membership.link.isUnderWay(now, message.deposit)) return;
    const verb: Verb = to === undefined
      ? { type: "post", id, from, body }
      : { type: "deposit", id, from, to, body };
    message.deposit = membership.link.send(now, verb);
  }

  #waitForServer(now: Millis, message: OutgoingMessage, command: boolean): void {
    this.#options.attempts.wait(now, message, command || this.#finishing);
  }

  /** Sends the oldest post that waits: posts leave one at a time (docs/protocol.md, section 7). */
  #sendNextPost(now: Millis): void {
    const { membership, tracker } = this.#options;
    const { nextPost } = tracker;
    if (membership.isRegistered && nextPost !== undefined) this.#transmit(now, nextPost, { command: false });
  }

  /** Sends nothing more for this message. */
  #stop(message: OutgoingMessage): void {
    this.#stopDepositing(message);
    this.#options.directWay.settle(message);
  }

  /** Sends nothing more of this message to the server. */
  #stopDepositing(message: OutgoingMessage): void {
    this.#untold.clear(message);
    this.#options.attempts.done(message);
    message.deposit?.cancel();
    message.deposit = undefined;
  }

  /** Sends nothing for now, and ends the command that wrote the message. */
  #setAside(message: OutgoingMessage): void {
    this.#stop(message);
    this.#settle(message);
  }

  /** Tells once that the command that wrote the message is over. */
  #settle(message: OutgoingMessage): void {
    if (message.unsettled) this.#options.effects.notice({ type: "settled" }, message.ref);
    message.unsettled = false;
    // Later notices are news, and no answer, unless a script follows the message.
    if (!message.isFollowed) message.ref = undefined;
  }

  /** Gives a message up for good, and tells why. */
  #fail(now: Millis, message: OutgoingMessage, failure: Failure): void {
    const { directWay, effects, tracker } = this.#options;
    directWay.withdraw(now, message);
    this.#stop(message);
    tracker.failed(now, message);
    this.#note(now, message, "failed", failure);
    const unknown = failure === "unknown" && message.to !== undefined;
    effects.notice(
      unknown ? { type: "unknownPeer", nick: message.to! } : { type: "failed", to: message.to, failure },
      message.ref,
    );
    this.#settle(message);
    this.#sendNextPost(now);
  }

  /** Notes how far a message has come, for scripts and in the history. */
  #note(now: Millis, message: OutgoingMessage, state: MessageState, failure?: Failure): void {
    const { chronicle, followed } = this.#options;
    followed.note(message, state, failure);
    chronicle.written(now, message, state, failure);
  }

  // ---- receipts ------------------------------------------------------------------------------------------

  /**
   * Takes the answer to direct messages. It counts only from the peer that the messages went to, as long as
   * that is whom the table and the pin give for the nick (docs/security.md, "Direct messages").
   */
  onGot(now: Millis, link: Link, { from, outcome, people, prefix, runs }: VerbOf<"got">): void {
    const { directWay, membership, sealing, tracker } = this.#options;
    const isTheirs = membership.table.get(from)?.key === link.peer &&
      directWay.answersOn(link, from) === people;
    if (!isTheirs || sealing.isHeldBack({ to: from })) return;
    const messages = tracker.messagesWith(prefix);
    let isAnswer = false;
    let left = GOT_MESSAGES;
    for (const run of runs) {
      left -= Math.min(run.to - run.from + 1, messages.size);
      if (left < 0) break;
      for (const message of messagesIn(messages, run)) {
        const isAbout = message.to !== undefined && sameNick(message.to, from) &&
          message.wentTo === link.peer;
        if (isAbout) this.#onAnswer(now, message, outcome);
        isAnswer ||= isAbout;
      }
    }
    if (isAnswer) directWay.noteAnswer(from, true);
  }

  /** A letter may still be opened that was unreadable, so only the other outcomes are said directly. */
  #onAnswer(now: Millis, message: OutgoingMessage, outcome: Outcome): void {
    const { effects, tracker } = this.#options;
    if (outcome === "refused" || outcome === "forgotten") return this.#fail(now, message, outcome);
    if (outcome !== "read") return;
    this.#stop(message);
    const text = this.#textToName(now, message.to!, message);
    tracker.delivered(now, message);
    this.#note(now, message, "delivered");
    effects.notice({ type: "delivered", to: message.to!, text }, message.ref);
    this.#settle(message);
  }

  /** The text of a message that is receipted, if the user has to be told which one it is. */
  #textToName(now: Millis, to: Nick, { stored, text }: OutgoingMessage): string | undefined {
    // The user was told of a message that is stored, and it does not wait any more.
    const waiting = this.#options.tracker.waitingFor(to) + (stored ? 1 : 0);
    return this.#several.isAmong(now, to, waiting) ? text : undefined;
  }

  /**
   * The letter has arrived and was not read. If it was unreadable it is sealed again, once; otherwise the
   * message fails.
   */
  #onUnread(now: Millis, message: OutgoingMessage, outcome: Exclude<Outcome, "read">): void {
    const { membership, tracker } = this.#options;
    if (outcome !== "unreadable" || message.edition > 0) return this.#fail(now, message, outcome);
    this.#stopDepositing(message);
    // The second edition needs the recipient's present prekey. It leaves when the table has changed, or at
    // the latest when its 500 ms are over.
    tracker.sealAgain(now, message);
    membership.lookUp(now, message.to!);
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

  /**
   * The message that an answer of the server's is about. A late answer to a former sealing says nothing of
   * the present one, which may not even have left.
   */
  #answered({ id, ...name }: LetterName & { readonly id: MessageId }): OutgoingMessage | undefined {
    const message = this.#options.tracker.messageWith(id);
    return message === undefined || message.stored || !isSameLetter(message, name) ? undefined : message;
  }

  #onStored(now: Millis, verb: VerbOf<"stored">): void {
    const { effects, tracker } = this.#options;
    const message = this.#answered(verb);
    if (message === undefined) return;
    this.#stopDepositing(message);
    this.#note(now, message, "stored");
    if (message.to === undefined) {
      tracker.delivered(now, message);
      effects.notice({ type: "posted" }, message.ref);
      this.#sendNextPost(now);
    } else {
      tracker.stored(message);
      // Its recipient is there, and will most likely answer in a moment.
      if (message.isTwofold) this.#untold.set(message, now + ACK_TIMEOUT_MS);
      else effects.notice({ type: "stored" }, message.ref);
    }
    this.#settle(message);
  }

  /**
   * The server does not take the message. If it was only too busy, the message is tried again soon. The
   * direct way goes on while the recipient is online, unless the input has ended.
   */
  #onRejected(now: Millis, { reason, ...verb }: VerbOf<"rejected">): void {
    const { tracker } = this.#options;
    const message = this.#answered(verb);
    if (message === undefined) return;
    if (reason === "rate") {
      message.deposit?.cancel();
      return tracker.delay(message, now + BUSY_MS);
    }
    if (!this.#isReachable(this.#options.sealing.rowOf(message)) || this.#finishing) {
      return this.#fail(now, message, reason);
    }
    this.#stopDepositing(message);
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
    if (message === undefined) tracker.forgetRecord(id);
    // A late receipt for edition 0 says nothing about edition 1.
    if (message === undefined || message.edition > receipt.edition) return true;
    if (!sealing.isReceiptFor(message, to, receipt)) return false;
    if (outcome !== "read") {
      this.#onUnread(now, message, outcome);
      return true;
    }
    const isUntold = this.#untold.has(message);
    const text = isUntold ? this.#textToName(now, to, message) : undefined;
    tracker.forget(message);
    this.#note(now, message, "delivered");
    this.#setAside(message);
    if (isUntold) {
      this.#options.effects.notice({ type: "delivered", to, text }, message.ref);
      return true;
    }
    // The program that follows the message is told at once. For the others one line is enough.
    if (message.ref !== undefined) {
      this.#options.effects.notice({ type: "collected", to, count: 1 }, message.ref);
      return true;
    }
    const entry = this.#collected.get(nickKey(to)) ?? { to, count: 0 };
    entry.count++;
    this.#collected.set(nickKey(to), entry);
    this.#timers.set(nickKey(to), now + COLLECTED_GATHER_MS);
    return true;
  }
}

/**
 * The messages of a run. It may name 2^48 sequences, so it is walked along only if it is shorter than what
 * waits.
 */
function messagesIn(messages: Entries<number, OutgoingMessage>, { from, to }: Run): OutgoingMessage[] {
  if (to - from >= messages.size) {
    return [...messages.values()].filter(({ sequence }) => from <= sequence && sequence <= to);
  }
  const found: OutgoingMessage[] = [];
  for (let sequence = from; sequence <= to; sequence++) {
    const message = messages.get(sequence);
    if (message !== undefined) found.push(message);
  }
  return found;
}

/**
 * The direct way: the messages of one wake-up to one recipient share verbs, and with them packets. This file
 * packs them, and knows which messages are on their way to whom. `sender.ts` decides what becomes of a
 * message.
 */
import { ACK_TIMEOUT_MS, DIRECT_MESSAGES, PART_BYTES, REST_HELD_MS } from "../base/limits.ts";
import { Timers } from "../base/timers.ts";
import type { Millis } from "../base/units.ts";
import type { Link, Links } from "../link/links.ts";
import { directHeaderBytes, directMessageBytes } from "../messages/direct.ts";
import { prekeyId } from "../messages/letter_form.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";
import type { Row } from "../messages/table.ts";
import type { VerbOf } from "../messages/verb.ts";
import type { Introductions } from "./introductions.ts";
import type { Batch, OutgoingMessage } from "./outbox.ts";
import type { People } from "./people.ts";

/** The direct way to one recipient, under the keys of its row. */
interface Way {
  readonly row: Row;
  readonly link: Link;
  /** True while messages wait for the tick. */
  isBusy: boolean;
  /** The messages that leave with the next tick, or a little later. */
  waiting: OutgoingMessage[];
  /** The 500 ms of a message have run out, and no message was answered since. */
  isSilent: boolean;
}

export interface DirectWayOptions {
  readonly links: Links;
  readonly introductions: Introductions;
  readonly people: People;
  readonly nick: Nick;
}

export class DirectWay {
  readonly #options: DirectWayOptions;
  readonly #ways = new Map<NickKey, Way>();
  /** The same by link: a peer may have several nicks. */
  readonly #byLink = new Map<Link, Set<Way>>();
  /** The ways on which messages wait for the tick. */
  #busy: Way[] = [];
  /** Until when the rest of what was sent on a way is held. */
  readonly #held = new Timers<Way>();

  constructor(options: DirectWayOptions) {
    this.#options = options;
  }

  /** When messages are to leave next: at once (-Infinity) if some wait for the tick. */
  get deadline(): Millis {
    return this.#busy.length > 0 ? -Infinity : this.#held.deadline;
  }

  /** The nicks to which messages have gone over this link. */
  nicksOn(link: Link): Nick[] {
    return [...this.#byLink.get(link) ?? []].map(({ row }) => row.nick);
  }

  /** Sends a message with the next tick, unless it is on its way already. */
  send(now: Millis, message: OutgoingMessage, row: Row): void {
    const { direct } = message;
    if (direct === "waits" || direct?.link.isUnderWay(now, direct.sending)) return;
    const way = this.#wayTo(now, row);
    this.#options.introductions.lookFor(now, row.nick, way.link);
    message.direct = "waits";
    message.wentTo = row.key;
    way.waiting.push(message);
    if (!way.isBusy) this.#busy.push(way);
    way.isBusy = true;
  }

  /** Packs what waits. It is called with each tick, before the links make datagrams. */
  flush(now: Millis): void {
    for (let way; (way = this.#held.next(now)) !== undefined;) this.#leave(now, way, false);
    const busy = this.#busy;
    this.#busy = [];
    for (const way of busy) if (way.isBusy) this.#leave(now, way, true);
  }

  /**
   * Sends what waits on a way. Behind a full verb a small rest may be held for a moment: in a long run of
   * messages the next ones fill it up, as with Nagle's algorithm (RFC 896). Otherwise the rests of the verbs
   * before would go on as small datagrams for ever, each with an answer of its own.
   */
  #leave(now: Millis, way: Way, mayHold: boolean): void {
    const waiting = takeWaiting(way.waiting);
    way.isBusy = false;
    let at = 0;
    let isRest = false;
    while (at < waiting.length) {
      const { end, bytes } = this.#fill(way, waiting, at);
      const isSmall = end === waiting.length && bytes < PART_BYTES / 2;
      if (mayHold && isRest && isSmall) break;
      this.#send(now, way, waiting.slice(at, end));
      // Several messages have filled this verb, and the next one did not go into it.
      isRest = end - at > 1 && waiting[end]?.prefix === waiting[at]!.prefix;
      at = end;
    }
    way.waiting = waiting.slice(at);
    for (const message of way.waiting) message.direct = "waits";
    this.#held.set(way, way.waiting.length > 0 ? now + REST_HELD_MS : Infinity);
  }

  /** The end and the length of the verb that begins with the message at `at`. */
  #fill({ row }: Way, waiting: readonly OutgoingMessage[], at: number): { end: number; bytes: number } {
    const { prefix, sentAt } = waiting[at]!;
    let bytes = directHeaderBytes(this.#options.nick, row.nick);
    let next = 0;
    let end = at;
    for (; end < waiting.length && end - at < DIRECT_MESSAGES; end++) {
      const message = waiting[end]!;
      const more = directMessageBytes(message, next, sentAt, message.bytes);
      // A text that is longer than a part goes alone.
      if (message.prefix !== prefix || (bytes + more > PART_BYTES && end > at)) break;
      bytes += more;
      next = message.sequence + 1;
    }
    return { end, bytes };
  }

  #send(now: Millis, { link, row }: Way, messages: readonly OutgoingMessage[]): void {
    const { nick: from, people } = this.#options;
    const { prefix } = messages[0]!;
    const verb: VerbOf<"direct"> = {
      type: "direct",
      from,
      to: row.nick,
      people: people.with(row).fromUs,
      place: prekeyId(row.prekey),
      prefix,
      messages,
    };
    const batch: Batch = { messages, link, sending: link.send(now, verb), left: messages.length };
    for (const message of messages) message.direct = batch;
  }

  /** Sends a message no more: somebody has answered it, or all of its batch are given up together. */
  settle(message: OutgoingMessage): void {
    const { direct } = message;
    message.direct = undefined;
    if (direct === undefined || direct === "waits") return;
    if (--direct.left === 0) direct.sending.cancel();
  }

  /** Takes one message back. The others in its verb leave again without it. */
  withdraw(now: Millis, message: OutgoingMessage): void {
    const { direct } = message;
    message.direct = undefined;
    if (direct === undefined || direct === "waits" || direct.sending.isOver) return;
    direct.sending.cancel();
    const way = this.#ways.get(nickKey(message.to!));
    for (const other of direct.messages) if (way && other.direct === direct) this.send(now, other, way.row);
  }

  /**
   * Returns true if a nick has other keys now than those that its messages went to. Then nothing more goes to
   * the holder of the former ones, and the owner of the messages settles them.
   */
  hasLeft({ identity, key, nick, prekey }: Row): boolean {
    const way = this.#ways.get(nickKey(nick));
    if (way === undefined) return false;
    const { row } = way;
    if (row.identity === identity && row.key === key && row.prekey === prekey) return false;
    this.#ways.delete(nickKey(nick));
    this.#abandon(way);
    return true;
  }

  /** The tag that an answer has to carry over this link; `undefined` if nothing went there. */
  answersOn(link: Link, nick: Nick): string | undefined {
    const way = this.#ways.get(nickKey(nick));
    return way?.link === link ? this.#options.people.with(way.row).toUs : undefined;
  }

  /**
   * The end of the 500 ms of a message in several parts (docs/protocol.md, section 4). They run from the
   * departure of the last part; as long as parts still have to leave, from the last sign of life of the
   * recipient. For any other message it returns `now`.
   */
  leavesUntil(now: Millis, { bytes, direct }: OutgoingMessage): Millis {
    if (bytes <= PART_BYTES || direct === undefined || direct === "waits") return now;
    const { link, sending } = direct;
    if (!link.isUnderWay(now, sending)) return now;
    return (sending.departedAt ?? link.heardAt) + ACK_TIMEOUT_MS;
  }

  /**
   * The 500 ms of a message have run out, or a message was answered. Nothing else proves that messages get
   * through: on some paths handshakes do, and longer packets do not.
   */
  noteAnswer(nick: Nick, isThere: boolean): void {
    const way = this.#ways.get(nickKey(nick));
    if (way !== undefined) way.isSilent = !isThere;
  }

  /** True if a recipient has left a message unanswered and has answered none since. */
  isSilent(nick: Nick): boolean {
    return this.#ways.get(nickKey(nick))?.isSilent ?? false;
  }

  #wayTo(now: Millis, row: Row): Way {
    const name = nickKey(row.nick);
    const known = this.#ways.get(name);
    if (known?.row === row && this.#options.links.holds(known.link)) return known;
    const link = this.#options.links.open(now, row.key, row.addresses);
    // On another machine, or in another network, the direct way gets another chance.
    const isSilent = known !== undefined && known.isSilent && areAtOneHost(known.row, row);
    const way = { row, link, waiting: known?.waiting ?? [], isBusy: false, isSilent };
    if (known !== undefined) this.#abandon(known);
    this.#ways.set(name, way);
    this.#byLink.set(link, (this.#byLink.get(link) ?? new Set<Way>()).add(way));
    return way;
  }

  /** Nothing leaves on this way any more. */
  #abandon(way: Way): void {
    way.isBusy = false;
    this.#held.clear(way);
    const ofLink = this.#byLink.get(way.link);
    if (ofLink?.delete(way) && ofLink.size === 0) this.#byLink.delete(way.link);
  }
}

/** True if the owner of the nick is where it was, whatever port a NAT gives to it now. */
function areAtOneHost(a: Row, b: Row): boolean {
  return a.addresses[0]?.host === b.addresses[0]?.host;
}

/** The messages that still wait, each once: one that was settled may have come to wait again. */
function takeWaiting(messages: readonly OutgoingMessage[]): OutgoingMessage[] {
  const waiting: OutgoingMessage[] = [];
  for (const message of messages) {
    if (message.direct !== "waits") continue;
    message.direct = undefined;
    waiting.push(message);
  }
  return waiting;
}

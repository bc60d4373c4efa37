/**
 * The mailroom: it takes deposits and posts, hands them over, and passes receipts back (docs/protocol.md,
 * sections 6 and 7). Every answer leaves after the commit of its step, because the driver transmits only
 * then.
 */
import { MALFORMED } from "../base/bytes.ts";
import { HAND_OVER_AGAIN_MS, RECEIPTS_AGAIN_MS, RECEIPTS_AGAIN_VERBS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { Link } from "../link/links.ts";
import type { Receipt } from "../messages/identity.ts";
import {
  decodeLetter,
  isSameLetter,
  type LetterName,
  letterNameOf,
  NO_LETTER,
} from "../messages/letter_form.ts";
import type { MessageId } from "../messages/message_id.ts";
import type { Nick } from "../messages/nick.ts";
import { decodePost } from "../messages/post.ts";
import type { Reason, Verb, VerbOf } from "../messages/verb.ts";
import type { Channel } from "./channel.ts";
import type { OfflineStore } from "./offline_store.ts";
import type { Member, Roster } from "./roster.ts";
import { StreamBudget } from "./stream_budget.ts";
import { StreamWriter } from "./stream_writer.ts";

export interface MailroomOptions {
  readonly store: OfflineStore;
  readonly channel: Channel;
  readonly roster: Roster;
  /** Gives a member a little time for a sign of life. */
  probe(now: Millis, member: Member): void;
  /** Begins the stream of a member anew, with what it has not saved. */
  renew(now: Millis, member: Member): void;
}

export class Mailroom {
  readonly #options: MailroomOptions;
  /** Counts letters and posts together, in the order in which they are stored. */
  #order: number;
  #stored = 0;
  readonly #rejected = new Map<Reason, number>();
  /** The bound on what all streams have under way. */
  readonly #budget = new StreamBudget();

  /** The count goes on from the letters and posts that store and channel have. */
  constructor(options: MailroomOptions) {
    this.#options = options;
    this.#order = Math.max(options.store.lastOrder, options.channel.lastOrder);
  }

  /** How many letters and posts were stored since the start. */
  get stored(): number {
    return this.#stored;
  }

  /** How many letters and posts were not taken since the start, by reason. */
  get rejected(): Readonly<Partial<Record<Reason, number>>> {
    return Object.fromEntries(this.#rejected);
  }

  /** The bytes of letters and posts that are under way to members. */
  get underWayBytes(): number {
    return this.#budget.used;
  }

  /**
   * A stream of everything that waits for a member. It goes on with what comes later. At a registration there
   * is no former one.
   */
  openStream(number: number, nick: Nick, link: Link, former?: StreamWriter): StreamWriter {
    const { store, channel } = this.#options;
    const waitedUpTo = former?.waitedUpTo ?? this.#order;
    return new StreamWriter({ number, nick, link, store, channel, budget: this.#budget, waitedUpTo });
  }

  /**
   * Stores a letter and pushes it at once to a recipient who is there. A deposit may be repeated, because its
   * answer may have been lost. A body that is no letter gets no answer.
   */
  deposit(now: Millis, link: Link, member: Member, verb: VerbOf<"deposit">): void {
    const { store } = this.#options;
    const { id, body } = verb;
    if (decodeLetter(body) === MALFORMED) return;
    const from = member.nick;
    const recipient = this.#options.roster.memberNamed(verb.to);
    const name = letterNameOf(body);
    const reject = (reason: Reason) => this.#reject(now, link, id, name, reason);
    if (recipient === undefined) return reject("unknown");
    if (recipient.revocation.length > 0) return reject("revoked");
    const held = store.letter(recipient.nick, from, id);
    // The sender has sealed the message again, for other keys of its recipient, or because it has forgotten
    // the letter that is held here.
    if (held !== undefined && !isSameLetter(letterNameOf(held.body), name)) store.withdraw(held);
    const receipt = store.receipt(from, id);
    if (receipt !== undefined && !isSameLetter(receipt, name)) store.forgetReceipt(from, id);
    if (!store.hasStored(from, id)) {
      if (!member.messages.take(now)) return reject("rate");
      const letter = { id, from, to: recipient.nick, storedAt: now, body, order: ++this.#order };
      const reason = store.deposit(now, letter);
      if (reason !== undefined) return reject(reason);
      this.#stored++;
      this.#push(now, recipient);
    } else if (held === undefined) {
      // It was collected before. The sender may have missed that, or may have forgotten it with an old copy
      // of its folder.
      return receipt === undefined ? reject("known") : this.#tell(now, link, receipt.to, [receipt]);
    }
    answer(now, link, id, name);
  }

  /**
   * Stores a post and pushes it at once to all other members who are there. A body that is no post gets no
   * answer.
   */
  post(now: Millis, link: Link, member: Member, { id, body }: VerbOf<"post">): void {
    if (decodePost(body) === MALFORMED) return;
    if (!this.#options.channel.hasPost(member.nick, id)) {
      if (!member.messages.take(now)) {
        return this.#reject(now, link, id, NO_LETTER, "rate");
      }
      const from = member.nick;
      this.#options.channel.post(now, { id, from, storedAt: now, body, order: ++this.#order });
      this.#stored++;
      for (const { connection } of this.#options.roster.members()) connection?.stream?.pump(now);
    }
    answer(now, link, id, NO_LETTER);
  }

  #reject(now: Millis, link: Link, id: MessageId, name: LetterName, reason: Reason): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1);
    answer(now, link, id, name, reason);
  }

  /** There is a letter for a member who may be there. If so, a sign of life is asked for. */
  #push(now: Millis, member: Member): void {
    const { connection } = member;
    if (connection?.stream === undefined) return;
    connection.stream.letterCame();
    // If there is no room for the letter yet, something else has to ask.
    if (!connection.stream.pump(now)) {
      connection.link.tell(now, { type: "alive", version: this.#options.roster.version });
    }
    this.#options.probe(now, member);
  }

  /**
   * A member has saved its stream up to a position, so its cursor in the channel moves on. A letter stays
   * until its receipt comes.
   */
  saved(now: Millis, member: Member, { stream, position }: VerbOf<"saved">): void {
    const writer = member.connection?.stream;
    if (writer?.number !== stream) return;
    // It gave way to others, and the member is back.
    if (writer.isOver) return this.handOverAgain(now, member);
    for (const entry of writer.acknowledge(now, position)) {
      if (entry.type === "channel") this.#options.channel.advance(now, member.nick, entry.stored);
    }
    writer.pump(now);
    if (writer.isShort) this.#options.renew(now, member);
  }

  /**
   * Hands over again whatever may have been lost with a link: items that are not saved, letters without a
   * receipt, and receipts.
   */
  handOverAgain(now: Millis, member: Member): void {
    const { nick, connection } = member;
    if (connection === undefined || connection.handedAt + HAND_OVER_AGAIN_MS > now) return;
    const { link, stream } = connection;
    connection.handedAt = now;
    if (stream?.isOver) this.#options.renew(now, member);
    else stream?.handOverAgain(now);
    if (wasTold(now, member)) return;
    member.toldAt = now;
    this.#tellSome(now, link, nick, RECEIPTS_AGAIN_VERBS);
  }

  /** A member says what became of a letter. Nothing else makes a receipt of the letter. */
  receipted(now: Millis, member: Member, verb: VerbOf<"receipt">): void {
    const { to, id, edition, ephemeral, outcome, proof } = verb;
    const receipt = { id, edition, ephemeral, outcome, proof };
    const letter = this.#options.store.letter(member.nick, to, id);
    // A late receipt for one letter says nothing about the next. `released` is never a member's word.
    if (letter === undefined || !isSameLetter(letterNameOf(letter.body), receipt)) return;
    if (outcome === "released") return;
    this.#options.store.collect(now, letter, receipt);
    const sender = this.#options.roster.memberNamed(to)?.connection;
    if (sender !== undefined) this.#tell(now, sender.link, member.nick, [receipt]);
  }

  /** A nick is free: letters to it fail, and its next owner gets nothing of the former one's. */
  release(now: Millis, nick: Nick): void {
    const { channel, roster, store } = this.#options;
    for (const letter of store.lettersFor(nick)) {
      const receipt = {
        id: letter.id,
        ...letterNameOf(letter.body),
        outcome: "released",
        proof: "",
      } as const;
      store.collect(now, letter, receipt);
      const sender = roster.memberNamed(letter.from)?.connection;
      if (sender !== undefined) this.#tell(now, sender.link, nick, [receipt]);
    }
    store.forgetReceiptsFor(nick);
    channel.leave(nick);
  }

  /**
   * A member registers, and hears of all receipts for its letters that it has not acknowledged. One that
   * registers again and again hears of some.
   */
  tellCollected(now: Millis, link: Link, member: Member): void {
    if (wasTold(now, member)) return this.#tellSome(now, link, member.nick, RECEIPTS_AGAIN_VERBS);
    member.toldAt = now;
    this.#tellSome(now, link, member.nick, Infinity);
  }

  /** Hands over such receipts in at most so many verbs. */
  #tellSome(now: Millis, link: Link, nick: Nick, verbs: number): void {
    const { store } = this.#options;
    for (const { to, receipts } of store.receiptsFor(nick, verbs)) this.#tell(now, link, to, receipts);
  }

  #tell(now: Millis, link: Link, to: Nick, receipts: readonly Receipt[]): void {
    const name = receipts.map(({ id, ephemeral }) => `${id}-${ephemeral}`);
    link.send(now, { type: "collected", to, receipts }, `collected/${name}`);
  }
}

/** True if the receipts that a member has not acknowledged were told a moment ago. */
function wasTold(now: Millis, { toldAt }: Member): boolean {
  return toldAt + RECEIPTS_AGAIN_MS > now;
}

/** Answers a deposit or a post: it is stored, or rejected for this reason. */
function answer(
  now: Millis,
  link: Link,
  id: MessageId,
  { edition, ephemeral }: LetterName,
  reason?: Reason,
): void {
  const about = { id, edition, ephemeral };
  const verb: Verb = reason === undefined
    ? { type: "stored", ...about }
    : { type: "rejected", ...about, reason };
  link.send(now, verb, `answer/${id}-${ephemeral}`);
}

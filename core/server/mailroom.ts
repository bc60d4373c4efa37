/**
 * What members say to each other by way of the server: letters and receipts in, letters and receipts out, and the
 * channel. The server answers when it is durable; the driver sees to that.
 */
import type { Millis } from "../base/units.ts";
import type { Link } from "../link/links.ts";
import type { Receipt } from "../messages/identity.ts";
import { editionOf } from "../messages/letter.ts";
import type { Nick } from "../messages/nick.ts";
import type { Reason, VerbOf } from "../messages/verb.ts";
import type { Channel } from "./channel.ts";
import type { OfflineStore } from "./offline_store.ts";
import type { Member, Roster } from "./roster.ts";
import type { StreamEntry } from "./stream_writer.ts";

export interface MailroomOptions {
  readonly store: OfflineStore;
  readonly channel: Channel;
  readonly roster: Roster;
  /** A member has a little time to give a sign of life. */
  probe(now: Millis, member: Member): void;
  /** A member is to begin anew, with its next registration. */
  depart(now: Millis, member: Member): void;
}

export class Mailroom {
  readonly #options: MailroomOptions;
  /** Counts everything that is stored. */
  #order: number;

  /** Store and channel are loaded. */
  constructor(options: MailroomOptions) {
    this.#options = options;
    this.#order = Math.max(options.store.lastOrder, options.channel.lastOrder);
  }

  deposit(now: Millis, link: Link, member: Member, verb: VerbOf<"deposit">): void {
    const { id, body } = verb;
    const from = member.nick;
    const recipient = this.#options.roster.memberNamed(verb.to);
    const reject = (reason: Reason) => link.send(now, { type: "rejected", id, reason }, `answer/${id}`);
    if (recipient === undefined) return reject("unknown");
    const held = this.#options.store.letter(recipient.nick, from, id);
    // Its recipient could not open the one that is here, and has said so directly.
    if (held !== undefined && editionOf(held.body) < editionOf(body)) this.#options.store.withdraw(held);
    if (!this.#options.store.hasStored(from, id)) {
      if (!member.messages.take(now)) return reject("rate");
      const letter = { id, from, to: recipient.nick, storedAt: now, body, order: ++this.#order };
      const reason = this.#options.store.deposit(now, letter);
      if (reason !== undefined) return reject(reason);
      if (this.#hand(now, recipient, { type: "letter", letter, waited: false })) {
        this.#options.probe(now, recipient);
      }
    } else if (held === undefined) {
      // The sender may have missed that it was collected; or have known and forgotten, with a copy of his folder.
      const receipt = this.#options.store.receipt(from, id);
      return receipt === undefined ? reject("known") : this.#tell(now, link, receipt.to, [receipt]);
    }
    link.send(now, { type: "stored", id }, `answer/${id}`);
  }

  post(now: Millis, link: Link, member: Member, { id, body }: VerbOf<"post">): void {
    if (!this.#options.channel.hasPost(member.nick, id)) {
      if (!member.messages.take(now)) {
        return link.send(now, { type: "rejected", id, reason: "rate" }, `answer/${id}`);
      }
      const row = this.#options.channel.post(now, {
        id,
        from: member.nick,
        storedAt: now,
        body,
        order: ++this.#order,
      });
      for (const other of this.#options.roster.members()) {
        if (other !== member) this.#hand(now, other, { type: "channel", row, waited: false });
      }
    }
    link.send(now, { type: "stored", id }, `answer/${id}`);
  }

  /** Hands something over to a member who is there. */
  #hand(now: Millis, member: Member, entry: StreamEntry): boolean {
    if (member.connection === undefined) return false;
    const { stream, link } = member.connection;
    // A member that saves nothing begins again from what is stored, at its next registration.
    if (stream.isFull) {
      this.#options.depart(now, member);
      return false;
    }
    stream.push(entry);
    stream.pump(now, link);
    return true;
  }

  /** A member has saved its stream up to a position: the channel's cursor moves on. */
  saved(now: Millis, link: Link, { nick, connection }: Member, { stream, position }: VerbOf<"saved">): void {
    if (connection?.stream.stream !== stream) return;
    for (const entry of connection.stream.acknowledge(position)) {
      if (entry.type === "channel") this.#options.channel.advance(now, nick, entry.row);
    }
    connection.stream.pump(now, link);
  }

  /** Hands over what may have been lost with a link: what is not saved, unanswered letters, and receipts. */
  handOverAgain(now: Millis, { nick, connection }: Member): void {
    if (connection === undefined) return;
    const { link, stream } = connection;
    stream.rewind();
    if (stream.length === 0) {
      for (const letter of this.#options.store.lettersFor(nick)) {
        stream.push({ type: "letter", letter, waited: false });
      }
    }
    stream.pump(now, link);
    this.tellCollected(now, link, nick);
  }

  /** A member says what became of a letter: only that makes it a receipt. */
  receipted(now: Millis, member: Member, verb: VerbOf<"receipt">): void {
    const { to, id, edition, outcome, signature } = verb;
    const receipt = { id, edition, outcome, signature };
    const letter = this.#options.store.letter(member.nick, to, id);
    // It may be a late word on the sealing before it.
    if (letter === undefined || editionOf(letter.body) !== edition || outcome === "released") return;
    this.#options.store.collect(now, letter, receipt);
    const sender = this.#options.roster.memberNamed(to)?.connection;
    if (sender !== undefined) this.#tell(now, sender.link, member.nick, [receipt]);
  }

  /** What became of a member's messages while nobody could tell it. */
  tellCollected(now: Millis, link: Link, nick: Nick): void {
    for (const { to, receipts } of this.#options.store.receiptsFor(nick)) this.#tell(now, link, to, receipts);
  }

  #tell(now: Millis, link: Link, to: Nick, receipts: readonly Receipt[]): void {
    const name = receipts.map(({ id, edition }) => `${id}-${edition}`);
    link.send(now, { type: "collected", to, receipts }, `collected/${name}`);
  }
}

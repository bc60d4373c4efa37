/**
 * Seals messages for their recipients, signs those for the channel, and tells whose receipts count
 * (docs/security.md, "Formats and key schedule").
 */
import type { Primitives } from "../base/crypto.ts";
import type { Millis, Random } from "../base/units.ts";
import { type Identity, isReceiptOf, type Receipt } from "../messages/identity.ts";
import { Sealer } from "../messages/letter.ts";
import { type Nick, sameNick } from "../messages/nick.ts";
import { encodePost, postHash } from "../messages/post.ts";
import type { Row, Table } from "../messages/table.ts";
import type { AckTracker } from "./ack_tracker.ts";
import type { KnownPeers } from "./known_peers.ts";
import type { OutgoingMessage } from "./outbox.ts";
import type { PostChains } from "./post_chains.ts";
import type { Prekeys } from "./prekeys.ts";

export interface SealingOptions {
  readonly primitives: Primitives;
  readonly random: Random;
  readonly nick: Nick;
  readonly identity: Identity;
  readonly prekeys: Prekeys;
  readonly knownPeers: KnownPeers;
  readonly postChains: PostChains;
  /** The key under which posts are sealed; `undefined` if they are open. */
  readonly channelKey: Uint8Array | undefined;
  readonly tracker: AckTracker;
  readonly table: Table;
}

/**
 * Whether a message can leave: it is sealed now; it has to wait; or it never can, because one of the
 * recipient's keys is not valid.
 */
export type Sealed = "sealed" | "waits" | "impossible";

export class Sealing {
  readonly #options: SealingOptions;
  readonly #sealer: Sealer;

  constructor(options: SealingOptions) {
    this.#options = options;
    this.#sealer = new Sealer(options.primitives, options.random, options.identity.keyPair);
  }

  /** Forgets the secrets that are older than an hour. */
  forgetOldSecrets(now: Millis): void {
    this.#sealer.forgetOldSecrets(now);
  }

  /**
   * Forgets all secrets, because messages are about to be sealed again as edition 0, and perhaps name another
   * message before them. Under a new secret no key seals two texts (docs/security.md, "Letter").
   */
  forgetSecrets(): void {
    this.#sealer.forgetOldSecrets(Infinity);
  }

  /**
   * The row of a message's recipient; `undefined` for the channel, and for a nick that is not in the table.
   */
  rowOf({ to }: Pick<OutgoingMessage, "to">): Row | undefined {
    return to === undefined ? undefined : this.#options.table.get(to);
  }

  /** True if nobody can write to the owner of this row any more. */
  isOver(row: Row): boolean {
    return this.#options.knownPeers.isOver(row);
  }

  /** True if the recipient has another identity than the pinned one, so that the user has to decide. */
  isHeldBack(message: Pick<OutgoingMessage, "to">): boolean {
    const row = this.rowOf(message);
    return row !== undefined && !this.#options.knownPeers.agrees(row.nick, row.identity);
  }

  /**
   * Says whether a message can leave now. The first time that it can, the bytes are made and saved; they do
   * not change any more.
   */
  seal(now: Millis, message: OutgoingMessage): Sealed {
    const { tracker } = this.#options;
    if (this.isHeldBack(message) || (message.to === undefined && tracker.nextPost !== message)) {
      return "waits";
    }
    if (message.body.length > 0) return "sealed";
    const body = message.to === undefined ? this.#post(message) : this.#letter(now, message);
    if (typeof body === "string") return body;
    tracker.saveSealed(message, body);
    return "sealed";
  }

  #letter(now: Millis, message: OutgoingMessage): Uint8Array | "waits" | "impossible" {
    const { nick, prekeys } = this.#options;
    const recipient = this.rowOf(message);
    if (recipient === undefined) return "waits";
    const { id, edition } = message;
    const keys = { sender: prekeys.bundle(now), recipient };
    return this.#sealer.seal(now, { id, from: nick, to: recipient.nick }, edition, keys, message) ??
      "impossible";
  }

  /**
   * Makes a post. It gets its number only when its turn has come, so that posts that fail before leave no
   * gap.
   */
  #post(message: OutgoingMessage): Uint8Array {
    const { postChains, channelKey, identity, nick: from, primitives } = this.#options;
    const post = encodePost(primitives, identity, channelKey, { ...message, ...postChains.nextPlace, from });
    postChains.posted(postHash(primitives, message.id, post));
    return post;
  }

  /**
   * True if the recipient has signed this receipt, and for this edition of the message. The recipient is the
   * identity that is pinned, or before the first contact the one in the table. The id alone proves nothing,
   * because the server knows it.
   */
  isReceiptFor(message: OutgoingMessage, from: Nick, receipt: Receipt): boolean {
    const { knownPeers, nick, primitives } = this.#options;
    const identity = knownPeers.pinOf(from)?.identity ?? this.rowOf(message)?.identity;
    const isAbout = message.to !== undefined && sameNick(message.to, from) &&
      message.edition === receipt.edition;
    return isAbout && identity !== undefined &&
      isReceiptOf(primitives, identity, { from, to: nick }, receipt);
  }
}

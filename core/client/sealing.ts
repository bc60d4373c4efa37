/** What leaves of a message: sealed for its recipient, or signed for the channel; and whose receipts count. */
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
  /** Under which channel messages are sealed, where there is one. */
  readonly channelKey: Uint8Array | undefined;
  readonly tracker: AckTracker;
  readonly table: Table;
}

/** Whether a message can leave: now, later, or never, because one of the recipient's keys is no key. */
export type Sealed = "sealed" | "waits" | "impossible";

export class Sealing {
  readonly #options: SealingOptions;
  readonly #sealer: Sealer;

  constructor(options: SealingOptions) {
    this.#options = options;
    this.#sealer = new Sealer(options.primitives, options.random, options.identity.keyPair);
  }

  forgetOldSecrets(now: Millis): void {
    this.#sealer.forgetOldSecrets(now);
  }

  /** What is sealed from now on is sealed under new secrets: the same message may be sealed in another place of its order. */
  forgetSecrets(): void {
    this.#sealer.forgetOldSecrets(Infinity);
  }

  /** The line of a message's recipient in the table. */
  rowOf({ to }: Pick<OutgoingMessage, "to">): Row | undefined {
    return to === undefined ? undefined : this.#options.table.get(to);
  }

  /** Its recipient has another identity than before: the user has to decide. */
  isHeldBack(message: Pick<OutgoingMessage, "to">): boolean {
    const row = this.rowOf(message);
    return row !== undefined && !this.#options.knownPeers.agrees(row.nick, row.identity);
  }

  /** Whether a message can leave now. The bytes that leave are made the first time that it can, and saved. */
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

  /** Posts are numbered when their turn has come. */
  #post(message: OutgoingMessage): Uint8Array {
    const { postChains, channelKey, identity, nick: from, primitives } = this.#options;
    const post = encodePost(primitives, identity, channelKey, { ...message, ...postChains.nextPlace, from });
    postChains.posted(postHash(primitives, message.id, post));
    return post;
  }

  /** Whether a receipt is about this sealing of the message and its recipient's: an id alone proves nothing. */
  isReceiptFor(message: OutgoingMessage, from: Nick, receipt: Receipt): boolean {
    const { knownPeers, nick, primitives } = this.#options;
    const identity = knownPeers.pinOf(from)?.identity ?? this.rowOf(message)?.identity;
    const isAbout = message.to !== undefined && sameNick(message.to, from) &&
      message.edition === receipt.edition;
    return isAbout && identity !== undefined &&
      isReceiptOf(primitives, identity, { from, to: nick }, receipt);
  }
}

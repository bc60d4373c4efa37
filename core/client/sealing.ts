/**
 * Seals messages for the server's mailbox, signs those for the channel, and tells whose receipts count
 * (docs/security.md, "Formats and key schedule").
 */
import { equalBytes } from "../base/bytes.ts";
import { KEY_BYTES, type Primitives } from "../base/crypto.ts";
import type { Millis, Random } from "../base/units.ts";
import { hasKeys, type Identity, isReceiptOf, NO_KEY, type Receipt } from "../messages/identity.ts";
import { type SealedLetter, sealLetter } from "../messages/letter.ts";
import { isSameLetter } from "../messages/letter_form.ts";
import { type Nick, sameNick } from "../messages/nick.ts";
import { encodePost, POST_SALT_BYTES, postHash } from "../messages/post.ts";
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
 * Whether a message can go to the server: it is sealed now; it has to wait; or it never can, because one of
 * the recipient's keys is not valid.
 */
export type Sealed = "sealed" | "waits" | "impossible";

export class Sealing {
  readonly #options: SealingOptions;

  constructor(options: SealingOptions) {
    this.#options = options;
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

  /**
   * True if the recipient has another identity than the pinned one, so that the user has to decide, or if it
   * has no keys yet, so that nobody can seal for it.
   */
  isHeldBack(message: Pick<OutgoingMessage, "to">): boolean {
    const row = this.rowOf(message);
    if (row === undefined) return false;
    return !hasKeys(row) || !this.#options.knownPeers.agrees(row.nick, row.identity);
  }

  /**
   * Says whether a message can go to the server now. The first time that it can, the bytes are made and
   * saved; they stay the same until the server has them, or the message is to be sealed again.
   */
  seal(now: Millis, message: OutgoingMessage): Sealed {
    const { tracker } = this.#options;
    if (this.isHeldBack(message) || (message.to === undefined && tracker.nextPost !== message)) {
      return "waits";
    }
    if (message.body.length > 0) return "sealed";
    const made = message.to === undefined ? this.#post(message) : this.#letter(now, message);
    if (typeof made === "string") return made;
    tracker.sealed(message, made);
    return "sealed";
  }

  #letter(now: Millis, message: OutgoingMessage): SealedLetter | "waits" | "impossible" {
    const { identity, nick, prekeys, primitives, random } = this.#options;
    const recipient = this.rowOf(message);
    if (recipient === undefined) return "waits";
    const { before, edition, id, sentAt, text } = message;
    const keys = { keyPair: identity.keyPair, sender: prekeys.bundle(now), recipient };
    const contents = { after: before.id, afterHash: before.hash(primitives), sentAt, text };
    const envelope = { id, from: nick, to: recipient.nick };
    const ephemeral = primitives.keyPair(random(KEY_BYTES));
    return sealLetter(primitives, ephemeral, envelope, edition, keys, contents) ?? "impossible";
  }

  /**
   * Makes a post. It gets its number only when its turn has come, so that posts that fail before leave no
   * gap.
   */
  #post({ id, sentAt, text }: OutgoingMessage): Pick<SealedLetter, "body" | "ephemeral" | "proof"> {
    const { postChains, channelKey, identity, nick: from, primitives, random } = this.#options;
    const written = { id, from, sentAt, text, ...postChains.nextPlace };
    const seal = channelKey === undefined ? undefined : { channelKey, salt: random(POST_SALT_BYTES) };
    const body = encodePost(primitives, identity, seal, written);
    postChains.posted(postHash(primitives, id, body));
    return { body, ephemeral: NO_KEY, proof: "" };
  }

  /**
   * True if this receipt for the letter of a message is its recipient's. "Read" is proved by the mac that
   * only whoever has opened the letter can make; everything else by the signature of the recipient. That is
   * the identity that is pinned, or before the first contact the one in the table. The id alone proves
   * nothing, because the server knows it.
   */
  isReceiptFor(message: OutgoingMessage, from: Nick, receipt: Receipt): boolean {
    const { knownPeers, nick, primitives } = this.#options;
    if (message.to === undefined || !sameNick(message.to, from)) return false;
    if (receipt.outcome === "read" && isSameProof(receipt.proof, message.proof)) return true;
    // A message that came by another way as well may be signed as read, whatever became of the letter.
    if (receipt.outcome !== "read" && !isAboutLetterOf(message, receipt)) return false;
    // That is the server's own word, and not signed.
    if (receipt.outcome === "released") return true;
    const identity = knownPeers.pinOf(from)?.identity ?? this.rowOf(message)?.identity;
    return identity !== undefined && isReceiptOf(primitives, identity, { from, to: nick }, receipt);
  }
}

/**
 * True if the receipt names the letter of a message. There may be none yet, although a recipient has signed
 * that he could not open what the server gave him. A letter of version 3 that is stored has no key in its
 * name.
 */
function isAboutLetterOf(message: OutgoingMessage, receipt: Receipt): boolean {
  return isSameLetter(receipt, message) && (message.stored || message.ephemeral !== NO_KEY);
}

function isSameProof(one: string, other: string): boolean {
  return other !== "" && equalBytes(Uint8Array.fromHex(one), Uint8Array.fromHex(other));
}

/**
 * Takes the messages of others on their way to the inbox: it opens letters and checks posts
 * (docs/security.md, "Formats and key schedule"). The sender of a letter gets a signed receipt, on the way by
 * which the letter came.
 */
import { remember } from "../base/bounded_map.ts";
import { MALFORMED, type Malformed } from "../base/bytes.ts";
import type { Primitives } from "../base/crypto.ts";
import { STRANGERS_BYTES, STRANGERS_MESSAGES, UNREADABLE_MESSAGES } from "../base/limits.ts";
import type { Key, Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import type { Link, Links } from "../link/links.ts";
import { equalBundles, type Identity, isGenuine, NO_HASH, type Outcome } from "../messages/identity.ts";
import { decodeLetter, editionOf, type Envelope, type Letter, Opener } from "../messages/letter.ts";
import { NO_MESSAGE } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey, sameNick } from "../messages/nick.ts";
import { decodePost, isAuthentic, postHash, textOf } from "../messages/post.ts";
import type { Row } from "../messages/table.ts";
import type { VerbOf } from "../messages/verb.ts";
import type { Inbox } from "./inbox.ts";
import type { KnownPeers } from "./known_peers.ts";
import type { Membership } from "./membership.ts";
import type { PostChains } from "./post_chains.ts";
import type { Prekeys } from "./prekeys.ts";
import type { StreamItem } from "./stream_reader.ts";

export interface ReceiverOptions {
  readonly primitives: Primitives;
  readonly effects: Effects;
  readonly links: Links;
  readonly membership: Membership;
  readonly inbox: Inbox;
  readonly nick: Nick;
  readonly identity: Identity;
  readonly prekeys: Prekeys;
  readonly knownPeers: KnownPeers;
  readonly postChains: PostChains;
  /** The key under which posts are sealed; `undefined` if there is none. */
  readonly channelKey: Uint8Array | undefined;
}

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #opener: Opener;
  /**
   * Letters from senders whom the table does not have with the key of their link, until newer rows have come.
   */
  #strangers: { link: Link; verb: VerbOf<"direct"> }[] = [];
  #strangersBytes = 0;
  /** True if the user was told that mail waits, since we last came online. */
  #saidMailWaits = false;
  /** Letters that did not open, oldest first: each is reported once. */
  readonly #unreadable = new Map<string, true>();
  /** The last identity change reported per nick, so that each is reported once. */
  readonly #told = new Map<NickKey, Key>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#opener = new Opener(options.primitives, options.identity.keyPair);
  }

  /** Takes a letter that came directly. The link has proved its key, and the table says whose key that is. */
  onDirect(now: Millis, link: Link, verb: VerbOf<"direct">): void {
    const { membership, nick } = this.#options;
    if (!sameNick(verb.to, nick)) return;
    const row = membership.table.get(verb.from);
    if (row === undefined || row.key !== link.peer) {
      this.#keepStranger(link, verb);
      return membership.askForRows(now);
    }
    // If it is sealed for a prekey that is not ours, another place may have our nick now and the letter is
    // for that place, or we have lost the prekey. It gets no answer. So it comes to the server as well, which
    // hands it to the place that has the nick (docs/security.md, "Letter").
    const letter = decodeLetter(verb.body);
    if (this.#isForAnother(verb, letter)) return membership.checkIn(now);
    this.#onLetter(now, link, { ...verb, from: row.nick }, letter, false);
  }

  /** True if we do not have the letter's prekey, and have not seen the message. */
  #isForAnother({ from, id }: VerbOf<"direct">, letter: Letter | Malformed): boolean {
    const { inbox, prekeys } = this.#options;
    return letter !== MALFORMED && prekeys.keyPairOf(letter.prekeyId) === undefined &&
      !inbox.hasSeen({ channel: false, from, id });
  }

  /**
   * Takes an item that the server hands over. The receipt for a letter that was seen is sent again; posts
   * have none.
   */
  onItem(now: Millis, item: StreamItem): void {
    const { effects, inbox, membership, nick } = this.#options;
    const { body, from, id, type, waited } = item;
    const isNew = !inbox.hasSeen({ channel: type === "channel", from, id });
    if (isNew && waited && !this.#saidMailWaits) {
      this.#saidMailWaits = true;
      effects.notice({ type: "mailWaiting" });
    }
    if (type === "letter") {
      this.#onLetter(now, membership.link, { id, from, to: nick, body }, decodeLetter(body), waited);
    } else if (isNew) this.#onPost(now, item);
  }

  /** We have registered: from now on the server hands over everything that has waited. */
  cameOnline(): void {
    this.#saidMailWaits = false;
  }

  /** Forgets the secrets of letters, so that none outlives its prekey for long. */
  forgetSecrets(): void {
    this.#opener.forgetSecrets();
  }

  /** Reports new identities, and takes the letters of strangers up again. */
  rowsChanged(now: Millis, rows: readonly Row[]): void {
    for (const row of rows) this.#follow(row);
    const strangers = this.#strangers;
    this.#strangers = [];
    this.#strangersBytes = 0;
    for (const { link, verb } of strangers) {
      const row = this.#options.membership.table.get(verb.from);
      // A link that was silent for too long is forgotten, and its peer tries again.
      if (this.#options.links.holds(link) && row?.key === link.peer) this.onDirect(now, link, verb);
    }
  }

  /** Follows a pinned identity to its successor or to its end. Reports another one that it has not named. */
  #follow(row: Row): void {
    const { effects, knownPeers, nick: own } = this.#options;
    const { nick, identity } = row;
    const former = sameNick(nick, own) ? undefined : knownPeers.follow(row);
    if (former !== undefined && knownPeers.agrees(nick, identity)) {
      effects.notice({ type: "peerSucceeded", nick, wasVerified: former.verified });
    } else if (!knownPeers.agrees(nick, identity)) this.#tellChanged(nick, identity);
  }

  /** Keeps a stranger's letter. One that finds no room gets no receipt, so its sender tries again. */
  #keepStranger(link: Link, verb: VerbOf<"direct">): void {
    const bytes = verb.body.length;
    if (this.#strangers.length >= STRANGERS_MESSAGES || this.#strangersBytes + bytes > STRANGERS_BYTES) {
      return;
    }
    this.#strangersBytes += bytes;
    this.#strangers.push({ link, verb });
  }

  // ---- letters -------------------------------------------------------------------------------------------

  /**
   * Opens a letter, unless it was seen before, and sends a receipt over the link that it came by. The receipt
   * leaves after the commit that saves the message.
   */
  #onLetter(
    now: Millis,
    link: Link,
    { id, from, to, body }: Envelope & { body: Uint8Array },
    letter: Letter | Malformed,
    dated: boolean,
  ): void {
    const { identity, inbox, nick } = this.#options;
    const outcome = inbox.hasSeen({ channel: false, from, id })
      ? "read"
      : this.#open(now, { id, from, to }, letter === MALFORMED ? undefined : letter, dated);
    const edition = editionOf(body);
    const receipt = identity.receipt(nick, from, { id, edition, outcome });
    const verb = { type: "receipt", from: nick, to: from, ...receipt } as const;
    link.send(now, verb, `receipt/${id}-${edition}`);
  }

  /**
   * Opens a letter and puts it into the inbox, or says why not. The checks come in the order that
   * docs/security.md gives ("Letter").
   */
  #open(now: Millis, envelope: Envelope, letter: Letter | undefined, dated: boolean): Outcome {
    const { id, from } = envelope;
    const { identity, inbox, knownPeers, prekeys } = this.#options;
    const isLost = inbox.isForgotten({ channel: false, from, id });
    if (letter === undefined || isLost || !this.#isGenuine(from, letter)) {
      return this.#tellUnreadable(envelope, letter);
    }
    if (!this.#agrees(from, letter.sender.identity)) {
      this.#tellChanged(from, letter.sender.identity);
      return "refused";
    }
    const prekey = prekeys.keyPairOf(letter.prekeyId);
    const own = prekey === undefined ? undefined : { identity: identity.publicKey, prekey };
    const contents = own === undefined ? undefined : this.#opener.open(envelope, letter, own);
    if (contents === undefined) return this.#tellUnreadable(envelope, letter);
    knownPeers.meet(from, letter.sender.identity);
    inbox.accept(now, { id, from, channel: false, isOpen: false, dated, ...contents });
    return "read";
  }

  /**
   * True if this is the identity that is pinned for the nick, or before the first contact the one in the
   * table. A nick that is in neither may have any identity.
   */
  #agrees(from: Nick, identity: Key): boolean {
    const { knownPeers, membership } = this.#options;
    const row = membership.table.get(from);
    if (knownPeers.pinOf(from) !== undefined || row === undefined) return knownPeers.agrees(from, identity);
    return row.identity === identity && row.revocation.length === 0;
  }

  /**
   * True if the owner of the nick has signed the letter's bundle. Those in the table have been checked
   * before.
   */
  #isGenuine(from: Nick, { sender }: Letter): boolean {
    const { membership, primitives } = this.#options;
    const row = membership.table.get(from);
    return (row !== undefined && equalBundles(row, sender)) || isGenuine(primitives, from, sender);
  }

  /** Reports a letter that does not open: once for each edition, whatever the ways on which it comes. */
  #tellUnreadable({ id, from }: Envelope, letter: Letter | undefined): "unreadable" {
    const name = `${nickKey(from)} ${id} ${letter?.edition}`;
    if (this.#unreadable.has(name)) return "unreadable";
    remember(this.#unreadable, name, true, UNREADABLE_MESSAGES);
    this.#options.effects.notice({ type: "unreadable", from, again: letter?.edition === 1 });
    return "unreadable";
  }

  /**
   * Reports that a nick has another identity than the pinned one, or that this one was revoked, unless that
   * was the last news of this nick.
   */
  #tellChanged(nick: Nick, identity: Key): void {
    const name = nickKey(nick);
    if (this.#told.get(name) === identity) return;
    remember(this.#told, name, identity, UNREADABLE_MESSAGES);
    const { effects, knownPeers } = this.#options;
    const isRevoked = knownPeers.pinOf(nick)?.identity === identity;
    effects.notice({ type: isRevoked ? "peerRevoked" : "peerKeyChanged", nick });
  }

  // ---- the channel ---------------------------------------------------------------------------------------

  /** Checks the signature of a post and its place in the chain of its sender, and puts it into the inbox. */
  #onPost(now: Millis, { id, from, waited, body }: StreamItem): void {
    const { postChains, channelKey, effects, inbox, knownPeers, primitives } = this.#options;
    const post = decodePost(body);
    if (post === MALFORMED || !isAuthentic(primitives, { id, from }, post)) {
      return effects.notice({ type: "forged", from });
    }
    const { identity, isSealed, number, sentAt } = post;
    if (!this.#agrees(from, identity)) return this.#tellChanged(from, identity);
    const standing = postChains.standingOf(now, id, post);
    // A late post may have been shown so long ago that its id is forgotten.
    const isLost = standing.type === "late" && inbox.isForgotten({ channel: true, from, id });
    if (standing.type === "repeat" || isLost) return effects.notice({ type: "postRepeated", from });
    if (standing.type === "gap") effects.notice({ type: "postsMissing", from, count: standing.missing });
    if (standing.type === "exchanged") effects.notice({ type: "postExchanged", from });
    knownPeers.meet(from, identity);
    const isLate = standing.type === "late";
    if (!isLate) postChains.took(identity, id, { number, hash: postHash(primitives, id, body) });
    const text = textOf(primitives, channelKey, id, post);
    // We cannot read it, but it has its place in the chain, and its copies are passed over.
    if (text === undefined) {
      inbox.markSeen(now, { channel: true, from, id });
      return effects.notice({ type: "postSealed", from });
    }
    const isOpen = channelKey !== undefined && !isSealed;
    const place = { after: NO_MESSAGE, afterHash: NO_HASH, channel: true, dated: waited || isLate };
    inbox.accept(now, { id, from, ...place, isOpen, sentAt, text });
  }
}

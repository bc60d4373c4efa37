/**
 * Takes the messages of others on their way to the inbox: it checks who sent the direct ones, opens letters,
 * and checks posts (docs/security.md, "Formats and key schedule"). A message is answered on the way by which
 * it came.
 */
import { remember } from "../base/bounded_map.ts";
import { MALFORMED, utf8Length } from "../base/bytes.ts";
import type { Primitives } from "../base/crypto.ts";
import {
  JUST_RESUMED_MS,
  SAME_ABSENCE_MS,
  STRANGER_BYTES,
  STRANGERS_BYTES,
  STRANGERS_VERBS,
  UNREADABLE_MESSAGES,
  UNTAKEN_BURST,
  UNTAKEN_PER_SECOND,
} from "../base/limits.ts";
import { Rates } from "../base/rate.ts";
import type { Key, Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import type { WallClock } from "../durable/wall_clock.ts";
import type { Link, Links } from "../link/links.ts";
import type { DirectMessage } from "../messages/direct.ts";
import { equalBundles, type Identity, isGenuine, type Outcome } from "../messages/identity.ts";
import { type Envelope, openLetter } from "../messages/letter.ts";
import { decodeLetter, type Letter, letterNameOf } from "../messages/letter_form.ts";
import { NO_MESSAGE, partsOf } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey, sameNick } from "../messages/nick.ts";
import { decodePost, isAuthentic, postHash, textOf } from "../messages/post.ts";
import type { Row } from "../messages/table.ts";
import type { VerbOf } from "../messages/verb.ts";
import type { Notice } from "../notice.ts";
import { type Answer, Answers } from "./answers.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Floods } from "./floods.ts";
import type { Inbox } from "./inbox.ts";
import type { KnownPeers } from "./known_peers.ts";
import type { Membership } from "./membership.ts";
import type { People } from "./people.ts";
import type { PostChains } from "./post_chains.ts";
import type { Prekeys } from "./prekeys.ts";
import type { StreamItem } from "./stream_reader.ts";

export interface ReceiverOptions {
  readonly primitives: Primitives;
  readonly effects: Effects;
  readonly clock: WallClock;
  readonly links: Links;
  readonly membership: Membership;
  readonly chronicle: Chronicle;
  readonly inbox: Inbox;
  readonly floods: Floods;
  readonly nick: Nick;
  readonly identity: Identity;
  readonly prekeys: Prekeys;
  readonly knownPeers: KnownPeers;
  readonly people: People;
  readonly postChains: PostChains;
  /** The key under which posts are sealed; `undefined` if there is none. */
  readonly channelKey: Uint8Array | undefined;
}

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #answers = new Answers();
  /**
   * Messages from senders whom the table does not have with the key of their link, until newer rows come.
   */
  #strangers: { link: Link; verb: VerbOf<"direct"> }[] = [];
  #strangersBytes = 0;
  /** True if the user was told that mail waits, since we last came online or were resumed. */
  #saidMailWaits = false;
  /** When the process was resumed last. */
  #resumedAt: Millis = -Infinity;
  /** Letters that did not open, oldest first: each is reported once. */
  readonly #unreadable = new Map<string, true>();
  /** How many messages of a sender are answered that are not taken. */
  readonly #untaken = new Rates(UNTAKEN_PER_SECOND, UNTAKEN_BURST);
  /** The last identity change reported per nick, so that each is reported once. */
  readonly #told = new Map<NickKey, Key>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /**
   * Takes messages that came directly. The session has proved the key of the link, and the table says whose
   * key that is. The checks come in the order that docs/security.md gives ("Direct messages").
   */
  onDirect(now: Millis, link: Link, verb: VerbOf<"direct">): void {
    const { knownPeers, membership, nick, people, prekeys } = this.#options;
    if (!sameNick(verb.to, nick)) return;
    const row = membership.table.get(verb.from);
    if (row === undefined || row.key !== link.peer) {
      this.#keepStranger(link, verb);
      return membership.askForRows(now);
    }
    const tags = people.with(row);
    if (verb.people !== tags.toUs) return;
    const head = { from: nick, to: row.nick, people: tags.fromUs, prefix: verb.prefix };
    const isOurPlace = prekeys.keyPairOf(verb.place) !== undefined;
    const isAgreed = this.#agrees(row.nick, row.identity);
    if (isOurPlace && isAgreed) knownPeers.meet(row.nick, row.identity);
    if (isOurPlace && !isAgreed) this.#tellChanged(now, row.nick, row.identity);
    const answers = new Map<Outcome, Answer>();
    let isAnswered: boolean | undefined;
    for (const message of verb.messages) {
      const outcome = this.#take(now, row.nick, verb.prefix, message, { isOurPlace, isAgreed });
      if (outcome !== "read" && !(isAnswered ??= this.#untaken.of(nickKey(row.nick)).take(now))) continue;
      // The message is for another place that has our nick now. It goes there by way of the server.
      if (outcome === undefined) membership.checkIn(now);
      else {
        const answer = answers.get(outcome) ?? this.#answers.on(link, { ...head, outcome });
        answers.set(outcome, answer);
        answer.add(message.sequence);
      }
    }
  }

  /** Takes one message. Returns what becomes of it; `undefined` if nobody is to hear of that. */
  #take(
    now: Millis,
    from: Nick,
    prefix: string,
    { sequence, after, sentAt, text }: DirectMessage,
    { isOurPlace, isAgreed }: { isOurPlace: boolean; isAgreed: boolean },
  ): Outcome | undefined {
    const { inbox } = this.#options;
    const name = { channel: false, from, prefix, sequence };
    if (!isAgreed) return isOurPlace ? "refused" : undefined;
    if (inbox.hasSeen(name)) return "read";
    if (!isOurPlace) return undefined;
    if (inbox.isForgotten(name)) return "forgotten";
    this.#tellMailWaits(now, false);
    const rest = { after, afterHash: undefined, isOpen: false, dated: false, sentAt, text };
    inbox.accept(now, { ...name, ...rest });
    return "read";
  }

  /** Sends the answers to direct messages. It is called with each tick. */
  flush(now: Millis): void {
    this.#answers.flush(now);
  }

  /** At once (-Infinity) if answers wait to leave. */
  get deadline(): Millis {
    return this.#answers.deadline;
  }

  /**
   * Takes an item that the server hands over. The receipt for a letter that was seen is sent again; posts
   * have none.
   */
  onItem(now: Millis, item: StreamItem): void {
    const { inbox } = this.#options;
    const { from, id, type, waited } = item;
    const isNew = !inbox.hasSeen({ channel: type === "channel", from, ...partsOf(id) });
    if (isNew) this.#tellMailWaits(now, waited);
    if (type === "letter") this.#onLetter(now, item);
    else if (isNew) this.#onPost(now, item);
  }

  /**
   * We have registered: from now on the server hands over everything that has waited. If we were away only
   * because the process was stopped, the user may have been told already.
   */
  cameOnline(now: Millis): void {
    if (now - this.#resumedAt > SAME_ABSENCE_MS) this.#saidMailWaits = false;
  }

  /** The process was stopped: what the socket holds has waited as well as what the server will hand over. */
  resumed(now: Millis): void {
    this.#saidMailWaits = false;
    this.#resumedAt = now;
  }

  /** Before the first new message that has waited the user is told that there are some, once. */
  #tellMailWaits(now: Millis, waited: boolean): void {
    if (this.#saidMailWaits || !(waited || now - this.#resumedAt <= JUST_RESUMED_MS)) return;
    this.#saidMailWaits = true;
    this.#options.effects.notice({ type: "mailWaiting" });
  }

  /** Reports new identities, and takes the messages of strangers up again. */
  rowsChanged(now: Millis, rows: readonly Row[]): void {
    for (const row of rows) this.#follow(now, row);
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
  #follow(now: Millis, row: Row): void {
    const { effects, knownPeers, nick: own } = this.#options;
    const { nick, identity } = row;
    const former = sameNick(nick, own) ? undefined : knownPeers.follow(row);
    if (former !== undefined && knownPeers.agrees(nick, identity)) {
      effects.notice({ type: "peerSucceeded", nick, wasVerified: former.verified });
    } else if (!knownPeers.agrees(nick, identity)) this.#tellChanged(now, nick, identity);
  }

  /** Keeps a stranger's messages. Those that find no room get no answer, so their sender tries again. */
  #keepStranger(link: Link, verb: VerbOf<"direct">): void {
    const bytes = verb.messages.reduce((sum, { text }) => sum + utf8Length(text) + STRANGER_BYTES, 0);
    if (this.#strangers.length >= STRANGERS_VERBS || this.#strangersBytes + bytes > STRANGERS_BYTES) return;
    this.#strangersBytes += bytes;
    this.#strangers.push({ link, verb });
  }

  // ---- letters -------------------------------------------------------------------------------------------

  /**
   * Takes a letter, and tells the server what became of it. That leaves after the commit that saves the
   * message. A malformed one gets no answer, and no letter of a sender of whom too many did not open.
   */
  #onLetter(now: Millis, { body, from, id, waited }: VerbOf<"letter">): void {
    const { identity, inbox, membership, nick } = this.#options;
    const letter = decodeLetter(body);
    const untaken = this.#untaken.of(nickKey(from));
    if (letter === MALFORMED || !untaken.has(now)) return;
    const said = { id, ...letterNameOf(body) };
    const hasSeen = inbox.hasSeen({ channel: false, from, ...partsOf(id) });
    const result = this.#open(now, { id, from, to: nick }, letter, { hasSeen, dated: waited });
    if (typeof result === "string") untaken.spend(1);
    // A message that has come directly is read, even if its letter does not open.
    const outcome = hasSeen ? "read" : typeof result === "string" ? result : "read";
    const receipt = typeof result === "object" && letter.version === 4
      ? { ...said, outcome, proof: result.proof }
      : identity.receipt(nick, from, { ...said, outcome });
    const verb = { type: "receipt", from: nick, to: from, ...receipt } as const;
    membership.link.send(now, verb, `receipt/${id}-${said.ephemeral}`);
  }

  /**
   * Opens a letter and puts it into the inbox; returns the proof that it opened, or why it did not. The
   * checks come in the order that docs/security.md gives ("Letter"). A message that has come before is opened
   * for the proof alone.
   */
  #open(
    now: Millis,
    envelope: Envelope,
    letter: Letter,
    { hasSeen, dated }: { hasSeen: boolean; dated: boolean },
  ): { readonly proof: string } | Outcome {
    const { id, from } = envelope;
    const { identity, inbox, knownPeers, prekeys, primitives } = this.#options;
    const name = { channel: false, from, ...partsOf(id) };
    const fail = () => hasSeen ? "unreadable" : this.#tellUnreadable(now, envelope, letter);
    if (inbox.isForgotten(name) || !this.#isGenuine(from, letter)) return fail();
    if (!this.#agrees(from, letter.sender.identity)) {
      this.#tellChanged(now, from, letter.sender.identity);
      return "refused";
    }
    const prekey = prekeys.keyPairFor(letter);
    const own = prekey && { identity: identity.publicKey, keyPair: identity.keyPair, prekey };
    const opened = own && openLetter(primitives, envelope, letter, own);
    if (opened === undefined) return fail();
    const { contents, proof } = opened;
    knownPeers.meet(from, letter.sender.identity);
    inbox.accept(now, { ...name, isOpen: false, dated, ...contents });
    return { proof };
  }

  /**
   * True if this is the identity that is pinned for the nick, or before the first contact the one in the
   * table, and it was not revoked. A nick that is in neither may have any identity.
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
  #isGenuine(from: Nick, { sender, version }: Letter): boolean {
    const { membership, primitives } = this.#options;
    const row = membership.table.get(from);
    return (row !== undefined && equalBundles(row, sender)) || isGenuine(primitives, from, sender, version);
  }

  /** Reports a letter that does not open: once for each edition, whatever the ways on which it comes. */
  #tellUnreadable(now: Millis, { id, from }: Envelope, { edition }: Letter): "unreadable" {
    const name = `${nickKey(from)} ${id} ${edition}`;
    if (this.#unreadable.has(name)) return "unreadable";
    remember(this.#unreadable, name, true, UNREADABLE_MESSAGES);
    this.#options.floods.show(now, from, { type: "unreadable", from, again: edition === 1 });
    return "unreadable";
  }

  /**
   * Reports that a nick has another identity than the pinned one, or that this one was revoked, unless that
   * was the last news of this nick.
   */
  #tellChanged(now: Millis, nick: Nick, identity: Key): void {
    const name = nickKey(nick);
    if (this.#told.get(name) === identity) return;
    remember(this.#told, name, identity, UNREADABLE_MESSAGES);
    const { floods, knownPeers, membership } = this.#options;
    const isRevoked = (knownPeers.pinOf(nick) ?? membership.table.get(nick))?.identity === identity;
    floods.show(now, nick, { type: isRevoked ? "peerRevoked" : "peerKeyChanged", nick });
  }

  // ---- the channel ---------------------------------------------------------------------------------------

  /** Checks the signature of a post and its place in the chain of its sender, and puts it into the inbox. */
  #onPost(now: Millis, { id, from, waited, body }: StreamItem): void {
    const { channelKey, chronicle, clock, floods, inbox, knownPeers, postChains, primitives } = this.#options;
    const tell = (notice: Notice) => void floods.show(now, from, notice);
    const post = decodePost(body);
    if (post === MALFORMED || !isAuthentic(primitives, { id, from }, post)) {
      return tell({ type: "forged", from });
    }
    const { identity, isSealed, number, sentAt } = post;
    if (!this.#agrees(from, identity)) return this.#tellChanged(now, from, identity);
    const standing = postChains.standingOf(clock.at(now), id, post);
    // A late post may have been shown so long ago that its id is forgotten.
    const name = { channel: true, from, ...partsOf(id) };
    const isLost = standing.type === "late" && inbox.isForgotten(name);
    if (standing.type === "repeat" || isLost) return tell({ type: "postRepeated", from });
    if (standing.type === "gap") {
      tell({ type: "postsMissing", from, count: standing.missing });
      chronicle.postsMissing(now, from, standing.missing, id);
    }
    if (standing.type === "exchanged") tell({ type: "postExchanged", from });
    knownPeers.meet(from, identity);
    const isLate = standing.type === "late";
    if (!isLate) postChains.took(identity, id, { number, hash: postHash(primitives, id, body) });
    const text = textOf(primitives, channelKey, id, post);
    // We cannot read it, but it has its place in the chain, and its copies are passed over.
    if (text === undefined) {
      inbox.markSeen(now, name);
      return tell({ type: "postSealed", from });
    }
    const isOpen = channelKey !== undefined && !isSealed;
    const place = { after: NO_MESSAGE, afterHash: undefined, dated: waited || isLate };
    inbox.accept(now, { ...name, ...place, isOpen, sentAt, text });
  }
}

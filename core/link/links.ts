/**
 * All links of one machine, by the public key of the peer, and the door of this wing. It hands each datagram
 * to its link, and knows which links have something to send. Until a packet under a session has come from an
 * address, no link is made for it, and no answer to it is longer than the question (RFC 9000 section 8).
 */
import { equalAddresses } from "../base/address.ts";
import { remember } from "../base/bounded_map.ts";
import { MALFORMED } from "../base/bytes.ts";
import { KEY_BYTES, type KeyPair, type Primitives } from "../base/crypto.ts";
import { ANNOUNCEMENTS_PER_SECOND, LINKS, VERSION_ANSWERS_PER_SECOND } from "../base/limits.ts";
import { Rate } from "../base/rate.ts";
import { Timers } from "../base/timers.ts";
import type { Address, Datagram, Key, Millis, Random, Stopwatch } from "../base/units.ts";
import type { Verb } from "../messages/verb.ts";
import { hasMac1, mac1Key, setMac1 } from "../wire/cookie.ts";
import { NO_EPOCH } from "../wire/epoch.ts";
import { CHALLENGE_BYTES } from "../wire/frame.ts";
import {
  type Announce,
  ANNOUNCE_BYTES,
  decodePacket,
  type Discover,
  encodeAnnounce,
  encodeVersions,
  type Initiation,
  PROCESS_BYTES,
  type Response,
  type Transport,
} from "../wire/packet.ts";
import { Link, type LinkContext } from "./link.ts";
import { Budget } from "./parcel_receiver.ts";
import { Path } from "./path.ts";
import { type KnownPeer, Responder, type Unconfirmed } from "./responder.ts";
import type { Session } from "./session.ts";

/** Other wings hold links, but only `Links` makes them. */
export type { Link } from "./link.ts";
export type { Sending } from "./parcel_sender.ts";

const INDEX_BYTES = 4;

/** Why a datagram meant nothing. */
export type DropReason =
  /** It is no packet of this protocol. */
  | "malformed"
  /** More strangers asked for our key, or spoke other versions, than are answered. */
  | "rate"
  /** An initiation or a response is forged, repeated, or beyond the rates of handshakes. */
  | "handshake"
  /** A packet of a session does not open, or has come before. */
  | "packet"
  /** An answer that we have not asked for, or a question that is not for us. */
  | "unasked"
  /** There was no room for one more link. */
  | "full";

/** Counts of what has happened since the start, and of what the tables hold. */
export interface LinkCounts {
  readonly links: number;
  /** Handshakes that wait for their first packet. */
  readonly unconfirmed: number;
  /** Bytes of messages of which parts are missing. */
  readonly unfinishedBytes: number;
  /** Sessions that were made. */
  readonly handshakes: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/** The news that a datagram has brought. */
export type Arrival =
  /** An authentic packet with these verbs, or a response, which has none. */
  | {
    readonly type: "verbs";
    readonly link: Link;
    readonly verbs: readonly Verb[];
    /** True if the peer is in a new process, which knows nothing of earlier packets. */
    readonly restarted: boolean;
  }
  // Nothing proves the following two.
  /** An announcement claims that the server at the link's address has this key. */
  | { readonly type: "announced"; readonly link: Link; readonly key: Key; readonly name: string }
  /** A datagram claims that the server at the link's address speaks these versions only. */
  | { readonly type: "foreign"; readonly link: Link; readonly versions: readonly number[] };

export interface LinksOptions {
  readonly primitives: Primitives;
  readonly random: Random;
  /** Our static key (X25519). */
  readonly ownKey: KeyPair;
  /** The time for an initiation. It grows with every call, over restarts and when the clock goes back. */
  timestamp(now: Millis): Millis;
  /** Measures what the handshakes of strangers take. */
  readonly stopwatch: Stopwatch;
  /** Our announcements give this name, at most 32 bytes of UTF-8; without a name discovers get no answer. */
  readonly name: string | undefined;
  /** A process other than the one that `link.peerProcess` still names goes on with the link. */
  displaced?(now: Millis, link: Link): void;
  /** True if quiet links send pings, so that NATs do not forget them. */
  readonly keepsAlive: boolean;
}

/** The link of an index; with a session the index is that one's, without one it is a handshake's. */
type Owner = { readonly link: Link; session?: Session };

export class Links {
  readonly #options: LinksOptions;
  readonly #links = new Set<Link>();
  /** The link to our server, whose address discovers may ask for its key. */
  #server: Link | undefined;
  readonly #byPeer = new Map<Key, Link>();
  /** The last proved addresses of the peers of former links, where they are looked for first. */
  readonly #proved = new Map<Key, Address>();
  /** All indices that we have given out; `undefined` for sessions that are not confirmed yet. */
  readonly #byIndex = new Map<number, Owner | undefined>();
  readonly #responder: Responder;
  /** Links that may have something to send, or a new deadline. */
  readonly #touched = new Set<Link>();
  readonly #timers = new Timers<Link>();
  readonly #versionAnswers = new Rate(VERSION_ANSWERS_PER_SECOND);
  readonly #announcements = new Rate(ANNOUNCEMENTS_PER_SECOND);
  readonly #context: LinkContext;
  /** Answers that belong to no link: responses, cookie replies, announcements, versions. */
  #replies: Datagram[] = [];
  readonly #dropped = { malformed: 0, rate: 0, handshake: 0, packet: 0, unasked: 0, full: 0 };
  #handshakes = 0;

  constructor(options: LinksOptions) {
    this.#options = options;
    const { primitives, random, ownKey, keepsAlive, stopwatch } = options;
    const { mac } = primitives;
    const processSecret = random(KEY_BYTES);
    this.#context = {
      primitives,
      random,
      ownKey,
      keepsAlive,
      stopwatch,
      timestamp: (now) => options.timestamp(now),
      // The secret is one of this run only, so the next run has other ids.
      processId: (peer) => mac(processSecret, Uint8Array.fromHex(peer)).slice(0, PROCESS_BYTES).toHex(),
      budget: new Budget(),
      chance: () => this.chance(),
      releaseIndex: (index) => this.#byIndex.delete(index),
      newIndex: (link) => this.#newIndex({ link }),
      forget: (peer) => this.#responder.forget(peer),
      // An owner may still hold a link that was taken out of the table; that one sends nothing any more.
      touched: (link) => this.#links.has(link) && this.#touched.add(link),
    };
    this.#responder = new Responder(this.#context, {
      peer: (key) => this.#knownPeer(key),
      newIndex: () => this.#newIndex(undefined),
    });
  }

  get counts(): LinkCounts {
    return {
      links: this.#links.size,
      unconfirmed: this.#responder.size,
      unfinishedBytes: this.#context.budget.used,
      handshakes: this.#handshakes,
      dropped: { ...this.#dropped },
    };
  }

  /** A random number from 0 up to, but not including, 1. */
  chance(): number {
    const bytes = this.#options.random(2);
    return (bytes[0]! * 256 + bytes[1]!) / 65536;
  }

  /** When `takeDatagrams` is to be called next: at once (-Infinity) if anything may have to leave. */
  get deadline(): Millis {
    return this.#touched.size > 0 || this.#replies.length > 0 ? -Infinity : this.#timers.deadline;
  }

  /** The link to the holder of a key, at one of these addresses. No packet leaves before a verb is sent. */
  open(now: Millis, peer: Key, addresses: readonly Address[]): Link {
    const link = this.#byPeer.get(peer) ?? this.#add(now, peer, addresses);
    link.setAddresses(now, addresses);
    return link;
  }

  /**
   * A peer was just seen at these addresses, besides those that we know, and looks for us. If we have
   * answered its initiation already, its first packet is on its way, and a handshake of ours would only
   * cross it.
   */
  introduce(now: Millis, peer: Key, addresses: readonly Address[]): void {
    if (this.#responder.awaits(now, peer)) return;
    const link = this.#byPeer.get(peer) ?? this.#add(now, peer, addresses);
    link.introduced(now, addresses);
  }

  /** Handshakes go on only where something waits. */
  stopSeeking(): void {
    for (const link of this.#links) link.stopSeeking();
  }

  /**
   * The link to our server, of which there is one. Discovers ask its address for the key if we know none, or
   * if ours gets no answer. An answer is an arrival of type "announced"; without a key the link waits for
   * `trust`.
   */
  openServer(now: Millis, peer: Key | undefined, address: Address): Link {
    return this.#server = this.#add(now, peer, [address], true);
  }

  /** Makes the link one to the holder of this key. */
  trust(now: Millis, link: Link, peer: Key): void {
    if (link.peer !== undefined) this.#byPeer.delete(link.peer);
    this.#byPeer.set(peer, link);
    link.setPeer(now, peer);
  }

  /** The link to the holder of a key, if there is one. */
  get(peer: Key): Link | undefined {
    return this.#byPeer.get(peer);
  }

  /** True while the link is in the table: one that nobody has used for long is taken out. */
  holds(link: Link): boolean {
    return this.#links.has(link);
  }

  /** Takes a datagram. Returns `undefined` if it brings no news. */
  receive(now: Millis, from: Address, bytes: Uint8Array): Arrival | undefined {
    const packet = decodePacket(bytes);
    if (packet === MALFORMED) return this.#drop("malformed");
    switch (packet.type) {
      case "discover":
        return this.#onDiscover(now, from, packet);
      case "announce":
        return this.#onAnnounce(packet);
      case "initiation":
        return this.#onInitiation(now, from, packet);
      case "response":
        return this.#onResponse(now, from, packet);
      case "cookieReply":
        this.#byIndex.get(packet.receiver)?.link.receiveCookie(now, packet);
        return undefined;
      case "transport":
        return this.#onTransport(now, from, packet);
      case "foreign":
        // The sender learns which versions we speak (RFC 8999 section 6), but we answer only a few a second.
        if (!this.#versionAnswers.take(now)) return this.#drop("rate");
        return this.#reply(from, encodeVersions());
      case "versions":
        return this.#onVersions(from, packet.known);
    }
  }

  /** Sends a reply. Returns `undefined`, as a caller does that has no news. */
  #reply(to: Address, bytes: Uint8Array): undefined {
    this.#replies.push({ to, bytes });
    return undefined;
  }

  /** Tells our key to anybody who asks. Nothing is signed: the handshake that follows proves the key. */
  #onDiscover(now: Millis, from: Address, { nonce, length }: Discover): undefined {
    const { name, ownKey: { publicKey }, primitives } = this.#options;
    if (name === undefined) return this.#drop("unasked");
    if (!this.#announcements.take(now, length / ANNOUNCE_BYTES)) return this.#drop("rate");
    const bytes = encodeAnnounce(nonce, publicKey, name, length);
    setMac1(primitives, mac1Key(primitives, publicKey), bytes, bytes.length);
    return this.#reply(from, bytes);
  }

  /** The mac proves nothing, for anybody can make it. It shows that the key was not damaged on its way. */
  #onAnnounce({ nonce, key, name, bytes }: Announce): Arrival | undefined {
    const { primitives } = this.#options;
    if (!hasMac1(primitives, mac1Key(primitives, key), bytes, bytes.length)) return this.#drop("malformed");
    const link = this.#server;
    return link?.asked(nonce) ? { type: "announced", link, key: key.toHex(), name } : this.#drop("unasked");
  }

  /** Anybody can send this, so it counts only for a server of which nothing authentic was ever heard. */
  #onVersions(from: Address, versions: readonly number[]): Arrival | undefined {
    const link = this.#server;
    const isNews = link?.heardAt === -Infinity && equalAddresses(link.address, from);
    return isNews ? { type: "foreign", link, versions } : this.#drop("unasked");
  }

  #onInitiation(now: Millis, from: Address, packet: Initiation): undefined {
    const answer = this.#responder.receive(now, from, packet);
    return answer === undefined ? this.#drop("handshake") : this.#reply(from, answer);
  }

  /** A peer without a link has none of these: its times are forgotten with its link. */
  #knownPeer(key: Key): KnownPeer {
    const link = this.#byPeer.get(key);
    return {
      initiatedAt: (run) => link?.initiatedAt(run) ?? -Infinity,
      epoch: link?.epoch ?? NO_EPOCH,
      lastEpoch: link?.lastEpoch ?? NO_EPOCH,
    };
  }

  /** The index leads to the link whose initiation is answered, and becomes that of the new session. */
  #onResponse(now: Millis, from: Address, packet: Response): Arrival | undefined {
    const owner = this.#byIndex.get(packet.receiver);
    // The answer to somebody who had this address before us, mostly to our own former run.
    if (owner === undefined) return undefined;
    const opened = owner.link.receiveResponse(now, from, packet);
    if (opened === undefined) return this.#drop("handshake");
    this.#handshakes++;
    owner.session = opened.session;
    return { type: "verbs", link: owner.link, verbs: [], restarted: opened.restarted };
  }

  /** Finds the session by its index and opens the packet. The first packet confirms the session. */
  #onTransport(now: Millis, from: Address, packet: Transport): Arrival | undefined {
    const unconfirmed = this.#responder.get(now, packet.receiver);
    const owner = this.#byIndex.get(packet.receiver);
    const session = unconfirmed?.session ?? owner?.session;
    // A session that is over, or of our former run: its peer goes on with it until nothing has answered for
    // long enough, and means no harm.
    if (session === undefined) return undefined;
    const received = session.open(now, packet);
    if (received === undefined) return this.#drop("packet");
    let restarted = false;
    let link = owner?.link;
    if (unconfirmed !== undefined) {
      // A link to a new peer is made only now, when the packet has shown that the initiation was no replay.
      link = this.#byPeer.get(unconfirmed.peer) ??
        (this.#makeRoom(now) ? this.#add(now, unconfirmed.peer, [from]) : undefined);
      if (link === undefined) return this.#drop("full");
      const confirmed = this.#confirm(now, from, link, unconfirmed, packet.number);
      if (confirmed === undefined) return this.#drop("handshake");
      this.#handshakes++;
      restarted = confirmed;
    }
    const verbs = link!.receive(now, from, received);
    return { type: "verbs", link: link!, verbs, restarted };
  }

  /**
   * The first packet under a session that the peer began. It shows that the initiator has the keys, so the
   * initiation was no replay, and the link may go on under this session. Returns what `Link.adopt` returns.
   */
  #confirm(
    now: Millis,
    from: Address,
    link: Link,
    unconfirmed: Unconfirmed,
    number: number,
  ): boolean | undefined {
    const { session, address, timestamp, at, departures } = unconfirmed;
    this.#responder.confirm(unconfirmed);
    this.#byIndex.set(session.index, { link, session });
    link.noteInitiation(session.peerProcess, timestamp);
    const former = link.peerProcess;
    if (former !== undefined && former !== session.peerProcess) this.#options.displaced?.(now, link);
    // It took one round trip from the response to this packet, unless the response left twice (Karn's rule,
    // RFC 6298 section 3) or earlier packets were lost.
    const rtt = departures === 1 && number === 1 ? now - at : undefined;
    // The response went to this address and nowhere else, and an answer has come from there, which proves it.
    const isProved = address !== undefined && equalAddresses(from, address);
    const challenge = isProved ? undefined : this.#options.random(CHALLENGE_BYTES);
    return link.adopt(now, session, new Path(from, challenge), rtt);
  }

  /** Sends a datagram that belongs to no link any more. */
  send(datagram: Datagram): void {
    this.#replies.push(datagram);
  }

  /** Returns all datagrams that are to leave now, and forgets links that have been idle for too long. */
  takeDatagrams(now: Millis): Datagram[] {
    const out = this.#replies;
    this.#replies = [];
    for (let link = this.#timers.next(now); link !== undefined; link = this.#timers.next(now)) {
      this.#touched.add(link);
    }
    for (const link of this.#touched) {
      out.push(...link.takeDatagrams(now));
      if (link.isIdle(now)) this.#remove(now, link);
      else if (this.#links.has(link)) this.#timers.set(link, link.deadline);
    }
    this.#touched.clear();
    return out;
  }

  /** Counts a datagram that means nothing, and that no honest peer sends after a restart of ours. */
  #drop(reason: DropReason): undefined {
    this.#dropped[reason]++;
    return undefined;
  }

  /** At the limit the oldest link that its owner does not keep gives way. False if all are kept. */
  #makeRoom(now: Millis): boolean {
    if (this.#links.size < LINKS) return true;
    for (const link of this.#links) {
      if (link.kept) continue;
      this.#remove(now, link);
      return true;
    }
    return false;
  }

  #add(now: Millis, peer: Key | undefined, addresses: readonly Address[], asksForKey = false): Link {
    const proved = peer === undefined ? undefined : this.#proved.get(peer);
    const link = new Link(now, this.#context, { peer, addresses, proved, asksForKey });
    this.#links.add(link);
    if (peer !== undefined) this.#byPeer.set(peer, link);
    this.#touched.add(link);
    return link;
  }

  /** Takes a link out of the table. Its owner may still hold it, but no datagram reaches it any more. */
  #remove(now: Millis, link: Link): void {
    link.close(now);
    this.#links.delete(link);
    this.#touched.delete(link);
    if (link === this.#server) this.#server = undefined;
    this.#timers.clear(link);
    if (link.peer === undefined) return;
    this.#byPeer.delete(link.peer);
    if (link.proved !== undefined) remember(this.#proved, link.peer, link.proved, LINKS);
  }

  /** Draws random indices until one is free. */
  #newIndex(owner: Owner | undefined): number {
    for (;;) {
      const index = parseInt(this.#options.random(INDEX_BYTES).toHex(), 16);
      if (this.#byIndex.has(index)) continue;
      this.#byIndex.set(index, owner);
      return index;
    }
  }
}

/**
 * All links of one machine, by the public key of the peer: hands each datagram to its link and knows which of
 * them have something to send. Nothing is kept for an address, and nothing longer than the question is sent
 * there, until a packet under a session has come from it.
 */
import { equalAddresses } from "../base/address.ts";
import { MALFORMED } from "../base/bytes.ts";
import { KEY_BYTES, type KeyPair, type Primitives } from "../base/crypto.ts";
import { LINKS, VERSION_ANSWERS_PER_SECOND } from "../base/limits.ts";
import { Rate } from "../base/rate.ts";
import { Timers } from "../base/timers.ts";
import type { Address, Datagram, Key, Millis, Random } from "../base/units.ts";
import type { Verb } from "../messages/verb.ts";
import { hasMac1, mac1Key, setMac1 } from "../wire/cookie.ts";
import { NO_EPOCH } from "../wire/epoch.ts";
import { CHALLENGE_BYTES } from "../wire/frame.ts";
import {
  type Announce,
  decodePacket,
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

/** The rest of the core holds links, and opens them here only. */
export type { Link } from "./link.ts";

const INDEX_BYTES = 4;

/** What came of a datagram. */
export type Arrival =
  | {
    readonly type: "verbs";
    readonly link: Link;
    readonly verbs: readonly Verb[];
    /** The peer is in a new process: it knows nothing of what was said before. */
    readonly restarted: boolean;
  }
  /** Not authentic: whoever is at the link's address says that it has this key. */
  | { readonly type: "announced"; readonly link: Link; readonly key: Key; readonly name: string }
  /** Not authentic: whoever is at the link's address speaks other versions only. */
  | { readonly type: "foreign"; readonly link: Link; readonly versions: readonly number[] };

export interface LinksOptions {
  readonly primitives: Primitives;
  readonly random: Random;
  readonly ownKey: KeyPair;
  /** Grows with every call, also over restarts. */
  timestamp(now: Millis): Millis;
  /** What whoever asks for our key is told that we are called; without a name nobody is told anything. */
  readonly name: string | undefined;
  /** Whether quiet links are kept alive. */
  readonly keepsAlive: boolean;
}

type Owner = { readonly link: Link; session?: Session };

export class Links {
  readonly #options: LinksOptions;
  readonly #links = new Set<Link>();
  /** The link to our server, whose address may be asked for its key. */
  #server: Link | undefined;
  readonly #byPeer = new Map<Key, Link>();
  /** Whose handshakes and sessions our indices are; `undefined` for those that are not confirmed. */
  readonly #byIndex = new Map<number, Owner | undefined>();
  readonly #responder: Responder;
  readonly #touched = new Set<Link>();
  readonly #timers = new Timers<Link>();
  readonly #versionAnswers = new Rate(VERSION_ANSWERS_PER_SECOND);
  readonly #context: LinkContext;
  #replies: Datagram[] = [];
  #dropped = 0;

  constructor(options: LinksOptions) {
    this.#options = options;
    const { mac } = options.primitives;
    const processSecret = options.random(KEY_BYTES);
    this.#context = {
      ...options,
      processId: (peer) => mac(processSecret, Uint8Array.fromHex(peer)).slice(0, PROCESS_BYTES).toHex(),
      budget: new Budget(),
      chance: () => this.chance(),
      releaseIndex: (index) => this.#byIndex.delete(index),
      newIndex: (link) => this.#newIndex({ link }),
      forget: (peer) => this.#responder.forget(peer),
      touched: (link) => this.#links.has(link) && this.#touched.add(link),
    };
    this.#responder = new Responder(this.#context, {
      peer: (key) => this.#knownPeer(key),
      newIndex: () => this.#newIndex(undefined),
    });
  }

  /** Datagrams that meant nothing, since this was asked last. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** A number from 0 up to 1. */
  chance(): number {
    const bytes = this.#options.random(2);
    return (bytes[0]! * 256 + bytes[1]!) / 65536;
  }

  /** At once when something may be to leave. */
  get deadline(): Millis {
    return this.#touched.size > 0 || this.#replies.length > 0 ? -Infinity : this.#timers.deadline;
  }

  /** The link to whoever has a key, at one of these addresses. There is no packet before something is sent. */
  open(now: Millis, peer: Key, addresses: readonly Address[]): Link {
    const link = this.#byPeer.get(peer) ?? this.#add(now, peer, addresses);
    link.setAddresses(now, addresses);
    return link;
  }

  /**
   * The link to our server, of which there is one. Its address is asked for its key, because we do not know it, or
   * because nobody there has the one that we know. The link waits until a key is `trust`ed.
   */
  openServer(now: Millis, peer: Key | undefined, address: Address): Link {
    return this.#server = this.#add(now, peer, [address], true);
  }

  /** The link is to be to whoever has this key. */
  trust(now: Millis, link: Link, peer: Key): void {
    if (link.peer !== undefined) this.#byPeer.delete(link.peer);
    this.#byPeer.set(peer, link);
    link.setPeer(now, peer);
  }

  /** The link to whoever has a key, if there is one. */
  get(peer: Key): Link | undefined {
    return this.#byPeer.get(peer);
  }

  /** Whether the link is still in the table: one that nobody used for long is not. */
  holds(link: Link): boolean {
    return this.#links.has(link);
  }

  /** Takes a datagram; `undefined` when there is nothing to tell about it. */
  receive(now: Millis, from: Address, bytes: Uint8Array): Arrival | undefined {
    const packet = decodePacket(bytes);
    if (packet === MALFORMED) return this.#drop();
    switch (packet.type) {
      case "discover":
        return this.#onDiscover(from, packet.nonce);
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
        if (!this.#versionAnswers.take(now)) return this.#drop();
        return this.#reply(from, encodeVersions());
      case "versions":
        return this.#onVersions(from, packet.known);
    }
  }

  #reply(to: Address, bytes: Uint8Array): undefined {
    this.#replies.push({ to, bytes });
    return undefined;
  }

  #onDiscover(from: Address, nonce: Uint8Array): undefined {
    const { name, ownKey: { publicKey }, primitives } = this.#options;
    if (name === undefined) return this.#drop();
    const bytes = encodeAnnounce(nonce, publicKey, name);
    setMac1(primitives, mac1Key(primitives, publicKey), bytes, bytes.length);
    return this.#reply(from, bytes);
  }

  /** Its mac proves nothing, for everybody can make it: it tells a key that was damaged on its way from another key. */
  #onAnnounce({ nonce, key, name, bytes }: Announce): Arrival | undefined {
    const { primitives } = this.#options;
    if (!hasMac1(primitives, mac1Key(primitives, key), bytes, bytes.length)) return this.#drop();
    const link = this.#server;
    return link?.asked(nonce) ? { type: "announced", link, key: key.toHex(), name } : this.#drop();
  }

  #onVersions(from: Address, versions: readonly number[]): Arrival | undefined {
    const link = this.#server;
    const isNews = link?.heardAt === -Infinity && equalAddresses(link.address, from);
    return isNews ? { type: "foreign", link, versions } : this.#drop();
  }

  #onInitiation(now: Millis, from: Address, packet: Initiation): undefined {
    const answer = this.#responder.receive(now, from, packet);
    return answer === undefined ? this.#drop() : this.#reply(from, answer);
  }

  #knownPeer(key: Key): KnownPeer {
    const link = this.#byPeer.get(key);
    return {
      timestamp: link?.newestInitiation ?? -Infinity,
      epoch: link?.epoch ?? NO_EPOCH,
      lastEpoch: link?.lastEpoch ?? NO_EPOCH,
    };
  }

  #onResponse(now: Millis, from: Address, packet: Response): Arrival | undefined {
    const owner = this.#byIndex.get(packet.receiver);
    const opened = owner?.link.receiveResponse(now, from, packet);
    if (owner === undefined || opened === undefined) return this.#drop();
    owner.session = opened.session;
    return { type: "verbs", link: owner.link, verbs: [], restarted: opened.restarted };
  }

  #onTransport(now: Millis, from: Address, packet: Transport): Arrival | undefined {
    const unconfirmed = this.#responder.get(now, packet.receiver);
    const owner = this.#byIndex.get(packet.receiver);
    const received = (unconfirmed?.session ?? owner?.session)?.open(now, packet);
    if (received === undefined) return this.#drop();
    let restarted = false;
    let link = owner?.link;
    if (unconfirmed !== undefined) {
      link = this.#byPeer.get(unconfirmed.peer) ??
        (this.#makeRoom() ? this.#add(now, unconfirmed.peer, [from]) : undefined);
      if (link === undefined) return this.#drop();
      const confirmed = this.#confirm(now, from, link, unconfirmed, packet.number);
      if (confirmed === undefined) return this.#drop();
      restarted = confirmed;
    }
    const verbs = link!.receive(now, from, received);
    return { type: "verbs", link: link!, verbs, restarted };
  }

  /** The initiator has the keys: it was no replay. */
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
    link.newestInitiation = timestamp;
    // Unless packets before this one were lost, or the response left twice (Karn's rule), it was one round trip.
    const rtt = departures === 1 && number === 1 ? now - at : undefined;
    // The response went to this address and nowhere else, and an answer came back from there: that proves it.
    const isProved = address !== undefined && equalAddresses(from, address);
    const challenge = isProved ? undefined : this.#options.random(CHALLENGE_BYTES);
    return link.adopt(now, session, new Path(from, challenge), rtt);
  }

  /** Everything that is to leave now. */
  takeDatagrams(now: Millis): Datagram[] {
    const out = this.#replies;
    this.#replies = [];
    for (let link = this.#timers.next(now); link !== undefined; link = this.#timers.next(now)) {
      this.#touched.add(link);
    }
    for (const link of this.#touched) {
      out.push(...link.takeDatagrams(now));
      if (link.isIdle(now)) this.#remove(link);
      else if (this.#links.has(link)) this.#timers.set(link, link.deadline);
    }
    this.#touched.clear();
    return out;
  }

  #drop(): undefined {
    this.#dropped++;
    return undefined;
  }

  /** At the limit the oldest of the links that nobody wants to keep gives way; false when there is none. */
  #makeRoom(): boolean {
    if (this.#links.size < LINKS) return true;
    for (const link of this.#links) {
      if (link.kept) continue;
      this.#remove(link);
      return true;
    }
    return false;
  }

  #add(now: Millis, peer: Key | undefined, addresses: readonly Address[], asksForKey = false): Link {
    const link = new Link(now, this.#context, { peer, addresses, asksForKey });
    this.#links.add(link);
    if (peer !== undefined) this.#byPeer.set(peer, link);
    this.#touched.add(link);
    return link;
  }

  #remove(link: Link): void {
    link.close();
    this.#links.delete(link);
    this.#touched.delete(link);
    if (link === this.#server) this.#server = undefined;
    if (link.peer !== undefined) this.#byPeer.delete(link.peer);
    this.#timers.clear(link);
  }

  #newIndex(owner: Owner | undefined): number {
    for (;;) {
      const index = parseInt(this.#options.random(INDEX_BYTES).toHex(), 16);
      if (this.#byIndex.has(index)) continue;
      this.#byIndex.set(index, owner);
      return index;
    }
  }
}

/**
 * All links of one machine, by address: greets, checks tokens, hands each datagram to its link, and knows
 * which of them have something to send. Nothing is stored for an address until a packet from it carries the
 * token that was sent there; until then the only answer is a retry, shorter than the hello it answers.
 */
import { MALFORMED, toHex } from "./bytes.ts";
import { keyedHash } from "./crypto.ts";
import {
  decodeFrame,
  encodeFrame,
  type Session,
  SESSION_BYTES,
  type Token,
  TOKEN_BYTES,
  type Transport,
} from "./frame.ts";
import { LINKS, TOKENS_CACHED } from "./limits.ts";
import { Link, type LinkContext } from "./link.ts";
import type { Address, Millis, Output, Random } from "./machine.ts";
import { addressKey } from "./table.ts";
import { Timers } from "./timers.ts";
import type { Verb } from "./verb.ts";

const SECRET_BYTES = 32;

export interface Arrival {
  readonly link: Link;
  readonly verb: Verb | undefined;
  /** The peer is in a new life: it knows nothing of what was said before. */
  readonly restarted: boolean;
}

export class Links {
  readonly #random: Random;
  readonly #secret: Uint8Array;
  /** Where each link's packets go to now. */
  readonly #byAddress = new Map<string, Link>();
  /** Where else its peer may be found. */
  readonly #byCandidate = new Map<string, Link>();
  readonly #bySession = new Map<Session, Link>();
  readonly #keys = new Map<Link, string>();
  readonly #tokens = new Map<string, Token>();
  readonly #touched = new Set<Link>();
  readonly #timers = new Timers<Link>();
  #replies: Output[] = [];
  #dropped = 0;

  readonly #context: LinkContext = {
    tokenFor: (address) => this.#tokenFor(addressKey(address)),
    chance: () => this.chance(),
    touched: (link) => this.#touched.add(link),
  };

  constructor(random: Random) {
    this.#random = random;
    this.#secret = random(SECRET_BYTES);
  }

  /** Datagrams that meant nothing, since this was asked last. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** A number from 0 up to 1. */
  chance(): number {
    const bytes = this.#random(2);
    return (bytes[0]! * 256 + bytes[1]!) / 65536;
  }

  get deadline(): Millis {
    return this.#timers.deadline;
  }

  /**
   * The link to whoever is at the first of these addresses; there is no packet before something is sent. The
   * others are what somebody said of himself, and open nobody else's link.
   */
  open(now: Millis, addresses: readonly Address[]): Link {
    const [first] = addresses;
    const known = first === undefined ? undefined : this.#byAddress.get(addressKey(first));
    const link = known ?? this.#add(now, addresses);
    this.setAddresses(link, addresses);
    return link;
  }

  /** Other places where the link's peer may be; they are tried when the present one falls silent. */
  setAddresses(link: Link, addresses: readonly Address[]): void {
    this.#forgetCandidates(link);
    link.setAddresses(addresses);
    for (const address of addresses) this.#byCandidate.set(addressKey(address), link);
  }

  /** Whether the link is still in the table: one that nobody used for long is not. */
  holds(link: Link): boolean {
    return this.#keys.has(link);
  }

  /** Takes a datagram; `undefined` when it was not from somebody who proved his address. */
  receive(now: Millis, from: Address, bytes: Uint8Array): Arrival | undefined {
    const frame = decodeFrame(bytes);
    if (frame === MALFORMED) return this.#drop();
    const key = addressKey(from);
    if (frame.type === "hello") {
      const retry = encodeFrame({ type: "retry", token: frame.reply, reply: this.#tokenFor(key) });
      this.#replies.push({ type: "transmit", to: from, bytes: retry });
      this.#byAddress.get(key)?.receiveHello(now);
      return undefined;
    }
    if (frame.token !== this.#tokenFor(key)) return this.#drop();
    if (frame.type === "retry") {
      const link = this.#byAddress.get(key) ?? this.#byCandidate.get(key);
      link?.receiveRetry(now, from, frame.reply);
      if (link !== undefined) this.#place(link);
      return undefined;
    }
    return this.#receiveTransport(now, from, frame);
  }

  #receiveTransport(now: Millis, from: Address, frame: Transport): Arrival | undefined {
    const key = addressKey(from);
    // An address that has a link cannot try the sessions of others.
    const link = this.#byAddress.get(key) ?? this.#bySession.get(frame.session) ??
      (this.#keys.size < LINKS ? this.#add(now, [from]) : undefined);
    const formerSession = link?.peerSession;
    const result = link?.receive(now, from, frame);
    if (link === undefined || result === undefined) return this.#drop();
    if (formerSession !== frame.session) {
      if (formerSession !== undefined) this.#bySession.delete(formerSession);
      this.#bySession.set(frame.session, link);
    }
    this.#place(link);
    return { link, ...result };
  }

  /** Everything that is to leave now. */
  take(now: Millis): Output[] {
    const out = this.#replies;
    this.#replies = [];
    for (let link = this.#timers.next(now); link !== undefined; link = this.#timers.next(now)) {
      this.#touched.add(link);
    }
    for (const link of this.#touched) {
      out.push(...link.take(now));
      if (link.isIdle(now)) this.#remove(link);
      else if (this.#keys.has(link)) this.#timers.set(link, link.deadline);
    }
    this.#touched.clear();
    return out;
  }

  #drop(): undefined {
    this.#dropped++;
    return undefined;
  }

  #add(now: Millis, addresses: readonly Address[]): Link {
    const link = new Link(now, this.#context, toHex(this.#random(SESSION_BYTES)), addresses);
    this.#keys.set(link, "");
    this.#place(link);
    this.#touched.add(link);
    return link;
  }

  /** Files the link under the address its packets go to now. */
  #place(link: Link): void {
    const key = addressKey(link.address);
    const former = this.#keys.get(link);
    if (former === key) return;
    if (former !== undefined && this.#byAddress.get(former) === link) this.#byAddress.delete(former);
    this.#keys.set(link, key);
    this.#byAddress.set(key, link);
  }

  #remove(link: Link): void {
    const key = this.#keys.get(link)!;
    if (this.#byAddress.get(key) === link) this.#byAddress.delete(key);
    this.#forgetCandidates(link);
    if (link.peerSession !== undefined) this.#bySession.delete(link.peerSession);
    this.#keys.delete(link);
    this.#timers.clear(link);
  }

  #forgetCandidates(link: Link): void {
    for (const address of link.addresses) {
      const key = addressKey(address);
      if (this.#byCandidate.get(key) === link) this.#byCandidate.delete(key);
    }
  }

  #tokenFor(key: string): Token {
    const known = this.#tokens.get(key);
    if (known !== undefined) return known;
    if (this.#tokens.size >= TOKENS_CACHED) this.#tokens.delete(this.#tokens.keys().next().value!);
    const token = toHex(keyedHash(this.#secret, key, TOKEN_BYTES));
    this.#tokens.set(key, token);
    return token;
  }
}

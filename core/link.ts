/**
 * A plain link towards one peer: the one place that turns verbs into datagrams and back. One verb a datagram,
 * retransmitted until it is acknowledged, taken once. Above it nobody knows how verbs travel.
 *
 * A link begins without a path: it greets its addresses in turn until one of them hands out a token. Then one
 * packet is under way until the peer is heard, ten until the first is acknowledged, then up to 64. When two timeouts in a row bring nothing,
 * the peer may have restarted or moved: it is greeted again, and only the oldest packet goes on being sent.
 */
import { MALFORMED } from "./bytes.ts";
import { ackRoom, encodeFrame, type Session, type Token, type Transport } from "./frame.ts";
import {
  ACK_DELAY_MS,
  GREET_AGAIN_AFTER_TIMEOUTS,
  INITIAL_WINDOW_PACKETS,
  LINK_DEAD_MS,
  LINK_IDLE_MS,
  LINK_QUEUE_PACKETS,
  RETRANSMIT_AFTER_MS,
  RETRANSMIT_JITTER,
  SESSION_SILENT_MS,
  SPAN_PACKETS,
  WINDOW_PACKETS,
} from "./limits.ts";
import type { Address, Millis, Output } from "./machine.ts";
import { ReplayWindow } from "./replay_window.ts";
import { addressKey } from "./table.ts";
import { decodeVerb, encodeVerb, type Verb } from "./verb.ts";

/** What a link needs from the table of links it belongs to. */
export interface LinkContext {
  /** The token for packets that come from this address. */
  tokenFor(address: Address): Token;
  /** A number from 0 up to 1. */
  chance(): number;
  /** The link has something to do. */
  touched(link: Link): void;
}

interface Packet {
  readonly number: number;
  readonly tag: string | undefined;
  readonly verb: Uint8Array;
  departures: number;
  due: Millis;
}

interface Path {
  readonly address: Address;
  readonly token: Token;
}

const NO_VERB = new Uint8Array(0);

export class Link {
  /** Whether the owner wants it to stay, however long it is silent. */
  kept = false;
  readonly session: Session;
  readonly #context: LinkContext;
  #addresses: readonly Address[];
  #path: Path | undefined;

  #waiting: { tag: string | undefined; verb: Uint8Array }[] = [];
  #once: Uint8Array[] = [];
  readonly #flight = new Map<number, Packet>();
  readonly #tags = new Set<string>();
  #lastNumber = 0;
  #window = 1;

  #timeouts = 0;
  #greetings = 0;
  #greetDue: Millis = Infinity;
  #busySince: Millis = Infinity;
  #usedAt: Millis;
  #heardAt: Millis = -Infinity;

  #peerSession: Session | undefined;
  #greetedAt: Millis = -Infinity;
  #received = new ReplayWindow();
  #acks: number[] = [];
  #ackDue: Millis = Infinity;

  constructor(now: Millis, context: LinkContext, session: Session, addresses: readonly Address[]) {
    this.#context = context;
    this.session = session;
    this.#addresses = addresses;
    this.#usedAt = now;
  }

  /** When the last authentic packet came; -Infinity before the first. */
  get heardAt(): Millis {
    return this.#heardAt;
  }

  /** Where the peer is, as far as is known. */
  get address(): Address {
    return this.#path?.address ?? this.#addresses[0]!;
  }

  /** Where the peer may be. */
  get addresses(): readonly Address[] {
    return this.#addresses;
  }

  get peerSession(): Session | undefined {
    return this.#peerSession;
  }

  /** Whether a reliable verb of this tag is still on its way. */
  has(tag: string): boolean {
    return this.#tags.has(tag);
  }

  get #busy(): boolean {
    return this.#flight.size > 0 || this.#waiting.length > 0 || this.#once.length > 0;
  }

  /** Sends until it is acknowledged. A second verb of the same tag is not sent while the first is on its way. */
  send(now: Millis, verb: Verb, tag?: string): void {
    if (this.#deathAt <= now) this.#dropAll();
    if (tag !== undefined && this.#tags.has(tag)) return;
    if (this.#waiting.length >= LINK_QUEUE_PACKETS) return;
    if (tag !== undefined) this.#tags.add(tag);
    this.#use(now);
    this.#waiting.push({ tag, verb: encodeVerb(verb) });
  }

  /** Sends in the place of what is on its way under the same tag: the peer may have taken that, and answered no. */
  sendAfresh(now: Millis, verb: Verb, tag: string): void {
    this.cancel(tag);
    this.send(now, verb, tag);
  }

  /** Sends once and forgets. Without a path there is nobody to send to. */
  tell(now: Millis, verb: Verb): void {
    if (this.#path === undefined) return;
    this.#use(now);
    this.#once.push(encodeVerb(verb));
  }

  /** Stops sending the verb of this tag. */
  cancel(tag: string): void {
    if (!this.#tags.delete(tag)) return;
    this.#waiting = this.#waiting.filter((packet) => packet.tag !== tag);
    for (const packet of this.#flight.values()) if (packet.tag === tag) this.#flight.delete(packet.number);
    this.#context.touched(this);
  }

  /** Other places where the peer may be; they are tried when the present one falls silent. */
  setAddresses(addresses: readonly Address[]): void {
    if (addresses.length > 0) this.#addresses = addresses;
  }

  #use(now: Millis): void {
    if (!this.#busy) {
      this.#busySince = now;
      this.#greetings = 0;
      this.#timeouts = 0;
      if (this.#path === undefined) this.#greetDue = now;
    }
    this.#usedAt = now;
    this.#context.touched(this);
  }

  // ---- what comes in -------------------------------------------------------------------------------------

  /** The address answered our hello with its token. */
  receiveRetry(now: Millis, from: Address, token: Token): void {
    if (!this.#busy || this.#greetings === 0) return;
    if (this.#path?.token === token && addressKey(this.#path.address) === addressKey(from)) return;
    // Each process gives its own token: with another one the peer may be in a new life.
    if (this.#path !== undefined) this.#greetedAt = now;
    this.#setPath(now, { address: from, token });
  }

  /** Takes an authentic packet. Returns what it said, and whether the peer is in a new life since the last one. */
  receive(
    now: Millis,
    from: Address,
    frame: Transport,
  ): { verb: Verb | undefined; restarted: boolean } | undefined {
    const restarted = this.#peerSession !== undefined && frame.session !== this.#peerSession;
    if (restarted && !this.#mayHaveRestarted(now)) return undefined;
    // What was meant for the peer's former life is not for this one; its owner decides what to say again.
    if (restarted) this.#dropAll();
    if (frame.session !== this.#peerSession) this.#beginPeerSession(frame.session);
    this.#heardAt = now;
    this.#timeouts = 0;
    this.#window = Math.max(this.#window, INITIAL_WINDOW_PACKETS);
    this.#context.touched(this);
    if (this.#path === undefined || frame.number > this.#received.newest) {
      const path = { address: from, token: frame.reply };
      // A new token alone makes nothing leave at once: that would multiply what a small packet can draw.
      if (this.#path !== undefined && addressKey(this.#path.address) === addressKey(from)) this.#path = path;
      else this.#setPath(now, path);
    }
    if (frame.acked?.session === this.session) this.#acknowledge(now, frame.acked.numbers);
    if (frame.number > 0 && !this.#noteArrival(now, frame.number)) return { verb: undefined, restarted };
    const verb = frame.verb.length === 0 ? undefined : decodeVerb(frame.verb);
    return { verb: verb === MALFORMED ? undefined : verb, restarted };
  }

  /** The peer has said hello: it may be in a new life. */
  receiveHello(now: Millis): void {
    this.#greetedAt = now;
  }

  /** A packet of another life that comes while this one is heard is a late one of the life before. */
  #mayHaveRestarted(now: Millis): boolean {
    return this.#greetedAt >= this.#heardAt || now - this.#heardAt >= SESSION_SILENT_MS;
  }

  #beginPeerSession(session: Session): void {
    this.#peerSession = session;
    this.#received = new ReplayWindow();
    this.#acks = [];
    this.#ackDue = Infinity;
  }

  #setPath(now: Millis, path: Path): void {
    this.#path = path;
    this.#greetings = 0;
    this.#greetDue = Infinity;
    this.#timeouts = 0;
    for (const packet of this.#flight.values()) packet.due = now;
    this.#context.touched(this);
  }

  #acknowledge(now: Millis, numbers: readonly number[]): void {
    for (const number of numbers) {
      const packet = this.#flight.get(number);
      if (packet === undefined) continue;
      this.#flight.delete(number);
      if (packet.tag !== undefined) this.#tags.delete(packet.tag);
      this.#window = WINDOW_PACKETS;
    }
    this.#busySince = this.#busy ? now : Infinity;
  }

  /** False when the packet had come before. */
  #noteArrival(now: Millis, number: number): boolean {
    const fresh = this.#received.mark(number);
    this.#acks.push(number);
    // A repeat means that our acknowledgement was lost or is late.
    const due = fresh ? now + this.#context.chance() * ACK_DELAY_MS : now;
    this.#ackDue = Math.min(this.#ackDue, due);
    return fresh;
  }

  // ---- what goes out -------------------------------------------------------------------------------------

  get deadline(): Millis {
    let earliest = Math.min(this.#ackDue, this.#deathAt, this.#idleAt);
    if (this.#busy && this.#path === undefined) earliest = Math.min(earliest, this.#greetDue);
    if (this.#path !== undefined) {
      for (const packet of this.#flight.values()) {
        earliest = Math.min(earliest, packet.due);
        if (this.#timeouts >= GREET_AGAIN_AFTER_TIMEOUTS) break;
      }
    }
    return earliest;
  }

  get #deathAt(): Millis {
    return this.#busy ? Math.max(this.#busySince, this.#heardAt) + LINK_DEAD_MS : Infinity;
  }

  get #idleAt(): Millis {
    return this.kept ? Infinity : Math.max(this.#usedAt, this.#heardAt) + LINK_IDLE_MS;
  }

  isIdle(now: Millis): boolean {
    return !this.#busy && this.#idleAt <= now;
  }

  /** Everything that is to leave now. */
  take(now: Millis): Output[] {
    const out: Output[] = [];
    if (this.#deathAt <= now) this.#dropAll();
    if (this.#path === undefined) {
      if (this.#busy && this.#greetDue <= now) this.#greet(now, out);
      return out;
    }
    this.#repeat(now, out);
    this.#sendWaiting(now, out);
    for (const verb of this.#once) out.push(this.#transport(0, verb));
    this.#once = [];
    while (this.#ackDue <= now && this.#acks.length > 0) out.push(this.#transport(0, NO_VERB));
    return out;
  }

  /** Nobody answers: what waits is dropped, and whoever owns it submits it again in his own time. */
  #dropAll(): void {
    this.#waiting = [];
    this.#once = [];
    this.#flight.clear();
    this.#tags.clear();
    this.#acks = [];
    this.#ackDue = Infinity;
    this.#path = undefined;
    this.#window = 1;
    this.#busySince = Infinity;
  }

  #greet(now: Millis, out: Output[]): void {
    // Each address twice in a row: one lost hello says nothing about it.
    const address = this.#addresses[Math.floor(this.#greetings / 2) % this.#addresses.length]!;
    this.#greetDue = now + this.#wait(this.#greetings);
    this.#greetings++;
    this.#hello(address, out);
  }

  #hello(address: Address, out: Output[]): void {
    const bytes = encodeFrame({ type: "hello", reply: this.#context.tokenFor(address) });
    out.push({ type: "transmit", to: address, bytes });
  }

  #repeat(now: Millis, out: Output[]): void {
    let timedOut = false;
    for (const packet of this.#flight.values()) {
      if (packet.due > now) {
        if (this.#timeouts >= GREET_AGAIN_AFTER_TIMEOUTS) break;
        continue;
      }
      timedOut = true;
      this.#depart(now, packet, out);
      if (this.#timeouts >= GREET_AGAIN_AFTER_TIMEOUTS) break;
    }
    if (!timedOut) return;
    this.#timeouts++;
    if (this.#timeouts < GREET_AGAIN_AFTER_TIMEOUTS) return;
    const candidates = [this.#path!.address, ...this.#addresses];
    this.#hello(candidates[this.#greetings % candidates.length]!, out);
    this.#greetings++;
  }

  #sendWaiting(now: Millis, out: Output[]): void {
    let sent = 0;
    for (const { tag, verb } of this.#waiting) {
      const oldest = this.#flight.keys().next().value ?? this.#lastNumber + 1;
      if (this.#flight.size >= this.#window || this.#lastNumber + 1 - oldest >= SPAN_PACKETS) break;
      const packet: Packet = { number: ++this.#lastNumber, tag, verb, departures: 0, due: now };
      this.#flight.set(packet.number, packet);
      this.#depart(now, packet, out);
      sent++;
    }
    if (sent > 0) this.#waiting.splice(0, sent);
  }

  #depart(now: Millis, packet: Packet, out: Output[]): void {
    packet.due = now + this.#wait(packet.departures);
    packet.departures++;
    out.push(this.#transport(packet.number, packet.verb));
  }

  /** How long to wait after so many departures. */
  #wait(departures: number): Millis {
    const wait = RETRANSMIT_AFTER_MS[Math.min(departures, RETRANSMIT_AFTER_MS.length - 1)]!;
    return departures < 2 ? wait : wait * (1 + RETRANSMIT_JITTER * (2 * this.#context.chance() - 1));
  }

  #transport(number: number, verb: Uint8Array): Output {
    const path = this.#path!;
    const numbers = this.#acks.splice(0, ackRoom(verb.length));
    if (this.#acks.length === 0) this.#ackDue = Infinity;
    const bytes = encodeFrame({
      type: "transport",
      token: path.token,
      reply: this.#context.tokenFor(path.address),
      session: this.session,
      number,
      acked: numbers.length === 0 ? undefined : { session: this.#peerSession!, numbers },
      verb,
    });
    return { type: "transmit", to: path.address, bytes };
  }
}

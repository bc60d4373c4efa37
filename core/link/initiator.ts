/**
 * The initiator's side of a handshake (docs/protocol.md section 2). One initiation is repeated, with
 * nothing changed but its cookie, in rounds that begin at 0, 150, 350 ms and then less and less often. A
 * round goes to all of the peer's addresses, 20 ms apart (RFC 8445 section 6.1.4.2). After five seconds a
 * fresh initiation takes its place. While the peer's key is not known, a discover asks for it instead
 * (docs/protocol.md section 1).
 */
import { addressKey } from "../base/address.ts";
import { equalBytes, Reader, Writer } from "../base/bytes.ts";
import { KEY_BYTES, type KeyPair, type Primitives } from "../base/crypto.ts";
import {
  ADMISSION_MS,
  ASK_KEY_AFTER_MS,
  ATTEMPT_MS,
  CHECK_PACE_MS,
  HANDSHAKE_MS,
  RETRANSMIT_AFTER_MS,
  RETRANSMIT_JITTER,
} from "../base/limits.ts";
import type { Address, Datagram, Key, Millis, Random, Stopwatch } from "../base/units.ts";
import { CookieJar, hasMac1, mac1Key, setMac1 } from "../wire/cookie.ts";
import { type Epoch, EPOCH_BYTES } from "../wire/epoch.ts";
import { NoiseInitiator } from "../wire/noise.ts";
import {
  type CookieReply,
  encodeDiscover,
  encodeInitiation,
  INITIATION_NOISE_BYTES,
  MAC_BYTES,
  NONCE_BYTES,
  PROCESS_BYTES,
  type Response,
} from "../wire/packet.ts";
import { Session } from "./session.ts";

/** Both sides mix this into the handshake, so it fails between different versions (Noise section 6). */
export const PROLOGUE: Uint8Array = new TextEncoder().encode("Parley 4");

/** The surroundings of a handshake, for both of its sides. */
export interface HandshakeContext {
  readonly primitives: Primitives;
  /** Our static key (X25519). */
  readonly ownKey: KeyPair;
  readonly random: Random;
  /**
   * Names this run of our program to a peer, 4 bytes as hexadecimal digits. Every peer is given another id,
   * so somebody who has stolen our key and learned the id from one peer cannot pass for this run with
   * another.
   */
  processId(peer: Key): string;
  /** A random number from 0 up to, but not including, 1. */
  chance(): number;
  /** The time for an initiation. It grows with every call, over restarts and when the clock goes back. */
  timestamp(now: Millis): Millis;
  readonly stopwatch: Stopwatch;
  /** Gives back an index: packets that name it find nobody from now on. */
  releaseIndex(index: number): void;
}

export interface InitiatorOptions {
  readonly context: HandshakeContext;
  /** Makes an index that no other handshake or session of ours has; answers find their way here by it. */
  newIndex(): number;
  /** The epoch of the packet space that is to go on; `NO_EPOCH` if there is none. */
  readonly epoch: Epoch;
  /** The peer's public key; `undefined` while it is not known. */
  readonly peer: Key | undefined;
  /** True if discovers ask for the peer's key: at once without one, after 1.5 s if ours gets no answer. */
  readonly asksForKey: boolean;
}

const NO_NONCE = new Uint8Array(0);

/** One fresh initiation and its repeats. */
interface Attempt {
  readonly index: number;
  readonly initiator: NoiseInitiator;
  /** The whole datagram, with mac1; mac2 is set in a copy when it leaves. */
  readonly bytes: Uint8Array;
  readonly mac1: Uint8Array;
  readonly startedAt: Millis;
  /** The addresses that it went to. */
  readonly places: Set<string>;
  departures: number;
  /** True once the peer has sent a cookie for it. */
  hasCookie: boolean;
}

export class Initiator {
  readonly #options: InitiatorOptions;
  readonly #startedAt: Millis;
  /** Our discovers carry this nonce, and an announcement repeats it. */
  readonly #nonce: Uint8Array;
  #peer: Uint8Array | undefined;
  #jar: CookieJar | undefined;
  #attempt: Attempt | undefined;
  /** Rounds since the waits last began anew: they choose the next wait. */
  #rounds = 0;
  #nextRound: Millis;
  /** The addresses that the present round has still to try. */
  #untried: readonly Address[] = [];
  #due: Millis;

  constructor(now: Millis, options: InitiatorOptions) {
    this.#options = options;
    this.#startedAt = now;
    this.#nextRound = this.#due = now;
    this.#nonce = options.asksForKey ? options.context.random(NONCE_BYTES) : NO_NONCE;
    if (options.peer !== undefined) this.setPeer(now, options.peer);
  }

  /** When the next datagram is to leave. */
  get deadline(): Millis {
    return this.#due;
  }

  /** Takes the peer's key. An initiation to it leaves at once. */
  setPeer(now: Millis, peer: Key): void {
    this.close();
    this.#peer = Uint8Array.fromHex(peer);
    this.#jar = new CookieJar(this.#options.context.primitives, this.#peer);
    this.beginAnew(now);
  }

  /** A user waits for the peer: unless something leaves within half a second anyway, the waits begin anew. */
  urge(now: Millis): void {
    if (this.#due > now + ATTEMPT_MS) this.beginAnew(now);
  }

  /** A round begins at once, and after it the waits begin anew. */
  beginAnew(now: Millis): void {
    this.#rounds = 0;
    this.#beginRound(now);
  }

  #beginRound(now: Millis): void {
    this.#untried = [];
    this.#nextRound = this.#due = now;
  }

  /** Returns the datagrams that are to leave now. `addresses` are the peer's, the likeliest first. */
  takeDatagrams(now: Millis, addresses: readonly Address[]): Datagram[] {
    if (this.#due > now) return [];
    if (this.#untried.length === 0) {
      this.#untried = addresses;
      this.#nextRound = now + waitAfter(this.#rounds++, this.#options.context.chance());
    }
    const [to, ...untried] = this.#untried as [Address, ...Address[]];
    this.#untried = untried;
    this.#due = Math.max(now + CHECK_PACE_MS, untried.length > 0 ? 0 : this.#nextRound);
    const out: Datagram[] = [];
    if (this.#peer !== undefined) {
      out.push({ to, bytes: this.#initiation(now, to, this.#peer) });
    }
    const { asksForKey } = this.#options;
    if (asksForKey && (this.#peer === undefined || now - this.#startedAt >= ASK_KEY_AFTER_MS)) {
      out.push({ to, bytes: encodeDiscover(this.#nonce) });
    }
    return out;
  }

  #initiation(now: Millis, to: Address, peer: Uint8Array): Uint8Array {
    if (this.#attempt !== undefined && now - this.#attempt.startedAt >= HANDSHAKE_MS) this.close();
    this.#attempt ??= this.#begin(now, peer);
    this.#attempt.departures++;
    this.#attempt.places.add(addressKey(to));
    const bytes = this.#attempt.bytes.slice();
    this.#jar!.setMac2(now, bytes);
    return bytes;
  }

  #begin(now: Millis, peer: Uint8Array): Attempt {
    const { context, epoch, newIndex } = this.#options;
    const { primitives, ownKey, random } = context;
    const ephemeral = primitives.keyPair(random(KEY_BYTES));
    const initiator = new NoiseInitiator(
      { primitives, prologue: PROLOGUE, staticKey: ownKey },
      ephemeral,
      peer,
    );
    const payload = new Writer();
    payload.u48(context.timestamp(now));
    payload.hex(context.processId(peer.toHex()));
    payload.hex(epoch);
    const index = newIndex();
    // There is no shared secret with a key of low order (RFC 7748 section 6.1). It gets random bytes, which
    // nobody can answer, so that a made-up key looks like a silent peer.
    const noise = initiator.writeMessage(payload.finish()) ?? random(INITIATION_NOISE_BYTES);
    const bytes = encodeInitiation(index, noise);
    const mac1 = setMac1(primitives, mac1Key(primitives, peer), bytes, bytes.length - MAC_BYTES);
    const places = new Set<string>();
    return { index, initiator, bytes, mac1, startedAt: now, places, departures: 0, hasCookie: false };
  }

  /**
   * Takes a response; returns `undefined` if it does not answer our initiation. `rtt` is the round trip. It
   * is `undefined` if the initiation was repeated, for the response may answer any of the repeats (Karn's
   * rule, RFC 6298 section 3). `isProved` is true if the initiation went to the address of the response and
   * nowhere else: then the peer has received it there.
   */
  receiveResponse(
    now: Millis,
    from: Address,
    response: Response,
  ): { session: Session; rtt: Millis | undefined; isProved: boolean } | undefined {
    const attempt = this.#attempt;
    const { primitives, ownKey } = this.#options.context;
    const { bytes, noise } = response;
    if (attempt === undefined) return undefined;
    if (!hasMac1(primitives, mac1Key(primitives, ownKey.publicKey), bytes, bytes.length)) return undefined;
    const answer = attempt.initiator.readMessage(noise);
    if (answer === undefined) return undefined;
    const payload = new Reader(answer.payload);
    const [peerProcess, epoch] = [payload.hex(PROCESS_BYTES), payload.hex(EPOCH_BYTES)];
    if (!payload.done) return undefined;
    this.#attempt = undefined;
    const session = new Session(now, {
      primitives,
      index: attempt.index,
      peerIndex: response.sender,
      sendKey: answer.keys.initiator,
      receiveKey: answer.keys.responder,
      isInitiator: true,
      epoch,
      peerProcess,
    });
    const { departures, places, startedAt } = attempt;
    const isProved = places.size === 1 && places.has(addressKey(from));
    return { session, rtt: departures === 1 ? now - startedAt : undefined, isProved };
  }

  /**
   * The peer is busy and wants this cookie in the next initiation (WireGuard whitepaper section 5.3), which
   * is to leave when the peer has time for it.
   */
  receiveCookie(now: Millis, { salt, sealed }: CookieReply): void {
    if (this.#attempt === undefined || !this.#jar!.takeCookie(now, salt, sealed, this.#attempt.mac1)) return;
    const wait = Math.min(this.#jar!.wait, ADMISSION_MS);
    // Only the first cookie makes the initiation leave at once: a peer that sends many draws no flood.
    if (wait > 0 || !this.#attempt.hasCookie) this.#beginRound(now + wait);
    if (wait > 0) this.#rounds = 0;
    this.#attempt.hasCookie = true;
  }

  /** True if an announcement with this nonce answers our discover. */
  asked(nonce: Uint8Array): boolean {
    return this.#options.asksForKey && equalBytes(nonce, this.#nonce);
  }

  /** Gives up the attempt: no response to it is taken any more. */
  close(): void {
    if (this.#attempt !== undefined) this.#options.context.releaseIndex(this.#attempt.index);
    this.#attempt = undefined;
  }
}

/**
 * How long to wait after so many rounds have begun: 150, 200, 500 ms and so on. `chance` is from 0 up to 1
 * and makes the waits from the third one on longer or shorter, so that many initiators drift apart.
 */
function waitAfter(rounds: number, chance: number): Millis {
  const wait = RETRANSMIT_AFTER_MS[Math.min(rounds, RETRANSMIT_AFTER_MS.length - 1)]!;
  return rounds < 2 ? wait : wait * (1 + RETRANSMIT_JITTER * (2 * chance - 1));
}

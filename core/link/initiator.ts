/**
 * The initiator's side of a handshake. One initiation is repeated, byte for byte, at 0, 150, 350 ms and then less
 * and less often, to each of the peer's addresses twice in a row; after five seconds a fresh one takes its place.
 * When the peer's key is not known yet, its address is asked for it first.
 */
import { addressKey } from "../base/address.ts";
import { equalBytes, Reader, Writer } from "../base/bytes.ts";
import { KEY_BYTES, type KeyPair, type Primitives } from "../base/crypto.ts";
import {
  ASK_KEY_AFTER_MS,
  ATTEMPT_MS,
  HANDSHAKE_MS,
  RETRANSMIT_AFTER_MS,
  RETRANSMIT_JITTER,
} from "../base/limits.ts";
import type { Address, Datagram, Key, Millis, Random } from "../base/units.ts";
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

export const PROLOGUE: Uint8Array = new TextEncoder().encode("Parley 3");

/** What a handshake needs from its surroundings. */
export interface HandshakeContext {
  readonly primitives: Primitives;
  readonly ownKey: KeyPair;
  readonly random: Random;
  /** Which process we are in, as hexadecimal digits. */
  /** Which process of ours this is, as this peer is told: another one cannot say that he is that. */
  processId(peer: Key): string;
  /** A number from 0 up to 1. */
  chance(): number;
  /** Grows with every call, also over restarts. */
  timestamp(now: Millis): Millis;
  releaseIndex(index: number): void;
}

export interface InitiatorOptions {
  readonly context: HandshakeContext;
  /** Makes an index that no other handshake or session of ours has, and by which answers find their way here. */
  newIndex(): number;
  /** Of the conversation that is to go on. */
  readonly epoch: Epoch;
  readonly peer: Key | undefined;
  /** Whether the peer is asked for its key, when that is not known or nothing else helps. */
  readonly asksForKey: boolean;
}

const NO_NONCE = new Uint8Array(0);

interface Attempt {
  readonly index: number;
  readonly initiator: NoiseInitiator;
  readonly bytes: Uint8Array;
  readonly mac1: Uint8Array;
  readonly startedAt: Millis;
  /** Where it went. */
  readonly places: Set<string>;
  departures: number;
  hasCookie: boolean;
}

export class Initiator {
  readonly #options: InitiatorOptions;
  readonly #startedAt: Millis;
  /** By which the answer to our question for a key is known. */
  readonly #nonce: Uint8Array;
  #peer: Uint8Array | undefined;
  #jar: CookieJar | undefined;
  #attempt: Attempt | undefined;
  #departures = 0;
  #due: Millis;

  constructor(now: Millis, options: InitiatorOptions) {
    this.#options = options;
    this.#startedAt = now;
    this.#due = now;
    this.#nonce = options.asksForKey ? options.context.random(NONCE_BYTES) : NO_NONCE;
    if (options.peer !== undefined) this.setPeer(now, options.peer);
  }

  get deadline(): Millis {
    return this.#due;
  }

  /** Now the peer's key is known. */
  setPeer(now: Millis, peer: Key): void {
    this.close();
    this.#peer = Uint8Array.fromHex(peer);
    this.#jar = new CookieJar(this.#options.context.primitives, this.#peer);
    this.#departures = 0;
    this.#due = now;
  }

  /** Somebody waits for the peer now, and not only in a few seconds: it begins anew. */
  urge(now: Millis): void {
    if (this.#due <= now + ATTEMPT_MS) return;
    this.#departures = 0;
    this.#due = now;
  }

  /** What is to leave now. */
  takeDatagrams(now: Millis, addresses: readonly Address[]): Datagram[] {
    if (this.#due > now) return [];
    const to = addresses[Math.floor(this.#departures / 2) % addresses.length]!;
    this.#due = now + waitAfter(this.#departures, this.#options.context.chance());
    this.#departures++;
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
    // A public key that no secret belongs to gets an initiation that nobody can answer.
    const noise = initiator.writeMessage(payload.finish()) ?? random(INITIATION_NOISE_BYTES);
    const bytes = encodeInitiation(index, noise);
    const mac1 = setMac1(primitives, mac1Key(primitives, peer), bytes, bytes.length - MAC_BYTES);
    const places = new Set<string>();
    return { index, initiator, bytes, mac1, startedAt: now, places, departures: 0, hasCookie: false };
  }

  /**
   * A session, and the round trip where it can be told: an answer to a repeated initiation may be one to any of
   * them (Karn's rule). `isProved`: the initiation went to where the response came from and nowhere else.
   * `undefined` when this is no answer to ours.
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

  /** The peer is busy and wants a cookie with the next one, which leaves at once; later ones in their own time. */
  receiveCookie(now: Millis, { salt, sealed }: CookieReply): void {
    if (this.#attempt === undefined || !this.#jar!.takeCookie(now, salt, sealed, this.#attempt.mac1)) return;
    if (!this.#attempt.hasCookie) this.#due = now;
    this.#attempt.hasCookie = true;
  }

  /** Whether an announcement answers our question. */
  asked(nonce: Uint8Array): boolean {
    return this.#options.asksForKey && equalBytes(nonce, this.#nonce);
  }

  /** Nobody waits for an answer any more. */
  close(): void {
    if (this.#attempt !== undefined) this.#options.context.releaseIndex(this.#attempt.index);
    this.#attempt = undefined;
  }
}

/** How long to wait after so many departures: 150, 200, 500 ms and so on. */
function waitAfter(departures: number, chance: number): Millis {
  const wait = RETRANSMIT_AFTER_MS[Math.min(departures, RETRANSMIT_AFTER_MS.length - 1)]!;
  return departures < 2 ? wait : wait * (1 + RETRANSMIT_JITTER * (2 * chance - 1));
}

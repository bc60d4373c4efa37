/**
 * A session, layer 2 of the wire: the keys of one finished handshake, what was received under them, and how long
 * they are good. The numbers of packets come from the link and only ever grow, so that no nonce is used twice.
 */
import { MALFORMED } from "../base/bytes.ts";
import type { Primitives } from "../base/crypto.ts";
import { REKEY_AFTER_MS, REKEY_AFTER_PACKETS, REKEY_PATIENCE_MS, SESSION_LIFE_MS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { Epoch } from "../wire/epoch.ts";
import { type Frame, readFrames } from "../wire/frame.ts";
import { encodeTransport, type Transport, TRANSPORT_HEADER_BYTES } from "../wire/packet.ts";
import { ReplayWindow } from "../wire/replay_window.ts";

export interface SessionOptions {
  readonly primitives: Primitives;
  /** What the peer writes into its packets to us, and we into ours. */
  readonly index: number;
  readonly peerIndex: number;
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
  readonly isInitiator: boolean;
  /** The conversation that its packets belong to. */
  readonly epoch: Epoch;
  /** Which process the peer is in, as hexadecimal digits. */
  readonly peerProcess: string;
}

/** An authentic packet. */
export interface Received {
  readonly session: Session;
  readonly number: number;
  /** Whether its number is the highest under its session so far. */
  readonly isNewest: boolean;
  readonly frames: readonly Frame[];
  /** Its length as a datagram. */
  readonly bytes: number;
}

const NONE = new Uint8Array(0);

export class Session {
  readonly index: number;
  readonly epoch: Epoch;
  readonly peerProcess: string;
  readonly startedAt: Millis;
  readonly #options: SessionOptions;
  readonly #received = new ReplayWindow();
  #sent = 0;

  constructor(now: Millis, options: SessionOptions) {
    this.index = options.index;
    this.epoch = options.epoch;
    this.peerProcess = options.peerProcess;
    this.startedAt = now;
    this.#options = options;
  }

  /** When it is good for nothing any more. */
  get expiresAt(): Millis {
    return this.startedAt + SESSION_LIFE_MS;
  }

  /** Whether a new session should take its place. Its initiator sees to that; the responder only after a while. */
  isWorn(now: Millis): boolean {
    const patience = this.#options.isInitiator ? 0 : REKEY_PATIENCE_MS;
    return now - this.startedAt >= REKEY_AFTER_MS + patience || this.#sent >= REKEY_AFTER_PACKETS;
  }

  /** A whole datagram. */
  seal(number: number, frames: Uint8Array): Uint8Array {
    const { primitives, peerIndex, sendKey } = this.#options;
    this.#sent++;
    return encodeTransport(peerIndex, number, primitives.seal(sendKey, number, NONE, frames));
  }

  /**
   * What is in a packet; `undefined` when its time is over, or it is not authentic, was received before, or means
   * nothing.
   */
  open(now: Millis, { number, sealed }: Transport): Received | undefined {
    const { primitives, receiveKey } = this.#options;
    if (now >= this.expiresAt || !Number.isSafeInteger(number)) return undefined;
    const opened = primitives.open(receiveKey, number, NONE, sealed);
    const isNewest = number > this.#received.newest;
    if (opened === undefined || !this.#received.mark(number)) return undefined;
    const frames = readFrames(opened);
    if (frames === MALFORMED) return undefined;
    return { session: this, number, isNewest, frames, bytes: TRANSPORT_HEADER_BYTES + sealed.length };
  }
}

/** The sessions of one link: packets leave under the present one; those of the one before are still good. */
export class Sessions {
  readonly #release: (index: number) => void;
  #present: Session | undefined;
  #former: Session | undefined;

  /** `release` is told the index of each session that is over. */
  constructor(release: (index: number) => void) {
    this.#release = release;
  }

  get present(): Session | undefined {
    return this.#present;
  }

  add(session: Session): void {
    if (this.#former !== undefined) this.#release(this.#former.index);
    this.#former = this.#present;
    this.#present = session;
  }

  /** Keys that are too old are good for nothing. */
  expire(now: Millis): void {
    if (this.#present !== undefined && this.#present.expiresAt <= now) this.clear();
  }

  clear(): void {
    for (const session of [this.#present, this.#former]) {
      if (session !== undefined) this.#release(session.index);
    }
    this.#present = undefined;
    this.#former = undefined;
  }
}

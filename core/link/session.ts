/**
 * A session, layer 2 of the wire (docs/protocol.md section 2): the keys of one finished handshake, the packet
 * numbers received under them, and how long they are good. A packet's number is its nonce. The link hands out
 * numbers that only ever grow, so no nonce is used twice, which ChaCha20-Poly1305 demands (RFC 8439
 * section 4).
 */
import { MALFORMED, shortLived } from "../base/bytes.ts";
import type { Primitives } from "../base/crypto.ts";
import { REKEY_AFTER_MS, REKEY_AFTER_PACKETS, REKEY_PATIENCE_MS, SESSION_LIFE_MS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { Epoch } from "../wire/epoch.ts";
import { type Frame, readFrames } from "../wire/frame.ts";
import {
  OVERHEAD_BYTES,
  type Transport,
  TRANSPORT_HEADER_BYTES,
  writeTransportHeader,
} from "../wire/packet.ts";
import { ReplayWindow } from "../wire/replay_window.ts";

export interface SessionOptions {
  readonly primitives: Primitives;
  /** The peer writes this index into its packets to us. */
  readonly index: number;
  /** We write this index into our packets to the peer. */
  readonly peerIndex: number;
  /** 32 bytes, as is the other key. */
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
  /** True if we began the handshake. */
  readonly isInitiator: boolean;
  /** The epoch of the packet space that its packets belong to. */
  readonly epoch: Epoch;
  /** The peer's process as hexadecimal digits; another value means that the peer has restarted. */
  readonly peerProcess: string;
}

/** An authentic packet that was not received before. */
export interface Received {
  readonly session: Session;
  readonly number: number;
  /** True if its number is the highest under its session so far. */
  readonly isNewest: boolean;
  readonly frames: readonly Frame[];
  /** The length of the whole datagram. */
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
  /** How many packets were sealed. */
  #sent = 0;

  constructor(now: Millis, options: SessionOptions) {
    this.index = options.index;
    this.epoch = options.epoch;
    this.peerProcess = options.peerProcess;
    this.startedAt = now;
    this.#options = options;
  }

  /** When its keys are too old to send or to receive under, as WireGuard's REJECT_AFTER_TIME says. */
  get expiresAt(): Millis {
    return this.startedAt + SESSION_LIFE_MS;
  }

  /**
   * True if a new session should take its place. The initiator of this one sees to that; the responder waits
   * a while longer, so that not both begin a handshake at once (WireGuard whitepaper section 6.2).
   */
  isWorn(now: Millis): boolean {
    const patience = this.#options.isInitiator ? 0 : REKEY_PATIENCE_MS;
    return now - this.startedAt >= REKEY_AFTER_MS + patience || this.#sent >= REKEY_AFTER_PACKETS;
  }

  /**
   * Returns a whole datagram. No other packet of the link has this number. `frames` may be a writer's view:
   * they are sealed before anything else is written.
   */
  seal(number: number, frames: Uint8Array): Uint8Array {
    const { primitives, peerIndex, sendKey } = this.#options;
    this.#sent++;
    const datagram = shortLived(OVERHEAD_BYTES + frames.length);
    primitives.sealInto(datagram.subarray(TRANSPORT_HEADER_BYTES), sendKey, number, NONE, frames);
    writeTransportHeader(datagram, peerIndex, number);
    return datagram;
  }

  /**
   * Opens a packet. Returns `undefined` if the session is over, or the packet is not authentic, was received
   * before, or does not decode. The replay window is asked only after decryption (WireGuard whitepaper
   * section 5.4.6), so a forged number cannot move it.
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

/**
 * The sessions of one link. Packets leave under the present one; packets under the former one are still
 * taken, for some were on their way when it was replaced (WireGuard whitepaper section 6.3).
 */
export class Sessions {
  readonly #release: (index: number) => void;
  #present: Session | undefined;
  #former: Session | undefined;

  /** `release` is called with the index of each session that is over. */
  constructor(release: (index: number) => void) {
    this.#release = release;
  }

  get present(): Session | undefined {
    return this.#present;
  }

  /** Makes this session the present one. The one that was present becomes the former one. */
  add(session: Session): void {
    if (this.#former !== undefined) this.#release(this.#former.index);
    this.#former = this.#present;
    this.#present = session;
  }

  /** Ends the sessions when the present one is too old; the former one is older still. */
  expire(now: Millis): void {
    if (this.#present !== undefined && this.#present.expiresAt <= now) this.clear();
  }

  /** Ends both sessions. */
  clear(): void {
    for (const session of [this.#present, this.#former]) {
      if (session !== undefined) this.#release(session.index);
    }
    this.#present = undefined;
    this.#former = undefined;
  }
}

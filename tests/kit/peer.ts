/** The other end of a link, played by hand: its frames, its packets and its handshakes. */
import { Reader, Writer } from "../../core/base/bytes.ts";
import { KEY_BYTES, type KeyPair, type Primitives } from "../../core/base/crypto.ts";
import type { Address, Key, Millis, Random } from "../../core/base/units.ts";
import { PROLOGUE } from "../../core/link/initiator.ts";
import { encodeVerb, type Verb } from "../../core/messages/verb.ts";
import { CookieBaker, mac1Key, setMac1 } from "../../core/wire/cookie.ts";
import { type Epoch, EPOCH_BYTES, nextEpoch, NO_EPOCH } from "../../core/wire/epoch.ts";
import { type Frame, writeFrame } from "../../core/wire/frame.ts";
import { NoiseInitiator, NoiseResponder } from "../../core/wire/noise.ts";
import {
  decodePacket,
  encodeAnnounce,
  encodeInitiation,
  encodeResponse,
  type Initiation,
  MAC_BYTES,
  PROCESS_BYTES,
  type Response,
} from "../../core/wire/packet.ts";
import { encodeTransport } from "./datagram.ts";

const NONE = new Uint8Array(0);

// ---- frames ----------------------------------------------------------------------------------------------

export const verbOf = (nick: string): Verb => ({ type: "keepAlive", nick });

export const unordered = (number: number, verb: Verb): Frame => ({
  type: "unordered",
  number,
  verb: encodeVerb(verb),
});

export const acking = (low: number, high = low, delay = 0): Frame => ({
  type: "ack",
  ranges: [[low, high]],
  delay,
});

export const PING: Frame = { type: "ping" };

/** The same with its last bit changed. */
export function altered(bytes: Uint8Array, at = bytes.length - 1): Uint8Array {
  return bytes.map((byte, index) => index === at ? byte ^ 1 : byte);
}

// ---- the peer --------------------------------------------------------------------------------------------

/** The keys of a handshake, as the peer has them. */
export interface PeerSession {
  /** The index that we write into packets to the peer, and the one that it writes into those to us. */
  readonly index: number;
  readonly ownIndex: number;
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
}

/** A handshake of the peer's that waits for its response. */
export interface PeerHandshake {
  readonly bytes: Uint8Array;
  finish(response: Uint8Array): PeerSession;
}

/** The other end of a link, in the hands of the test: it keeps to the grammar and to nothing else. */
export class Peer {
  readonly keyPair: KeyPair;
  process = "000000bb";
  /** The epoch that it believes to be in. */
  epoch: Epoch = NO_EPOCH;
  /** All that it ever had; packets leave under the newest. */
  readonly sessions: PeerSession[] = [];
  /** The number of its last packet. */
  number = 0;
  readonly #primitives: Primitives;
  readonly #random: Random;
  readonly #ownKey: Uint8Array;
  #lastIndex = 0xaa0000;

  /** `ownKey`: of whoever is tested. */
  constructor(primitives: Primitives, random: Random, ownKey: Uint8Array) {
    this.#primitives = primitives;
    this.#random = random;
    this.#ownKey = ownKey;
    this.keyPair = primitives.keyPair(random(KEY_BYTES));
  }

  get key(): Key {
    return this.keyPair.publicKey.toHex();
  }

  get session(): PeerSession | undefined {
    return this.sessions.at(-1);
  }

  initiation(timestamp: Millis, epoch = this.epoch): PeerHandshake {
    const primitives = this.#primitives;
    const ephemeral = primitives.keyPair(this.#random(KEY_BYTES));
    const parameters = { primitives, prologue: PROLOGUE, staticKey: this.keyPair };
    const initiator = new NoiseInitiator(parameters, ephemeral, this.#ownKey);
    const payload = new Writer();
    payload.u48(timestamp);
    payload.hex(this.process);
    payload.hex(epoch);
    const index = ++this.#lastIndex;
    const bytes = encodeInitiation(index, initiator.writeMessage(payload.finish())!);
    setMac1(primitives, mac1Key(primitives, this.#ownKey), bytes, bytes.length - MAC_BYTES);
    return {
      bytes,
      finish: (response) => {
        const packet = decodePacket(response) as Response;
        const answer = initiator.readMessage(packet.noise)!;
        const reader = new Reader(answer.payload);
        reader.hex(PROCESS_BYTES);
        this.epoch = reader.hex(EPOCH_BYTES);
        const { initiator: sendKey, responder: receiveKey } = answer.keys;
        return this.#begin({ index, ownIndex: packet.sender, sendKey, receiveKey });
      },
    };
  }

  /** A genuine response. It goes on with a conversation that both have, unless told otherwise. */
  answer(initiation: Uint8Array, epoch?: Epoch): { bytes: Uint8Array; session: PeerSession } {
    const primitives = this.#primitives;
    const packet = decodePacket(initiation) as Initiation;
    const responder = new NoiseResponder({ primitives, prologue: PROLOGUE, staticKey: this.keyPair });
    const payload = new Reader(responder.readMessage(packet.noise)!.payload);
    payload.u48();
    payload.hex(PROCESS_BYTES);
    const proposed = payload.hex(EPOCH_BYTES);
    const goesOn = proposed !== NO_EPOCH && proposed === this.epoch;
    this.epoch = epoch ?? (goesOn ? proposed : nextEpoch(this.#random, proposed, this.epoch) ?? proposed);
    const answer = new Writer();
    answer.hex(this.process);
    answer.hex(this.epoch);
    const { message, keys } = responder.writeMessage(
      primitives.keyPair(this.#random(KEY_BYTES)),
      answer.finish(),
    )!;
    const index = ++this.#lastIndex;
    const bytes = encodeResponse(index, packet.sender, message);
    setMac1(primitives, mac1Key(primitives, this.#ownKey), bytes, bytes.length);
    const session = { index, ownIndex: packet.sender, sendKey: keys.responder, receiveKey: keys.initiator };
    return { bytes, session: this.#begin(session) };
  }

  #begin(session: PeerSession): PeerSession {
    this.sessions.push(session);
    return session;
  }

  /** The answer to a question for its key. */
  announcement(nonce: Uint8Array): Uint8Array {
    const { publicKey } = this.keyPair;
    const bytes = encodeAnnounce(nonce, publicKey, "peer");
    setMac1(this.#primitives, mac1Key(this.#primitives, publicKey), bytes, bytes.length);
    return bytes;
  }

  /** A cookie instead of a response. */
  cookieReply(now: Millis, from: Address, initiation: Uint8Array): Uint8Array {
    const baker = new CookieBaker(this.#primitives, this.#random, this.keyPair.publicKey);
    return baker.reply(now, from, decodePacket(initiation) as Initiation);
  }

  /** Its next packet, or the one of a number. */
  packet(frames: readonly Frame[], { number = ++this.number, session = this.session } = {}): Uint8Array {
    const writer = new Writer();
    for (const frame of frames) writeFrame(writer, frame);
    const { ownIndex, sendKey } = session ?? { ownIndex: 0xffffffff, sendKey: new Uint8Array(KEY_BYTES) };
    const sealed = this.#primitives.seal(sendKey, number, NONE, writer.finish());
    return encodeTransport(ownIndex, number, sealed);
  }
}

/** Somebody who has keys and makes genuine packets of anything. */
import { equalAddresses } from "../../core/base/address.ts";
import { MALFORMED } from "../../core/base/bytes.ts";
import { PART_BYTES } from "../../core/base/limits.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import { decodeVerb, encodeVerb, type Verb } from "../../core/messages/verb.ts";
import { hasMac1, mac1Key } from "../../core/wire/cookie.ts";
import type { Frame } from "../../core/wire/frame.ts";
import { decodePacket, MAC_BYTES } from "../../core/wire/packet.ts";
import { cheapPrimitives as primitives } from "../kit/cheap_primitives.ts";
import type { Dice } from "../kit/dice.ts";
import { acking, Peer, type PeerHandshake, PING } from "../kit/peer.ts";
import { opened, type Sent } from "../kit/sent.ts";
import { anyAck, anyFrame } from "./hostile.ts";
import type { Say } from "./says.ts";

/** The wire's largest number for which a nonce is taken. */
const LAST_NUMBER = Number.MAX_SAFE_INTEGER;

/** Verbs that it remembers. */
const MOST_HEARD = 10;

export interface InsiderOptions {
  /** Where it is, and where it only seems to be now and then: from there it never answers a challenge. */
  readonly address: Address;
  readonly spoofed: Address;
  /** Of whoever it talks to. */
  readonly ownKey: Uint8Array;
  /** Which of its keys it has. */
  readonly secret: Uint8Array;
  readonly say: Say;
  /** Is told of all that it hears, and of all that it says. */
  readonly hears?: (verb: Verb) => void;
  readonly says?: (verb: Verb) => void;
}

export class Insider {
  readonly address: Address;
  readonly spoofed: Address;
  readonly peer: Peer;
  readonly #dice: Dice;
  readonly #options: InsiderOptions;
  #heard: readonly Verb[] = [];
  #handshake: PeerHandshake | undefined;
  #newest = 0;
  #challenge: Uint8Array | undefined;
  #ordered = 0;
  #unordered = 0;

  constructor(dice: Dice, options: InsiderOptions) {
    const { address, spoofed, ownKey, secret } = options;
    this.#dice = dice;
    this.#options = options;
    this.address = address;
    this.spoofed = spoofed;
    let isFirst = true;
    const random = (count: number) => {
      const bytes = isFirst ? secret : dice.bytes(count);
      isFirst = false;
      return bytes;
    };
    this.peer = new Peer(primitives, random, ownKey);
  }

  /** Takes what was sent to its address, or to that where it is not; returns its answer. */
  hear(now: Millis, to: Address, bytes: Uint8Array): Uint8Array | undefined {
    if (!equalAddresses(to, this.address)) return undefined;
    const sent = opened(to, bytes);
    switch (sent.packet.type) {
      case "discover":
        return this.peer.announcement(sent.packet.nonce);
      case "initiation":
        return this.#isForUs(bytes, bytes.length - MAC_BYTES) ? this.#onInitiation(now, bytes) : undefined;
      case "response":
        return this.#isForUs(bytes, bytes.length) ? this.#finish(sent) : undefined;
      case "transport":
        return this.#note(sent);
      default:
        return undefined;
    }
  }

  /** Others have indices like ours, and what they have begun may be repeated from our address. */
  #isForUs(bytes: Uint8Array, end: number): boolean {
    return hasMac1(primitives, mac1Key(primitives, this.peer.keyPair.publicKey), bytes, end);
  }

  #onInitiation(now: Millis, bytes: Uint8Array): Uint8Array | undefined {
    if (this.#dice.happens(0.1)) return undefined;
    return this.#dice.happens(0.1) ? this.peer.cookieReply(now, this.address, bytes) : this.#answer(bytes);
  }

  #answer(initiation: Uint8Array): Uint8Array {
    const epochs = [
      undefined,
      undefined,
      undefined,
      "0".repeat(16),
      "f".repeat(16),
      this.#dice.bytes(8).toHex(),
    ];
    const { bytes } = this.peer.answer(initiation, this.#dice.pick(epochs));
    this.#beginAnew();
    return bytes;
  }

  #finish({ packet, bytes }: Sent): Uint8Array | undefined {
    const handshake = this.#handshake;
    const own = handshake === undefined ? MALFORMED : decodePacket(handshake.bytes);
    if (packet.type !== "response" || handshake === undefined || own === MALFORMED) return undefined;
    if (own.type !== "initiation" || own.sender !== packet.receiver) return undefined;
    const former = this.peer.epoch;
    handshake.finish(bytes);
    this.#handshake = undefined;
    if (former !== this.peer.epoch) this.#beginAnew();
    return this.peer.packet([PING]);
  }

  #beginAnew(): void {
    this.#ordered = this.#unordered = this.#newest = 0;
    if (this.peer.number > 2 ** 40) this.peer.number = 0;
  }

  #note({ packet, frames, verbs }: Sent): Uint8Array | undefined {
    this.#heard = [...this.#heard, ...verbs].slice(-MOST_HEARD);
    for (const verb of verbs) this.#options.hears?.(verb);
    if (packet.type === "transport") this.#newest = Math.max(this.#newest, packet.number);
    for (const frame of frames) if (frame.type === "challenge") this.#challenge = frame.data;
    return undefined;
  }

  /** The next thing it says, and from where. */
  speak(now: Millis): { from: Address; bytes: Uint8Array } {
    const dice = this.#dice;
    const { address: from, peer } = this;
    if (dice.happens(0.01)) peer.process = dice.bytes(4).toHex();
    if (dice.happens(0.01)) peer.epoch = dice.bytes(8).toHex();
    if (peer.session === undefined || dice.happens(0.03)) return { from, bytes: this.#initiate(now) };
    const session = dice.happens(0.02) ? dice.pick(peer.sessions) : peer.session;
    const jump = dice.happens(0.01) ? dice.pick([2, 100, 2048, 5000, 2 ** 33]) : 0;
    const number = dice.happens(0.0005) ? LAST_NUMBER : peer.number += 1 + jump;
    if (dice.happens(0.07)) {
      return { from: this.spoofed, bytes: peer.packet(this.#spoofedFrames(), { number, session }) };
    }
    return { from, bytes: peer.packet(this.frames(), { number, session }) };
  }

  /** Initiations one after the other. */
  storm(now: Millis, count: number): Uint8Array[] {
    return Array.from({ length: count }, () => this.#initiate(now));
  }

  #initiate(now: Millis): Uint8Array {
    const timestamp = this.#dice.pick([now, now, now, now, 0, now + 1e6, 2 ** 48 - 1]);
    this.#handshake = this.peer.initiation(timestamp);
    return this.#handshake.bytes;
  }

  /** Of somebody who does not get what is sent to where he seems to be. */
  #spoofedFrames(): Frame[] {
    return this.frames().filter(({ type }) => type !== "response");
  }

  frames(): Frame[] {
    const dice = this.#dice;
    const frames: Frame[] = [];
    if (dice.happens(0.5) && this.#newest > 0) {
      frames.push(acking(Math.max(1, this.#newest - 30), this.#newest));
    }
    if (this.#challenge !== undefined && dice.happens(0.5)) {
      frames.push({ type: "response", data: this.#challenge });
      this.#challenge = undefined;
    }
    for (let bytes = 0, more = dice.below(4); more > 0; more--) {
      const frame = this.#anyFrame();
      bytes += "verb" in frame ? frame.verb.length : "bytes" in frame ? frame.bytes.length : 0;
      if (bytes > PART_BYTES) break;
      frames.push(frame);
      const verb = "verb" in frame ? decodeVerb(frame.verb) : MALFORMED;
      if (verb !== MALFORMED) this.#options.says?.(verb);
    }
    return frames;
  }

  #anyFrame(): Frame {
    const dice = this.#dice;
    if (dice.happens(0.05)) return anyAck(dice);
    if (dice.happens(0.15)) return anyFrame(dice);
    if (dice.happens(0.05)) return anyFrame(dice, this.#ordered + dice.below(4));
    const verb = encodeVerb(this.#options.say(dice, this.#heard)).subarray(0, PART_BYTES);
    switch (dice.below(3)) {
      case 0:
        return { type: "told", verb };
      case 1:
        return { type: "unordered", number: ++this.#unordered, verb };
      default:
        return { type: "ordered", number: ++this.#ordered, verb };
    }
  }
}

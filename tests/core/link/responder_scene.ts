/** A responder, all that it knows, and those who write to it. */
import { assert } from "@std/assert";
import { KEY_BYTES } from "../../../core/base/crypto.ts";
import {
  CALM_HANDSHAKES_MS,
  HANDSHAKES_BURST_MS,
  HOST_INITIATIONS_BURST,
} from "../../../core/base/limits.ts";
import type { Address, Millis } from "../../../core/base/units.ts";
import { type KnownPeer, Responder } from "../../../core/link/responder.ts";
import { CookieJar, mac1Key, setMac1 } from "../../../core/wire/cookie.ts";
import { type Epoch, NO_EPOCH } from "../../../core/wire/epoch.ts";
import {
  type CookieReply,
  decodePacket,
  type Initiation,
  MAC_BYTES,
  type Response,
} from "../../../core/wire/packet.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { Dice } from "../../kit/dice.ts";
import { altered, Peer } from "../../kit/peer.ts";

export const NOW = 1_000_000;
const STRANGER: KnownPeer = { initiatedAt: () => -Infinity, epoch: NO_EPOCH, lastEpoch: NO_EPOCH };
export const FROM: Address = { host: "10.9.9.9", port: 9 };
/** In the middle of the Noise message. */
const IN_NOISE = 60;

/** The hosts of so many strangers. */
export function hostOf(count: number): Address {
  return { host: `10.1.${count >> 8}.${count & 255}`, port: 9 };
}

export type Load = "calm" | "busy" | "overloaded" | "insistent" | "spent";

export class TestResponder {
  readonly dice = new Dice(1);
  readonly ownKey = primitives.keyPair(this.dice.bytes(KEY_BYTES));
  readonly peer = this.newPeer();
  readonly known = new Map<string, KnownPeer>();
  /** Indices in use. */
  readonly indices = new Set<number>();
  #lastIndex = 0;
  /** What each handshake takes. */
  handshakeTakes: Millis = 1;
  /** The stopwatch is read before and after each. */
  #readings = 0;
  readonly responder = new Responder({
    primitives,
    ownKey: this.ownKey,
    random: (count) => this.dice.bytes(count),
    processId: () => "000000aa",
    chance: () => 0.5,
    timestamp: (now) => now,
    stopwatch: () => ++this.#readings % 2 === 0 ? this.handshakeTakes : 0,
    releaseIndex: (index) => assert(this.indices.delete(index), "released twice"),
  }, {
    peer: (key) => this.known.get(key) ?? STRANGER,
    newIndex: () => {
      this.indices.add(++this.#lastIndex);
      return this.#lastIndex;
    },
  });

  /** How many were computed. */
  get handshakes(): number {
    return this.#readings / 2;
  }

  newPeer(ownKey = this.ownKey): Peer {
    return new Peer(primitives, (count) => this.dice.bytes(count), ownKey.publicKey);
  }

  receive(now: Millis, bytes: Uint8Array, from = FROM): Uint8Array | undefined {
    return this.responder.receive(now, from, decodePacket(bytes) as Initiation);
  }

  /**
   * A cookie for an address. While all is calm nobody gets one, so that ends first: with a few of its own.
   */
  cookie(now: Millis, from = FROM): CookieJar {
    const question = decodePacket(this.nonsense(now)) as Initiation;
    let reply: Uint8Array | undefined;
    while (reply === undefined) reply = this.receive(now, question.bytes, from);
    const { salt, sealed } = decodePacket(reply) as CookieReply;
    const jar = new CookieJar(primitives, this.ownKey.publicKey);
    assert(jar.takeCookie(now, salt, sealed, question.mac1));
    return jar;
  }

  /** The same with mac2. */
  withCookie(now: Millis, bytes: Uint8Array, from = FROM, jar = this.cookie(now, from)): Uint8Array {
    const copy = bytes.slice();
    jar.setMac2(now, copy);
    return copy;
  }

  /** With a good mac1: that needs no secret, only the responder's key. */
  nonsense(timestamp: Millis): Uint8Array {
    const bytes = altered(this.peer.initiation(timestamp).bytes, IN_NOISE);
    setMac1(primitives, mac1Key(primitives, this.ownKey.publicKey), bytes, bytes.length - MAC_BYTES);
    return bytes;
  }

  /** As many initiations come as it takes, from everywhere or from FROM; they mean nothing. */
  load(now: Millis, load: Load): void {
    const bytes = this.nonsense(now);
    const come = (count: number, hasCookie: boolean, fromOf: (count: number) => Address) => {
      for (let at = 0; at < count; at++) {
        const from = fromOf(at);
        this.receive(now, hasCookie ? this.withCookie(now, bytes, from) : bytes, from);
      }
    };
    if (load === "busy" || load === "overloaded") come(CALM_HANDSHAKES_MS, false, hostOf);
    if (load === "overloaded") come(HANDSHAKES_BURST_MS, true, hostOf);
    if (load === "insistent" || load === "spent") come(HOST_INITIATIONS_BURST, false, () => FROM);
    if (load === "spent") come(HOST_INITIATIONS_BURST, true, () => FROM);
  }

  /** The answer is confirmed by a first packet, as the links do it. */
  confirm(response: Uint8Array): void {
    const unconfirmed = this.responder.get(NOW, (decodePacket(response) as Response).sender)!;
    this.responder.confirm(unconfirmed);
    const { session, peer, timestamp } = unconfirmed;
    const initiatedAt = (process: string) => process === session.peerProcess ? timestamp : -Infinity;
    this.known.set(peer, { initiatedAt, epoch: session.epoch, lastEpoch: session.epoch });
  }

  /** The epoch that answers a proposal, for somebody of whom this is known. */
  named(proposed: Epoch, known: Partial<KnownPeer> = {}): Epoch {
    this.known.set(this.peer.key, { ...STRANGER, ...known });
    const handshake = this.peer.initiation(NOW, proposed);
    handshake.finish(this.receive(NOW, handshake.bytes)!);
    return this.peer.epoch;
  }
}

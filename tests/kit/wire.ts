/** Links and peers for tests that play one end of the wire by hand. Cheap primitives seal nothing: all is read. */
import { assertGreater } from "@std/assert";
import { MALFORMED, Reader, Writer } from "../../core/base/bytes.ts";
import { KEY_BYTES, type KeyPair, type Primitives, TAG_BYTES } from "../../core/base/crypto.ts";
import type { Address, Datagram, Key, Millis, Random } from "../../core/base/units.ts";
import { PROLOGUE } from "../../core/link/initiator.ts";
import type { Link } from "../../core/link/link.ts";
import { type Arrival, Links } from "../../core/link/links.ts";
import type { Output } from "../../core/machine.ts";
import { decodeVerb, encodeVerb, type Verb } from "../../core/messages/verb.ts";
import { CookieBaker, mac1Key, setMac1 } from "../../core/wire/cookie.ts";
import { type Epoch, EPOCH_BYTES, nextEpoch, NO_EPOCH } from "../../core/wire/epoch.ts";
import { type Frame, readFrames, writeFrame } from "../../core/wire/frame.ts";
import { NoiseInitiator, NoiseResponder } from "../../core/wire/noise.ts";
import {
  decodePacket,
  encodeAnnounce,
  encodeInitiation,
  encodeResponse,
  encodeTransport,
  type Initiation,
  MAC_BYTES,
  type Packet,
  PROCESS_BYTES,
  type Response,
} from "../../core/wire/packet.ts";
import { Dice } from "../simulator/random.ts";
import { cheapPrimitives } from "./cheap_primitives.ts";

export const PEER: Address = { host: "10.0.0.2", port: 2 };
export const ELSEWHERE: Address = { host: "10.0.0.3", port: 3 };

const NONE = new Uint8Array(0);

// ---- reading ---------------------------------------------------------------------------------------------

export interface Sent {
  readonly to: Address;
  readonly bytes: Uint8Array;
  readonly packet: Packet;
  /** Of a transport packet. */
  readonly frames: readonly Frame[];
  /** What it says, except for parts of it; the first one is `verb`. */
  readonly verbs: readonly Verb[];
  readonly verb: Verb | undefined;
}

/** Takes a datagram apart. */
export function opened(to: Address, bytes: Uint8Array): Sent {
  const packet = decodePacket(bytes);
  if (packet === MALFORMED) throw new Error("a malformed packet");
  const frames = packet.type === "transport" ? readFrames(packet.sealed.slice(0, -TAG_BYTES)) : [];
  if (frames === MALFORMED) throw new Error("malformed frames");
  const verbs = frames.flatMap((frame) => {
    const verb = "verb" in frame && frame.verb.length > 0 ? decodeVerb(frame.verb) : undefined;
    if (verb === MALFORMED) throw new Error("a malformed verb");
    return verb === undefined ? [] : [verb];
  });
  return { to, bytes, packet, frames, verbs, verb: verbs[0] };
}

export function sent(outputs: readonly (Datagram | Output)[]): Sent[] {
  return outputs.flatMap((output) => "bytes" in output ? [opened(output.to, output.bytes)] : []);
}

/** A packet in short: `initiation`, or the frames of a transport packet: `ack keepAlive`. */
export function nameOf({ packet, frames }: Sent): string {
  if (packet.type !== "transport") return packet.type;
  return frames.map((frame) => {
    if (!("verb" in frame)) return frame.type;
    const verb = decodeVerb(frame.verb);
    return verb === MALFORMED ? "nothing" : verb.type;
  }).join(" ");
}

export function named(outputs: readonly Output[]): string[] {
  return sent(outputs).map(nameOf);
}

/** The number of a transport packet; 0 for others. */
export function numberOf({ packet }: Sent): number {
  return packet.type === "transport" ? packet.number : 0;
}

// ---- writing ---------------------------------------------------------------------------------------------

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
export function forged(bytes: Uint8Array, at = bytes.length - 1): Uint8Array {
  return bytes.map((byte, index) => index === at ? byte ^ 1 : byte);
}

// ---- the other end ---------------------------------------------------------------------------------------

/** The keys of a handshake, as the peer has them. */
export interface PeerSession {
  /** What we write into packets to the peer, and it into those to us. */
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
  /** Of the conversation that it believes to be in. */
  epoch: Epoch = NO_EPOCH;
  /** All that it ever had; packets leave under the newest. */
  readonly sessions: PeerSession[] = [];
  /** Of its last packet. */
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

// ---- the end that is tested ------------------------------------------------------------------------------

export interface TestLinkOptions {
  readonly addresses?: readonly Address[];
  /** Whether the peer is asked for its key, which is not known. */
  readonly asks?: boolean;
  readonly keepsAlive?: boolean;
  readonly name?: string;
  readonly primitives?: Primitives;
  readonly seed?: number;
}

/** A table of links with one link in it, whose jitter is in the hands of the test. */
export class TestLink {
  chance = 0.5;
  readonly links: Links;
  readonly link: Link;
  readonly peer: Peer;
  readonly ownKey: KeyPair;
  /** All that ever left. */
  readonly left: Sent[] = [];

  constructor(now: Millis, options: TestLinkOptions = {}) {
    const { addresses = [PEER], asks = false, keepsAlive = false, seed = 1 } = options;
    const { primitives = cheapPrimitives } = options;
    const dice = new Dice(seed);
    this.ownKey = primitives.keyPair(dice.bytes(KEY_BYTES));
    let last = 0;
    this.links = new Links({
      primitives,
      // Two bytes are a chance.
      random: (count) => count === 2 ? Uint8Array.of(Math.floor(this.chance * 256), 0) : dice.bytes(count),
      ownKey: this.ownKey,
      timestamp: (at) => last = Math.max(Math.floor(at), last + 1),
      name: options.name,
      keepsAlive,
    });
    this.peer = new Peer(primitives, (count) => dice.bytes(count), this.ownKey.publicKey);
    this.link = asks
      ? this.links.openServer(now, undefined, addresses[0]!)
      : this.links.open(now, this.peer.key, addresses);
  }

  /**
   * The same with a session, one packet acknowledged and nothing under way, so that the window is open. Packets
   * take `rtt` there and back, and so do the first ones, before `now`.
   */
  static withPath(
    now: Millis,
    addresses: readonly Address[] = [PEER],
    { rtt = 0, ...options }: TestLinkOptions & { rtt?: Millis } = {},
  ): TestLink {
    const test = new TestLink(now - 2 * rtt, { addresses, ...options });
    test.connect(now - 2 * rtt, rtt);
    return test;
  }

  /** A handshake that we begin, and the first packet, acknowledged. */
  connect(begin: Millis, rtt: Millis = 0): void {
    this.link.send(begin, verbOf("first"));
    const initiation = this.take(begin).find(({ packet }) => packet.type === "initiation")!;
    this.receive(begin + rtt, this.peer.answer(initiation.bytes).bytes, initiation.to);
    const first = this.take(begin + rtt).at(-1)!;
    this.receive(begin + 2 * rtt, this.peer.packet([acking(numberOf(first))]), initiation.to);
    this.take(begin + 2 * rtt);
  }

  receive(now: Millis, bytes: Uint8Array, from: Address = PEER): Arrival | undefined {
    return this.links.receive(now, from, bytes);
  }

  /** What leaves now. After that the next instant to act is always a later one. */
  take(now: Millis): Sent[] {
    const leaving = sent(this.links.takeDatagrams(now));
    this.left.push(...leaving);
    assertGreater(this.links.deadline, now, "the deadline stays in the past");
    return leaving;
  }

  named(now: Millis): string[] {
    return this.take(now).map(nameOf);
  }

  /** Lets time go by, from deadline to deadline, up to and with `end`; returns what left, and when. */
  run(begin: Millis, end: Millis): (Sent & { at: Millis })[] {
    const all = [];
    for (let now = begin; (now = Math.max(now, this.links.deadline)) <= end;) {
      for (const one of this.take(now)) all.push({ ...one, at: now });
    }
    return all;
  }

  /** The newest initiation that left, or the one before it. */
  initiation(back = 0): Uint8Array | undefined {
    const all = this.left.filter(({ packet }) => packet.type === "initiation").map(({ bytes }) => bytes);
    const different = all.filter((bytes, at) => at === 0 || bytes.toHex() !== all[at - 1]!.toHex());
    return different.at(-1 - back);
  }

  /** The peer acknowledges everything that has left. */
  acknowledge(now: Millis, from: Address = PEER): void {
    const last = Math.max(...this.left.map(numberOf));
    this.receive(now, this.peer.packet([acking(1, last)]), from);
  }

  /** The peer begins a handshake and finishes it; its first packet confirms the session. */
  peerConnects(now: Millis, from: Address = PEER): PeerSession {
    const handshake = this.peer.initiation(now);
    this.receive(now, handshake.bytes, from);
    const response = this.take(now).find(({ packet }) => packet.type === "response")!;
    const session = handshake.finish(response.bytes);
    this.receive(now, this.peer.packet([PING]), from);
    this.take(now);
    return session;
  }
}

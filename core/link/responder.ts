/**
 * The responder's side of handshakes (docs/protocol.md sections 1 and 2): it decides which initiations get an
 * answer, and keeps the sessions that wait for their first packet. Until that packet has come, nothing is
 * replaced, no address is stored with a link, and nothing but the response is sent: the initiation may be a
 * replay, and its source address anybody's. Under load it answers with cookies (WireGuard whitepaper
 * section 5.3).
 */
import { equalAddresses } from "../base/address.ts";
import { Reader, Writer } from "../base/bytes.ts";
import { KEY_BYTES } from "../base/crypto.ts";
import {
  CALM_HANDSHAKES_MS,
  HANDSHAKES_BURST_MS,
  HANDSHAKES_MS,
  HOST_INITIATIONS_BURST,
  HOST_INITIATIONS_PER_SECOND,
  UNCONFIRMED_MS,
  UNCONFIRMED_PER_PEER,
  UNCONFIRMED_SESSIONS,
} from "../base/limits.ts";
import { HostRates, Rate } from "../base/rate.ts";
import type { Address, Key, Millis } from "../base/units.ts";
import { CookieBaker, hasMac1, mac1Key, setMac1 } from "../wire/cookie.ts";
import { type Epoch, EPOCH_BYTES, isWithinReach, nextEpoch, NO_EPOCH } from "../wire/epoch.ts";
import { NoiseResponder } from "../wire/noise.ts";
import { encodeResponse, type Initiation, MAC_BYTES, PROCESS_BYTES } from "../wire/packet.ts";
import { type HandshakeContext, PROLOGUE } from "./initiator.ts";
import { Session } from "./session.ts";

/** A session under which no packet of its initiator has come yet. */
export interface Unconfirmed {
  readonly session: Session;
  readonly peer: Key;
  /** The response went here; `undefined` once it went to several places, for then a packet proves none. */
  address: Address | undefined;
  /** The time in the initiation. */
  readonly timestamp: Millis;
  /** The initiation's mac1 as hexadecimal digits, by which a repeated one is recognised. */
  readonly mac1: string;
  /** The whole datagram of the response. */
  readonly response: Uint8Array;
  /** When the initiation first came. */
  readonly at: Millis;
  /** How often the response has left. */
  departures: number;
}

/** The state of the links towards a peer that initiates. */
export interface KnownPeer {
  /** The time in the newest initiation of this process that led to a session; -Infinity without one. */
  initiatedAt(run: string): Millis;
  /** The epoch of the packet space that we share with it; `NO_EPOCH` without one. */
  readonly epoch: Epoch;
  /** The highest epoch that we have had with it. */
  readonly lastEpoch: Epoch;
}

export interface ResponderOptions {
  /** Looks up the holder of this key. */
  peer(key: Key): KnownPeer;
  /** An index that no other handshake or session of ours has. */
  newIndex(): number;
}

export class Responder {
  readonly #context: HandshakeContext;
  readonly #options: ResponderOptions;
  readonly #mac1Key: Uint8Array;
  readonly #baker: CookieBaker;
  /** The milliseconds that handshakes may take. When these are used up, initiations need a cookie. */
  readonly #calm = new Rate(CALM_HANDSHAKES_MS);
  /** When these are used up, none is answered. */
  readonly #most = new Rate(HANDSHAKES_MS, HANDSHAKES_BURST_MS);
  /**
   * The rates of hosts, once by the address that an initiation claims to come from, once by an address that a
   * cookie has proved. A forged address uses up the first rate of its owner, but never the second.
   */
  readonly #claimed = new HostRates(HOST_INITIATIONS_PER_SECOND, HOST_INITIATIONS_BURST);
  readonly #proved = new HostRates(HOST_INITIATIONS_PER_SECOND, HOST_INITIATIONS_BURST);
  /** All sessions that wait, by our index, oldest first. */
  readonly #unconfirmed = new Map<number, Unconfirmed>();
  /** Those of one peer, oldest first. If the newest response is lost, the peer uses an earlier one. */
  readonly #byPeer = new Map<Key, Unconfirmed[]>();
  readonly #byMac1 = new Map<string, Unconfirmed>();

  constructor(context: HandshakeContext, options: ResponderOptions) {
    this.#context = context;
    this.#options = options;
    const { primitives, ownKey, random } = context;
    this.#mac1Key = mac1Key(primitives, ownKey.publicKey);
    this.#baker = new CookieBaker(primitives, random, ownKey.publicKey);
  }

  /** How many sessions wait for their first packet. */
  get size(): number {
    return this.#unconfirmed.size;
  }

  /** The session that waits under this index of ours. */
  get(now: Millis, index: number): Unconfirmed | undefined {
    this.#expire(now);
    return this.#unconfirmed.get(index);
  }

  /** True if a session that this peer began waits for its first packet. */
  awaits(now: Millis, peer: Key): boolean {
    this.#expire(now);
    return this.#byPeer.has(peer);
  }

  /** Takes out a session that a packet has confirmed, and drops those that the peer began earlier. */
  confirm(confirmed: Unconfirmed): void {
    this.#remove(confirmed);
    for (const other of this.#byPeer.get(confirmed.peer) ?? []) {
      const isEarlier = other.timestamp < confirmed.timestamp;
      if (isEarlier && other.session.peerProcess === confirmed.session.peerProcess) this.#drop(other);
    }
  }

  /** Forgets all sessions of a peer that wait. */
  forget(peer: Key): void {
    for (const unconfirmed of this.#byPeer.get(peer) ?? []) this.#drop(unconfirmed);
  }

  /** Takes an initiation. Returns the datagram that answers it; `undefined` if it deserves none. */
  receive(now: Millis, from: Address, initiation: Initiation): Uint8Array | undefined {
    const { primitives } = this.#context;
    this.#expire(now);
    const { bytes } = initiation;
    // mac1 shows that the sender knows our key. Scanners do not, and get no answer.
    if (!hasMac1(primitives, this.#mac1Key, bytes, bytes.length - MAC_BYTES)) return undefined;
    // A repeated initiation: the response was lost, or is late. To send it again costs nothing.
    const repeated = this.#byMac1.get(initiation.mac1.toHex());
    if (repeated !== undefined) return this.#repeat(from, repeated);
    // Above either rate we answer only senders that a cookie has shown to receive at their address.
    const isCalm = this.#claimed.take(now, from) && this.#calm.has(now);
    if (!isCalm && !this.#baker.hasMac2(now, from, initiation)) {
      return this.#baker.reply(now, from, initiation);
    }
    if (!isCalm && !this.#proved.take(now, from)) return undefined;
    if (!this.#most.has(now)) return undefined;
    const began = this.#context.stopwatch();
    const response = this.#respond(now, from, initiation);
    const taken = this.#context.stopwatch() - began;
    if (isCalm) this.#calm.spend(taken);
    this.#most.spend(taken);
    return response;
  }

  /** Counts one more departure of a response, and where it goes. */
  #repeat(from: Address, unconfirmed: Unconfirmed): Uint8Array {
    unconfirmed.departures++;
    const { address } = unconfirmed;
    if (address !== undefined && !equalAddresses(address, from)) unconfirmed.address = undefined;
    return unconfirmed.response;
  }

  /**
   * Makes the response, and a session that waits for its first packet. Returns `undefined` for an initiation
   * that is forged, or whose time is not later than all earlier ones of its process: it is a replay
   * (WireGuard whitepaper section 5.1). The clocks of two machines with one key need not agree.
   */
  #respond(now: Millis, from: Address, initiation: Initiation): Uint8Array | undefined {
    const { sender, noise } = initiation;
    const mac1 = initiation.mac1.toHex();
    const { primitives, ownKey, random } = this.#context;
    const responder = new NoiseResponder({ primitives, prologue: PROLOGUE, staticKey: ownKey });
    const message = responder.readMessage(noise);
    if (message === undefined) return undefined;
    const peer = message.remoteStatic.toHex();
    const payload = new Reader(message.payload);
    const [timestamp, peerProcess] = [payload.u48(), payload.hex(PROCESS_BYTES)];
    const proposed = payload.hex(EPOCH_BYTES);
    const waiting = this.#byPeer.get(peer) ?? [];
    const known = this.#options.peer(peer);
    const ofProcess = waiting.findLast(({ session }) => session.peerProcess === peerProcess);
    const newestAt = Math.max(known.initiatedAt(peerProcess), ofProcess?.timestamp ?? -Infinity);
    if (!payload.done || timestamp <= newestAt) return undefined;

    // The peer proposes the epoch that it has. It may have it from a response of ours whose session still
    // waits: its packets may be on their way already, and in another epoch their verbs would come a second
    // time.
    const isWaiting = proposed > known.lastEpoch && waiting.some(({ session }) => session.epoch === proposed);
    const goesOn = proposed !== NO_EPOCH && (proposed === known.epoch || isWaiting);
    const last = waiting.at(-1)?.session.epoch ?? NO_EPOCH;
    const epoch = goesOn ? proposed : nextEpoch(random, proposed, known.lastEpoch, last);
    // A peer that makes up epochs gets no answer: the last epoch would end the link for good.
    const highest = known.lastEpoch > last ? known.lastEpoch : last;
    if (epoch === undefined || !isWithinReach(proposed, highest)) return undefined;
    const ephemeral = primitives.keyPair(random(KEY_BYTES));
    const answer = new Writer();
    answer.hex(this.#context.processId(peer));
    answer.hex(epoch);
    const reply = responder.writeMessage(ephemeral, answer.finish());
    if (reply === undefined) return undefined;
    const index = this.#options.newIndex();
    const response = encodeResponse(index, sender, reply.message);
    setMac1(primitives, mac1Key(primitives, message.remoteStatic), response, response.length);
    const session = new Session(now, {
      primitives,
      index,
      peerIndex: sender,
      sendKey: reply.keys.responder,
      receiveKey: reply.keys.initiator,
      isInitiator: false,
      epoch,
      peerProcess,
    });
    this.#add({ session, peer, address: from, timestamp, mac1, response, at: now, departures: 1 });
    return response;
  }

  /** At each of the limits the oldest session gives way. */
  #add(unconfirmed: Unconfirmed): void {
    if (this.#unconfirmed.size >= UNCONFIRMED_SESSIONS) this.#drop(this.#unconfirmed.values().next().value!);
    const ofPeer = this.#byPeer.get(unconfirmed.peer) ?? [];
    if (ofPeer.length >= UNCONFIRMED_PER_PEER) this.#drop(ofPeer[0]!);
    this.#unconfirmed.set(unconfirmed.session.index, unconfirmed);
    this.#byPeer.set(unconfirmed.peer, [...this.#byPeer.get(unconfirmed.peer) ?? [], unconfirmed]);
    this.#byMac1.set(unconfirmed.mac1, unconfirmed);
  }

  /** Takes a session out and leaves its index in use. */
  #remove(unconfirmed: Unconfirmed): void {
    const { session, peer, mac1 } = unconfirmed;
    this.#unconfirmed.delete(session.index);
    const others = this.#byPeer.get(peer)!.filter((other) => other !== unconfirmed);
    if (others.length > 0) this.#byPeer.set(peer, others);
    else this.#byPeer.delete(peer);
    this.#byMac1.delete(mac1);
  }

  /** Takes a session out for good. */
  #drop(unconfirmed: Unconfirmed): void {
    this.#remove(unconfirmed);
    this.#context.releaseIndex(unconfirmed.session.index);
  }

  /** Drops the sessions whose first packet has not come in time. */
  #expire(now: Millis): void {
    for (const unconfirmed of this.#unconfirmed.values()) {
      if (now - unconfirmed.at < UNCONFIRMED_MS) return;
      this.#drop(unconfirmed);
    }
  }
}

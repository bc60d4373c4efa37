/**
 * The responder's side of handshakes: who gets an answer, and sessions that wait for their first packet. Until
 * that packet has come nothing is replaced, no address is stored with a link and nothing but the response is
 * sent: an initiation may be a replay, and its source anybody's.
 */
import { equalAddresses } from "../base/address.ts";
import { Reader, Writer } from "../base/bytes.ts";
import { KEY_BYTES } from "../base/crypto.ts";
import {
  HANDSHAKES_PER_SECOND,
  HOST_INITIATIONS_BURST,
  HOST_INITIATIONS_PER_SECOND,
  INITIATIONS_PER_SECOND,
  UNCONFIRMED_MS,
  UNCONFIRMED_PER_PEER,
  UNCONFIRMED_SESSIONS,
} from "../base/limits.ts";
import { HostRates, Rate } from "../base/rate.ts";
import type { Address, Key, Millis } from "../base/units.ts";
import { CookieBaker, hasMac1, mac1Key, setMac1 } from "../wire/cookie.ts";
import { type Epoch, EPOCH_BYTES, nextEpoch, NO_EPOCH } from "../wire/epoch.ts";
import { NoiseResponder } from "../wire/noise.ts";
import { encodeResponse, type Initiation, MAC_BYTES, PROCESS_BYTES } from "../wire/packet.ts";
import { type HandshakeContext, PROLOGUE } from "./initiator.ts";
import { Session } from "./session.ts";

/** A session whose initiator has not been heard under it. */
export interface Unconfirmed {
  readonly session: Session;
  readonly peer: Key;
  /** Where the response went; `undefined` once it has gone to several places: then an answer proves none of them. */
  address: Address | undefined;
  readonly timestamp: Millis;
  /** The initiation's mac1, by which a repeated one is known. */
  readonly mac1: string;
  readonly response: Uint8Array;
  readonly at: Millis;
  /** How often the response has left. */
  departures: number;
}

/** What the links know of a peer that initiates. */
export interface KnownPeer {
  /** Of its newest initiation; -Infinity without one. */
  readonly timestamp: Millis;
  /** Of the conversation that we have with it. */
  readonly epoch: Epoch;
  /** The highest that we have had. */
  readonly lastEpoch: Epoch;
}

export interface ResponderOptions {
  /** What the links know of whoever has this key. */
  peer(key: Key): KnownPeer;
  /** An index that no other handshake or session of ours has. */
  newIndex(): number;
}

export class Responder {
  readonly #context: HandshakeContext;
  readonly #options: ResponderOptions;
  readonly #mac1Key: Uint8Array;
  readonly #baker: CookieBaker;
  readonly #calm = new Rate(INITIATIONS_PER_SECOND);
  readonly #most = new Rate(HANDSHAKES_PER_SECOND);
  /** Of addresses as they are claimed, and of those that a cookie has proved: nobody uses up what is another's. */
  readonly #claimed = new HostRates(HOST_INITIATIONS_PER_SECOND, HOST_INITIATIONS_BURST);
  readonly #proved = new HostRates(HOST_INITIATIONS_PER_SECOND, HOST_INITIATIONS_BURST);
  /** By our index, oldest first. */
  readonly #unconfirmed = new Map<number, Unconfirmed>();
  /** Oldest first. More than one: the response to the newest may be lost, and the peer goes on with one before. */
  readonly #byPeer = new Map<Key, Unconfirmed[]>();
  readonly #byMac1 = new Map<string, Unconfirmed>();

  constructor(context: HandshakeContext, options: ResponderOptions) {
    this.#context = context;
    this.#options = options;
    const { primitives, ownKey, random } = context;
    this.#mac1Key = mac1Key(primitives, ownKey.publicKey);
    this.#baker = new CookieBaker(primitives, random, ownKey.publicKey);
  }

  get(now: Millis, index: number): Unconfirmed | undefined {
    this.#expire(now);
    return this.#unconfirmed.get(index);
  }

  /** Takes one out that is confirmed; what the peer began before is of no use any more. */
  confirm(confirmed: Unconfirmed): void {
    this.#remove(confirmed);
    for (const other of this.#byPeer.get(confirmed.peer) ?? []) {
      if (other.timestamp < confirmed.timestamp) this.#drop(other);
    }
  }

  /** Forgets what a peer began. */
  forget(peer: Key): void {
    for (const unconfirmed of this.#byPeer.get(peer) ?? []) this.#drop(unconfirmed);
  }

  /** The datagram that answers; `undefined` when the initiation deserves none. */
  receive(now: Millis, from: Address, initiation: Initiation): Uint8Array | undefined {
    const { primitives } = this.#context;
    this.#expire(now);
    const { bytes } = initiation;
    if (!hasMac1(primitives, this.#mac1Key, bytes, bytes.length - MAC_BYTES)) return undefined;
    // The same once more: the response was lost, or is late. That costs nothing.
    const repeated = this.#byMac1.get(initiation.mac1.toHex());
    if (repeated !== undefined) return this.#repeat(from, repeated);
    const isCalm = this.#claimed.take(now, from) && this.#calm.take(now);
    if (!isCalm && !this.#baker.hasMac2(now, from, initiation)) {
      return this.#baker.reply(now, from, initiation);
    }
    if (!isCalm && !this.#proved.take(now, from)) return undefined;
    return this.#most.take(now) ? this.#respond(now, from, initiation) : undefined;
  }

  #repeat(from: Address, unconfirmed: Unconfirmed): Uint8Array {
    unconfirmed.departures++;
    const { address } = unconfirmed;
    if (address !== undefined && !equalAddresses(address, from)) unconfirmed.address = undefined;
    return unconfirmed.response;
  }

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
    const newest = waiting.at(-1);
    const known = this.#options.peer(peer);
    if (!payload.done || timestamp <= Math.max(known.timestamp, newest?.timestamp ?? -Infinity)) {
      return undefined;
    }

    // Of one that waits as well: what the peer says in it may be on its way, and must not be told twice.
    const isWaiting = proposed > known.lastEpoch && waiting.some(({ session }) => session.epoch === proposed);
    const goesOn = proposed !== NO_EPOCH && (proposed === known.epoch || isWaiting);
    const last = newest?.session.epoch ?? NO_EPOCH;
    const epoch = goesOn ? proposed : nextEpoch(random, proposed, known.lastEpoch, last);
    if (epoch === undefined) return undefined;
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

  #add(unconfirmed: Unconfirmed): void {
    if (this.#unconfirmed.size >= UNCONFIRMED_SESSIONS) this.#drop(this.#unconfirmed.values().next().value!);
    const ofPeer = this.#byPeer.get(unconfirmed.peer) ?? [];
    if (ofPeer.length >= UNCONFIRMED_PER_PEER) this.#drop(ofPeer[0]!);
    this.#unconfirmed.set(unconfirmed.session.index, unconfirmed);
    this.#byPeer.set(unconfirmed.peer, [...this.#byPeer.get(unconfirmed.peer) ?? [], unconfirmed]);
    this.#byMac1.set(unconfirmed.mac1, unconfirmed);
  }

  #remove(unconfirmed: Unconfirmed): void {
    const { session, peer, mac1 } = unconfirmed;
    this.#unconfirmed.delete(session.index);
    const others = this.#byPeer.get(peer)!.filter((other) => other !== unconfirmed);
    if (others.length > 0) this.#byPeer.set(peer, others);
    else this.#byPeer.delete(peer);
    this.#byMac1.delete(mac1);
  }

  #drop(unconfirmed: Unconfirmed): void {
    this.#remove(unconfirmed);
    this.#context.releaseIndex(unconfirmed.session.index);
  }

  #expire(now: Millis): void {
    for (const unconfirmed of this.#unconfirmed.values()) {
      if (now - unconfirmed.at < UNCONFIRMED_MS) return;
      this.#drop(unconfirmed);
    }
  }
}

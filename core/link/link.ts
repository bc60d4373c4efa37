/**
 * A link towards one peer: the one place that turns verbs into datagrams and back. It is what a connection is
 * in QUIC: sessions come and go under it, packet numbers, parcels and the congestion window stay.
 *
 *     closed --something to send--> seeking --response--> open <--two probe timeouts, or 10 minutes--> renewing
 *        ^                             |                   |                                             |
 *        +----------------- 30 s of silence while something waits ---------------------------------------+
 *
 * A peer opens it as well, by an initiation and a first packet under its session. Conversations are told apart by
 * their epoch: what was numbered in one means nothing in the next.
 */
import { Writer } from "../base/bytes.ts";
import { HANDSHAKE_AFTER_TIMEOUTS, LINK_DEAD_MS } from "../base/limits.ts";
import type { Address, Datagram, Key, Millis } from "../base/units.ts";
import { encodeVerb, type Verb } from "../messages/verb.ts";
import { type Epoch, NO_EPOCH } from "../wire/epoch.ts";
import { CHALLENGE_BYTES } from "../wire/frame.ts";
import { FRAMES_BYTES, OVERHEAD_BYTES, type Response } from "../wire/packet.ts";
import { type HandshakeContext, Initiator } from "./initiator.ts";
import { Lifetime } from "./lifetime.ts";
import { PacketSpace } from "./packet_space.ts";
import type { Budget } from "./parcel_receiver.ts";
import { ParcelSender } from "./parcel_sender.ts";
import { Path, Route } from "./path.ts";
import { type Received, type Session, Sessions } from "./session.ts";

/** What a link needs from the table of links it belongs to. */
export interface LinkContext extends HandshakeContext {
  readonly budget: Budget;
  /** Whether quiet links are kept alive. */
  readonly keepsAlive: boolean;
  newIndex(link: Link): number;
  /** Forgets what a peer began and has not confirmed: it is of a conversation that is over. */
  forget(peer: Key): void;
  /** The link has something to do. */
  touched(link: Link): void;
}

/** Room for an acknowledgement of one range, a challenge and an answer to one; with less no packet is made. */
const LEAST_FRAMES_BYTES = 64;

export interface LinkOptions {
  /** Who is to be at the other end; `undefined` until that is known. */
  readonly peer: Key | undefined;
  readonly addresses: readonly Address[];
  /** Whether its address is asked for the peer's key, at first or when nothing else helps. */
  readonly asksForKey: boolean;
}

export class Link {
  /** Whether the owner wants it to stay, however long it is silent. */
  kept = false;
  /** The time in the newest initiation of the peer's that led to a session. */
  newestInitiation: Millis = -Infinity;
  readonly #context: LinkContext;
  readonly asksForKey: boolean;
  #peer: Key | undefined;
  readonly #route: Route;

  #peerProcess: string | undefined;
  #lastEpoch: Epoch = NO_EPOCH;
  readonly #sessions: Sessions;
  #initiator: Initiator | undefined;
  #packetSpace: PacketSpace | undefined;
  readonly #parcels = new ParcelSender();
  #lastNumber = 0;

  readonly #life: Lifetime;

  constructor(now: Millis, context: LinkContext, { peer, addresses, asksForKey }: LinkOptions) {
    this.#context = context;
    this.#sessions = new Sessions((index) => context.releaseIndex(index));
    this.#peer = peer;
    this.#route = new Route(addresses);
    this.asksForKey = asksForKey;
    this.#life = new Lifetime(now);
  }

  /** Who is at the other end: the public key; `undefined` until it is known. */
  get peer(): Key | undefined {
    return this.#peer;
  }

  /** Which process was there last. */
  get peerProcess(): string | undefined {
    return this.#peerProcess;
  }

  /** Of the conversation that goes on, or `NO_EPOCH`. */
  get epoch(): Epoch {
    return this.#packetSpace === undefined ? NO_EPOCH : this.#lastEpoch;
  }

  /** The highest that there has been. */
  get lastEpoch(): Epoch {
    return this.#lastEpoch;
  }

  /** When the last authentic packet came; -Infinity before the first. */
  get heardAt(): Millis {
    return this.#life.heardAt;
  }

  /** Where the peer is, as far as is proved (`isProved`: the present path is), or else said. */
  get address(): Address {
    return this.#route.address;
  }

  get isProved(): boolean {
    return this.#route.path?.isValidated ?? false;
  }

  get probeTimeout(): Millis {
    return this.#packetSpace?.recovery.probeTimeout ?? 0;
  }

  /** Whether a reliable verb of this tag is still on its way. */
  has(tag: string): boolean {
    return this.#parcels.has(tag);
  }

  /** When the last part of a verb first left; `undefined` while some of it waits. */
  departedAt(tag: string): Millis | undefined {
    return this.#parcels.departedAt(tag);
  }

  /** Whether an announcement answers our question for the peer's key. */
  asked(nonce: Uint8Array): boolean {
    return this.#initiator?.asked(nonce) ?? false;
  }

  get #isBusy(): boolean {
    return this.#parcels.isBusy || (this.#packetSpace?.isBusy ?? false);
  }

  /** Sends until it is acknowledged. A second verb of the same tag is not sent while the first is on its way. */
  send(now: Millis, verb: Verb, tag?: string): void {
    this.#life.note(now, this.#isBusy);
    if (this.#deathAt <= now) this.#die(now);
    if (tag !== undefined && this.#parcels.has(tag)) return;
    this.#use(now);
    this.#parcels.send(encodeVerb(verb), "body" in verb, tag);
  }

  /** Sends in the place of what is on its way under the same tag: the peer may have taken that, and answered no. */
  sendAfresh(now: Millis, verb: Verb, tag: string): void {
    this.cancel(tag);
    this.send(now, verb, tag);
  }

  /** Sends once and forgets. Without a session there is nobody to send to. */
  tell(now: Millis, verb: Verb): void {
    if (this.#sessions.present === undefined) return;
    this.#use(now);
    this.#parcels.tell(encodeVerb(verb));
  }

  /** A person waits for an answer: who seeks the peer less and less often begins anew. */
  urge(now: Millis): void {
    this.#initiator?.urge(now);
    this.#context.touched(this);
  }

  /** Stops sending the verb of this tag. */
  cancel(tag: string): void {
    this.#parcels.cancel(tag);
    this.#context.touched(this);
  }

  /** Other places where the peer may be; they are tried when the present one falls silent. */
  setAddresses(now: Millis, addresses: readonly Address[]): void {
    if (this.#route.learn(addresses)) this.#startHandshake(now);
    this.#context.touched(this);
  }

  setPeer(now: Millis, peer: Key): void {
    this.#peer = peer;
    this.#initiator?.setPeer(now, peer);
    this.#context.touched(this);
  }

  #use(now: Millis): void {
    this.#life.used(now);
    this.#context.touched(this);
  }

  // ---- sessions ------------------------------------------------------------------------------------------

  /** An answer to our initiation: the session, and whether the peer is in a new process. */
  receiveResponse(
    now: Millis,
    from: Address,
    response: Response,
  ): { session: Session; restarted: boolean } | undefined {
    const answer = this.#initiator?.receiveResponse(now, from, response);
    if (answer === undefined) return undefined;
    const path = answer.isProved ? new Path(from) : this.#unproved(from);
    const restarted = this.adopt(now, answer.session, path, answer.rtt);
    if (restarted === undefined) return undefined;
    this.#route.received(from, response.bytes.length);
    this.#life.heard(now);
    // The peer sends nothing before it has heard us under the new keys.
    this.#packetSpace!.owePing();
    return { session: answer.session, restarted };
  }

  receiveCookie(now: Millis, reply: Parameters<Initiator["receiveCookie"]>[1]): void {
    this.#initiator?.receiveCookie(now, reply);
    this.#context.touched(this);
  }

  /**
   * From now on packets leave under this session; those of the one before are still good. `rtt` is the round
   * trip of the handshake, if it can be told. Returns whether the peer is in a new process; `undefined` when a
   * higher epoch has come before the session's.
   */
  adopt(now: Millis, session: Session, path: Path, rtt: Millis | undefined): boolean | undefined {
    const goesOn = this.#packetSpace !== undefined && session.epoch === this.#lastEpoch;
    if (!goesOn && session.epoch <= this.#lastEpoch) {
      this.#context.releaseIndex(session.index);
      return undefined;
    }
    const former = this.#peerProcess;
    const restarted = former !== undefined && former !== session.peerProcess;
    if (!goesOn) this.#beginConversation(now, session, restarted);
    this.#sessions.add(session);
    this.#stopHandshake();
    this.#setPath(now, path);
    if (rtt !== undefined) this.#packetSpace!.recovery.sample(now, rtt);
    this.#context.touched(this);
    return restarted;
  }

  /** What was meant for a former process is not for this one; its owner decides what to say again. */
  #beginConversation(now: Millis, { epoch, peerProcess }: Session, restarted: boolean): void {
    this.#endConversation();
    if (restarted) this.#parcels.clear();
    else this.#parcels.restart();
    this.#lastEpoch = epoch;
    this.#peerProcess = peerProcess;
    const { budget, chance } = this.#context;
    this.#packetSpace = new PacketSpace(now, this.#parcels, budget, chance);
  }

  #endConversation(): void {
    this.#sessions.clear();
    this.#packetSpace?.close();
    this.#packetSpace = undefined;
  }

  /** Nobody answers: what waits is dropped; whoever owns it submits it again. */
  #die(now: Millis): void {
    this.close();
    this.#parcels.clear();
    this.#life.note(now, this.#isBusy);
  }

  /** Lets go of everything that others know the link by. */
  close(): void {
    this.#endConversation();
    this.#stopHandshake();
    this.#route.leave();
    this.#lastEpoch = NO_EPOCH;
    if (this.#peer !== undefined) this.#context.forget(this.#peer);
  }

  #startHandshake(now: Millis): void {
    if (this.#initiator !== undefined) return;
    this.#initiator = new Initiator(now, {
      context: this.#context,
      newIndex: () => this.#context.newIndex(this),
      epoch: this.epoch,
      peer: this.#peer,
      asksForKey: this.asksForKey,
    });
  }

  #stopHandshake(): void {
    this.#initiator?.close();
    this.#initiator = undefined;
  }

  // ---- paths ---------------------------------------------------------------------------------------------

  #setPath(now: Millis, path: Path): void {
    // Another port of the same host is most likely the same path (RFC 9000 section 9.4).
    if (this.#route.take(path)) this.#packetSpace?.recovery.pathChanged(now);
    if (!path.isValidated) this.#packetSpace?.owePing();
  }

  #unproved(address: Address): Path {
    return new Path(address, this.#context.random(CHALLENGE_BYTES));
  }

  // ---- what comes in -------------------------------------------------------------------------------------

  /** Takes an authentic packet; returns what it says. */
  receive(now: Millis, from: Address, packet: Received): readonly Verb[] {
    const { session, number, isNewest, frames, bytes } = packet;
    const packetSpace = this.#packetSpace!;
    this.#life.heard(now);
    if (isNewest && session === this.#sessions.present && this.#route.isLeftBehind(from)) {
      this.#setPath(now, this.#unproved(from));
    }
    this.#route.received(from, bytes);
    const before = packetSpace.recovery.packetsInFlight;
    const { verbs, response } = packetSpace.receive(now, number, frames);
    if (packetSpace.recovery.packetsInFlight < before) this.#onProgress(now);
    if (response !== undefined) this.#route.answered(response);
    if (verbs.length > 0) this.#life.used(now);
    this.#context.touched(this);
    return verbs;
  }

  /** The peer has acknowledged something: a handshake that only asked whether it is there has its answer. */
  #onProgress(now: Millis): void {
    this.#life.progressed(now);
    if (this.#parcels.isBusy) this.#life.used(now);
    if (!this.#sessions.present!.isWorn(now)) this.#stopHandshake();
  }

  // ---- what goes out -------------------------------------------------------------------------------------

  /** When there is something to do. */
  get deadline(): Millis {
    const handshakeDue = this.#initiator?.deadline ?? Infinity;
    const end = Math.min(this.#deathAt, this.#idleAt, handshakeDue);
    return this.#sessions.present === undefined
      ? end
      : Math.min(end, this.#packetSpace!.deadline, this.#pingAt);
  }

  get #deathAt(): Millis {
    const lackingSince = this.#packetSpace?.lackingSince ?? Infinity;
    return Math.min(this.#life.deathAt, lackingSince + LINK_DEAD_MS);
  }

  get #idleAt(): Millis {
    return this.kept || this.#parcels.isBusy ? Infinity : this.#life.idleAt;
  }

  /** A link that is busy is heard of anyway, one that is about to be forgotten need not be. */
  get #pingAt(): Millis {
    if (this.kept || this.#isBusy || !this.#context.keepsAlive) return Infinity;
    return this.#life.pingAt < this.#idleAt ? this.#life.pingAt : Infinity;
  }

  isIdle(now: Millis): boolean {
    return this.#idleAt <= now;
  }

  /** Everything that is to leave now. */
  takeDatagrams(now: Millis): Datagram[] {
    const out: Datagram[] = [];
    this.#life.note(now, this.#isBusy);
    if (this.#deathAt <= now) this.#die(now);
    this.#sessions.expire(now);
    const session = this.#sessions.present;
    if (session !== undefined) this.#flush(now, session, out);
    else if (this.#isBusy) this.#startHandshake(now);
    else this.#stopHandshake();
    if (this.#initiator !== undefined) {
      out.push(...this.#initiator.takeDatagrams(now, this.#route.candidates));
    }
    this.#life.note(now, this.#isBusy);
    return out;
  }

  #flush(now: Millis, session: Session, out: Datagram[]): void {
    const packetSpace = this.#packetSpace!;
    const path = this.#route.path!;
    const timeouts = packetSpace.runTimers(now);
    if (timeouts >= HANDSHAKE_AFTER_TIMEOUTS || session.isWorn(now)) this.#startHandshake(now);
    if (this.#pingAt <= now) this.#packetSpace!.owePing();
    let most = FRAMES_BYTES;
    // The packet that takes what an unproved path has room for is the last one.
    while (most === FRAMES_BYTES && packetSpace.mayWrite(now)) {
      most = Math.min(FRAMES_BYTES, path.room - OVERHEAD_BYTES);
      if (most < LEAST_FRAMES_BYTES) break;
      const writer = new Writer();
      const content = packetSpace.write(now, writer, most, path.challenge);
      const bytes = this.#transmit(now, session, path, writer, out);
      packetSpace.recovery.sent(now, this.#lastNumber, bytes, content);
    }
    if (!packetSpace.isAckDue(now)) return;
    if (path.room < OVERHEAD_BYTES + LEAST_FRAMES_BYTES) return packetSpace.postponeAck();
    const writer = new Writer();
    packetSpace.writeAck(now, writer, Math.min(FRAMES_BYTES, path.room - OVERHEAD_BYTES));
    this.#transmit(now, session, path, writer, out);
    packetSpace.recovery.skip(this.#lastNumber);
  }

  #transmit(now: Millis, session: Session, path: Path, writer: Writer, out: Datagram[]): number {
    const bytes = session.seal(++this.#lastNumber, writer.finish());
    path.sent(bytes.length);
    this.#life.sent(now);
    out.push({ to: path.address, bytes });
    return bytes.length;
  }
}

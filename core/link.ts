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
import { Writer } from "./base/bytes.ts";
import { HANDSHAKE_AFTER_TIMEOUTS, LINK_DEAD_MS } from "./base/limits.ts";
import type { Address, Key, Millis } from "./base/units.ts";
import { Conversation } from "./conversation.ts";
import { type Epoch, NO_EPOCH } from "./epoch.ts";
import { CHALLENGE_BYTES } from "./frame.ts";
import { Handshake, type HandshakeContext } from "./handshake.ts";
import { Lifetime } from "./lifetime.ts";
import type { Output } from "./machine.ts";
import { FRAMES_BYTES, OVERHEAD_BYTES, type Response } from "./packet.ts";
import { ParcelSender } from "./parcels.ts";
import { Path } from "./path.ts";
import type { Budget } from "./reassembly.ts";
import { Route } from "./route.ts";
import type { Received, Session } from "./session.ts";
import { Sessions } from "./sessions.ts";
import { encodeVerb, type Verb } from "./verb.ts";

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
  #handshake: Handshake | undefined;
  #conversation: Conversation | undefined;
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
    return this.#conversation === undefined ? NO_EPOCH : this.#lastEpoch;
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
    return this.#conversation?.recovery.probeTimeout ?? 0;
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
    return this.#handshake?.asked(nonce) ?? false;
  }

  get #isBusy(): boolean {
    return this.#parcels.isBusy || (this.#conversation?.isBusy ?? false);
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
    this.#handshake?.urge(now);
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
    this.#handshake?.setPeer(now, peer);
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
    const answer = this.#handshake?.receiveResponse(now, from, response);
    if (answer === undefined) return undefined;
    const path = answer.isProved ? new Path(from) : this.#unproved(from);
    const restarted = this.adopt(now, answer.session, path, answer.rtt);
    if (restarted === undefined) return undefined;
    this.#route.received(from, response.bytes.length);
    this.#life.heard(now);
    // The peer sends nothing before it has heard us under the new keys.
    this.#conversation!.owePing();
    return { session: answer.session, restarted };
  }

  receiveCookie(now: Millis, reply: Parameters<Handshake["receiveCookie"]>[1]): void {
    this.#handshake?.receiveCookie(now, reply);
    this.#context.touched(this);
  }

  /**
   * From now on packets leave under this session; those of the one before are still good. `rtt` is the round
   * trip of the handshake, if it can be told. Returns whether the peer is in a new process; `undefined` when a
   * higher epoch has come before the session's.
   */
  adopt(now: Millis, session: Session, path: Path, rtt: Millis | undefined): boolean | undefined {
    const goesOn = this.#conversation !== undefined && session.epoch === this.#lastEpoch;
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
    if (rtt !== undefined) this.#conversation!.recovery.sample(now, rtt);
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
    this.#conversation = new Conversation(now, this.#parcels, budget, chance);
  }

  #endConversation(): void {
    this.#sessions.clear();
    this.#conversation?.close();
    this.#conversation = undefined;
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
    if (this.#handshake !== undefined) return;
    this.#handshake = new Handshake(now, {
      context: this.#context,
      newIndex: () => this.#context.newIndex(this),
      epoch: this.epoch,
      peer: this.#peer,
      asksForKey: this.asksForKey,
    });
  }

  #stopHandshake(): void {
    this.#handshake?.close();
    this.#handshake = undefined;
  }

  // ---- paths ---------------------------------------------------------------------------------------------

  #setPath(now: Millis, path: Path): void {
    // Another port of the same host is most likely the same path (RFC 9000 section 9.4).
    if (this.#route.take(path)) this.#conversation?.recovery.pathChanged(now);
    if (!path.isValidated) this.#conversation?.owePing();
  }

  #unproved(address: Address): Path {
    return new Path(address, this.#context.random(CHALLENGE_BYTES));
  }

  // ---- what comes in -------------------------------------------------------------------------------------

  /** Takes an authentic packet; returns what it says. */
  receive(now: Millis, from: Address, packet: Received): readonly Verb[] {
    const { session, number, isNewest, frames, bytes } = packet;
    const conversation = this.#conversation!;
    this.#life.heard(now);
    if (isNewest && session === this.#sessions.present && this.#route.isLeftBehind(from)) {
      this.#setPath(now, this.#unproved(from));
    }
    this.#route.received(from, bytes);
    const before = conversation.recovery.packetsInFlight;
    const { verbs, response } = conversation.receive(now, number, frames);
    if (conversation.recovery.packetsInFlight < before) this.#onProgress(now);
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
    const handshakeDue = this.#handshake?.deadline ?? Infinity;
    const end = Math.min(this.#deathAt, this.#idleAt, handshakeDue);
    return this.#sessions.present === undefined
      ? end
      : Math.min(end, this.#conversation!.deadline, this.#pingAt);
  }

  get #deathAt(): Millis {
    const lackingSince = this.#conversation?.lackingSince ?? Infinity;
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
  take(now: Millis): Output[] {
    const out: Output[] = [];
    this.#life.note(now, this.#isBusy);
    if (this.#deathAt <= now) this.#die(now);
    this.#sessions.expire(now);
    const session = this.#sessions.present;
    if (session !== undefined) this.#flush(now, session, out);
    else if (this.#isBusy) this.#startHandshake(now);
    else this.#stopHandshake();
    if (this.#handshake !== undefined) out.push(...this.#handshake.take(now, this.#route.candidates));
    this.#life.note(now, this.#isBusy);
    return out;
  }

  #flush(now: Millis, session: Session, out: Output[]): void {
    const conversation = this.#conversation!;
    const path = this.#route.path!;
    const timeouts = conversation.runTimers(now);
    if (timeouts >= HANDSHAKE_AFTER_TIMEOUTS || session.isWorn(now)) this.#startHandshake(now);
    if (this.#pingAt <= now) this.#conversation!.owePing();
    let most = FRAMES_BYTES;
    // The packet that takes what an unproved path has room for is the last one.
    while (most === FRAMES_BYTES && conversation.mayWrite(now)) {
      most = Math.min(FRAMES_BYTES, path.room - OVERHEAD_BYTES);
      if (most < LEAST_FRAMES_BYTES) break;
      const writer = new Writer();
      const content = conversation.write(now, writer, most, path.challenge);
      const bytes = this.#transmit(now, session, path, writer, out);
      conversation.recovery.sent(now, this.#lastNumber, bytes, content);
    }
    if (!conversation.isAckDue(now)) return;
    if (path.room < OVERHEAD_BYTES + LEAST_FRAMES_BYTES) return conversation.postponeAck();
    const writer = new Writer();
    conversation.writeAck(now, writer, Math.min(FRAMES_BYTES, path.room - OVERHEAD_BYTES));
    this.#transmit(now, session, path, writer, out);
    conversation.recovery.skip(this.#lastNumber);
  }

  #transmit(now: Millis, session: Session, path: Path, writer: Writer, out: Output[]): number {
    const bytes = session.seal(++this.#lastNumber, writer.finish());
    path.sent(bytes.length);
    this.#life.sent(now);
    out.push({ type: "transmit", to: path.address, bytes });
    return bytes.length;
  }
}

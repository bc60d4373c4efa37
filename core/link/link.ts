/**
 * A link to one peer: the one place that turns verbs into datagrams and back. It is to a peer what a
 * connection is in QUIC: sessions and paths come and go under it; packet numbers, parcels and the congestion
 * window stay. Its states are in `link_states.ts`.
 *
 * The peer may open it as well, by an initiation and a first packet under its session. A packet space has an
 * epoch: numbers of one epoch mean nothing in the next (docs/protocol.md section 2).
 */
import { remember } from "../base/bounded_map.ts";
import { Writer } from "../base/bytes.ts";
import { HANDSHAKE_AFTER_TIMEOUTS, INTRODUCED_MS, LINK_DEAD_MS, PROCESSES_PER_PEER } from "../base/limits.ts";
import type { Address, Datagram, Key, Millis } from "../base/units.ts";
import { encodeOnce, encodeVerb, isOrdered, type Verb, verbInPieces } from "../messages/verb.ts";
import { type Epoch, isWithinReach, NO_EPOCH } from "../wire/epoch.ts";
import { CHALLENGE_BYTES, writeFrame } from "../wire/frame.ts";
import { FRAMES_BYTES, OVERHEAD_BYTES, type Response } from "../wire/packet.ts";
import { type HandshakeContext, Initiator } from "./initiator.ts";
import { Lifetime } from "./lifetime.ts";
import { LINK, type LinkEvent, type LinkState } from "./link_states.ts";
import { PacketSpace } from "./packet_space.ts";
import type { Budget } from "./parcel_receiver.ts";
import { NEVER_SENT, ParcelSender, type Sending } from "./parcel_sender.ts";
import { Path, Route } from "./path.ts";
import type { Quality } from "./recovery.ts";
import { type Received, type Session, Sessions } from "./session.ts";

/** The table of links that a link belongs to, as far as the link needs it. */
export interface LinkContext extends HandshakeContext {
  /** The memory for unfinished parcels, which all links of the process share. */
  readonly budget: Budget;
  /** True if quiet links send pings, so that NATs do not forget them. */
  readonly keepsAlive: boolean;
  /** Makes an index by which packets find this link. */
  newIndex(link: Link): number;
  /** Forgets the sessions that a peer has begun and not confirmed: their packet space is over. */
  forget(peer: Key): void;
  /** The link may have something to send, or a new deadline. */
  touched(link: Link): void;
}

/** Room for an acknowledgement of one range, a challenge and an answer. With less no packet is made. */
const LEAST_FRAMES_BYTES = 64;
const CHALLENGE_FRAME_BYTES = 1 + CHALLENGE_BYTES;

export interface LinkOptions {
  /** The peer's public key; `undefined` until it is known. */
  readonly peer: Key | undefined;
  /** The addresses where the peer may be, the likeliest first. */
  readonly addresses: readonly Address[];
  /** The address where the peer was last proved to be, if we have had a link to it before. */
  readonly proved?: Address | undefined;
  /** True if discovers ask for the peer's key: at once while none is known, later if ours gets no answer. */
  readonly asksForKey: boolean;
}

export class Link {
  /** True if the owner wants the link to stay, however long it is silent. */
  kept = false;
  readonly #context: LinkContext;
  readonly asksForKey: boolean;
  #peer: Key | undefined;
  readonly #route: Route;

  #peerProcess: string | undefined;
  #lastEpoch: Epoch = NO_EPOCH;
  readonly #sessions: Sessions;
  #initiator: Initiator | undefined;
  #packetSpace: PacketSpace | undefined;
  readonly #parcels: ParcelSender;
  /** The number of the last packet. It never begins anew, since it is the nonce as well. */
  #lastNumber = 0;
  /** Until then a handshake goes on although nothing waits. */
  #soughtUntil: Millis = -Infinity;

  readonly #life: Lifetime;
  /** For each of the peer's last processes the time in its newest initiation that led to a session. */
  readonly #initiations = new Map<string, Millis>();

  constructor(now: Millis, context: LinkContext, { peer, addresses, proved, asksForKey }: LinkOptions) {
    this.#context = context;
    this.#parcels = new ParcelSender(() => context.touched(this));
    this.#sessions = new Sessions((index) => context.releaseIndex(index));
    this.#peer = peer;
    this.#route = new Route(addresses, proved);
    this.asksForKey = asksForKey;
    this.#life = new Lifetime(now);
  }

  /** The peer's public key; `undefined` until it is known. */
  get peer(): Key | undefined {
    return this.#peer;
  }

  /** The peer's process that was heard last, as hexadecimal digits; `undefined` before the first session. */
  get peerProcess(): string | undefined {
    return this.#peerProcess;
  }

  /** Initiations of this process of the peer up to this time are replays; -Infinity if there was none. */
  initiatedAt(run: string): Millis {
    return this.#initiations.get(run) ?? -Infinity;
  }

  noteInitiation(run: string, timestamp: Millis): void {
    remember(this.#initiations, run, timestamp, PROCESSES_PER_PEER);
  }

  /** The epoch of the present packet space; `NO_EPOCH` if there is none. */
  get epoch(): Epoch {
    return this.#packetSpace === undefined ? NO_EPOCH : this.#lastEpoch;
  }

  /** The highest epoch since the link was last closed. */
  get lastEpoch(): Epoch {
    return this.#lastEpoch;
  }

  /** When the last authentic packet came; -Infinity before the first. */
  get heardAt(): Millis {
    return this.#life.heardAt;
  }

  /** The peer's address: the last one that was proved, or else the first that we were told. */
  get address(): Address {
    return this.#route.address;
  }

  /** The last address that the peer has proved. */
  get proved(): Address | undefined {
    return this.#route.proved;
  }

  /** True if an acknowledgement leaves now, in a packet of its own if nothing takes it along. */
  owesAck(now: Millis): boolean {
    return this.#packetSpace?.isAckDue(now) ?? false;
  }

  /** True while there is a session. */
  get isOpen(): boolean {
    return this.#sessions.present !== undefined;
  }

  /** True if the peer has proved the address that packets go to now. */
  get isProved(): boolean {
    return this.#route.path?.isValidated ?? false;
  }

  /** How the way to the peer has been; `undefined` without a session. */
  get quality(): Quality | undefined {
    return this.#packetSpace?.recovery.quality;
  }

  /** The probe timeout without back-off (RFC 9002 section 6.2.1); 0 without a session. */
  get probeTimeout(): Millis {
    return this.#packetSpace?.recovery.probeTimeout ?? 0;
  }

  /** True while a verb that was sent under this tag is not acknowledged. */
  has(tag: string): boolean {
    return this.#parcels.get(tag) !== undefined;
  }

  /** When the last part of a verb first left; `undefined` while a part waits, or without such a verb. */
  departedAt(tag: string): Millis | undefined {
    return this.#parcels.get(tag)?.departedAt;
  }

  /** True if an announcement with this nonce answers our discover. */
  asked(nonce: Uint8Array): boolean {
    return this.#initiator?.asked(nonce) ?? false;
  }

  /** True while anything waits to leave, or for the peer's acknowledgement. */
  get #isBusy(): boolean {
    return this.#parcels.isBusy || (this.#packetSpace?.isBusy ?? false);
  }

  /**
   * Sends a verb until it is acknowledged. A verb with text or a body stays in its order, others leave first.
   * While a verb of the same tag is on its way this one is not sent, and that one is returned. If too much
   * waits already the verb is dropped: its owner notices that no answer comes, and submits it again.
   */
  send(now: Millis, verb: Verb, tag?: string): Sending {
    this.#dieIfDead(now);
    const former = tag === undefined ? undefined : this.#parcels.get(tag);
    if (former !== undefined) return former;
    this.#use(now);
    const ordered = isOrdered(verb);
    return this.#parcels.hasRoom(ordered) ? this.#parcels.send(verbInPieces(verb), ordered, tag) : NEVER_SENT;
  }

  /** True while a verb of this link is on its way. */
  isUnderWay(now: Millis, sending: Sending): boolean {
    this.#dieIfDead(now);
    return !sending.isOver;
  }

  /** If the link is dead by now, all that waits is dropped before anything else joins it. */
  #dieIfDead(now: Millis): void {
    this.#life.note(now, this.#isBusy);
    if (this.#deathAt <= now) this.#die(now);
  }

  /**
   * Sends a verb in the place of the one that is on its way under the same tag. The peer may have taken that
   * one and answered no already, so this one must reach it as a new parcel.
   */
  sendAfresh(now: Millis, verb: Verb, tag: string): Sending {
    this.cancel(tag);
    return this.send(now, verb, tag);
  }

  /** Sends a verb once, whether it arrives or not. Without a session it is dropped. */
  tell(now: Millis, verb: Verb): void {
    if (this.#sessions.present === undefined) return;
    this.#use(now);
    if (this.#parcels.hasRoomToTell) this.#parcels.tell(encodeOnce(verb));
  }

  /**
   * A packet with this verb under the present session, for its owner to send when another process of the peer
   * has taken that one's place. It is sealed now, for the session is over by then.
   */
  lastWord(now: Millis, verb: Verb): Datagram | undefined {
    const session = this.#sessions.present;
    const path = this.#route.path;
    if (session === undefined || path === undefined) return undefined;
    const writer = new Writer();
    writeFrame(writer, { type: "told", verb: encodeVerb(verb) });
    const out: Datagram[] = [];
    this.#transmit(now, session, path, writer, out);
    this.#packetSpace!.recovery.skip(this.#lastNumber);
    return out[0];
  }

  /** A user waits for an answer: a handshake that has become slow to repeat begins its waits anew. */
  urge(now: Millis): void {
    this.#initiator?.urge(now);
    this.#context.touched(this);
  }

  /** Stops sending the verb of this tag. */
  cancel(tag: string): void {
    this.#parcels.cancel(tag);
  }

  /** Takes the addresses where the peer is said to be. A handshake tries them at once if they are news. */
  setAddresses(now: Millis, addresses: readonly Address[]): void {
    if (this.#route.learn(addresses)) this.#on(now, "newAddress");
    this.#context.touched(this);
  }

  /** Without a session a handshake is tried for so long, even if nothing waits. */
  seek(now: Millis, duration: Millis): void {
    if (!this.isOpen) this.#soughtUntil = Math.max(this.#soughtUntil, now + duration);
    this.#context.touched(this);
  }

  /** A handshake goes on only if something waits. */
  stopSeeking(): void {
    this.#soughtUntil = -Infinity;
  }

  /**
   * The peer was just seen at these addresses and looks for us. An initiation that meets one of the peer's
   * finds its NAT open, so the waits begin anew.
   */
  introduced(now: Millis, addresses: readonly Address[]): void {
    if (this.#route.learnMore(addresses)) this.#on(now, "newAddress");
    this.#initiator?.beginAnew(now);
    this.seek(now, INTRODUCED_MS);
  }

  /** Takes the peer's public key, which was not known, or another one. */
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

  /**
   * Takes a response to our initiation. `restarted` is true if the peer is in a new process. Returns
   * `undefined` if the response answers nothing, or comes too late to count.
   */
  receiveResponse(
    now: Millis,
    from: Address,
    response: Response,
  ): { session: Session; restarted: boolean } | undefined {
    const answer = this.#initiator?.receiveResponse(now, from, response);
    if (answer === undefined) return undefined;
    if (!isWithinReach(answer.session.epoch, this.#lastEpoch)) {
      this.#context.releaseIndex(answer.session.index);
      return undefined;
    }
    const path = answer.isProved ? new Path(from) : this.#unproved(from);
    const restarted = this.adopt(now, answer.session, path, answer.rtt);
    if (restarted === undefined) return undefined;
    this.#route.received(from, response.bytes.length);
    this.#life.heard(now);
    // A responder sends nothing under a session before it has received a packet under it.
    this.#packetSpace!.owePing();
    return { session: answer.session, restarted };
  }

  /** Takes a cookie for our initiation. */
  receiveCookie(now: Millis, reply: Parameters<Initiator["receiveCookie"]>[1]): void {
    this.#initiator?.receiveCookie(now, reply);
    this.#context.touched(this);
  }

  /**
   * Makes this session the present one: from now on packets leave under it, and packets under the former one
   * are still taken. `rtt` is the round trip of the handshake, if it is known. Returns true if the peer is in
   * a new process; `undefined` if the link is past the session's epoch, and so the session counts for
   * nothing.
   */
  adopt(now: Millis, session: Session, path: Path, rtt: Millis | undefined): boolean | undefined {
    const goesOn = this.#packetSpace !== undefined && session.epoch === this.#lastEpoch;
    if (!goesOn && session.epoch <= this.#lastEpoch) {
      this.#context.releaseIndex(session.index);
      return undefined;
    }
    const former = this.#peerProcess;
    const restarted = former !== undefined && former !== session.peerProcess;
    if (!goesOn) this.#beginPacketSpace(now, session, restarted);
    this.#on(now, "newSession");
    this.stopSeeking();
    this.#sessions.add(session);
    // The handshake was answered on several paths, perhaps: one that works is not left for another.
    const works = goesOn && this.isProved && this.#packetSpace!.recovery.probeTimeouts === 0;
    if (!works) this.#setPath(now, path);
    else if (!this.#route.isSettled) this.#heardAt(now, path.address);
    if (rtt !== undefined) this.#packetSpace!.recovery.sample(now, rtt);
    this.#context.touched(this);
    return restarted;
  }

  /**
   * Begins with new packet numbers and estimates. Verbs that a former process of the peer did not acknowledge
   * are dropped, for they may mean nothing to the new one; their owners decide whether to submit them again.
   */
  #beginPacketSpace(now: Millis, { epoch, peerProcess }: Session, restarted: boolean): void {
    this.#endPacketSpace();
    if (restarted) this.#parcels.clear();
    else this.#parcels.restart();
    this.#lastEpoch = epoch;
    this.#peerProcess = peerProcess;
    const { budget, chance } = this.#context;
    this.#packetSpace = new PacketSpace(now, this.#parcels, budget, chance);
  }

  #endPacketSpace(): void {
    this.#sessions.clear();
    this.#packetSpace?.close();
    this.#packetSpace = undefined;
  }

  /** Nobody answers. All verbs that wait are dropped, and their owners submit them again. */
  #die(now: Millis): void {
    this.close(now);
    this.#parcels.clear();
    this.#life.note(now, this.#isBusy);
  }

  /** Ends sessions, packet space, handshakes and path, and forgets the epoch. */
  close(now: Millis): void {
    this.#on(now, "end");
    this.stopSeeking();
    this.#endPacketSpace();
    this.#route.leave();
    this.#lastEpoch = NO_EPOCH;
    if (this.#peer !== undefined) this.#context.forget(this.#peer);
  }

  /** The row of the table in link_states.ts that holds now. */
  get #state(): LinkState {
    const isUnderWay = this.#initiator !== undefined;
    if (this.#sessions.present !== undefined) return isUnderWay ? "rekeying" : "open";
    if (!isUnderWay) return "closed";
    return this.#peer === undefined ? "asking" : "seeking";
  }

  /** Begins or stops the handshake, as the table says for this event. */
  #on(now: Millis, event: LinkEvent): void {
    switch (LINK[this.#state][event]) {
      case "begin":
        return this.#beginHandshake(now);
      case "stop":
        this.#initiator!.close();
        this.#initiator = undefined;
    }
  }

  #beginHandshake(now: Millis): void {
    this.#initiator = new Initiator(now, {
      context: this.#context,
      newIndex: () => this.#context.newIndex(this),
      epoch: this.epoch,
      peer: this.#peer,
      asksForKey: this.asksForKey,
    });
  }

  // ---- paths ---------------------------------------------------------------------------------------------

  #setPath(now: Millis, path: Path): void {
    // Another port of the same host is most likely the same path, so estimates stay (RFC 9000 section 9.4).
    if (this.#route.take(path)) this.#packetSpace?.recovery.pathChanged(now);
    // Our challenge has to leave soon, with a ping if there is nothing else to say.
    if (!path.isValidated) this.#packetSpace?.owePing();
  }

  /** The peer was heard at an address. If packets go to another one, that has to stay until it is settled. */
  #heardAt(now: Millis, from: Address): void {
    if (!this.#route.isElsewhere(from)) return;
    if (!this.isProved) return this.#setPath(now, this.#unproved(from));
    this.#route.heardAt(now, from, this.probeTimeout, () => this.#context.random(CHALLENGE_BYTES));
  }

  /** A path whose address the peer has to prove by the answer to a challenge (RFC 9000 section 8.2). */
  #unproved(address: Address): Path {
    return new Path(address, this.#context.random(CHALLENGE_BYTES));
  }

  // ---- packets in ----------------------------------------------------------------------------------------

  /** Takes an authentic packet, and returns the verbs in it. */
  receive(now: Millis, from: Address, packet: Received): readonly Verb[] {
    const { session, number, isNewest, frames, bytes } = packet;
    const packetSpace = this.#packetSpace!;
    this.#life.heard(now);
    // Only the newest packet moves the peer's address, for older ones may be late (RFC 9000 section 9.3).
    if (isNewest && session === this.#sessions.present) this.#heardAt(now, from);
    this.#route.received(from, bytes);
    const before = packetSpace.recovery.packetsInFlight;
    const { verbs, responses } = packetSpace.receive(now, number, frames);
    if (packetSpace.recovery.packetsInFlight < before) this.#onProgress(now);
    for (const data of responses) this.#route.answered(now, data);
    if (verbs.length > 0) this.#life.used(now);
    this.#context.touched(this);
    return verbs;
  }

  /**
   * The peer has acknowledged something. A handshake that only asked whether the peer is there has its
   * answer; one that is to replace a worn session goes on.
   */
  #onProgress(now: Millis): void {
    this.#life.progressed(now);
    if (this.#parcels.isBusy) this.#life.used(now);
    if (!this.#sessions.present!.isWorn(now)) this.#on(now, "acknowledged");
  }

  // ---- packets out ---------------------------------------------------------------------------------------

  /** When `takeDatagrams` is to be called next; Infinity when nothing is due. */
  get deadline(): Millis {
    const handshakeDue = this.#initiator?.deadline ?? Infinity;
    const end = Math.min(this.#deathAt, this.#idleAt, handshakeDue);
    return this.#sessions.present === undefined
      ? end
      : Math.min(end, this.#packetSpace!.deadline, this.#pingAt, this.#route.deadline);
  }

  /** After 30 s without an answer, or with nothing new for a parcel that lacks parts, the link is dead. */
  get #deathAt(): Millis {
    const lackingSince = this.#packetSpace?.lackingSince ?? Infinity;
    return Math.min(this.#life.deathAt, lackingSince + LINK_DEAD_MS);
  }

  /** When the link may be forgotten: never while its owner keeps it, or while it has verbs to send. */
  get #idleAt(): Millis {
    return this.kept || this.#parcels.isBusy ? Infinity : this.#life.idleAt;
  }

  /** When to ping. A busy link sends anyway, and one that is about to be forgotten need not stay alive. */
  get #pingAt(): Millis {
    if (this.kept || this.#isBusy || !this.#context.keepsAlive) return Infinity;
    return this.#life.pingAt < this.#idleAt ? this.#life.pingAt : Infinity;
  }

  /** True if nobody has used the link for so long that it may be forgotten. */
  isIdle(now: Millis): boolean {
    return this.#idleAt <= now;
  }

  /** Acts on all deadlines that have come, and returns the datagrams that are to leave now. */
  takeDatagrams(now: Millis): Datagram[] {
    const out: Datagram[] = [];
    this.#life.note(now, this.#isBusy);
    if (this.#deathAt <= now) this.#die(now);
    this.#sessions.expire(now);
    const session = this.#sessions.present;
    if (session !== undefined) this.#flush(now, session, out);
    this.#on(now, this.#isBusy || now < this.#soughtUntil ? "busy" : "idle");
    if (this.#initiator !== undefined) {
      out.push(...this.#initiator.takeDatagrams(now, this.#route.candidates));
    }
    this.#life.note(now, this.#isBusy);
    return out;
  }

  /** Makes as many packets under this session as window, pacing and path allow. */
  #flush(now: Millis, session: Session, out: Datagram[]): void {
    const packetSpace = this.#packetSpace!;
    this.#settlePath(now, session, out);
    const path = this.#route.path!;
    const timeouts = packetSpace.runTimers(now);
    if (timeouts >= HANDSHAKE_AFTER_TIMEOUTS || session.isWorn(now)) this.#on(now, "unanswered");
    if (this.#pingAt <= now) this.#packetSpace!.owePing();
    let most = FRAMES_BYTES;
    // A packet that had to be shorter has used up the room of an unproved path, so it is the last one.
    while (most === FRAMES_BYTES && packetSpace.mayWrite(now)) {
      most = Math.min(FRAMES_BYTES, path.room - OVERHEAD_BYTES);
      if (most < LEAST_FRAMES_BYTES) break;
      const writer = new Writer();
      const content = packetSpace.write(now, writer, most, this.#route.challenge);
      const bytes = this.#transmit(now, session, path, writer, out);
      packetSpace.recovery.sent(now, this.#lastNumber, bytes, content);
    }
    // No packet has taken the acknowledgement along, so it leaves on its own. Such a packet asks for none
    // itself and does not count as in flight (RFC 9002 section 2).
    if (!packetSpace.isAckDue(now)) return;
    if (path.room < OVERHEAD_BYTES + LEAST_FRAMES_BYTES) return packetSpace.postponeAck();
    const writer = new Writer();
    packetSpace.writeAck(now, writer, Math.min(FRAMES_BYTES, path.room - OVERHEAD_BYTES));
    this.#transmit(now, session, path, writer, out);
    packetSpace.recovery.skip(this.#lastNumber);
  }

  /** Follows the peer to another address, or finds out whether it is there. */
  #settlePath(now: Millis, session: Session, out: Datagram[]): void {
    const moved = this.#route.takeMove(now);
    if (moved !== undefined) {
      this.#setPath(now, moved);
      // The packets in flight went to a place that the peer has left, but the peer has answered.
      this.#packetSpace!.recovery.wasAnswered(now);
    }
    const other = this.#route.takeChallenged(now);
    if (other === undefined) return;
    // The challenge for the present path leaves with a ping if there is nothing else to say.
    this.#packetSpace!.owePing();
    if (other.challenge === undefined || other.room < OVERHEAD_BYTES + CHALLENGE_FRAME_BYTES) return;
    const writer = new Writer();
    writeFrame(writer, { type: "challenge", data: other.challenge });
    this.#transmit(now, session, other, writer, out);
    this.#packetSpace!.recovery.skip(this.#lastNumber);
  }

  /** Seals the frames as the next packet. Returns the length of the datagram. */
  #transmit(now: Millis, session: Session, path: Path, writer: Writer, out: Datagram[]): number {
    const bytes = session.seal(++this.#lastNumber, writer.view());
    path.sent(bytes.length);
    this.#life.sent(now);
    out.push({ to: path.address, bytes });
    return bytes.length;
  }
}

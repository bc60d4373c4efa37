/**
 * The server: it knows who is there and where, keeps mail for those who are not, and runs the channel. It
 * sees no direct message that its recipient answers in time. This file takes inputs apart and decides who may
 * say what. A client's verbs are taken only from the link on which it registered (docs/protocol.md, sections
 * 5 and 7).
 */

import type { Action } from "../action.ts";
import { isLoopback } from "../base/address.ts";
import type { Primitives } from "../base/crypto.ts";
import { DAY_MS, DROPPED_REPORT_MS, HOUR_S, PROBE_MS, SILENCE_MS, SWEEP_MS } from "../base/limits.ts";
import { HostRates } from "../base/rate.ts";
import { Timers } from "../base/timers.ts";
import type { Address, Datagram, Millis, Random, Stopwatch } from "../base/units.ts";
import { Effects } from "../durable/effects.ts";
import { initiationClock, nextStart, ownKey } from "../durable/start.ts";
import { WallClock } from "../durable/wall_clock.ts";
import { type Arrival, type Link, Links } from "../link/links.ts";
import type { Input, Machine, Output, Records } from "../machine.ts";
import type { ReleaseOutcome } from "../notice.ts";
import { bundleOf } from "../messages/identity.ts";
import { type Nick, nickSkeleton, sameNick } from "../messages/nick.ts";
import { equalRows } from "../messages/table.ts";
import type { Reason, Verb, VerbOf, VerbType } from "../messages/verb.ts";
import { Channel } from "./channel.ts";
import { Credentials, isRegistration, type Registration } from "./credentials.ts";
import { Endings } from "./endings.ts";
import { Mailroom } from "./mailroom.ts";
import type { Binding } from "./nick_admin.ts";
import { OfflineStore } from "./offline_store.ts";
import { addressesFor, type Connection, isThere, type Member, reachableAt, Roster } from "./roster.ts";
import { type ServerStatus, statusOf } from "./status.ts";

export type { LimitUse, ServerStatus } from "./status.ts";

export interface ServerOptions {
  /** The name that the server announces; at most `SERVER_NAME_BYTES` bytes. */
  readonly name: string;
  /** True if records outlive the process. */
  readonly durable: boolean;
  readonly primitives: Primitives;
  readonly stopwatch: Stopwatch;
  readonly limits: ServerLimits;
}

/** The limits that the operator sets. */
export interface ServerLimits {
  /** The most nicks in all. */
  readonly nicks: number;
  /** The most nicks that one address may register for the first time in an hour. */
  readonly newNicksPerHour: number;
  /** The most bytes of all mail. */
  readonly mailBytes: number;
  /** The days after which a nick is free that was not used since it was registered; 0 for never. */
  readonly nickDays: number;
}

/** All that a client may say that only sends. */
const SENDERS_SAY: ReadonlySet<VerbType> = new Set<VerbType>([
  "rowsSince",
  "deposit",
  "post",
  "noted",
  "keepAlive",
  "leave",
]);

/** How a member went offline, for the log. */
type Departure = "deregistered" | "left" | "silent" | "revoked";

export class Server implements Machine {
  readonly #effects: Effects;
  readonly #store: OfflineStore;
  readonly #channel: Channel;
  readonly #links: Links;
  readonly #roster: Roster;
  readonly #endings: Endings;
  /** The members that are registered, by their links. */
  readonly #byLink = new Map<Link, Member>();
  /** When a member that says nothing until then goes offline. */
  readonly #silences = new Timers<Member>();
  /** Members that are asked for a sign of life, and when they go offline without one. */
  readonly #probes = new Timers<Member>();
  /** The newest `turn` that the process on each link has said. */
  readonly #turns = new WeakMap<Link, number>();
  /** The last word to the process that was registered on a link, once another one has its place. */
  readonly #lastWords = new WeakMap<Link, Datagram>();
  /** Registrations of new nicks from links whose address is not proved yet. */
  readonly #newcomers = new WeakMap<Link, Registration>();
  readonly #clock: WallClock;
  readonly #credentials: Credentials;
  readonly #limits: ServerLimits;
  /** How many new nicks each address may register. */
  readonly #newNicks: HostRates;
  readonly #mailroom: Mailroom;
  /**
   * The number of the last stream. It begins with the instant of the start, so that it grows over restarts,
   * too.
   */
  #streams: number;
  /** Nobody is silent before this: what was said while we were stopped may still wait in the socket. */
  #judgesFrom: Millis = -Infinity;
  #sweepDue: Millis;
  #reportDue: Millis;
  /** The datagrams of which the log has told that they were dropped. */
  #reported = 0;

  constructor(now: Millis, options: ServerOptions, random: Random, records: Records) {
    const { name, durable, primitives, limits, stopwatch } = options;
    this.#credentials = new Credentials(primitives);
    this.#limits = limits;
    this.#newNicks = new HostRates(limits.newNicksPerHour / HOUR_S, limits.newNicksPerHour);
    this.#effects = new Effects(durable, records);
    const clock = this.#clock = new WallClock(this.#effects);
    this.#store = new OfflineStore(now, this.#effects, { totalBytes: limits.mailBytes });
    this.#channel = new Channel(this.#effects);
    const key = ownKey(primitives, random, this.#effects);
    const initiation = initiationClock(this.#effects);
    const timestamp = (at: Millis) => initiation(clock.at(at));
    this.#links = new Links({
      primitives,
      random,
      ownKey: key,
      timestamp,
      stopwatch,
      name,
      keepsAlive: false,
      displaced: (at, link) => this.#prepareLastWord(at, link),
    });
    this.#effects.notice({ type: "serverKey", name, key: key.publicKey.toHex() });
    const start = nextStart(now, this.#effects);
    this.#roster = new Roster(this.#effects, start);
    this.#endings = new Endings({
      primitives,
      effects: this.#effects,
      roster: this.#roster,
      ended: (at, member) => this.#end(at, member),
    });
    this.#mailroom = new Mailroom({
      store: this.#store,
      channel: this.#channel,
      roster: this.#roster,
      probe: (at, member) => this.#probe(at, member),
      renew: (at, member) => this.#beginStream(at, member, member.connection!),
    });
    this.#streams = start;
    this.#sweepDue = now + SWEEP_MS;
    this.#reportDue = now + DROPPED_REPORT_MS;
    // Members that were online have 75 s to register again before anybody is told otherwise
    // (docs/protocol.md, section 7).
    for (const member of this.#roster.members()) {
      if (member.online) this.#silences.set(member, now + SILENCE_MS);
    }
  }

  get deadline(): Millis {
    if (this.#effects.exiting) return this.#effects.deadline;
    return Math.min(
      this.#effects.deadline,
      this.#links.deadline,
      this.#roster.deadline,
      this.#silences.deadline,
      this.#probes.deadline,
      this.#sweepDue,
      this.#reportDue,
    );
  }

  /** A report for the operator. It changes nothing, and may be asked for between any two steps. */
  status(now: Millis): ServerStatus {
    return statusOf(now, {
      roster: this.#roster,
      store: this.#store,
      channel: this.#channel,
      links: this.#links.counts,
      messages: this.#mailroom.stored,
      rejected: this.#mailroom.rejected,
      underWayBytes: this.#mailroom.underWayBytes,
      limits: this.#limits,
    });
  }

  /** Nicks in the order in which they were registered, at most so many, behind the one with this number. */
  nicks(now: Millis, behind: number, most: number): Binding[] {
    const members = [...this.#roster.members()].filter(({ ordinal }) => ordinal > behind);
    return members.sort((a, b) => a.ordinal - b.ordinal).slice(0, most).map((member) => ({
      nick: member.nick,
      identity: member.identity,
      ordinal: member.ordinal,
      letters: this.#store.lettersFor(member.nick).length,
      online: isThere(member),
      revoked: member.revocation.length > 0,
      idleMs: isThere(member) ? 0 : Math.max(0, now - member.seenAt),
    }));
  }

  step(now: Millis, input: Input): Output[] {
    if (this.#effects.exiting) return this.#effects.takeOutputs(now, []);
    if (input.type === "action" && input.action.type === "leave") this.#effects.exit(0);
    if (input.type === "action" && input.action.type === "release") this.#release(now, input.action);
    if (input.type === "resumed") this.#judgesFrom = now + PROBE_MS;
    if (input.type === "clock") this.#clock.set(now, input.wall);
    if (input.type === "datagram") {
      const arrival = this.#links.receive(now, input.from, input.bytes);
      if (arrival?.type === "verbs") this.#onPacket(now, arrival);
    }
    // Only a tick transmits, so that the answers to all inputs of a wake-up share packets.
    if (input.type !== "tick") return this.#effects.takeOutputs(now, []);
    this.#runTimers(now);
    return this.#effects.takeOutputs(now, this.#links.takeDatagrams(now));
  }

  /** The process that is registered on a link is to hear it at once, should another one be admitted there. */
  #prepareLastWord(now: Millis, link: Link): void {
    const member = this.#byLink.get(link);
    if (member === undefined || member.process !== link.peerProcess) return;
    const word = link.lastWord(now, { type: "replaced", nick: member.nick });
    if (word !== undefined) this.#lastWords.set(link, word);
  }

  /** Takes the verbs of a packet. A packet without any is a sign of life, too. */
  #onPacket(now: Millis, { link, verbs, restarted }: Extract<Arrival, { type: "verbs" }>): void {
    // A new process counts its turns from 1.
    if (restarted) this.#turns.delete(link);
    const member = this.#byLink.get(link);
    if (member !== undefined && member.process !== link.peerProcess) {
      const asked = verbs.some((verb) => verb.type === "register" && verb.asked);
      // The process whose place was taken is told so. It gets the nick back only if its user asks for that.
      if (member.formerProcess === link.peerProcess && !asked) {
        if (verbs.length > 0) link.send(now, { type: "replaced", nick: member.nick }, "replaced");
        return;
      }
      // Otherwise this process takes over, and the one that is registered counts as gone.
      this.#depart(now, member, "left");
    }
    this.#noteAlive(now, link);
    // One packet holds hundreds of short verbs. If an answer may bring a thousand letters, only the last verb
    // of its kind is answered.
    const lastOnes = [verbs.findLast(isRegistration), verbs.findLast(({ type }) => type === "keepAlive")];
    for (const verb of verbs) {
      const isDear = isRegistration(verb) || verb.type === "keepAlive";
      if (!isDear || lastOnes.includes(verb)) this.#receive(now, link, verb);
    }
    // A new nick waits until this packet or another one proves the address of its link.
    const newcomer = link.isProved ? this.#newcomers.get(link) : undefined;
    if (newcomer === undefined) return;
    this.#newcomers.delete(link);
    this.#register(now, link, newcomer);
  }

  // ---- verbs ---------------------------------------------------------------------------------------------

  /**
   * Takes a verb. Unless it registers, it counts only if its nick is the one that is registered on this link.
   */
  #receive(now: Millis, link: Link, verb: Verb): void {
    // A verb about being there that comes late does not undo a newer one.
    if ("turn" in verb) {
      if (verb.turn <= (this.#turns.get(link) ?? 0)) return;
      this.#turns.set(link, verb.turn);
    }
    if (isRegistration(verb)) return this.#register(now, link, verb);
    if (verb.type === "revoke") {
      const answer = this.#endings.revoke(now, link.address, verb);
      link.sendAfresh(now, { type: "revoked", nick: verb.nick, answer }, "revoked");
      return;
    }
    const nick = "nick" in verb ? verb.nick : "from" in verb ? verb.from : undefined;
    if (nick === undefined) return;
    const member = this.#byLink.get(link);
    if (member !== undefined && sameNick(member.nick, nick)) {
      return this.#receiveFrom(now, link, member, verb);
    }
    // A deregistration is answered in any case. After any other verb the client is to register again, unless
    // it leaves.
    if (verb.type === "deregister") link.sendAfresh(now, { type: "deregistered", nick }, "deregistered");
    else if (verb.type !== "leave") link.tell(now, { type: "notRegistered", nick });
  }

  #receiveFrom(now: Millis, link: Link, member: Member, verb: Verb): void {
    if (member.connection?.stream === undefined && !SENDERS_SAY.has(verb.type)) return;
    switch (verb.type) {
      case "deregister":
        this.#depart(now, member, "deregistered");
        return void link.sendAfresh(now, { type: "deregistered", nick: member.nick }, "deregistered");
      case "leave":
        return this.#depart(now, member, "left");
      case "keepAlive":
        link.tell(now, { type: "alive", version: this.#roster.version });
        // A link drops what it holds after 30 s of silence. A keep-alive is the occasion to hand that over
        // again.
        return this.#mailroom.handOverAgain(now, member);
      case "rowsSince":
        // A question beyond the rate gets no answer, and the client asks again.
        return member.questions.take(now) ? this.#roster.ask(link, verb.version) : undefined;
      case "reach":
        return this.#introduce(now, member, verb.peer);
      case "deposit":
        return this.#mailroom.deposit(now, link, member, verb);
      case "post":
        return this.#mailroom.post(now, link, member, verb);
      case "saved":
        return this.#mailroom.saved(now, member, verb);
      case "receipt":
        return this.#mailroom.receipted(now, member, verb);
      case "noted":
        return this.#store.noted(member.nick, verb.receipts);
      default:
    }
  }

  // ---- introductions -------------------------------------------------------------------------------------

  /**
   * Tells two members where the other is, so that both initiate: a NAT lets in only what comes from where
   * something has gone. The one who asks gets the addresses of the table. The other one sends because a
   * stranger asks for it, so it hears only where that stranger was proved to be; behind the same NAT, or on
   * the same host, all its addresses, for there they may be the only way.
   */
  #introduce(now: Millis, member: Member, nick: Nick): void {
    const peer = this.#roster.memberNamed(nick);
    const [link, peerLink] = [member.connection?.link, peer?.connection?.link];
    if (peer === undefined || peer === member || !link?.isProved || !peerLink?.isProved) return;
    if (!member.reaches.take(now) || !peer.introductions.take(now)) return;
    const isNear = link.address.host === peerLink.address.host;
    tellOf(now, member, peer, peer.addresses);
    tellOf(now, peer, member, isNear ? member.addresses : [link.address]);
  }

  // ---- presence ------------------------------------------------------------------------------------------

  /**
   * A nick belongs to the first identity that registers it, from whatever address (docs/protocol.md, section
   * 7). A client that only sends is for a nick whose holder is away: it displaces nobody.
   */
  #register(now: Millis, link: Link, verb: Registration): void {
    const { nick, bundle } = verb;
    const refuse = (reason: Reason) =>
      void link.sendAfresh(now, { type: "refused", nick, reason }, "refused");
    if (this.#endings.hasEnded(bundle.identity)) return refuse("revoked");
    const member = this.#roster.memberNamed(nick);
    const isOther = member !== undefined && member.identity !== bundle.identity;
    const predecessors = isOther ? this.#endings.predecessorsOf(member, verb) : undefined;
    if (isOther && predecessors === undefined) return refuse("other key");
    if (!this.#credentials.areRight(now, link, verb, member)) return;
    if (member !== undefined && this.#credentials.areOlder(verb, member)) {
      link.sendAfresh(now, { type: "olderBundle", nick, bundle: bundleOf(member) }, "olderBundle");
      return;
    }
    if (predecessors !== undefined) {
      // Beyond the rate there is no answer, and the client asks again.
      const verdict = this.#endings.check(now, link.address, verb, predecessors);
      if (verdict !== "done") return verdict === "forged" ? refuse("other key") : undefined;
    }
    if (member !== undefined) {
      if (verb.type === "sendOnly" && member.online) return refuse("online");
      // A registration counts as a question: it brings a stream of mail, and may send a new bundle to
      // everybody.
      if (!member.questions.take(now)) return;
      if (predecessors === undefined) return this.#admit(now, member, link, verb);
      this.#endings.succeed(now, member, bundle.identity, predecessors);
      // A registration as a client that only sends changes no other row.
      if (verb.type === "sendOnly") {
        Object.assign(member, bundle);
        this.#roster.changed(now, member);
      }
      this.#admit(now, member, link, verb);
      // The successor will say at once of much of its mail that it does not open.
      return this.#roster.hurry(now);
    }
    if (this.#roster.size >= this.#limits.nicks) return refuse("full");
    // New nicks are counted by address, so the address has to be the peer's. A challenge is on its way there.
    if (!link.isProved) return void this.#newcomers.set(link, verb);
    if (!this.#newNicks.take(now, link.address)) return refuse("rate");
    this.#channel.join(nick);
    const newcomer = this.#roster.add(now, nick, bundle);
    if (verb.type === "sendOnly") {
      newcomer.addresses = [link.address];
      this.#roster.changed(now, newcomer);
    }
    this.#admit(now, newcomer, link, verb);
  }

  /** Registers a member on a link, in the place of any other link. */
  #admit(now: Millis, member: Member, link: Link, verb: Registration): void {
    const { nick } = verb;
    const former = this.#byLink.get(link);
    if (former !== undefined && former !== member) this.#depart(now, former, "left");
    if (member.connection !== undefined && member.connection.link !== link) {
      member.connection.link.tell(now, { type: "replaced", nick });
      this.#detach(member);
    }
    const lastWord = this.#lastWords.get(link);
    this.#lastWords.delete(link);
    if (member.process !== link.peerProcess) {
      member.formerProcess = member.process;
      if (lastWord !== undefined) this.#links.send(lastWord);
    }
    member.process = link.peerProcess;
    this.#roster.noteUse(now, member);
    this.#byLink.set(link, member);
    link.kept = true;
    this.#silences.set(member, now + SILENCE_MS);
    this.#probes.clear(member);
    member.connection?.stream?.close();
    const sendsOnly = verb.type === "sendOnly";
    this.#effects.notice({ type: "clientRegistered", nick, address: link.address, sendsOnly });
    if (verb.type === "register") this.#bringOnline(now, member, link, verb);
    member.connection = { link, stream: undefined, handedAt: now };
    this.#beginStream(now, member, member.connection, sendsOnly);
    this.#mailroom.tellCollected(now, link, member);
  }

  /** Tells a member of a new stream, and begins it. One that only sends has nothing in it, nor ever will. */
  #beginStream(now: Millis, { nick }: Member, connection: Connection, sendsOnly = false): void {
    const { link, stream: former } = connection;
    const number = ++this.#streams;
    const dropped = sendsOnly ? 0 : this.#channel.takeDropped(now, nick);
    const stream = sendsOnly ? undefined : this.#mailroom.openStream(number, nick, link, former);
    connection.stream = stream;
    const { version, size: members } = this.#roster;
    const waiting = stream?.waiting ?? 0;
    link.send(now, { type: "registered", nick, stream: number, version, members, waiting, dropped });
    stream?.pump(now);
  }

  /** The row of a member becomes as its registration says. */
  #bringOnline(
    now: Millis,
    member: Member,
    link: Link,
    { nick, bundle, candidates }: VerbOf<"register">,
  ): void {
    const before = { ...member };
    const addresses = reachableAt(link.address, candidates);
    Object.assign(member, { nick, skeleton: nickSkeleton(nick), ...bundle, addresses, online: true });
    // A registration that changes nothing is no news for the others.
    if (!equalRows(before, member)) this.#roster.changed(now, member);
  }

  /** The member goes offline, and the others are told, unless it was registered only to send. */
  #depart(now: Millis, member: Member, how: Departure): void {
    this.#detach(member);
    this.#silences.clear(member);
    if (member.online) this.#goOffline(now, member, how);
  }

  #goOffline(now: Millis, member: Member, how: Departure): void {
    member.online = false;
    member.seenAt = Math.floor(now);
    this.#roster.changed(now, member);
    this.#effects.notice({ type: "clientLeft", nick: member.nick, how });
  }

  /**
   * The member's identity was revoked: nobody can ever collect its mail. Its program asks to register again,
   * and hears why it cannot.
   */
  #end(now: Millis, member: Member): void {
    const { nick } = member;
    member.connection?.link.tell(now, { type: "notRegistered", nick });
    for (const letter of this.#store.lettersFor(nick)) this.#store.withdraw(letter);
    this.#detach(member);
    this.#silences.clear(member);
    // The row has changed even if the member was away, or was registered only to send.
    this.#goOffline(now, member, "revoked");
  }

  /** The member is not registered any more, and its link counts as a stranger's again. */
  #detach(member: Member): void {
    if (member.connection !== undefined) {
      member.connection.stream?.close();
      member.connection.link.kept = false;
      this.#byLink.delete(member.connection.link);
    }
    member.connection = undefined;
    this.#probes.clear(member);
  }

  /** The member on this link was heard: its probe is answered, and others find it where it was heard. */
  #noteAlive(now: Millis, link: Link): void {
    const member = this.#byLink.get(link);
    if (member === undefined) return;
    if (member.online) this.#roster.seenAt(now, member, link.address);
    this.#probes.clear(member);
  }

  /** Gives the member 2.5 s for a sign of life, without which it goes offline. */
  #probe(now: Millis, member: Member): void {
    if (!this.#probes.has(member)) this.#probes.set(member, now + PROBE_MS);
  }

  /** Makes the nicks free that were registered and never used since. */
  #freeNicks(now: Millis): void {
    const { nickDays } = this.#limits;
    if (nickDays === 0) return;
    for (const member of this.#roster.unused(now, nickDays * DAY_MS)) {
      this.#mailroom.release(now, member.nick);
      this.#roster.remove(member);
      this.#effects.notice({ type: "nickFreed", nick: member.nick });
    }
  }

  /** The operator gives up a nick for its owner. One who is there would register it again at once. */
  #release(now: Millis, { nick, idle }: Extract<Action, { type: "release" }>): void {
    const member = this.#roster.memberNamed(nick);
    const say = (outcome: ReleaseOutcome, letters = 0) =>
      this.#effects.notice({ type: "released", nick: member?.nick ?? nick, outcome, letters });
    if (member === undefined) return say("unknown");
    if (isThere(member)) return say("online");
    if (now < member.seenAt + idle) return say("used");
    const letters = this.#store.lettersFor(nick).length;
    this.#silences.clear(member);
    this.#mailroom.release(now, member.nick);
    this.#roster.remove(member);
    say("done", letters);
  }

  // ---- time ----------------------------------------------------------------------------------------------

  #runTimers(now: Millis): void {
    for (let member = this.#probes.next(now); member !== undefined; member = this.#probes.next(now)) {
      if (this.#judgesFrom > now) this.#probes.set(member, this.#judgesFrom);
      else this.#depart(now, member, "silent");
    }
    for (let member = this.#silences.next(now); member !== undefined; member = this.#silences.next(now)) {
      // The timer is not moved with each packet. So the member may have been heard since it was set.
      const heardAt = member.connection?.link.heardAt ?? -Infinity;
      const end = Math.max(heardAt + SILENCE_MS, this.#judgesFrom);
      if (end > now) this.#silences.set(member, end);
      else this.#depart(now, member, "silent");
    }
    this.#roster.runTimers(now);
    if (this.#sweepDue <= now) {
      this.#sweepDue = now + SWEEP_MS;
      this.#clock.save(now);
      this.#store.forgetOld(now);
      this.#channel.dropOld(now);
      this.#freeNicks(now);
    }
    if (this.#reportDue <= now) {
      this.#reportDue = now + DROPPED_REPORT_MS;
      const dropped = Object.values(this.#links.counts.dropped).reduce((sum, count) => sum + count, 0);
      if (dropped > this.#reported) {
        this.#effects.notice({ type: "dropped", count: dropped - this.#reported });
      }
      this.#reported = dropped;
    }
  }
}

/** Tells a member at which addresses another one is. */
function tellOf(
  now: Millis,
  { nick, connection }: Member,
  { key }: Member,
  addresses: readonly Address[],
): void {
  const { link } = connection!;
  const known = addressesFor(isLoopback(link.address), addresses);
  link.tell(now, { type: "introduce", nick, key, addresses: known });
}

/**
 * The server: who is there and where, mail for whoever is not, the group channel. It sees no direct message
 * that its recipient answers. This file takes inputs apart and decides who may say what; a client's verbs are
 * taken only from the link on which it registered.
 */

import type { Primitives } from "../base/crypto.ts";
import {
  BUNDLES_BURST,
  BUNDLES_PER_SECOND,
  DROPPED_REPORT_MS,
  HOUR_S,
  PROBE_MS,
  SILENCE_MS,
  SWEEP_MS,
} from "../base/limits.ts";
import { HostRates, Rate } from "../base/rate.ts";
import { Timers } from "../base/timers.ts";
import type { Millis, Random } from "../base/units.ts";
import { Effects } from "../durable/effects.ts";
import { initiationClock, nextStart, ownKey } from "../durable/start.ts";
import { type Arrival, type Link, Links } from "../link/links.ts";
import type { Input, Machine, Output, Records } from "../machine.ts";
import { type Bundle, equalBundles, isGenuine } from "../messages/identity.ts";
import { type Nick, sameNick } from "../messages/nick.ts";
import { equalRows } from "../messages/table.ts";
import type { Reason, Verb, VerbOf } from "../messages/verb.ts";
import { Channel } from "./channel.ts";
import { Mailroom } from "./mailroom.ts";
import { OfflineStore } from "./offline_store.ts";
import { type Member, reachableAt, Roster } from "./roster.ts";
import { StreamWriter } from "./stream_writer.ts";

export interface ServerOptions {
  /** What the server calls itself; at most `SERVER_NAME_BYTES` bytes. */
  readonly name: string;
  /** Whether what is saved outlives the process. */
  readonly durable: boolean;
  readonly primitives: Primitives;
  readonly limits: ServerLimits;
}

/** What the operator allows. */
export interface ServerLimits {
  /** Nicks in all. */
  readonly nicks: number;
  /** Nicks that one address may register for the first time in an hour. */
  readonly newNicksPerHour: number;
  /** Bytes of all mail. */
  readonly mailBytes: number;
}

type Departure = "deregistered" | "left" | "silent";

export class Server implements Machine {
  readonly #effects: Effects;
  readonly #store: OfflineStore;
  readonly #channel: Channel;
  readonly #links: Links;
  readonly #roster: Roster;
  readonly #byLink = new Map<Link, Member>();
  readonly #silences = new Timers<Member>();
  /** Members who are asked for a sign of life. */
  readonly #probes = new Timers<Member>();
  /** The newest `turn` of each link's process. */
  readonly #turns = new WeakMap<Link, number>();
  /** How many bundles of each link may be checked. */
  readonly #bundles = new WeakMap<Link, Rate>();
  /** Who wants a new nick from an address that is not proved yet. */
  readonly #newcomers = new WeakMap<Link, VerbOf<"register">>();
  readonly #primitives: Primitives;
  readonly #limits: ServerLimits;
  readonly #newNicks: HostRates;
  readonly #mailroom: Mailroom;
  #streams: number;
  #sweepDue: Millis;
  #reportDue: Millis;

  constructor(now: Millis, options: ServerOptions, random: Random, records: Records) {
    const { name, durable, primitives, limits } = options;
    this.#primitives = primitives;
    this.#limits = limits;
    this.#newNicks = new HostRates(limits.newNicksPerHour / HOUR_S, limits.newNicksPerHour);
    this.#effects = new Effects(durable, records);
    this.#store = new OfflineStore(now, this.#effects, { totalBytes: limits.mailBytes });
    this.#channel = new Channel(this.#effects);
    const key = ownKey(primitives, random, this.#effects);
    const timestamp = initiationClock(this.#effects);
    this.#links = new Links({ primitives, random, ownKey: key, timestamp, name, keepsAlive: false });
    this.#effects.notice({ type: "serverKey", name, key: key.publicKey.toHex() });
    const start = nextStart(now, this.#effects);
    this.#roster = new Roster(this.#effects, start);
    this.#mailroom = new Mailroom({
      store: this.#store,
      channel: this.#channel,
      roster: this.#roster,
      probe: (at, member) => this.#probe(at, member),
      depart: (at, member) => this.#depart(at, member, "silent"),
    });
    this.#streams = start;
    this.#sweepDue = now + SWEEP_MS;
    this.#reportDue = now + DROPPED_REPORT_MS;
    // Who was online has 75 s to come back before anybody is told otherwise.
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

  step(now: Millis, input: Input): Output[] {
    if (this.#effects.exiting) return this.#effects.takeOutputs(now, []);
    if (input.type === "action" && input.action.type === "leave") this.#effects.exit(0);
    if (input.type === "datagram") {
      const arrival = this.#links.receive(now, input.from, input.bytes);
      if (arrival?.type === "verbs") this.#onPacket(now, arrival);
    }
    if (input.type !== "tick") return this.#effects.takeOutputs(now, []);
    this.#runTimers(now);
    return this.#effects.takeOutputs(now, this.#links.takeDatagrams(now));
  }

  #onPacket(now: Millis, { link, verbs, restarted }: Extract<Arrival, { type: "verbs" }>): void {
    if (restarted) this.#turns.delete(link);
    const member = this.#byLink.get(link);
    if (member !== undefined && member.process !== link.peerProcess) {
      const asked = verbs.some((verb) => verb.type === "register" && verb.asked);
      if (member.formerProcess === link.peerProcess && !asked) {
        if (verbs.length > 0) link.send(now, { type: "replaced", nick: member.nick }, "replaced");
        return;
      }
      this.#depart(now, member, "left");
    }
    this.#noteAlive(now, link);
    // Only the last registration in a packet is answered: each may bring a stream of a thousand letters.
    const last = verbs.findLast(({ type }) => type === "register");
    for (const verb of verbs) if (verb.type !== "register" || verb === last) this.#receive(now, link, verb);
    const newcomer = link.isProved ? this.#newcomers.get(link) : undefined;
    if (newcomer === undefined) return;
    this.#newcomers.delete(link);
    this.#register(now, link, newcomer);
  }

  // ---- verbs ---------------------------------------------------------------------------------------------

  #receive(now: Millis, link: Link, verb: Verb): void {
    if ("turn" in verb) {
      if (verb.turn <= (this.#turns.get(link) ?? 0)) return;
      this.#turns.set(link, verb.turn);
    }
    if (verb.type === "register") return this.#register(now, link, verb);
    const nick = "nick" in verb ? verb.nick : "from" in verb ? verb.from : undefined;
    if (nick === undefined) return;
    const member = this.#byLink.get(link);
    if (member !== undefined && sameNick(member.nick, nick)) {
      return this.#receiveFrom(now, link, member, verb);
    }
    if (verb.type === "deregister") link.sendAfresh(now, { type: "deregistered", nick }, "deregistered");
    else if (verb.type !== "leave") link.tell(now, { type: "notRegistered", nick });
  }

  #receiveFrom(now: Millis, link: Link, member: Member, verb: Verb): void {
    switch (verb.type) {
      case "deregister":
        this.#depart(now, member, "deregistered");
        return link.sendAfresh(now, { type: "deregistered", nick: member.nick }, "deregistered");
      case "leave":
        return this.#depart(now, member, "left");
      case "keepAlive":
        link.tell(now, { type: "alive", version: this.#roster.version });
        return this.#mailroom.handOverAgain(now, member);
      case "rowsSince":
        // Whoever is told nothing asks again.
        return member.questions.take(now) ? this.#roster.ask(link, verb.version) : undefined;
      case "deposit":
        return this.#mailroom.deposit(now, link, member, verb);
      case "post":
        return this.#mailroom.post(now, link, member, verb);
      case "saved":
        return this.#mailroom.saved(now, link, member, verb);
      case "receipt":
        return this.#mailroom.receipted(now, member, verb);
      case "noted":
        return this.#store.noted(member.nick, verb.receipts);
      default:
    }
  }

  // ---- who is there --------------------------------------------------------------------------------------

  /** A nick belongs to the first identity that registers it, wherever that comes from. */
  #register(now: Millis, link: Link, verb: VerbOf<"register">): void {
    const { nick, bundle } = verb;
    const refuse = (reason: Reason) => link.sendAfresh(now, { type: "refused", nick, reason }, "refused");
    const member = this.#roster.memberNamed(nick);
    if (member !== undefined && member.identity !== bundle.identity) return refuse("other key");
    // The handshake has proved the key; the bundle proves that it is this identity's.
    const isKnown = member !== undefined && equalBundles(member, bundle);
    if (bundle.key !== link.peer || !(isKnown || this.#isGenuine(now, link, nick, bundle))) return;
    if (member !== undefined) {
      // Each brings a stream of mail, and may bring a new bundle for everybody.
      return member.questions.take(now) ? this.#admit(now, member, link, verb) : undefined;
    }
    if (this.#roster.size >= this.#limits.nicks) return refuse("full");
    // New nicks are counted by address: it has to be the peer's. He is answering a challenge just now.
    if (!link.isProved) return void this.#newcomers.set(link, verb);
    if (!this.#newNicks.take(now, link.address)) return refuse("rate");
    this.#channel.join(nick);
    this.#admit(now, this.#roster.add(nick, bundle), link, verb);
  }

  /** A signature takes a twentieth of a millisecond to check, and anybody can make one up. */
  #isGenuine(now: Millis, link: Link, nick: Nick, bundle: Bundle): boolean {
    const rate = this.#bundles.get(link) ?? new Rate(BUNDLES_PER_SECOND, BUNDLES_BURST);
    this.#bundles.set(link, rate);
    return rate.take(now) && isGenuine(this.#primitives, nick, bundle);
  }

  #admit(now: Millis, member: Member, link: Link, verb: VerbOf<"register">): void {
    const { nick, bundle, candidates } = verb;
    const former = this.#byLink.get(link);
    if (former !== undefined && former !== member) this.#depart(now, former, "left");
    if (member.connection !== undefined && member.connection.link !== link) {
      member.connection.link.tell(now, { type: "replaced", nick });
      this.#detach(member);
    }
    if (member.process !== link.peerProcess) member.formerProcess = member.process;
    member.process = link.peerProcess;
    const before = { ...member };
    const addresses = reachableAt(link.address, candidates);
    Object.assign(member, { nick, ...bundle, addresses, online: true });
    this.#byLink.set(link, member);
    link.kept = true;
    this.#silences.set(member, now + SILENCE_MS);
    this.#probes.clear(member);
    // Who registers again as before is no news for the others.
    if (!equalRows(before, member)) this.#roster.changed(now, member);
    this.#effects.notice({ type: "clientRegistered", nick, address: link.address });
    const waiting = { letters: this.#store.lettersFor(nick), rows: this.#channel.unread(nick) };
    const stream = StreamWriter.open(++this.#streams, waiting);
    member.connection = { link, stream };
    const { version, size: members } = this.#roster;
    const dropped = this.#channel.takeDropped(now, nick);
    link.send(now, {
      type: "registered",
      nick,
      stream: stream.stream,
      version,
      members,
      waiting: stream.length,
      dropped,
    });
    stream.pump(now, link);
    this.#mailroom.tellCollected(now, link, nick);
  }

  #depart(now: Millis, member: Member, how: Departure): void {
    this.#detach(member);
    member.online = false;
    this.#silences.clear(member);
    this.#roster.changed(now, member);
    this.#effects.notice({ type: "clientLeft", nick: member.nick, how });
  }

  /** The member's link is a stranger's again. */
  #detach(member: Member): void {
    if (member.connection !== undefined) {
      member.connection.link.kept = false;
      this.#byLink.delete(member.connection.link);
    }
    member.connection = undefined;
    this.#probes.clear(member);
  }

  /** A member that is heard is online. */
  #noteAlive(now: Millis, link: Link): void {
    const member = this.#byLink.get(link);
    if (member === undefined) return;
    this.#roster.seenAt(now, member, link.address);
    this.#probes.clear(member);
  }

  /** From now on the member has 2.5 s to give a sign of life. */
  #probe(now: Millis, member: Member): void {
    if (!this.#probes.has(member)) this.#probes.set(member, now + PROBE_MS);
  }

  // ---- time ----------------------------------------------------------------------------------------------

  #runTimers(now: Millis): void {
    for (let member = this.#probes.next(now); member !== undefined; member = this.#probes.next(now)) {
      this.#depart(now, member, "silent");
    }
    for (let member = this.#silences.next(now); member !== undefined; member = this.#silences.next(now)) {
      const end = (member.connection?.link.heardAt ?? -Infinity) + SILENCE_MS;
      if (end > now) this.#silences.set(member, end);
      else this.#depart(now, member, "silent");
    }
    this.#roster.runTimers(now);
    if (this.#sweepDue <= now) {
      this.#sweepDue = now + SWEEP_MS;
      this.#store.forgetOld(now);
      this.#channel.dropOld(now);
    }
    if (this.#reportDue <= now) {
      this.#reportDue = now + DROPPED_REPORT_MS;
      const count = this.#links.takeDropped();
      if (count > 0) this.#effects.notice({ type: "dropped", count });
    }
  }
}

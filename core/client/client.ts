/**
 * The client: one user, one server, many peers. This file is the door: it takes inputs apart and hands each to
 * the part that it concerns. `client_states.ts` says which of them may be done when.
 */
import type { Action } from "../action.ts";
import type { Primitives } from "../base/crypto.ts";
import { SWEEP_MS } from "../base/limits.ts";
import { StateMachine } from "../base/state_machine.ts";
import type { Address, Key, Millis, Random } from "../base/units.ts";
import { Effects } from "../durable/effects.ts";
import { initiationClock } from "../durable/start.ts";
import { type Arrival, Links } from "../link/links.ts";
import type { Input, Machine, Output, Records } from "../machine.ts";
import type { Identity } from "../messages/identity.ts";
import type { Acquaintance } from "../messages/invitation.ts";
import { type Nick, sameNick } from "../messages/nick.ts";
import type { Row } from "../messages/table.ts";
import type { Verb } from "../messages/verb.ts";
import { Attempts } from "./attempts.ts";
import { LIFE, type Matter, type Verdict, verdictOn } from "./client_states.ts";
import { Membership } from "./membership.ts";
import { Receiver } from "./receiver.ts";
import { Requests } from "./requests.ts";
import { Sealing } from "./sealing.ts";
import { Sender } from "./sender.ts";
import { ServerContact } from "./server_contact.ts";
import { ClientState } from "./state.ts";
import { StreamReader } from "./stream_reader.ts";
import { Trust } from "./trust.ts";

export interface ClientOptions {
  readonly nick: Nick;
  readonly server: Address;
  /** The same as the user wrote it. */
  readonly serverName: string;
  /** The server's public key, where it is known before. */
  readonly serverKey: Key | undefined;
  /** Where this client's own socket is, as it is to be shown. */
  readonly own: Address;
  /** Other addresses of this machine under which peers may reach the client. */
  readonly candidates: readonly Address[];
  readonly identity: Identity;
  /** The people whom an invitation names. */
  readonly invited: readonly Acquaintance[];
  /** 32 bytes under which channel messages are sealed; without it they are open. */
  readonly channelKey: Uint8Array | undefined;
  /** Attempts for a command before the client gives up; 0: never. */
  readonly attempts: number;
  /** True if records outlive the process. */
  readonly durable: boolean;
  readonly primitives: Primitives;
}

export class Client implements Machine {
  readonly #nick: Nick;
  readonly #effects: Effects;
  readonly #state: ClientState;
  readonly #stream = new StreamReader();
  readonly #attempts: Attempts;
  readonly #links: Links;
  readonly #membership: Membership;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #contact: ServerContact;
  readonly #requests: Requests;
  readonly #options: ClientOptions;
  readonly #life = new StateMachine(LIFE, "new", {
    start: (now) => this.#start(now),
    finish: (now) => this.#finish(now),
    deregister: (now) => this.#membership.deregister(now),
    catchUp: (now) => this.#catchUp(now),
    retry: (now) => this.#requests.retry(now),
    leave: (now) => this.#leave(now, 0),
    leaveIfDone: (now) => this.#leaveIfDone(now),
    fail: () => this.#effects.exit(1),
  });
  #sweepDue: Millis;

  constructor(now: Millis, options: ClientOptions, random: Random, records: Records) {
    const { candidates, channelKey, identity, nick, primitives, server, serverKey, serverName } = options;
    this.#nick = nick;
    this.#options = options;
    this.#sweepDue = now + SWEEP_MS;
    const effects = this.#effects = new Effects(options.durable, records);
    const about = { nick, server, identity, primitives, effects, random };
    const state = this.#state = new ClientState(now, about);
    const { ids, inbox, knownPeers, postChains, prekeys, tracker } = state;
    const probeTimeout = () => this.#membership.link.probeTimeout;
    const attempts = this.#attempts = new Attempts(options.attempts, probeTimeout);
    const links = this.#links = new Links({
      primitives,
      random,
      ownKey: identity.keyPair,
      timestamp: initiationClock(effects),
      name: undefined,
      keepsAlive: true,
    });
    const membership = this.#membership = new Membership(now, {
      effects,
      links,
      attempts,
      stream: this.#stream,
      events: {
        cameOnline: (at) => this.#life.on(at, "cameOnline"),
        wasRefused: (at) => this.#life.on(at, "wasRefused"),
        wentOffline: (at) => this.#wentOffline(at),
        rowsChanged: (at, rows) => this.#rowsChanged(at, rows),
      },
      nick,
      server,
      serverKey,
      primitives,
      prekeys,
      candidates,
    });
    const { link, table } = membership;
    this.#contact = new ServerContact({ effects, links, link, server, serverName });
    const sealing = new Sealing({
      primitives,
      random,
      nick,
      identity,
      prekeys,
      knownPeers,
      postChains,
      channelKey,
      tracker,
      table,
    });
    const sender = this.#sender = new Sender({
      effects,
      links,
      attempts,
      tracker,
      inbox,
      membership,
      nick,
      ids,
      sealing,
    });
    this.#receiver = new Receiver({
      primitives,
      effects,
      links,
      membership,
      inbox,
      nick,
      identity,
      prekeys,
      knownPeers,
      postChains,
      channelKey,
    });
    const trust = new Trust({
      primitives,
      effects,
      identity,
      nick,
      serverName,
      knownPeers,
      membership,
      sender,
    });
    this.#requests = new Requests({
      effects,
      nick,
      server,
      knownPeers,
      membership,
      sender,
      trust,
      leave: (at) => this.#life.on(at, "leave"),
      quit: (at) => this.#life.on(at, "quit"),
    });
    trust.invited(options.invited);
  }

  get deadline(): Millis {
    if (this.#effects.exiting) return this.#effects.deadline;
    return Math.min(
      this.#effects.deadline,
      this.#links.deadline,
      this.#state.inbox.deadline,
      this.#stream.deadline,
      this.#membership.deadline,
      this.#sender.deadline,
      this.#attempts.deadline(this.#membership.link.heardAt),
      this.#sweepDue,
    );
  }

  step(now: Millis, input: Input): Output[] {
    if (this.#effects.exiting) return this.#effects.takeOutputs(now, []);
    if (input.type === "datagram") this.#onDatagram(now, input.from, input.bytes);
    if (input.type === "action") this.#onAction(now, input.action);
    if (input.type === "tick") this.#runTimers(now);
    if (!this.#effects.exiting) this.#life.on(now, "stepOver");
    const leaves = input.type === "tick" || this.#effects.exiting;
    return this.#effects.takeOutputs(now, leaves ? this.#links.takeDatagrams(now) : []);
  }

  // ---- what comes in -------------------------------------------------------------------------------------

  #onAction(now: Millis, action: Action): void {
    this.#life.on(now, "action");
    if (action.type === "leave" || action.type === "finish") this.#life.on(now, action.type);
    else this.#requests.make(now, action);
  }

  #start(now: Millis): void {
    this.#effects.notice({ type: "started", own: this.#options.own, server: this.#options.server });
    this.#state.inbox.showUnshown(now);
  }

  #onDatagram(now: Millis, from: Address, bytes: Uint8Array): void {
    const arrival = this.#links.receive(now, from, bytes);
    switch (arrival?.type) {
      case "announced":
        return this.#contact.onAnnounced(now, arrival.key, arrival.name);
      case "foreign":
        return this.#contact.onForeign(arrival.versions);
      case "verbs":
        if (arrival.link === this.#membership.link) this.#onServerPacket(now, arrival);
        else this.#onPeerPacket(now, arrival);
    }
  }

  #onPeerPacket(now: Millis, { link, verbs, restarted }: Extract<Arrival, { type: "verbs" }>): void {
    if (restarted) this.#sender.peerRestarted(now, link);
    if (this.#verdictOn("peerVerb") !== "do") return;
    for (const verb of verbs) {
      if (verb.type === "direct") this.#receiver.onDirect(now, link, verb);
      // Nobody but the server can say anything of a nick.
      if (verb.type !== "receipt" || !sameNick(verb.to, this.#nick) || verb.outcome === "released") continue;
      if (this.#membership.table.get(verb.from)?.key === link.peer) {
        this.#sender.onReceipt(now, verb.from, verb);
      }
    }
  }

  #onServerPacket(now: Millis, { verbs, restarted }: Extract<Arrival, { type: "verbs" }>): void {
    this.#contact.onPacket(now);
    if (restarted) this.#membership.serverRestarted(now, verbs.some(({ type }) => type === "registered"));
    for (const verb of verbs) this.#onServerVerb(now, verb);
  }

  #onServerVerb(now: Millis, verb: Verb): void {
    if (verb.type === "letter" || verb.type === "channel") {
      this.#stream.file(now, verb);
      this.#readStream(now);
    } else if (!this.#membership.receive(now, verb)) this.#sender.receiveFromServer(now, verb);
  }

  /** Takes what the server handed over, in order; nothing before the table is complete. */
  #readStream(now: Millis): void {
    if (this.#verdictOn("streamItem") !== "do") return;
    const chance = this.#life.state === "finishing" ? 0 : this.#links.chance();
    for (let item; (item = this.#stream.takeNext(now, chance)) !== undefined;) {
      this.#receiver.onItem(now, item);
    }
  }

  #rowsChanged(now: Millis, rows: readonly Row[]): void {
    this.#receiver.rowsChanged(now, rows);
    this.#sender.rowsChanged(now, rows);
  }

  /** Does all that has waited until we are registered, whichever registration it is. */
  #catchUp(now: Millis): void {
    this.#receiver.cameOnline();
    this.#sender.cameOnline(now);
    this.#readStream(now);
    this.#requests.retry(now);
  }

  #wentOffline(now: Millis): void {
    this.#sender.wentOffline();
    this.#life.on(now, "wentOffline");
  }

  #verdictOn(matter: Matter): Verdict {
    return verdictOn(this.#membership.state, matter);
  }

  // ---- the end -------------------------------------------------------------------------------------------

  #leave(now: Millis, status: number): void {
    this.#membership.leave(now);
    this.#sender.flush();
    this.#tellWhatWaits();
    this.#effects.notice({ type: "exiting" });
    this.#effects.exit(status);
  }

  #finish(now: Millis): void {
    this.#sender.finish(now);
    if (!this.#stream.isDrained) this.#attempts.wait(now, "mail", true);
  }

  #leaveIfDone(now: Millis): void {
    const verdict = this.#verdictOn("end");
    if (verdict === "wait") return;
    const left = this.#state.tracker.waiting;
    // What is held back waits for a word of the user, who has none to say any more.
    const isUnderWay = this.#sender.isUnderWay || !this.#stream.isDrained;
    if (verdict === "do" && isUnderWay) return;
    this.#leave(now, left > 0 ? 1 : 0);
  }

  #giveUp(): void {
    const effects = this.#effects;
    const neverHeard = this.#membership.link.heardAt === -Infinity;
    this.#sender.flush();
    effects.notice(neverHeard ? this.#contact.absence : { type: "serverSilent" });
    this.#tellWhatWaits();
    if (!neverHeard) effects.notice({ type: "gaveUp" });
    effects.exit(1);
  }

  #tellWhatWaits(): void {
    const { waiting } = this.#requests;
    if (waiting > 0) this.#effects.notice({ type: "notDone", count: waiting });
    const count = this.#state.tracker.waiting;
    if (count > 0) {
      this.#effects.notice({ type: this.#options.durable ? "messagesWait" : "messagesLost", count });
    }
  }

  // ---- time ----------------------------------------------------------------------------------------------

  #runTimers(now: Millis): void {
    this.#state.inbox.runTimers(now);
    this.#membership.runTimers(now);
    this.#sender.runTimers(now);
    if (this.#stream.takeAck(now)) this.#acknowledgeStream(now);
    const verdict = this.#attempts.check(now, this.#membership.link.heardAt);
    if (verdict === "give up") this.#giveUp();
    if (verdict === "say silent") this.#effects.notice({ type: "serverSilent" });
    if (this.#sweepDue <= now) {
      this.#sweepDue = now + SWEEP_MS;
      this.#state.forgetOld(now);
      this.#sender.forgetOld(now);
      this.#receiver.forgetSecrets();
    }
  }

  #acknowledgeStream(now: Millis): void {
    const saved = { type: "saved", nick: this.#nick, ...this.#stream.saved } as const;
    this.#membership.link.sendAfresh(now, saved, "saved");
  }
}

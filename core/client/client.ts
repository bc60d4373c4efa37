/**
 * The client: one user, one server, many peers. This file is the door of the wing: it takes each input apart
 * and hands it to the part that it concerns. `client_states.ts` says what may be done when.
 */
import type { Action, Ref } from "../action.ts";
import { KEY_BYTES, type Primitives } from "../base/crypto.ts";
import { GIVE_UP_GRACE_MS, SERVER_SILENCE_MS, SETTLED_MS, SWEEP_MS } from "../base/limits.ts";
import { StateMachine } from "../base/state_machine.ts";
import type { Address, Datagram, Key, Millis, Random, Stopwatch } from "../base/units.ts";
import { Effects } from "../durable/effects.ts";
import { initiationClock } from "../durable/start.ts";
import { WallClock } from "../durable/wall_clock.ts";
import { type Arrival, Links } from "../link/links.ts";
import { NEWEST } from "../history.ts";
import type { Input, Machine, Output, Records } from "../machine.ts";
import type { Identity } from "../messages/identity.ts";
import type { Acquaintance } from "../messages/invitation.ts";
import { type Nick, sameNick } from "../messages/nick.ts";
import { type Row, Table } from "../messages/table.ts";
import type { Verb } from "../messages/verb.ts";
import type { Notice } from "../notice.ts";
import { Attempts } from "./attempts.ts";
import { Completions } from "./completions.ts";
import { LIFE, type Matter, type Verdict, verdictOn } from "./client_states.ts";
import { DirectWay } from "./direct_way.ts";
import { Introductions } from "./introductions.ts";
import { Membership } from "./membership.ts";
import { People } from "./people.ts";
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
  /** The server as the user wrote it, HOST:PORT. */
  readonly serverName: string;
  /** The server's public key; `undefined` before the first contact with it. */
  readonly serverKey: Key | undefined;
  /** The address of this client's own socket, as the user is shown it. */
  readonly own: Address;
  /** Further addresses of this machine at which peers may reach the client. */
  readonly candidates: readonly Address[];
  readonly identity: Identity;
  /** The people in the invitation that the client was started with. */
  readonly invited: readonly Acquaintance[];
  /** The 32 bytes under which posts are sealed; without them posts are open. */
  readonly channelKey: Uint8Array | undefined;
  /** The number of attempts after which a command that gets no answer ends the client; 0 for no end. */
  readonly attempts: number;
  /** True if somebody may be typing: the client does not end under their hands. */
  readonly interactive: boolean;
  /**
   * True for a script that only sends: it is not online, gets no mail, and its messages go by way of the
   * server. Its links have a key of this process, so that it takes nothing away from the holder of the nick.
   */
  readonly sendsOnly: boolean;
  /**
   * True if a person at a terminal sees what is shown. Otherwise incoming messages are kept, for the next
   * client that a person looks at.
   */
  readonly isAttended: boolean;
  /** True if records outlive the process, because there is a state folder. */
  readonly durable: boolean;
  readonly primitives: Primitives;
  readonly stopwatch: Stopwatch;
  /** How many of the last messages in the history are shown at the start. */
  readonly recalls: number;
  /** The program's own notices at its start, behind the one with the addresses. */
  readonly foreword: readonly Notice[];
}

/** The actions that do not depend on the server. */
type AboutState = Extract<Action, { type: typeof ABOUT_STATE[number] }>;
const ABOUT_STATE = [
  "attend",
  "confirmEvents",
  "confirmShown",
  "followMessage",
  "listWays",
  "readHistory",
  "readJournal",
] as const;

export class Client implements Machine {
  readonly #nick: Nick;
  readonly #effects: Effects;
  readonly #clock: WallClock;
  readonly #state: ClientState;
  readonly #stream = new StreamReader();
  readonly #attempts: Attempts;
  readonly #links: Links;
  readonly #membership: Membership;
  readonly #directWay: DirectWay;
  readonly #introductions: Introductions;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #contact: ServerContact;
  readonly #requests: Requests;
  readonly #completions: Completions;
  readonly #options: ClientOptions;
  /** The life of the process: its table in `client_states.ts` says when which of these moves is made. */
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
  /** True if the mail is here that waited when the client came online. */
  #hasReadMail = true;
  /** When to look for what is too old: never while the client is not online. */
  #sweepDue: Millis = Infinity;
  /** When the server was last heard, once the user was told that it is silent. */
  #silentSince: Millis | undefined;

  constructor(now: Millis, options: ClientOptions, random: Random, records: Records) {
    const { candidates, channelKey, identity, nick, primitives, sendsOnly } = options;
    const { isAttended, server, serverKey, serverName } = options;
    this.#nick = nick;
    this.#options = options;
    const effects = this.#effects = new Effects(options.durable, records);
    const clock = this.#clock = new WallClock(effects);
    const table = new Table();
    const about = {
      nick,
      server,
      serverKey,
      identity,
      primitives,
      effects,
      clock,
      random,
      isAttended,
      table,
    };
    const state = this.#state = new ClientState(about);
    const { chronicle, floods, followed, ids, inbox, knownPeers, lookAlikes, postChains, prekeys, tracker } =
      state;
    const probeTimeout = () => this.#membership.link.probeTimeout;
    const attempts = this.#attempts = new Attempts(
      options.attempts,
      probeTimeout,
      options.interactive ? GIVE_UP_GRACE_MS : 0,
    );
    const ownKey = sendsOnly ? primitives.keyPair(random(KEY_BYTES)) : identity.keyPair;
    const initiation = initiationClock(effects);
    const links = this.#links = new Links({
      primitives,
      random,
      ownKey,
      timestamp: (at) => initiation(clock.at(at)),
      stopwatch: options.stopwatch,
      name: undefined,
      keepsAlive: true,
    });
    const membership = this.#membership = new Membership(now, {
      table,
      chronicle,
      knownPeers,
      lookAlikes,
      effects,
      links,
      attempts,
      stream: this.#stream,
      events: {
        cameOnline: (at) => this.#life.on(at, "cameOnline"),
        wasRefused: (at) => this.#life.on(at, "wasRefused"),
        wentOffline: (at) => this.#wentOffline(at),
        rowsChanged: (at, rows) => this.#rowsChanged(at, rows),
        lookedUp: (at, name, isNobody) => this.#lookedUp(at, name, isNobody),
      },
      nick,
      server,
      serverKey,
      primitives,
      identity,
      prekeys,
      candidates,
      voucher: sendsOnly ? identity.voucher(nick, ownKey.publicKey.toHex()) : undefined,
    });
    this.#completions = new Completions({ effects, membership, nick });
    const { link } = membership;
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
    const own = { nick, identity: identity.publicKey };
    const people = new People(primitives, own, () => link.peer);
    const introductions = this.#introductions = new Introductions({ links, membership, nick });
    const directWay = this.#directWay = new DirectWay({ links, introductions, people, nick });
    const sender = this.#sender = new Sender({
      effects,
      clock,
      attempts,
      directWay,
      tracker,
      followed,
      chronicle,
      inbox,
      knownPeers,
      membership,
      nick,
      ids,
      sealing,
      sendsOnly,
    });
    this.#receiver = new Receiver({
      primitives,
      effects,
      clock,
      links,
      membership,
      chronicle,
      inbox,
      floods,
      nick,
      identity,
      prekeys,
      knownPeers,
      people,
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
      lookAlikes,
      membership,
      sender,
    });
    this.#requests = new Requests({
      effects,
      nick,
      server,
      knownPeers,
      membership,
      followed,
      sender,
      trust,
      awaySince: () =>
        this.#silentSince === -Infinity ? "never" : this.#silentSince && clock.at(this.#silentSince),
      leave: (at) => this.#life.on(at, "leave"),
      // A client that only sends has nothing to deregister.
      quit: (at) => this.#life.on(at, sendsOnly ? "finish" : "quit"),
    });
    trust.invited(options.invited);
  }

  get deadline(): Millis {
    // A client that is about to end waits only until its last changes are saved.
    if (this.#effects.exiting) return this.#effects.deadline;
    return Math.min(
      this.#effects.deadline,
      this.#links.deadline,
      this.#state.inbox.deadline,
      this.#state.floods.deadline,
      this.#stream.deadline,
      this.#membership.deadline,
      this.#sender.deadline,
      this.#receiver.deadline,
      this.#completions.deadline,
      this.#attempts.deadline(this.#membership.link.heardAt),
      this.#silenceDue,
      this.#sweepDue,
    );
  }

  step(now: Millis, input: Input): Output[] {
    if (this.#effects.exiting) return this.#effects.takeOutputs(now, []);
    if (input.type === "datagram") this.#onDatagram(now, input.from, input.bytes);
    if (input.type === "action") this.#onAction(now, input.action, input.ref);
    if (input.type === "resumed") this.#receiver.resumed(now);
    if (input.type === "clock") this.#clock.set(now, input.wall);
    if (input.type === "tick") this.#runTimers(now);
    if (!this.#effects.exiting) this.#life.on(now, "stepOver");
    // Only a tick transmits, so that the answers to all inputs of a wake-up share packets. The step that asks
    // for the end transmits as well, because no tick follows it.
    const leaves = input.type === "tick" || this.#effects.exiting;
    return this.#effects.takeOutputs(now, leaves ? this.#takeDatagrams(now) : []);
  }

  /** Packs what all inputs of this wake-up have to say. */
  #takeDatagrams(now: Millis): Datagram[] {
    this.#directWay.flush(now);
    this.#receiver.flush(now);
    const datagrams = this.#links.takeDatagrams(now);
    this.#sender.noteDepartures();
    return datagrams;
  }

  // ---- inputs --------------------------------------------------------------------------------------------

  #onAction(now: Millis, action: Action, ref: Ref | undefined): void {
    if (action.type === "release") return;
    if (action.type === "stay") return this.#stay(now);
    this.#life.on(now, "action");
    // While nobody answers, nothing is gained by asking to be deregistered.
    if (
      action.type === "quit" && this.#options.interactive && this.#attempts.isPatient && this.#isSilent
    ) {
      this.#life.on(now, "leave");
    } else if (action.type === "leave" || action.type === "finish") this.#life.on(now, action.type);
    else if (action.type === "completeNick") {
      this.#effects.answering(ref, () => this.#completions.complete(now, action.prefix));
    } else if (isAboutState(action)) this.#effects.answering(ref, () => this.#askState(now, action));
    else this.#requests.make(now, action, ref);
  }

  /** Answers what the state of the client alone decides, whatever the server does. */
  #askState(now: Millis, action: AboutState): void {
    const { floods, inbox, journal } = this.#state;
    const effects = this.#effects;
    switch (action.type) {
      case "followMessage":
        this.#sender.follow(action.id);
        break;
      case "attend":
        journal.attend(action.isAttended);
        floods.attend(action.isAttended && this.#effects.keeps);
        if (action.isAttended) inbox.showJournal(now);
        break;
      case "confirmEvents":
        journal.confirm(now, action.reader, action.number);
        break;
      case "confirmShown":
        journal.confirmShown(now, action.number);
        break;
      case "listWays":
        this.#listWays();
        break;
      case "readJournal":
        journal.answer(now, action.reader, action.after);
        break;
      case "readHistory":
        effects.look(action.query, journal.shownUntil);
    }
    effects.notice({ type: "settled" });
  }

  #listWays(): void {
    const { link, table } = this.#membership;
    const peers = table.rows().flatMap(({ key, nick }) => {
      const way = this.#links.get(key)?.quality;
      return way === undefined ? [] : [[nick, way] as const];
    });
    const waiting = this.#state.tracker.waiting;
    this.#effects.notice({ type: "waysListed", server: link.quality, peers, waiting });
  }

  #start(now: Millis): void {
    this.#effects.notice({ type: "started", own: this.#options.own, server: this.#options.server });
    for (const notice of this.#options.foreword) this.#effects.notice(notice);
    this.#state.rememberAll(now);
    const { recalls } = this.#options;
    if (recalls > 0) {
      // Messages that were not shown yet come behind them anyhow.
      this.#effects.look({ ...NEWEST, count: recalls, shownOnly: true }, this.#state.journal.shownUntil);
    }
    if (!this.#options.sendsOnly) this.#state.inbox.showUnshown(now);
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

  /**
   * Takes the verbs of a peer. A peer may speak for a nick only if the table gives the key of its link for
   * that nick (docs/protocol.md, section 5).
   */
  #onPeerPacket(now: Millis, { link, verbs, restarted }: Extract<Arrival, { type: "verbs" }>): void {
    if (restarted) this.#sender.peerRestarted(now, link);
    if (this.#verdictOn("peerVerb") !== "do") return;
    for (const verb of verbs) {
      if (verb.type === "direct") this.#receiver.onDirect(now, link, verb);
      if (verb.type === "got") this.#sender.onGot(now, link, verb);
    }
  }

  #onServerPacket(now: Millis, { verbs, restarted }: Extract<Arrival, { type: "verbs" }>): void {
    this.#contact.onPacket(now);
    this.#attempts.heard();
    if (this.#isSilent) this.#isBack(now);
    if (restarted) this.#membership.serverRestarted(now, verbs.some(({ type }) => type === "registered"));
    for (const verb of verbs) this.#onServerVerb(now, verb);
  }

  #isBack(now: Millis): void {
    if (this.#options.interactive) this.#effects.notice({ type: "serverBack" });
    this.#silentSince = undefined;
    if (this.#sweepDue < Infinity) this.#sweepDue = now + SETTLED_MS;
  }

  #onServerVerb(now: Millis, verb: Verb): void {
    if (verb.type === "letter" || verb.type === "channel") {
      this.#stream.file(now, verb);
      // The sender of an item further behind is asked for as well, so that all answers come together.
      this.#receiver.awaitsRow(now, verb);
      this.#readStream(now);
    } else if (verb.type === "introduce") {
      if (sameNick(verb.nick, this.#nick)) this.#introductions.introduced(now, verb);
    } else if (verb.type === "completed") {
      this.#completions.completed(verb.prefix, verb.nicks);
    } else if (!this.#membership.receive(now, verb)) this.#sender.receiveFromServer(now, verb);
  }

  /** Takes the items of the stream that have come, in order. They wait until the user is online. */
  #readStream(now: Millis): void {
    if (this.#verdictOn("streamItem") !== "do") return;
    // Clients spread their acknowledgements, but one that is about to end acknowledges at once.
    const chance = this.#life.state === "finishing" ? 0 : this.#links.chance();
    for (let item; (item = this.#stream.next) !== undefined;) {
      if (this.#receiver.awaitsRow(now, item)) return;
      this.#stream.takeNext(now, chance);
      this.#receiver.onItem(now, item);
    }
    if (this.#hasReadMail || !this.#stream.isDrained) return;
    this.#hasReadMail = true;
    this.#effects.notice({ type: "mailRead" });
  }

  #rowsChanged(now: Millis, rows: readonly Row[]): void {
    this.#receiver.rowsChanged(now, rows);
    this.#sender.rowsChanged(now, rows);
  }

  /** The server has answered a question for a nick: what has waited for that goes on. */
  #lookedUp(now: Millis, name: Nick, isNobody: boolean): void {
    this.#receiver.lookedUp(now, name);
    if (isNobody) this.#sender.hasNobody(now, name);
    this.#requests.lookedUp(now, name);
    this.#readStream(now);
  }

  /**
   * Does everything that has waited for a registration: after every one, also after those that the client
   * makes by itself.
   */
  #catchUp(now: Millis): void {
    this.#sweepDue = now + SETTLED_MS;
    this.#hasReadMail = false;
    this.#receiver.cameOnline(now);
    this.#sender.cameOnline(now);
    this.#readStream(now);
    this.#requests.retry(now);
  }

  #wentOffline(now: Millis): void {
    this.#sweepDue = Infinity;
    this.#sender.wentOffline();
    this.#links.stopSeeking();
    this.#life.on(now, "wentOffline");
  }

  #verdictOn(matter: Matter): Verdict {
    return verdictOn(this.#membership.state, matter);
  }

  // ---- the end -------------------------------------------------------------------------------------------

  /** Ends the process at once. One datagram tells the server, and nothing waits for an answer. */
  #leave(now: Millis, status: number): void {
    this.#membership.leave(now);
    this.#sender.flush();
    this.#tellWhatWaits();
    this.#effects.notice({ type: "exiting" });
    this.#effects.exit(status);
  }

  /**
   * The input has ended. Everything that is awaited counts as a command from now on, the mail too, so that a
   * silent server ends the client.
   */
  #finish(now: Millis): void {
    this.#sender.finish(now);
    if (!this.#stream.isDrained) this.#attempts.wait(now, "mail", true);
  }

  /**
   * Ends a process whose input has ended as soon as nothing is under way any more. The status is 1 if
   * messages are left.
   */
  #leaveIfDone(now: Millis): void {
    const verdict = this.#verdictOn("end");
    if (verdict === "wait") return;
    const left = this.#state.tracker.waiting;
    // Messages that are held back wait for a word of the user, who has none to say any more.
    const isUnderWay = this.#sender.isUnderWay || !this.#stream.isDrained;
    if (verdict === "do" && isUnderWay) return;
    this.#leave(now, left > 0 ? 1 : 0);
  }

  /** The attempts of a command are used up (`attempts.ts`): says why, and ends with status 1. */
  #giveUp(): void {
    const effects = this.#effects;
    const neverHeard = this.#membership.link.heardAt === -Infinity;
    this.#sender.flush();
    if (neverHeard) effects.notice(this.#contact.absence);
    // Somebody who may be typing was told before.
    else if (!this.#options.interactive) effects.notice({ type: "serverSilent" });
    this.#tellWhatWaits();
    if (!neverHeard) effects.notice({ type: "gaveUp" });
    effects.exit(1);
  }

  get #isSilent(): boolean {
    return this.#silentSince !== undefined;
  }

  /** When a server that was asked nothing but keep-alives counts as silent. */
  get #silenceDue(): Millis {
    const { link, state } = this.#membership;
    if (this.#isSilent || state === "offline" || link.heardAt === -Infinity) return Infinity;
    return link.heardAt + SERVER_SILENCE_MS;
  }

  #saySilent(): void {
    this.#silentSince = this.#membership.link.heardAt;
    this.#effects.notice({ type: "serverSilent" });
    if (this.#options.attempts === 0) this.#effects.notice({ type: "staying" });
  }

  /** A script that asks the server for nothing misses nothing, and is not told. */
  #countAsSilent(): void {
    if (this.#options.interactive) this.#saySilent();
    else this.#silentSince = this.#membership.link.heardAt;
  }

  /** Somebody is typing: the command that got no answer is given up, and not the client. */
  #stay(now: Millis): void {
    if (!this.#attempts.stay(this.#membership.link.heardAt)) return;
    this.#effects.notice({ type: "staying" });
    this.#membership.stay(now);
    this.#life.on(now, "stay");
  }

  /** Says what is left: lines that were folded, commands, and messages that wait. */
  #tellWhatWaits(): void {
    this.#state.floods.tellAll();
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
    this.#state.floods.runTimers(now);
    this.#membership.runTimers(now);
    this.#completions.runTimers(now);
    this.#sender.runTimers(now);
    if (this.#stream.takeAck(now, this.#membership.link.owesAck(now))) this.#acknowledgeStream(now);
    const verdict = this.#attempts.check(now, this.#membership.link.heardAt);
    if (verdict === "give up") this.#giveUp();
    if (verdict === "say silent") this.#saySilent();
    else if (this.#silenceDue <= now) this.#countAsSilent();
    if (this.#sweepDue <= now) {
      this.#sweepDue = now + SWEEP_MS;
      this.#clock.save(now);
      // While the server is silent, letters may wait there whose prekeys and ids seem to be old.
      if (!this.#isSilent) {
        this.#state.forgetOld(now);
        this.#sender.forgetOld(now);
      }
    }
  }

  /** Tells the server what is saved. An older acknowledgement that is still on its way is of no use. */
  #acknowledgeStream(now: Millis): void {
    const saved = { type: "saved", nick: this.#nick, ...this.#stream.saved } as const;
    this.#membership.link.sendAfresh(now, saved, "saved");
  }
}

function isAboutState(action: Action): action is AboutState {
  return ABOUT_STATE.some((type) => type === action.type);
}

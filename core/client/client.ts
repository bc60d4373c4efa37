/**
 * The client: one user, one server, many peers. This file is the door: it takes inputs apart and hands each to
 * the part that it concerns, and it says which of the user's actions are allowed when.
 */
import type { Action } from "../action.ts";
import { utf8Length } from "../base/bytes.ts";
import type { Primitives } from "../base/crypto.ts";
import { SWEEP_MS, TEXT_BYTES, WAITING_ACTIONS } from "../base/limits.ts";
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
import { Membership } from "./membership.ts";
import { Receiver } from "./receiver.ts";
import { Sealing } from "./sealing.ts";
import { Sender } from "./sender.ts";
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
  /** Whom an invitation names. */
  readonly invited: readonly Acquaintance[];
  /** 32 bytes under which channel messages are sealed; without it they are open. */
  readonly channelKey: Uint8Array | undefined;
  /** Attempts for a command before the client gives up; 0: never. */
  readonly attempts: number;
  /** Whether what is saved outlives the process. */
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
  readonly #trust: Trust;
  readonly #options: ClientOptions;
  /** What the user asked for while the registration is under way. */
  #waiting: Action[] = [];
  /** What the server announced, until it is heard under that key; and whether another one was told of since. */
  #met: { key: Key; name: string } | undefined;
  #saidKeyChanged = false;
  /** The versions that whoever is at the server's address says it speaks. */
  #otherVersions: readonly number[] | undefined;
  #started = false;
  #finishing = false;
  #quitting = false;
  #mailAnnounced = false;
  #sweepDue: Millis;

  constructor(now: Millis, options: ClientOptions, random: Random, records: Records) {
    this.#nick = options.nick;
    this.#options = options;
    this.#sweepDue = now + SWEEP_MS;
    const effects = this.#effects = new Effects(options.durable, records);
    const state = this.#state = new ClientState(now, { ...options, effects, random });
    const probeTimeout = () => this.#membership.link.probeTimeout;
    const attempts = this.#attempts = new Attempts(options.attempts, probeTimeout);
    const links = this.#links = new Links({
      primitives: options.primitives,
      random,
      ownKey: options.identity.keyPair,
      timestamp: initiationClock(effects),
      name: undefined,
      keepsAlive: true,
    });
    const shared = { ...options, ...state, effects, links, attempts, random };
    const membership = this.#membership = new Membership(now, {
      ...shared,
      stream: this.#stream,
      events: {
        cameOnline: (at) => this.#cameOnline(at),
        wentOffline: (at) => this.#wentOffline(at),
        rowsChanged: (at, rows) => {
          this.#receiver.rowsChanged(at, rows);
          this.#sender.rowsChanged(at, rows);
        },
      },
    });
    const sealing = new Sealing({ ...shared, table: membership.table });
    const sender = this.#sender = new Sender({ ...shared, membership, sealing });
    this.#receiver = new Receiver({ ...shared, membership });
    this.#trust = new Trust({ ...shared, membership, sender });
    this.#trust.invited(options.invited);
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
    if (this.#finishing) this.#finishIfDone(now);
    const leaves = input.type === "tick" || this.#effects.exiting;
    return this.#effects.takeOutputs(now, leaves ? this.#links.takeDatagrams(now) : []);
  }

  // ---- start ---------------------------------------------------------------------------------------------

  #start(now: Millis): void {
    this.#started = true;
    this.#effects.notice({ type: "started", own: this.#options.own, server: this.#options.server });
    this.#state.inbox.showUnshown(now);
  }

  // ---- what comes in -------------------------------------------------------------------------------------

  #onDatagram(now: Millis, from: Address, bytes: Uint8Array): void {
    const arrival = this.#links.receive(now, from, bytes);
    switch (arrival?.type) {
      case "announced":
        return this.#onAnnounced(now, arrival);
      case "foreign":
        this.#otherVersions = arrival.versions;
        return;
      case "verbs":
        if (arrival.link === this.#membership.link) this.#onServerPacket(now, arrival);
        else this.#onPeerPacket(now, arrival);
    }
  }

  #onPeerPacket(now: Millis, { link, verbs, restarted }: Extract<Arrival, { type: "verbs" }>): void {
    if (restarted) this.#sender.peerRestarted(now, link);
    if (this.#membership.state !== "online") return;
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
    // Only now is it proved that the key that was announced is somebody's.
    if (this.#met !== undefined) {
      this.#effects.notice({ type: "serverMet", ...this.#met });
    }
    this.#met = undefined;
    if (restarted) this.#membership.serverRestarted(now, verbs.some(({ type }) => type === "registered"));
    for (const verb of verbs) this.#onServerVerb(now, verb);
  }

  /** A key that is announced is believed, another one only until somebody is heard under the first: it may be damaged. */
  #onAnnounced(now: Millis, { link, key, name }: Extract<Arrival, { type: "announced" }>): void {
    if (link.peer === key) return;
    if (link.peer === undefined || this.#met !== undefined) {
      this.#met = { key, name };
      return this.#links.trust(now, link, key);
    }
    if (this.#saidKeyChanged) return;
    this.#saidKeyChanged = true;
    const ends = link.heardAt === -Infinity;
    const { serverName: server } = this.#options;
    this.#effects.notice({ type: "serverKeyChanged", server, known: link.peer, announced: key, ends });
    if (ends) this.#effects.exit(1);
  }

  #onServerVerb(now: Millis, verb: Verb): void {
    if (verb.type === "letter" || verb.type === "channel") {
      this.#stream.file(now, verb);
      this.#readStream(now);
    } else if (!this.#membership.receive(now, verb)) this.#sender.receiveFromServer(now, verb);
  }

  /** Takes what the server handed over, in order; nothing before the table is complete. */
  #readStream(now: Millis): void {
    if (this.#membership.state !== "online") return;
    const chance = this.#finishing ? 0 : this.#links.chance();
    for (let item; (item = this.#stream.next(now, chance)) !== undefined;) {
      const isNew = !this.#receiver.has(item);
      if (isNew && item.waited && !this.#mailAnnounced) this.#effects.notice({ type: "mailWaiting" });
      this.#mailAnnounced ||= isNew && item.waited;
      // A letter that was seen is receipted again.
      if (isNew || item.type === "letter") this.#receiver.onItem(now, item);
    }
  }

  #cameOnline(now: Millis): void {
    this.#mailAnnounced = false;
    this.#sender.cameOnline(now);
    this.#readStream(now);
    this.#doWaiting(now);
  }

  #wentOffline(now: Millis): void {
    this.#sender.wentOffline();
    if (this.#quitting) return this.#leave(now, 0);
    this.#doWaiting(now);
  }

  #doWaiting(now: Millis): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const action of waiting) this.#onAction(now, action);
  }

  // ---- what the user asks for ----------------------------------------------------------------------------

  #onAction(now: Millis, action: Action): void {
    if (!this.#started) this.#start(now);
    if (action.type === "leave") return this.#leave(now, 0);
    if (action.type === "finish") return this.#finish(now);
    if (this.#membership.state === "registering" || this.#membership.state === "leaving") {
      if (this.#waiting.length < WAITING_ACTIONS) this.#waiting.push(action);
      else this.#answer({ type: "tooMany", count: this.#waiting.length });
      return;
    }
    switch (action.type) {
      case "register":
        return this.#register(now, action.nick);
      case "deregister":
        if (!sameNick(action.nick, this.#nick)) return this.#answer({ type: "notYou", nick: action.nick });
        if (!this.#isOnline()) return;
        return this.#membership.deregister(now);
      case "quit":
        if (this.#membership.state === "offline") return this.#leave(now, 0);
        this.#quitting = true;
        return this.#membership.deregister(now);
      case "listPeers":
        this.#trust.list(this.#options.server);
        return this.#settled();
      case "trust":
        return this.#withPeer(action.nick, (row) => this.#trust.trust(now, row));
      case "verify":
        return this.#withPeer(action.nick, (row) => this.#trust.verify(row));
      case "invite":
        this.#trust.invite();
        return this.#settled();
      case "sendDirect":
        return this.#sendDirect(now, action.to, action.text);
      case "sendChannel":
        if (this.#isOnline() && this.#fits(action.text)) this.#sender.compose(now, undefined, action.text);
    }
  }

  #register(now: Millis, nick: string): void {
    if (this.#membership.state === "online") {
      return this.#answer({ type: "alreadyRegistered", nick: this.#nick });
    }
    if (!sameNick(nick, this.#nick)) return this.#answer({ type: "belongsToOther", own: this.#nick, nick });
    this.#membership.register(now);
  }

  #sendDirect(now: Millis, to: string, text: string): void {
    if (!this.#isOnline()) return;
    const row = this.#membership.table.get(to);
    if (row === undefined) return this.#answer({ type: "unknownPeer", nick: to });
    if (!this.#fits(text)) return;
    const { nick } = row;
    if (!this.#state.knownPeers.meet(nick, row.identity)) {
      return this.#answer({ type: "peerKeyChanged", nick });
    }
    this.#sender.compose(now, nick, text);
  }

  /** What is about somebody in the table is over at once. */
  #withPeer(nick: string, act: (row: Row) => void): void {
    const row = this.#membership.table.get(nick);
    if (row === undefined) return this.#answer({ type: "unknownPeer", nick });
    act(row);
    this.#settled();
  }

  #isOnline(): boolean {
    const online = this.#membership.state === "online";
    if (!online) this.#answer({ type: "youAreOffline", nick: this.#nick });
    return online;
  }

  #fits(text: string): boolean {
    const bytes = utf8Length(text);
    if (bytes > TEXT_BYTES) this.#answer({ type: "tooLong", bytes });
    return bytes <= TEXT_BYTES;
  }

  /** An action that is over with one notice. */
  #answer(notice: Parameters<Effects["notice"]>[0]): void {
    this.#effects.notice(notice);
    this.#settled();
  }

  #settled(): void {
    this.#effects.notice({ type: "settled" });
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
    this.#finishing = true;
    this.#sender.finish(now);
    if (!this.#stream.isDrained) this.#attempts.wait(now, "mail", true);
  }

  #finishIfDone(now: Millis): void {
    const { state } = this.#membership;
    if (state === "registering" || state === "leaving" || this.#waiting.length > 0 || this.#effects.exiting) {
      return;
    }
    const left = this.#state.tracker.waiting;
    // What is held back waits for a word of the user, who has none to say any more.
    const isUnderWay = this.#sender.isUnderWay || !this.#stream.isDrained;
    if (state === "online" && isUnderWay) return;
    this.#leave(now, left > 0 ? 1 : 0);
  }

  #giveUp(): void {
    const effects = this.#effects;
    const neverHeard = this.#membership.link.heardAt === -Infinity;
    this.#sender.flush();
    const { server } = this.#options;
    const versions = this.#otherVersions;
    if (!neverHeard) effects.notice({ type: "serverSilent" });
    else if (versions === undefined) effects.notice({ type: "noServer", server });
    else effects.notice({ type: "otherVersions", server, versions });
    this.#tellWhatWaits();
    if (!neverHeard) effects.notice({ type: "gaveUp" });
    effects.exit(1);
  }

  #tellWhatWaits(): void {
    if (this.#waiting.length > 0) this.#effects.notice({ type: "notDone", count: this.#waiting.length });
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
      this.#state.sweep(now);
      this.#sender.sweep(now);
      this.#receiver.sweep();
    }
  }

  #acknowledgeStream(now: Millis): void {
    const saved = { type: "saved", nick: this.#nick, ...this.#stream.saved } as const;
    this.#membership.link.sendAfresh(now, saved, "saved");
  }
}

/**
 * The client's relation to its server: registering, staying registered, the table, going offline. This file notices
 * the events and makes the moves; `membership_states.ts` says which event leads to which move.
 */
import type { Primitives } from "../base/crypto.ts";
import { KEEP_ALIVE_JITTER, KEEP_ALIVE_MS, ROWS_AGAIN_MS } from "../base/limits.ts";
import { type Moves, StateMachine } from "../base/state_machine.ts";
import { Timers } from "../base/timers.ts";
import type { Address, Key, Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import type { Link, Links } from "../link/links.ts";
import { SERVER_HOST_NAME } from "../messages/field.ts";
import { bundleOf, equalBundles, isGenuine } from "../messages/identity.ts";
import { type Nick, sameNick } from "../messages/nick.ts";
import { equalRows, NO_VERSION, type Row, Table, type Version } from "../messages/table.ts";
import type { Verb, VerbOf } from "../messages/verb.ts";
import type { Attempts } from "./attempts.ts";
import {
  MEMBERSHIP,
  MEMBERSHIP_STATES,
  type MembershipEvent,
  type MembershipMove,
  type MembershipState,
} from "./membership_states.ts";
import type { Prekeys } from "./prekeys.ts";
import type { StreamReader } from "./stream_reader.ts";

/** The news that the rest of the client gets. */
export interface MembershipEvents {
  /** The table is complete: from now on the user can talk. Also after each registration that came by itself. */
  cameOnline(now: Millis): void;
  /** The server has not given us the nick. `wentOffline` follows. */
  wasRefused(now: Millis): void;
  /** Deregistered, refused or replaced: from now on nobody can talk. */
  wentOffline(now: Millis): void;
  rowsChanged(now: Millis, rows: readonly Row[]): void;
}

export interface MembershipOptions {
  readonly effects: Effects;
  readonly links: Links;
  readonly attempts: Attempts;
  readonly stream: StreamReader;
  readonly events: MembershipEvents;
  readonly nick: Nick;
  readonly server: Address;
  /** The server's public key, where it is known before. */
  readonly serverKey: Key | undefined;
  readonly primitives: Primitives;
  readonly prekeys: Prekeys;
  /** Our own addresses, as far as we know them. */
  readonly candidates: readonly Address[];
}

export class Membership {
  readonly table = new Table();
  readonly link: Link;
  readonly #options: MembershipOptions;
  readonly #timers = new Timers<"keepAlive" | "rows" | "prekey">();
  readonly #machine: StateMachine<MembershipState, MembershipEvent, MembershipMove>;
  /** Counts what we say about being there. */
  #turn = 0;
  /** The version that the server was last known to have. */
  #newest: Version = NO_VERSION;
  #unprinted: Row[] = [];

  constructor(now: Millis, options: MembershipOptions) {
    this.#options = options;
    this.#machine = new StateMachine(MEMBERSHIP, "offline", this.#moves());
    const { links, server, serverKey } = options;
    this.link = links.openServer(now, serverKey, server);
    this.link.kept = true;
  }

  get state(): MembershipState {
    return this.#machine.state;
  }

  /** True if the server takes our verbs as those of our nick. */
  get isRegistered(): boolean {
    return MEMBERSHIP_STATES[this.#machine.state].isRegistered;
  }

  get deadline(): Millis {
    return this.#timers.deadline;
  }

  // ---- what happens --------------------------------------------------------------------------------------

  register(now: Millis): void {
    this.#machine.on(now, "register");
  }

  deregister(now: Millis): void {
    this.#machine.on(now, "deregister");
  }

  /** Says in one datagram that we are gone; nothing waits for it. */
  leave(now: Millis): void {
    this.#machine.on(now, "leave");
  }

  /** Says that we are there, at once: should another process have our place now, the server tells us. */
  checkIn(now: Millis): void {
    this.#machine.on(now, "checkIn");
  }

  /** Asks for what changed since our version; again after a while, until it has come. */
  askForRows(now: Millis): void {
    if (this.#timers.has("rows")) return;
    const { nick } = this.#options;
    this.link.send(now, { type: "rowsSince", nick, version: this.table.version }, "rowsSince");
    this.#timers.set("rows", now + ROWS_AGAIN_MS);
  }

  /** The server is in a new life: what it knew of us is gone, unless this is its answer to our registration. */
  serverRestarted(now: Millis, answersUs: boolean): void {
    this.#options.stream.forget();
    this.#newest = NO_VERSION;
    this.#machine.on(now, answersUs ? "restartedForUs" : "restarted");
  }

  runTimers(now: Millis): void {
    for (let timer = this.#timers.next(now); timer !== undefined; timer = this.#timers.next(now)) {
      if (timer === "rows" && this.table.isBehind(this.#newest)) this.#machine.on(now, "rowsDue");
      if (timer === "prekey") this.#machine.on(now, "prekeyDue");
      if (timer === "keepAlive" && !this.#machine.ignores("keepAliveDue")) {
        this.#machine.on(now, "keepAliveDue");
        this.#planKeepAlive(now);
      }
    }
  }

  /** Takes a verb from the server; false when it is not about membership. */
  receive(now: Millis, verb: Verb): boolean {
    if ("nick" in verb && !sameNick(verb.nick, this.#options.nick)) return true;
    switch (verb.type) {
      case "registered":
        this.#onRegistered(now, verb);
        return true;
      case "refused":
        this.#onRefused(now, verb);
        return true;
      case "rows":
        this.#onRows(now, verb);
        return true;
      case "alive":
        this.#newest = newer(this.#newest, verb.version);
        this.#compareTables(now);
        return true;
      case "notRegistered":
      case "replaced":
      case "deregistered":
        this.#machine.on(now, verb.type);
        return true;
      default:
        return false;
    }
  }

  #onRegistered(now: Millis, { dropped, members, stream, version, waiting }: VerbOf<"registered">): void {
    const { effects, stream: reader } = this.#options;
    if (this.#machine.ignores("registered") || !reader.begin(stream, members, waiting)) return;
    this.#machine.on(now, "registered");
    if (dropped > 0) effects.notice({ type: "channelDropped", count: dropped });
    this.#newest = version;
    this.#compareTables(now);
  }

  #onRefused(now: Millis, { reason }: VerbOf<"refused">): void {
    const { effects, nick } = this.#options;
    if (this.#machine.ignores("refused")) return;
    if (reason === "other key") effects.notice({ type: "nickOfAnotherKey", nick });
    else effects.notice({ type: "nicksExhausted", forNow: reason === "rate" });
    this.#machine.on(now, "refused");
  }

  #onRows(now: Millis, verb: VerbOf<"rows">): void {
    if (verb.since.start < this.#newest.start) return;
    const rows = verb.rows.filter((row) => this.#isGenuine(row)).map((row) => this.#resolve(row));
    const news = rows.filter((row) => !looksLike(this.table.get(row.nick), row));
    const changed = this.table.apply(verb.since, verb.upTo, rows);
    this.#newest = newer(this.#newest, { start: verb.since.start, counter: verb.newest });
    if (changed === undefined) return this.#compareTables(now);
    this.#unprinted.push(...changed.filter((row) => news.includes(row)));
    this.#compareTables(now);
    this.#options.events.rowsChanged(now, changed);
    const own = changed.find((row) => sameNick(row.nick, this.#options.nick));
    // The server took our silence for absence.
    if (own?.online === false) this.#machine.on(now, "countedOut");
  }

  #compareTables(now: Millis): void {
    this.#machine.on(now, this.table.isBehind(this.#newest) ? "behind" : "complete");
  }

  // ---- what is done --------------------------------------------------------------------------------------

  #moves(): Moves<MembershipState, MembershipMove> {
    const { attempts, effects, events, nick } = this.#options;
    return {
      register: (now) => {
        attempts.wait(now, "register", true);
        this.#sendRegister(now);
        this.link.urge(now);
      },
      sendRegister: (now) => this.#sendRegister(now),
      welcome: () => effects.notice({ type: "registered" }),
      // The new stream is begun, and that is all.
      goOn: () => {},
      askForRows: (now) => this.askForRows(now),
      stopAsking: () => this.#timers.clear("rows"),
      comeOnline: (now) => {
        this.#timers.clear("rows");
        this.#showTable();
        attempts.done("register");
        effects.notice({ type: "settled" });
        events.cameOnline(now);
      },
      comeBack: (now) => {
        this.#timers.clear("rows");
        this.#showChanges();
        events.cameOnline(now);
      },
      showChanges: () => {
        this.#timers.clear("rows");
        this.#showChanges();
      },
      sendKeepAlive: (now) => this.link.send(now, { type: "keepAlive", nick }, "keepAlive"),
      deregister: (now) => {
        attempts.wait(now, "deregister", true);
        this.link.cancel("register");
        this.#sendDeregister(now);
        this.link.urge(now);
      },
      sendDeregister: (now) => this.#sendDeregister(now),
      sendLeave: (now) => this.link.tell(now, { type: "leave", nick, turn: ++this.#turn }),
      endDeregistered: (now, from) => {
        effects.notice({ type: "deregistered" });
        this.#end(now, from);
      },
      endReplaced: (now, from) => {
        effects.notice({ type: "replaced", nick });
        this.#end(now, from);
      },
      endRefused: (now, from) => {
        events.wasRefused(now);
        this.#end(now, from);
      },
    };
  }

  #end(now: Millis, from: MembershipState): void {
    const { attempts, effects, events } = this.#options;
    this.link.cancel("register");
    this.link.cancel("keepAlive");
    attempts.clear();
    events.wentOffline(now);
    // The user waits for the answer to a registration or a deregistration.
    if (MEMBERSHIP_STATES[from].standing !== "online") effects.notice({ type: "settled" });
  }

  #sendRegister(now: Millis): void {
    const { nick, candidates, prekeys } = this.#options;
    const asked = this.#machine.state === "registering";
    const [turn, bundle] = [++this.#turn, prekeys.bundle(now)];
    this.link.sendAfresh(now, { type: "register", nick, turn, asked, bundle, candidates }, "register");
    this.#planKeepAlive(now);
    this.#timers.set("prekey", prekeys.renewAt);
  }

  #sendDeregister(now: Millis): void {
    const verb: Verb = { type: "deregister", nick: this.#options.nick, turn: ++this.#turn };
    this.link.sendAfresh(now, verb, "deregister");
  }

  #planKeepAlive(now: Millis): void {
    const jitter = KEEP_ALIVE_JITTER * (2 * this.#options.links.chance() - 1);
    this.#timers.set("keepAlive", now + KEEP_ALIVE_MS * (1 + jitter));
  }

  // ---- the table -----------------------------------------------------------------------------------------

  #showChanges(): void {
    if (this.#unprinted.length > 0) this.#showTable();
  }

  #showTable(): void {
    const { effects, server } = this.#options;
    const changed = this.#unprinted;
    this.#unprinted = [];
    effects.notice({ type: "tableChanged", server, rows: this.table.rows(), changed });
  }

  /** True if the nick's holder has made this bundle. A row that the server has made up is reported and dropped. */
  #isGenuine(row: Row): boolean {
    const known = this.table.get(row.nick);
    if (known !== undefined && equalBundles(known, row)) return true;
    if (isGenuine(this.#options.primitives, row.nick, row)) return true;
    this.#options.effects.notice({ type: "rowForged", nick: row.nick });
    return false;
  }

  /** The row's addresses as we reach them: the server's own host is where we reach the server. */
  #resolve(row: Row): Row {
    const { server } = this.#options;
    const addresses = row.addresses.map(({ host, port }) => ({
      host: host === SERVER_HOST_NAME ? server.host : host,
      port,
    }));
    return { ...row, addresses };
  }
}

/** Whether two lines look the same: keys are not shown, and change each day. */
function looksLike(a: Row | undefined, b: Row): boolean {
  return a !== undefined && equalRows(a, { ...b, ...bundleOf(a) });
}

function newer(a: Version, b: Version): Version {
  return b.start > a.start || (b.start === a.start && b.counter > a.counter) ? b : a;
}

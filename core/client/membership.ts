/**
 * The client's relation to its server: registering, staying registered, the table, going offline.
 *
 *     offline --register--> registering --registered, table complete--> online --deregister--> leaving --> offline
 *
 * Once online the client stays online for its user, whatever happens to the server: when the server says that it
 * does not know us, or is in a new life, we register again by ourselves and say nothing.
 */
import type { Primitives } from "../base/crypto.ts";
import { KEEP_ALIVE_JITTER, KEEP_ALIVE_MS, ROWS_AGAIN_MS } from "../base/limits.ts";
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
import type { Prekeys } from "./prekeys.ts";
import type { StreamReader } from "./stream_reader.ts";

export type MembershipState = "offline" | "registering" | "online" | "leaving";

/** What the rest of the client wants to know. */
export interface MembershipEvents {
  /** The table is complete: from now on the user can talk. Also after each registration that came by itself. */
  cameOnline(now: Millis): void;
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
  #state: MembershipState = "offline";
  /** The server has answered our last `register`. */
  #answered = false;
  /** The rest of the client knows that our last registration holds. */
  #announced = false;
  #everOnline = false;
  /** The user's own registration is not answered yet. */
  #asked = false;
  /** Counts what we say about being there. */
  #turn = 0;
  /** The version that the server was last known to have. */
  #newest: Version = NO_VERSION;
  #unprinted: Row[] = [];

  constructor(now: Millis, options: MembershipOptions) {
    this.#options = options;
    const { links, server, serverKey } = options;
    this.link = links.openServer(now, serverKey, server);
    this.link.kept = true;
  }

  get state(): MembershipState {
    return this.#state;
  }

  get deadline(): Millis {
    return this.#timers.deadline;
  }

  /** Whether verbs to the server will be taken as ours. */
  get isRegistered(): boolean {
    return this.#answered && (this.#state === "online" || this.#state === "leaving");
  }

  register(now: Millis): void {
    this.#state = "registering";
    this.#asked = true;
    this.#options.attempts.wait(now, "register", true);
    this.#sendRegister(now);
    this.link.urge(now);
  }

  deregister(now: Millis): void {
    this.#state = "leaving";
    this.#options.attempts.wait(now, "deregister", true);
    this.link.cancel("register");
    this.#sendDeregister(now);
    this.link.urge(now);
  }

  /** Says in one datagram that we are gone; nothing waits for it. */
  leave(now: Millis): void {
    if (this.#state === "offline") return;
    this.link.tell(now, { type: "leave", nick: this.#options.nick, turn: ++this.#turn });
  }

  /** The server is in a new life: what it knew of us is gone, unless this is its answer to our registration. */
  serverRestarted(now: Millis, answersUs: boolean): void {
    this.#options.stream.forget();
    this.#newest = NO_VERSION;
    if (this.#state === "leaving") this.#wentOffline(now, "deregistered");
    else if (this.#state !== "offline" && !answersUs) this.#sendRegister(now);
  }

  /** Says that we are there, at once: whoever has our place now, we hear of it. */
  checkIn(now: Millis): void {
    if (this.#answered) this.link.send(now, { type: "keepAlive", nick: this.#options.nick }, "keepAlive");
  }

  /** Asks for what changed since our version; again after a while, until it has come. */
  askForRows(now: Millis): void {
    if (this.#timers.has("rows")) return;
    const { nick } = this.#options;
    this.link.send(now, { type: "rowsSince", nick, version: this.table.version }, "rowsSince");
    this.#timers.set("rows", now + ROWS_AGAIN_MS);
  }

  runTimers(now: Millis): void {
    for (let timer = this.#timers.next(now); timer !== undefined; timer = this.#timers.next(now)) {
      if (this.#state === "offline") continue;
      if (timer === "rows" && this.table.isBehind(this.#newest)) this.askForRows(now);
      // The others are to know the new prekey.
      if (timer === "prekey" && this.#state === "online") this.#sendRegister(now);
      if (timer === "keepAlive") {
        this.#sayStillHere(now);
        this.#planKeepAlive(now);
      }
    }
  }

  /** Also says again what may have been lost with a link that was dropped. */
  #sayStillHere(now: Millis): void {
    if (this.#state === "leaving") this.#sendDeregister(now);
    else if (this.#answered) this.checkIn(now);
    else this.#sendRegister(now);
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
        this.#learnVersion(now, verb.version);
        return true;
      case "notRegistered":
        if (this.#state === "leaving") this.#wentOffline(now, "deregistered");
        else if (this.#state !== "offline" && this.#answered) this.#sendRegister(now);
        return true;
      case "replaced":
        if (this.#state !== "offline") this.#wentOffline(now, "replaced");
        return true;
      case "deregistered":
        if (this.#state === "leaving") this.#wentOffline(now, "deregistered");
        return true;
      default:
        return false;
    }
  }

  #sendRegister(now: Millis): void {
    const { nick, candidates, prekeys } = this.#options;
    this.#answered = false;
    this.#announced = false;
    const [turn, asked, bundle] = [++this.#turn, this.#asked, prekeys.bundle(now)];
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

  #onRegistered(now: Millis, verb: VerbOf<"registered">): void {
    if (this.#state !== "registering" && this.#state !== "online") return;
    if (!this.#options.stream.begin(verb.stream, verb.members, verb.waiting)) return;
    const first = this.#state === "registering" && !this.#answered;
    this.#answered = true;
    this.#asked = false;
    if (first) this.#options.effects.notice({ type: "registered" });
    if (verb.dropped > 0) this.#options.effects.notice({ type: "channelDropped", count: verb.dropped });
    this.#newest = verb.version;
    this.#settleTable(now);
  }

  #onRefused(now: Millis, verb: VerbOf<"refused">): void {
    if (this.#answered || this.#state === "offline" || this.#state === "leaving") return;
    const { effects, nick } = this.#options;
    if (verb.reason === "other key") effects.notice({ type: "nickOfAnotherKey", nick });
    else effects.notice({ type: "nicksExhausted", forNow: verb.reason === "rate" });
    if (!this.#everOnline) effects.exit(1);
    this.#goOffline(now);
  }

  #onRows(now: Millis, verb: VerbOf<"rows">): void {
    if (verb.since.start < this.#newest.start) return;
    const rows = verb.rows.filter((row) => this.#isGenuine(row)).map((row) => this.#resolve(row));
    const news = rows.filter((row) => !looksLike(this.table.get(row.nick), row));
    const changed = this.table.apply(verb.since, verb.upTo, rows);
    this.#newest = newer(this.#newest, { start: verb.since.start, counter: verb.newest });
    if (changed !== undefined) {
      this.#unprinted.push(...changed.filter((row) => news.includes(row)));
      this.#settleTable(now);
      this.#options.events.rowsChanged(now, changed);
      const own = changed.find((row) => sameNick(row.nick, this.#options.nick));
      // The server took our silence for absence.
      if (own?.online === false && this.#state === "online" && this.#answered) this.#sendRegister(now);
    } else this.#settleTable(now);
  }

  /** Whoever holds the nick made this bundle. What the server makes up is not taken. */
  #isGenuine(row: Row): boolean {
    const known = this.table.get(row.nick);
    if (known !== undefined && equalBundles(known, row)) return true;
    if (isGenuine(this.#options.primitives, row.nick, row)) return true;
    this.#options.effects.notice({ type: "rowForged", nick: row.nick });
    return false;
  }

  #learnVersion(now: Millis, version: Version): void {
    this.#newest = newer(this.#newest, version);
    this.#settleTable(now);
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

  #settleTable(now: Millis): void {
    if (this.#state !== "registering" && this.#state !== "online") return;
    if (this.table.isBehind(this.#newest)) return this.askForRows(now);
    this.#timers.clear("rows");
    if (!this.#answered) return;
    const first = this.#state === "registering";
    if (first || this.#unprinted.length > 0) {
      const changed = this.#unprinted;
      this.#unprinted = [];
      this.#options.effects.notice({
        type: "tableChanged",
        server: this.#options.server,
        rows: this.table.rows(),
        changed,
      });
    }
    if (first) {
      this.#state = "online";
      this.#everOnline = true;
      this.#options.attempts.done("register");
      this.#options.effects.notice({ type: "settled" });
    }
    if (this.#announced) return;
    this.#announced = true;
    this.#options.events.cameOnline(now);
  }

  #wentOffline(now: Millis, how: "deregistered" | "replaced"): void {
    const { effects, nick } = this.#options;
    effects.notice(how === "deregistered" ? { type: "deregistered" } : { type: "replaced", nick });
    this.#goOffline(now);
  }

  #goOffline(now: Millis): void {
    const { attempts, effects, events } = this.#options;
    const commanded = this.#state === "registering" || this.#state === "leaving";
    this.#state = "offline";
    this.#answered = false;
    this.link.cancel("register");
    this.link.cancel("keepAlive");
    attempts.clear();
    events.wentOffline(now);
    if (commanded) effects.notice({ type: "settled" });
  }
}

/** Whether two lines look the same: keys are not shown, and change each day. */
function looksLike(a: Row | undefined, b: Row): boolean {
  return a !== undefined && equalRows(a, { ...b, ...bundleOf(a) });
}

function newer(a: Version, b: Version): Version {
  return b.start > a.start || (b.start === a.start && b.counter > a.counter) ? b : a;
}

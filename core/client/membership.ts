/**
 * The client's relation to its server: it registers, stays registered, keeps its copy of the table, and goes
 * offline (docs/protocol.md, section 7). This file notices the events and makes the moves;
 * `membership_states.ts` says which event leads to which move.
 */
import type { Ref } from "../action.ts";
import type { Primitives } from "../base/crypto.ts";
import { KEEP_ALIVE_JITTER, KEEP_ALIVE_MS, ROWS_AGAIN_MS } from "../base/limits.ts";
import { type Moves, StateMachine } from "../base/state_machine.ts";
import { Timers } from "../base/timers.ts";
import type { Address, Key, Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import type { Link, Links } from "../link/links.ts";
import { SERVER_HOST_NAME } from "../messages/field.ts";
import { bundleOf, equalBundles, hasKeys, type Identity, isGenuine } from "../messages/identity.ts";
import { equalLineages, isLineage } from "../messages/lineage.ts";
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
import type { Chronicle } from "./chronicle.ts";
import type { LookAlikes } from "./look_alikes.ts";
import type { Prekeys } from "./prekeys.ts";
import type { StreamReader } from "./stream_reader.ts";

/** The news that the rest of the client gets. */
export interface MembershipEvents {
  /**
   * We are registered and our table is complete, so the user can talk. This follows every registration, also
   * those that we make by ourselves.
   */
  cameOnline(now: Millis): void;
  /** The server has not given us the nick. `wentOffline` follows. */
  wasRefused(now: Millis): void;
  /** We were deregistered, refused or replaced, and can send nothing any more. */
  wentOffline(now: Millis): void;
  /** These rows of the table are new or different. */
  rowsChanged(now: Millis, rows: readonly Row[]): void;
}

export interface MembershipOptions {
  readonly table: Table;
  readonly chronicle: Chronicle;
  readonly lookAlikes: LookAlikes;
  readonly effects: Effects;
  readonly links: Links;
  readonly attempts: Attempts;
  readonly stream: StreamReader;
  readonly events: MembershipEvents;
  readonly nick: Nick;
  readonly server: Address;
  /** The server's public key; `undefined` before the first contact with it. */
  readonly serverKey: Key | undefined;
  readonly primitives: Primitives;
  readonly identity: Identity;
  readonly prekeys: Prekeys;
  /** The addresses of this machine. Peers try them beside the address that the server sees. */
  readonly candidates: readonly Address[];
  /** Our identity's voucher for the key of the link, if this client only sends. */
  readonly voucher: string | undefined;
}

export class Membership {
  readonly table: Table;
  readonly link: Link;
  readonly #options: MembershipOptions;
  readonly #timers = new Timers<"keepAlive" | "rows" | "prekey">();
  readonly #machine: StateMachine<MembershipState, MembershipEvent, MembershipMove>;
  /**
   * Counts our `register`, `deregister` and `leave`, so that a late one does not undo a newer one
   * (docs/protocol.md, section 5).
   */
  #turn = 0;
  /** The name of the action that has asked to register or to deregister. */
  #asker: Ref | undefined;
  /** The newest version of the server's table that we have heard of. */
  #newest: Version = NO_VERSION;
  /** Rows that have changed since the user was last shown the table. */
  #unprinted: Row[] = [];

  constructor(now: Millis, options: MembershipOptions) {
    this.#options = options;
    this.table = options.table;
    this.#machine = new StateMachine(MEMBERSHIP, "offline", this.#moves());
    const { links, server, serverKey } = options;
    this.link = links.openServer(now, serverKey, server);
    this.link.kept = true;
  }

  get state(): MembershipState {
    return this.#machine.state;
  }

  /** True if we may speak for our nick (`MEMBERSHIP_STATES`). */
  get isRegistered(): boolean {
    return MEMBERSHIP_STATES[this.#machine.state].isRegistered;
  }

  get deadline(): Millis {
    return this.#timers.deadline;
  }

  // ---- events --------------------------------------------------------------------------------------------

  register(now: Millis): void {
    this.#asker = this.#options.effects.ref;
    this.#machine.on(now, "register");
  }

  deregister(now: Millis): void {
    this.#asker = this.#options.effects.ref;
    this.#machine.on(now, "deregister");
  }

  /** A deregistration that nobody has answered is taken back. */
  stay(now: Millis): void {
    this.#machine.on(now, "stay");
  }

  /** Tells the server in one datagram that we are gone. Nothing waits for an answer. */
  leave(now: Millis): void {
    this.#machine.on(now, "leave");
  }

  /**
   * Sends a keep-alive at once. If another process has our place now, the server answers that we were
   * replaced.
   */
  checkIn(now: Millis): void {
    this.#machine.on(now, "checkIn");
  }

  /**
   * Asks for the rows that have changed since our version, again each 500 ms while we know that we are
   * behind.
   */
  askForRows(now: Millis): void {
    if (this.#timers.has("rows")) return;
    const { nick } = this.#options;
    this.link.send(now, { type: "rowsSince", nick, version: this.table.version }, "rowsSince");
    this.#timers.set("rows", now + ROWS_AGAIN_MS);
  }

  /**
   * The server is in a new process. It knows nothing of us, unless this is its answer to our registration.
   */
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

  /** Takes a verb of the server. Returns false if the verb is not about our membership. */
  receive(now: Millis, verb: Verb): boolean {
    // A verb about another nick is not for us: it counts as taken, and changes nothing.
    if ("nick" in verb && !sameNick(verb.nick, this.#options.nick)) return true;
    switch (verb.type) {
      case "registered":
        this.#onRegistered(now, verb);
        return true;
      case "refused":
        this.#onRefused(now, verb);
        return true;
      case "olderBundle":
        this.#onOlderBundle(now, verb);
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
    const { chronicle, effects, stream: reader } = this.#options;
    // The stream's number tells an answer that comes later than the one to a newer registration.
    if (this.#machine.ignores("registered") || !reader.begin(stream, members, waiting)) return;
    this.#machine.on(now, "registered");
    if (dropped > 0) {
      effects.notice({ type: "channelDropped", count: dropped });
      chronicle.channelDropped(now, dropped);
    }
    this.#newest = version;
    this.#compareTables(now);
  }

  #onRefused(now: Millis, { reason }: VerbOf<"refused">): void {
    const { effects, nick } = this.#options;
    if (this.#machine.ignores("refused")) return;
    if (reason === "other key") effects.notice({ type: "nickOfAnotherKey", nick });
    else if (reason === "online") effects.notice({ type: "nickOnline", nick });
    else if (reason === "revoked") effects.notice({ type: "identityEnded", nick });
    else effects.notice({ type: "nicksExhausted", forNow: reason === "rate" });
    this.#machine.on(now, "refused");
  }

  #onOlderBundle(now: Millis, { bundle }: VerbOf<"olderBundle">): void {
    if (this.#machine.ignores("olderBundle") || !this.#options.prekeys.replaceOlder(now, bundle)) return;
    this.#machine.on(now, "olderBundle");
  }

  #onRows(now: Millis, verb: VerbOf<"rows">): void {
    // These rows come from an earlier life of the server.
    if (verb.since.start < this.#newest.start) return;
    const rows = verb.rows.filter((row) => this.#isGenuine(row))
      .map((row) => this.table.withNewestBundle(this.#resolve(row)));
    const news = rows.filter((row) => !looksLike(this.table.get(row.nick), row));
    // Those who were there before, or not yet known when we registered, are only marked in the table.
    const isOnline = MEMBERSHIP_STATES[this.#machine.state].standing === "online";
    const newcomers = rows.filter(({ nick, skeleton }) => this.table.get(nick)?.skeleton !== skeleton);
    const changed = this.table.apply(verb.since, verb.upTo, rows);
    this.#newest = newer(this.#newest, { start: verb.since.start, counter: verb.newest });
    // Rows between our version and these are missing, so we are behind and ask for them.
    if (changed === undefined) return this.#compareTables(now);
    this.#unprinted.push(...changed.filter((row) => news.includes(row)));
    if (isOnline) { for (const row of newcomers) this.#tellLookAlike(row); }
    this.#compareTables(now);
    this.#options.events.rowsChanged(now, changed);
    const own = changed.find((row) => sameNick(row.nick, this.#options.nick));
    if (own?.online === false && !this.#sendsOnly) this.#machine.on(now, "countedOut");
  }

  /** Raises one of the events `behind` and `complete`. */
  #compareTables(now: Millis): void {
    this.#machine.on(now, this.table.isBehind(this.#newest) ? "behind" : "complete");
  }

  // ---- moves ---------------------------------------------------------------------------------------------

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
      // `StreamReader.begin` has begun the new stream, and there is nothing else to do.
      goOn: () => {},
      askForRows: (now) => this.askForRows(now),
      stopAsking: () => this.#timers.clear("rows"),
      comeOnline: (now) => {
        this.#timers.clear("rows");
        this.#showTable();
        attempts.done("register");
        this.#settle();
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
      takeBack: (now) => {
        attempts.done("deregister");
        this.link.cancel("deregister");
        this.#sendRegister(now);
        this.#settle();
      },
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

  /** The registration or deregistration that the user has asked for is over. */
  #settle(): void {
    this.#options.effects.notice({ type: "settled" }, this.#asker);
    this.#asker = undefined;
  }

  /** Goes offline: nothing that was asked of the server is awaited any more. */
  #end(now: Millis, from: MembershipState): void {
    const { attempts, events } = this.#options;
    this.link.cancel("register");
    this.link.cancel("keepAlive");
    attempts.clear();
    events.wentOffline(now);
    // In every other standing a registration or a deregistration of the user's was under way, and is over
    // now.
    if (MEMBERSHIP_STATES[from].standing !== "online") this.#settle();
  }

  /** A client that only sends is registered, and offline for everybody else. */
  get #sendsOnly(): boolean {
    return this.#options.voucher !== undefined;
  }

  #sendRegister(now: Millis): void {
    const { nick, candidates, identity: { predecessors }, prekeys, voucher } = this.#options;
    // Only a registration that the user asked for may take the nick back from a process that has replaced us.
    const asked = this.#machine.state === "registering";
    const [turn, bundle] = [++this.#turn, prekeys.bundle(now)];
    const verb: Verb = voucher === undefined
      ? { type: "register", nick, turn, asked, bundle, candidates, predecessors }
      : { type: "sendOnly", nick, turn, bundle, voucher, predecessors };
    this.link.sendAfresh(now, verb, "register");
    this.#planKeepAlive(now);
    this.#timers.set("prekey", prekeys.renewAt);
  }

  #sendDeregister(now: Millis): void {
    const verb: Verb = { type: "deregister", nick: this.#options.nick, turn: ++this.#turn };
    this.link.sendAfresh(now, verb, "deregister");
  }

  /** The jitter spreads the keep-alives of clients that have registered at the same moment. */
  #planKeepAlive(now: Millis): void {
    const jitter = KEEP_ALIVE_JITTER * (2 * this.#options.links.chance() - 1);
    this.#timers.set("keepAlive", now + KEEP_ALIVE_MS * (1 + jitter));
  }

  // ---- the table -----------------------------------------------------------------------------------------

  /** Reports a nick that is new, and looks like another one. */
  #tellLookAlike({ identity, nick }: Row): void {
    const like = this.#options.lookAlikes.likeOf(nick);
    if (like === undefined) return;
    this.#options.effects.notice({
      type: "lookAlike",
      nick,
      identity,
      like: like.nick,
      likeIdentity: like.identity,
    });
  }

  #showChanges(): void {
    if (this.#unprinted.length > 0) this.#showTable();
  }

  #showTable(): void {
    const { effects, lookAlikes, server } = this.#options;
    const changed = this.#unprinted;
    this.#unprinted = [];
    const rows = this.table.rows();
    effects.notice({ type: "tableChanged", server, rows, changed, alike: lookAlikes.among(rows) });
  }

  /**
   * True if the owner of the nick has signed this bundle, and everybody in its lineage what they are said to
   * have said (docs/security.md, "Formats and key schedule"). A row that we have has been checked before. One
   * that is not genuine is reported, and the caller drops it.
   */
  #isGenuine(row: Row): boolean {
    const { primitives } = this.#options;
    const known = this.table.get(row.nick);
    const isKnown = known !== undefined && equalBundles(known, row);
    if (isKnown && equalLineages(known, row)) return true;
    // The server's word that a nick has an owner needs no signature: there is nothing to seal for.
    const isSigned = isKnown || !hasKeys(row) || isGenuine(primitives, row.nick, row);
    if (isSigned && isLineage(primitives, row.nick, row.identity, row)) return true;
    this.#options.effects.notice({ type: "rowForged", nick: row.nick });
    return false;
  }

  #resolve(row: Row): Row {
    return { ...row, addresses: this.resolve(row.addresses) };
  }

  /** Addresses that we can reach: the server's own host is where we reach the server. */
  resolve(addresses: readonly Address[]): readonly Address[] {
    const { server } = this.#options;
    return addresses.map(({ host, port }) => ({
      host: host === SERVER_HOST_NAME ? server.host : host,
      port,
    }));
  }
}

/**
 * True if the user would see no difference between two rows. Keys are not shown, and prekeys change each day.
 */
function looksLike(a: Row | undefined, b: Row): boolean {
  if (a === undefined) return false;
  const { predecessors, revocation } = a;
  return equalRows(a, { ...b, ...bundleOf(a), predecessors, revocation });
}

/** The later one of two versions. */
function newer(a: Version, b: Version): Version {
  return b.start > a.start || (b.start === a.start && b.counter > a.counter) ? b : a;
}

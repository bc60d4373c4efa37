/**
 * The server's table: for each nick its owner, where the owner can be reached, and the counter of the last
 * change. It also decides who is told of which changes (docs/protocol.md, section 7, "The table").
 */
import { equalAddresses, isLoopback, isUnicast } from "../base/address.ts";
import {
  CANDIDATES,
  INTRODUCTIONS_BURST,
  INTRODUCTIONS_PER_SECOND,
  MEMBER_LOOKUPS_BURST,
  MEMBER_LOOKUPS_PER_SECOND,
  MEMBER_MESSAGES_BURST,
  MEMBER_MESSAGES_PER_SECOND,
  MEMBER_QUESTIONS_BURST,
  MEMBER_QUESTIONS_PER_SECOND,
  MEMBER_REACHES_BURST,
  MEMBER_REACHES_PER_SECOND,
  NICK_TRIAL_MS,
  PRESENCE_PACE_MS,
  SEEN_AGAIN_MS,
  TABLE_GATHER_MS,
  TABLE_ROWS,
  TABLE_ROWS_AGAIN,
} from "../base/limits.ts";
import { valuesBetween } from "../base/numbered.ts";
import { Rate } from "../base/rate.ts";
import type { Address, Key, Millis } from "../base/units.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { nameFor, NICK } from "../durable/records.ts";
import type { Link } from "../link/links.ts";
import type { Bundle, Predecessor } from "../messages/identity.ts";
import { NO_LINEAGE, type Revocation } from "../messages/lineage.ts";
import { type Nick, type NickKey, nickKey, nickSkeleton } from "../messages/nick.ts";
import type { Row, Version } from "../messages/table.ts";
import type { Verb } from "../messages/verb.ts";
import { Directory } from "./directory.ts";
import { type Line, lineOf, pagesOf } from "./pages.ts";
import type { StreamWriter } from "./stream_writer.ts";
import { type View, Views } from "./views.ts";

/**
 * A client that the server knows, online or not: its row of the table, and what else the server knows of it.
 */
export interface Member extends Row {
  nick: Nick;
  skeleton: string;
  /** The nick is bound to it. It changes only to a successor that it has named. */
  identity: Key;
  key: Key;
  prekey: Key;
  prekeyAt: Millis;
  counter: number;
  signature: string;
  readonly ordinal: number;
  /** When the nick was registered first, until its owner has come back on another day; 0 from then on. */
  unusedSince: Millis;
  /** When the owner registered or left last. */
  seenAt: Millis;
  online: boolean;
  addresses: readonly Address[];
  predecessors: readonly Predecessor[];
  revocation: readonly Revocation[];
  /** The counter of the last change of the row; 0 before the first. */
  change: number;
  /** The row as it was told last; `undefined` before its first change. */
  line: Line | undefined;
  /**
   * The process that registered last, and the one whose place it took. `undefined` in a life of the server in
   * which there was none.
   */
  process: string | undefined;
  formerProcess: string | undefined;
  /** `undefined` while the member is not registered. */
  connection: Connection | undefined;
  /** When the receipts that it had not acknowledged were told last, all at a registration or some later. */
  toldAt: Millis;
  /** The rate of its deposits and posts. */
  readonly messages: Rate;
  /** The rate of its questions for rows, and of its registrations. */
  readonly questions: Rate;
  /** The rate at which it may ask for single rows and for completions. */
  readonly lookups: Rate;
  /** The rate at which it may ask to be introduced. */
  readonly reaches: Rate;
  /** The rate at which others may be introduced to it. */
  readonly introductions: Rate;
}

/** The link on which a member is registered, and the stream of what waits for it there. */
export interface Connection {
  readonly link: Link;
  /** The rows that it has asked for; `undefined` while everybody gets the whole table. */
  view?: View | undefined;
  /** `undefined` if the client only sends: it is not online, and gets nothing of what waits. */
  stream: StreamWriter | undefined;
  /** When everything that the member had not saved was handed over last. */
  handedAt: Millis;
}

/** The fields of a member that has not registered in this life of the server. */
function absent() {
  return {
    process: undefined,
    formerProcess: undefined,
    connection: undefined,
    line: undefined,
    toldAt: -Infinity,
    messages: new Rate(MEMBER_MESSAGES_PER_SECOND, MEMBER_MESSAGES_BURST),
    questions: new Rate(MEMBER_QUESTIONS_PER_SECOND, MEMBER_QUESTIONS_BURST),
    lookups: new Rate(MEMBER_LOOKUPS_PER_SECOND, MEMBER_LOOKUPS_BURST),
    reaches: new Rate(MEMBER_REACHES_PER_SECOND, MEMBER_REACHES_BURST),
    introductions: new Rate(INTRODUCTIONS_PER_SECOND, INTRODUCTIONS_BURST),
  };
}

/** A client that asks for rows. */
type Reader = Pick<Connection, "link" | "view">;

export class Roster {
  readonly #start: number;
  /** The most rows of a table that everybody gets as a whole. */
  readonly #wholeRows: number;
  /** Whether everybody gets the whole table. */
  #isWhole = true;
  /** True if this has changed, and the members have not been told. */
  #hasTurned = false;
  readonly #views = new Views<Connection>();
  readonly #directory = new Directory<Member>();
  #online = 0;
  readonly #members: DurableMap<NickKey, Member>;
  /**
   * The members in the order of their last changes, by the counter of that change. A new one has no place
   * here before its first.
   */
  readonly #changes = new Map<number, Member>();
  /** The number of changes in this life of the server. */
  #counter = 0;
  #lastOrdinal = 0;
  /** The counter up to which changes were pushed. */
  #pushed: number;
  #pushDue: Millis = Infinity;
  /** No changes are pushed before, so that presence leaves the processor to others. */
  #quietUntil: Millis = -Infinity;
  /** Those who have asked for rows, with the version that each of them has. */
  readonly #questions = new Map<Link, { readonly reader: Reader; readonly version: Version }>();

  constructor(effects: Effects, start: number, wholeRows = TABLE_ROWS) {
    this.#start = start;
    this.#wholeRows = wholeRows;
    this.#members = new DurableMap(effects, {
      kind: NICK,
      nameOf: nameFor,
      entryOf: (_name, { bundle, ...rest }) => {
        return [nickKey(rest.nick), { ...bundle, ...rest, ...absent(), change: 0 }];
      },
      recordOf: (member: Member) => ({ ...member, bundle: member }),
    });
    for (const member of this.#members.values()) {
      this.#directory.add(member, true);
      this.#count(member);
      this.#lastOrdinal = Math.max(this.#lastOrdinal, member.ordinal);
    }
    this.#pushed = this.#counter;
  }

  get deadline(): Millis {
    return this.#questions.size > 0 || this.#hasTurned ? -Infinity : this.#pushDue;
  }

  get version(): Version {
    return { start: this.#start, counter: this.#counter };
  }

  get size(): number {
    return this.#members.size;
  }

  /** How many of the members are online. */
  get online(): number {
    return this.#online;
  }

  /** Whether everybody gets the whole table. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  memberNamed(nick: Nick): Member | undefined {
    return this.#members.get(nickKey(nick));
  }

  members(): Iterable<Member> {
    return this.#members.values();
  }

  /** Adds a new nick and binds it to the identity in the bundle. It is saved with its first change. */
  add(now: Millis, nick: Nick, bundle: Bundle): Member {
    const ordinal = ++this.#lastOrdinal;
    const member = {
      nick,
      skeleton: nickSkeleton(nick),
      ...bundle,
      ordinal,
      unusedSince: Math.floor(now),
      seenAt: Math.floor(now),
      online: false,
      addresses: [],
      ...NO_LINEAGE,
      change: 0,
      ...absent(),
    };
    this.#members.setUnsaved(nickKey(nick), member);
    this.#directory.add(member, true);
    return member;
  }

  /** The owner of a nick registers. On another day the nick is in use, and does not become free. */
  noteUse(now: Millis, member: Member): void {
    const { nick, unusedSince, seenAt } = member;
    const isInUse = unusedSince > 0 && now >= unusedSince + NICK_TRIAL_MS;
    if (isInUse) member.unusedSince = 0;
    member.seenAt = Math.floor(now);
    if (isInUse || now >= seenAt + SEEN_AGAIN_MS) this.#members.save(nickKey(nick));
  }

  /** The nicks that nobody has used for so long that they become free. */
  unused(now: Millis, life: Millis): Member[] {
    return [...this.#members.values()].filter((member) => {
      const { revocation, unusedSince } = member;
      return !isThere(member) && unusedSince > 0 && unusedSince + life <= now && revocation.length === 0;
    });
  }

  /** Forgets a nick. Clients that have its row keep it until they end. */
  remove(member: Member): void {
    this.#changes.delete(member.change);
    this.#members.delete(nickKey(member.nick));
    this.#directory.remove(member);
    if (member.line?.local.row.online) this.#online--;
    if (!this.#isWhole && this.size < this.#wholeRows * TABLE_ROWS_AGAIN) this.#turn(true);
  }

  /** The row of a member has changed: it is saved now, and pushed soon, together with others. */
  changed(now: Millis, member: Member): void {
    this.#count(member);
    this.#members.save(nickKey(member.nick));
    this.#pushDue = Math.min(this.#pushDue, Math.max(now + TABLE_GATHER_MS, this.#quietUntil));
  }

  /** Pushes the changes with the next tick, for a row that mail must not overtake. */
  hurry(now: Millis): void {
    this.#pushDue = now;
  }

  /** Gives a member the next counter, which puts it behind all others. */
  #count(member: Member): void {
    this.#changes.delete(member.change);
    member.change = ++this.#counter;
    this.#changes.set(member.change, member);
    const { line } = member;
    member.line = lineOf(member, member.change, line);
    this.#online += Number(member.online) - Number(line?.local.row.online ?? false);
    if (line?.local.row.skeleton !== member.skeleton) this.#directory.add(member, false);
    if (this.#isWhole && this.size > this.#wholeRows) this.#turn(false);
  }

  /**
   * From now on everybody gets the whole table, or only rows that are asked for. The version grows with it,
   * so that a word from before is known to be older.
   */
  #turn(isWhole: boolean): void {
    this.#isWhole = isWhole;
    this.#pushed = ++this.#counter;
    this.#hasTurned = true;
    for (const { connection } of this.#members.values()) {
      if (connection === undefined) continue;
      this.#views.close(connection);
      this.join(connection);
    }
  }

  // ---- readers -------------------------------------------------------------------------------------------

  /** A member is registered on this connection from now on. */
  join(connection: Connection): void {
    if (!this.#isWhole) connection.view = { names: new Map(), counter: this.#counter };
  }

  /** The member is not registered there any more. */
  leave(connection: Connection): void {
    this.#views.close(connection);
  }

  /** The version of what a reader gets of the table. */
  versionFor({ view }: Pick<Connection, "view">): Version {
    return { start: this.#start, counter: view?.counter ?? this.#counter };
  }

  /** Tells the version, and with it whether that is the whole table's. */
  standingFor(connection: Pick<Connection, "view">): Verb {
    const version = this.versionFor(connection);
    if (connection.view === undefined) return { type: "alive", version };
    return { type: "counts", version, members: this.size, online: this.#online };
  }

  /**
   * Answers the question for the row of a nick. From now on the reader gets its changes, unless it only
   * sends. With the row comes that of the older nick of somebody else that looks like it.
   */
  lookUp(now: Millis, connection: Connection, name: Nick): void {
    const { link, stream } = connection;
    const member = this.memberNamed(name);
    if (member === undefined) return void link.send(now, { type: "unknown", name }, `unknown/${name}`);
    const isLocal = isLoopback(link.address);
    const like = this.#directory.firstLike(member);
    for (const { line, nick } of like === undefined ? [member] : [like, member]) {
      if (line === undefined) continue;
      if (stream !== undefined) this.#views.watch(connection, nickKey(nick));
      // The longest two rows would not fit into one packet.
      const { row } = isLocal ? line.local : line.remote;
      link.send(now, { type: "found", version: this.version, rows: [row] });
    }
  }

  /** Answers the question for nicks that begin with this. */
  complete(now: Millis, link: Link, prefix: string): void {
    const found = this.#directory.beginningWith(prefix, this.#members.keys());
    const nicks = found.map((name) => this.#members.get(name)!.nick);
    link.tell(now, { type: "completed", prefix, nicks });
  }

  /**
   * The member was heard at this address, which it has proved. If it was elsewhere before, others are told.
   */
  seenAt(now: Millis, member: Member, address: Address): void {
    const [seen, ...others] = member.addresses;
    if (seen === undefined || equalAddresses(seen, address)) return;
    member.addresses = reachableAt(address, others);
    this.changed(now, member);
  }

  /** Answers the question for rows with the next tick: once, however often it was asked meanwhile. */
  ask(reader: Reader, version: Version): void {
    this.#questions.set(reader.link, { reader, version });
  }

  /**
   * Answers questions, and when it is time pushes the changes since the last push: to everybody who is
   * online, or to those who have asked for these rows.
   */
  runTimers(now: Millis): void {
    if (this.#hasTurned) this.#tellTurn(now);
    for (const { reader, version } of this.#questions.values()) this.#answer(now, reader, version);
    this.#questions.clear();
    if (this.#pushDue <= now) this.#push(now);
  }

  #tellTurn(now: Millis): void {
    this.#hasTurned = false;
    for (const { connection } of this.#members.values()) {
      connection?.link.sendAfresh(now, this.standingFor(connection), "standing");
    }
  }

  /** Pushes each change once. A client that misses one learns from the next keep-alive that it is behind. */
  #push(now: Millis): void {
    this.#pushDue = Infinity;
    const from = { start: this.#start, counter: this.#pushed };
    this.#pushed = this.#counter;
    const told = this.#isWhole ? this.#pushToAll(now, from) : this.#pushToWatchers(now, from);
    this.#quietUntil = now + told * PRESENCE_PACE_MS;
  }

  /** Returns how many pages were told. */
  #pushToAll(now: Millis, from: Version): number {
    const upTo = this.#counter;
    const [local, remote] = [true, false].map((isLocal) =>
      pagesOf(this.#changesAfter(from), { from, upTo, local: isLocal })
    );
    let told = 0;
    for (const { online, connection } of this.#members.values()) {
      if (!online || connection === undefined) continue;
      const { link } = connection;
      const pages = (isLoopback(link.address) ? local : remote)!;
      for (const page of pages) link.tell(now, page);
      told += pages.length;
    }
    return told;
  }

  #pushToWatchers(now: Millis, from: Version): number {
    const news = new Map<Connection, Member[]>();
    for (const member of this.#changesAfter(from)) {
      for (const watcher of this.#views.watchersOf(nickKey(member.nick))) {
        const changed = news.get(watcher);
        if (changed === undefined) news.set(watcher, [member]);
        else changed.push(member);
      }
    }
    let told = 0;
    for (const [watcher, changed] of news) {
      const version = this.versionFor(watcher);
      // The counts come first, so that they are shown with the changes.
      watcher.link.tell(now, this.standingFor(watcher));
      watcher.view!.counter = changed.at(-1)!.change;
      told += this.#tell(now, watcher, changed, version);
    }
    return told;
  }

  /** A version of another life of the server says nothing about this table, so all rows are sent. */
  #answer(now: Millis, reader: Reader, version: Version): void {
    const from = version.start === this.#start ? version : { start: this.#start, counter: 0 };
    const { view } = reader;
    if (view === undefined) return void this.#tell(now, reader, this.#changesAfter(from), from);
    const changed = [...view.names.keys()].flatMap((name) => this.#members.get(name) ?? [])
      .filter(({ change }) => change > from.counter).sort((a, b) => a.change - b.change);
    view.counter = Math.max(view.counter, changed.at(-1)?.change ?? 0);
    this.#tell(now, reader, changed, from);
    reader.link.tell(now, this.standingFor(reader));
  }

  /** Tells a reader of changes. Returns how many pages that were. */
  #tell(now: Millis, reader: Reader, changed: Iterable<Member>, from: Version): number {
    const { counter: upTo } = this.versionFor(reader);
    const pages = pagesOf(changed, { from, upTo, local: isLoopback(reader.link.address) });
    for (const page of pages) reader.link.tell(now, page);
    return pages.length;
  }

  #changesAfter({ counter }: Version): Iterable<Member> {
    return valuesBetween(this.#changes, counter + 1, this.#counter);
  }
}

/** True if the owner of a nick is registered now, if only to send. */
export function isThere({ online, connection }: Member): boolean {
  return online || connection !== undefined;
}

/**
 * The addresses of a client: the one where it was seen, then those that it names itself. Loopback addresses
 * count only for a client that was seen on one.
 */
export function reachableAt(seen: Address, own: readonly Address[]): Address[] {
  const addresses = [seen];
  for (const address of own) {
    const usable = isUnicast(address) && (isLoopback(seen) || !isLoopback(address));
    if (usable && !addresses.some((known) => equalAddresses(known, address))) addresses.push(address);
  }
  return addresses.slice(0, CANDIDATES);
}

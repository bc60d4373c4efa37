/**
 * The server's table: for each nick its owner, where the owner can be reached, and the counter of the last
 * change. It also decides who is told of which changes (docs/protocol.md, section 7, "The table").
 */
import { equalAddresses, isLoopback, isUnicast } from "../base/address.ts";
import {
  CANDIDATES,
  INTRODUCTIONS_BURST,
  INTRODUCTIONS_PER_SECOND,
  MEMBER_MESSAGES_BURST,
  MEMBER_MESSAGES_PER_SECOND,
  MEMBER_QUESTIONS_BURST,
  MEMBER_QUESTIONS_PER_SECOND,
  MEMBER_REACHES_BURST,
  MEMBER_REACHES_PER_SECOND,
  NICK_TRIAL_MS,
  ROWS_BYTES,
  ROWS_PACKETS,
  SEEN_AGAIN_MS,
  TABLE_GATHER_MS,
} from "../base/limits.ts";
import { valuesBetween } from "../base/numbered.ts";
import { Rate } from "../base/rate.ts";
import type { Address, Key, Millis } from "../base/units.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { nameFor, NICK } from "../durable/records.ts";
import type { Link } from "../link/links.ts";
import { rowBytes, SERVER_HOST_NAME } from "../messages/field.ts";
import { type Bundle, bundleOf, type Predecessor } from "../messages/identity.ts";
import { NO_LINEAGE, type Revocation } from "../messages/lineage.ts";
import { type Nick, type NickKey, nickKey, nickSkeleton } from "../messages/nick.ts";
import type { Row, Version } from "../messages/table.ts";
import type { Verb } from "../messages/verb.ts";
import type { StreamWriter } from "./stream_writer.ts";

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
  /** The rate at which it may ask to be introduced. */
  readonly reaches: Rate;
  /** The rate at which others may be introduced to it. */
  readonly introductions: Rate;
}

/** The link on which a member is registered, and the stream of what waits for it there. */
export interface Connection {
  readonly link: Link;
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
    toldAt: -Infinity,
    messages: new Rate(MEMBER_MESSAGES_PER_SECOND, MEMBER_MESSAGES_BURST),
    questions: new Rate(MEMBER_QUESTIONS_PER_SECOND, MEMBER_QUESTIONS_BURST),
    reaches: new Rate(MEMBER_REACHES_PER_SECOND, MEMBER_REACHES_BURST),
    introductions: new Rate(INTRODUCTIONS_PER_SECOND, INTRODUCTIONS_BURST),
  };
}

export class Roster {
  readonly #start: number;
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
  /** The links that have asked for rows, with the version that each of them has. */
  readonly #questions = new Map<Link, Version>();

  constructor(effects: Effects, start: number) {
    this.#start = start;
    this.#members = new DurableMap(effects, {
      kind: NICK,
      nameOf: nameFor,
      entryOf: (_name, { bundle, ...rest }) => {
        return [nickKey(rest.nick), { ...bundle, ...rest, ...absent(), change: 0 }];
      },
      recordOf: (member: Member) => ({ ...member, bundle: member }),
    });
    for (const member of this.#members.values()) {
      this.#count(member);
      this.#lastOrdinal = Math.max(this.#lastOrdinal, member.ordinal);
    }
    this.#pushed = this.#counter;
  }

  get deadline(): Millis {
    return this.#questions.size > 0 ? -Infinity : this.#pushDue;
  }

  get version(): Version {
    return { start: this.#start, counter: this.#counter };
  }

  get size(): number {
    return this.#members.size;
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
  remove({ change, nick }: Member): void {
    this.#changes.delete(change);
    this.#members.delete(nickKey(nick));
  }

  /** The row of a member has changed: it is saved now, and pushed soon, together with others. */
  changed(now: Millis, member: Member): void {
    this.#count(member);
    this.#members.save(nickKey(member.nick));
    this.#pushDue = Math.min(this.#pushDue, now + TABLE_GATHER_MS);
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
  ask(link: Link, version: Version): void {
    this.#questions.set(link, version);
  }

  /**
   * Answers questions, and when it is time pushes the changes since the last push to everybody who is online.
   */
  runTimers(now: Millis): void {
    for (const [link, version] of this.#questions) this.#answer(now, link, version);
    this.#questions.clear();
    if (this.#pushDue <= now) this.#push(now);
  }

  /** Pushes each change once. A client that misses one learns from the next keep-alive that it is behind. */
  #push(now: Millis): void {
    this.#pushDue = Infinity;
    const from = { start: this.#start, counter: this.#pushed };
    this.#pushed = this.#counter;
    const local = this.#pages(from, true);
    const remote = this.#pages(from, false);
    for (const { online, connection } of this.#members.values()) {
      if (!online || connection === undefined) continue;
      const { link } = connection;
      for (const page of isLoopback(link.address) ? local : remote) link.tell(now, page);
    }
  }

  /** A version of another life of the server says nothing about this table, so all rows are sent. */
  #answer(now: Millis, link: Link, version: Version): void {
    const from = version.start === this.#start ? version : { start: this.#start, counter: 0 };
    for (const page of this.#pages(from, isLoopback(link.address))) link.tell(now, page);
  }

  /**
   * All changes after `from` in their order, cut into verbs. Each says from where to where it goes, so that a
   * client notices when one is lost. `local` is true for readers on the server's own machine.
   */
  #pages(from: Version, local: boolean): Verb[] {
    const pages: Verb[] = [];
    let rows: Row[] = [];
    let bytes = 0;
    let pageFrom = from;
    const close = (upTo: number) => {
      pages.push({ type: "rows", since: pageFrom, upTo, newest: this.#counter, rows });
      [rows, bytes, pageFrom] = [[], 0, { start: this.#start, counter: upTo }];
    };
    let last = from.counter;
    for (const member of valuesBetween(this.#changes, from.counter + 1, this.#counter)) {
      const row = rowOf(member, local);
      if (bytes + rowBytes(row) > ROWS_BYTES) close(last);
      // The client asks again for the rest.
      if (pages.length >= ROWS_PACKETS) return pages;
      rows.push(row);
      bytes += rowBytes(row);
      last = member.change;
    }
    close(this.#counter);
    return pages;
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

/** The row for a reader on the server's machine (`local`) or elsewhere. */
function rowOf(member: Member, local: boolean): Row {
  const { nick, skeleton, ordinal, online, addresses, predecessors, revocation } = member;
  return {
    nick,
    skeleton,
    ...bundleOf(member),
    ordinal,
    online,
    addresses: addressesFor(local, addresses),
    predecessors,
    revocation,
  };
}

/**
 * Addresses for a reader on the server's machine (`local`) or elsewhere. Elsewhere a loopback address is
 * shown as the server's own host.
 */
export function addressesFor(local: boolean, addresses: readonly Address[]): readonly Address[] {
  if (local) return addresses;
  return addresses.map((address) =>
    isLoopback(address) ? { host: SERVER_HOST_NAME, port: address.port } : address
  );
}

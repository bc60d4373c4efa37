/** The server's table: every nick, who holds it, where, since which change; and what to tell whom about it. */
import { equalAddresses, isLoopback, isUnicast } from "../base/address.ts";
import {
  CANDIDATES,
  MEMBER_MESSAGES_BURST,
  MEMBER_MESSAGES_PER_SECOND,
  MEMBER_QUESTIONS_BURST,
  MEMBER_QUESTIONS_PER_SECOND,
  ROWS_BYTES,
  ROWS_PACKETS,
  TABLE_GATHER_MS,
} from "../base/limits.ts";
import { Rate } from "../base/rate.ts";
import type { Address, Key, Millis } from "../base/units.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { nameFor, NICK } from "../durable/records.ts";
import type { Link } from "../link/links.ts";
import { rowBytes, SERVER_HOST_NAME } from "../messages/field.ts";
import { type Bundle, bundleOf } from "../messages/identity.ts";
import { type Nick, type NickKey, nickKey } from "../messages/nick.ts";
import type { Row, Version } from "../messages/table.ts";
import type { Verb } from "../messages/verb.ts";
import type { StreamWriter } from "./stream_writer.ts";

export interface Member extends Row {
  nick: Nick;
  /** Always this one: the nick is bound to it. */
  readonly identity: Key;
  key: Key;
  prekey: Key;
  prekeyAt: Millis;
  signature: string;
  readonly ordinal: number;
  online: boolean;
  addresses: readonly Address[];
  /** The counter of the last change. */
  change: number;
  /** The process that registered last, and the one whose place it took. */
  process: string | undefined;
  formerProcess: string | undefined;
  /** Present while registered in this life of the server. */
  connection: Connection | undefined;
  readonly messages: Rate;
  readonly questions: Rate;
}

/** Where a member is registered, and what waits for it there. */
export interface Connection {
  readonly link: Link;
  readonly stream: StreamWriter;
}

/** What is known of a member who has not registered in this life of the server. */
function absent() {
  return {
    process: undefined,
    formerProcess: undefined,
    connection: undefined,
    messages: new Rate(MEMBER_MESSAGES_PER_SECOND, MEMBER_MESSAGES_BURST),
    questions: new Rate(MEMBER_QUESTIONS_PER_SECOND, MEMBER_QUESTIONS_BURST),
  };
}

export class Roster {
  readonly #start: number;
  readonly #members: DurableMap<NickKey, Member>;
  /** Members by the counter of their last change, and in that order; a new one is not among them before its first. */
  readonly #changes = new Map<number, Member>();
  #counter = 0;
  #lastOrdinal = 0;
  #pushed: number;
  #pushDue: Millis = Infinity;
  /** Who has asked for rows, and since when. */
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

  /** A new nick, bound to an identity. */
  add(nick: Nick, bundle: Bundle): Member {
    const ordinal = ++this.#lastOrdinal;
    const member = { nick, ...bundle, ordinal, online: false, addresses: [], change: 0, ...absent() };
    this.#members.setUnsaved(nickKey(nick), member);
    return member;
  }

  /** A row has changed: it is saved now and pushed soon, together with others. */
  changed(now: Millis, member: Member): void {
    this.#count(member);
    this.#members.save(nickKey(member.nick));
    this.#pushDue = Math.min(this.#pushDue, now + TABLE_GATHER_MS);
  }

  /** A member has changed, and is now the last one that has. */
  #count(member: Member): void {
    this.#changes.delete(member.change);
    member.change = ++this.#counter;
    this.#changes.set(member.change, member);
  }

  /** A member that was seen elsewhere, and answered from there, is to be found there. */
  seenAt(now: Millis, member: Member, address: Address): void {
    const [seen, ...others] = member.addresses;
    if (seen === undefined || equalAddresses(seen, address)) return;
    member.addresses = reachableAt(address, others);
    this.changed(now, member);
  }

  /** `rows since v`, answered with the next tick: once, however often it was asked meanwhile. */
  ask(link: Link, version: Version): void {
    this.#questions.set(link, version);
  }

  /** Answers, and pushes the changes gathered since the last push to everybody, once. */
  runTimers(now: Millis): void {
    for (const [link, version] of this.#questions) this.#answer(now, link, version);
    this.#questions.clear();
    if (this.#pushDue <= now) this.#push(now);
  }

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

  #answer(now: Millis, link: Link, version: Version): void {
    const from = version.start === this.#start ? version : { start: this.#start, counter: 0 };
    for (const page of this.#pages(from, isLoopback(link.address))) link.tell(now, page);
  }

  /** The members that have changed after that, in the order of their changes. */
  *#changedAfter(counter: number): Iterable<Member> {
    // Whichever walk is shorter: over the changes since then, or over all members.
    if (this.#counter - counter > this.#changes.size) {
      for (const member of this.#changes.values()) if (member.change > counter) yield member;
    } else {
      for (let change = counter + 1; change <= this.#counter; change++) {
        const member = this.#changes.get(change);
        if (member !== undefined) yield member;
      }
    }
  }

  /** All changes after `from` in their order, cut into verbs; each says from where to where it goes. */
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
    for (const member of this.#changedAfter(from.counter)) {
      const row = rowOf(member, local);
      if (bytes + rowBytes(row) > ROWS_BYTES) close(last);
      if (pages.length >= ROWS_PACKETS) return pages;
      rows.push(row);
      bytes += rowBytes(row);
      last = member.change;
    }
    close(this.#counter);
    return pages;
  }
}

/** Where a client may be reached: where it was seen, then where it says it is; loopback only for the local. */
export function reachableAt(seen: Address, own: readonly Address[]): Address[] {
  const addresses = [seen];
  for (const address of own) {
    const usable = isUnicast(address) && (isLoopback(seen) || !isLoopback(address));
    if (usable && !addresses.some((known) => equalAddresses(known, address))) addresses.push(address);
  }
  return addresses.slice(0, CANDIDATES);
}

/** The row as a reader sees it: for readers elsewhere, loopback is the server's own host. */
function rowOf(member: Member, local: boolean): Row {
  const { nick, ordinal, online, addresses } = member;
  const seen = local
    ? addresses
    : addresses.map((address) =>
      isLoopback(address) ? { host: SERVER_HOST_NAME, port: address.port } : address
    );
  return { nick, ...bundleOf(member), ordinal, online, addresses: seen };
}

/** The server's table: every nick, who holds it, where, since which change; and what to tell whom about it. */
import { equalAddresses, isLoopback, isUnicast } from "../base/address.ts";
import { MALFORMED } from "../base/bytes.ts";
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
import type { Effects } from "../durable/effects.ts";
import { NICK } from "../durable/records.ts";
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
  link: Link | undefined;
  /** The process that registered last, and the one whose place it took. */
  process: string | undefined;
  formerProcess: string | undefined;
  /** Present while registered in this life of the server. */
  stream: StreamWriter | undefined;
  probedAt: Millis | undefined;
  readonly messages: Rate;
  readonly questions: Rate;
}

/** What is known of a member who has not registered in this life of the server. */
function absent() {
  return {
    link: undefined,
    process: undefined,
    formerProcess: undefined,
    stream: undefined,
    probedAt: undefined,
    messages: new Rate(MEMBER_MESSAGES_PER_SECOND, MEMBER_MESSAGES_BURST),
    questions: new Rate(MEMBER_QUESTIONS_PER_SECOND, MEMBER_QUESTIONS_BURST),
  };
}

export class Roster {
  readonly #effects: Effects;
  readonly #start: number;
  readonly #members = new Map<NickKey, Member>();
  #counter = 0;
  #lastOrdinal = 0;
  #pushed = 0;
  #pushDue: Millis = Infinity;
  /** Who has asked for rows, and since when. */
  readonly #questions = new Map<Link, Version>();

  constructor(effects: Effects, start: number) {
    this.#effects = effects;
    this.#start = start;
  }

  load(value: Uint8Array): void {
    const record = NICK.decode(value);
    if (record === MALFORMED) return;
    const { bundle, ...rest } = record;
    this.#members.set(nickKey(record.nick), { ...bundle, ...rest, ...absent(), change: ++this.#counter });
    this.#pushed = this.#counter;
    this.#lastOrdinal = Math.max(this.#lastOrdinal, record.ordinal);
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

  get(nick: Nick): Member | undefined {
    return this.#members.get(nickKey(nick));
  }

  members(): Iterable<Member> {
    return this.#members.values();
  }

  /** A new nick, bound to an identity. */
  add(nick: Nick, bundle: Bundle): Member {
    const ordinal = ++this.#lastOrdinal;
    const member = { nick, ...bundle, ordinal, online: false, addresses: [], change: 0, ...absent() };
    this.#members.set(nickKey(nick), member);
    return member;
  }

  /** A row has changed: it is saved now and pushed soon, together with others. */
  changed(now: Millis, member: Member): void {
    member.change = ++this.#counter;
    this.#effects.save(NICK.keyFor(member.nick), () => NICK.encode({ ...member, bundle: member }));
    this.#pushDue = Math.min(this.#pushDue, now + TABLE_GATHER_MS);
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
    for (const { online, link } of this.#members.values()) {
      if (!online || link === undefined) continue;
      for (const page of isLoopback(link.address) ? local : remote) link.tell(now, page);
    }
  }

  #answer(now: Millis, link: Link, version: Version): void {
    const from = version.start === this.#start ? version : { start: this.#start, counter: 0 };
    for (const page of this.#pages(from, isLoopback(link.address))) link.tell(now, page);
  }

  /** All changes after `from` in their order, cut into verbs; each says from where to where it goes. */
  #pages(from: Version, local: boolean): Verb[] {
    const changed = [...this.#members.values()].filter((member) => member.change > from.counter)
      .sort((a, b) => a.change - b.change);
    const pages: Verb[] = [];
    let rows: Row[] = [];
    let bytes = 0;
    let pageFrom = from;
    const close = (upTo: number) => {
      pages.push({ type: "rows", since: pageFrom, upTo, newest: this.#counter, rows });
      [rows, bytes, pageFrom] = [[], 0, { start: this.#start, counter: upTo }];
    };
    let last = from.counter;
    for (const member of changed) {
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

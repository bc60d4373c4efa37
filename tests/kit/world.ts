/**
 * The world of a test: a server, people with their clients, and a network of one millisecond that remembers
 * all that was sent. Clock, network and disks are virtual, so a week takes no time and every line comes at
 * its exact instant.
 */
import { assert } from "@std/assert";
import { addressKey } from "../../core/base/address.ts";
import type { Primitives } from "../../core/base/crypto.ts";
import type { Millis } from "../../core/base/units.ts";
import { cheapPrimitives } from "./cheap_primitives.ts";
import { SeenDatagram, type Which } from "./datagram.ts";
import { type ClientSettings, Person } from "./person.ts";
import type { Process } from "./process.ts";
import { ServerProcess, type ServerProcessOptions } from "./server_process.ts";
import { SERVER, START, Surroundings } from "./surroundings.ts";

export interface WorldOptions {
  readonly seed?: number;
  /** Cheap ones unless the test is about cryptography. */
  readonly primitives?: Primitives;
  readonly server?: ServerProcessOptions;
  /** Settings of all clients that have no others. */
  readonly clients?: ClientSettings;
}

export class World extends Surroundings {
  readonly server: ServerProcess;
  /** Every datagram since the start, also those that were lost. */
  readonly datagrams: SeenDatagram[] = [];
  readonly people: Person[] = [];
  /** Decides about each datagram that is not lost anyway; false loses it. */
  passes: (datagram: SeenDatagram) => boolean = () => true;
  readonly #clients: ClientSettings;
  #lost: Which[] = [];

  constructor({ seed = 1, primitives = cheapPrimitives, server = {}, clients = {} }: WorldOptions = {}) {
    super(seed, primitives);
    this.network.passes = (from, to, bytes) => this.#carry(new SeenDatagram(this.now, from, to, bytes));
    this.server = new ServerProcess(this, server);
    this.server.starts();
    // Its key is on its disk before anybody else starts.
    this.runs(0);
    this.#clients = { serverKey: this.server.key, ...clients };
  }

  /** Somebody on a computer of his own, with a disk of his own, who has not yet started the program. */
  client(nick: string, settings: ClientSettings = {}): Person {
    const count = this.people.length + 1;
    const host = `10.0.${1 + (count >> 8)}.${count & 255}`;
    const person = new Person(this, nick, host, { ...this.#clients, ...settings });
    this.people.push(person);
    return person;
  }

  /** Clients that are registered, in this order, and have seen each other. Their screens are empty. */
  clients<Nick extends string>(...nicks: Nick[]): Record<Nick, Person> {
    const people = nicks.map((nick) => [nick, this.client(nick)] as const);
    for (const [, person] of people) {
      person.starts();
      this.runs(100);
    }
    this.runs(500);
    this.everybodyLooks();
    return Object.fromEntries(people) as Record<Nick, Person>;
  }

  /** The lines that a change of the table prints: the server, then these. */
  table(...rows: string[]): string[] {
    return ["[Client table updated.]", ...this.rows(...rows)];
  }

  /** The lines that `peers` prints. */
  rows(...rows: string[]): string[] {
    return [`SERVER @ ${addressKey(SERVER)} is ONLINE`, ...rows];
  }

  everybodyLooks(): void {
    for (const process of [this.server, ...this.people]) process.looks();
  }

  /** These two talk with each other: nothing that was done to them has an effect any more. */
  theyTalk(one: Person, other: Person, text = "still here"): void {
    this.everybodyLooks();
    one.writes(other.nick, text);
    this.runs(100);
    other.sees(`${one.nick}: ${text}`);
    one.sees(`[Message received by ${other.nick}.]`);
  }

  // ---- the network ---------------------------------------------------------------------------------------

  cut(...who: { readonly host: string }[]): void {
    for (const { host } of who) this.network.cut(host);
  }

  mend(...who: { readonly host: string }[]): void {
    for (const { host } of who) this.network.mend(host);
  }

  /** Nothing goes directly between these two any more, in either direction. */
  cutBetween(one: Process, other: Process): void {
    this.loses({ from: one, to: other }, { from: other, to: one });
  }

  /** From now on such datagrams are lost. */
  loses(...which: Which[]): void {
    this.#lost.push(...which);
  }

  losesNothing(): void {
    this.#lost = [];
  }

  /** The datagrams sent so far of which this is true, since an instant. */
  sent(which: Which, since: Millis = START): SeenDatagram[] {
    return this.datagrams.filter((datagram) => datagram.at >= since && datagram.is(which));
  }

  #carry(datagram: SeenDatagram): boolean {
    this.datagrams.push(datagram);
    return !this.#lost.some((which) => datagram.is(which)) && this.passes(datagram);
  }

  /** No command is over twice. */
  checkSettled(): void {
    for (const { nick, unsettled } of this.people) {
      assert(unsettled >= 0, `'${nick}': ${unsettled} unsettled`);
    }
  }
}

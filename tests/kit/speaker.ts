/**
 * Somebody with a socket and keys, who speaks the wire as it should be and says whatever the test wants, to
 * whomever, under whatever nick.
 */
import { assert } from "@std/assert";
import { equalAddresses } from "../../core/base/address.ts";
import type { KeyPair } from "../../core/base/crypto.ts";
import type { Address, Key, Random } from "../../core/base/units.ts";
import type { Link } from "../../core/link/link.ts";
import { Links } from "../../core/link/links.ts";
import type { Bundle, Identity, Outcome, Predecessor, Receipt } from "../../core/messages/identity.ts";
import type { LetterName } from "../../core/messages/letter_form.ts";
import type { Nick } from "../../core/messages/nick.ts";
import type { Verb, VerbOf, VerbType } from "../../core/messages/verb.ts";
import { Author, type AuthorOptions, type DirectWriting, type Posting, type Writing } from "./author.ts";
import { type Kind, open } from "./datagram.ts";
import type { Surroundings } from "./surroundings.ts";

export const STRANGER: Address = { host: "10.66.6.6", port: 6666 };

/** The one who is spoken to. */
export interface Addressee {
  readonly address: Address;
  readonly key: Key;
}

/** Surroundings that may have a server to register with. */
export type Home = Surroundings & { readonly server?: Addressee };

export interface SpeakerOptions extends AuthorOptions {
  readonly address?: Address;
  /** The author whose keys speak, if not his own. */
  readonly ownKey?: KeyPair;
  /** His name for those who ask for his key. */
  readonly name?: string;
  readonly keepsAlive?: boolean;
  /** The source of chance for his links. */
  readonly random?: Random;
}

export class Speaker {
  readonly nick: Nick;
  readonly address: Address;
  readonly author: Author;
  readonly key: Key;
  readonly links: Links;
  /** All that was said to him, oldest first. */
  readonly heard: Verb[] = [];
  /** All datagrams that came. */
  readonly received: Uint8Array[] = [];
  protected readonly home: Home;
  /** The address from which his datagrams seem to come. */
  #source: Address;
  /** Counts what he asks of the server for his nick: a later turn counts. */
  turn = 0;
  readonly #said: { link: Link; tag: string }[] = [];
  #wakeAt = Infinity;

  constructor(home: Home, nick: Nick, options: SpeakerOptions = {}) {
    const { address = STRANGER, random = home.random, name, keepsAlive = false } = options;
    const { primitives, stopwatch } = home;
    this.home = home;
    this.nick = nick;
    this.address = this.#source = address;
    this.author = new Author(primitives, home.dice, nick, { prekeyAt: home.now, ...options });
    const { ownKey = this.identity.keyPair } = options;
    this.key = ownKey.publicKey.toHex();
    let last = 0;
    const timestamp = (now: number) => last = Math.max(Math.floor(now), last + 1);
    this.links = new Links({ primitives, random, ownKey, timestamp, stopwatch, name, keepsAlive });
    home.network.bind(address, (from, bytes) => this.#receive(from, bytes));
  }

  get host(): string {
    return this.address.host;
  }

  isAt(address: Address): boolean {
    return equalAddresses(this.address, address);
  }

  // ---- what he hears -------------------------------------------------------------------------------------

  #receive(from: Address, bytes: Uint8Array): void {
    this.received.push(bytes);
    const arrival = this.links.receive(this.home.now, from, bytes);
    if (arrival?.type === "verbs") { for (const verb of arrival.verbs) this.#hear(arrival.link, verb); }
    this.wakesUp();
  }

  #hear(link: Link, verb: Verb): void {
    this.heard.push(verb);
    this.onVerb(link, verb);
  }

  protected onVerb(_link: Link, _verb: Verb): void {}

  /** The verbs of one type that he was told. */
  heardOf<Type extends VerbType>(type: Type): Extract<Verb, { type: Type }>[] {
    const isOne = (verb: Verb): verb is Extract<Verb, { type: Type }> => verb.type === type;
    return this.heard.filter(isOne);
  }

  get kindsHeard(): VerbType[] {
    return this.heard.map(({ type }) => type);
  }

  /** The kinds of the datagrams that he was sent. */
  get kindsReceived(): Kind[] {
    return [...new Set(this.received.flatMap((bytes) => open(bytes).kinds))].toSorted();
  }

  // ---- what he says --------------------------------------------------------------------------------------

  /** Says something, and again until it has arrived. */
  says({ key, address }: Addressee, verb: Verb): void {
    const link = this.links.open(this.home.now, key, [address]);
    const tag = `${this.#said.length}`;
    this.#said.push({ link, tag });
    link.send(this.home.now, verb, tag);
    this.wakesUp();
  }

  /** The same, and time goes by until it has arrived and was answered. */
  tells(to: Addressee, verb: Verb): void {
    this.says(to, verb);
    this.home.runs(50);
  }

  /** All that was said has arrived. */
  wasHeard(): void {
    this.home.runs(50);
    for (const { link, tag } of this.#said) assert(!link.has(tag), `${tag} was not heard`);
  }

  /** Asks the server for a nick. */
  registers(
    nick: Nick = this.nick,
    bundle: Bundle = this.bundle(nick),
    predecessors: readonly Predecessor[] = [],
  ): void {
    const { server } = this.home;
    assert(server !== undefined, "there is no server");
    const turn = ++this.turn;
    this.says(server, {
      type: "register",
      nick,
      turn,
      asked: true,
      bundle,
      candidates: [],
      predecessors,
    });
    this.home.runs(200);
  }

  /** Asks the server to be let in only to send. */
  registersToSend(
    { nick = this.nick, bundle = this.bundle(nick), voucher = this.identity.voucher(nick, this.key) } = {},
  ): void {
    const { server } = this.home;
    assert(server !== undefined, "there is no server");
    this.says(server, { type: "sendOnly", nick, turn: ++this.turn, bundle, voucher, predecessors: [] });
    this.home.runs(200);
  }

  /** From now on his datagrams bear another source address. */
  pretendsToBeAt(address: Address): void {
    this.#source = address;
  }

  /** A datagram, as it is. */
  throws({ address }: { readonly address: Address }, bytes: Uint8Array): void {
    this.home.network.send(this.#source, address, bytes);
  }

  /** Sends what is to be sent now, and looks again when more is due. */
  wakesUp(): void {
    const { schedule, network } = this.home;
    for (const { to, bytes } of this.links.takeDatagrams(schedule.now)) network.send(this.#source, to, bytes);
    const at = this.links.deadline;
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    schedule.at(at, () => {
      if (this.#wakeAt !== at) return;
      this.#wakeAt = Infinity;
      this.wakesUp();
    });
  }

  // ---- what he writes ------------------------------------------------------------------------------------

  get identity(): Identity {
    return this.author.identity;
  }

  /** His bundle for a nick, be it his own or not. */
  bundle(nick: Nick = this.nick): Bundle {
    return this.author.bundleFor(nick);
  }

  direct(writing: DirectWriting): VerbOf<"direct"> {
    return this.author.direct(writing);
  }

  letter(writing: Writing): Uint8Array {
    return this.author.letter({ at: this.home.now, ...writing });
  }

  post(posting: Posting): Uint8Array {
    return this.author.post({ sentAt: this.home.now, ...posting });
  }

  receipt(from: Nick, to: Nick, said: Partial<LetterName> & { id: string; outcome?: Outcome }): Receipt {
    return this.author.receipt(from, to, said);
  }
}

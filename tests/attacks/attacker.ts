/**
 * The attacker's tools. A `Speaker` speaks the wire as it should be, under whatever keys it has, and says whatever it
 * wants; an `Attacker` is one under keys of his own, with pen and seal for letters and posts.
 */
import { type KeyPair, primitives } from "../../core/base/crypto.ts";
import type { Address, Key, Millis, Random } from "../../core/base/units.ts";
import type { Link } from "../../core/link/link.ts";
import { Links } from "../../core/link/links.ts";
import { type Bundle, Identity, NO_HASH, SECRETS_BYTES } from "../../core/messages/identity.ts";
import { type Contents, type Envelope, Sealer } from "../../core/messages/letter.ts";
import { NO_MESSAGE } from "../../core/messages/message_id.ts";
import type { Nick } from "../../core/messages/nick.ts";
import { encodePost } from "../../core/messages/post.ts";
import type { Verb, VerbType } from "../../core/messages/verb.ts";
import { type Arena, type Datagram, SERVER } from "./arena.ts";

export const MALLORY: Address = { host: "10.66.6.6", port: 6666 };

/** Whom one speaks to. */
export interface Target {
  readonly address: Address;
  readonly key: Key;
}

/** Somebody with a socket and a key, in the hands of the test. */
export class Speaker {
  readonly address: Address;
  readonly links: Links;
  /** All that was said to it, oldest first. */
  readonly heard: { readonly link: Link; readonly verb: Verb }[] = [];
  /** All datagrams that came. */
  readonly received: Datagram[] = [];
  protected readonly arena: Arena;
  /** Where its datagrams seem to come from. */
  #source: Address;
  #wakeAt = Infinity;
  #tags = 0;

  /** `name`: what it calls itself to whoever asks. */
  constructor(
    arena: Arena,
    { address, ownKey, name, random = arena.random }: {
      readonly address: Address;
      readonly ownKey: KeyPair;
      readonly name?: string;
      readonly random?: Random;
    },
  ) {
    this.arena = arena;
    this.address = address;
    this.#source = address;
    let last = 0;
    const timestamp = (now: Millis) => last = Math.max(Math.floor(now), last + 1);
    this.links = new Links({ primitives, random, ownKey, timestamp, name, keepsAlive: false });
    arena.network.bind(address, (from, bytes) => {
      this.received.push({ at: arena.now, from, to: address, bytes });
      const arrival = this.links.receive(arena.now, from, bytes);
      if (arrival?.type === "verbs") {
        for (const verb of arrival.verbs) this.#hear(arrival.link, verb);
      }
      this.wakesUp();
    });
  }

  #hear(link: Link, verb: Verb): void {
    this.heard.push({ link, verb });
    this.onVerb(link, verb);
  }

  protected onVerb(_link: Link, _verb: Verb): void {}

  /** From now on its datagrams bear another source address. */
  pretendsToBeAt(address: Address): void {
    this.#source = address;
  }

  /** Says something, again until it has arrived. It leaves when time goes by. */
  says({ key, address }: Target, verb: Verb): void {
    this.links.open(this.arena.now, key, [address]).send(this.arena.now, verb, `${this.#tags++}`);
    this.wakesUp();
  }

  /** The same to the server. */
  saysToServer(verb: Verb): void {
    this.says({ key: this.arena.serverKey, address: SERVER }, verb);
  }

  /** A datagram, as it is. */
  throws(to: Address, bytes: Uint8Array, from = this.#source): void {
    this.arena.network.send(from, to, bytes);
  }

  /** What it was told, of one type. */
  heardOf<Type extends VerbType>(type: Type): Extract<Verb, { type: Type }>[] {
    const isOne = (verb: Verb): verb is Extract<Verb, { type: Type }> => verb.type === type;
    return this.heard.map(({ verb }) => verb).filter(isOne);
  }

  get kindsHeard(): VerbType[] {
    return this.heard.map(({ verb }) => verb.type);
  }

  /** Sends what is to be sent now, and looks again when more is due. */
  wakesUp(): void {
    const { schedule, network } = this.arena;
    for (const { to, bytes } of this.links.takeDatagrams(schedule.now)) {
      network.send(this.#source, to, bytes);
    }
    const at = this.links.deadline;
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    schedule.at(at, () => {
      if (this.#wakeAt !== at) return;
      this.#wakeAt = Infinity;
      this.wakesUp();
    });
  }
}

/** What a letter says, and to whom; what is left out does not matter. */
export interface Writing extends Partial<Contents> {
  readonly id?: string;
  readonly from: Nick;
  readonly to: Nick;
  readonly text: string;
  readonly edition?: number;
  /** Whom it is sealed for, and in whose name. */
  readonly recipient: Bundle;
  readonly sender: Bundle;
}

export const ID = "00112233445566778899aabbccddeeff";

/** Somebody with keys of his own. */
export class Attacker extends Speaker {
  readonly identity: Identity;
  readonly #prekey: Key;
  readonly #sealer: Sealer;
  #turn = 0;

  constructor(
    arena: Arena,
    address: Address = MALLORY,
    secrets = arena.random(SECRETS_BYTES),
    random = arena.random,
  ) {
    const identity = new Identity(primitives, secrets);
    super(arena, { address, ownKey: identity.keyPair, random });
    this.identity = identity;
    this.#prekey = primitives.keyPair(arena.random(32)).publicKey.toHex();
    this.#sealer = new Sealer(primitives, arena.random, identity.keyPair);
  }

  get key(): Key {
    return this.identity.keyPair.publicKey.toHex();
  }

  bundle(nick: Nick): Bundle {
    return this.identity.bundle(nick, this.#prekey, this.arena.now);
  }

  /** Asks the server for a nick. */
  registers(nick: Nick, bundle = this.bundle(nick)): void {
    this.saysToServer({ type: "register", nick, turn: ++this.#turn, asked: true, bundle, candidates: [] });
    this.arena.runs(200);
  }

  /** A member like all others. */
  static member(arena: Arena, nick: Nick, address: Address = MALLORY): Attacker {
    const attacker = new Attacker(arena, address);
    attacker.registers(nick);
    arena.everybodyLooks();
    return attacker;
  }

  /** A letter under this attacker's link key, in whoever's name. */
  letter({ recipient, sender, edition = 0, text, id = ID, from, to, ...rest }: Writing): Uint8Array {
    const envelope: Envelope = { id, from, to };
    const contents = { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: this.arena.now, ...rest, text };
    return this.#sealer.seal(this.arena.now, envelope, edition, { sender, recipient }, contents)!;
  }

  /** A post under this attacker's identity. */
  post({ id = ID, from, text, number = 1, previous = NO_HASH }: {
    readonly id?: string;
    readonly from: Nick;
    readonly text: string;
    readonly number?: number;
    readonly previous?: string;
  }): Uint8Array {
    const post = { id, from, text, number, previous, sentAt: this.arena.now };
    return encodePost(primitives, this.identity, undefined, post);
  }
}

/** The same with one bit changed. */
export function altered(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => index === at ? byte ^ 1 : byte);
}

/** An id of a sender process of its own. */
export function idOf(prefix: number, sequence = 1): string {
  return prefix.toString(16).padStart(16, "0") + sequence.toString(16).padStart(16, "0");
}

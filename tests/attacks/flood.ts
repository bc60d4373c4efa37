/** What floods of handshakes are made of, and what they cost whoever is flooded. */
import { MALFORMED } from "../../core/base/bytes.ts";
import { type Primitives, primitives } from "../../core/base/crypto.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import { PROLOGUE } from "../../core/link/initiator.ts";
import { CookieJar, mac1Key, setMac1 } from "../../core/wire/cookie.ts";
import { decodePacket, encodeInitiation, INITIATION_NOISE_BYTES, MAC_BYTES } from "../../core/wire/packet.ts";
import type { Dice } from "../kit/dice.ts";
import { Peer } from "../kit/peer.ts";
import type { Arena } from "./arena.ts";

/** Real cryptography that remembers when a handshake was computed with it. */
export class CountedCrypto {
  readonly handshakes: Millis[] = [];
  /** The clock. */
  now: () => Millis = () => 0;
  readonly primitives: Primitives = {
    ...primitives,
    // Each side of each handshake begins with mixing in the prologue.
    hash: (...parts) => {
      if (parts[1] === PROLOGUE) this.handshakes.push(this.now());
      return primitives.hash(...parts);
    },
  };

  /** The most in any second since an instant. */
  most(since: Millis): number {
    const times = this.handshakes.filter((at) => at >= since);
    return Math.max(0, ...times.map((from, at) => times.slice(at).filter((to) => to < from + 1000).length));
  }
}

/** Runs this, and returns every table that was made meanwhile: core keeps its tables to itself. */
export function tablesOf(run: () => void): { readonly size: number }[] {
  const tables: { readonly size: number }[] = [];
  const { Map: TrueMap, Set: TrueSet } = globalThis;
  globalThis.Map = class<Key, Value> extends TrueMap<Key, Value> {
    constructor(entries?: Iterable<readonly [Key, Value]> | null) {
      super(entries);
      tables.push(this);
    }
  } as MapConstructor;
  globalThis.Set = class<Value> extends TrueSet<Value> {
    constructor(values?: Iterable<Value> | null) {
      super(values);
      tables.push(this);
    }
  } as SetConstructor;
  try {
    run();
  } finally {
    globalThis.Map = TrueMap;
    globalThis.Set = TrueSet;
  }
  return tables;
}

/** Initiations to somebody, as many as one likes: good ones, and such as only look good. */
export class Initiations {
  readonly #valid: readonly Uint8Array[];
  readonly #mac1Key: Uint8Array;
  readonly #dice: Dice;
  #count = 0;

  constructor(arena: Arena, ownKey: Uint8Array, count: number) {
    this.#dice = arena.dice.fork();
    this.#mac1Key = mac1Key(primitives, ownKey);
    this.#valid = Array.from(
      { length: count },
      () => new Peer(primitives, arena.random, ownKey).initiation(arena.now).bytes,
    );
  }

  /** Of one of so many identities, and never the same bytes twice: the index of its sender is another one. */
  valid(): Uint8Array {
    const bytes = this.#valid[this.#count % this.#valid.length]!.slice();
    return this.#sealed(bytes);
  }

  /** Nobody's, but for its mac1. */
  junk(): Uint8Array {
    return this.#sealed(encodeInitiation(0, this.#dice.bytes(INITIATION_NOISE_BYTES)));
  }

  #sealed(bytes: Uint8Array): Uint8Array {
    new DataView(bytes.buffer).setUint32(1, ++this.#count);
    setMac1(primitives, this.#mac1Key, bytes, bytes.length - MAC_BYTES);
    return bytes;
  }
}

/** Of so many datagrams the answers are under way at most. */
const MAC1S = 10;

/** Somebody who can receive where he is, and takes the cookies that he is given. */
export class CookieEater {
  readonly address: Address;
  /** The kinds of packets that came. */
  readonly heard: string[] = [];
  readonly #arena: Arena;
  readonly #jar: CookieJar;
  readonly #to: Address;
  /** Of the last that it has sent: a cookie is an answer to one of them. */
  #mac1s: Uint8Array[] = [];
  #hasCookie = false;

  constructor(arena: Arena, address: Address, to: Address, ownKey: Uint8Array) {
    this.address = address;
    this.#arena = arena;
    this.#to = to;
    this.#jar = new CookieJar(primitives, ownKey);
    arena.network.bind(address, (_from, bytes) => {
      const packet = decodePacket(bytes);
      if (packet === MALFORMED) return;
      this.heard.push(packet.type);
      if (packet.type !== "cookieReply" || this.#hasCookie) return;
      const { salt, sealed } = packet;
      this.#hasCookie = this.#mac1s.some((mac1) => this.#jar.takeCookie(arena.now, salt, sealed, mac1));
    });
  }

  /** The bytes are its own from now on. */
  sends(initiation: Uint8Array): void {
    this.#mac1s = [...this.#mac1s, initiation.slice(-2 * MAC_BYTES, -MAC_BYTES)].slice(-MAC1S);
    this.#jar.setMac2(this.#arena.now, initiation);
    this.#arena.network.send(this.address, this.#to, initiation);
  }
}

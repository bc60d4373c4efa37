/** Where each sender of channel messages stands: ourselves, and everybody whom we have heard. */
import { MALFORMED } from "./bytes.ts";
import type { Effects } from "./effects.ts";
import type { Key } from "./handshake.ts";
import { NO_HASH } from "./identity.ts";
import { KNOWN_PEERS } from "./limits.ts";
import type { Place } from "./post.ts";
import { CHAIN, POSTED, type ValueOf } from "./records.ts";

type End = ValueOf<typeof CHAIN>;

/** Where a post stands: rightly; behind so many that are missing; behind another one than its sender wrote; again. */
export type Standing =
  | { readonly type: "next" }
  | { readonly type: "gap"; readonly missing: number }
  | { readonly type: "exchanged" }
  | { readonly type: "repeat" };

export class Chains {
  readonly #effects: Effects;
  /** The last post of each sender; those heard least recently first. */
  readonly #ends = new Map<Key, End>();
  #own: End = { number: 0, hash: NO_HASH };

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  load(key: string, value: Uint8Array): void {
    const end = CHAIN.decode(value);
    if (end !== MALFORMED) this.#ends.set(CHAIN.nameOf(key), end);
  }

  loadOwn(value: Uint8Array): void {
    const end = POSTED.decode(value);
    if (end !== MALFORMED) this.#own = end;
  }

  /** Where our next post stands. */
  get next(): Place {
    return { number: this.#own.number + 1, previous: this.#own.hash };
  }

  /** Our next post was made; that is durable before it leaves. */
  posted(hash: string): void {
    const end = this.#own = { number: this.#own.number + 1, hash };
    this.#effects.save(POSTED.key("last"), () => POSTED.encode(end));
  }

  standingOf(identity: Key, { number, previous }: Place): Standing {
    const end = this.#ends.get(identity);
    if (end === undefined) return { type: "next" };
    if (number <= end.number) return { type: "repeat" };
    if (number > end.number + 1) return { type: "gap", missing: number - end.number - 1 };
    return { type: previous === end.hash ? "next" : "exchanged" };
  }

  /** A post was taken: saved in one commit with it. */
  took(identity: Key, end: End): void {
    this.#ends.delete(identity);
    this.#ends.set(identity, end);
    this.#effects.save(CHAIN.key(identity), () => CHAIN.encode(end));
    if (this.#ends.size <= KNOWN_PEERS) return;
    const oldest = this.#ends.keys().next().value!;
    this.#ends.delete(oldest);
    this.#effects.forget(CHAIN.key(oldest));
  }
}

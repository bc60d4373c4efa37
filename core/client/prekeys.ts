/**
 * Our own prekeys. There is a new one each day; those before it are kept for as long as a letter under them
 * may come, and are destroyed then (X3DH section 3.2; docs/security.md, "Keys").
 */
import { KEY_BYTES, type KeyPair, type Primitives } from "../base/crypto.ts";
import { PREKEY_LIFE_MS, PREKEY_MS } from "../base/limits.ts";
import type { Key, Millis, Random } from "../base/units.ts";
import { DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { PREKEY, type ValueOf } from "../durable/records.ts";
import { type Bundle, type Identity, isGenuine, isOlder } from "../messages/identity.ts";
import { type Letter, prekeyId } from "../messages/letter_form.ts";
import type { Nick } from "../messages/nick.ts";

/** A prekey of ours, with its key pair made from the secret. */
type Prekey = ValueOf<typeof PREKEY> & { readonly publicKey: Key; readonly keyPair: KeyPair };

export interface PrekeysOptions {
  readonly primitives: Primitives;
  readonly random: Random;
  readonly effects: Effects;
  readonly identity: Identity;
  readonly nick: Nick;
}

/** The value of `supersededAt` in the prekey that is not superseded. */
const CURRENT = 0;

/** The value of `counter` in prekeys of version 3, whose bundles had none. */
const OF_VERSION_3 = 0;

export class Prekeys {
  readonly #options: PrekeysOptions;
  /** All prekeys by `prekeyId`, as letters name them. */
  readonly #prekeys: DurableMap<string, Prekey>;
  #current: Prekey | undefined;
  /** The bundle of the current prekey, which is signed once. */
  #bundle: Bundle | undefined;

  constructor(options: PrekeysOptions) {
    const { effects, primitives } = this.#options = options;
    this.#prekeys = new DurableMap(effects, {
      kind: PREKEY,
      nameOf: (_id: string, { publicKey }: Prekey) => publicKey,
      entryOf: (_name, record) => entryOf(primitives, record),
      recordOf: (prekey) => prekey,
    });
    this.#current = [...this.#prekeys.values()].findLast(({ supersededAt }) => supersededAt === CURRENT);
  }

  /** When the current prekey is to be replaced; -Infinity if there is none. */
  get renewAt(): Millis {
    return (this.#current?.at ?? -Infinity) + PREKEY_MS;
  }

  /**
   * The bundle that others need to write to us. A prekey that is made for it is durable before anybody hears
   * of it.
   */
  bundle(now: Millis): Bundle {
    const { publicKey, at, counter } = this.#newest(now);
    if (this.#bundle?.prekey === publicKey) return this.#bundle;
    const { identity, nick } = this.#options;
    return this.#bundle = identity.bundle(nick, publicKey, at, counter);
  }

  /**
   * Makes a new prekey if `bundle` is ours and our newest one is older: another place of our identity made
   * it, or this state folder did before it was restored from a copy. The new bundle's counter is higher.
   * Returns false if nothing was made. A server that means no good cannot forge such a bundle, so it can
   * neither use up our counter nor fill our memory with prekeys.
   */
  replaceOlder(now: Millis, bundle: Bundle): boolean {
    const { identity, nick, primitives } = this.#options;
    const isOurs = bundle.identity === identity.publicKey && isGenuine(primitives, nick, bundle);
    if (!isOurs || !isOlder(this.bundle(now), bundle)) return false;
    this.#make(now, bundle.counter + 1);
    return true;
  }

  /** The prekey of the day. A new one is made when the last is a day old. */
  #newest(now: Millis): Prekey {
    const known = this.#current;
    // A file that was restored from a copy may lack the record of the time, and was made in the future then.
    const isOfToday = known !== undefined && Math.abs(now - known.at) < PREKEY_MS;
    if (isOfToday && known.counter !== OF_VERSION_3) return known;
    return this.#make(now, (known?.counter ?? 0) + 1);
  }

  #make(now: Millis, counter: number): Prekey {
    const known = this.#current;
    if (known !== undefined) this.#save({ ...known, supersededAt: Math.floor(Math.max(now, known.at)) });
    const secret = this.#options.random(KEY_BYTES).toHex();
    return this.#current = this.#save({ secret, at: Math.floor(now), counter, supersededAt: CURRENT });
  }

  /** The key pair of a prekey that is named; `undefined` if we do not have it, or not any more. */
  keyPairOf(id: string): KeyPair | undefined {
    return this.#prekeys.get(id)?.keyPair;
  }

  /**
   * The key pair that opens a letter. Those of version 3 lack an agreement: whoever has stolen a prekey can
   * write them in the name of others. So they open under prekeys of that version alone.
   */
  keyPairFor({ prekeyId, version }: Letter): KeyPair | undefined {
    const prekey = this.#prekeys.get(prekeyId);
    return version === 3 && prekey?.counter !== OF_VERSION_3 ? undefined : prekey?.keyPair;
  }

  /** When the oldest prekey that we still have was made; Infinity if there is none. */
  get oldestAt(): Millis {
    return Math.min(...[...this.#prekeys.values()].map(({ at }) => at));
  }

  /** Destroys the prekeys that no letter can need any more. */
  destroyOld(now: Millis): void {
    for (const [id, { supersededAt }] of this.#prekeys.entries()) {
      if (supersededAt === CURRENT || supersededAt + PREKEY_LIFE_MS > now) continue;
      this.#prekeys.destroy(id);
    }
  }

  #save(record: ValueOf<typeof PREKEY>): Prekey {
    const [id, prekey] = entryOf(this.#options.primitives, record);
    this.#prekeys.set(id, prekey);
    return prekey;
  }
}

function entryOf(primitives: Primitives, record: ValueOf<typeof PREKEY>): [id: string, Prekey] {
  const keyPair = primitives.keyPair(Uint8Array.fromHex(record.secret));
  const publicKey = keyPair.publicKey.toHex();
  return [prekeyId(publicKey), { ...record, publicKey, keyPair }];
}

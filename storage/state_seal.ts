/**
 * Seals the records of a client whose identity has a passphrase, so that neither texts nor nicks nor prekeys
 * stand in the file (docs/security.md, "Keys"). The secret is random, and lies in the file itself,
 * sealed under the identity's secrets: a successor of the identity gets it sealed once more, and no record is
 * written again.
 *
 * A record is stored under a name that is the HMAC of its key. Its value is
 *
 *     SALT (16) | ChaCha20-Poly1305(HMAC(value key, SALT), name, length of the key (2) | key | value)
 *
 * so each value has a key of its own, and none can be put in the place of another.
 */
import { primitives } from "../core/base/crypto.ts";

export const SECRET_BYTES = 32;
const SALT_BYTES = 16;
const LENGTH_BYTES = 2;
/** Names of sealed records begin so, and keys of records never do. */
const SEALED = "~";

const utf8 = new TextEncoder();
const NO_KEY = new Uint8Array(0);

export class StateSeal {
  readonly #valueKey: Uint8Array;
  readonly #nameKey: Uint8Array;

  /** `secret`: random, or as secret as an identity. */
  constructor(secret: Uint8Array) {
    this.#valueKey = primitives.mac(secret, utf8.encode("Parley state, values"));
    this.#nameKey = primitives.mac(secret, utf8.encode("Parley state, names"));
  }

  /** The name under which the record with this key is stored. */
  nameOf(key: string): string {
    return SEALED + primitives.mac(this.#nameKey, utf8.encode(key)).toHex().slice(0, 32);
  }

  seal(name: string, key: string, value: Uint8Array): Uint8Array {
    const encoded = utf8.encode(key);
    const plain = new Uint8Array(LENGTH_BYTES + encoded.length + value.length);
    new DataView(plain.buffer).setUint16(0, encoded.length);
    plain.set(encoded, LENGTH_BYTES);
    plain.set(value, LENGTH_BYTES + encoded.length);
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    const sealed = primitives.seal(primitives.mac(this.#valueKey, salt), 0, utf8.encode(name), plain);
    const whole = new Uint8Array(SALT_BYTES + sealed.length);
    whole.set(salt);
    whole.set(sealed, SALT_BYTES);
    return whole;
  }

  /** The record that is stored under this name; `undefined` if somebody has changed it. */
  open(name: string, whole: Uint8Array): readonly [key: string, value: Uint8Array] | undefined {
    const salt = whole.subarray(0, SALT_BYTES);
    const key = primitives.mac(this.#valueKey, salt);
    const plain = primitives.open(key, 0, utf8.encode(name), whole.subarray(SALT_BYTES));
    if (plain === undefined) return undefined;
    const end = LENGTH_BYTES + new DataView(plain.buffer, plain.byteOffset).getUint16(0);
    return [new TextDecoder().decode(plain.subarray(LENGTH_BYTES, end)), plain.slice(end)];
  }
}

/** True for the name of a sealed record. */
export function isSealedName(name: string): boolean {
  return name.startsWith(SEALED);
}

/** Seals the secret of a state under those of an identity. */
export function wrapSecret(identity: string, identitySecrets: Uint8Array, secret: Uint8Array): Uint8Array {
  return new StateSeal(identitySecrets).seal(identity, "", secret);
}

/** The secret of a state; `undefined` if the identity's secrets are others. */
export function unwrapSecret(
  identity: string,
  identitySecrets: Uint8Array,
  wrapped: Uint8Array,
): Uint8Array | undefined {
  const [, secret = NO_KEY] = new StateSeal(identitySecrets).open(identity, wrapped) ?? [];
  return secret.length === SECRET_BYTES ? secret : undefined;
}

/** Somebody with an identity and a prekey, as dice make them: for tests of what is sealed and signed. */
import { KEY_BYTES, type KeyPair, type Primitives } from "../../core/base/crypto.ts";
import { type Bundle, Identity, SECRETS_BYTES } from "../../core/messages/identity.ts";
import type { Row } from "../../core/messages/table.ts";
import type { Dice } from "./dice.ts";

export class Author {
  readonly nick: string;
  readonly identity: Identity;
  readonly secrets: Uint8Array;
  readonly prekeySecret: Uint8Array;
  readonly prekey: KeyPair;
  readonly bundle: Bundle;

  constructor(primitives: Primitives, dice: Dice, nick: string, prekeyAt = 1_700_000_000_000) {
    this.nick = nick;
    this.secrets = dice.bytes(SECRETS_BYTES);
    this.identity = new Identity(primitives, this.secrets);
    this.prekeySecret = dice.bytes(KEY_BYTES);
    this.prekey = primitives.keyPair(this.prekeySecret);
    this.bundle = this.identity.bundle(nick, this.prekey.publicKey.toHex(), prekeyAt);
  }

  /** What opens letters to this person. */
  get own(): { identity: string; prekey: KeyPair } {
    return { identity: this.identity.publicKey, prekey: this.prekey };
  }

  /** The line of this person in a table, reached at a port of its own. */
  row(values: Partial<Row> = {}): Row {
    const address = { host: "10.0.0.9", port: 3000 };
    return { nick: this.nick, ...this.bundle, ordinal: 1, online: true, addresses: [address], ...values };
  }
}

/** The same digits with one bit changed. */
export function flipped(digits: string, bit: number): string {
  const bytes = Uint8Array.fromHex(digits);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes.toHex();
}

/** Somebody who seals letters and somebody who opens them. */
import { assert } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { KEY_BYTES, type KeyPair, primitives } from "../../../core/base/crypto.ts";
import { type Bundle, NO_HASH } from "../../../core/messages/identity.ts";
import { type Contents, openLetter, type SealedLetter, sealLetter } from "../../../core/messages/letter.ts";
import { decodeLetter } from "../../../core/messages/letter_form.ts";
import { NO_MESSAGE } from "../../../core/messages/message_id.ts";
import { Author } from "../../kit/author.ts";
import { type Dice, seededDice } from "../../kit/dice.ts";
import { ID } from "../../kit/samples.ts";

export const NOW = 1_700_000_000_000;

export function contents(text: string): Contents {
  return { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: NOW, text };
}

/** How a letter is sealed. Without more it is Alice's, under her bundle and for Bob. */
interface SealingValues {
  readonly id?: string;
  readonly edition?: number;
  readonly recipient?: Bundle;
  readonly keyPair?: KeyPair;
}

/** Alice, who writes, and Bob, who reads. */
export class Two {
  readonly dice: Dice;
  readonly alice: Author;
  readonly bob: Author;

  constructor(readonly kind = primitives) {
    this.dice = seededDice();
    this.alice = new Author(kind, this.dice, "Alice");
    this.bob = new Author(kind, this.dice, "bob");
  }

  sealed(text: string, values: SealingValues = {}): SealedLetter {
    const { id = ID, edition = 0, recipient = this.bob.bundle } = values;
    const { keyPair = this.alice.identity.keyPair } = values;
    const keys = { keyPair, sender: this.alice.bundle, recipient };
    const ephemeral = this.kind.keyPair(this.dice.bytes(KEY_BYTES));
    const envelope = { id, from: "Alice", to: "bob" };
    const letter = sealLetter(this.kind, ephemeral, envelope, edition, keys, contents(text));
    assert(letter !== undefined);
    return letter;
  }

  seal(text: string, values: SealingValues = {}): Uint8Array {
    return this.sealed(text, values).body;
  }

  /** What Bob reads, and can prove to have read; `undefined` also of what is no letter. */
  opened(
    letter: Uint8Array,
    { id = ID, from = "Alice", to = "bob", own = this.bob.own } = {},
  ): { contents: Contents; proof: string } | undefined {
    const decoded = decodeLetter(letter);
    return decoded === MALFORMED ? undefined : openLetter(this.kind, { id, from, to }, decoded, own);
  }

  open(
    letter: Uint8Array,
    values: { id?: string; from?: string; to?: string; own?: Author["own"] } = {},
  ): Contents | undefined {
    return this.opened(letter, values)?.contents;
  }
}

/** Somebody who seals letters and somebody who opens them. */
import { assert } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { primitives } from "../../../core/base/crypto.ts";
import { type Bundle, NO_HASH } from "../../../core/messages/identity.ts";
import { type Contents, decodeLetter, Opener, Sealer } from "../../../core/messages/letter.ts";
import { NO_MESSAGE } from "../../../core/messages/message_id.ts";
import { Author } from "../../kit/author.ts";
import { type Dice, seededDice } from "../../kit/dice.ts";
import { ID } from "../../kit/samples.ts";

export const NOW = 1_700_000_000_000;

export function contents(text: string): Contents {
  return { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: NOW, text };
}

/** Alice, who writes, and Bob, who reads. */
export class Two {
  readonly dice: Dice;
  readonly alice: Author;
  readonly bob: Author;
  sealer: Sealer;
  opener: Opener;

  constructor(readonly kind = primitives) {
    this.dice = seededDice();
    this.alice = new Author(kind, this.dice, "Alice");
    this.bob = new Author(kind, this.dice, "bob");
    this.sealer = this.newSealer();
    this.opener = this.newOpener();
  }

  newSealer(): Sealer {
    return new Sealer(this.kind, (count) => this.dice.bytes(count), this.alice.identity.keyPair);
  }

  newOpener(): Opener {
    return new Opener(this.kind, this.bob.identity.keyPair);
  }

  seal(
    text: string,
    values: { id?: string; now?: number; edition?: number; recipient?: Bundle } = {},
  ): Uint8Array {
    const { id = ID, now = NOW, edition = 0, recipient = this.bob.bundle } = values;
    const keys = { sender: this.alice.bundle, recipient };
    const letter = this.sealer.seal(now, { id, from: "Alice", to: "bob" }, edition, keys, contents(text));
    assert(letter !== undefined);
    return letter;
  }

  /** What Bob reads; `undefined` also of what is no letter. */
  open(
    letter: Uint8Array,
    { id = ID, from = "Alice", to = "bob", own = this.bob.own, opener = this.opener } = {},
  ): Contents | undefined {
    const decoded = decodeLetter(letter);
    return decoded === MALFORMED ? undefined : opener.open({ id, from, to }, decoded, own);
  }
}

export function ephemeralOf(letter: Uint8Array): string {
  const decoded = decodeLetter(letter);
  assert(decoded !== MALFORMED);
  return decoded.ephemeral;
}

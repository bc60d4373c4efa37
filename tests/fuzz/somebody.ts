/** Somebody with keys of his own: what he seals and signs is genuine, whatever he says in it. */
import { MALFORMED } from "../../core/base/bytes.ts";
import { KEY_BYTES, type KeyPair, labelled, type Primitives } from "../../core/base/crypto.ts";
import {
  type Bundle,
  Identity,
  isGenuine,
  NO_HASH,
  type Receipt,
  SECRETS_BYTES,
} from "../../core/messages/identity.ts";
import {
  type Contents,
  decodeLetter,
  type Envelope,
  Opener,
  prekeyId,
  Sealer,
} from "../../core/messages/letter.ts";
import { type Nick, nickKey } from "../../core/messages/nick.ts";
import { encodePost, type Place, postHash } from "../../core/messages/post.ts";
import type { Dice } from "../kit/dice.ts";

export interface SealOptions {
  readonly edition?: number;
  /** Whose bundle stands in the letter. */
  readonly sender?: Bundle;
}

/** What a post is made of. */
export interface Said extends Partial<Place> {
  readonly id: string;
  readonly from: Nick;
  readonly text: string;
}

const NOTHING = new Uint8Array(0);

export class Somebody {
  readonly nick: Nick;
  readonly identity: Identity;
  /** Of his links. */
  readonly linkSecret: Uint8Array;
  readonly prekey: KeyPair;
  readonly bundle: Bundle;
  readonly #primitives: Primitives;
  readonly #sealer: Sealer;
  readonly #opener: Opener;
  #posted: Place = { number: 0, previous: NO_HASH };

  constructor(primitives: Primitives, dice: Dice, nick: Nick) {
    const secrets = dice.bytes(SECRETS_BYTES);
    const own = dice.fork();
    this.nick = nick;
    this.identity = new Identity(primitives, secrets);
    this.linkSecret = secrets.slice(-KEY_BYTES);
    this.prekey = primitives.keyPair(dice.bytes(KEY_BYTES));
    this.bundle = this.bundleFor(nick);
    this.#primitives = primitives;
    this.#sealer = new Sealer(primitives, (count) => own.bytes(count), this.identity.keyPair);
    this.#opener = new Opener(primitives, this.identity.keyPair);
  }

  get key(): string {
    return this.identity.keyPair.publicKey.toHex();
  }

  /** His keys under any nick. */
  bundleFor(nick: Nick): Bundle {
    return this.identity.bundle(nick, this.prekey.publicKey.toHex(), 1_700_000_000_000);
  }

  /** Sealed with his keys; nothing when one of the recipient's is no key. */
  seal(envelope: Envelope, recipient: Bundle, contents: Contents, options: SealOptions = {}): Uint8Array {
    const { edition = 0, sender = this.bundle } = options;
    return this.#sealer.seal(0, envelope, edition, { sender, recipient }, contents) ?? NOTHING;
  }

  /** As a recipient has to: what it says if whoever holds the keys of its sender's nick sealed it for us. */
  open(envelope: Envelope, bytes: Uint8Array): Contents | undefined {
    const letter = decodeLetter(bytes);
    if (letter === MALFORMED || letter.prekeyId !== prekeyId(this.prekey.publicKey.toHex())) return undefined;
    // Whether the bundle is genuine has nothing to do with whether it opens: both never throw.
    const contents = this.#opener.open(envelope, letter, {
      identity: this.identity.publicKey,
      prekey: this.prekey,
    });
    return isGenuine(this.#primitives, envelope.from, letter.sender) ? contents : undefined;
  }

  /** His next post, or one of another place. */
  post(said: Said, channelKey: Uint8Array | undefined): Uint8Array {
    const { number = this.#posted.number + 1, previous = this.#posted.previous } = said;
    const message = { ...said, number, previous, sentAt: 1_700_000_000_000 };
    const post = encodePost(this.#primitives, this.identity, channelKey, message);
    this.#posted = { number, previous: postHash(this.#primitives, said.id, post) };
    return post;
  }

  /** A post with the identity of somebody else in it, under his own signature. */
  postAs(said: Said, identity: string): Uint8Array {
    const post = encodePost(this.#primitives, this.identity, undefined, {
      ...{ number: 1, previous: NO_HASH, sentAt: 0 },
      ...said,
    });
    post.set(Uint8Array.fromHex(identity), IDENTITY_AT);
    const writer = labelled("Parley 3 channel");
    writer.hex(said.id);
    writer.text8(nickKey(said.from));
    writer.raw(post.subarray(0, -SIGNATURE_BYTES));
    post.set(this.identity.sign(writer.finish()), post.length - SIGNATURE_BYTES);
    return post;
  }

  receipt(to: Nick, said: Omit<Receipt, "signature">, as: Nick = this.nick): Receipt {
    return this.identity.receipt(as, to, said);
  }
}

/** Where the identity stands in a post: behind number, previous, time and kind. */
const IDENTITY_AT = 6 + 32 + 6 + 1;
const SIGNATURE_BYTES = 64;

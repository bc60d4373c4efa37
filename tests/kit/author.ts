/** Somebody with an identity and a prekey: what he seals and signs is genuine, whatever he says in it. */
import { MALFORMED } from "../../core/base/bytes.ts";
import { KEY_BYTES, type KeyPair, labelled, type Primitives } from "../../core/base/crypto.ts";
import type { Key, Millis } from "../../core/base/units.ts";
import {
  type Bundle,
  Identity,
  isGenuine,
  NO_HASH,
  type Outcome,
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
import { NO_LINEAGE } from "../../core/messages/lineage.ts";
import { NO_MESSAGE } from "../../core/messages/message_id.ts";
import { type Nick, type NickKey, nickKey } from "../../core/messages/nick.ts";
import { encodePost, type Place, postHash } from "../../core/messages/post.ts";
import type { Row } from "../../core/messages/table.ts";
import type { Dice } from "./dice.ts";
import { ID } from "./samples.ts";
import { START } from "./surroundings.ts";

/** What a letter says, and to whom. */
export interface Writing extends Partial<Contents> {
  readonly id?: string;
  /** Its author, unless it is somebody else. */
  readonly from?: Nick;
  readonly to: Nick;
  readonly text: string;
  readonly edition?: number;
  /** Whom it is sealed for. */
  readonly recipient: Bundle;
  /** Which bundle stands in it; without one the author's own for the nick that he writes under. */
  readonly sender?: Bundle;
  /** When it is sealed. */
  readonly at?: Millis;
}

/**
 * What a post says, and where it stands; behind the author's last one under that nick, unless it says
 * otherwise.
 */
export interface Posting extends Partial<Place> {
  readonly id?: string;
  readonly from?: Nick;
  readonly text: string;
  readonly sentAt?: Millis;
}

export interface AuthorOptions {
  readonly secrets?: Uint8Array;
  readonly prekeyAt?: Millis;
}

const NOTHING = new Uint8Array(0);

export class Author {
  readonly nick: Nick;
  readonly secrets: Uint8Array;
  readonly identity: Identity;
  readonly prekeySecret: Uint8Array;
  readonly prekey: KeyPair;
  readonly bundle: Bundle;
  readonly #primitives: Primitives;
  readonly #prekeyAt: Millis;
  readonly #sealer: Sealer;
  readonly #opener: Opener;
  /** His last post under each nick. */
  readonly #posted = new Map<NickKey, Place>();

  constructor(primitives: Primitives, dice: Dice, nick: Nick, options: AuthorOptions = {}) {
    const { secrets = dice.bytes(SECRETS_BYTES), prekeyAt = START } = options;
    const own = dice.fork();
    this.nick = nick;
    this.secrets = secrets;
    this.identity = new Identity(primitives, secrets);
    this.prekeySecret = dice.bytes(KEY_BYTES);
    this.prekey = primitives.keyPair(this.prekeySecret);
    this.#prekeyAt = prekeyAt;
    this.bundle = this.bundleFor(nick);
    this.#primitives = primitives;
    this.#sealer = new Sealer(primitives, (count) => own.bytes(count), this.identity.keyPair);
    this.#opener = new Opener(primitives, this.identity.keyPair);
  }

  /** The public key of his links. */
  get key(): Key {
    return this.identity.keyPair.publicKey.toHex();
  }

  /** The secret of his links. */
  get linkSecret(): Uint8Array {
    return this.secrets.slice(-KEY_BYTES);
  }

  /** What opens letters to him. */
  get own(): { identity: string; prekey: KeyPair } {
    return { identity: this.identity.publicKey, prekey: this.prekey };
  }

  /** His keys under any nick. */
  bundleFor(nick: Nick): Bundle {
    return this.identity.bundle(nick, this.prekey.publicKey.toHex(), this.#prekeyAt);
  }

  /** His line in a table. */
  row(values: Partial<Row> = {}): Row {
    const address = { host: "10.0.0.9", port: 3000 };
    return {
      nick: this.nick,
      ...this.bundle,
      ordinal: 1,
      online: true,
      addresses: [address],
      ...NO_LINEAGE,
      ...values,
    };
  }

  /** A letter under his keys; nothing when one of the recipient's is no key. */
  letter(
    { id = ID, from = this.nick, to, edition = 0, recipient, at = START, ...rest }: Writing,
  ): Uint8Array {
    const { sender = this.bundleFor(from), ...contents } = rest;
    const all = { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: at, ...contents };
    return this.#sealer.seal(at, { id, from, to }, edition, { sender, recipient }, all) ?? NOTHING;
  }

  /** As a recipient has to: what it says if the holder of its sender's nick sealed it for him. */
  open(envelope: Envelope, bytes: Uint8Array): Contents | undefined {
    const letter = decodeLetter(bytes);
    if (letter === MALFORMED || letter.prekeyId !== prekeyId(this.prekey.publicKey.toHex())) return undefined;
    // Whether the bundle is genuine has nothing to do with whether it opens: neither ever throws.
    const contents = this.#opener.open(envelope, letter, this.own);
    return isGenuine(this.#primitives, envelope.from, letter.sender) ? contents : undefined;
  }

  /** A post under his signature. */
  post(posting: Posting, channelKey?: Uint8Array): Uint8Array {
    const { id = ID, from = this.nick, text, sentAt = START } = posting;
    const last = this.#posted.get(nickKey(from)) ?? { number: 0, previous: NO_HASH };
    const { number = last.number + 1, previous = last.previous } = posting;
    const message = { id, from, text, sentAt, number, previous };
    const post = encodePost(this.#primitives, this.identity, channelKey, message);
    this.#posted.set(nickKey(from), { number, previous: postHash(this.#primitives, id, post) });
    return post;
  }

  /** A post with the identity of somebody else in it, under his own signature. */
  postAs({ id, from, text }: { id: string; from: Nick; text: string }, identity: string): Uint8Array {
    const place = { number: 1, previous: NO_HASH, sentAt: 0 };
    const post = encodePost(this.#primitives, this.identity, undefined, { id, from, text, ...place });
    post.set(Uint8Array.fromHex(identity), IDENTITY_AT);
    const writer = labelled("Parley 3 channel");
    writer.hex(id);
    writer.text8(nickKey(from));
    writer.raw(post.subarray(0, -SIGNATURE_BYTES));
    post.set(this.identity.sign(writer.finish()), post.length - SIGNATURE_BYTES);
    return post;
  }

  /**
   * A receipt under his signature, as any nick: of a first sealing that was read, unless it says otherwise.
   */
  receipt(from: Nick, to: Nick, said: { id: string; edition?: number; outcome?: Outcome }): Receipt {
    return this.identity.receipt(from, to, { edition: 0, outcome: "read", ...said });
  }
}

/** Where the identity stands in a post: behind number, previous, time and kind. */
const IDENTITY_AT = 6 + 32 + 6 + 1;
const SIGNATURE_BYTES = 64;

/** The same digits with one bit changed. */
export function flipped(digits: string, bit: number): string {
  const bytes = Uint8Array.fromHex(digits);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes.toHex();
}

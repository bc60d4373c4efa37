/** Somebody with an identity and a prekey: what he seals and signs is genuine, whatever he says in it. */
import { MALFORMED } from "../../core/base/bytes.ts";
import { KEY_BYTES, type KeyPair, labelled, type Primitives } from "../../core/base/crypto.ts";
import type { Key, Millis } from "../../core/base/units.ts";
import {
  type Bundle,
  Identity,
  isGenuine,
  NO_HASH,
  NO_KEY,
  type Outcome,
  type Receipt,
  SECRETS_BYTES,
} from "../../core/messages/identity.ts";
import { type DirectMessage, peopleTag } from "../../core/messages/direct.ts";
import {
  type Contents,
  type Envelope,
  openLetter,
  type SealedLetter,
  sealLetter,
} from "../../core/messages/letter.ts";
import { decodeLetter, type LetterName, prekeyId } from "../../core/messages/letter_form.ts";
import { NO_LINEAGE } from "../../core/messages/lineage.ts";
import { NO_MESSAGE, partsOf } from "../../core/messages/message_id.ts";
import { type Nick, type NickKey, nickKey, nickSkeleton } from "../../core/messages/nick.ts";
import { encodePost, type Place, POST_SALT_BYTES, postHash } from "../../core/messages/post.ts";
import type { Row } from "../../core/messages/table.ts";
import type { VerbOf } from "../../core/messages/verb.ts";
import type { Dice } from "./dice.ts";
import { ID } from "./samples.ts";
import { START } from "./surroundings.ts";

/** A letter before it is sealed. */
export interface Writing extends Partial<Contents> {
  readonly id?: string;
  /** Its author, unless it is somebody else. */
  readonly from?: Nick;
  readonly to: Nick;
  readonly text: string;
  readonly edition?: number;
  /** The recipient for whose keys it is sealed. */
  readonly recipient: Bundle;
  /** Which bundle stands in it; without one the author's own for the nick that he writes under. */
  readonly sender?: Bundle;
  /** When it is sealed. */
  readonly at?: Millis;
}

/** A direct message and its recipient; without more the first of its sender. */
export interface DirectWriting extends Partial<DirectMessage> {
  readonly id?: string;
  readonly from?: Nick;
  /** The recipient that it names, and the place. */
  readonly to: Pick<Row, "nick" | "identity" | "prekey">;
  readonly text: string;
  readonly serverKey: Key;
}

/** A post and its place: behind the author's last one under that nick, unless it says otherwise. */
export interface Posting extends Partial<Place> {
  readonly id?: string;
  readonly from?: Nick;
  readonly text: string;
  readonly sentAt?: Millis;
}

export interface AuthorOptions {
  readonly secrets?: Uint8Array;
  readonly prekeyAt?: Millis;
  readonly counter?: number;
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
  readonly #counter: number;
  readonly #dice: Dice;
  /** His last post under each nick. */
  readonly #posted = new Map<NickKey, Place>();

  constructor(primitives: Primitives, dice: Dice, nick: Nick, options: AuthorOptions = {}) {
    const { secrets = dice.bytes(SECRETS_BYTES), prekeyAt = START, counter = 1 } = options;
    const own = dice.fork();
    this.nick = nick;
    this.secrets = secrets;
    this.identity = new Identity(primitives, secrets);
    this.prekeySecret = dice.bytes(KEY_BYTES);
    this.prekey = primitives.keyPair(this.prekeySecret);
    this.#prekeyAt = prekeyAt;
    this.#counter = counter;
    this.bundle = this.bundleFor(nick);
    this.#primitives = primitives;
    this.#dice = own;
  }

  /** The public key of his links. */
  get key(): Key {
    return this.identity.keyPair.publicKey.toHex();
  }

  /** The secret of his links. */
  get linkSecret(): Uint8Array {
    return this.secrets.slice(-KEY_BYTES);
  }

  /** The secret that opens letters to him. */
  get own(): { identity: string; keyPair: KeyPair; prekey: KeyPair } {
    return { identity: this.identity.publicKey, keyPair: this.identity.keyPair, prekey: this.prekey };
  }

  /** His keys under any nick. */
  bundleFor(nick: Nick): Bundle {
    return this.identity.bundle(nick, this.prekey.publicKey.toHex(), this.#prekeyAt, this.#counter);
  }

  /** His line in a table. */
  row(values: Partial<Row> = {}): Row {
    const address = { host: "10.0.0.9", port: 3000 };
    const { nick, bundle } = this;
    const presence = { ordinal: 1, online: true, addresses: [address] };
    return { nick, skeleton: nickSkeleton(nick), ...bundle, ...presence, ...NO_LINEAGE, ...values };
  }

  /**
   * A letter under his keys, with all that its sender keeps of it; nothing when one of the recipient's is no
   * key.
   */
  sealed(
    { id = ID, from = this.nick, to, edition = 0, recipient, at = START, ...rest }: Writing,
  ): SealedLetter | undefined {
    const { sender = this.bundleFor(from), ...contents } = rest;
    const all = { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: at, ...contents };
    const ephemeral = this.#primitives.keyPair(this.#dice.bytes(KEY_BYTES));
    const keys = { keyPair: this.identity.keyPair, sender, recipient };
    return sealLetter(this.#primitives, ephemeral, { id, from, to }, edition, keys, all);
  }

  /** The bytes of such a letter. */
  letter(writing: Writing): Uint8Array {
    return this.sealed(writing)?.body ?? NOTHING;
  }

  /** A message that goes directly to somebody in a table of this server. */
  direct({ id = ID, from = this.nick, to, text, serverKey, ...rest }: DirectWriting): VerbOf<"direct"> {
    const { prefix, sequence } = partsOf(id);
    const people = peopleTag(
      this.#primitives,
      serverKey,
      { nick: from, identity: this.identity.publicKey },
      to,
    );
    const messages = [{ sequence, after: NO_MESSAGE, sentAt: START, text, ...rest }];
    return { type: "direct", from, to: to.nick, people, place: prekeyId(to.prekey), prefix, messages };
  }

  /** As a recipient has to: what it says if the holder of its sender's nick sealed it for him. */
  open(envelope: Envelope, bytes: Uint8Array): Contents | undefined {
    const letter = decodeLetter(bytes);
    if (letter === MALFORMED || letter.prekeyId !== prekeyId(this.prekey.publicKey.toHex())) return undefined;
    // Whether the bundle is genuine has nothing to do with whether it opens: neither ever throws.
    const opened = openLetter(this.#primitives, envelope, letter, this.own);
    const { sender, version } = letter;
    return isGenuine(this.#primitives, envelope.from, sender, version) ? opened?.contents : undefined;
  }

  /** A post under his signature. */
  post(posting: Posting, channelKey?: Uint8Array): Uint8Array {
    const { id = ID, from = this.nick, text, sentAt = START } = posting;
    const last = this.#posted.get(nickKey(from)) ?? { number: 0, previous: NO_HASH };
    const { number = last.number + 1, previous = last.previous } = posting;
    const message = { id, from, text, sentAt, number, previous };
    const seal = channelKey === undefined ? undefined : { channelKey, salt: POST_SALT };
    const post = encodePost(this.#primitives, this.identity, seal, message);
    this.#posted.set(nickKey(from), { number, previous: postHash(this.#primitives, id, post) });
    return post;
  }

  /** A post with the identity of somebody else in it, under his own signature. */
  postAs({ id, from, text }: { id: string; from: Nick; text: string }, identity: string): Uint8Array {
    const place = { number: 1, previous: NO_HASH, sentAt: 0 };
    const post = encodePost(this.#primitives, this.identity, undefined, { id, from, text, ...place });
    post.set(Uint8Array.fromHex(identity), IDENTITY_AT);
    const writer = labelled("Parley 4 channel");
    writer.hex(id);
    writer.text8(nickKey(from));
    writer.raw(post.subarray(0, -SIGNATURE_BYTES));
    post.set(this.identity.sign(writer.finish()), post.length - SIGNATURE_BYTES);
    return post;
  }

  /**
   * A receipt under his signature, as any nick: of a first sealing that was read, unless it says otherwise.
   */
  receipt(
    from: Nick,
    to: Nick,
    said: Partial<LetterName> & { id: string; outcome?: Outcome },
  ): Receipt {
    return this.identity.receipt(from, to, { edition: 0, ephemeral: NO_KEY, outcome: "read", ...said });
  }
}

/** Nobody here seals two posts under one id. */
export const POST_SALT: Uint8Array = new Uint8Array(POST_SALT_BYTES).fill(0x5a);

/** The offset of the identity in a post: behind number, previous, time and kind. */
const IDENTITY_AT = 6 + 32 + 6 + 1;
const SIGNATURE_BYTES = 64;

/** The same digits with one bit changed. */
export function flipped(digits: string, bit: number): string {
  const bytes = Uint8Array.fromHex(digits);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes.toHex();
}

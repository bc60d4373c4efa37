/**
 * Letters: messages on their way by the server, sealed by the sender for the recipient and for nobody else.
 * The key agreement is that of X3DH (The X3DH Key Agreement Protocol, revision 1) without one-time prekeys,
 * and with one agreement more. Where X3DH's initial message has the sender's identity key, a letter has the
 * sender's whole bundle.
 *
 *     sealed = AEAD(message key, nonce 0, associated, after 16 | hash 32 | time 6 | length 3 | text | zeros)
 *
 *     DH1 = DH(sender's key, prekey)   DH2 = DH(ephemeral, recipient's key)   DH3 = DH(ephemeral, prekey)
 *     DH4 = DH(sender's key, recipient's key)
 *     secret = HKDF-SHA256(salt: zeros, input: 32 bytes of ff | DH1 | DH2 | DH3 | DH4,
 *                          info: "Parley 4 letter")
 *     message key = HKDF-Expand(secret, "Parley 4 message" | id | edition | SHA-256(associated))
 *     receipt key = HKDF-Expand(secret, "Parley 4 receipt key")
 *     associated = "Parley 4 letter" | id | sender's nick | recipient's nick | everything before `sealed`
 *                  | recipient's identity, key and prekey
 *
 * Labels and nicks (in NFKC and lower case) stand behind their length in one byte, except the label that is
 * HKDF's first `info`. `|` is concatenation; see docs/security.md, "Formats and key schedule".
 *
 * DH4 keeps a thief of a prekey from writing letters in the name of others: with the prekey alone DH1 can be
 * computed from any sender's public key. The ephemeral key is fresh for each sealing, so no key ever seals
 * two texts, and the key names the sealing. The text is padded with zeros to 256, 512, 1,024 ... bytes.
 */
import { Reader, utf8Length, Writer } from "../base/bytes.ts";
import { HASH_BYTES, KEY_BYTES, type KeyPair, labelled, type Primitives } from "../base/crypto.ts";
import { PADDING_BYTES, TEXT_BYTES } from "../base/limits.ts";
import type { Key, Millis } from "../base/units.ts";
import { type Bundle, receiptBytes } from "./identity.ts";
import { encodeHeader, type Letter, type LetterName } from "./letter_form.ts";
import { ID_BYTES, type MessageId } from "./message_id.ts";
import { type Nick, nickKey } from "./nick.ts";

/** X3DH section 2.2: 32 bytes of ff stand before the agreed secrets, and the salt of HKDF is zeros. */
const F = new Uint8Array(KEY_BYTES).fill(0xff);
const SALT = new Uint8Array(KEY_BYTES);

/**
 * HKDF-Expand counts its blocks from 1 (RFC 5869 section 2.3). One block of 32 bytes is all that is needed.
 */
const ONE = Uint8Array.of(1);

/** The labels of a version's key schedule. Version 3 has no DH4. */
const LABELS = {
  3: { letter: "Parley 3 letter", message: "Parley 3 message" },
  4: { letter: "Parley 4 letter", message: "Parley 4 message" },
} as const;

type Labels = (typeof LABELS)[Letter["version"]];

/** The parts of a message that travel in clear, in the verb around the letter. The seal is bound to them. */
export interface Envelope {
  readonly id: MessageId;
  readonly from: Nick;
  readonly to: Nick;
}

/** The parts of a message that only its recipient can read. */
export interface Contents {
  /** The sender's message before this one to the same recipient that has not failed; `NO_MESSAGE` if none. */
  readonly after: MessageId;
  /** The `textHash` of that message; `NO_HASH` if there is none, or its sender does not know it any more. */
  readonly afterHash: string;
  /** An instant of the sender's wall clock. */
  readonly sentAt: Millis;
  readonly text: string;
}

/** A letter that was made, and what its maker keeps of it. */
export interface SealedLetter extends LetterName {
  readonly body: Uint8Array;
  /** The proof in the receipt of whoever has opened this letter. */
  readonly proof: string;
}

/**
 * Makes a letter with an ephemeral key pair that is used for nothing else. `keyPair` is the sender's.
 * `undefined` when a key in the recipient's bundle is not valid (of low order).
 */
export function sealLetter(
  primitives: Primitives,
  ephemeral: KeyPair,
  envelope: Envelope,
  edition: number,
  { keyPair, sender, recipient }: { keyPair: KeyPair; sender: Bundle; recipient: Bundle },
  contents: Contents,
): SealedLetter | undefined {
  const [theirKey, theirPrekey] = [Uint8Array.fromHex(recipient.key), Uint8Array.fromHex(recipient.prekey)];
  // X3DH section 3.3: DH1, DH2 and DH3 as Alice, the initiator, computes them.
  const secret = derive(primitives, LABELS[4], [
    keyPair.agree(theirPrekey),
    ephemeral.agree(theirKey),
    ephemeral.agree(theirPrekey),
    keyPair.agree(theirKey),
  ]);
  if (secret === undefined) return undefined;
  const name = { edition, ephemeral: ephemeral.publicKey.toHex() };
  const header = encodeHeader(name, recipient.prekey, sender);
  const around = associated(LABELS[4], envelope, header, recipient);
  const key = messageKey(primitives, LABELS[4], secret, envelope.id, edition, around);
  const sealed = primitives.seal(key, 0, around, encode(contents));
  const body = new Uint8Array(header.length + sealed.length);
  body.set(header);
  body.set(sealed, header.length);
  return { ...name, body, proof: proofOf(primitives, secret, envelope, name) };
}

/**
 * Returns the contents, and the proof that the letter was opened; or `undefined` if this is not what the
 * holder of the sender's key sealed in this envelope for us and for this prekey. `identity` and `keyPair` are
 * our own. The sender's bundle has to be checked by the caller.
 */
export function openLetter(
  primitives: Primitives,
  envelope: Envelope,
  letter: Letter,
  { identity, keyPair, prekey }: { identity: Key; keyPair: KeyPair; prekey: KeyPair },
): { readonly contents: Contents; readonly proof: string } | undefined {
  const { edition, header, sealed, sender, version } = letter;
  const labels = LABELS[version];
  const own = { identity, key: keyPair.publicKey.toHex(), prekey: prekey.publicKey.toHex() };
  const [senderKey, ephemeral] = [Uint8Array.fromHex(sender.key), Uint8Array.fromHex(letter.ephemeral)];
  // X3DH section 3.4: the same agreements as the sender's, in the same order.
  const agreed = [prekey.agree(senderKey), keyPair.agree(ephemeral), prekey.agree(ephemeral)];
  if (version > 3) agreed.push(keyPair.agree(senderKey));
  const secret = derive(primitives, labels, agreed);
  if (secret === undefined) return undefined;
  const around = associated(labels, envelope, header, own);
  const key = messageKey(primitives, labels, secret, envelope.id, edition, around);
  const plaintext = primitives.open(key, 0, around, sealed);
  const contents = plaintext === undefined ? undefined : decode(plaintext);
  return contents && { contents, proof: proofOf(primitives, secret, envelope, letter) };
}

/**
 * X3DH's KDF (section 2.2), written out as HKDF-SHA256 with one block (RFC 5869): extract with `SALT`, expand
 * with the label. `undefined` when one of the agreements failed.
 */
function derive(
  { mac }: Primitives,
  { letter }: Labels,
  agreed: readonly (Uint8Array | undefined)[],
): Uint8Array | undefined {
  const known = agreed.filter((secret) => secret !== undefined);
  if (known.length < agreed.length) return undefined;
  return mac(mac(SALT, F, ...known), new TextEncoder().encode(letter), ONE);
}

/**
 * The key of one letter: HKDF-Expand of the secret, with one block. It seals once, so its nonce is always 0.
 */
function messageKey(
  { hash, mac }: Primitives,
  { message }: Labels,
  secret: Uint8Array,
  id: MessageId,
  edition: number,
  associated: Uint8Array,
): Uint8Array {
  const info = labelled(message);
  info.hex(id);
  info.u8(edition);
  info.raw(hash(associated));
  return mac(secret, info.finish(), ONE);
}

/**
 * The proof in a receipt "read": only the sender of the letter and whoever has opened it can compute it.
 */
function proofOf(
  { mac }: Primitives,
  secret: Uint8Array,
  { id, from, to }: Envelope,
  { edition, ephemeral }: LetterName,
): string {
  const key = mac(secret, labelled("Parley 4 receipt key").finish(), ONE);
  return mac(key, receiptBytes(to, from, { id, edition, ephemeral, outcome: "read" })).toHex();
}

/**
 * X3DH section 3.3: the associated data bind the seal to both parties' keys. Here they name the nicks, the id
 * and the rest of the letter as well, so that the server cannot put a letter into another envelope.
 */
function associated(
  { letter }: Labels,
  { id, from, to }: Envelope,
  header: Uint8Array,
  recipient: Pick<Bundle, "identity" | "key" | "prekey">,
): Uint8Array {
  const writer = labelled(letter);
  writer.hex(id);
  writer.text8(nickKey(from));
  writer.text8(nickKey(to));
  writer.raw(header);
  for (const key of [recipient.identity, recipient.key, recipient.prekey]) writer.hex(key);
  return writer.finish();
}

function encode({ after, afterHash, sentAt, text }: Contents): Uint8Array {
  const writer = new Writer();
  writer.hex(after);
  writer.hex(afterHash);
  writer.u48(Math.floor(sentAt));
  writer.text24(text);
  writer.zeros(paddingFor(utf8Length(text)));
  return writer.finish();
}

/** The bytes behind the text are padding, whatever they are. */
function decode(plaintext: Uint8Array): Contents | undefined {
  const reader = new Reader(plaintext);
  const contents = {
    after: reader.hex(ID_BYTES),
    afterHash: reader.hex(HASH_BYTES),
    sentAt: reader.u48(),
    text: reader.text24(),
  };
  return reader.failed || utf8Length(contents.text) > TEXT_BYTES ? undefined : contents;
}

/** The number of zeros behind a text of so many bytes: they fill it up to 256, 512, 1,024 ... bytes. */
export function paddingFor(bytes: number): number {
  let padded = PADDING_BYTES;
  while (padded < bytes) padded *= 2;
  return padded - bytes;
}

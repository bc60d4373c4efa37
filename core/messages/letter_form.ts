/**
 * The bytes of letters (docs/security.md, "Letter"), without any cryptography.
 *
 *     letter = 0x40 + edition | prekey id 8 | ephemeral key 32 | sender's bundle 172 | sealed
 *
 * Letters of version 3 may wait at a server for 30 days after the change to version 4. They are taken apart
 * and never made: they begin with their edition, 0 or 1; their bundle has no counter and was signed under
 * another label; and several of them may have the same ephemeral key.
 */
import { MALFORMED, type Malformed, Reader, Writer } from "../base/bytes.ts";
import { KEY_BYTES, SIGNATURE_BYTES } from "../base/crypto.ts";
import type { Key } from "../base/units.ts";
import { bundle as bundleField } from "./field.ts";
import { type Bundle, NO_KEY } from "./identity.ts";

export const PREKEY_ID_BYTES = 8;

/** The first byte of a letter has the version in its high half and the edition in its low half. */
const VERSION_BITS = 0x40;

/** Tells the letters of one message apart: a receipt says which one it is about. */
export interface LetterName {
  /** 0, or 1 when its sender has sealed the same message again. */
  readonly edition: number;
  /** `NO_KEY` for a letter of version 3, whose receipts name no key. */
  readonly ephemeral: Key;
}

/** In the place of a letter's name in the answer to a post, which is made once. */
export const NO_LETTER: LetterName = { edition: 0, ephemeral: NO_KEY };

/** A letter taken apart, still sealed. Nothing in it is proved before it opens. */
export interface Letter extends LetterName {
  /** Names the recipient's prekey that the letter is sealed for. */
  readonly prekeyId: string;
  readonly sender: Bundle;
  /** All bytes of the letter before `sealed`. */
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
  /** The version whose key schedule the letter was sealed with. */
  readonly version: 3 | 4;
}

/** The first 8 bytes of a prekey: they tell it from the recipient's other prekeys. */
export function prekeyId(prekey: Key): string {
  return prekey.slice(0, 2 * PREKEY_ID_BYTES);
}

/** The name that a letter claims, even if it is malformed: the receipt for it has to name one. */
export function letterNameOf(letter: Uint8Array): LetterName {
  if (isOfVersion3(letter)) return { edition: letter[0]!, ephemeral: NO_KEY };
  const ephemeral = letter.subarray(1 + PREKEY_ID_BYTES, 1 + PREKEY_ID_BYTES + KEY_BYTES);
  const edition = letter[0] === VERSION_BITS + 1 ? 1 : 0;
  return { edition, ephemeral: ephemeral.length < KEY_BYTES ? NO_KEY : ephemeral.toHex() };
}

/** True if both name the same letter. */
export function isSameLetter(a: LetterName, b: LetterName): boolean {
  return a.ephemeral === b.ephemeral && a.edition === b.edition;
}

/** The bytes of a letter before `sealed`. */
export function encodeHeader({ edition, ephemeral }: LetterName, prekey: Key, sender: Bundle): Uint8Array {
  const writer = new Writer();
  writer.u8(VERSION_BITS + edition);
  writer.hex(prekeyId(prekey));
  writer.hex(ephemeral);
  bundleField.write(writer, sender);
  return writer.finish();
}

/** Takes a letter apart. It opens nothing and checks no signature. */
export function decodeLetter(bytes: Uint8Array): Letter | Malformed {
  const reader = new Reader(bytes);
  const isFormer = isOfVersion3(bytes);
  const edition = reader.u8() - (isFormer ? 0 : VERSION_BITS);
  const prekey = reader.hex(PREKEY_ID_BYTES);
  const ephemeral = reader.hex(KEY_BYTES);
  const sender = isFormer ? bundleOfVersion3(reader) : bundleField.read(reader);
  const header = bytes.subarray(0, bytes.length - reader.left);
  if (reader.failed || edition < 0 || edition > 1) return MALFORMED;
  const version = isFormer ? 3 : 4;
  return { edition, prekeyId: prekey, ephemeral, sender, header, sealed: reader.rest(), version };
}

function isOfVersion3(letter: Uint8Array): boolean {
  return letter.length > 0 && letter[0]! <= 1;
}

/** Such a bundle counts as older than every other. */
function bundleOfVersion3(reader: Reader): Bundle {
  return {
    identity: reader.hex(KEY_BYTES),
    key: reader.hex(KEY_BYTES),
    prekey: reader.hex(KEY_BYTES),
    prekeyAt: reader.u48(),
    counter: 0,
    signature: reader.hex(SIGNATURE_BYTES),
  };
}

/**
 * `docs/letter-vectors.json` says what core makes, and what is made by hand. After a change of the wire it is
 * written anew: `deno run --allow-write=docs tests/core/messages/letter_vectors.ts`.
 */
import { assert, assertEquals } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { primitives } from "../../../core/base/crypto.ts";
import {
  type Bundle,
  Identity,
  isGenuine,
  isReceiptOf,
  OUTCOMES,
  type Receipt,
} from "../../../core/messages/identity.ts";
import { decodeLetter, Opener } from "../../../core/messages/letter.ts";
import { decodePost, isAuthentic, textOf } from "../../../core/messages/post.ts";
import vectors from "../../../docs/letter-vectors.json" with { type: "json" };
import {
  bundleByHand,
  contentsByHand,
  identityOf,
  letterByHand,
  postByHand,
  publicKeyOf,
  receiptByHand,
  safetyNumberByHand,
  textHashByHand,
} from "./letter_by_hand.ts";
import { letterVectors } from "./letter_vectors.ts";

const { letters, posts, receipt, recipient, safetyNumber, sender } = vectors;
const bytes = (digits: string): Uint8Array => Uint8Array.fromHex(digits);

function keysOf({ identity, key, prekey, prekeyAt, counter }: Bundle) {
  return { identity: bytes(identity), key: bytes(key), prekey: bytes(prekey), prekeyAt, counter };
}

Deno.test("core makes what the file says", () => assertEquals<unknown>(letterVectors(), vectors));

for (const person of [sender, recipient]) {
  Deno.test(`the bundle of ${person.nick} is made by hand of what the file gives`, () => {
    assertEquals(identityOf(bytes(person.identitySecret)).toHex(), person.identity);
    assertEquals(publicKeyOf(bytes(person.keySecret)).toHex(), person.key);
    assertEquals(publicKeyOf(bytes(person.prekeySecret)).toHex(), person.prekey);
    const made = bundleByHand(bytes(person.identitySecret), person.nickAsCompared, keysOf(person));
    assertEquals(made.signedBytes.toHex(), person.signed);
    assertEquals(made.signature.toHex(), person.signature);
    assertEquals(made.bundle.toHex(), person.bundle);
    assert(isGenuine(primitives, person.nick, person));
  });
}

for (const { about, ...letter } of letters) {
  Deno.test(`a letter is made by hand of what the file gives: ${about}`, () => {
    const made = letterByHand({
      id: bytes(letter.id),
      from: sender.nickAsCompared,
      to: recipient.nickAsCompared,
      edition: letter.edition,
      senderSecret: bytes(sender.keySecret),
      ephemeralSecret: bytes(letter.ephemeralSecret),
      senderBundle: bytes(sender.bundle),
      recipient: keysOf(recipient),
      plaintext: contentsByHand({
        after: bytes(letter.after),
        afterHash: bytes(letter.afterHash),
        sentAt: letter.sentAt,
        text: letter.text,
      }),
    });
    for (const [name, part] of Object.entries(made)) {
      assertEquals(part.toHex(), letter[name as keyof typeof made], name);
    }
  });

  Deno.test(`core opens the letter in the file: ${about}`, () => {
    const own = new Identity(primitives, bytes(recipient.identitySecret + recipient.keySecret));
    const opener = new Opener(primitives, own.keyPair);
    const prekey = primitives.keyPair(bytes(recipient.prekeySecret));
    const decoded = decodeLetter(bytes(letter.letter));
    assert(decoded !== MALFORMED);
    const envelope = { id: letter.id, from: sender.nick, to: recipient.nick };
    const { after, afterHash, sentAt, text } = letter;
    const opened = opener.open(envelope, decoded, { identity: own.publicKey, prekey });
    assertEquals(opened, { after, afterHash, sentAt, text });
  });
}

for (const { about, ...post } of posts) {
  const channelKey = post.channelKey === null ? undefined : bytes(post.channelKey);
  Deno.test(`a post is made by hand of what the file gives: ${about}`, () => {
    const { id, number, previous, sentAt, text } = post;
    const made = postByHand({
      id: bytes(id),
      from: sender.nickAsCompared,
      number,
      previous: bytes(previous),
      sentAt,
      secret: bytes(sender.identitySecret),
      channelKey,
      salt: bytes(post.salt ?? ""),
      text,
    });
    assertEquals(made.key?.toHex() ?? null, post.key);
    assertEquals(made.associated.toHex(), post.associated);
    assertEquals(made.plaintext.toHex(), post.plaintext);
    assertEquals(made.signedBytes.toHex(), post.signed);
    assertEquals(made.signature.toHex(), post.signature);
    assertEquals(made.post.toHex(), post.post);
    assertEquals(made.hash.toHex(), post.hash);
  });

  Deno.test(`core reads the post in the file: ${about}`, () => {
    const decoded = decodePost(bytes(post.post));
    assert(decoded !== MALFORMED);
    assert(isAuthentic(primitives, { id: post.id, from: sender.nick }, decoded));
    assertEquals(textOf(primitives, channelKey, post.id, decoded), post.text);
  });
}

Deno.test("the receipt is made by hand of what the file gives, and is the recipient's", () => {
  const [from, to] = [recipient, sender];
  const { id, outcome, edition, signature, signed } = receipt;
  const said: Receipt = { id, edition, outcome: OUTCOMES.find((word) => word === outcome)!, signature };
  const made = receiptByHand(bytes(from.identitySecret), {
    from: from.nickAsCompared,
    to: to.nickAsCompared,
    id: bytes(id),
    edition,
    outcome: OUTCOMES.indexOf(said.outcome),
  });
  assertEquals([made.signedBytes.toHex(), made.signature.toHex()], [signed, signature]);
  assert(isReceiptOf(primitives, from.identity, { from: from.nick, to: to.nick }, said));
});

Deno.test("the safety number is made by hand of what the file gives", () => {
  const people = [sender, recipient].map(({ nickAsCompared, identity }) => ({
    nick: nickAsCompared,
    identity: bytes(identity),
  }));
  assertEquals(safetyNumberByHand(...people), safetyNumber);
});

Deno.test("the letters in the file name the text before them by its hash", () => {
  for (const [at, letter] of letters.slice(1, 3).entries()) {
    const before = letters[at]!;
    assertEquals(letter.after, before.id);
    assertEquals(letter.afterHash, textHashByHand(bytes(before.id), before.text).toHex());
  }
});

Deno.test("the second post in the file names the first one by its hash", () => {
  const [first, second] = posts;
  assertEquals(second!.previous, first!.hash);
});

/**
 * `docs/letter-vectors.json` says what core makes, and what is made by hand. After a change of the wire it is
 * written anew: `deno run --allow-write=docs tests/core/messages/letter_vectors.ts`.
 */
import { assert, assertEquals } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { primitives } from "../../../core/base/crypto.ts";
import { type Bundle, Identity, isGenuine, isReceiptOf, OUTCOMES } from "../../../core/messages/identity.ts";
import { peopleTag } from "../../../core/messages/direct.ts";
import { openLetter } from "../../../core/messages/letter.ts";
import { decodeLetter } from "../../../core/messages/letter_form.ts";
import { decodePost, isAuthentic, textOf } from "../../../core/messages/post.ts";
import { decodeVerb } from "../../../core/messages/verb.ts";
import vectors from "../../../docs/letter-vectors.json" with { type: "json" };
import {
  bundleByHand,
  contentsByHand,
  directByHand,
  identityOf,
  letterByHand,
  peopleByHand,
  postByHand,
  publicKeyOf,
  receiptByHand,
  safetyNumberByHand,
  textHashByHand,
} from "./letter_by_hand.ts";
import { letterVectors } from "./letter_vectors.ts";

const { direct, letters, posts, receipts, recipient, safetyNumber, sender } = vectors;
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
    const prekey = primitives.keyPair(bytes(recipient.prekeySecret));
    const decoded = decodeLetter(bytes(letter.letter));
    assert(decoded !== MALFORMED);
    const envelope = { id: letter.id, from: sender.nick, to: recipient.nick };
    const { after, afterHash, sentAt, text } = letter;
    const keys = { identity: own.publicKey, keyPair: own.keyPair, prekey };
    const opened = openLetter(primitives, envelope, decoded, keys);
    assertEquals(opened, { contents: { after, afterHash, sentAt, text }, proof: letter.proof });
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

for (const { signed, ...receipt } of receipts) {
  Deno.test(`a receipt is made by hand of what the file gives, and is the recipient's: ${receipt.outcome}`, () => {
    const [from, to] = [recipient, sender];
    const { id, edition, ephemeral, proof } = receipt;
    const outcome = OUTCOMES.find((word) => word === receipt.outcome)!;
    const made = receiptByHand(bytes(from.identitySecret), {
      from: from.nickAsCompared,
      to: to.nickAsCompared,
      id: bytes(id),
      edition,
      ephemeral: bytes(ephemeral),
      outcome: OUTCOMES.indexOf(outcome),
    });
    assertEquals([made.signedBytes.toHex(), made.signature.toHex()], [signed, proof]);
    assert(isReceiptOf(primitives, from.identity, { from: from.nick, to: to.nick }, { ...receipt, outcome }));
  });
}

Deno.test("the direct messages in the file are made by hand, and core reads them", () => {
  const [from, to] = [sender, recipient].map(({ nickAsCompared, identity }) => ({
    nick: nickAsCompared,
    identity: bytes(identity),
  }));
  const people = peopleByHand(bytes(direct.serverKey), from!, to!);
  assertEquals(people.toHex(), direct.people);
  assertEquals(peopleTag(primitives, direct.serverKey, sender, recipient), direct.people);
  const made = directByHand({
    from: sender.nick,
    to: recipient.nick,
    people,
    prekey: bytes(recipient.prekey),
    prefix: bytes(direct.prefix),
    messages: direct.messages.map(({ after, ...message }) => ({
      ...message,
      after: after === null ? undefined : bytes(after),
    })),
  });
  assertEquals(made.toHex(), direct.verb);
  const messages = direct.messages.map(({ after, ...message }) => ({
    ...message,
    after: after ?? undefined,
  }));
  const { place, prefix } = direct;
  const said = { from: sender.nick, to: recipient.nick, people: direct.people, place, prefix, messages };
  assertEquals(decodeVerb(made), { type: "direct", ...said });
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

import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { MALFORMED, utf8Length, Writer } from "../../../core/base/bytes.ts";
import { primitives } from "../../../core/base/crypto.ts";
import { BODY_BYTES, TEXT_BYTES } from "../../../core/base/limits.ts";
import { bundle as bundleField } from "../../../core/messages/field.ts";
import { Identity, isGenuine, isReceiptOf, NO_KEY } from "../../../core/messages/identity.ts";
import { openLetter, paddingFor, sealLetter } from "../../../core/messages/letter.ts";
import { decodeLetter, letterNameOf, prekeyId } from "../../../core/messages/letter_form.ts";
import { nickKey } from "../../../core/messages/nick.ts";
import { Author, flipped } from "../../kit/author.ts";
import { cheapPrimitives } from "../../kit/cheap_primitives.ts";
import { ID, idOf, LONGEST_TEXT, mutated, TOP_ID } from "../../kit/samples.ts";
import { contentsByHand, letterByHand } from "./letter_by_hand.ts";
import former from "./letter_of_version_3.json" with { type: "json" };
import { contents, NOW, Two } from "./letter_scene.ts";

const bytes = (digits: string): Uint8Array => Uint8Array.fromHex(digits);

// ---- what opens ------------------------------------------------------------------------------------------

Deno.test("a letter says what was written, and names what it was sealed with", () => {
  const two = new Two();
  const written = { after: TOP_ID, afterHash: "5c".repeat(32), sentAt: NOW + 0.75, text: "Zoë\n😀" };
  const keyPair = two.alice.identity.keyPair;
  const keys = { keyPair, sender: two.alice.bundle, recipient: two.bob.bundle };
  const ephemeral = primitives.keyPair(two.dice.bytes(32));
  const envelope = { id: ID, from: "Alice", to: "bob" };
  const { body: letter, ...name } = sealLetter(primitives, ephemeral, envelope, 1, keys, written)!;
  assertEquals(two.open(letter), { ...written, sentAt: NOW });
  assertEquals([name.edition, name.ephemeral], [1, ephemeral.publicKey.toHex()]);
  assertEquals(letterNameOf(letter), { edition: 1, ephemeral: name.ephemeral });
  const decoded = decodeLetter(letter);
  assert(decoded !== MALFORMED);
  assertEquals([letter[0], decoded.edition, decoded.version], [0x41, 1, 4]);
  assertEquals(decoded.sender, two.alice.bundle);
  assertEquals(decoded.prekeyId, prekeyId(two.bob.bundle.prekey));
  assertEquals(decoded.header, letter.subarray(0, letter.length - decoded.sealed.length));
});

Deno.test("letters open in any order, each as often as it comes", () => {
  const two = new Two();
  const letters = Array.from({ length: 30 }, (_, count) => {
    return { id: idOf(count), text: `m${count}`, letter: two.seal(`m${count}`, { id: idOf(count) }) };
  });
  for (let step = 0; step < 100; step++) {
    const { id, text, letter } = two.dice.pick(letters);
    assertEquals(two.open(letter, { id })?.text, text);
  }
});

Deno.test("letters are made as they are by hand, byte for byte", () => {
  const two = new Two();
  const { alice, bob, dice } = two;
  const writer = new Writer();
  bundleField.write(writer, alice.bundle);
  const senderBundle = writer.finish();
  const { identity, key, prekey } = bob.bundle;
  const recipient = { identity: bytes(identity), key: bytes(key), prekey: bytes(prekey) };
  for (const text of ["", "hello, Zoë", "x".repeat(256), "😀".repeat(100)]) {
    const [id, after, afterHash] = [dice.bytes(16), dice.bytes(16), dice.bytes(32)];
    const ephemeralSecret = dice.bytes(32);
    const edition = dice.below(2);
    const envelope = { id: id.toHex(), from: "ÅLICE", to: "Σίσυφος" };
    const written = { after: after.toHex(), afterHash: afterHash.toHex(), sentAt: NOW, text };
    const made = letterByHand({
      id,
      from: nickKey(envelope.from),
      to: nickKey(envelope.to),
      edition,
      senderSecret: alice.secrets.subarray(32),
      ephemeralSecret,
      senderBundle,
      recipient,
      plaintext: contentsByHand({ after, afterHash, sentAt: NOW, text }),
    });
    const keys = { keyPair: alice.identity.keyPair, sender: alice.bundle, recipient: bob.bundle };
    const ephemeral = primitives.keyPair(ephemeralSecret);
    const sealed = sealLetter(primitives, ephemeral, envelope, edition, keys, written);
    assertEquals([sealed?.body, sealed?.proof], [made.letter, made.proof.toHex()]);
    assertEquals(two.opened(made.letter, envelope), { contents: written, proof: made.proof.toHex() });
  }
});

// ---- what does not ---------------------------------------------------------------------------------------

Deno.test("a letter of which a byte was changed does not open", () => {
  const two = new Two();
  const letter = two.seal("secret");
  for (let at = 0; at < letter.length; at++) {
    const changed = letter.with(at, letter[at]! ^ 1 << two.dice.below(8));
    assertEquals(two.open(changed), undefined, `byte ${at}`);
  }
  assertEquals(two.open(letter)?.text, "secret");
});

Deno.test("a letter that was cut off or made longer does not open", () => {
  const two = new Two();
  const letter = two.seal("secret");
  for (let length = 0; length < letter.length; length++) {
    assertEquals(two.open(letter.subarray(0, length)), undefined, `${length} bytes`);
  }
  assertEquals(two.open(Uint8Array.of(...letter, 0)), undefined);
});

Deno.test("a letter is bound to its id and to both nicks, but not to their case", () => {
  const two = new Two();
  const letter = two.seal("secret");
  assertEquals(two.open(letter, { from: "ALICE", to: "Bob" })?.text, "secret");
  for (let bit = 0; bit < 128; bit++) assertEquals(two.open(letter, { id: flipped(ID, bit) }), undefined);
  assertEquals(two.open(letter, { from: "alicf" }), undefined);
  assertEquals(two.open(letter, { to: "bo" }), undefined);
  assertEquals(two.open(letter, { from: "bob", to: "Alice" }), undefined);
  assertEquals(two.open(letter, { from: "Aliceb", to: "ob" }), undefined);
});

Deno.test("neither of the two sealings of a message passes for the other one", () => {
  const two = new Two();
  for (const edition of [0, 1]) {
    const letter = two.seal("secret", { edition });
    assertEquals(letter[0], 0x40 + edition);
    assertEquals(two.open(letter.with(0, 0x41 - edition)), undefined);
  }
});

Deno.test("a letter opens for its recipient's identity, key and prekey, and with no other one of these", () => {
  const two = new Two();
  const { bob, dice } = two;
  const other = new Author(primitives, dice, "bob");
  const letter = two.seal("secret");
  assertEquals(two.open(letter, { own: { ...bob.own, identity: other.identity.publicKey } }), undefined);
  assertEquals(two.open(letter, { own: { ...bob.own, prekey: other.prekey } }), undefined);
  assertEquals(two.open(letter, { own: { ...bob.own, keyPair: other.identity.keyPair } }), undefined);
  assertEquals(two.open(letter, { own: other.own }), undefined);
  assertEquals(two.open(letter)?.text, "secret");
});

Deno.test("nobody who lacks the sender's secret seals under the sender's bundle", () => {
  const two = new Two();
  const mallory = new Author(primitives, two.dice, "mallory");
  assertEquals(two.open(two.seal("forged", { keyPair: mallory.identity.keyPair })), undefined);
});

Deno.test("whoever has stolen a prekey writes no letter with it in the name of somebody else", () => {
  const two = new Two();
  const { alice, bob } = two;
  // The thief computes DH(sender's key, prekey) from its other side. DH(sender's key, recipient's key) is the
  // agreement that he lacks: he puts in whatever he likes.
  const theirKey = bob.bundle.key;
  for (const guess of [new Uint8Array(32), bytes(theirKey), two.dice.bytes(32)]) {
    const keyPair = {
      publicKey: bytes(alice.bundle.key),
      agree: (other: Uint8Array) =>
        other.toHex() === theirKey ? guess : bob.prekey.agree(bytes(alice.bundle.key)),
    };
    assertEquals(two.open(two.seal("forged", { keyPair })), undefined);
  }
});

// ---- what proves that it was read ------------------------------------------------------------------------

Deno.test("whoever opens a letter proves what its sender expects, and each letter has another proof", () => {
  const two = new Two();
  const letters = [two.sealed("x"), two.sealed("x"), two.sealed("x", { edition: 1 })];
  for (const { body, proof } of letters) assertEquals(two.opened(body)?.proof, proof);
  assertEquals(new Set(letters.map(({ proof }) => proof)).size, 3);
  assertEquals(new Set(letters.map(({ ephemeral }) => ephemeral)).size, 3);
  assertNotEquals(letters[0]!.proof, "");
});

// ---- letters of version 3 --------------------------------------------------------------------------------

/** Bob of the old test vectors. */
function formerBob() {
  const { identitySecret, keySecret, prekeySecret } = former.recipient;
  const identity = new Identity(primitives, bytes(identitySecret + keySecret));
  const keys = { keyPair: identity.keyPair, prekey: primitives.keyPair(bytes(prekeySecret)) };
  return { identity, own: { identity: identity.publicKey, ...keys } };
}

Deno.test("a letter of version 3 opens still, under the bundle and the nicks of that version", () => {
  const { sender, recipient, letter } = former;
  const decoded = decodeLetter(bytes(letter.letter));
  assert(decoded !== MALFORMED);
  assertEquals([decoded.version, decoded.edition, decoded.ephemeral.length], [3, letter.edition, 64]);
  assertEquals([decoded.sender.identity, decoded.sender.counter], [sender.identity, 0]);
  assert(isGenuine(primitives, sender.nick, decoded.sender, 3));
  assertFalse(isGenuine(primitives, sender.nick, decoded.sender));
  const { id, after, afterHash, sentAt, text } = letter;
  const envelope = { id, from: sender.nick, to: recipient.nick };
  const { own } = formerBob();
  const opened = openLetter(primitives, envelope, decoded, own);
  assertEquals(opened?.contents, { after, afterHash, sentAt, text });
  assertEquals(openLetter(primitives, { ...envelope, id: flipped(id, 3) }, decoded, own), undefined);
});

Deno.test("a letter of version 3 is no letter of version 4, and has no key in its name", () => {
  const letter = bytes(former.letter.letter);
  assertEquals(letterNameOf(letter), { edition: 0, ephemeral: NO_KEY });
  const { id } = former.letter;
  const decoded = decodeLetter(letter.with(0, 0x40));
  const envelope = { id, from: former.sender.nick, to: former.recipient.nick };
  if (decoded !== MALFORMED) {
    assertEquals(openLetter(primitives, envelope, decoded, formerBob().own), undefined);
  }
});

Deno.test("a receipt that was signed for a letter of version 3 still counts", () => {
  const { receipt, recipient, sender } = former;
  const { id, edition, signature: proof } = receipt;
  const said = { id, edition, ephemeral: NO_KEY, outcome: "read" } as const;
  const { identity } = formerBob();
  const nicks = { from: recipient.nick, to: sender.nick };
  assert(isReceiptOf(primitives, identity.publicKey, nicks, { ...said, proof }));
  assertEquals(identity.receipt(recipient.nick, sender.nick, said).proof, proof);
});

// ---- what is no letter -----------------------------------------------------------------------------------

/**
 * All points of low order below 2^255 (cr.yp.to/ecdh.html#validate), and two of them written as they are not.
 */
const LOW_ORDER = [
  "00".repeat(32),
  "01" + "00".repeat(31),
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ec" + "ff".repeat(30) + "7f",
  "ed" + "ff".repeat(30) + "7f",
  "ee" + "ff".repeat(30) + "7f",
  "00".repeat(31) + "80",
  "01" + "00".repeat(30) + "80",
];

Deno.test("for a recipient with a key of low order nothing is sealed", () => {
  const { alice, bob, dice } = new Two();
  const keyPair = alice.identity.keyPair;
  for (const digits of LOW_ORDER) {
    for (const name of ["key", "prekey"] as const) {
      const keys = { keyPair, sender: alice.bundle, recipient: { ...bob.bundle, [name]: digits } };
      const ephemeral = primitives.keyPair(dice.bytes(32));
      const envelope = { id: ID, from: "Alice", to: "bob" };
      const sealed = sealLetter(primitives, ephemeral, envelope, 0, keys, contents("x"));
      assertEquals(sealed, undefined, `${name} ${digits}`);
    }
  }
});

Deno.test("a letter with a key of low order does not open", () => {
  const two = new Two();
  const decoded = decodeLetter(two.seal("secret"));
  assert(decoded !== MALFORMED);
  const envelope = { id: ID, from: "Alice", to: "bob" };
  for (const key of LOW_ORDER) {
    const { own } = two.bob;
    assertEquals(openLetter(primitives, envelope, { ...decoded, ephemeral: key }, own), undefined, key);
    const sender = { ...decoded.sender, key };
    assertEquals(openLetter(primitives, envelope, { ...decoded, sender }, own), undefined, key);
  }
});

Deno.test("no bytes make decoding or opening throw", () => {
  const two = new Two(cheapPrimitives);
  const letter = two.seal("secret");
  for (let round = 0; round < 3000; round++) {
    const changed = round % 4 === 0 ? two.dice.bytes(two.dice.below(600)) : mutated(two.dice, letter);
    const opened = two.open(changed);
    if (opened !== undefined) assertEquals(changed, letter);
  }
});

Deno.test("a letter is of version 3 or 4, and has edition 0 or 1", () => {
  const letter = new Two().seal("x");
  for (let first = 2; first < 256; first++) {
    if (first !== 0x40 && first !== 0x41) assertEquals(decodeLetter(letter.with(0, first)), MALFORMED);
  }
});

Deno.test("what is no letter has a name all the same, because its receipt has to give one", () => {
  for (
    const body of [new Uint8Array(0), Uint8Array.of(9), Uint8Array.of(0x40), new Uint8Array(40).fill(0x40)]
  ) {
    assertEquals(letterNameOf(body), { edition: 0, ephemeral: NO_KEY });
  }
  assertEquals(letterNameOf(Uint8Array.of(1)), { edition: 1, ephemeral: NO_KEY });
  const long = new Uint8Array(41).fill(0x77).with(0, 0x41);
  assertEquals(letterNameOf(long), { edition: 1, ephemeral: "77".repeat(32) });
});

Deno.test("what was sealed as it should be and says nothing is as good as not sealed", () => {
  const two = new Two();
  const { alice, bob, dice } = two;
  const { identity, key, prekey } = bob.bundle;
  const writer = new Writer();
  bundleField.write(writer, alice.bundle);
  const parts = {
    id: bytes(ID),
    from: "alice",
    to: "bob",
    edition: 0,
    senderSecret: alice.secrets.subarray(32),
    ephemeralSecret: dice.bytes(32),
    senderBundle: writer.finish(),
    recipient: { identity: bytes(identity), key: bytes(key), prekey: bytes(prekey) },
  };
  const place = { after: new Uint8Array(16), afterHash: new Uint8Array(32), sentAt: 1 };
  const good = contentsByHand({ ...place, text: "hi" });
  assertEquals(two.open(letterByHand({ ...parts, plaintext: good }).letter)?.text, "hi");
  const textAt = 16 + 32 + 6 + 3;
  for (
    const [what, plaintext] of [
      ["nothing", new Uint8Array(0)],
      ["no text", good.subarray(0, textAt - 1)],
      ["less text than it says", good.subarray(0, textAt + 1)],
      ["no UTF-8", good.with(textAt, 0xff)],
      ["too long a text", contentsByHand({ ...place, text: "x".repeat(TEXT_BYTES + 1) })],
    ] as const
  ) {
    assertEquals(two.open(letterByHand({ ...parts, plaintext }).letter), undefined, what);
  }
});

// ---- how long a letter is --------------------------------------------------------------------------------

Deno.test("texts are filled up to 256, 512, 1,024 ... 65,536 bytes", () => {
  const two = new Two(cheapPrimitives);
  const around = 1 + 8 + 32 + 172 + 16 + 32 + 6 + 3 + 16;
  for (
    const [length, filled] of [
      [0, 256],
      [1, 256],
      [255, 256],
      [256, 256],
      [257, 512],
      [512, 512],
      [513, 1024],
      [32_769, 65_536],
      [65_536, 65_536],
    ] as const
  ) {
    assertEquals(length + paddingFor(length), filled);
    assertEquals(two.seal("x".repeat(length)).length, around + filled);
  }
  // What counts is bytes, not characters.
  assertEquals(two.seal("é".repeat(129)).length, around + 512);
});

Deno.test("the longest text opens again, and finds room in a verb", () => {
  const two = new Two();
  assertEquals(utf8Length(LONGEST_TEXT), TEXT_BYTES);
  const letter = two.seal(LONGEST_TEXT);
  assert(letter.length <= BODY_BYTES);
  assertEquals(two.open(letter)?.text, LONGEST_TEXT);
});

import { assert, assertEquals } from "@std/assert";
import { MALFORMED, utf8Length, Writer } from "../../../core/base/bytes.ts";
import { primitives } from "../../../core/base/crypto.ts";
import { BODY_BYTES, TEXT_BYTES } from "../../../core/base/limits.ts";
import { bundle as bundleField } from "../../../core/messages/field.ts";
import { decodeLetter, Opener, paddingFor, prekeyId, Sealer } from "../../../core/messages/letter.ts";
import { nickKey } from "../../../core/messages/nick.ts";
import { Author, flipped } from "../../kit/author.ts";
import { cheapPrimitives } from "../../kit/cheap_primitives.ts";
import { ID, idOf, LONGEST_TEXT, mutated, TOP_ID } from "../../kit/samples.ts";
import { contentsByHand, letterByHand } from "./letter_by_hand.ts";
import { contents, NOW, Two } from "./letter_scene.ts";

const bytes = (digits: string): Uint8Array => Uint8Array.fromHex(digits);

// ---- what opens ------------------------------------------------------------------------------------------

Deno.test("a letter says what was written, and names what it was sealed with", () => {
  const two = new Two();
  const written = { after: TOP_ID, afterHash: "5c".repeat(32), sentAt: NOW + 0.75, text: "Zoë\n😀" };
  const keys = { sender: two.alice.bundle, recipient: two.bob.bundle };
  const letter = two.sealer.seal(NOW, { id: ID, from: "Alice", to: "bob" }, 1, keys, written)!;
  assertEquals(two.open(letter), { ...written, sentAt: NOW });
  const decoded = decodeLetter(letter);
  assert(decoded !== MALFORMED);
  assertEquals(decoded.edition, 1);
  assertEquals(decoded.sender, two.alice.bundle);
  assertEquals(decoded.prekeyId, prekeyId(two.bob.bundle.prekey));
  assertEquals(decoded.header, letter.subarray(0, letter.length - decoded.sealed.length));
});

Deno.test("letters open in any order, each as often as it comes, also after a restart of either side", () => {
  const two = new Two();
  const letters = Array.from({ length: 30 }, (_, count) => {
    if (count % 10 === 0) two.sealer = two.newSealer();
    return { id: idOf(count), text: `m${count}`, letter: two.seal(`m${count}`, { id: idOf(count) }) };
  });
  for (let step = 0; step < 100; step++) {
    if (step % 30 === 0) two.opener = two.newOpener();
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
    const sealer = new Sealer(primitives, () => ephemeralSecret, alice.identity.keyPair);
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
    const keys = { sender: alice.bundle, recipient: bob.bundle };
    assertEquals(sealer.seal(NOW, envelope, edition, keys, written), made.letter);
    assertEquals(two.open(made.letter, envelope), written);
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
    assertEquals(letter[0], edition);
    assertEquals(two.open(letter.with(0, 1 - edition)), undefined);
  }
});

Deno.test("a letter opens for its recipient's identity, key and prekey, and with no other one of these", () => {
  const two = new Two();
  const { bob, dice } = two;
  const other = new Author(primitives, dice, "bob");
  const letter = two.seal("secret");
  assertEquals(two.open(letter, { own: { ...bob.own, identity: other.identity.publicKey } }), undefined);
  assertEquals(two.open(letter, { own: { ...bob.own, prekey: other.prekey } }), undefined);
  const opener = new Opener(primitives, other.identity.keyPair);
  assertEquals(two.open(letter, { opener }), undefined);
  assertEquals(two.open(letter, { own: other.own, opener }), undefined);
  assertEquals(two.open(letter)?.text, "secret");
});

Deno.test("nobody who lacks the sender's secret seals under the sender's bundle", () => {
  const two = new Two();
  const mallory = new Author(primitives, two.dice, "mallory");
  two.sealer = new Sealer(primitives, (count) => two.dice.bytes(count), mallory.identity.keyPair);
  assertEquals(two.open(two.seal("forged")), undefined);
});

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
  const { alice, bob, sealer } = new Two();
  for (const digits of LOW_ORDER) {
    for (const name of ["key", "prekey"] as const) {
      const keys = { sender: alice.bundle, recipient: { ...bob.bundle, [name]: digits } };
      const sealed = sealer.seal(NOW, { id: ID, from: "Alice", to: "bob" }, 0, keys, contents("x"));
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
    const { opener, bob } = two;
    assertEquals(opener.open(envelope, { ...decoded, ephemeral: key }, bob.own), undefined, key);
    const sender = { ...decoded.sender, key };
    assertEquals(opener.open(envelope, { ...decoded, sender }, bob.own), undefined, key);
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

Deno.test("a letter has sealing 0 or 1", () => {
  const letter = new Two().seal("x");
  for (let edition = 2; edition < 256; edition++) {
    assertEquals(decodeLetter(letter.with(0, edition)), MALFORMED);
  }
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

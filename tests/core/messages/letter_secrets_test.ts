/** How long the secret of an ephemeral key serves, and how many are remembered. */
import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { primitives, TAG_BYTES } from "../../../core/base/crypto.ts";
import { LETTER_SECRET_MS, LETTER_SECRETS } from "../../../core/base/limits.ts";
import type { Bundle } from "../../../core/messages/identity.ts";
import { decodeLetter, Opener, Sealer } from "../../../core/messages/letter.ts";
import { Author } from "../../kit/author.ts";
import { cheapPrimitives } from "../../kit/cheap_primitives.ts";
import { idOf } from "../../kit/samples.ts";
import { ephemeralOf, NOW, Two } from "./letter_scene.ts";

Deno.test("one ephemeral key serves for an hour to one prekey, and no longer", () => {
  const two = new Two();
  const first = ephemeralOf(two.seal("x"));
  assertEquals(ephemeralOf(two.seal("x", { id: idOf(1), now: NOW + LETTER_SECRET_MS - 1 })), first);
  const second = ephemeralOf(two.seal("x", { id: idOf(2), now: NOW + LETTER_SECRET_MS }));
  assertNotEquals(second, first);
  assertEquals(ephemeralOf(two.seal("x", { id: idOf(3), now: NOW + 2 * LETTER_SECRET_MS - 1 })), second);
});

Deno.test("two recipients, and two prekeys of one, never share an ephemeral key", () => {
  const two = new Two();
  const { bob, dice } = two;
  const other = new Author(primitives, dice, "carol").bundle;
  const recipients = [bob.bundle, other, { ...bob.bundle, prekey: other.prekey }, {
    ...bob.bundle,
    key: other.key,
  }];
  const made = recipients.map((recipient) => ephemeralOf(two.seal("x", { recipient })));
  assertEquals(new Set(made).size, recipients.length);
  assertEquals(recipients.map((recipient) => ephemeralOf(two.seal("y", { recipient }))), made);
});

Deno.test("a message that is sealed once more for the same keys under another identity has another message key", () => {
  // Anybody can put somebody else's keys into a bundle of his own. Id, sealing and secret are the same: under
  // the same message key the same text would give the same ciphertext.
  const two = new Two();
  const { identity } = new Author(primitives, two.dice, "bob").bundle;
  const [before, after] = [two.seal("x"), two.seal("x", { recipient: { ...two.bob.bundle, identity } })];
  assertEquals(ephemeralOf(after), ephemeralOf(before));
  assertNotEquals(ciphertextOf(after), ciphertextOf(before));
});

Deno.test("a swept sealer has forgotten what is older than an hour, or of the future; a swept opener everything", () => {
  const two = new Two();
  const first = ephemeralOf(two.seal("x"));
  two.sealer.forgetOldSecrets(NOW + LETTER_SECRET_MS - 1);
  assertEquals(ephemeralOf(two.seal("x", { id: idOf(1) })), first);
  two.sealer.forgetOldSecrets(NOW + LETTER_SECRET_MS);
  const second = ephemeralOf(two.seal("x", { id: idOf(2) }));
  assertNotEquals(second, first);
  // The clock was set back by two hours.
  const third = ephemeralOf(two.seal("x", { id: idOf(3), now: NOW - 2 * LETTER_SECRET_MS }));
  assertNotEquals(third, second);
  const letter = two.seal("y", { id: idOf(4) });
  two.opener.forgetSecrets();
  assertEquals(two.open(letter, { id: idOf(4) })?.text, "y");
});

Deno.test("a message that is sealed again has an ephemeral key of its own", () => {
  const two = new Two();
  const made = [0, 1, 1].map((edition) => ephemeralOf(two.seal("x", { edition })));
  assertEquals(new Set(made).size, 3);
});

Deno.test("the sender remembers 1,024 secrets, and forgets the oldest first", () => {
  const two = new Two(cheapPrimitives);
  const others = Array.from({ length: LETTER_SECRETS }, (_, count) => ({
    ...two.bob.bundle,
    prekey: (count + 1).toString(16).padStart(64, "0"),
  }));
  const [first, second] = [two.bob.bundle, others[0]!];
  const ephemeral = (recipient: Bundle) => ephemeralOf(two.seal("x", { recipient }));
  const firstBefore = ephemeral(first);
  const secondBefore = ephemeral(second);
  for (const other of others.slice(1, -1)) ephemeral(other);
  assertEquals(ephemeral(first), firstBefore);
  ephemeral(others.at(-1)!);
  assertEquals(ephemeral(second), secondBefore);
  assertNotEquals(ephemeral(first), firstBefore);
  assertNotEquals(ephemeral(second), secondBefore);
});

Deno.test("a secret that was made anew is not the oldest one", () => {
  const two = new Two(cheapPrimitives);
  const first = two.bob.bundle;
  const others = Array.from({ length: LETTER_SECRETS }, (_, count) => ({
    ...first,
    prekey: (count + 1).toString(16).padStart(64, "0"),
  }));
  two.seal("x");
  for (const recipient of others.slice(1)) two.seal("x", { recipient });
  const anew = ephemeralOf(two.seal("x", { edition: 1 }));
  two.seal("x", { recipient: others[0]! });
  assertEquals(ephemeralOf(two.seal("x")), anew);
});

/** An opener of Bob's that counts how often it agrees on a secret. */
function counting({ bob, kind }: Two) {
  const count = { agreed: 0 };
  const prekey = {
    publicKey: bob.prekey.publicKey,
    agree(other: Uint8Array) {
      count.agreed++;
      return bob.prekey.agree(other);
    },
  };
  const opener = new Opener(kind, bob.identity.keyPair);
  return { count, values: { own: { identity: bob.identity.publicKey, prekey }, opener } };
}

/** Letters, each under an ephemeral key of its own. */
function letters(two: Two, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => {
    two.sealer = two.newSealer();
    return two.seal("x");
  });
}

Deno.test("the recipient agrees once on the secret of all letters under one ephemeral key", () => {
  const two = new Two();
  const { count, values } = counting(two);
  for (let at = 0; at < 5; at++) {
    const id = idOf(at);
    assertEquals(two.open(two.seal("x", { id }), { ...values, id })?.text, "x");
    assertEquals(count.agreed, 2);
  }
});

Deno.test("letters to two prekeys open, also when their sender used one ephemeral key for both", () => {
  const two = new Two();
  const ephemeral = two.dice.bytes(32);
  two.sealer = new Sealer(primitives, () => ephemeral, two.alice.identity.keyPair);
  const prekey = primitives.keyPair(two.dice.bytes(32));
  const bundles = [two.bob.prekey, prekey].map(({ publicKey }) =>
    two.bob.identity.bundle("bob", publicKey.toHex(), 1, 1)
  );
  const [one, other] = bundles.map((recipient) => two.seal("x", { recipient }));
  assertEquals(ephemeralOf(one!), ephemeralOf(other!));
  for (let round = 0; round < 2; round++) {
    assertEquals(two.open(one!)?.text, "x");
    assertEquals(two.open(other!, { own: { ...two.bob.own, prekey } })?.text, "x");
  }
});

Deno.test("the recipient remembers 1,024 secrets, and forgets the oldest first", () => {
  const two = new Two(cheapPrimitives);
  const { count, values } = counting(two);
  const isAgreedAnew = (letter: Uint8Array): boolean => {
    const before = count.agreed;
    assertEquals(two.open(letter, values)?.text, "x");
    return count.agreed > before;
  };
  const made = letters(two, LETTER_SECRETS + 1);
  const [first, second] = made;
  for (const letter of made.slice(0, -1)) assert(isAgreedAnew(letter));
  assertFalse(isAgreedAnew(first!));
  assert(isAgreedAnew(made.at(-1)!));
  assertFalse(isAgreedAnew(second!));
  assert(isAgreedAnew(first!));
  assert(isAgreedAnew(second!));
});

Deno.test("letters that do not open push no secret out", () => {
  const two = new Two(cheapPrimitives);
  const { count, values } = counting(two);
  const known = two.seal("x");
  assertEquals(two.open(known, values)?.text, "x");
  for (const letter of letters(two, LETTER_SECRETS + 1)) {
    assertEquals(two.open(letter.with(-1 + letter.length, letter.at(-1)! ^ 1), values), undefined);
  }
  const before = count.agreed;
  assertEquals(two.open(known, values)?.text, "x");
  assertEquals(count.agreed, before);
});

/** What is sealed, without the tag. */
function ciphertextOf(bytes: Uint8Array): string {
  const letter = decodeLetter(bytes);
  assert(letter !== MALFORMED);
  return letter.sealed.subarray(0, -TAG_BYTES).toHex();
}

/** The functions of the runtime, as this program calls them: published vectors, and what must not open. */
import { createCipheriv } from "node:crypto";
import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { type Primitives, primitives } from "../../../core/base/crypto.ts";
import { VERIFYING_KEYS } from "../../../core/base/limits.ts";
import { cheapPrimitives } from "../../kit/cheap_primitives.ts";
import { seededDice } from "../../kit/dice.ts";

const NONE = new Uint8Array(0);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("X25519 reproduces RFC 7748, section 6.1", () => {
  const alice = primitives.keyPair(
    Uint8Array.fromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
  );
  const bob = primitives.keyPair(
    Uint8Array.fromHex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"),
  );
  const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  assertEquals(alice.publicKey.toHex(), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  assertEquals(bob.publicKey.toHex(), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  assertEquals(alice.agree(bob.publicKey)!.toHex(), shared);
  assertEquals(bob.agree(alice.publicKey)!.toHex(), shared);
});

/** All points of order 1, 2, 4 and 8 (cr.yp.to/ecdh.html#validate) that are below 2^255. */
const LOW_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

Deno.test("no secret is agreed with a key of low order", () => {
  const own = primitives.keyPair(new Uint8Array(32).fill(7));
  for (const key of LOW_ORDER) assertEquals(own.agree(Uint8Array.fromHex(key)), undefined, key);
});

/** RFC 8032, section 7.1, tests 1 to 3: secret, public key, message, signature. */
const ED25519: readonly (readonly [string, string, string, string])[] = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
];

Deno.test("Ed25519 reproduces RFC 8032, section 7.1", () => {
  for (const [secret, publicKey, message, signature] of ED25519) {
    const key = primitives.signingKey(Uint8Array.fromHex(secret));
    assertEquals(key.publicKey.toHex(), publicKey);
    assertEquals(key.sign(Uint8Array.fromHex(message)).toHex(), signature);
  }
});

Deno.test("a signature counts for its own key, however many others were checked meanwhile", () => {
  const message = bytes("hello");
  const keys = Array.from({ length: 3 }, (_, at) => primitives.signingKey(new Uint8Array(32).fill(at + 1)));
  const signatures = keys.map((key) => key.sign(message));
  const matches = () =>
    keys.map(({ publicKey }) => signatures.map((one) => primitives.verify(publicKey, message, one)));
  const own = [[true, false, false], [false, true, false], [false, false, true]];
  assertEquals(matches(), own);
  // More than are kept: the three have to be made ready again.
  for (let at = 0; at <= VERIFYING_KEYS; at++) {
    const secret = new Uint8Array(32);
    new DataView(secret.buffer).setUint32(0, at + 1);
    assertFalse(primitives.verify(primitives.signingKey(secret).publicKey, message, signatures[0]!));
  }
  assertEquals(matches(), own);
});

Deno.test("SHA-256 reproduces FIPS 180-4, in one piece or in several", () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assertEquals(primitives.hash(bytes("abc")).toHex(), abc);
  assertEquals((primitives.hash(bytes("a"), NONE, bytes("bc"))).toHex(), abc);
});

Deno.test("HMAC-SHA256 reproduces RFC 4231, test cases 1 and 2", () => {
  assertEquals(
    (primitives.mac(new Uint8Array(20).fill(0x0b), bytes("Hi There"))).toHex(),
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  );
  assertEquals(
    (primitives.mac(bytes("Jefe"), bytes("what do ya want "), bytes("for nothing?"))).toHex(),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
});

Deno.test("the nonce is the counter in 8 bytes, little-endian, behind 4 zeros", () => {
  const key = new Uint8Array(32).fill(9);
  const nonces: [number, string][] = [
    [0, "000000000000000000000000"],
    [0x0102, "000000000201000000000000"],
    [2 ** 32, "000000000000000001000000"],
    [2 ** 53 - 1, "00000000ffffffffffff1f00"],
  ];
  for (const [counter, nonce] of nonces) {
    const cipher = createCipheriv("chacha20-poly1305", key, Uint8Array.fromHex(nonce), { authTagLength: 16 });
    cipher.setAAD(bytes("with"), { plaintextLength: 5 });
    const expected = cipher.update(bytes("hello")).toHex() + ((cipher.final(), cipher.getAuthTag())).toHex();
    assertEquals((primitives.seal(key, counter, bytes("with"), bytes("hello"))).toHex(), expected);
  }
});

const KINDS: readonly [string, Primitives][] = [["real", primitives], ["cheap", cheapPrimitives]];
for (const [name, { keyPair, mac, hash, open, seal, signingKey, verify }] of KINDS) {
  Deno.test(`the ${name} seal opens for the same key, counter and data, and for nothing else`, () => {
    const dice = seededDice();
    for (const length of [0, 1, 15, 16, 17, 64, 1000]) {
      const [key, plaintext, associated] = [dice.bytes(32), dice.bytes(length), dice.bytes(7)];
      const sealed = seal(key, 5, associated, plaintext);
      assertEquals(sealed.length, length + 16);
      assertEquals(open(key, 5, associated, sealed), plaintext);
      assertEquals(open(dice.bytes(32), 5, associated, sealed), undefined);
      assertEquals(open(key, 6, associated, sealed), undefined);
      assertEquals(open(key, 5 + 2 ** 32, associated, sealed), undefined);
      assertEquals(open(key, 5, dice.bytes(7), sealed), undefined);
      assertEquals(open(key, 5, NONE, sealed), undefined);
      for (let at = 0; at < sealed.length; at += 1 + Math.floor(at / 40)) {
        assertEquals(
          open(key, 5, associated, sealed.map((byte, i) => i === at ? byte ^ 1 << at % 8 : byte)),
          undefined,
        );
      }
      for (const cut of [1, 15, 16, 17]) {
        assertEquals(
          open(key, 5, associated, sealed.subarray(0, Math.max(0, sealed.length - cut))),
          undefined,
        );
      }
    }
  });

  Deno.test(`the ${name} signature holds for the same key and message, and for nothing else`, () => {
    const dice = seededDice();
    const key = signingKey(dice.bytes(32));
    const other = signingKey(dice.bytes(32));
    for (const length of [0, 1, 64, 1000]) {
      const message = dice.bytes(length);
      const signature = key.sign(message);
      assertEquals(signature.length, 64);
      assertEquals(key.sign(message), signature);
      assert(verify(key.publicKey, message, signature));
      assertFalse(verify(other.publicKey, message, signature));
      assertFalse(verify(key.publicKey, Uint8Array.of(...message, 0), signature));
      for (let at = 0; at < signature.length; at++) {
        assertFalse(verify(key.publicKey, message, signature.with(at, signature[at]! ^ 1 << at % 8)));
      }
      for (const cut of [0, 32, 63]) assertFalse(verify(key.publicKey, message, signature.subarray(0, cut)));
      assertFalse(verify(key.publicKey, message, Uint8Array.of(...signature, 0)));
    }
  });

  Deno.test(`of what is no key no signature holds, the ${name} way, and nothing throws`, () => {
    const signature = signingKey(new Uint8Array(32).fill(1)).sign(bytes("hi"));
    for (const length of [0, 31, 33]) assertFalse(verify(new Uint8Array(length), bytes("hi"), signature));
    for (const fill of [0, 0x80, 0xff]) {
      assertFalse(verify(new Uint8Array(32).fill(fill), bytes("hi"), signature));
    }
  });

  Deno.test(`one secret makes two ${name} keys, one to agree with and one to sign with`, () => {
    const secret = new Uint8Array(32).fill(5);
    assertNotEquals(keyPair(secret).publicKey.toHex(), signingKey(secret).publicKey.toHex());
    assertNotEquals(
      signingKey(secret).publicKey.toHex(),
      signingKey(secret.with(31, 6)).publicKey.toHex(),
    );
  });

  Deno.test(`what the ${name} functions return is not written into later`, () => {
    const key = new Uint8Array(32).fill(3);
    const sealed = seal(key, 1, NONE, bytes("one"));
    const signer = signingKey(key);
    const results = [
      sealed,
      open(key, 1, NONE, sealed)!,
      mac(key, key),
      hash(key),
      keyPair(key).publicKey,
      signer.publicKey,
      signer.sign(key),
    ];
    const before = results.map((bytes) => bytes.toHex());
    seal(key, 2, NONE, open(key, 1, NONE, seal(key, 1, NONE, new Uint8Array(100)))!);
    mac(key, sealed);
    hash(sealed);
    signer.sign(sealed);
    assertNotEquals(keyPair(new Uint8Array(32)).publicKey.toHex(), before[4]);
    assertEquals(results.map((bytes) => bytes.toHex()), before);
  });

  Deno.test(`both sides agree on a secret, the ${name} way, and nobody else has it`, () => {
    const dice = seededDice();
    const [one, other, third] = [keyPair(dice.bytes(32)), keyPair(dice.bytes(32)), keyPair(dice.bytes(32))];
    const secret = one.agree(other.publicKey)!.toHex();
    assertEquals(other.agree(one.publicKey)!.toHex(), secret);
    assertNotEquals(third.agree(one.publicKey)!.toHex(), secret);
    assertEquals(one.agree(new Uint8Array(32)), undefined);
  });
}

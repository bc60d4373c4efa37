import { assert, assertEquals, assertFalse, assertMatch, assertNotEquals } from "@std/assert";
import { Writer } from "../../../core/base/bytes.ts";
import { type Primitives, primitives } from "../../../core/base/crypto.ts";
import { bundle as bundleField } from "../../../core/messages/field.ts";
import {
  type Bundle,
  equalBundles,
  Identity,
  isGenuine,
  isIdentity,
  isReceiptOf,
  isSigned,
  NO_KEY,
  OUTCOMES,
  type Receipt,
  safetyNumber,
  SECRETS_BYTES,
  textHash,
} from "../../../core/messages/identity.ts";
import { nickKey } from "../../../core/messages/nick.ts";
import { Author, flipped } from "../../kit/author.ts";
import { cheapPrimitives } from "../../kit/cheap_primitives.ts";
import { type Dice, seededDice } from "../../kit/dice.ts";
import { ID, KEY, TOP_ID } from "../../kit/samples.ts";
import { bundleByHand, receiptByHand, safetyNumberByHand } from "./letter_by_hand.ts";

const bytes = (digits: string): Uint8Array => Uint8Array.fromHex(digits);

/**
 * Ed25519's: a signature is also one with this added to its second half, for whoever does not look (RFC 8032,
 * 5.1.7).
 */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function twoPeople(dice: Dice, kind: Primitives = primitives): [Author, Author] {
  return [new Author(kind, dice, "Zoë"), new Author(kind, dice, "bob")];
}

// ---- the keys of an identity -----------------------------------------------------------------------------

Deno.test("the first half of the secrets signs, the second half agrees", () => {
  const secrets = seededDice().bytes(SECRETS_BYTES);
  const identity = new Identity(primitives, secrets);
  assertEquals(identity.publicKey, primitives.signingKey(secrets.slice(0, 32)).publicKey.toHex());
  assertEquals(identity.keyPair.publicKey, primitives.keyPair(secrets.slice(32)).publicKey);
});

Deno.test("whoever writes into the secrets later changes no identity", () => {
  const secrets = seededDice().bytes(SECRETS_BYTES);
  const identity = new Identity(primitives, secrets);
  const before = identity.bundle("x", "00".repeat(32), 1, 1);
  secrets.fill(0);
  assertEquals(identity.bundle("x", "00".repeat(32), 1, 1), before);
});

/** A bundle under such a key: counters are tried until the runtime takes its signature. */

/** y of the points of order 1, 2, 4 and 8, each with both signs of x, and what is no canonical encoding. */
const NOBODYS_Y = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  ...Array.from({ length: 19 }, (_, at) => (0xed + at).toString(16) + "ff".repeat(30) + "7f"),
];
const NOBODYS = NOBODYS_Y.flatMap((y) => [y, flipped(y, 255)]);

/** A signature that nobody made, if the runtime takes one under this key: the second half is zero. */
function forgedUnder(identity: string): { message: Uint8Array; signature: string } | undefined {
  for (const first of NOBODYS.slice(0, 10)) {
    for (let count = 0; count < 16; count++) {
      const [message, signature] = [Uint8Array.of(count), first + "00".repeat(32)];
      if (primitives.verify(bytes(identity), message, bytes(signature))) return { message, signature };
    }
  }
  return undefined;
}

/** A bundle under such a key: whoever makes it up tries counters until the runtime takes its signature. */
function bundleForged(identity: string): Bundle {
  const [key, signature] = ["0f".repeat(32), "01".padEnd(128, "0")];
  for (let counter = 0;; counter++) {
    const bundle = { identity, key, prekey: key, prekeyAt: 0, counter, signature };
    const keys = { identity: bytes(identity), key: bytes(key), prekey: bytes(key), prekeyAt: 0, counter };
    const { signedBytes } = bundleByHand(new Uint8Array(32), "mal", keys);
    if (counter > 64 || primitives.verify(bytes(identity), signedBytes, bytes(signature))) return bundle;
  }
}

Deno.test("keys of small order and keys that are not canonical are nobody's identity", () => {
  let forgeries = 0;
  for (const identity of NOBODYS) {
    assertFalse(isIdentity(identity), identity);
    const forged = forgedUnder(identity);
    if (forged === undefined) continue;
    forgeries++;
    assertFalse(isSigned(primitives, identity, forged.message, forged.signature), identity);
    assertFalse(isGenuine(primitives, "mal", bundleForged(identity)), identity);
  }
  // That is what the rule is for: the runtime takes such signatures.
  assert(forgeries >= 8, `${forgeries}`);
});

Deno.test("every other key may be an identity", () => {
  const dice = seededDice();
  for (const y of ["ec" + "ff".repeat(30) + "7e", "02" + "00".repeat(31), "ed" + "ff".repeat(29) + "fe7f"]) {
    assert(isIdentity(y), y);
  }
  for (let count = 0; count < 100; count++) {
    assert(isIdentity(primitives.signingKey(dice.bytes(32)).publicKey.toHex()));
  }
});

// ---- bundles ---------------------------------------------------------------------------------------------

Deno.test("a bundle is made as it is by hand", () => {
  const dice = seededDice();
  for (const nick of ["a", "Zoë_1.-", "ΣΊΣΥΦΟΣ"]) {
    const { bundle, secrets } = new Author(primitives, dice, nick, {
      prekeyAt: dice.below(2 ** 31) * 2 ** 10,
      counter: dice.below(2 ** 31) * 2 ** 10,
    });
    const keys = { identity: bytes(bundle.identity), key: bytes(bundle.key), prekey: bytes(bundle.prekey) };
    const { prekeyAt, counter } = bundle;
    const made = bundleByHand(secrets.slice(0, 32), nickKey(nick), { ...keys, prekeyAt, counter });
    assertEquals(bundle.signature, made.signature.toHex());
    const writer = new Writer();
    bundleField.write(writer, bundle);
    assertEquals(writer.finish(), made.bundle);
  }
});

Deno.test("a bundle is genuine for its nick, in whatever case, and for no other nick", () => {
  const [{ bundle }] = twoPeople(seededDice());
  for (const nick of ["Zoë", "zoë", "ZOË", "ZOE\u0308"]) assert(isGenuine(primitives, nick, bundle), nick);
  for (const nick of ["Zoe", "Zoë1", "Zo", "bob", ""]) assertFalse(isGenuine(primitives, nick, bundle), nick);
});

Deno.test("a bundle of which one bit was changed is not genuine", () => {
  const [{ bundle, nick }] = twoPeople(seededDice());
  for (const name of ["identity", "key", "prekey", "signature"] as const) {
    for (let bit = 0; bit < 4 * bundle[name].length; bit++) {
      const changed = { ...bundle, [name]: flipped(bundle[name], bit) };
      assertFalse(isGenuine(primitives, nick, changed), `${name}, bit ${bit}`);
    }
  }
  for (const name of ["prekeyAt", "counter"] as const) {
    for (let bit = 0; bit < 48; bit++) {
      const changed = { ...bundle, [name]: Number(BigInt(bundle[name]) ^ 1n << BigInt(bit)) };
      assertFalse(isGenuine(primitives, nick, changed), `${name}, bit ${bit}`);
    }
  }
});

for (const [name, kind] of [["real", primitives], ["cheap", cheapPrimitives]] as const) {
  Deno.test(`a bundle is not genuine with a field of somebody else's, the ${name} way`, () => {
    const dice = seededDice();
    const [one, other] = twoPeople(dice, kind);
    const later = one.identity.bundle(one.nick, kind.keyPair(dice.bytes(32)).publicKey.toHex(), 1, 2);
    assert(isGenuine(kind, one.nick, one.bundle));
    assert(isGenuine(kind, one.nick, later));
    for (const source of [other.bundle, later]) {
      for (const field of Object.keys(source) as (keyof Bundle)[]) {
        if (source[field] === one.bundle[field]) continue;
        assertFalse(isGenuine(kind, one.nick, { ...one.bundle, [field]: source[field] }), field);
      }
    }
  });
}

Deno.test("what is no key, or no signature, makes nothing genuine, and nothing throws", () => {
  const [{ bundle, nick }] = twoPeople(seededDice());
  for (const digits of ["00", "02", "7f", "ff"]) {
    assertFalse(isGenuine(primitives, nick, { ...bundle, identity: digits.repeat(32) }), digits);
    assertFalse(isGenuine(primitives, nick, { ...bundle, signature: digits.repeat(64) }), digits);
  }
  assertFalse(isGenuine(primitives, nick, { ...bundle, signature: "00".repeat(64) }));
});

Deno.test("nobody but its maker makes another signature out of one", () => {
  const [{ bundle, nick }] = twoPeople(seededDice());
  const half = bytes(bundle.signature).subarray(32).reverse();
  const raised = (BigInt(`0x${half.toHex()}`) + ORDER).toString(16).padStart(64, "0");
  const signature = bundle.signature.slice(0, 64) + bytes(raised).reverse().toHex();
  assertNotEquals(signature, bundle.signature);
  assertFalse(isGenuine(primitives, nick, { ...bundle, signature }));
});

Deno.test("two bundles are equal when they say the same, all of it", () => {
  const [{ bundle }, { bundle: other }] = twoPeople(seededDice());
  assert(equalBundles(bundle, { ...bundle }));
  for (const field of Object.keys(bundle) as (keyof Bundle)[]) {
    const value = bundle[field];
    const changed = { ...bundle, [field]: typeof value === "number" ? value + 1 : other[field] };
    assertFalse(equalBundles(bundle, changed), field);
  }
});

// ---- receipts --------------------------------------------------------------------------------------------

Deno.test("a receipt is made as it is by hand", () => {
  const [one, other] = twoPeople(seededDice());
  for (const [at, outcome] of OUTCOMES.entries()) {
    for (const ephemeral of [NO_KEY, KEY]) {
      const said = { id: TOP_ID, edition: at % 2, ephemeral, outcome };
      const receipt = one.identity.receipt(one.nick, other.nick, said);
      const key = ephemeral === NO_KEY ? undefined : bytes(ephemeral);
      const letter = { id: bytes(TOP_ID), edition: at % 2, ephemeral: key };
      const parts = { ...letter, outcome: at, from: "zoë", to: "bob" };
      assertEquals(receipt.proof, receiptByHand(one.secrets.slice(0, 32), parts).signature.toHex());
    }
  }
});

Deno.test("a receipt binds the message, its letter, the outcome and both nicks, in whatever case", () => {
  const [one, other] = twoPeople(seededDice());
  const letter = { id: ID, edition: 0, ephemeral: KEY };
  const receipt = one.identity.receipt("Zoë", "bob", { ...letter, outcome: "read" });
  const said = { identity: one.identity.publicKey, from: "Zoë", to: "bob", receipt };
  const holds = ({ identity, from, to, receipt }: typeof said) =>
    isReceiptOf(primitives, identity, { from, to }, receipt);
  assert(holds(said));
  assert(holds({ ...said, from: "ZOË", to: "Bob" }));
  const changes: Partial<Receipt>[] = [
    { id: TOP_ID },
    { id: flipped(ID, 127) },
    { edition: 1 },
    { ephemeral: NO_KEY },
    { ephemeral: flipped(KEY, 255) },
    ...OUTCOMES.slice(1).map((outcome) => ({ outcome })),
    { proof: "" },
    { proof: "00".repeat(32) },
    { proof: "00".repeat(64) },
  ];
  for (const change of changes) {
    assertFalse(holds({ ...said, receipt: { ...receipt, ...change } }), JSON.stringify(change));
  }
  for (let bit = 0; bit < 512; bit++) {
    assertFalse(holds({ ...said, receipt: { ...receipt, proof: flipped(receipt.proof, bit) } }));
  }
  assertFalse(holds({ ...said, from: "bob", to: "Zoë" }));
  assertFalse(holds({ ...said, from: "Zoë1" }));
  assertFalse(holds({ ...said, to: "bo" }));
  assertFalse(holds({ ...said, identity: other.identity.publicKey }));
});

Deno.test("a letter moved from one nick to the other makes another receipt", () => {
  const [{ identity }] = twoPeople(seededDice());
  const said = { id: ID, edition: 0, ephemeral: KEY, outcome: "read" } as const;
  const receipt = identity.receipt("ab", "c", said);
  assertFalse(isReceiptOf(primitives, identity.publicKey, { from: "a", to: "bc" }, receipt));
});

Deno.test("a signature for one purpose serves no other one", () => {
  const [one, other] = twoPeople(seededDice());
  const said = { id: ID, edition: 0, ephemeral: KEY, outcome: "read" } as const;
  const receipt = one.identity.receipt(one.nick, other.nick, said);
  assertFalse(isGenuine(primitives, one.nick, { ...one.bundle, signature: receipt.proof }));
  const stolen = { ...receipt, proof: one.bundle.signature };
  assertFalse(isReceiptOf(primitives, one.bundle.identity, { from: one.nick, to: other.nick }, stolen));
});

// ---- safety numbers --------------------------------------------------------------------------------------

const asPerson = ({ nick, identity }: Author) => ({ nick, identity: identity.publicKey });

Deno.test("a safety number has 60 digits in groups of five, the same at both ends and by hand", () => {
  const dice = seededDice();
  for (let round = 0; round < 50; round++) {
    const [one, other] = twoPeople(dice).map(asPerson);
    const number = safetyNumber(primitives, one!, other!);
    assertMatch(number, /^\d{5}(?: \d{5}){11}$/);
    assertEquals(safetyNumber(primitives, other!, one!), number);
    const people = [one!, other!].map(({ nick, identity }) => ({
      nick: nickKey(nick),
      identity: bytes(identity),
    }));
    assertEquals(safetyNumberByHand(...people), number);
  }
});

Deno.test("the case of nicks does not matter for a safety number", () => {
  const [one, other] = twoPeople(seededDice()).map(asPerson);
  const number = safetyNumber(primitives, one!, other!);
  assertEquals(safetyNumber(primitives, { ...one!, nick: "ZOË" }, { ...other!, nick: "BOB" }), number);
});

Deno.test("another key or nick of either of the two makes another safety number, in that one's half", () => {
  const [one, other] = twoPeople(seededDice()).map(asPerson);
  const halves = safetyNumber(primitives, one!, other!).match(/^(.{35}) (.{35})$/)!.slice(1);
  for (let bit = 0; bit < 256; bit++) {
    const identity = flipped(one!.identity, bit);
    const changed = safetyNumber(primitives, { ...one!, identity }, other!);
    assertEquals(halves.filter((half) => changed.includes(half)).length, 1, `bit ${bit}`);
    const swapped = safetyNumber(primitives, one!, { ...other!, identity: flipped(other!.identity, bit) });
    assertEquals(halves.filter((half) => swapped.includes(half)).length, 1, `bit ${bit}`);
  }
  assertNotEquals(safetyNumber(primitives, { ...one!, nick: "zoe" }, other!), halves.join(" "));
});

// ---- the hash of a text ----------------------------------------------------------------------------------

Deno.test("the hash of a text binds the message's id as well", () => {
  const hash = textHash(primitives, ID, "é");
  assertEquals(hash, primitives.hash(bytes(ID), Uint8Array.of(0xc3, 0xa9)).toHex());
  assertNotEquals(textHash(primitives, TOP_ID, "é"), hash);
  assertNotEquals(textHash(primitives, ID, "e"), hash);
});

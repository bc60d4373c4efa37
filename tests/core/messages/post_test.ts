import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { MALFORMED } from "../../../core/base/bytes.ts";
import { primitives } from "../../../core/base/crypto.ts";
import { BODY_BYTES, TEXT_BYTES } from "../../../core/base/limits.ts";
import { NO_HASH } from "../../../core/messages/identity.ts";
import { nickKey } from "../../../core/messages/nick.ts";
import {
  decodePost,
  encodePost,
  isAuthentic,
  type Post,
  postHash,
  textOf,
} from "../../../core/messages/post.ts";
import { Author, flipped, POST_SALT } from "../../kit/author.ts";
import { type Dice, seededDice } from "../../kit/dice.ts";
import { ID, LONGEST_TEXT, mutated, TOP_ID } from "../../kit/samples.ts";
import { postByHand, type PostParts } from "./letter_by_hand.ts";

const NOW = 1_700_000_000_000;
const CHANNEL_KEY = new Uint8Array(32).fill(0xc0);
const OTHER_KEY = CHANNEL_KEY.with(31, 0xc1);
const bytes = (digits: string): Uint8Array => Uint8Array.fromHex(digits);

const KINDS = [["an open", undefined], ["a sealed", CHANNEL_KEY]] as const;

/** Somebody who posts. */
class Poster extends Author {
  constructor(dice: Dice, nick = "Alice") {
    super(primitives, dice, nick);
  }

  /** The first post, unless it is said to stand elsewhere. */
  posts(
    channelKey: Uint8Array | undefined,
    text: string,
    { id = ID, number = 1, previous = NO_HASH, sentAt = NOW } = {},
  ): Uint8Array {
    return this.post({ id, number, previous, sentAt, text }, channelKey);
  }
}

function decoded(post: Uint8Array): Post {
  const read = decodePost(post);
  assert(read !== MALFORMED);
  return read;
}

/** What whoever knows `channelKey` reads; `undefined` of what is no post, was not signed, or says nothing. */
function read(
  post: Uint8Array,
  channelKey: Uint8Array | undefined,
  { id = ID, from = "Alice" } = {},
): string | undefined {
  const one = decodePost(post);
  if (one === MALFORMED || !isAuthentic(primitives, { id, from }, one)) return undefined;
  return textOf(primitives, channelKey, id, one);
}

for (const [kind, key] of KINDS) {
  Deno.test(`${kind} post says what was written, and where it stands`, () => {
    const alice = new Poster(seededDice());
    const place = { number: 2 ** 40, previous: "7e".repeat(32), sentAt: NOW + 0.5 };
    const post = alice.posts(key, "Zoë\n😀", place);
    const { identity, isSealed, number, previous, sentAt } = decoded(post);
    assertEquals({ number, previous, sentAt }, { ...place, sentAt: NOW });
    assertEquals([identity, isSealed], [alice.identity.publicKey, key !== undefined]);
    assertEquals(read(post, key), "Zoë\n😀");
  });

  Deno.test(`${kind} post is made as it is by hand, byte for byte`, () => {
    const dice = seededDice();
    for (const text of ["", "hello, Zoë", "x".repeat(256), "😀".repeat(100)]) {
      const alice = new Poster(dice, "ÅLICE");
      const [id, previous, number] = [dice.bytes(16), dice.bytes(32), dice.below(2 ** 31)];
      const parts: PostParts = {
        id,
        from: nickKey(alice.nick),
        number,
        previous,
        sentAt: NOW,
        secret: alice.secrets.subarray(0, 32),
        channelKey: key,
        salt: POST_SALT,
        text,
      };
      const made = postByHand(parts);
      const post = alice.posts(key, text, { id: id.toHex(), number, previous: previous.toHex() });
      assertEquals(post, made.post);
      assertEquals(postHash(primitives, id.toHex(), post), made.hash.toHex());
    }
  });

  Deno.test(`${kind} post of which a byte was changed is not authentic`, () => {
    const dice = seededDice();
    const post = new Poster(dice).posts(key, "hello");
    for (let at = 0; at < post.length; at++) {
      const changed = decodePost(post.with(at, post[at]! ^ 1 << dice.below(8)));
      assert(
        changed === MALFORMED || !isAuthentic(primitives, { id: ID, from: "Alice" }, changed),
        `byte ${at}`,
      );
    }
    assertEquals(read(post, key), "hello");
  });

  Deno.test(`${kind} post that was cut off or made longer is no post`, () => {
    const post = new Poster(seededDice()).posts(key, "hello");
    for (let length = 0; length < post.length; length++) {
      assertEquals(decodePost(post.subarray(0, length)), MALFORMED, `${length} bytes`);
    }
    assertEquals(decodePost(Uint8Array.of(...post, 0)), MALFORMED);
  });

  Deno.test(`${kind} post is bound to its id and to its sender's nick, in whatever case`, () => {
    const post = new Poster(seededDice()).posts(key, "hello");
    assertEquals(read(post, key, { from: "ALICE" }), "hello");
    for (let bit = 0; bit < 128; bit++) assertEquals(read(post, key, { id: flipped(ID, bit) }), undefined);
    for (const from of ["bob", "Alic", "Alice1", ""]) assertEquals(read(post, key, { from }), undefined);
  });

  Deno.test(`nobody signs ${kind} post with his own key under somebody else's identity`, () => {
    const dice = seededDice();
    const [alice, mallory] = [new Poster(dice), new Poster(dice)];
    const [mine, hers] = [mallory.posts(key, "forged"), alice.posts(key, "x")];
    const at = 6 + 32 + 6 + 1;
    const forged = Uint8Array.from([...mine.subarray(0, at), ...hers.subarray(at, at + 32)]);
    assertEquals(read(Uint8Array.of(...forged, ...mine.subarray(at + 32)), key), undefined);
    assertEquals(read(mine, key), "forged");
    assertEquals(decoded(mine).identity, mallory.identity.publicKey);
  });

  Deno.test(`no bytes make reading ${kind} post throw`, () => {
    const dice = seededDice();
    const post = new Poster(dice).posts(key, "hello");
    for (let round = 0; round < 2000; round++) {
      const changed = round % 4 === 0 ? dice.bytes(dice.below(400)) : mutated(dice, post);
      if (read(changed, key) !== undefined) assertEquals(changed, post);
    }
  });

  Deno.test(`the longest text of ${kind} post finds room in a verb, and is read again`, () => {
    const post = new Poster(seededDice()).posts(key, LONGEST_TEXT);
    assert(post.length <= BODY_BYTES);
    assertEquals(read(post, key), LONGEST_TEXT);
  });
}

// ---- the channel key -------------------------------------------------------------------------------------

Deno.test("a sealed post is read under its channel key, and under no other", () => {
  const post = decoded(new Poster(seededDice()).posts(CHANNEL_KEY, "secret"));
  assertEquals(textOf(primitives, CHANNEL_KEY, ID, post), "secret");
  assertEquals(textOf(primitives, OTHER_KEY, ID, post), undefined);
  assertEquals(textOf(primitives, undefined, ID, post), undefined);
  // Whom it is from everybody can tell.
  assert(isAuthentic(primitives, { id: ID, from: "Alice" }, post));
});

Deno.test("an open post is read by everybody, with whatever channel key", () => {
  const post = decoded(new Poster(seededDice()).posts(undefined, "hello"));
  for (const key of [undefined, CHANNEL_KEY, OTHER_KEY]) {
    assertEquals(textOf(primitives, key, ID, post), "hello");
  }
});

Deno.test("what is sealed is bound to its id, its sender and everything before it, also for who can sign", () => {
  const dice = seededDice();
  const [alice, mallory] = [new Poster(dice), new Poster(dice)];
  const post = decoded(alice.posts(CHANNEL_KEY, "secret"));
  assertEquals(textOf(primitives, CHANNEL_KEY, TOP_ID, post), undefined);
  const identity = mallory.identity.publicKey;
  assertEquals(textOf(primitives, CHANNEL_KEY, ID, { ...post, identity }), undefined);
  for (let at = 0; at < post.header.length; at++) {
    const header = post.header.with(at, post.header[at]! ^ 1);
    assertEquals(textOf(primitives, CHANNEL_KEY, ID, { ...post, header }), undefined, `byte ${at}`);
  }
  for (let at = 0; at < post.content.length; at++) {
    const content = post.content.with(at, post.content[at]! ^ 1);
    assertEquals(textOf(primitives, CHANNEL_KEY, ID, { ...post, content }), undefined, `byte ${at}`);
  }
});

Deno.test("what was sealed does not pass for open, and what was open not for sealed", () => {
  const alice = new Poster(seededDice());
  const [open, sealed] = [alice.posts(undefined, "x"), alice.posts(CHANNEL_KEY, "x")];
  const at = 6 + 32 + 6;
  assertEquals([open[at], sealed[at]], [0x40, 0x41]);
  for (const [post, own] of [[open, 0x40], [sealed, 0x41]] as const) {
    for (let kind = 0; kind < 256; kind++) {
      if (kind !== own) assertEquals(read(post.with(at, kind), CHANNEL_KEY), undefined);
      if (![0, 1, 0x40, 0x41].includes(kind)) assertEquals(decodePost(post.with(at, kind)), MALFORMED);
    }
  }
});

Deno.test("two texts under one id and in one place, as from a restored folder, are sealed under two keys", () => {
  const { identity } = new Poster(seededDice());
  const place = { id: ID, from: "Alice", number: 1, previous: NO_HASH, sentAt: NOW };
  const [one, other] = [1, 2].map((count) => {
    const seal = { channelKey: CHANNEL_KEY, salt: new Uint8Array(16).fill(count) };
    return encodePost(primitives, identity, seal, { ...place, text: "x".repeat(count) });
  });
  for (const [post, text] of [[one!, "x"], [other!, "xx"]] as const) {
    assertEquals(read(post, CHANNEL_KEY), text);
  }
  // One key would give away where two texts are the same: all of them behind the first bytes.
  const contents = [decoded(one!).content, decoded(other!).content];
  const same = contents[0]!.filter((byte, at) => byte === contents[1]![at]).length;
  assert(same < contents[0]!.length / 8, `${same} of ${contents[0]!.length}`);
});

for (const [kind, key] of KINDS) {
  Deno.test(`${kind} post of version 3 is still read, and passes for none of version 4`, () => {
    const alice = new Poster(seededDice());
    const { post } = postByHand({
      version: 3,
      id: bytes(ID),
      from: "alice",
      number: 1,
      previous: bytes(NO_HASH),
      sentAt: NOW,
      secret: alice.secrets.subarray(0, 32),
      channelKey: key,
      salt: POST_SALT,
      text: "hello",
    });
    assertEquals(read(post, key), "hello");
    const at = 6 + 32 + 6;
    assertEquals(read(post.with(at, 0x40), key), undefined);
    assertEquals(read(post.with(at, 0x41), key), undefined);
  });
}

Deno.test("the same text under two ids shows no common bytes of content", () => {
  const alice = new Poster(seededDice());
  const [one, other] = [ID, TOP_ID].map((id) => decoded(alice.posts(CHANNEL_KEY, "x", { id })).content);
  const same = one!.filter((byte, at) => byte === other![at]).length;
  assert(same < one!.length / 8, `${same} of ${one!.length}`);
});

// ---- what it says ----------------------------------------------------------------------------------------

Deno.test("a post that says no text, or too long a one, says nothing", () => {
  const post = decoded(new Poster(seededDice()).posts(undefined, "hi"));
  const long = new Uint8Array(3 + TEXT_BYTES + 1).fill(0x78);
  long.set([1, 0, 1]);
  for (
    const [what, content] of [
      ["nothing", new Uint8Array(0)],
      ["no length", Uint8Array.of(0, 0)],
      ["less than it says", Uint8Array.of(0, 0, 2, 0x78)],
      ["no UTF-8", Uint8Array.of(0, 0, 1, 0xff)],
      ["too long a text", long],
    ] as const
  ) {
    assertEquals(textOf(primitives, undefined, ID, { ...post, content }), undefined, what);
  }
});

Deno.test("open posts are as long as their text, sealed ones are filled up to 256, 512 ... 65,536 bytes", () => {
  const alice = new Poster(seededDice());
  const around = 6 + 32 + 6 + 1 + 32 + 3 + 3 + 64;
  for (
    const [length, filled] of [
      [0, 256],
      [1, 256],
      [255, 256],
      [256, 256],
      [257, 512],
      [65_536, 65_536],
    ] as const
  ) {
    const text = "x".repeat(length);
    assertEquals(alice.posts(undefined, text).length, around + length);
    assertEquals(alice.posts(CHANNEL_KEY, text).length, around + 16 + filled + 16);
  }
});

// ---- the chain -------------------------------------------------------------------------------------------

Deno.test("the hash of a post binds its id and every byte of it", () => {
  const post = new Poster(seededDice()).posts(undefined, "hello");
  const hash = postHash(primitives, ID, post);
  assertEquals(hash, primitives.hash(bytes(ID), post).toHex());
  assertNotEquals(postHash(primitives, TOP_ID, post), hash);
  for (let at = 0; at < post.length; at++) {
    assertNotEquals(postHash(primitives, ID, post.with(at, post[at]! ^ 1)), hash);
  }
});

Deno.test("number and hash of the post before are signed", () => {
  const alice = new Poster(seededDice());
  const first = alice.posts(undefined, "one");
  const second = alice.posts(undefined, "two", { number: 2, previous: postHash(primitives, ID, first) });
  assertEquals(decoded(second).previous, postHash(primitives, ID, first));
  const asFirst = Uint8Array.from([...first.subarray(0, 38), ...second.subarray(38)]);
  assertFalse(isAuthentic(primitives, { id: ID, from: "Alice" }, decoded(asFirst)));
});

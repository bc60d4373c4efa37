import { assert, assertEquals, assertLessOrEqual, assertNotEquals } from "@std/assert";
import { utf8Length } from "../../../core/base/bytes.ts";
import { SKELETON_BYTES } from "../../../core/base/limits.ts";
import { CONFUSABLES } from "../../../core/messages/confusables.ts";
import { isNick, nickSkeleton } from "../../../core/messages/nick.ts";
import { skeletonOf } from "../../../core/messages/skeleton.ts";
import { confusables } from "./confusables.ts";

Deno.test("the table is what its source says of nicks ('deno run --allow-write=core tests/core/messages/confusables.ts')", () => {
  assertEquals<unknown>(CONFUSABLES, confusables());
});

/** The nicks of a line look alike. Some have letters that are Cyrillic, Greek or of full width. */
const ALIKE: readonly (readonly string[])[] = [
  ["alice", "ALICE", "\u0430lice", "alic\u0435"],
  ["bob", "b\u03bfb", "b\u043eb"],
  ["tim", "tirn"],
  ["paypal", "paypa1", "\u0440\u0430\u0443\u0440\u0430l"],
  ["Zo\u00eb", "ZO\u00cb"],
  ["c", "\uff43"],
  // Their capitals look like Latin ones, their small letters do not.
  ["eve", "\u0395VE"],
  ["tom", "\u0422\u041e\u041c"],
  // These letters have no small form.
  ["anna", "\ua4ee\ua4e0\ua4e0\ua4ee"],
  ["bill", "biII"],
];

Deno.test("nicks that look alike have one skeleton, in whatever case, and other nicks have other ones", () => {
  const skeletons = ALIKE.map((nicks) => {
    for (const nick of nicks) assert(isNick(nick), nick);
    const all = new Set(nicks.map(nickSkeleton));
    assertEquals(all.size, 1, [...all].join());
    return [...all][0]!;
  });
  assertEquals(new Set(skeletons).size, ALIKE.length);
  assertNotEquals(nickSkeleton("alice"), nickSkeleton("alicia"));
});

Deno.test("as it is written, a capital I looks like an l", () => {
  assertEquals(skeletonOf("aIice"), skeletonOf("alice"));
  assertNotEquals(skeletonOf("aiice"), skeletonOf("alice"));
});

Deno.test("the skeleton of a skeleton is the same one", () => {
  for (const [prototype] of CONFUSABLES) {
    const skeleton = skeletonOf(prototype);
    assertEquals(skeletonOf(skeleton), skeleton, prototype);
  }
});

Deno.test("a skeleton has a bound, and no character of it is cut in two", () => {
  for (const [prototype, lookAlikes] of CONFUSABLES) {
    for (const one of [prototype, ...lookAlikes]) {
      const skeleton = nickSkeleton(one.repeat(32));
      assertLessOrEqual(utf8Length(skeleton), SKELETON_BYTES);
      assertEquals(skeleton, skeleton.toWellFormed());
    }
  }
});

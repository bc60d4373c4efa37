import { assert, assertEquals, assertFalse } from "@std/assert";
import { Sought, wordsOf } from "../../storage/words.ts";

Deno.test("words are letters, digits and marks, without regard to case, accents and width", () => {
  assertEquals([...wordsOf("Ünder_score, ΣΊΣΥΦΟΣ! ＡＢＣ 42")], ["under_score", "σισυφοσ", "abc", "42"]);
  assertEquals([...wordsOf("… — ' \u0000 \u001b[31m")], ["31m"]);
});

Deno.test("in scripts without spaces each character is a word, and each pair of neighbours", () => {
  assertEquals([...wordsOf("a会议室b")], ["a", "会", "议", "会议", "室", "议室", "b"]);
  assertEquals([...wordsOf("か")], ["か"]);
  assertEquals([...wordsOf("ｶﾞ")], ["ガ"]);
});

Deno.test("a phrase has to stand together, and what is no word finds nothing", () => {
  const sought = new Sought("会议室");
  assertEquals(sought.words, ["会议", "议室"]);
  assert(sought.isIn("在会议室里"));
  assertFalse(sought.isIn("会议 议室"));
  assertFalse(new Sought("!?").isIn("!?"));
});

Deno.test("of a very long word the beginning counts, and its characters stay whole", () => {
  const word = "𝒳𐐀".repeat(60);
  for (const each of wordsOf(word)) assert([...each].length <= 64 && each.isWellFormed());
  assert(new Sought(word).isIn(word));
});

import { assert, assertEquals, assertFalse } from "@std/assert";
import { utf8Length } from "../../../core/base/bytes.ts";
import { isNick, nickKey, sameNick } from "../../../core/messages/nick.ts";

Deno.test("letters and digits of any script, and _ - .", () => {
  for (const nick of ["x", "Bob_2", "a.b-c", "Zoë", "Ωμέγα", "李雷", "мир", "٣", "7", "a.", "-7-"]) {
    assert(isNick(nick), nick);
  }
});

Deno.test("nothing else: spaces, signs, controls, lone surrogates, marks, pictures", () => {
  const wrong = [
    "",
    " ",
    "a b",
    "a\tb",
    "a\nb",
    "a:b",
    "a@b",
    "[a]",
    "a/b",
    "a\\b",
    "a%b",
    "\u{1B}",
    "a\u{7F}",
  ];
  const stranger = ["a\u{85}", "\u{D800}", "a\u{DC00}", "a\u{301}", "😀", "a\u{A0}b", "²", "½"];
  for (const nick of [...wrong, ...stranger]) assertFalse(isNick(nick), JSON.stringify(nick));
});

Deno.test("no letter that takes no room: two nicks that look the same are not both nicks", () => {
  const invisible = [
    "\u{3164}",
    "\u{115F}",
    "\u{1160}",
    "\u{FFA0}",
    "\u{200B}",
    "\u{200D}",
    "\u{FEFF}",
    "\u{AD}",
  ];
  const turning = ["\u{202E}", "\u{2066}", "\u{180E}", "\u{E0061}", "\u{FE0F}"];
  for (const letter of [...invisible, ...turning]) {
    assertFalse(isNick(letter), letter.codePointAt(0)!.toString(16));
    assertFalse(isNick(`bob${letter}`), letter.codePointAt(0)!.toString(16));
  }
});

Deno.test("at most 32 characters and at most 64 bytes of UTF-8", () => {
  assert(isNick("a".repeat(32)));
  assertFalse(isNick("a".repeat(33)));
  assert(isNick("é".repeat(32)));
  assert(isNick("李".repeat(21)));
  assertFalse(isNick("李".repeat(22)));
  // Beyond the basic plane a character is one character, not two.
  assert(isNick("𝔞".repeat(16)));
  assertEquals(utf8Length("𝔞".repeat(16)), 64);
  assertFalse(isNick("𝔞".repeat(16) + "a"));
});

Deno.test("SERVER is reserved, however it is written", () => {
  for (const nick of ["SERVER", "server", "SeRvEr", "ＳＥＲＶＥＲ", "𝒮ERVER", "ſerver"]) {
    assertFalse(isNick(nick), nick);
  }
  assert(isNick("SERVER2"));
});

Deno.test("nothing that looks like SERVER, with letters of other scripts, small capitals, signs or marks", () => {
  const scripts = ["S\u0415RVER", "s\u0435rv\u0435r", "S\u0395RV\u0395R", "\u0405ERVER", "serv\u03b5r"];
  const capitals = ["\ua4e2\ua4f0\ua4e3\ua4e6\ua4f0\ua4e3", "s\u1d07\u0280\u1d20\u1d07\u0280"];
  const signs = [
    "SERVER.",
    "_server_",
    "SER-VER",
    "SERVER\ua4fd",
    "SERVER\ua4f8",
    "S\u00c9RVER",
    "\u0282erver",
  ];
  for (const nick of [...scripts, ...capitals, ...signs]) assertFalse(isNick(nick), nick);
  for (const nick of ["SERVER2", "serve", "servers", "sverre", "observer"]) assert(isNick(nick), nick);
});

Deno.test("signs alone are no nick, nor letters that look like signs", () => {
  for (const nick of [".", "..", "-", "_", "-_.", "\ua4f8", "\ua4fa."]) assertFalse(isNick(nick), nick);
});

Deno.test("nicks are compared without case, after NFKC", () => {
  const same: readonly [string, string][] = [
    ["Bob", "bOB"],
    ["Zoë", "ZOE\u{308}"],
    ["ﬁnn", "FINN"],
    ["Ａlice", "alice"],
    ["x²", "X2"],
    ["Å", "Å"],
  ];
  for (const [a, b] of same) assert(sameNick(a, b), `${a} ${b}`);
  for (const [a, b] of [["bob", "b0b"], ["zoe", "zoë"], ["a.b", "ab"]] as const) assertFalse(sameNick(a, b));
});

Deno.test("the key of a key is that key, for every letter there is", () => {
  let nicks = 0;
  for (let code = 0x2d; code < 0x20000; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const nick = `a${String.fromCodePoint(code)}`;
    if (!isNick(nick)) continue;
    nicks++;
    const key = nickKey(nick);
    assertEquals(nickKey(key), key, code.toString(16));
  }
  assert(nicks > 60_000, String(nicks));
});

Deno.test("a nick whose letters become so many that its key is too long is none", () => {
  // U+FDFA becomes 18 letters, 33 bytes.
  assertEquals([7, 8].map((count) => isNick("\u{FDFA}".repeat(count))), [true, false]);
});

/** Identity files with a passphrase: how one comes to it, and that nobody opens the file without it. */
import { dirname } from "node:path";
import { assertEquals, assertFalse, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import {
  filesBeside,
  KNOWN,
  KNOWN_TEXT,
  make,
  refusal,
  secretsOf,
  textOf,
  user,
  withFile,
  write,
} from "./identity_scene.ts";

Deno.test(
  "a new identity with a passphrase: asked twice, then once each time",
  withFile(async (path) => {
    const maker = user("correct horse", "correct horse");
    const secrets = await make(path, { protects: true, ask: maker.ask });
    assertEquals(maker.questions, ["New passphrase: ", "The same again: "]);
    assertMatch(Deno.readTextFileSync(path), /^parley identity, scrypt [0-9a-f]{32}\n[0-9a-f]{160}\n$/);

    for (const protects of [false, true]) {
      const owner = user("correct horse");
      assertEquals(await secretsOf(path, { protects, ask: owner.ask }), secrets);
      assertEquals(owner.questions, [`Passphrase of '${path}': `]);
    }
  }),
);

Deno.test(
  "an identity without a passphrase gets one, and stays the same identity",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    assertEquals(await secretsOf(path, { protects: true, ask: user("a b", "a b").ask }), KNOWN);
    assertEquals(filesBeside(path), ["identity"]);
    assertEquals(await secretsOf(path, { ask: user("a b").ask }), KNOWN);
  }),
);

Deno.test(
  "the blocks of the file without a passphrase are overwritten",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    // Another name of the same blocks.
    Deno.linkSync(path, `${path}.blocks`);
    await secretsOf(path, { protects: true, ask: user("a b", "a b").ask });
    assertEquals(Deno.readFileSync(`${path}.blocks`), new Uint8Array(KNOWN_TEXT.length));
    assertEquals(await secretsOf(path, { ask: user("a b").ask }), KNOWN);
  }),
);

/**
 * The digits of a file, taken as bytes, never happen to spell a part of this: no byte of it is an ASCII
 * character.
 */
const NOT_ASCII = Uint8Array.from({ length: 64 }, (_, at) => 0x80 + at);

Deno.test(
  "the secret is nowhere in a protected file, and no two files are alike",
  withFile(async (path) => {
    const texts: string[] = [];
    for (let count = 0; count < 2; count++) {
      write(path, textOf(NOT_ASCII));
      await secretsOf(path, { protects: true, ask: user("a", "a").ask });
      texts.push(Deno.readTextFileSync(path));
    }
    const [salts, seals] = [/scrypt (.*)\n/, /\n(.*)\n$/].map((part) =>
      texts.map((it) => part.exec(it)![1]!)
    );
    assertNotEquals(salts![0], salts![1]);
    for (const [at, text] of texts.entries()) {
      const bytes = Uint8Array.fromHex(seals![at]!).toHex() + new TextEncoder().encode(text).toHex();
      for (let from = 0; from < 64; from += 4) {
        const part = NOT_ASCII.subarray(from, from + 4).toHex();
        assertFalse(text.includes(part), `digits ${from}`);
        assertFalse(bytes.includes(part), `bytes ${from}`);
      }
    }
    assertNotEquals(seals![0], seals![1]);
  }),
);

Deno.test(
  "a wrong passphrase is refused, and an empty one is a wrong one",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    await secretsOf(path, { protects: true, ask: user("Passphrase", "Passphrase").ask });
    const sealed = Deno.readTextFileSync(path);
    for (const wrong of ["passphrase", "Passphrase ", "Passphras", ""]) {
      assertEquals(
        await refusal(path, { ask: user(wrong).ask }),
        `cannot open the identity '${path}': the passphrase is wrong`,
      );
    }
    assertEquals(Deno.readTextFileSync(path), sealed);
    assertEquals(await secretsOf(path, { ask: user("Passphrase").ask }), KNOWN);
  }),
);

Deno.test(
  "a sealed file that was changed does not open, salt and seal alike",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    await secretsOf(path, { protects: true, ask: user("a", "a").ask });
    const text = Deno.readTextFileSync(path);
    const other = (digit: string) => digit === "0" ? "1" : "0";
    const saltAt = text.indexOf("scrypt ") + "scrypt ".length;
    for (const at of [saltAt, text.length - 161, text.length - 2]) {
      write(path, text.slice(0, at) + other(text[at]!) + text.slice(at + 1));
      assertEquals(
        await refusal(path, { ask: user("a").ask }),
        `cannot open the identity '${path}': the passphrase is wrong`,
      );
    }
  }),
);

Deno.test(
  "an empty passphrase, or two that differ: nothing is made, and what was there stays",
  withFile(async (path) => {
    const empty = "cannot protect the identity: the passphrase is empty, choose one";
    const differ = "cannot protect the identity: the two passphrases differ, try again";
    for (const [answers, sentence] of [[[""], empty], [["a", "b"], differ], [["a", ""], differ]] as const) {
      assertEquals(
        await refusal(path, { mayMake: true, protects: true, ask: user(...answers).ask }),
        sentence,
      );
      assertEquals(filesBeside(dirname(path)), []);
    }
    write(path, KNOWN_TEXT);
    for (const answers of [[""], ["a", "b"]]) {
      await refusal(path, { protects: true, ask: user(...answers).ask });
      assertEquals(Deno.readTextFileSync(path), KNOWN_TEXT);
    }
    assertEquals(await secretsOf(path), KNOWN);
  }),
);

Deno.test(
  "a question that is not answered leaves the file as it was, and free",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    await assertRejects(() => secretsOf(path, { protects: true }), Error, "New passphrase");
    await assertRejects(() => secretsOf(path, { protects: true, ask: user("a").ask }), Error, "again");
    assertEquals(Deno.readTextFileSync(path), KNOWN_TEXT);
    assertEquals(await secretsOf(path), KNOWN);
  }),
);

Deno.test(
  "however an accent is typed, it is the same passphrase",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    await secretsOf(path, { protects: true, ask: user("caf\u00e9 \ufb01n", "caf\u00e9 \ufb01n").ask });
    assertEquals(await secretsOf(path, { ask: user("cafe\u0301 fin").ask }), KNOWN);
  }),
);

/**
 * Made by other programs, Python's hashlib.scrypt and cryptography's ChaCha20Poly1305, as the format is
 * described.
 */
const SEALED_ELSEWHERE = "parley identity, scrypt a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\n" +
  "1d07a00f14d73ed9283ab06257570b40806893c6bc8891fd92e86edd17b4a9bda2fb0a477130a87917ac546775cfc394" +
  "373ca5c3a8ee2126b48674e69aaa8821817e08750f58e26d2dd6bf27b144b3da\n";

Deno.test(
  "a file that was sealed elsewhere opens",
  withFile(async (path) => {
    write(path, SEALED_ELSEWHERE);
    assertEquals(await secretsOf(path, { ask: user("Zoë's fish 漢字").ask }), KNOWN);
  }),
);

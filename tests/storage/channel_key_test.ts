/** The file with the key of a channel. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { readChannelKey } from "../../storage/channel_key.ts";
import { StoreError } from "../../storage/store_error.ts";

const posix = Deno.build.os !== "windows";
const DIGITS = "0123456789abcdef".repeat(4);
const MAKE = "make one with 'openssl rand -hex 32'";

/** Runs with the path of a file that does not exist. */
function withFile(work: (path: string) => void): () => Promise<void> {
  return async () => {
    const folder = await Deno.makeTempDir();
    try {
      work(`${folder}/channel_key`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

function write(path: string, text: string): void {
  Deno.writeTextFileSync(path, text, { mode: 0o600 });
}

function refusal(path: string): string {
  return assertThrows(() => readChannelKey(path), StoreError).message;
}

Deno.test(
  "64 hexadecimal digits, capital or not, with what an editor puts behind them",
  withFile((path) => {
    const key = Uint8Array.fromHex(DIGITS);
    const texts = [DIGITS, `${DIGITS}\n`, `${DIGITS}\r\n`, `  ${DIGITS} \n\n`, DIGITS.toUpperCase()];
    for (const text of texts) {
      write(path, text);
      assertEquals(readChannelKey(path), key);
      assertEquals(Deno.readTextFileSync(path), text);
    }
  }),
);

const NOT_KEYS: readonly [what: string, text: string][] = [
  ["nothing", ""],
  ["a digit too few", DIGITS.slice(1)],
  ["a digit too many", `${DIGITS}0`],
  ["a digit that is none", DIGITS.replace("f", "g")],
  ["another notation", `0x${DIGITS}`],
  ["two keys", `${DIGITS}\n${DIGITS}\n`],
  ["spaces inside", DIGITS.replace("8", " ")],
  ["bytes instead of digits", "\0".repeat(32)],
];

for (const [what, text] of NOT_KEYS) {
  Deno.test(
    `what is no key is named: ${what}`,
    withFile((path) => {
      write(path, text);
      assertEquals(
        refusal(path),
        `cannot use the channel key '${path}': it is not 64 hexadecimal digits, ${MAKE}`,
      );
    }),
  );
}

Deno.test(
  "without a file none is made",
  withFile((path) => {
    assertEquals(refusal(path), `cannot read the channel key '${path}': there is no such file, ${MAKE}`);
    assertThrows(() => Deno.lstatSync(path), Deno.errors.NotFound);
  }),
);

Deno.test(
  "what keeps it from being read is a sentence",
  withFile((path) => {
    Deno.mkdirSync(path, { mode: 0o700 });
    const sentence = refusal(path);
    assert(sentence.startsWith(`cannot read the channel key '${path}': `), sentence);
    Deno.removeSync(path);
    write(path, DIGITS);
    assertEquals(
      refusal(`${path}/deeper`),
      `cannot read the channel key '${path}/deeper': a file is in the way, choose another place`,
    );
  }),
);

Deno.test({
  name: "a key that others may read is refused, whatever it is",
  ignore: !posix,
  fn: withFile((path) => {
    for (const text of [DIGITS, "no key"]) {
      write(path, text);
      for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644, 0o666]) {
        Deno.chmodSync(path, mode);
        assertEquals(
          refusal(path),
          `cannot use '${path}': others may read or change it, 'chmod 600 ${path}'`,
        );
      }
    }
    write(path, DIGITS);
    for (const mode of [0o600, 0o400]) {
      Deno.chmodSync(path, mode);
      assertEquals(readChannelKey(path), Uint8Array.fromHex(DIGITS));
    }
  }),
});

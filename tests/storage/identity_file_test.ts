/** The file with somebody's keys: made once, for nobody else's eyes, never half, one process's at a time. */
import { dirname } from "node:path";
import { assert, assertEquals, assertFalse, assertMatch, assertNotEquals } from "@std/assert";
import { openIdentity } from "../../storage/identity_file.ts";
import {
  filesBeside,
  KNOWN,
  KNOWN_TEXT,
  make,
  nobody,
  refusal,
  secretsOf,
  user,
  withFile,
  write,
} from "./identity_scene.ts";

const posix = Deno.build.os !== "windows";

Deno.test(
  "an identity is made once, and is the same ever after",
  withFile(async (path) => {
    const secrets = await make(path);
    assertEquals(secrets.length, 64);
    assertEquals(Deno.readTextFileSync(path), `parley identity\n${secrets.toHex()}\n`);
    assertEquals(filesBeside(path), ["identity"]);
    assertEquals(await secretsOf(path), secrets);
    assertEquals(await make(path), secrets);
    assertNotEquals(await make(`${path}-other`), secrets);
  }),
);

Deno.test(
  "what is in the file is what is used",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    assertEquals(await secretsOf(path), KNOWN);
    assertEquals(Deno.readTextFileSync(path), KNOWN_TEXT);
  }),
);

Deno.test({
  name: "nobody else may read the file or enter the folder that is made",
  ignore: !posix,
  fn: withFile(async (path) => {
    const mode = (of: string) => Deno.statSync(of).mode! & 0o777;
    const umask = Deno.umask(0);
    try {
      await make(path);
      assertEquals([mode(dirname(path)), mode(path)], [0o700, 0o600]);
      await secretsOf(path, { protects: true, ask: user("a", "a").ask });
      assertEquals(mode(path), 0o600);
    } finally {
      Deno.umask(umask);
    }
  }),
});

Deno.test({
  name: "a file that others may read or change is refused, and nothing is asked or written",
  ignore: !posix,
  fn: withFile(async (path) => {
    write(path, KNOWN_TEXT);
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666, 0o777]) {
      Deno.chmodSync(path, mode);
      for (const protects of [false, true]) {
        assertEquals(
          await refusal(path, { mayMake: true, protects }),
          `cannot use '${path}': others may read or change it, 'chmod 600 ${path}'`,
        );
      }
      assertEquals(Deno.readTextFileSync(path), KNOWN_TEXT);
    }
    for (const mode of [0o600, 0o400]) {
      Deno.chmodSync(path, mode);
      assertEquals(await secretsOf(path), KNOWN);
    }
  }),
});

Deno.test(
  "where none may be made, none is, and nor is a folder",
  withFile(async (path) => {
    for (const protects of [false, true]) {
      assertEquals(
        await refusal(path, { protects }),
        `cannot read the identity '${path}': there is no such file, put it back from a copy`,
      );
      assertEquals(filesBeside(dirname(path)), []);
    }
  }),
);

const SALT = "5a".repeat(16);
const DAMAGED: readonly [what: string, text: string][] = [
  ["an empty file", ""],
  ["something else", "my notes\n"],
  ["a file cut off in its secret", KNOWN_TEXT.slice(0, -20)],
  ["a file cut off before its end", KNOWN_TEXT.slice(0, -1)],
  ["a digit too many", KNOWN_TEXT.replace("0\n", "00\n").replace("3f\n", "3f0\n")],
  ["a digit that is none", KNOWN_TEXT.replace("3f\n", "3g\n")],
  ["another line behind", `${KNOWN_TEXT}\n`],
  ["two identities", KNOWN_TEXT + KNOWN_TEXT],
  ["zeros, as a crashed disk leaves them", "\0".repeat(KNOWN_TEXT.length)],
  ["a seal without its salt", `parley identity, scrypt\n${"0".repeat(160)}\n`],
  ["a seal that is cut off", `parley identity, scrypt ${SALT}\n${"0".repeat(158)}\n`],
  ["far more than an identity", KNOWN_TEXT + "#".repeat(100_000)],
];

for (const [what, text] of DAMAGED) {
  Deno.test(
    `a file that is damaged is named and left as it is: ${what}`,
    withFile(async (path) => {
      write(path, text);
      for (const protects of [false, true]) {
        assertEquals(
          await refusal(path, { mayMake: true, protects }),
          `cannot use the identity '${path}': it is damaged, put it back from a copy`,
        );
      }
      assertEquals(Deno.readTextFileSync(path), text);
    }),
  );
}

Deno.test(
  "what keeps the file from being read or made is a sentence",
  withFile(async (path) => {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    const sentence = await refusal(path, { mayMake: true });
    assertEquals(sentence, `cannot use '${path}': it is a folder, choose a file`);
    write(`${path}/../file`, "");
    assertEquals(
      await refusal(`${path}/../file/identity`, { mayMake: true }),
      `cannot read the identity '${path}/../file/identity': a file is in the way, choose another place`,
    );
  }),
);

Deno.test(
  "a leftover of a process that was killed while it made one does no harm",
  withFile(async (path) => {
    const other = Deno.pid + 1;
    for (const leftover of [KNOWN_TEXT.slice(0, 40), KNOWN_TEXT + KNOWN_TEXT]) {
      write(`${path}.${Deno.pid}`, leftover);
      write(`${path}.${other}`, leftover);
      const secrets = await make(path);
      assertEquals(await secretsOf(path), secrets);
      assertEquals(filesBeside(path), ["identity", `identity.${other}`]);
      Deno.removeSync(path);
    }
  }),
);

Deno.test(
  "an identity is one process's at a time",
  withFile(async (path) => {
    const inUse = `cannot use the identity '${path}': it is in use by another process, stop that one`;
    const first = await openIdentity({ path, mayMake: true, protects: false, ask: nobody });
    assertEquals(await refusal(path), inUse);
    assertEquals(await refusal(path, { mayMake: true }), inUse);
    // Also whoever would put another file in its place.
    assertEquals(await refusal(path, { protects: true }), inUse);
    first.close();
    assertEquals(await secretsOf(path), first.secrets);
  }),
);

Deno.test(
  "it stays one process's while it gets a passphrase, and afterwards",
  withFile(async (path) => {
    write(path, KNOWN_TEXT);
    const inUse = `cannot use the identity '${path}': it is in use by another process, stop that one`;
    const refusals: string[] = [];
    const ask = async () => {
      refusals.push(await refusal(path));
      return "a";
    };
    const identity = await openIdentity({ path, mayMake: false, protects: true, ask });
    refusals.push(await refusal(path, { ask: user("a").ask }));
    assertEquals(refusals, [inUse, inUse, inUse]);
    identity.close();
    assertEquals(await secretsOf(path, { ask: user("a").ask }), KNOWN);
  }),
);

const MODULE = new URL("../../storage/identity_file.ts", import.meta.url).href;

/** A process that holds the identity until its input ends, and says what it has. */
function startHolder(path: string): Deno.ChildProcess {
  const source = `import { openIdentity } from "${MODULE}";
    const ask = () => Promise.resolve("");
    try {
      const { secrets } = await openIdentity({ path: ${
    JSON.stringify(path)
  }, mayMake: true, protects: false, ask });
      console.log(secrets.toHex());
    } catch (error) { console.log(error.message); }
    await Deno.stdin.read(new Uint8Array(1));`;
  const args = ["eval", "--quiet", "--ext=ts", source];
  return new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" }).spawn();
}

async function saidBy(holder: Deno.ChildProcess): Promise<string> {
  const reader = holder.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  await reader.cancel();
  return value.trimEnd();
}

Deno.test(
  "another process is refused as long as the first lives, and a killed one lets go",
  withFile(async (path) => {
    const first = startHolder(path);
    const secrets = await saidBy(first);
    assertMatch(secrets, /^[0-9a-f]{128}$/);
    const second = startHolder(path);
    assertEquals(
      await saidBy(second),
      `cannot use the identity '${path}': it is in use by another process, stop that one`,
    );
    first.kill("SIGKILL");
    await Promise.all([first.status, first.stdin.abort()]);
    await second.stdin.close();
    await second.status;
    assertEquals((await secretsOf(path)).toHex(), secrets);
  }),
);

Deno.test({
  name: "where the file is a link, what it points to is protected",
  ignore: !posix,
  fn: withFile(async (path) => {
    write(`${path}-real`, KNOWN_TEXT);
    Deno.symlinkSync(`${path}-real`, path);
    await secretsOf(path, { protects: true, ask: user("a", "a").ask });
    assert(Deno.lstatSync(path).isSymlink);
    assertFalse(Deno.readTextFileSync(`${path}-real`).includes(KNOWN.toHex()));
    assertEquals(await secretsOf(path, { ask: user("a").ask }), KNOWN);
    assertEquals(filesBeside(path), ["identity", "identity-real"]);
  }),
});

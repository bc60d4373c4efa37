/** Every file made for its owner alone: what is said when others may read it, or when it is no plain file. */
import { assertArrayIncludes, assertEquals } from "@std/assert";
import type { Statement } from "../../core/messages/statement.ts";
import { openLog } from "../../programs/log.ts";
import { readChannelKey } from "../../storage/channel_key.ts";
import { openIdentity } from "../../storage/identity_file.ts";
import { KnownServers } from "../../storage/known_servers.ts";
import { readPassphrase } from "../../storage/passphrase_file.ts";
import { openSqlite } from "../../storage/sqlite.ts";
import { openState } from "../../storage/state.ts";
import { keepStatement, openStatement } from "../../storage/statement_file.ts";
import { StoreError } from "../../storage/store_error.ts";
import { nobody } from "./identity_scene.ts";

const KEY = "0123456789abcdef".repeat(4);
const SERVER = { host: "127.0.0.1", port: 9999 };
const STATEMENT: Statement = {
  nick: "x",
  server: SERVER,
  serverKey: KEY,
  identity: KEY,
  signature: KEY + KEY,
};

interface OwnFile {
  readonly name: string;
  /** Makes the file, unless its user has to. */
  readonly make?: (path: string) => void;
  /** Opens it as the program does, and makes it if the program does. */
  readonly use: (path: string) => unknown;
  /** The modes that are refused, and those that are not. */
  readonly refused: readonly number[];
  readonly taken: readonly number[];
  /** What is said of these modes, of a link to nothing, of one to itself, of a folder; PATH is its path. */
  readonly open: string;
  readonly dangling: string;
  readonly loop: string;
  readonly folder: string;
}

const SECRET = { refused: [0o640, 0o604, 0o620, 0o602, 0o644, 0o666], taken: [0o600] };
const READABLE = "cannot use 'PATH': others may read or change it, 'chmod 600 PATH'";
const CHANGEABLE = "cannot use 'PATH': others may change it, 'chmod go-w PATH'";
const DANGLING = "cannot open 'PATH': it is a link to nothing, put that back or remove the link";
const LOOP = "its links lead back to it, remove them";
const FOLDER = "it is a folder, choose a file";
const LOG = "cannot write the log 'PATH': choose another file with '--log'";

const FILES: readonly OwnFile[] = [
  {
    name: "the identity",
    use: async (path) => {
      const identity = await openIdentity({ path, mayMake: true, protects: false, ask: nobody });
      identity.close();
    },
    ...SECRET,
    open: READABLE,
    dangling: DANGLING,
    loop: `cannot read the identity 'PATH': ${LOOP}`,
    folder: `cannot use 'PATH': ${FOLDER}`,
  },
  ...(["client", "server"] as const).map((kind): OwnFile => ({
    name: `the data of a ${kind}`,
    use: (path) => openSqlite(path, kind).close(),
    ...SECRET,
    open: READABLE,
    dangling: DANGLING,
    loop: `cannot open 'PATH': ${LOOP}`,
    folder: `cannot open 'PATH': ${FOLDER}`,
  })),
  {
    name: "the channel key",
    make: (path) => Deno.writeTextFileSync(path, KEY, { mode: 0o600 }),
    use: readChannelKey,
    ...SECRET,
    open: READABLE,
    dangling:
      "cannot read the channel key 'PATH': there is no such file, make one with 'openssl rand -hex 32'",
    loop: `cannot read the channel key 'PATH': ${LOOP}`,
    folder: `cannot read the channel key 'PATH': ${FOLDER}`,
  },
  {
    name: "the passphrase",
    make: (path) => Deno.writeTextFileSync(path, "secret\n", { mode: 0o600 }),
    use: readPassphrase,
    ...SECRET,
    open: READABLE,
    dangling: "cannot read the passphrase in 'PATH': there is no such file, check its name",
    loop: `cannot read the passphrase in 'PATH': ${LOOP}`,
    folder: `cannot use 'PATH': ${FOLDER}`,
  },
  {
    name: "the revocation in the state folder",
    use: (path) => keepStatement(path, STATEMENT),
    ...SECRET,
    open: READABLE,
    dangling: DANGLING,
    loop: `cannot open 'PATH': ${LOOP}`,
    folder: `cannot use 'PATH': ${FOLDER}`,
  },
  {
    // In an emergency it is taken from wherever it was kept, such as a disk without modes.
    name: "the revocation that is handed in",
    make: (path) => keepStatement(path, STATEMENT),
    use: openStatement,
    refused: [],
    taken: [0o600, 0o644, 0o666],
    open: "",
    dangling: "cannot read the revocation 'PATH': there is no such file",
    loop: `cannot read the revocation 'PATH': ${LOOP}`,
    folder: `cannot read the revocation 'PATH': ${FOLDER}`,
  },
  {
    // The keys are public, but who changes them chooses the server.
    name: "the known servers",
    make: (path) => Deno.writeTextFileSync(path, `127.0.0.1:9999 ${KEY}\n`, { mode: 0o600 }),
    use: (path) => {
      const servers = new KnownServers(path);
      servers.keyOf("127.0.0.1:9999");
      servers.pin("127.0.0.1:9999", KEY, "test");
    },
    refused: [0o620, 0o602, 0o666],
    taken: [0o600, 0o644],
    open: CHANGEABLE,
    dangling: DANGLING,
    loop: `cannot open 'PATH': ${LOOP}`,
    folder: `cannot read 'PATH': ${FOLDER}`,
  },
  {
    // Who reads the log is the operator's choice, and a link may lead to where logs are collected.
    name: "the log",
    use: (path) => openLog({ file: path })("line"),
    refused: [],
    taken: [0o600, 0o640, 0o644, 0o666],
    open: "",
    dangling: "",
    loop: LOG,
    folder: LOG,
  },
];

/** What a use is refused with, the path written PATH; empty if it is not. */
async function refusal(use: OwnFile["use"], path: string): Promise<string> {
  try {
    await use(path);
    return "";
  } catch (error) {
    if (error instanceof StoreError) return error.message.replaceAll(path, "PATH");
    throw error;
  }
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Unless it has all permissions, Deno looks where a link leads before it opens it: then a link to nothing is
 * refused where it would be followed otherwise, and one in a circle is found when the file is made.
 */
function withoutAll(sentence: string): string[] {
  return [sentence === "" ? LOG : sentence.replace("cannot open", "cannot make"), sentence];
}

/** The bits of those who are not the owner. */
const openBits = (path: string) => Deno.statSync(path).mode! & 0o077;

for (const { name, use, make = use, refused, taken, ...said } of FILES) {
  Deno.test({
    name: `${name}: open to others, behind a link, and no file`,
    ignore: Deno.build.os === "windows",
    // A log stays open as long as the process.
    sanitizeResources: name !== "the log",
    fn: () =>
      inFolder(async (folder) => {
        const [path, target] = [`${folder}/file`, `${folder}/target`];
        const umask = Deno.umask(0);
        await make(path);
        Deno.umask(umask);
        assertEquals(openBits(path), 0, "made for its owner alone");
        for (const mode of refused) {
          Deno.chmodSync(path, mode);
          assertEquals(await refusal(use, path), said.open, mode.toString(8));
          assertEquals(Deno.statSync(path).mode! & 0o777, mode);
        }
        for (const mode of taken) {
          Deno.chmodSync(path, mode);
          assertEquals(await refusal(use, path), "", mode.toString(8));
        }

        // A link leads to the file, and stays when a new one takes its place.
        Deno.renameSync(path, target);
        Deno.symlinkSync(target, path);
        assertEquals(await refusal(use, path), "");
        assertEquals(Deno.lstatSync(path).isSymlink, true);

        Deno.removeSync(target);
        const dangling = await refusal(use, path);
        assertArrayIncludes(withoutAll(said.dangling), [dangling]);
        assertEquals([...Deno.readDirSync(folder)].length, dangling === "" ? 2 : 1, "nothing is made");

        Deno.removeSync(path);
        Deno.symlinkSync(path, path);
        assertArrayIncludes(withoutAll(said.loop), [await refusal(use, path)]);

        Deno.removeSync(path);
        Deno.mkdirSync(path);
        assertEquals(await refusal(use, path), said.folder);
      }),
  });
}

Deno.test({
  name: "the state folder: made for its owner alone, and refused where others may put files into it",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/state`;
      const use = (chosen: string) =>
        openState({ nick: "x", chosen, server: SERVER, serverKey: KEY, bound: undefined }).store.close();
      const umask = Deno.umask(0);
      use(path);
      Deno.umask(umask);
      assertEquals(openBits(path), 0);
      for (const mode of [0o720, 0o702, 0o777, 0o1777]) {
        Deno.chmodSync(path, mode);
        assertEquals(await refusal(use, path), CHANGEABLE, mode.toString(8));
      }
      for (const mode of [0o700, 0o755]) {
        Deno.chmodSync(path, mode);
        assertEquals(await refusal(use, path), "", mode.toString(8));
      }
      const link = `${folder}/link`;
      Deno.symlinkSync(path, link);
      assertEquals(await refusal(use, link), "");
      Deno.removeSync(path, { recursive: true });
      assertEquals(await refusal(use, link), DANGLING);
      Deno.removeSync(link);
      Deno.writeTextFileSync(link, "");
      assertEquals(
        await refusal(use, link),
        "cannot make the folder 'PATH': a file is in the way, choose another place",
      );
    }),
});

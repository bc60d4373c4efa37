/** The state of an identity with a passphrase: nobody reads it in the file, or changes what is in it. */
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { IDENTITY, OWN } from "../../core/durable/records.ts";
import type { Change } from "../../core/machine.ts";
import { openSqlite, type SealingIdentity, type SqliteStore } from "../../storage/sqlite.ts";
import { StoreError } from "../../storage/store_error.ts";

const OWNER: SealingIdentity = { publicKey: "a1".repeat(32), secrets: new Uint8Array(64).fill(1) };
const OTHER: SealingIdentity = { publicKey: "b2".repeat(32), secrets: new Uint8Array(64).fill(2) };

const SECRET = "the words of a message that waits";
const NICK = "bartholomew";

function save(key: string, text: string): Change {
  return { type: "save", key, value: new TextEncoder().encode(text) };
}

const OWNERS_RECORD: Change = {
  type: "save",
  key: IDENTITY.key(OWN),
  value: IDENTITY.encode({
    nick: "alice",
    server: { host: "127.0.0.1", port: 9999 },
    serverKey: [],
    state: "000000",
    starts: 1,
  }),
};

function inFolder(work: (path: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    try {
      work(`${folder}/state.db`);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

function open(path: string, identity?: SealingIdentity): SqliteStore {
  const store = openSqlite(path, "client");
  if (identity !== undefined) store.unlock(identity);
  return store;
}

function textsIn(store: SqliteStore): string[][] {
  return [...store.read()].filter(([key]) => !IDENTITY.matches(key)).map(([key, value]) => {
    return [key, new TextDecoder().decode(value)];
  });
}

/** True if one of the files of a store holds these bytes. */
function isInFiles(path: string, text: string): boolean {
  const needle = new TextEncoder().encode(text).toHex();
  return ["", "-wal", ".v3"].some((end) => {
    try {
      return Deno.readFileSync(path + end).toHex().includes(needle);
    } catch {
      return false;
    }
  });
}

function fill(path: string, identity?: SealingIdentity): void {
  const store = open(path, identity);
  store.commit([OWNERS_RECORD, save(`known_peer/${NICK}`, "b"), save("outbox/1", SECRET)]);
  store.close();
}

Deno.test(
  "without a passphrase the words stand in the file, with one neither they nor nicks do",
  inFolder((path) => {
    fill(path);
    assertEquals([isInFiles(path, SECRET), isInFiles(path, NICK)], [true, true]);
    const sealed = `${path}.sealed`;
    fill(sealed, OWNER);
    assertEquals([isInFiles(sealed, SECRET), isInFiles(sealed, NICK)], [false, false]);
  }),
);

Deno.test(
  "what is sealed is there at the next start, sorted by key, and changes as usual",
  inFolder((path) => {
    fill(path, OWNER);
    let store = open(path, OWNER);
    assertEquals(textsIn(store), [[`known_peer/${NICK}`, "b"], ["outbox/1", SECRET]]);
    store.commit([
      { type: "forget", key: "outbox/1" },
      save("inbox/1", "x"),
      save(`known_peer/${NICK}`, "c"),
    ]);
    store.commit([{ type: "destroy", key: "inbox/1" }, save("inbox/2", "y")]);
    store.close();
    store = open(path, OWNER);
    assertEquals(textsIn(store), [["inbox/2", "y"], [`known_peer/${NICK}`, "c"]]);
    store.close();
  }),
);

Deno.test(
  "a state that was there is sealed when its identity gets a passphrase, and no trace of it is left",
  inFolder((path) => {
    fill(path);
    Deno.writeTextFileSync(`${path}.v3`, SECRET);
    const store = open(path, OWNER);
    assertEquals(textsIn(store), [[`known_peer/${NICK}`, "b"], ["outbox/1", SECRET]]);
    assertEquals([isInFiles(path, SECRET), isInFiles(path, NICK)], [false, false]);
    store.close();
    assertEquals([isInFiles(path, SECRET), isInFiles(path, NICK)], [false, false]);
  }),
);

Deno.test(
  "before it is open a sealed state says whose it is, and nothing else",
  inFolder((path) => {
    fill(path, OWNER);
    const store = open(path);
    assertEquals([...store.read()].map(([key]) => key), [IDENTITY.key(OWN)]);
    assert(
      assertThrows(() => store.refuseSealed(), StoreError).message.includes("sealed under the passphrase"),
    );
    store.close();
  }),
);

Deno.test(
  "another identity does not open it, nor one that has the name alone",
  inFolder((path) => {
    fill(path, OWNER);
    const store = open(path);
    for (const identity of [OTHER, { ...OWNER, secrets: OTHER.secrets }]) {
      assertThrows(() => store.unlock(identity), StoreError);
    }
    store.close();
  }),
);

Deno.test(
  "a successor opens it once it was admitted, and the old identity still does",
  inFolder((path) => {
    fill(path, OWNER);
    const store = open(path, OWNER);
    store.admit(OWNER, OTHER);
    store.close();
    for (const identity of [OTHER, OWNER]) {
      const again = open(path, identity);
      assertEquals(textsIn(again).length, 2);
      again.close();
    }
  }),
);

Deno.test(
  "a value that was changed, or put in the place of another, is no record",
  inFolder((path) => {
    fill(path, OWNER);
    const database = new DatabaseSync(path);
    const rows = database.prepare("SELECT key, value FROM records WHERE key LIKE '~%' ORDER BY key").all();
    const [one, two] = rows.map(({ key, value }) => ({ key: key as string, value: value as Uint8Array }));
    const put = database.prepare("UPDATE records SET value = ? WHERE key = ?");
    put.run(two!.value, one!.key);
    const changed = two!.value.slice();
    changed[20]! ^= 1;
    put.run(changed, two!.key);
    database.close();
    const store = open(path, OWNER);
    assertEquals(textsIn(store), []);
    store.close();
  }),
);

/** What is left in the files of what is not there any more. */
import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import type { Change } from "../../core/machine.ts";
import { exists } from "../../storage/folders.ts";
import { openSqlite } from "../../storage/sqlite.ts";
import { seededDice } from "../kit/dice.ts";

const save = (key: string, value: Uint8Array): Change => ({ type: "save", key, value });
const forget = (key: string): Change => ({ type: "forget", key });
const destroy = (key: string): Change => ({ type: "destroy", key });
const randomBytes = () => crypto.getRandomValues(new Uint8Array(64));
const ONE = Uint8Array.of(1);

/** Runs with the path of a file that does not exist. */
function withFile(work: (path: string) => void): () => Promise<void> {
  return async () => {
    const folder = await Deno.makeTempDir();
    try {
      work(`${folder}/client.db`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

/** The files in which the first or the second half of these bytes is to be found. */
function tracesOf(bytes: Uint8Array, path: string): string[] {
  const halves = [bytes.slice(0, bytes.length / 2), bytes.slice(bytes.length / 2)].map((it) =>
    Buffer.from(it)
  );
  return [path, `${path}-wal`].filter(exists).filter((file) => {
    const content = Buffer.from(Deno.readFileSync(file));
    return halves.some((half) => content.includes(half));
  });
}

Deno.test(
  "what is destroyed leaves nothing in the file or its log once the commit is over",
  withFile((path) => {
    const secret = randomBytes();
    const store = openSqlite(path, "client");
    store.commit([save("a", ONE), save("secret", secret)]);
    assertEquals(tracesOf(secret, path), [`${path}-wal`], "it is there to be destroyed");
    store.commit([destroy("secret")]);
    assertEquals(tracesOf(secret, path), []);

    // The next process finds it in the file itself.
    store.commit([save("secret", secret)]);
    store.close();
    const again = openSqlite(path, "client");
    again.commit([save("a", ONE)]);
    assertEquals(tracesOf(secret, path), [path, `${path}-wal`]);
    again.commit([destroy("secret")]);
    assertEquals(tracesOf(secret, path), []);
    again.close();
  }),
);

Deno.test(
  "what was only forgotten, or replaced, is overwritten when the log goes into the file",
  withFile((path) => {
    const [forgotten, replaced] = [randomBytes(), randomBytes()];
    const first = openSqlite(path, "client");
    first.commit([save("forgotten", forgotten), save("replaced", replaced)]);
    first.close();
    const second = openSqlite(path, "client");
    second.commit([forget("forgotten"), save("replaced", ONE)]);
    assertEquals([forgotten, replaced].map((bytes) => tracesOf(bytes, path)), [[path], [path]]);
    second.close();
    assertEquals([forgotten, replaced].map((bytes) => tracesOf(bytes, path)), [[], []]);
  }),
);

/** Such numbers stand in values, four times each: what is left of one may be a part. */
const labelOf = (number: number) => `<${String(number).padStart(6, "0")}>`.repeat(4);

/** The numbers that are to be found in the files. */
function numbersIn(path: string): Set<number> {
  const contents = [path, `${path}-wal`].map((file) =>
    Buffer.from(Deno.readFileSync(file)).toString("latin1")
  );
  return new Set([...contents.join().matchAll(/<(\d{6})>/g)].map(([, digits]) => Number(digits)));
}

Deno.test(
  "a destruction takes away all that is gone, wherever SQLite has had copies of it",
  withFile((path) => {
    const dice = seededDice();
    const store = openSqlite(path, "client");
    const present = new Map<string, number>();
    for (let number = 0; number < 1500; number++) {
      const key = `${dice.pick(["outbox", "prekey", "seen"])}/${dice.below(150)}`;
      if (dice.happens(0.3)) {
        present.delete(key);
        store.commit([forget(key)]);
      } else {
        present.set(key, number);
        // Rows of many sizes, so that pages are split and joined all the time.
        store.commit([save(key, new TextEncoder().encode(labelOf(number) + "-".repeat(dice.below(3000))))]);
      }
      if (number % 100 > 0) continue;
      present.delete(key);
      store.commit([destroy(key)]);
      assertEquals(numbersIn(path), new Set(present.values()));
    }
    store.close();
  }),
);

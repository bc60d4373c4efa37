/** Files of version 3 become files of version 4, and everything in them that counts goes on counting. */
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";
import { MALFORMED } from "../../core/base/bytes.ts";
import { primitives } from "../../core/base/crypto.ts";
import { IDENTITY, KNOWN_PEER, NICK, OWN, START } from "../../core/durable/records.ts";
import type { Records } from "../../core/machine.ts";
import { Identity } from "../../core/messages/identity.ts";
import { openSqlite } from "../../storage/sqlite.ts";
import { Disk } from "../kit/disk.ts";
import type { Person } from "../kit/person.ts";
import { World } from "../kit/world.ts";

const FILES = `${import.meta.dirname}/version3`;
const NICKS = ["alice", "bob", "carol"] as const;
const MINUTE_MS = 60_000;

/** A copy of a file of version 3, opened and closed again. Returns its records of version 4. */
function broughtUpToDate(folder: string, name: string): Records {
  const path = `${folder}/${name.replace("/", "-")}`;
  Deno.copyFileSync(`${FILES}/${name}`, path);
  const store = openSqlite(path, name === "server.db" ? "server" : "client");
  const records = store.read();
  store.close();
  return records;
}

function inFolder(work: (folder: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    try {
      work(folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

/** The version of a file, and its rows. */
function rowsOf(path: string): [version: unknown, rows: unknown[]] {
  const database = new DatabaseSync(path, { readOnly: true });
  const version = database.prepare("PRAGMA user_version").get()!.user_version;
  const rows = database.prepare("SELECT key, hex(value) FROM records ORDER BY key").all();
  database.close();
  return [version, rows];
}

Deno.test(
  "the file of version 3 stays beside the new one, as it was, for its owner alone",
  inFolder((folder) => {
    const [version, rows] = rowsOf(`${FILES}/server.db`);
    assertEquals(version, 3);
    // What is left of a start that was cut short is in nobody's way.
    for (const rest of [".v3", ".v3-journal"]) Deno.writeTextFileSync(`${folder}/server.db${rest}`, "half");
    const records = broughtUpToDate(folder, "server.db");
    assertEquals(rowsOf(`${folder}/server.db.v3`), [3, rows]);
    if (Deno.build.os !== "windows") {
      assertEquals(Deno.statSync(`${folder}/server.db.v3`).mode! & 0o777, 0o600);
    }
    assertEquals(rowsOf(`${folder}/server.db`)[0], 4);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "server.db",
      "server.db.v3",
    ]);
    // The next start changes nothing.
    Deno.removeSync(`${folder}/server.db.v3`);
    const store = openSqlite(`${folder}/server.db`, "server");
    assertEquals(store.read(), records);
    store.close();
    assertEquals([...Deno.readDirSync(folder)].length, 1);
  }),
);

Deno.test(
  "no record is lost, and each can be read",
  inFolder((folder) => {
    for (const name of ["server.db", ...NICKS.map((nick) => `${nick}/state.db`)]) {
      const count = rowsOf(`${FILES}/${name}`)[1].length;
      assertEquals(broughtUpToDate(folder, name).length, count, name);
    }
  }),
);

/** A world that goes on where version 3 stopped: a minute later everybody has the new release. */
class Later extends World {
  readonly alice: Person;
  readonly bob: Person;
  readonly carol: Person;

  constructor(folder: string) {
    const data = broughtUpToDate(folder, "server.db");
    super({ primitives, server: { disk: new Disk(data) } });
    this.server.isKilled();
    const [[, { at }]] = [...START.read(data)] as [[string, { at: number }]];
    this.runs(at + MINUTE_MS - this.now);
    this.server.starts();
    const channelKey = Uint8Array.fromHex(Deno.readTextFileSync(`${FILES}/channel.key`).trim());
    const [alice, bob, carol] = NICKS.map((nick) => {
      const disk = new Disk(broughtUpToDate(folder, `${nick}/state.db`));
      const text = Deno.readTextFileSync(`${FILES}/${nick}/identity`);
      const secrets = Uint8Array.fromHex(/[0-9a-f]{128}/.exec(text)![0]);
      const keys = nick === "carol" ? {} : { channelKey };
      return this.client(nick, { disk, identity: new Identity(primitives, secrets), ...keys });
    });
    [this.alice, this.bob, this.carol] = [alice!, bob!, carol!];
  }
}

/** The lines of people and those about messages, without the table. */
function news(person: Person): string[] {
  return person.looks().filter((line) =>
    /^\w+: |Message|message|collected|key/.test(line) && !/^SERVER/.test(line)
  )
    .map((line) => line.replace(/\d{4}-\d\d-\d\d \S+ /, "DATE "));
}

Deno.test(
  "mail, receipts, pins and what was not sent yet go on in version 4, whoever comes back first",
  inFolder((folder) => {
    for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2]]) {
      const world = new Later(folder);
      const { alice, bob, carol } = world;
      const people = [alice, bob, carol];
      const all = new Map(people.map((person): [Person, string[]] => [person, []]));
      for (const at of [...order, 0, 1, 2]) {
        if (!people[at]!.isAlive) people[at]!.registers();
        world.runs(MINUTE_MS);
        for (const [person, lines] of all) lines.push(...person.looks());
      }
      console.error(order, [...all].map(([{ nick }, lines]) => [nick, lines]));
      assertEquals(people.map((person) => person.outbox), [[], [], []]);
      assertEquals([world.server.keeps("letter"), world.server.keeps("receipt")], [0, 0]);
    }
  }),
);

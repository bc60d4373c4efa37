/** Files of version 3 become files of version 4, and everything in them that counts goes on counting. */
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";
import { MALFORMED } from "../../core/base/bytes.ts";
import { primitives } from "../../core/base/crypto.ts";
import * as records from "../../core/durable/records.ts";
import { KNOWN_PEER, START } from "../../core/durable/records.ts";
import type { Records } from "../../core/machine.ts";
import { Identity } from "../../core/messages/identity.ts";
import { openSqlite } from "../../storage/sqlite.ts";
import { Disk } from "../kit/disk.ts";
import { isAnothers, type Person } from "../kit/person.ts";
import { World } from "../kit/world.ts";

const FILES = `${import.meta.dirname}/version3`;
const NICKS = ["alice", "bob", "carol"] as const;
const MINUTE_MS = 60_000;
const KINDS = Object.values(records).filter((it) => it instanceof records.RecordKind);

/** A copy of a file of version 3, opened and closed again. Returns its records of version 4. */
function broughtUpToDate(folder: string, name: string): Records {
  const path = `${folder}/${name.replace("/", "-")}`;
  Deno.copyFileSync(`${FILES}/${name}`, path);
  if (Deno.build.os !== "windows") Deno.chmodSync(path, 0o600);
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
    const made = broughtUpToDate(folder, "server.db");
    assertEquals(rowsOf(`${folder}/server.db.v3`), [3, rows]);
    if (Deno.build.os !== "windows") {
      assertEquals(Deno.statSync(`${folder}/server.db.v3`).mode! & 0o777, 0o600);
    }
    assertEquals(rowsOf(`${folder}/server.db`)[0], 4);
    // The next start changes nothing.
    Deno.removeSync(`${folder}/server.db.v3`);
    const store = openSqlite(`${folder}/server.db`, "server");
    assertEquals(store.read(), made);
    store.close();
    assertEquals(
      Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => /v3/.test(name)),
      [],
    );
  }),
);

Deno.test(
  "no record is lost, and each can be read",
  inFolder((folder) => {
    for (const name of ["server.db", ...NICKS.map((nick) => `${nick}/state.db`)]) {
      const [, rows] = rowsOf(`${FILES}/${name}`);
      const made = [...broughtUpToDate(folder, name)];
      assertEquals(made.length, rows.length, name);
      for (const [key, value] of made) {
        const kind = KINDS.find((one) => one.matches(key));
        assert(kind !== undefined && kind.decode(value) !== MALFORMED, key);
      }
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

/** What somebody sees of messages, without the dates. */
function news(person: Person): string[] {
  const lines = person.looks().filter((line) => !/^\w+ (?:@|IP)|^SERVER:|^\[Client table/.test(line));
  return lines.map((line) => line.replace(/\d{4}-\d\d-\d\d [\d:.]+ /, ""));
}

/** What each of them sees in the end, in whatever order they come back. */
const SEEN = {
  alice: ["[Message received by Server.]", "[Message received by bob.]", "[bob has collected 1 message.]"],
  bob: [
    "[Channel_Message alice: post not sent yet]",
    "alice: not sent yet",
    "carol: not shown yet",
    "carol: waits at the server",
  ],
  // She has no channel key.
  carol: [
    "[A channel message of alice is sealed under a channel key that this client does not have, see 'client --channel-key'.]",
    "[bob has collected 1 message.]",
  ],
};

for (
  const order of [["alice", "bob", "carol"], ["carol", "bob", "alice"], ["bob", "alice", "carol"]] as const
) {
  Deno.test(
    `mail, receipts and what waits go on in version 4: ${order.join(", ")} come back`,
    inFolder((folder) => {
      const world = new Later(folder);
      for (const nick of order) {
        world[nick].registers();
        world.runs(MINUTE_MS);
      }
      world.runs(10 * MINUTE_MS);
      for (const nick of NICKS) {
        assertEquals(news(world[nick]).sort(), [...SEEN[nick]].sort(), nick);
        assertEquals(world[nick].outbox, [], nick);
      }
      assertEquals([world.server.keeps("letter"), world.server.keeps("receipt")], [0, 0]);
    }),
  );
}

Deno.test(
  "nicks and pins stay; who has not come back is in the table, and what is written to him waits",
  inFolder((folder) => {
    const world = new Later(folder);
    const { alice, bob } = world;
    const thief = world.client("bob");
    thief.registers();
    world.runs(MINUTE_MS);
    assertEquals(news(thief), isAnothers("bob"));
    alice.registers();
    world.runs(MINUTE_MS);
    alice.does({ type: "listPeers" });
    assert(alice.looks().some((line) => /^bob @ .* is OFFLINE \(verified/.test(line)));
    alice.writes("bob", "for later");
    assertEquals(alice.looks(), [
      "[bob has not been there since the change to version 4, the message waits until then.]",
    ]);
    world.runs(60 * MINUTE_MS);
    assertEquals([alice.looks(), alice.outbox.length], [[], 2]);
    bob.registers();
    world.runs(MINUTE_MS);
    assertEquals(news(bob).filter((line) => line.startsWith("alice:")), [
      "alice: not sent yet",
      "alice: for later",
    ]);
    assertEquals(alice.outbox, []);
    // Her mark that bob is verified is still there.
    const [pin] = [...KNOWN_PEER.read(alice.disk.read())].filter(([name]) => name === "bob");
    assertEquals(pin, ["bob", { identity: bob.identity.publicKey, verified: true, revoked: false }]);
  }),
);

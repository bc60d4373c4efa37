/** Holds the table of durable records in docs/protocol.md against the code. */
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { primitives } from "../../core/base/crypto.ts";
import { LINK_DEAD_MS, MAIL_LIFE_MS, SWEEP_MS } from "../../core/base/limits.ts";
import * as records from "../../core/durable/records.ts";
import { FORMAT } from "../../storage/sqlite.ts";
import type { Process } from "../kit/process.ts";
import { Speaker } from "../kit/speaker.ts";
import { World } from "../kit/world.ts";
import { ROOT } from "./imports.ts";

/** The names that stand in the documented keys for what differs from record to record. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  READER: "[^/]+",
  NICK: "(?:[a-z0-9._-]|%[0-9A-F]{2})+",
  ID: "[0-9a-f]{32}",
  KEY: "[0-9a-f]{64}",
  IDENTITY: "[0-9a-f]{64}",
  FOLDER: "[0-9a-f]{6}",
  PREFIX: "[0-9a-f]{6}(?:[0-9a-f]{14})?",
  NUMBER: "[0-9]{15}",
};

interface Row {
  readonly side: string;
  readonly key: string;
  readonly fields: readonly string[];
}

function readTable(): Row[] {
  const page = Deno.readTextFileSync(join(ROOT, "docs", "protocol.md"));
  const section = page.slice(page.indexOf("## 8. Durable records"), page.indexOf("## 9."));
  const rows = section.matchAll(/^\| (both|client|server) +\| `([^`]+)` +\|([^|]*)\|/gm);
  return [...rows].map(([, side = "", key = "", fields = ""]) => ({
    side,
    key,
    fields: fields.split(",").map((field) => field.trim()).filter((field) => field !== ""),
  }));
}

/** Whether a key is of a documented form. */
function isOfForm(form: string, key: string): boolean {
  const pattern = form.replace(/[A-Z]+/g, (name) => PLACEHOLDERS[name] ?? name);
  return new RegExp(`^${pattern}$`).test(key);
}

/** Every key that a server and its clients save in a time in which they do all that they can. */
function playedKeys(): { server: Set<string>; client: Set<string> } {
  const world = new World();
  const keys = { server: new Set(world.server.disk.keys()), client: new Set<string>() };
  const watch = ({ disk }: Process, saved: Set<string>): void => {
    disk.onCommit = (changes) => {
      for (const { type, key } of changes) if (type === "save") saved.add(key);
    };
  };
  const [alice, bob] = [world.client("alice"), world.client("Böb")];
  watch(world.server, keys.server);
  for (const person of [alice, bob]) {
    watch(person, keys.client);
    person.starts();
    world.runs(1000);
  }
  // What is lost leaves a gap, behind which the next message is held.
  world.cut(world.server);
  world.cutBetween(alice, bob);
  alice.types("send böb first");
  world.runs(LINK_DEAD_MS + 100);
  world.losesNothing();
  alice.types("send böb directly");
  alice.does({ type: "sendChannel", text: "by a script", once: "key" });
  alice.types("send_all to everybody");
  world.runs(1000);
  world.mend(world.server);
  world.runs(60_000);
  world.runs(1000);
  bob.types("dereg böb");
  world.runs(1000);
  alice.types("send böb by way of the server");
  world.runs(1000);
  bob.types("reg böb");
  world.runs(1000);
  bob.isKilled();
  bob.isAttended = false;
  bob.starts();
  world.runs(1000);
  alice.types("send böb and into a pipe");
  world.runs(1000);
  // The server asks with an initiation of its own whether he is there.
  bob.isKilled();
  alice.types("send_all and once more");
  world.runs(5000);
  alice.isKilled();
  new Speaker(world, "finder").says(world.server, alice.revocation);
  world.runs(MAIL_LIFE_MS + 2 * SWEEP_MS);
  return keys;
}

Deno.test("docs/protocol.md names every kind of record with its fields, and no other", () => {
  const kinds = Object.values(records).filter((value) => typeof value === "object").map((kind) => {
    return { kind: kind.key(""), fields: Object.keys(kind.fields) };
  });
  const rows = readTable().map(({ key, fields }) => ({ kind: key.slice(0, key.indexOf("/") + 1), fields }));
  const byKind = (a: { kind: string }, b: { kind: string }) => a.kind < b.kind ? -1 : 1;
  assertEquals(rows.sort(byKind), kinds.sort(byKind));
});

Deno.test("the keys in docs/protocol.md are those that clients and servers save", () => {
  const table = readTable();
  const played = playedKeys();
  for (const side of ["server", "client"] as const) {
    const forms = table.filter((row) => row.side === side || row.side === "both").map(({ key }) => key);
    const unknown = [...played[side]].filter((key) => !forms.some((form) => isOfForm(form, key)));
    assertEquals(unknown, [], `saved by a ${side} and not in the table`);
    const unwritten = forms.filter((form) => ![...played[side]].some((key) => isOfForm(form, key)));
    assertEquals(unwritten, [], `in the table and not saved by a ${side}`);
  }
});

/** The hash of what each format of the files on disk says of its records. */
const FORMATS: Readonly<Record<number, string>> = {
  4: "b665f28563f58f7866d7a5fed2e626f30d8e8718210b5dd4fe13090235c8555a",
};

Deno.test("who changes a record raises FORMAT: records that an older release wrote would count as damaged", () => {
  const source = Deno.readTextFileSync(join(ROOT, "core", "durable", "records.ts"));
  const kinds = [...source.matchAll(/new RecordKind\("[^]*?\);/g)].map(([kind]) =>
    kind.replaceAll(/\s+/g, " ")
  );
  assertEquals(kinds.length, Object.values(records).filter((it) => it instanceof records.RecordKind).length);
  const hash = primitives.hash(new TextEncoder().encode(kinds.join("\n"))).toHex();
  assertEquals(hash, FORMATS[FORMAT], "raise FORMAT in storage/sqlite.ts, read the old one, add this hash");
});

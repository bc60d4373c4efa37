import { assert, assertEquals, assertFalse } from "@std/assert";
import { addressKey } from "../../../core/base/address.ts";
import { NO_LINEAGE } from "../../../core/messages/lineage.ts";
import { NO_VERSION, type Row, Table } from "../../../core/messages/table.ts";
import { seededDice } from "../../kit/dice.ts";
import { BUNDLE } from "../../kit/samples.ts";

const START = 1000;
const OTHER_KEY = "f0".repeat(32);
const at = (counter: number, start = START) => ({ start, counter });

function row(nick: string, values: Partial<Row> = {}): Row {
  const addresses = [{ host: "10.0.0.1", port: 1 }];
  return { nick, skeleton: nick, ...BUNDLE, ordinal: 1, online: true, addresses, ...NO_LINEAGE, ...values };
}

Deno.test("a newcomer asks from the beginning and has everything", () => {
  const table = new Table();
  assertEquals(table.version, NO_VERSION);
  assert(table.isBehind(at(0)));
  assertEquals(table.apply(at(0), 2, [row("x"), row("y")]), [row("x"), row("y")]);
  assertEquals(table.version, at(2));
  assertFalse(table.isBehind(at(2)));
  assert(table.isBehind(at(3)));
});

Deno.test("only rows that really changed are told", () => {
  const table = new Table();
  table.apply(at(0), 2, [row("x"), row("y")]);
  const gone = row("y", { online: false });
  assertEquals(table.apply(at(2), 4, [row("x"), gone]), [gone]);
  const changes: readonly Partial<Row>[] = [
    { ordinal: 9 },
    { skeleton: "y" },
    { key: OTHER_KEY },
    { identity: OTHER_KEY },
    { prekey: OTHER_KEY },
    { prekeyAt: BUNDLE.prekeyAt - 1 },
    { counter: BUNDLE.counter - 1 },
    { signature: "a5".repeat(64) },
    { addresses: [] },
    { addresses: [{ host: "10.0.0.1", port: 2 }] },
  ];
  for (const change of changes) {
    assertEquals(table.apply(at(4), 4, [row("x", change)])?.length, 1, JSON.stringify(change));
    assertEquals(table.apply(at(4), 4, [row("x", change)]), []);
    table.apply(at(4), 4, [row("x")]);
  }
});

Deno.test("of two bundles of one identity the newer one stays, whatever else a row says", () => {
  const table = new Table();
  table.apply(at(0), 1, [row("x", { counter: 5 })]);
  const gone = { online: false, addresses: [] };
  for (const older of [{ counter: 4, prekey: OTHER_KEY }, { counter: 5, prekey: OTHER_KEY }]) {
    assertEquals(table.withNewestBundle(row("x", { ...gone, ...older })), row("x", { ...gone, counter: 5 }));
  }
  for (
    const newer of [{ counter: 6, prekey: OTHER_KEY }, { counter: 1, identity: OTHER_KEY }, { counter: 5 }]
  ) {
    assertEquals(table.withNewestBundle(row("x", newer)), row("x", newer));
  }
  assertEquals(table.withNewestBundle(row("y", { counter: 1 })), row("y", { counter: 1 }));
});

Deno.test("after a gap nothing is taken: what is missing has to be asked for", () => {
  const table = new Table();
  table.apply(at(0), 2, [row("x")]);
  assertEquals(table.apply(at(5), 6, [row("y")]), undefined);
  assertEquals(table.version, at(2));
  assertEquals(table.get("y"), undefined);
  assertEquals(table.apply(at(2), 6, [row("y")]), [row("y")]);
});

Deno.test("an old page that comes late undoes nothing", () => {
  const table = new Table();
  table.apply(at(0), 1, [row("x")]);
  table.apply(at(1), 2, [row("x", { online: false })]);
  assertEquals(table.apply(at(0), 1, [row("x")]), []);
  assertFalse(table.get("x")!.online);
  assertEquals(table.version, at(2));
});

Deno.test("pages that overlap bring what is new", () => {
  const table = new Table();
  table.apply(at(0), 3, [row("x")]);
  assertEquals(table.apply(at(1), 4, [row("x"), row("y")]), [row("y")]);
  assertEquals(table.version, at(4));
});

Deno.test("a new life of the server counts from the beginning; rows stay until it says otherwise", () => {
  const table = new Table();
  table.apply(at(0), 50, [row("x"), row("y")]);
  assert(table.isBehind(at(1, 2000)));
  assertEquals(table.apply(at(1, 2000), 2, [row("x", { online: false })]), undefined);
  assertEquals(table.apply(at(0, 2000), 1, [row("x", { online: false })])?.length, 1);
  assertEquals(table.version, at(1, 2000));
  assertEquals(table.get("y"), row("y"));
});

Deno.test("rows are found without case and listed in the order in which the nicks first came", () => {
  const table = new Table();
  table.apply(at(0), 3, [row("c", { ordinal: 3 }), row("Bob", { ordinal: 1 }), row("a", { ordinal: 2 })]);
  assertEquals(table.get("bOB")?.nick, "Bob");
  assertEquals(table.rows().map(({ nick }) => nick), ["Bob", "a", "c"]);
  table.apply(at(3), 4, [row("BOB", { ordinal: 1 })]);
  assertEquals(table.rows().map(({ nick }) => nick), ["BOB", "a", "c"]);
});

Deno.test("pushes lost, doubled and out of order: who asks again when behind ends with the server's rows", () => {
  const dice = seededDice();
  for (let round = 0; round < 200; round++) {
    const table = new Table();
    const rows = new Map<string, { row: Row; change: number }>();
    let counter = 0;
    const since = (from: number) =>
      [...rows.values()].filter(({ change }) => change > from).map((it) => it.row);
    const pages: [number, number, Row[]][] = [];
    for (let step = 0; step < 30; step++) {
      const from = counter;
      const nick = dice.pick(["a", "b", "c"]);
      rows.set(nick, { row: row(nick, { ordinal: step, online: dice.happens(0.5) }), change: ++counter });
      pages.push([from, counter, since(from)]);
      const [first, upTo, changed] = dice.pick(pages);
      table.apply(at(first), upTo, changed);
      if (dice.happens(0.2)) table.apply(table.version, counter, since(table.version.counter));
    }
    if (table.isBehind(at(counter))) {
      table.apply(at(table.version.counter), counter, since(table.version.counter));
    }
    for (const [nick, expected] of rows) assertEquals(table.get(nick), expected.row);
  }
});

Deno.test("an address is written as in an address bar", () => {
  assertEquals(addressKey({ host: "10.0.0.1", port: 9 }), "10.0.0.1:9");
  assertEquals(addressKey({ host: "::1", port: 9 }), "[::1]:9");
});

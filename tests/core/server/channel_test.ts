import { assert, assertEquals, assertFalse } from "@std/assert";
import { CHANNEL_ROWS, MAIL_LIFE_MS } from "../../../core/base/limits.ts";
import { CURSOR } from "../../../core/durable/records.ts";
import { Channel, type ChannelRow } from "../../../core/server/channel.ts";
import { seededDice } from "../../kit/dice.ts";
import { Recorded } from "../../kit/recorded.ts";
import { idOf } from "../../kit/samples.ts";

function post(channel: Channel, order: number, from = "alice", storedAt = 0): ChannelRow {
  return channel.post(0, {
    order,
    id: idOf(order),
    from,
    storedAt,
    body: new TextEncoder().encode(`m${order}`),
  });
}

function restarted(recorded: Recorded): Channel {
  return new Channel(recorded.restarted().effects);
}

function unread(channel: Channel, nick: string): string[] {
  return channel.unread(nick).map(({ body }) => new TextDecoder().decode(body));
}

Deno.test("a new member hears what is said from now on, but not itself", () => {
  const channel = new Channel(new Recorded().effects);
  post(channel, 1);
  channel.join("bob");
  post(channel, 2);
  post(channel, 3, "BOB");
  post(channel, 4);
  assertEquals(unread(channel, "Bob"), ["m2", "m4"]);
});

Deno.test("who joins again loses nothing", () => {
  const channel = new Channel(new Recorded().effects);
  channel.join("bob");
  post(channel, 1);
  channel.join("BOB");
  assertEquals(unread(channel, "bob"), ["m1"]);
});

Deno.test("the cursor moves on, never back", () => {
  const channel = new Channel(new Recorded().effects);
  channel.join("bob");
  const rows = [1, 2, 3].map((order) => post(channel, order));
  channel.advance(0, "bob", rows[1]!);
  assertEquals(unread(channel, "bob"), ["m3"]);
  channel.advance(0, "bob", rows[0]!);
  assertEquals(unread(channel, "bob"), ["m3"]);
});

Deno.test("rows and cursors survive a restart; numbers go on", () => {
  const recorded = new Recorded();
  const channel = new Channel(recorded.effects);
  channel.join("bob");
  const first = post(channel, 5);
  post(channel, 9);
  channel.advance(0, "bob", first);
  recorded.performAll(0);
  const again = restarted(recorded);
  assertEquals(unread(again, "bob"), ["m9"]);
  assertEquals(again.lastOrder, 9);
  assertEquals(post(again, 10).number, 3);
  assert(again.hasPost("alice", idOf(5)));
  assertFalse(again.hasPost("alice", idOf(6)));
});

Deno.test("a row is durable at once", () => {
  const recorded = new Recorded();
  post(new Channel(recorded.effects), 1);
  recorded.perform(0);
  assertEquals(recorded.records("channel").length, 1);
});

Deno.test("at most 10,000 rows are kept; who missed some is told how many", () => {
  const recorded = new Recorded();
  const channel = new Channel(recorded.effects);
  channel.join("bob");
  for (let order = 1; order <= CHANNEL_ROWS + 5; order++) post(channel, order);
  assertEquals([channel.takeDropped(0, "bob"), channel.takeDropped(0, "bob")], [5, 0]);
  const rows = unread(channel, "bob");
  assertEquals([rows.length, rows[0]], [CHANNEL_ROWS, "m6"]);
  recorded.perform(0);
  assertEquals(recorded.records("channel").length, CHANNEL_ROWS);
});

Deno.test("rows live 30 days; who missed some and has others is told how many", () => {
  const recorded = new Recorded();
  const channel = new Channel(recorded.effects);
  channel.join("bob");
  post(channel, 1, "alice", 0);
  post(channel, 2, "alice", 10);
  channel.dropOld(MAIL_LIFE_MS - 1);
  assertEquals(channel.takeDropped(0, "bob"), 0);
  channel.dropOld(MAIL_LIFE_MS);
  assertEquals([unread(channel, "bob"), channel.takeDropped(0, "bob")], [["m2"], 1]);
  recorded.perform(0);
  assertEquals(recorded.records("channel").length, 1);
});

Deno.test("whatever is said, read and dropped, everybody's unread rows are those of a walk over all", () => {
  const dice = seededDice();
  const channel = new Channel(new Recorded().effects);
  const people = ["alice", "Bob", "carol"];
  for (const nick of people) channel.join(nick);
  const cursors = new Map(people.map((nick) => [nick, 0]));
  let rows: ChannelRow[] = [];
  for (let at = 1; at <= 400; at++) {
    const from = dice.pick(people);
    const row = post(channel, at, from, at);
    rows.push(row);
    if (cursors.get(from) === row.number - 1) cursors.set(from, row.number);
    const [reader, read] = [dice.pick(people), dice.pick(rows)];
    if (dice.happens(0.3)) {
      channel.advance(0, reader, read);
      cursors.set(reader, Math.max(cursors.get(reader)!, read.number));
    }
    if (dice.happens(0.1)) {
      const oldest = Math.max(1, at - dice.below(50));
      channel.dropOld(oldest - 1 + MAIL_LIFE_MS);
      rows = rows.filter(({ storedAt }) => storedAt >= oldest);
    }
    for (const nick of people) {
      const walked = rows.filter(({ number, from }) => number > cursors.get(nick)! && from !== nick);
      assertEquals(channel.unread(nick.toUpperCase()), walked);
    }
    for (const { from, id } of rows) assert(channel.hasPost(from, id));
  }
});

Deno.test("a damaged cursor far behind the last post does not make the server count up to it", () => {
  const recorded = new Recorded();
  const channel = new Channel(recorded.effects);
  channel.join("bob");
  const row = channel.post(0, { id: idOf(1), from: "alice", storedAt: 0, body: new Uint8Array(1), order: 1 });
  recorded.performAll(0);
  const damaged = [CURSOR.keyFor("mal"), CURSOR.encode({ number: 2 ** 47 })] as const;
  const loaded = new Channel(new Recorded([...recorded.disk.read(), damaged]).effects);
  assertEquals(loaded.unread("bob").map(({ id }) => id), [row.id]);
});

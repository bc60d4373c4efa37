/** Attacks on the memory that letters and posts take while they are under way to members. */
import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import {
  BODY_BYTES,
  STREAM_ENTRY_BYTES,
  STREAM_PATIENCE_MS,
  STREAM_WINDOW,
  STREAM_WINDOW_BYTES,
  STREAMS_BYTES,
} from "../../core/base/limits.ts";
import { LETTER } from "../../core/durable/records.ts";
import type { StreamWriter } from "../../core/server/stream_writer.ts";
import { Disk } from "../kit/disk.ts";
import { idOf } from "../kit/samples.ts";
import { Speaker } from "../kit/speaker.ts";
import { DeafLink, heldBy, Streams } from "../kit/streams.ts";
import { World } from "../kit/world.ts";

/** Letters that fill the window of one member. */
const LETTERS = STREAM_WINDOW_BYTES / BODY_BYTES;

/** So many members fill the room of all. */
const ENOUGH = Math.ceil(STREAMS_BYTES / LETTERS / (BODY_BYTES + STREAM_ENTRY_BYTES));

const bytes = new Uint8Array(BODY_BYTES);
/** A body of its own, as long as can be. */
const body = () => bytes.subarray();

interface Member {
  readonly nick: string;
  readonly link: DeafLink;
  writer: StreamWriter;
}

/** A member with letters enough to fill a window. */
function member(streams: Streams, nick: string): Member {
  for (let count = 0; count < LETTERS; count++) streams.letter(nick, body(), `to ${nick}`);
  const link = new DeafLink();
  return { nick, link, writer: streams.open(nick, link) };
}

/** All that these have to have under way is no more than there may be. */
function checkRoom(members: readonly Member[]): void {
  const { bytes, entries } = heldBy(members.map(({ link }) => link));
  // Each may have one entry in any case.
  const most = STREAMS_BYTES + members.length * (BODY_BYTES + STREAM_ENTRY_BYTES);
  assertLessOrEqual(bytes + entries * STREAM_ENTRY_BYTES, most);
}

Deno.test("attack: acknowledge nothing, under many nicks: what is under way to all has a bound, and in the end all get everything", () => {
  const streams = new Streams();
  const members = Array.from({ length: 2 * ENOUGH }, (_, at) => member(streams, `m${at}`));
  for (const { writer } of members) writer.pump(0);
  checkRoom(members);
  assertGreater(heldBy(members.map(({ link }) => link)).bytes, STREAMS_BYTES - STREAM_WINDOW_BYTES);
  // Nobody waits without anything under way.
  for (const { link } of members) assertGreater(link.holds.size, 0);
  assertEquals(members[0]!.link.holds.size, LETTERS);
  assertEquals(members.at(-1)!.link.holds.size, 1);
  // Nothing else makes room for more.
  for (const { writer } of members) writer.handOverAgain(1);
  checkRoom(members);
  const got = new Map(members.map(({ nick }) => [nick, new Set<string>()]));
  for (let now = 2; members.some(({ nick }) => got.get(nick)!.size < LETTERS); now++) {
    assertLess(now, 1000);
    for (const { nick, link, writer } of members) {
      const position = Math.max(0, ...[...link.holds.values()].map(({ position }) => position));
      for (const { id } of link.holds.values()) got.get(nick)!.add(id);
      link.holds.clear();
      streams.saves(now, nick, writer, position);
    }
    checkRoom(members);
  }
});

Deno.test("attack: fill the room of all and acknowledge nothing: who does acknowledge has a whole window", () => {
  const streams = new Streams();
  const deaf = Array.from({ length: ENOUGH }, (_, at) => member(streams, `deaf${at}`));
  for (const { writer } of deaf) writer.pump(0);
  const bob = member(streams, "bob");
  bob.writer.pump(1);
  assertEquals(bob.link.holds.size, 1);
  bob.writer.handOverAgain(STREAM_PATIENCE_MS - 1);
  assertEquals(bob.link.holds.size, 1);
  bob.writer.handOverAgain(STREAM_PATIENCE_MS);
  assertEquals(bob.link.holds.size, LETTERS);
  // The one that had waited longest has given way, and nobody else had to.
  assertEquals(deaf.map(({ writer }) => writer.isOver), deaf.map((_, at) => at === 0));
  assertEquals(deaf[0]!.link.holds.size, 0);
  checkRoom([...deaf, bob]);
  // An acknowledgement is a sign of life: who has given one does not give way.
  streams.saves(STREAM_PATIENCE_MS, "deaf1", deaf[1]!.writer, 1);
  const carol = member(streams, "carol");
  carol.writer.pump(STREAM_PATIENCE_MS);
  assertEquals(deaf.slice(0, 4).map(({ writer }) => writer.isOver), [true, false, true, false]);
  // Who gave way gets everything when he is back.
  const back = { ...deaf[0]!, writer: streams.open("deaf0", deaf[0]!.link, deaf[0]!.writer) };
  assertEquals(back.writer.waiting, LETTERS);
  back.writer.pump(STREAM_PATIENCE_MS);
  assertEquals(back.link.holds.size, LETTERS);
});

Deno.test("attack: say that all is saved, and acknowledge no packet: the link keeps nothing of it", () => {
  const streams = new Streams();
  streams.channel.join("mal");
  for (let count = 0; count < 10 * LETTERS; count++) streams.post("x", body());
  const link = new DeafLink();
  const writer = streams.open("mal", link);
  writer.pump(0);
  for (let position = LETTERS; position < 10 * LETTERS; position += LETTERS) {
    streams.saves(0, "mal", writer, position);
    assertEquals(heldBy([link]), { bytes: STREAM_WINDOW_BYTES, entries: LETTERS });
  }
  streams.saves(0, "mal", writer, 10 * LETTERS);
  assertEquals(heldBy([link]), { bytes: 0, entries: 0 });
});

Deno.test("attack: post the longest for members who acknowledge nothing: their windows share the bytes", () => {
  const streams = new Streams();
  const links = Array.from({ length: 2000 }, () => new DeafLink());
  const writers = links.map((link, at) => streams.open(`m${at}`, link));
  for (let count = 0; count < STREAM_WINDOW; count++) streams.post("mal", body());
  for (const writer of writers) writer.pump(0);
  assertEquals(heldBy(links), { bytes: STREAM_WINDOW_BYTES, entries: 2000 * LETTERS });
  for (const writer of writers) writer.close();
  assertEquals(heldBy(links), { bytes: 0, entries: 0 });
});

Deno.test("attack: fill the room of all on a server, and acknowledge nothing: others get everything, nobody counts as offline", () => {
  // Nothing here depends on cryptography, which would take the most time.
  const arena = new World();
  arena.server.isKilled();
  arena.server.disk.commit(filled());
  arena.server.starts();
  const { alice, bob, carol } = arena.clients("alice", "bob", "carol");
  const long = (number: number) => `${number}`.padEnd(60_000, ".");
  arena.cut(carol);
  // One is under way to carol, who does not answer.
  alice.posts(long(1));
  arena.runs(STREAM_PATIENCE_MS);
  const mallory = Array.from({ length: ENOUGH + 1 }, (_, at) => {
    const address = { host: `10.66.6.${at}`, port: 6666 };
    return new Speaker(arena, `mal${at}`, { address });
  });
  // Only handshakes reach them.
  arena.passes = ({ to, from, kinds }) =>
    !mallory.some((one) => one.isAt(to)) || kinds.includes("response") || from.host !== arena.server.host;
  for (const one of mallory) one.registers();
  for (const number of [2, 3, 4]) alice.posts(long(number));
  arena.runs(2000);
  const shown = (...numbers: number[]) => numbers.map((number) => `[Channel_Message alice: ${long(number)}]`);
  assertEquals(bob.looks().filter((line) => line.includes("Channel")), shown(1, 2, 3, 4));
  arena.mend(carol);
  arena.runs(30_000);
  assertEquals(carol.looks().filter((line) => line.includes("Channel")), shown(1, 2, 3, 4));
  // What carol had under way had given way: her stream has begun anew.
  assertEquals(arena.sent({ to: carol, kind: "registered" }).length, 2);
  bob.types("peers");
  arena.runs(10);
  assert(bob.looks().some((line) => line.startsWith("carol ") && line.endsWith("ONLINE")));
});

/** A server's disk with letters for nicks that mallory is going to register: they fill the room of all. */
function filled(): Parameters<Disk["commit"]>[0] {
  return Array.from({ length: (ENOUGH + 1) * LETTERS }, (_, at) => {
    const nick = Math.floor(at / LETTERS);
    const letter = { id: idOf(at + 1), from: `x${nick}`, to: `mal${nick}`, storedAt: 0, body: bytes };
    return { type: "save", key: LETTER.key(at + 1), value: LETTER.encode(letter) };
  });
}

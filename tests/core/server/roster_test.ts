import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { DATAGRAM_BYTES, ROWS_PACKETS, TABLE_GATHER_MS } from "../../../core/base/limits.ts";
import type { Rate } from "../../../core/base/rate.ts";
import type { Address } from "../../../core/base/units.ts";
import type { Bundle } from "../../../core/messages/identity.ts";
import { type Presence, type Row, Table, type Version } from "../../../core/messages/table.ts";
import type { VerbOf } from "../../../core/messages/verb.ts";
import { reachableAt, Roster } from "../../../core/server/roster.ts";
import { seededDice } from "../../kit/dice.ts";
import { Recorded } from "../../kit/recorded.ts";
import { BUNDLE, IPV4, IPV6 } from "../../kit/samples.ts";
import type { Sent } from "../../kit/sent.ts";
import { PEER, TestLink } from "../../kit/test_link.ts";

const START = 1000;
const NOTHING: Version = { start: 0, counter: 0 };
const LOOPBACK: Address = { host: "127.0.0.1", port: 4000 };

function withMembers(
  count: number,
  addresses: readonly Address[] = [IPV4],
  recorded = new Recorded(),
): Roster {
  const roster = new Roster(recorded.effects, START);
  for (let at = 0; at < count; at++) {
    roster.changed(0, Object.assign(roster.add(0, `n${at}`, BUNDLE), { online: true, addresses }));
  }
  return roster;
}

/** A page of either kind. */
type Page = Omit<VerbOf<"rows">, "type" | "rows"> & {
  readonly rows: readonly (Omit<Presence, "keysChange"> & Partial<Row>)[];
};

/** The rows that leave, all of them: a large answer takes several windows. */
function pages(test: TestLink, now = 0): Page[] {
  const left: Sent[] = [];
  for (let at = now, packets; (packets = test.take(at)).length > 0; at++) {
    left.push(...packets);
    test.acknowledge(at, test.link.address);
  }
  return left.flatMap(({ bytes, frames, verbs }) => {
    assertLessOrEqual(bytes.length, DATAGRAM_BYTES);
    for (const { type } of frames) assert(type === "told" || type === "ack");
    return verbs.map((verb) => {
      assert(verb.type === "rows" || verb.type === "presence");
      return verb.type === "rows" ? verb : { ...verb, rows: verb.presence };
    });
  });
}

function ask(roster: Roster, version: Version, address = PEER): Page[] {
  const test = TestLink.withPath(0, [address]);
  roster.ask(test, version);
  roster.runTimers(0);
  return pages(test);
}

Deno.test("rows since v: only what changed after v, from where to where", () => {
  const roster = withMembers(3);
  const [page, ...more] = ask(roster, { start: START, counter: 2 });
  assertEquals([page!.since.counter, page!.upTo, page!.rows.map(({ ordinal }) => ordinal)], [2, 3, [3]]);
  assertEquals(more, []);
  assertEquals(ask(roster, { start: START, counter: 3 })[0]!.rows, []);
});

Deno.test("a version of another life of the server is no version: everything", () => {
  const [page] = ask(withMembers(3), { start: 999, counter: 2 });
  assertEquals([page!.since, page!.rows.length], [{ start: START, counter: 0 }, 3]);
});

const OTHER: Bundle = {
  identity: "f0".repeat(32),
  key: "f1".repeat(32),
  prekey: "f2".repeat(32),
  prekeyAt: 7,
  counter: 8,
  signature: "f3".repeat(64),
};

function bundleOf({ identity, key, prekey, prekeyAt, counter, signature }: Bundle): Bundle {
  return { identity, key, prekey, prekeyAt, counter, signature };
}

Deno.test("a row says whose the nick is: the bundle that he signed", () => {
  const roster = withMembers(1);
  roster.changed(0, Object.assign(roster.add(0, "eve", OTHER), { online: true, addresses: [IPV4] }));
  const told = ask(roster, NOTHING)[0]!.rows.map((row) => [row.nick, bundleOf(row as Row)]);
  assertEquals(told, [["n0", BUNDLE], ["eve", OTHER]]);
});

Deno.test("a new member is offline, and nobody is told of it before it has changed", () => {
  const roster = withMembers(1);
  const member = roster.add(0, "eve", OTHER);
  assertEquals([member.online, member.addresses, member.ordinal], [false, [], 2]);
  assertEquals(roster.memberNamed("EVE"), member);
  assertEquals([roster.size, ask(roster, NOTHING)[0]!.rows.length], [2, 1]);
});

Deno.test("a member that changed again stands once, at its last change", () => {
  const roster = withMembers(2);
  const first = [...roster.members()][0]!;
  roster.changed(0, Object.assign(first, { online: false }));
  const [page] = ask(roster, NOTHING);
  assertEquals(page!.rows.map(({ ordinal, online }) => [ordinal, online]), [[2, true], [1, false]]);
});

Deno.test("a large table is cut into datagrams; who goes on asking has all of it", () => {
  const roster = withMembers(600, [IPV4, IPV6, IPV6, IPV6]);
  const table = new Table();
  let questions = 0;
  while (table.isBehind(roster.version)) {
    const answer = ask(roster, table.version);
    assertLessOrEqual(answer.length, ROWS_PACKETS);
    for (const { since, upTo, newest, rows } of answer) {
      assert(table.apply(since, upTo, rows as readonly Row[]) !== undefined);
      // Who has a page knows whether others are to come.
      assertEquals(newest, roster.version.counter);
    }
    questions++;
    assertLessOrEqual(questions, 10);
  }
  assert(questions > 1);
  assertEquals(table.rows().length, 600);
});

Deno.test("whoever has changed after any version is told of as by a walk over all, each once, at its last change", () => {
  const dice = seededDice();
  const roster = withMembers(12);
  const members = [...roster.members()];
  for (let step = 0; step < 400; step++) {
    if (step % 100 === 99) members.push(roster.add(0, `late${step}`, OTHER));
    roster.changed(0, Object.assign(dice.pick(members), { online: dice.happens(0.5), addresses: [IPV4] }));
    if (step % 8 > 0) continue;
    const { counter } = roster.version;
    const since = dice.pick([0, counter, Math.max(0, counter - dice.below(30)), counter + 5]);
    const walked = members.filter(({ change }) => change > since).sort((a, b) => a.change - b.change);
    const told = ask(roster, { start: START, counter: since }).flatMap(({ rows }) => rows);
    assertEquals(told.map(({ nick }) => nick), walked.map(({ nick }) => nick));
    assertEquals(told.map(({ online }) => online), walked.map(({ online }) => online));
  }
});

Deno.test("changes are gathered for 50 ms and pushed to everybody online, once", () => {
  const roster = withMembers(2);
  const [online, offline] = [...roster.members()];
  const [to, notTo] = [TestLink.withPath(0), TestLink.withPath(0)];
  online!.connection = { link: to.link, stream: undefined, handedAt: 0 };
  Object.assign(offline!, { online: false, connection: { link: notTo.link, stream: undefined } });
  assertEquals(roster.deadline, TABLE_GATHER_MS);
  roster.runTimers(TABLE_GATHER_MS - 1);
  assertEquals(pages(to), []);
  roster.runTimers(TABLE_GATHER_MS);
  const [page] = pages(to, TABLE_GATHER_MS);
  assertEquals([page!.since.counter, page!.upTo, page!.rows.length], [0, 2, 2]);
  assertEquals(pages(notTo), []);
  assertEquals(roster.deadline, Infinity);
  roster.changed(100, offline!);
  roster.runTimers(150);
  assertEquals(pages(to, 150).map(({ since, upTo }) => [since.counter, upTo]), [[2, 3]]);
});

Deno.test("for readers elsewhere, loopback is the server's own host", () => {
  const roster = withMembers(1, [LOOPBACK, IPV4]);
  assertEquals(ask(roster, NOTHING)[0]!.rows[0]!.addresses, [{ host: "", port: 4000 }, IPV4]);
  const local = ask(roster, NOTHING, { host: "127.0.0.1", port: 5 });
  assertEquals(local[0]!.rows[0]!.addresses, [LOOPBACK, IPV4]);
});

Deno.test("a client is reached where it was seen, then where it says; four addresses at most, none twice", () => {
  const own = [1, 2, 3, 4, 5].map((port) => ({ host: "192.168.0.1", port }));
  assertEquals(reachableAt(IPV4, own), [IPV4, ...own.slice(0, 3)]);
  assertEquals(reachableAt(IPV4, [IPV4, own[0]!, own[0]!]), [IPV4, own[0]!]);
});

Deno.test("loopback is an address only of clients that were seen on loopback", () => {
  assertEquals(reachableAt(IPV4, [LOOPBACK, { host: "::1", port: 1 }]), [IPV4]);
  const elsewhere = { host: "192.0.2.1", port: 65535 };
  assertEquals(reachableAt(LOOPBACK, [LOOPBACK, elsewhere]), [LOOPBACK, elsewhere]);
});

Deno.test("members survive a restart, under the same ordinal, and are told as they were", () => {
  const recorded = new Recorded();
  withMembers(3, [IPV4], recorded);
  recorded.perform(0);
  const again = new Roster(recorded.restarted().effects, START + 1);
  const told = ask(again, NOTHING)[0]!.rows;
  assertEquals(told.map(({ ordinal, online }) => [ordinal, online]).toSorted(), [[1, true], [2, true], [
    3,
    true,
  ]]);
  assertEquals(told.map((row) => bundleOf(row as Row)), [BUNDLE, BUNDLE, BUNDLE]);
  assertEquals(again.deadline, Infinity);
  assertEquals(again.add(0, "dave", OTHER).ordinal, 4);
});

Deno.test("what cannot be one host's address is none", () => {
  const bad = ["", "0.0.0.0", "224.0.0.1", "255.255.255.255", "ff02:0:0:0:0:0:0:1"];
  assertEquals(reachableAt(LOOPBACK, bad.map((host) => ({ host, port: 1 }))), [LOOPBACK]);
});

Deno.test("a member may say 2,000 messages at once and 200 a second, ask 20 times and four times a second", () => {
  const [one, other] = [...withMembers(2).members()];
  const taken = (rate: Rate, now: number) =>
    Array.from({ length: 3000 }, () => rate.take(now)).filter((isTaken) => isTaken).length;
  assertEquals([taken(one!.messages, 0), taken(one!.messages, 1000)], [2000, 200]);
  assertEquals([taken(one!.questions, 0), taken(one!.questions, 1000)], [20, 4]);
  assertEquals([taken(other!.messages, 0), taken(other!.questions, 0)], [2000, 20]);
});

/**
 * A table that is too large to be sent to everybody: counts, the rows that are asked for, and their changes.
 * Here it is too large with more than four nicks.
 */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { VerbType } from "../../core/messages/verb.ts";
import type { Person } from "../kit/person.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const ROWS = 4;

/** Declares a test in a world in which five nicks are too many. */
function crowd(title: string, play: (world: World) => void): void {
  scenario(title, play, { server: { tableRows: ROWS } });
}

/** So many people who are of no further interest. */
function others(world: World, count: number): Person[] {
  const people = Array.from({ length: count }, (_, number) => world.client(`other${number}`));
  for (const person of people) {
    person.starts();
    world.runs(100);
  }
  world.runs(500);
  world.everybodyLooks();
  return people;
}

const counts = (online: number, members: number) =>
  `[${online} of ${members} are ONLINE, shown are those you have to do with.]`;

function theyTalk(world: World, ...people: readonly [Person, Person]): void {
  world.everybodyLooks();
  for (const [one, other] of [people, people.toReversed()] as [Person, Person][]) {
    one.types(`send ${other.nick} still here`);
    world.runs(200);
    one.sees(`[Message received by ${other.nick}.]`);
    other.sees(`${one.nick}: still here`);
  }
}

const ABOUT_ROWS: readonly VerbType[] = ["rows", "presence", "found"];

/** What the server has told somebody of rows since an instant. */
function rowsTo(world: World, to: Person, since: number): number {
  return ABOUT_ROWS.flatMap((kind) => world.sent({ from: world.server, to, kind }, since)).length;
}

crowd("who comes into a crowd gets counts, and no rows", (world) => {
  others(world, 9);
  const alice = world.client("alice");
  const began = world.now;
  alice.starts();
  world.runs(1000);
  assertEquals(rowsTo(world, alice, began), 0);
  alice.sees(
    `Client IP->${alice.address.host} Port->${alice.address.port}`,
    "Server IP->10.0.0.1 Port->9999",
    "SERVER: [Welcome, you are registered.]",
    "[Client table updated.]",
    ...world.rows(),
    counts(10, 10),
  );
  const bytes = world.sent({ from: world.server, to: alice }, began)
    .reduce((sum, datagram) => sum + datagram.bytes.length, 0);
  assertLessOrEqual(bytes, 2_000);
});

crowd(
  "a message to a nick that was not asked for: it is looked up, and the message goes directly",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    others(world, 8);
    const began = world.now;
    alice.types("send bob hi");
    world.runs(50);
    alice.sees("[Message received by bob.]");
    bob.sees("alice: hi");
    assertEquals(world.sent({ kind: "deposit" }, began), []);
  },
);

crowd("both ends are strangers to each other", (world) => {
  others(world, 8);
  const { alice, bob } = world.clients("alice", "bob");
  const began = world.now;
  alice.types("send bob hi");
  world.runs(50);
  alice.sees("[Message received by bob.]");
  bob.sees("alice: hi");
  assertEquals(world.sent({ kind: "deposit" }, began), []);
  theyTalk(world, alice, bob);
  assertEquals(world.sent({ kind: "lookup" }, began).length, 2);
});

crowd("nobody has the nick: the server says so, and then the user is told", (world) => {
  const [alice] = others(world, 9);
  const began = world.now;
  alice!.types("send zoe hi");
  alice!.sees();
  world.runs(50);
  alice!.sees("[Unknown peer: zoe]");
  assertEquals(alice!.unsettled, 0);
  assertEquals(world.sent({ from: world.server, kind: "unknown" }, began).length, 1);
  assertEquals(alice!.outbox, []);
  alice!.types("trust zoe");
  alice!.types("verify zoe");
  world.runs(50);
  alice!.sees("[Unknown peer: zoe]", "[Unknown peer: zoe]");
});

crowd("the answer that nobody has the nick is lost: it is asked for again", (world) => {
  const [alice] = others(world, 9);
  world.loses({ from: world.server, kind: "unknown" });
  alice!.types("send zoe hi");
  world.runs(400);
  alice!.sees();
  world.losesNothing();
  world.runs(600);
  alice!.sees("[Unknown peer: zoe]");
});

crowd("whoever was asked for is told of when he goes and comes, and nobody else", (world) => {
  const [alice, bob, carol] = others(world, 9);
  alice!.types("send other1 hi");
  world.runs(100);
  world.everybodyLooks();
  const began = world.now;
  bob!.types("dereg other1");
  world.runs(200);
  alice!.sees(...world.table(bob!.offline), counts(8, 9));
  carol!.types("dereg other2");
  world.runs(200);
  alice!.sees();
  // A row that somebody else has asked for comes to nobody else.
  for (const person of world.people.slice(3)) assertEquals(rowsTo(world, person, began), 0);
  bob!.types("reg other1");
  world.runs(200);
  alice!.sees(...world.table(bob!.online), counts(8, 9));
});

crowd("where only presence has changed no keys are sent", (world) => {
  const [alice, bob] = others(world, 9);
  alice!.types("send other1 hi");
  world.runs(100);
  const began = world.now;
  bob!.types("dereg other1");
  world.runs(200);
  assertEquals(world.sent({ to: alice!, kind: "presence" }, began).length, 1);
  assertEquals(world.sent({ to: alice!, kind: "rows" }, began).length, 0);
});

crowd("a change that was lost is asked for after the next keep-alive", (world) => {
  const [alice, bob] = others(world, 9);
  alice!.types("send other1 hi");
  world.runs(100);
  world.everybodyLooks();
  world.loses({ to: alice!, kind: "presence" });
  bob!.types("dereg other1");
  world.runs(200);
  world.losesNothing();
  alice!.sees();
  world.runs(31_000);
  alice!.sees(...world.table(bob!.offline), counts(8, 9));
});

crowd("a letter and a post of strangers wait for their rows", (world) => {
  const people = others(world, 9);
  const [alice, bob, carol] = people;
  bob!.types("dereg other1");
  world.runs(100);
  alice!.types("send other1 for later");
  carol!.types("send_all hello");
  world.runs(100);
  world.everybodyLooks();
  const began = world.now;
  bob!.types("reg other1");
  world.runs(200);
  const seen = bob!.looks();
  assert(seen.some((line) => line.endsWith("for later")), seen.join("\n"));
  assert(seen.some((line) => line.endsWith("hello]")), seen.join("\n"));
  assertEquals(world.sent({ from: bob!, kind: "lookup" }, began).length, 1, "both in one datagram");
});

crowd("the server restarts: whoever has a row asks for it again, and hears of its changes", (world) => {
  const [alice, bob] = others(world, 9);
  alice!.types("send other1 hi");
  world.runs(100);
  world.server.restarts();
  world.runs(40_000);
  world.everybodyLooks();
  bob!.types("dereg other1");
  world.runs(200);
  alice!.sees(...world.table(bob!.offline), counts(8, 9));
});

crowd(
  "the fifth nick: those who have the whole table keep the rows of those they have to do with",
  (world) => {
    const { alice, bob, carol, dave } = world.clients("alice", "bob", "carol", "dave");
    alice.types("send bob hi");
    world.runs(200);
    world.everybodyLooks();
    const eve = world.client("eve");
    eve.starts();
    world.runs(500);
    world.everybodyLooks();
    alice.types("peers");
    alice.sees(...world.rows(bob.online), counts(5, 5));
    bob.types("dereg bob");
    carol.types("dereg carol");
    world.runs(200);
    alice.sees(...world.table(bob.offline), counts(3, 5));
    dave.sees();
    theyTalk(world, dave, eve);
  },
);

crowd("so many nicks are released that everybody gets the whole table again", (world) => {
  const [alice, bob, ...more] = others(world, 5);
  for (const person of more) person.pressesCtrlC();
  world.runs(31_000);
  world.everybodyLooks();
  world.server.act({ type: "release", nick: "other4", idle: 0 });
  world.runs(500);
  alice!.types("peers");
  // Fewer than 25 of 32 are to be left.
  alice!.sees(...world.rows(), counts(2, 5));
  world.server.act({ type: "release", nick: "other3", idle: 0 });
  world.runs(500);
  alice!.looks();
  alice!.types("peers");
  alice!.sees(...world.rows(alice!.online, bob!.online, more[0]!.offline));
});

crowd("a script sends to somebody who has to be looked up", (world) => {
  const [alice, bob] = others(world, 9);
  bob!.types("dereg other1");
  alice!.pressesCtrlC();
  world.runs(200);
  world.everybodyLooks();
  alice!.runsScript("send other1 from a script", "send zoe to nobody");
  world.runs(2000);
  assertEquals(alice!.exitStatus, 0);
  assert(alice!.hasSeen("[Unknown peer: zoe]"));
  bob!.types("reg other1");
  world.runs(200);
  assert(bob!.looks().some((line) => line.endsWith("from a script")));
});

crowd("no answer comes at all: the message waits in the outbox, and the client gives up", (world) => {
  const [alice] = others(world, 9);
  world.cut(world.server);
  alice!.types("send other1 hi");
  world.runs(3000);
  alice!.sees("[Server not responding.]", "[1 message waits and leaves at the next start.]", "[Exiting.]");
  world.mend(world.server);
  alice!.starts();
  world.runs(1000);
  assert(world.people[1]!.hasSeen("other0: hi"));
});

crowd("the beginning of a nick is completed with all nicks that begin with it, sixteen at most", (world) => {
  const [alice] = others(world, 20);
  const found: string[][] = [];
  alice!.onNotice = (notice) => {
    if (notice.type === "nicksFound") found.push([notice.prefix, ...notice.nicks.toSorted()]);
  };
  alice!.does({ type: "completeNick", prefix: "OTHER1" }, "tab");
  world.runs(50);
  const teens = Array.from({ length: 10 }, (_, number) => `other1${number}`);
  assertEquals(found, [["OTHER1", "other1", ...teens]]);
  alice!.does({ type: "completeNick", prefix: "" }, "tab");
  world.runs(50);
  assertEquals(found[1]!.length, 1 + 16);
  alice!.does({ type: "completeNick", prefix: "zoe" }, "tab");
  world.runs(50);
  assertEquals(found[2], ["zoe"]);
  assertEquals(alice!.unsettled, 0);
});

crowd("the answer to a completion is lost: after half a second the rows that are here must do", (world) => {
  const [alice] = others(world, 9);
  world.loses({ from: world.server, kind: "completed" });
  alice!.does({ type: "completeNick", prefix: "other" }, "tab");
  world.runs(499);
  assertEquals(alice!.unsettled, 1);
  world.runs(1);
  assertEquals(alice!.unsettled, 0);
});

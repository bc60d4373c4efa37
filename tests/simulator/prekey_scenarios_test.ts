/** Prekeys: a new one each day, and for how long the former ones open what was sealed for them. */
import { assert, assertEquals } from "@std/assert";
import { MALFORMED } from "../../core/base/bytes.ts";
import { PREKEY_LIFE_MS, PREKEY_MS, RESTART_MS, SETTLED_MS } from "../../core/base/limits.ts";
import type { Millis } from "../../core/base/units.ts";
import { PREKEY } from "../../core/durable/records.ts";
import type { Change } from "../../core/machine.ts";
import { prekeyId } from "../../core/messages/letter_form.ts";
import type { Person } from "../kit/person.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const HOUR_MS = 3600_000;

/** The prekeys on somebody's disk, and which of them is the present one. */
function prekeysOf({ disk }: Person): { all: string[]; present: string } {
  const all = disk.read();
  const records = [...all].filter(([key]) => PREKEY.matches(key));
  const present = records.filter(([, value]) => {
    const record = PREKEY.decode(value);
    return record !== MALFORMED && record.supersededAt === 0;
  });
  assertEquals(present.length, 1);
  return { all: records.map(([key]) => PREKEY.nameOf(key)), present: PREKEY.nameOf(present[0]![0]) };
}

/**
 * A time in which somebody is online for a moment each week: of a longer time without a process no more than
 * a week counts.
 */
function looksInWeekly(world: World, person: Person, duration: Millis): void {
  const end = world.now + duration;
  while (world.now + RESTART_MS < end) {
    world.runs(RESTART_MS - HOUR_MS);
    person.starts();
    world.runs(1000);
    person.pressesCtrlC();
  }
  world.runs(end - world.now);
}

scenario("who is online has a new prekey each day, and letters are sealed for that", (world) => {
  const { bob } = world.clients("bob");
  const seen = new Set([prekeysOf(bob).present]);
  for (let day = 1; day <= 2; day++) {
    world.runs(PREKEY_MS - HOUR_MS);
    assertEquals(prekeysOf(bob).all.length, day);
    world.runs(HOUR_MS + 1000);
    seen.add(prekeysOf(bob).present);
    assertEquals([prekeysOf(bob).all.length, seen.size], [day + 1, day + 1]);
  }
  const alice = world.client("alice");
  alice.starts();
  world.runs(500);
  alice.types("send bob hi");
  world.runs(100);
  assert(bob.hasSeen("alice: hi"));
  const letters = world.datagrams.flatMap(({ verbs }) => verbs).filter((verb) => verb.type === "direct");
  assertEquals([...new Set(letters.map(({ place }) => place))], [prekeyId(prekeysOf(bob).present)]);
});

scenario("a letter under a prekey of a month ago still opens", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("quit");
  world.runs(200);
  const written = alice.types("send bob hi");
  world.runs(200);
  alice.types("quit");
  const wanted = prekeysOf(bob).present;
  for (let day = 1; day <= 29; day++) {
    world.runs(24 * HOUR_MS);
    if (day !== 10) continue;
    // Its owner starts, with a new prekey, and does not get the letter.
    world.loses({ kind: "letter" });
    bob.starts();
    world.runs(1000);
    bob.pressesCtrlC();
    world.losesNothing();
  }
  bob.looks();
  bob.starts();
  world.runs(1000);
  assertEquals(bob.looks().at(-1), `alice: ${written} hi`);
  const { all, present } = prekeysOf(bob);
  assert(all.length === 3 && all.includes(wanted) && present !== wanted);
});

scenario("a prekey is destroyed 45 days after another one has taken its place", (world) => {
  const { bob } = world.clients("bob");
  const destroyed: { at: Millis; change: Change }[] = [];
  bob.disk.onCommit = (changes) => {
    for (const change of changes) {
      if (PREKEY.matches(change.key) && change.type !== "save") {
        destroyed.push({ at: world.schedule.now, change });
      }
    }
  };
  const { present: first } = prekeysOf(bob);
  bob.types("quit");
  world.runs(2 * 24 * HOUR_MS);
  bob.starts();
  world.runs(1000);
  const superseded = world.schedule.now;
  assertEquals(prekeysOf(bob).all.length, 2);
  bob.pressesCtrlC();
  looksInWeekly(world, bob, PREKEY_LIFE_MS - 2 * HOUR_MS);
  bob.starts();
  world.runs(HOUR_MS);
  assert(prekeysOf(bob).all.includes(first));
  assertEquals(destroyed, []);
  world.runs(2 * HOUR_MS);
  bob.pressesCtrlC();
  assertEquals(destroyed.map(({ change }) => change), [{ type: "destroy", key: PREKEY.key(first) }]);
  assert(destroyed[0]!.at >= superseded - 1000 + PREKEY_LIFE_MS);
  assert(!prekeysOf(bob).all.includes(first));
});

scenario("also when it is not running then: once it has been online for a minute", (world) => {
  const { bob } = world.clients("bob");
  const { present: first } = prekeysOf(bob);
  bob.types("quit");
  world.runs(2 * 24 * HOUR_MS);
  bob.starts();
  world.runs(1000);
  bob.pressesCtrlC();
  looksInWeekly(world, bob, PREKEY_LIFE_MS + HOUR_MS);
  assert(prekeysOf(bob).all.includes(first));
  const changes: Change[] = [];
  bob.disk.onCommit = (some) => changes.push(...some);
  bob.starts();
  world.runs(SETTLED_MS - 1000);
  assertEquals(changes.filter(({ type }) => type === "destroy"), []);
  world.runs(2000);
  assertEquals(changes.filter(({ type }) => type === "destroy"), [{
    type: "destroy",
    key: PREKEY.key(first),
  }]);
});

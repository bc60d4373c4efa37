/** Wall clocks that are set while a process runs, that are wrong at a start, and that are right again. */
import { assert, assertEquals } from "@std/assert";
import { DAY_MS, HOUR_MS, SETTLED_MS } from "../../core/base/limits.ts";
import { dateAndTime } from "../../core/base/text.ts";
import { NO_LIMITS } from "../kit/samples.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const TWO_YEARS = 730 * DAY_MS;
const SAVED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];

/** Alice has written to bob by a clock that is off by so much, while nobody can hear her. */
function written(world: World, skew: number) {
  const { alice, bob } = world.clients("alice", "bob");
  world.server.isKilled();
  world.cut(bob);
  alice.setsClock(skew);
  alice.types("send bob w1");
  world.runs(1000);
  return { alice, bob };
}

/** A letter from alice waits for bob, who is not running. */
function aLetterWaits(world: World) {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  bob.pressesCtrlC();
  world.runs(100);
  world.everybodyLooks();
  const written = alice.types("send bob hi");
  alice.types("send_all to all");
  world.runs(1000);
  alice.sees(...SAVED, "[Message received by Server.]");
  return { alice, bob, line: `alice: ${written} hi`, post: `[Channel_Message alice: ${written} to all]` };
}

for (const wrong of [TWO_YEARS, -TWO_YEARS]) {
  const how = wrong > 0 ? "ahead" : "back";
  scenario(`a server's clock leaps two years ${how} for some hours: no letter is dropped`, (world) => {
    const { alice, bob, line, post } = aLetterWaits(world);
    world.server.setsClock(wrong);
    world.runs(3 * HOUR_MS);
    world.server.setsClock(0);
    world.runs(3 * HOUR_MS);
    alice.sees();
    bob.starts();
    world.runs(1000);
    const lines = bob.looks();
    assert(lines.includes(line) && lines.includes(post), lines.join("\n"));
    assertEquals(lines.filter((each) => each.includes("dropped")), []);
    alice.looks();
  });

  scenario(`a server starts while its clock is two years ${how}, and again when it is right`, (world) => {
    const { alice, bob, line, post } = aLetterWaits(world);
    for (const skew of [wrong, 0]) {
      world.server.isKilled();
      world.server.setsClock(skew);
      world.server.starts();
      world.runs(3 * HOUR_MS);
    }
    bob.starts();
    world.runs(1000);
    const lines = bob.looks();
    assert(lines.includes(line) && lines.includes(post), lines.join("\n"));
    assert(alice.hasSeen("[bob has collected 1 message.]"));
  });

  scenario(`a sender's clock is two years ${how} while he writes, and is set right`, (world) => {
    const { alice, bob } = written(world, wrong);
    alice.setsClock(0);
    world.runs(1000);
    world.server.starts();
    world.mend(bob);
    world.runs(60_000);
    assertEquals(bob.looks().filter((each) => each.endsWith("w1")).length, 1);
    assertEquals(alice.looks().filter((each) => each.includes("failed")), []);
    assertEquals(alice.keeps("outbox"), 0);
  });

  scenario(`the same, and his program is started again in between`, (world) => {
    const { alice, bob } = written(world, wrong);
    alice.isKilled();
    alice.setsClock(0);
    world.server.starts();
    world.mend(bob);
    alice.starts();
    world.runs(60_000);
    assertEquals(bob.looks().filter((each) => each.endsWith("w1")).length, 1);
    assertEquals(alice.looks().filter((each) => each.includes("failed")), []);
  });

  scenario(`a nick is not freed because the clock is two years ${how}`, (world) => {
    world.server.limits = { ...NO_LIMITS, nickDays: 8 };
    world.server.restarts();
    const { bob } = world.clients("bob");
    bob.pressesCtrlC();
    world.server.setsClock(wrong);
    world.runs(3 * HOUR_MS);
    world.server.restarts();
    world.runs(3 * HOUR_MS);
    world.server.setsClock(0);
    world.server.restarts();
    world.runs(3 * HOUR_MS);
    assertEquals(world.server.keeps("nick"), 1);
  });
}

scenario("a clock that was set is in the log, and one that is as before is not", (world) => {
  const nothing = "nothing becomes older by that";
  world.server.looks();
  for (const skew of [31 * DAY_MS, 31 * DAY_MS + 500, 8 * HOUR_MS]) {
    world.server.setsClock(skew);
    world.runs(10);
  }
  world.server.sees(
    `the clock went forward by 31 days: ${nothing}`,
    `the clock went back by 31 days: ${nothing}`,
  );
  world.server.isKilled();
  world.server.setsClock(8 * HOUR_MS + 10_000);
  world.server.starts();
  world.runs(10);
  assertEquals(world.server.looks().filter((line) => line.startsWith("the clock")), []);
});

scenario("a clock that is 8 hours ahead changes no waiting: 500 ms stay 500 ms", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.setsClock(8 * HOUR_MS);
  world.cut(bob);
  alice.types("send bob t");
  world.runs(499);
  alice.sees();
  world.runs(3);
  alice.sees("[No ACK from bob, message sent to server.]", ...SAVED);
  world.mend(bob);
  world.runs(60_000);
  world.everybodyLooks();
});

scenario("what is sent bears the date of the wall clock, and what is shown as well", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.pressesCtrlC();
  world.runs(100);
  alice.setsClock(3 * DAY_MS);
  alice.looks();
  alice.types("send bob hi");
  const line = `alice: ${dateAndTime(alice.wall)} hi`;
  world.runs(1000);
  bob.starts();
  world.runs(1000);
  assert(bob.hasSeen(line), bob.looks().join("\n"));
  world.everybodyLooks();
});

scenario(
  "a recipient starts ten times, each time a week later by its clock: the letter still opens",
  (world) => {
    const { bob, line } = aLetterWaits(world);
    world.loses({ to: bob, kind: "letter" });
    for (let week = 1; week <= 10; week++) {
      bob.setsClock(week * 7 * DAY_MS);
      bob.starts();
      world.runs(SETTLED_MS / 2);
      bob.isKilled();
    }
    world.losesNothing();
    bob.looks();
    bob.starts();
    world.runs(1000);
    assert(bob.hasSeen(line), bob.looks().join("\n"));
    assertEquals(bob.looks().filter((each) => each.includes("cannot be opened")), []);
  },
);

scenario(
  "a server is down for ten weeks: its letters open, and what was shown is not shown again",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    bob.pressesCtrlC();
    world.runs(100);
    const first = alice.types("send bob one");
    world.runs(1000);
    // The server never hears that bob has the first one, and hands it over again.
    world.loses({ from: bob, kind: "receipt" }, { from: bob, kind: "saved" });
    bob.starts();
    world.runs(1000);
    assert(bob.hasSeen(`alice: ${first} one`));
    bob.isKilled();
    world.losesNothing();
    const second = alice.types("send bob two");
    world.runs(1000);
    alice.pressesCtrlC();
    world.server.isKilled();
    for (let week = 1; week <= 10; week++) {
      world.runs(7 * DAY_MS);
      bob.starts();
      world.runs(2 * SETTLED_MS);
      bob.hasEnded(1);
    }
    bob.looks();
    world.server.starts();
    bob.starts();
    world.runs(2 * SETTLED_MS);
    assertEquals(bob.looks().filter((each) => each.startsWith("alice: ")), [`alice: ${second} two`]);
  },
);

scenario("a client is stopped again and again: mail is announced each time before it, once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  let count = 0;
  const stops = [[5, 1_000], [80, 3_000], [40, 200], [100, 5], [100, 20], [3, 50], [90, 30_000]] as const;
  for (const [seconds, runs] of stops) {
    bob.isStopped();
    const written: string[] = [];
    for (let each = 0; each < 4; each++) {
      written.push(`m${++count}`);
      alice.types(`send bob ${written.at(-1)}`);
      world.runs(seconds * 250);
    }
    bob.isContinued();
    world.runs(runs);
    const lines = bob.looks().filter((line) => line.startsWith("alice") || line.startsWith("SERVER:"));
    assertEquals(lines[0], "SERVER: [You have messages]");
    assert(lines.slice(1).every((line) => line.startsWith("alice: ")), lines.join("\n"));
  }
  world.runs(60_000);
  bob.sees();
  alice.looks();
  alice.types("send bob live");
  world.runs(100);
  bob.sees("alice: live");
  alice.looks();
});

scenario("a client was stopped while nobody wrote: what comes later is not announced as mail", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  for (const seconds of [5, 80]) {
    bob.isStopped();
    world.runs(seconds * 1000);
    bob.isContinued();
    world.runs(5_000);
    world.everybodyLooks();
    alice.types("send bob live");
    world.runs(100);
    bob.sees("alice: live");
    alice.sees("[Message received by bob.]");
  }
});

/** Nicks that an operator gives up while the server runs, and how long nobody has used one. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { SEEN_AGAIN_MS, SILENCE_MS } from "../../../core/base/limits.ts";
import { NICK } from "../../../core/durable/records.ts";
import type { Nick } from "../../../core/messages/nick.ts";
import type { Notice, ReleaseOutcome } from "../../../core/notice.ts";
import { isAnothers } from "../../kit/person.ts";
import { World } from "../../kit/world.ts";

const DAY_MS = 24 * 3_600_000;

/** Asks for a release. Returns what became of it, and how many letters have failed. */
function release(world: World, nick: Nick, idle = 0): [ReleaseOutcome, number] | undefined {
  let answer: [ReleaseOutcome, number] | undefined;
  world.server.onNotice = (notice: Notice) => {
    if (notice.type === "released") answer = [notice.outcome, notice.letters];
  };
  world.server.act({ type: "release", nick, idle });
  world.runs(1000);
  return answer;
}

Deno.test("a nick is free at once, letters to it fail and their senders are told, and another one may have it", () => {
  const world = new World();
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("quit");
  world.runs(1000);
  alice.types("send bob for the old one only");
  world.runs(1000);
  world.everybodyLooks();
  assertEquals(release(world, "BOB"), ["done", 1]);
  alice.sees("[Message to bob failed: the nickname was given up.]");
  assertFalse(world.server.disk.keys().includes(NICK.keyFor("bob")));
  assertEquals(Object.keys(world.server.idle), ["alice"]);
  assertEquals(release(world, "bob"), ["unknown", 0]);

  const other = world.client("bob");
  other.starts();
  world.runs(1000);
  assert(other.looks().includes("SERVER: [Welcome, you are registered.]"));
  assertFalse(other.looks().some((line) => line.includes("old one")));
  // A restart brings nothing of it back.
  world.server.restarts();
  world.runs(2 * SILENCE_MS);
  assertEquals(Object.keys(world.server.idle).sort(), ["alice", "bob"]);
  bob.starts();
  world.runs(1000);
  assertEquals(bob.looks().slice(2), isAnothers("bob"));
});

Deno.test("the nick of who is there is not released", () => {
  const world = new World();
  const { bob } = world.clients("bob");
  assertEquals(release(world, "bob"), ["online", 0]);
  bob.isKilled();
  assertEquals(release(world, "bob"), ["online", 0]);
  world.runs(2 * SILENCE_MS);
  assertEquals(release(world, "bob"), ["done", 0]);
});

Deno.test("a nick is only released that was unused for as long as was asked for", () => {
  const world = new World();
  const { bob } = world.clients("bob");
  bob.types("quit");
  world.runs(10 * DAY_MS);
  assertEquals(release(world, "bob", 11 * DAY_MS), ["used", 0]);
  assertEquals(release(world, "bob", 10 * DAY_MS), ["done", 0]);
});

Deno.test("how long a nick is unused counts from when its owner left, over restarts as well", () => {
  const world = new World();
  const { server } = world;
  const { alice, bob } = world.clients("alice", "bob");
  const isAbout = (nick: Nick, span: number) => {
    const idle = server.idle[nick] ?? -1;
    assert(idle >= span - 1000 && idle < span + 2 * SEEN_AGAIN_MS, `${nick} ${idle}`);
  };
  world.runs(5 * DAY_MS);
  assertEquals(server.idle, { alice: 0, bob: 0 });
  bob.types("quit");
  world.runs(DAY_MS);
  isAbout("bob", DAY_MS);
  server.restarts();
  isAbout("bob", DAY_MS);
  // Who was online when the server ended, and never comes back, was there until then.
  alice.isKilled();
  server.restarts();
  world.runs(2 * SILENCE_MS);
  isAbout("alice", 0);
  world.runs(DAY_MS);
  server.restarts();
  isAbout("alice", DAY_MS);
  isAbout("bob", 2 * DAY_MS);
});

Deno.test("who only sends uses the nick as well", () => {
  const world = new World();
  const { server } = world;
  const { bob } = world.clients("alice", "bob");
  bob.types("quit");
  world.runs(3 * DAY_MS);
  bob.runsScript("send alice still in use");
  world.runs(2 * SEEN_AGAIN_MS);
  server.restarts();
  assert(server.idle["bob"]! <= 3 * SEEN_AGAIN_MS, String(server.idle["bob"]));
});

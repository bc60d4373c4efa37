import { assertEquals } from "@std/assert";
import { CLOCK_SKEW_MS, FOLDERS_PER_SENDER, KNOWN_PEERS, LATE_POST_MS } from "../../../core/base/limits.ts";
import { PostChains } from "../../../core/client/post_chains.ts";
import { NO_HASH } from "../../../core/messages/identity.ts";
import { Recorded } from "../../kit/recorded.ts";

const ALICE = "a1".repeat(32);
const BOB = "b0".repeat(32);
const ID = "f01de4".padEnd(32, "0");
const OTHER_FOLDER = "f01de5".padEnd(32, "0");
const NOW = 1_700_000_000_000;
const identityOf = (count: number): string => count.toString(16).padStart(64, "0");
const hashOf = (number: number): string => (0xff - number).toString(16).repeat(32);

/** A process that keeps chains, on its disk. */
class Follower {
  recorded = new Recorded();
  postChains = new PostChains(this.recorded.effects);

  /** Takes the posts of somebody, from one number to another, each as its sender wrote it. */
  takes(identity: string, from: number, to = from, id = ID): void {
    for (let number = from; number <= to; number++) {
      this.postChains.took(identity, id, { number, hash: hashOf(number) });
    }
  }

  /** Where a post stands that names the one before it, or another one. */
  standing(identity: string, number: number, previous = hashOf(number - 1), id = ID) {
    return this.postChains.standingOf(NOW, id, { identity, number, previous, sentAt: NOW });
  }

  /** The process is killed and started again with what is on disk. */
  restarts(): void {
    this.recorded.perform(0);
    this.recorded = this.recorded.restarted();
    this.postChains = new PostChains(this.recorded.effects);
  }
}

Deno.test("the first post that is heard of somebody is the next one, whatever its number", () => {
  for (const number of [1, 2, 2 ** 48 - 1]) {
    assertEquals(new Follower().standing(ALICE, number, BOB), { type: "next" });
  }
});

Deno.test("the post that names the one before it is the next one", () => {
  const reader = new Follower();
  reader.takes(ALICE, 5, 8);
  assertEquals(reader.standing(ALICE, 9), { type: "next" });
});

Deno.test("a post behind others that are missing stands behind a gap of so many", () => {
  const reader = new Follower();
  reader.takes(ALICE, 5);
  assertEquals(reader.standing(ALICE, 7), { type: "gap", missing: 1 });
  assertEquals(reader.standing(ALICE, 100), { type: "gap", missing: 94 });
});

Deno.test("a post of a number that there was, or of an earlier one, is late; a repeat when its id may be forgotten", () => {
  const reader = new Follower();
  reader.takes(ALICE, 5, 6);
  const standing = (number: number, age: number) =>
    reader.postChains.standingOf(NOW, ID, { identity: ALICE, number, previous: hashOf(6), sentAt: NOW - age })
      .type;
  for (const number of [0, 1, 5, 6]) {
    assertEquals([1 - CLOCK_SKEW_MS, LATE_POST_MS - 1].map((age) => standing(number, age)), ["late", "late"]);
    assertEquals([-CLOCK_SKEW_MS, LATE_POST_MS].map((age) => standing(number, age)), ["repeat", "repeat"]);
  }
});

Deno.test("each state folder of an identity has a chain of its own; of too many the oldest is forgotten", () => {
  const reader = new Follower();
  reader.takes(ALICE, 5);
  assertEquals(reader.standing(ALICE, 1, NO_HASH, OTHER_FOLDER), { type: "next" });
  reader.takes(ALICE, 1, 1, OTHER_FOLDER);
  assertEquals(reader.standing(ALICE, 3, hashOf(2), OTHER_FOLDER), { type: "gap", missing: 1 });
  assertEquals(reader.standing(ALICE, 7), { type: "gap", missing: 1 });
  for (let count = 0; count < FOLDERS_PER_SENDER - 1; count++) {
    reader.takes(ALICE, 1, 1, String(100_000 + count).padEnd(32, "0"));
  }
  reader.restarts();
  assertEquals(reader.recorded.records("chain").length, FOLDERS_PER_SENDER);
  assertEquals(reader.standing(ALICE, 7), { type: "next" });
  assertEquals(reader.standing(ALICE, 3, hashOf(2), OTHER_FOLDER), { type: "gap", missing: 1 });
});

Deno.test("a post that names another one than its sender wrote stands behind an exchanged one", () => {
  const reader = new Follower();
  reader.takes(ALICE, 5);
  for (const hash of [hashOf(4), hashOf(6), NO_HASH]) {
    assertEquals(reader.standing(ALICE, 6, hash), { type: "exchanged" });
  }
});

Deno.test("to ask where a post stands changes nothing", () => {
  const reader = new Follower();
  reader.takes(ALICE, 1);
  for (let round = 0; round < 2; round++) {
    assertEquals(reader.standing(ALICE, 4), { type: "gap", missing: 2 });
  }
  assertEquals(reader.standing(ALICE, 2), { type: "next" });
});

Deno.test("after a gap the chain goes on from the post that was taken", () => {
  const reader = new Follower();
  reader.takes(ALICE, 1);
  reader.takes(ALICE, 4);
  assertEquals(reader.standing(ALICE, 5), { type: "next" });
  assertEquals(reader.standing(ALICE, 3), { type: "late" });
});

Deno.test("each identity has a chain of its own", () => {
  const reader = new Follower();
  reader.takes(ALICE, 5);
  reader.takes(BOB, 1);
  assertEquals(reader.standing(BOB, 2), { type: "next" });
  assertEquals(reader.standing(ALICE, 2), { type: "late" });
});

Deno.test("chains go on after a restart", () => {
  const reader = new Follower();
  reader.takes(ALICE, 5, 6);
  reader.takes(BOB, 1);
  reader.restarts();
  assertEquals(reader.standing(ALICE, 6), { type: "late" });
  assertEquals(reader.standing(ALICE, 7), { type: "next" });
  assertEquals(reader.standing(ALICE, 7, hashOf(5)), { type: "exchanged" });
  assertEquals(reader.standing(BOB, 4), { type: "gap", missing: 2 });
});

Deno.test("where a chain ends is saved at once, for the post's own commit", () => {
  const reader = new Follower();
  reader.takes(ALICE, 1);
  const outputs = reader.recorded.effects.takeOutputs(0, []);
  assertEquals(outputs.map(({ type }) => type), ["save"]);
});

Deno.test("20,000 people are watched; when there is no room those who are known still are", () => {
  const reader = new Follower();
  for (let count = 0; count < KNOWN_PEERS; count++) reader.takes(identityOf(count), 1);
  reader.takes(identityOf(0), 2);
  reader.takes(identityOf(KNOWN_PEERS), 1);
  // Of whom nothing is known whatever comes is the next post.
  assertEquals(reader.standing(identityOf(KNOWN_PEERS), 9), { type: "next" });
  assertEquals(reader.standing(identityOf(0), 9), { type: "gap", missing: 6 });
  assertEquals(reader.standing(identityOf(1), 9), { type: "gap", missing: 7 });
  reader.restarts();
  assertEquals(reader.recorded.records("chain").length, KNOWN_PEERS);
});

Deno.test("our own posts count from 1, and each names the one before it", () => {
  const { postChains } = new Follower();
  assertEquals(postChains.nextPlace, { number: 1, previous: NO_HASH });
  assertEquals(postChains.nextPlace, { number: 1, previous: NO_HASH });
  postChains.posted(hashOf(1));
  postChains.posted(hashOf(2));
  assertEquals(postChains.nextPlace, { number: 3, previous: hashOf(2) });
});

Deno.test("our own chain goes on after a restart", () => {
  const reader = new Follower();
  reader.postChains.posted(hashOf(1));
  reader.restarts();
  assertEquals(reader.postChains.nextPlace, { number: 2, previous: hashOf(1) });
});

Deno.test("a damaged record is as good as none", () => {
  const damaged = [
    [`chain/${ALICE}/f01de4`, new Uint8Array(37)],
    ["posted/last", new Uint8Array(39)],
  ] as const;
  const postChains = new PostChains(new Recorded(damaged).effects);
  const post = { identity: ALICE, number: 3, previous: NO_HASH, sentAt: NOW };
  assertEquals(postChains.standingOf(NOW, ID, post), { type: "next" });
  assertEquals(postChains.nextPlace, { number: 1, previous: NO_HASH });
});

/** What becomes of channel messages: shown, or not, and what the user hears of them. Nobody receipts them. */
import { assertEquals } from "@std/assert";
import { NO_HASH } from "../../../core/messages/identity.ts";
import { BODY, idOf } from "../../kit/samples.ts";
import type { Speaker } from "../../kit/speaker.ts";
import { ClientStage, letterOf, row } from "./receiver_scene.ts";

const CHANNEL_KEY = new Uint8Array(32).fill(0xc0);

/** Bob, who is registered, and Alice, whom he knows from the table. */
function met(channelKey?: Uint8Array): { stage: ClientStage; alice: Speaker } {
  const stage = new ClientStage({ channelKey });
  const alice = stage.peer("alice");
  stage.registered(row(alice));
  stage.lines();
  return { stage, alice };
}

/** The server hands over posts of somebody, the first under the first id ...: what is shown. */
function shown(stage: ClientStage, from: string, posts: readonly Uint8Array[], firstId = 1): string[] {
  for (const [at, post] of posts.entries()) stage.hands("channel", idOf(firstId + at), from, post);
  return stage.lines();
}

Deno.test("posts in their order are shown, and nobody hears of it", () => {
  const { stage, alice } = met();
  const posts = ["one", "two"].map((text, at) => alice.author.post({ id: idOf(1 + at), text }));
  assertEquals(shown(stage, "alice", posts), [
    "[Channel_Message alice: one]",
    "[Channel_Message alice: two]",
  ]);
  assertEquals([stage.receipts(alice), stage.receipts(stage.server)], [[], []]);
});

Deno.test("what is no post, or was not signed for this id and nick, is not shown", () => {
  const { stage, alice } = met();
  const post = alice.author.post({ id: idOf(4), text: "hello" });
  const forged = "[A channel message under the name of alice is not signed by alice, it is not shown.]";
  assertEquals(shown(stage, "alice", [BODY, post, post.with(50, post[50]! ^ 1)]), Array(3).fill(forged));
  const asCarol = "[A channel message under the name of carol is not signed by carol, it is not shown.]";
  assertEquals(shown(stage, "carol", [post], 4), [asCarol]);
  assertEquals(stage.saved("chain"), []);
  assertEquals(shown(stage, "alice", [post], 4), ["[Channel_Message alice: hello]"]);
});

Deno.test("posts that are missing are told of, and what follows goes on from there", () => {
  const { stage, alice } = met();
  const posts = [1, 2, 3, 4, 5].map((count) => alice.author.post({ id: idOf(count), text: `m${count}` }));
  assertEquals(shown(stage, "alice", posts.slice(0, 1)), ["[Channel_Message alice: m1]"]);
  assertEquals(shown(stage, "alice", posts.slice(3), 4), [
    "[2 channel messages from alice are missing.]",
    "[Channel_Message alice: m4]",
    "[Channel_Message alice: m5]",
  ]);
});

Deno.test("a post that was held back is shown as late, with its date; when it is very old it is told of and not shown", () => {
  const { stage, alice } = met();
  const posts = [1, 2, 3].map((count) => alice.author.post({ id: idOf(count), text: `m${count}` }));
  shown(stage, "alice", [posts[0]!]);
  shown(stage, "alice", [posts[2]!], 3);
  const late = shown(stage, "alice", [posts[1]!], 2);
  assertEquals(late, ["[Channel_Message alice: 2022-03-22 21:35:00.000000 m2]"]);
  const old = alice.author.post({ id: idOf(9), text: "m0", number: 1, sentAt: 1 });
  assertEquals(shown(stage, "alice", [old], 9), [
    "[An old channel message of alice came once more, it is not shown.]",
  ]);
});

Deno.test("a post that was shown and comes again is passed over without a word", () => {
  const { stage, alice } = met();
  const post = alice.author.post({ id: idOf(1), text: "hello" });
  assertEquals(shown(stage, "alice", [post]), ["[Channel_Message alice: hello]"]);
  assertEquals(shown(stage, "alice", [post]), []);
});

Deno.test("a post behind another one than its sender wrote is shown behind a word about that", () => {
  const { stage, alice } = met();
  const first = alice.author.post({ id: idOf(1), text: "one" });
  alice.author.post({ id: idOf(1), text: "another", number: 1, previous: NO_HASH });
  const second = alice.author.post({ id: idOf(2), text: "two" });
  assertEquals(shown(stage, "alice", [first]), ["[Channel_Message alice: one]"]);
  assertEquals(shown(stage, "alice", [second], 2), [
    "[The channel message of alice before this one is not the one that was sent.]",
    "[Channel_Message alice: two]",
  ]);
});

Deno.test("a post of another identity than the one pinned is not shown, and the user told once", () => {
  const { stage, alice } = met();
  shown(stage, "alice", [alice.author.post({ id: idOf(1), text: "hello" })]);
  const mallory = stage.peer("alice");
  const posts = [2, 3].map((count) => mallory.author.post({ id: idOf(count), text: "x" }));
  assertEquals(shown(stage, "alice", posts, 2), [
    "[alice has another key than the pinned one: somebody else may have the nick. " +
    "Nothing is sent to alice until you say 'trust alice'.]",
  ]);
});

Deno.test("the first post pins its sender's identity", () => {
  const { stage, alice } = met();
  shown(stage, "alice", [alice.author.post({ id: idOf(1), text: "hello" })]);
  assertEquals(stage.saved("known_peer"), ["known_peer/alice"]);
  const mallory = stage.peer("alice");
  stage.hands("letter", idOf(2), "alice", letterOf(mallory, idOf(2), stage, "x"));
  assertEquals(stage.receipts(stage.server).map(({ outcome }) => outcome), ["refused"]);
});

Deno.test("who has the channel key reads sealed posts, and sees which ones are open", () => {
  const { stage, alice } = met(CHANNEL_KEY);
  const posts = [
    alice.author.post({ id: idOf(1), text: "secret" }, CHANNEL_KEY),
    alice.author.post({ id: idOf(2), text: "hello" }),
  ];
  assertEquals(shown(stage, "alice", posts), [
    "[Channel_Message alice: secret]",
    "[Channel_Message, not sealed, alice: hello]",
  ]);
});

for (
  const [who, key] of [["without a channel key", undefined], [
    "with another one",
    new Uint8Array(32),
  ]] as const
) {
  Deno.test(`whoever is ${who} is told of a sealed post once, and reads the open ones`, () => {
    const { stage, alice } = met(key);
    const posts = [
      alice.author.post({ id: idOf(1), text: "secret" }, CHANNEL_KEY),
      alice.author.post({ id: idOf(2), text: "hello" }),
    ];
    const before = key === undefined ? "[Channel_Message alice" : "[Channel_Message, not sealed, alice";
    assertEquals(shown(stage, "alice", posts), [
      "[A channel message of alice is sealed under a channel key that this client does not have, see 'client --channel-key'.]",
      `${before}: hello]`,
    ]);
    assertEquals(shown(stage, "alice", posts), []);
  });
}

Deno.test("after a restart posts go on from the one that was saved last", () => {
  const { stage, alice } = met();
  const posts = [1, 2, 3, 4].map((count) => alice.author.post({ id: idOf(count), text: `m${count}` }));
  shown(stage, "alice", posts.slice(0, 2));
  stage.run(100);
  stage.restarts();
  stage.registered(row(alice));
  stage.lines();
  assertEquals(shown(stage, "alice", [posts[0]!]), []);
  assertEquals(shown(stage, "alice", [posts[3]!], 4), [
    "[1 channel message from alice is missing.]",
    "[Channel_Message alice: m4]",
  ]);
});

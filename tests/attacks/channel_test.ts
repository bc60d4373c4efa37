/**
 * Attacks on the channel: each post is signed, numbered and chained, so what the server does to them is told.
 */
import { assertEquals } from "@std/assert";
import { primitives } from "../../core/base/crypto.ts";
import { SEEN_LIFE_MS } from "../../core/base/limits.ts";
import { dateAndTime } from "../../core/base/text.ts";
import { NO_HASH } from "../../core/messages/identity.ts";
import { encodePost, postHash } from "../../core/messages/post.ts";
import { HostileServer, type Message } from "../kit/hostile_server.ts";
import { altered } from "../kit/peer.ts";
import type { Person } from "../kit/person.ts";
import { ID, idOf } from "../kit/samples.ts";
import { Speaker } from "../kit/speaker.ts";
import { Arena } from "./arena.ts";

const FORGED = "[A channel message under the name of alice is not signed by alice, it is not shown.]";
const REPEATED = "[An old channel message of alice came once more, it is not shown.]";
const EXCHANGED = "[The channel message of alice before this one is not the one that was sent.]";
const SEALED =
  "[A channel message of alice is sealed under a channel key that this client does not have, see 'client --channel-key'.]";
const missing = (count: number) =>
  `[${count} channel message${count === 1 ? " from alice is" : "s from alice are"} missing.]`;
const shown = (number: number) => `[Channel_Message alice: post ${number}]`;

interface Situation {
  readonly arena: Arena;
  readonly alice: Person;
  readonly bob: Person;
  readonly server: HostileServer;
  readonly posts: readonly Message[];
  /** When each was posted. */
  readonly dates: readonly string[];
}

/** alice has posted so much, to a server that keeps it and means no good. bob has heard her before. */
function withPosts(
  count: number,
  channelKeys: Partial<Record<"alice" | "bob", Uint8Array | undefined>> = {},
): Situation {
  const arena = new Arena();
  const [alice, bob] = (["alice", "bob"] as const).map((nick) => {
    const client = arena.client(nick, { channelKey: channelKeys[nick] });
    client.registers();
    arena.runs(200);
    return client;
  });
  alice!.posts("first");
  arena.runs(200);
  const server = HostileServer.inThePlaceOfTheServer(arena);
  const dates: string[] = [];
  for (let number = 1; number <= count; number++) {
    alice!.posts(`post ${number}`);
    dates.push(dateAndTime(arena.now));
    arena.runs(100);
  }
  arena.everybodyLooks();
  return { arena, alice: alice!, bob: bob!, server, dates, posts: server.postsFrom("alice") };
}

/** Hands these over, by their places, counted from 1. */
function hands({ bob, server, posts }: Situation, ...places: number[]): void {
  for (const place of places) server.hands(bob, "channel", posts[place - 1]!);
}

Deno.test("posts that the server hands over as they were given are shown", () => {
  const scene = withPosts(2);
  hands(scene, 1, 2);
  scene.bob.sees(shown(1), shown(2));
});

Deno.test("attack: the server drops posts: the next one tells how many are missing", () => {
  const scene = withPosts(7);
  hands(scene, 1, 3);
  scene.bob.sees(shown(1), missing(1), shown(3));
  hands(scene, 7);
  scene.bob.sees(missing(3), shown(7));
});

Deno.test("attack: the server exchanges the order of posts: what is skipped is missing, and dated when it comes", () => {
  const scene = withPosts(3);
  hands(scene, 2, 1, 3);
  scene.bob.sees(
    missing(1),
    shown(2),
    `[Channel_Message alice: ${scene.dates[0]} post 1]`,
    shown(3),
  );
});

Deno.test("attack: the server keeps a post back until its id, if it was seen, is forgotten: it is not shown any more", () => {
  const scene = withPosts(2);
  const { arena, bob } = scene;
  hands(scene, 2);
  bob.sees(missing(1), shown(2));
  for (const victim of arena.people) victim.does({ type: "leave" });
  arena.runs(SEEN_LIFE_MS);
  bob.registers();
  arena.runs(1000);
  bob.looks();
  hands(scene, 1);
  bob.sees(REPEATED);
});

Deno.test("attack: the server hands a post over again, in new streams and to new processes too: it is not shown again", () => {
  const scene = withPosts(2);
  const { arena, bob, server } = scene;
  hands(scene, 1, 1);
  bob.sees(shown(1));
  server.tells(bob, { type: "notRegistered", nick: "bob" });
  hands(scene, 1);
  bob.isKilled();
  bob.registers();
  arena.runs(1000);
  bob.looks();
  hands(scene, 1);
  bob.sees();
  // Under another id it is none of alice's, and as a letter it is none.
  server.hands(bob, "channel", { ...scene.posts[0]!, id: idOf(1, 1) });
  bob.sees(FORGED);
  server.hands(bob, "letter", scene.posts[1]!);
  bob.sees();
  hands(scene, 2);
  bob.sees(shown(2));
});

Deno.test("attack: the server alters a post, wherever, or hands it over under another id or nick: forged", () => {
  const scene = withPosts(1);
  const { bob, server, posts: [post] } = scene;
  const { body } = post!;
  // Number, previous, time, whether it is sealed, length, text and signature.
  for (const at of [0, 5, 6, 37, 38, 43, 44, 79, 82, body.length - 65, body.length - 64, body.length - 1]) {
    server.hands(bob, "channel", { ...post!, body: altered(body, at) });
    assertEquals(bob.looks(), [FORGED], `byte ${at}`);
  }
  // Identity: another one, that has not signed it.
  server.hands(bob, "channel", { ...post!, body: altered(body, 60) });
  bob.sees(FORGED);
  for (const length of [0, 1, 79, body.length - 1]) {
    server.hands(bob, "channel", { ...post!, body: body.subarray(0, length) });
    bob.sees(FORGED);
  }
  server.hands(bob, "channel", { ...post!, id: ID });
  bob.sees(FORGED);
  server.hands(bob, "channel", { ...post!, from: "carol" });
  bob.sees(FORGED.replaceAll("alice", "carol"));
  hands(scene, 1);
  bob.sees(shown(1));
});

Deno.test("attack: the server writes a post itself, under an identity that it has made up: another key, not shown", () => {
  const scene = withPosts(1);
  const { arena, bob, server } = scene;
  const mallory = new Speaker(arena, "mal");
  const body = mallory.post({ from: "alice", text: "forged", number: 2 });
  server.hands(bob, "channel", { id: ID, from: "alice", body });
  bob.sees(
    "[alice has another key than the pinned one: somebody else may have the nick. " +
      "Nothing is sent to alice until you say 'trust alice'.]",
  );
  hands(scene, 1);
  bob.sees(shown(1));
});

Deno.test("attack: the server exchanges the bodies of two posts: both are forged", () => {
  const scene = withPosts(2);
  const { bob, server, posts: [one, two] } = scene;
  server.hands(bob, "channel", { ...one!, body: two!.body });
  server.hands(bob, "channel", { ...two!, body: one!.body });
  bob.sees(FORGED, FORGED);
});

Deno.test("attack: a sender and the server tell different people different things: the next post gives them away", () => {
  const scene = withPosts(0);
  const { bob, server, alice } = scene;
  const { identity } = alice;
  // Two posts of alice's from another state folder; bob is given another first one.
  const about = { from: "alice", sentAt: 0 };
  const post = (id: string, number: number, previous: string, text: string) => ({
    id,
    from: "alice",
    body: encodePost(primitives, identity, undefined, { ...about, id, number, previous, text }),
  });
  const forOthers = post(idOf(1, 9), 1, NO_HASH, "yes");
  const forBob = post(idOf(1, 9), 1, NO_HASH, "no");
  const next = post(idOf(2, 9), 2, postHash(primitives, forOthers.id, forOthers.body), "as I said");
  server.hands(bob, "channel", forBob);
  server.hands(bob, "channel", next);
  bob.sees("[Channel_Message alice: no]", EXCHANGED, "[Channel_Message alice: as I said]");
});

Deno.test("attack: a member posts in somebody else's name: the server says 'not registered', and nobody hears it", () => {
  const arena = new Arena();
  const { alice, bob } = arena.clients("alice", "bob");
  const mallory = arena.member("mal");
  arena.runs(500);
  arena.everybodyLooks();
  mallory.says(arena.server, {
    type: "post",
    id: ID,
    from: "alice",
    body: mallory.post({ from: "alice", text: "x" }),
  });
  arena.runs(200);
  assertEquals(mallory.heardOf("notRegistered"), [{ type: "notRegistered", nick: "alice" }]);
  bob.sees();
  // alice's own post, caught, and posted once more under one's own nick.
  alice.posts("hi");
  arena.runs(200);
  bob.sees("[Channel_Message alice: hi]");
  const [caught] = mallory.heardOf("channel");
  mallory.says(arena.server, { type: "post", id: caught!.id, from: "mal", body: caught!.body });
  arena.runs(200);
  bob.sees(FORGED.replaceAll("alice", "mal"));
  // A post of one's own is heard.
  mallory.says(arena.server, {
    type: "post",
    id: ID,
    from: "mal",
    body: mallory.post({ from: "mal", text: "mine" }),
  });
  arena.runs(200);
  bob.sees("[Channel_Message mal: mine]");
});

// ---- under a channel key ---------------------------------------------------------------------------------

const KEY = new Uint8Array(32).fill(7);

Deno.test("attack: read what is posted under a channel key, without it or with another: there is nothing to read", () => {
  for (const key of [undefined, new Uint8Array(32).fill(8)]) {
    const scene = withPosts(2, { alice: KEY, bob: key });
    assertEquals(scene.posts.some(({ body }) => new TextDecoder().decode(body).includes("post")), false);
    hands(scene, 1, 2);
    scene.bob.sees(SEALED, SEALED);
  }
  const scene = withPosts(2, { alice: KEY, bob: KEY });
  hands(scene, 1, 2);
  scene.bob.sees(shown(1), shown(2));
});

Deno.test("attack: the server takes a post out of its seal: that is no post of its sender's; an open one is marked", () => {
  const scene = withPosts(1, { alice: KEY, bob: KEY });
  const { bob, server, posts: [post] } = scene;
  // The byte that says whether it is sealed.
  server.hands(bob, "channel", { ...post!, body: altered(post!.body, 44) });
  bob.sees(FORGED);
  const open = withPosts(1, { bob: KEY });
  hands(open, 1);
  open.bob.sees("[Channel_Message, not sealed, alice: post 1]");
});

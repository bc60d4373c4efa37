/**
 * Attacks in several steps: on the limits of addresses and of memory, on who is pinned, and by a thief of
 * keys.
 */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { primitives } from "../../core/base/crypto.ts";
import {
  KEEP_ALIVE_JITTER,
  KEEP_ALIVE_MS,
  NEW_NICKS_PER_HOUR,
  PREKEY_MS,
  SEEN_LIFE_MS,
  SEEN_RUNS,
  SWEEP_MS,
} from "../../core/base/limits.ts";
import type { Address } from "../../core/base/units.ts";
import { Identity, NO_HASH, SECRETS_BYTES } from "../../core/messages/identity.ts";
import { encodePost } from "../../core/messages/post.ts";
import { PROCESS_BYTES } from "../../core/wire/packet.ts";
import { HostileServer } from "../kit/hostile_server.ts";
import { ID, NO_LIMITS } from "../kit/samples.ts";
import { Speaker } from "../kit/speaker.ts";
import { Arena } from "./arena.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";

/**
 * mallory finishes the handshake where he is; his first packet, which registers a nick, seems to come from
 * elsewhere.
 */
function registersFrom(arena: Arena, nick: string, port: number, seemingly: Address): Speaker {
  const mallory = new Speaker(arena, "mal", { address: { host: "10.66.6.6", port } });
  const bundle = mallory.bundle(nick);
  mallory.says(arena.server, {
    type: "register",
    nick,
    turn: 1,
    asked: true,
    bundle,
    candidates: [],
    predecessors: [],
  });
  mallory.pretendsToBeAt(seemingly);
  arena.runs(300);
  return mallory;
}

Deno.test(
  "attack: new nicks from one address, each seemingly from another: no more than 20 in an hour",
  () => {
    const arena = new Arena({ limits: { ...NO_LIMITS, newNicksPerHour: NEW_NICKS_PER_HOUR } });
    for (let number = 1; number <= 2 * NEW_NICKS_PER_HOUR; number++) {
      registersFrom(arena, `mal${number}`, number, { host: `10.77.0.${number}`, port: 1 });
    }
    assertLessOrEqual(arena.server.keeps("nick"), NEW_NICKS_PER_HOUR);
  },
);

Deno.test(
  "attack: use up somebody's share of new nicks by pretending to be there: he can still register",
  () => {
    const arena = new Arena({ limits: { ...NO_LIMITS, newNicksPerHour: NEW_NICKS_PER_HOUR } });
    const alice = arena.client("alice");
    for (let number = 1; number <= NEW_NICKS_PER_HOUR; number++) {
      registersFrom(arena, `mal${number}`, number, { host: alice.host, port: number });
    }
    alice.registers();
    arena.runs(500);
    assertEquals(alice.looks().includes(WELCOME), true);
  },
);

for (const kind of ["letter", "channel"] as const) {
  const what = kind === "letter" ? "letter" : "post";
  Deno.test(
    `attack: the server drops every second ${what}, then repeats the first: not shown again`,
    () => {
      const arena = new Arena();
      const { alice, bob } = arena.clients("alice", "bob");
      const server = HostileServer.inThePlaceOfTheServer(arena);
      server.saysAway("bob");
      for (let number = 1; number <= 2 * SEEN_RUNS + 4; number++) {
        if (kind === "letter") alice.writes("bob", `message ${number}`);
        else alice.posts(`message ${number}`);
        arena.runs(20);
      }
      arena.runs(1000);
      const messages = kind === "letter" ? server.lettersFrom("alice") : server.postsFrom("alice");
      for (let at = 0; at < messages.length; at += 2) server.hands(bob, kind, messages[at]!);
      arena.runs(30_000);
      assertEquals(bob.looks().filter((line) => /message 1\b/.test(line)).length, 1);
      server.hands(bob, kind, messages[0]!);
      arena.runs(10_000);
      assertEquals(bob.looks().filter((line) => /message 1\b/.test(line)).length, 0);
    },
  );
}

Deno.test(
  "attack: the server repeats a post of somebody whose clock is days ahead: not shown again",
  () => {
    const arena = new Arena();
    const { alice, bob } = arena.clients("alice", "bob");
    const server = HostileServer.inThePlaceOfTheServer(arena);
    arena.everybodyLooks();
    const sentAt = arena.now + 3 * PREKEY_MS;
    const about = { id: ID, from: "alice", sentAt, text: "hi", number: 1, previous: NO_HASH };
    const post = { id: ID, from: "alice", body: encodePost(primitives, alice.identity, undefined, about) };
    server.hands(bob, "channel", post);
    bob.sees("[Channel_Message alice: hi]");
    for (const victim of arena.people) victim.does({ type: "leave" });
    // He makes a new prekey a day later, and forgets what he saw under the old one when that is destroyed.
    arena.runs(PREKEY_MS);
    bob.registers();
    arena.runs(2 * SWEEP_MS);
    bob.does({ type: "leave" });
    arena.runs(SEEN_LIFE_MS);
    bob.registers();
    arena.runs(2 * SWEEP_MS);
    bob.looks();
    server.hands(bob, "channel", post);
    assertEquals(bob.looks().filter((line) => line.includes(" alice: ")), []);
  },
);

Deno.test(
  "attack: the server writes in the name of somebody whom the table knows and we have not met: not shown",
  () => {
    const arena = new Arena();
    const { bob } = arena.clients("alice", "bob");
    const server = HostileServer.inThePlaceOfTheServer(arena);
    arena.everybodyLooks();
    const mallory = new Speaker(arena, "mal");
    // bob has alice's genuine row, with her identity; neither the post nor the letter is by that.
    const about = { id: ID, from: "alice", to: "bob" };
    const keys = { recipient: server.rowOf("bob"), sender: mallory.bundle("alice") };
    const body = mallory.letter({ ...about, ...keys, text: "forged letter" });
    server.hands(bob, "letter", { ...about, body });
    server.hands(bob, "channel", { ...about, body: mallory.post({ from: "alice", text: "forged post" }) });
    assertEquals(bob.looks().filter((line) => line.includes("forged ")), []);
  },
);

Deno.test(
  "attack: take over with a copy of the identity and of what contacts know of the process: the owner is told",
  () => {
    const arena = new Arena();
    const secrets = arena.random(SECRETS_BYTES);
    const alice = arena.client("alice", { identity: new Identity(primitives, secrets) });
    alice.registers();
    arena.runs(500);
    const contact = arena.member("mal");
    alice.writes("mal", "hi");
    arena.runs(500);
    alice.looks();
    const { peerProcess = "" } = contact.links.get(alice.key)!;
    // The first bytes of that length that the thief draws become his process.
    let isDrawn = false;
    const random = (count: number) => {
      if (count !== PROCESS_BYTES || isDrawn) return arena.random(count);
      isDrawn = true;
      return Uint8Array.fromHex(peerProcess);
    };
    const thief = new Speaker(arena, "mal", { address: { host: "10.66.6.9", port: 9 }, secrets, random });
    const bundle = arena.server.bundleOf("alice");
    thief.says(arena.server, {
      type: "register",
      nick: "alice",
      turn: 1000,
      asked: true,
      bundle,
      candidates: [],
      predecessors: [],
    });
    arena.runs(KEEP_ALIVE_MS * (1 + KEEP_ALIVE_JITTER) + 2000);
    assertEquals(thief.heardOf("registered").length, 1);
    assertEquals(alice.looks().filter((line) => line.includes("from another place")).length, 1);
  },
);

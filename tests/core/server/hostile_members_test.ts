/** What one member can do to another one, and to those who write to it. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { letterNameOf } from "../../../core/messages/letter_form.ts";
import type { Person } from "../../kit/person.ts";
import { ID } from "../../kit/samples.ts";
import { Speaker } from "../../kit/speaker.ts";
import { World } from "../../kit/world.ts";

function withMallory(): { world: World; alice: Person; mallory: Speaker } {
  const world = new World();
  const { alice } = world.clients("alice");
  const mallory = new Speaker(world, "mal");
  mallory.tells(world.server, {
    type: "register",
    nick: "mal",
    turn: 1,
    asked: true,
    bundle: mallory.bundle("mal"),
    candidates: [],
    predecessors: [],
  });
  world.runs(1000);
  alice.looks();
  return { world, alice, mallory };
}

for (const body of [[], [7], [1], [1, 2, 3]]) {
  Deno.test(`a deposited body [${body}] that is no letter is receipted once and is gone`, () => {
    const { world, mallory } = withMallory();
    mallory.tells(world.server, {
      type: "deposit",
      id: ID,
      from: "mal",
      to: "alice",
      body: Uint8Array.from(body),
    });
    world.runs(1000);
    world.datagrams.length = 0;
    world.runs(20_000);
    assertLess(world.datagrams.length, 50);
  });
}

Deno.test("a message that was sealed again reaches a recipient who was away then", () => {
  const { world, alice, mallory } = withMallory();
  // mal is there and slow: alice deposits a letter.
  alice.does({ type: "sendDirect", to: "mal", text: "hi" });
  world.runs(1000);
  const [first] = mallory.heardOf("letter");
  assert(first !== undefined);
  const said = { id: first.id, ...letterNameOf(first.body), outcome: "unreadable" } as const;
  const receipt = mallory.receipt("mal", "alice", said);
  // It cannot open it, says so, and is away before the second letter comes.
  mallory.says(world.server, { type: "receipt", from: "mal", to: "alice", ...receipt });
  world.runs(15);
  mallory.heard.length = 0;
  world.cut(mallory);
  world.runs(120_000);
  world.mend(mallory);
  mallory.tells(world.server, {
    type: "register",
    nick: "mal",
    turn: 2,
    asked: true,
    bundle: mallory.bundle("mal"),
    candidates: [],
    predecessors: [],
  });
  world.runs(1000);
  mallory.tells(world.server, { type: "receipt", from: "mal", to: "alice", ...receipt });
  world.runs(120_000);
  const editions = mallory.heardOf("letter").map(({ body }) => letterNameOf(body).edition);
  assert(editions.includes(1), "the second letter never came");
});

for (const isOnline of [true, false]) {
  Deno.test(`a prekey that is no key (owner ${isOnline ? "online" : "offline"}) ends no client that writes to its owner, and the user hears that nothing left`, () => {
    const world = new World();
    const { alice } = world.clients("alice");
    const mallory = new Speaker(world, "mal");
    const bundle = mallory.identity.bundle("mal", "00".repeat(32), 1, 1);
    mallory.tells(world.server, {
      type: "register",
      nick: "mal",
      turn: 1,
      asked: true,
      bundle,
      candidates: [],
      predecessors: [],
    });
    if (!isOnline) mallory.tells(world.server, { type: "leave", nick: "mal", turn: 2 });
    world.runs(1000);
    alice.looks();
    alice.does({ type: "sendDirect", to: "mal", text: "hi" });
    world.runs(20_000);
    assertEquals(alice.looks(), ["[Message to mal failed: the recipient's keys are not valid.]"]);
    world.runs(600_000);
    const messages = alice.looks().filter((line) => /Message|Exiting|responding/.test(line));
    assertEquals([messages, alice.exitStatus], [[], undefined]);
  });
}

/** What one member can do to another one, and to those who write to it. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { ID } from "../../kit/samples.ts";
import { Scene, SERVER, type Voice } from "../../kit/scene.ts";

function withMallory(): { scene: Scene; mallory: Voice } {
  const scene = new Scene();
  scene.client("alice");
  const mallory = scene.voice("mallory");
  scene.say("mallory", SERVER, {
    type: "register",
    nick: "mal",
    turn: 1,
    asked: true,
    bundle: mallory.bundle("mal"),
    candidates: [],
  });
  scene.run(1000);
  scene.lines("alice");
  return { scene, mallory };
}

for (const body of [[], [7], [1], [1, 2, 3]]) {
  Deno.test(`a deposited body [${body}] that is no letter is receipted once and is gone`, () => {
    const { scene } = withMallory();
    scene.say("mallory", SERVER, {
      type: "deposit",
      id: ID,
      from: "mal",
      to: "alice",
      body: Uint8Array.from(body),
    });
    scene.run(1000);
    scene.carried.length = 0;
    scene.run(20_000);
    assertLess(scene.carried.length, 50);
  });
}

Deno.test("a message that was sealed again reaches a recipient who comes back, though the server has the first sealing", () => {
  const { scene, mallory } = withMallory();
  // mal is there and slow: alice deposits the first sealing.
  scene.act("alice", { type: "sendDirect", to: "mal", text: "hi" });
  scene.run(1000);
  const first = mallory.heard.find((verb) => verb.type === "direct")!;
  assert(first.type === "direct");
  const receipt = mallory.identity.receipt("mal", "alice", {
    id: first.id,
    edition: 0,
    outcome: "unreadable",
  });
  // It cannot open it, says so directly, and is away before the second sealing comes.
  scene.say("mallory", scene.addressOf("alice"), { type: "receipt", from: "mal", to: "alice", ...receipt });
  mallory.heard.length = 0;
  scene.cut.add("mallory");
  scene.run(120_000);
  scene.cut.clear();
  scene.say("mallory", SERVER, {
    type: "register",
    nick: "mal",
    turn: 2,
    asked: true,
    bundle: mallory.bundle("mal"),
    candidates: [],
  });
  scene.run(1000);
  scene.say("mallory", SERVER, { type: "receipt", from: "mal", to: "alice", ...receipt });
  scene.run(120_000);
  const later = mallory.heard.flatMap((verb) => "body" in verb ? [`${verb.type} ${verb.body[0]}`] : []);
  assert(later.some((it) => it.endsWith(" 1")), "the second sealing never came");
});

for (const isOnline of [true, false]) {
  Deno.test(`a prekey that is no key (owner ${isOnline ? "online" : "offline"}) ends no client that writes to its owner, and the user hears that nothing left`, () => {
    const scene = new Scene();
    scene.client("alice");
    const mallory = scene.voice("mallory");
    const bundle = mallory.identity.bundle("mal", "00".repeat(32), 1);
    scene.say("mallory", SERVER, {
      type: "register",
      nick: "mal",
      turn: 1,
      asked: true,
      bundle,
      candidates: [],
    });
    if (!isOnline) scene.say("mallory", SERVER, { type: "leave", nick: "mal", turn: 2 });
    scene.run(1000);
    scene.lines("alice");
    scene.act("alice", { type: "sendDirect", to: "mal", text: "hi" });
    scene.run(20_000);
    assertEquals(scene.lines("alice"), ["[Message to mal failed: the recipient's keys are not valid.]"]);
    scene.run(600_000);
    const messages = scene.lines("alice").filter((line) => /Message|Exiting|responding/.test(line));
    assertEquals([messages, scene.exitStatusOf("alice")], [[], undefined]);
  });
}

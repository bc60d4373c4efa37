/** Somebody who is registered like everybody else, and says what no client of ours would. */
import { assert, assertEquals } from "@std/assert";
import { NICK } from "../../core/durable/records.ts";
import { NO_KEY } from "../../core/messages/identity.ts";
import type { Verb } from "../../core/messages/verb.ts";
import type { Person } from "../kit/person.ts";
import { ID, idOf } from "../kit/samples.ts";
import { Speaker } from "../kit/speaker.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const FORGED = "[A channel message under the name of eve is not signed by eve, it is not shown.]";
const UNREADABLE = "[A message from eve cannot be opened, it will be sealed again.]";

/** alice, bob, and eve, who has their bundles from the table like everybody. */
function withEve(world: World): { alice: Person; bob: Person; eve: Speaker } {
  const { alice, bob } = world.clients("alice", "bob");
  const eve = new Speaker(world, "eve");
  eve.registers();
  world.everybodyLooks();
  return { alice, bob, eve };
}

scenario("who registers with somebody else's bundle is not him", (world) => {
  const { alice, bob, eve } = withEve(world);
  const before = nicksOf(world);
  for (const { identity } of [alice, bob]) {
    const bundle = identity.bundle("bob", bob.key, 0, 2);
    eve.says(world.server, {
      type: "register",
      nick: "bob",
      turn: 2,
      asked: true,
      bundle,
      candidates: [],
      predecessors: [],
    });
  }
  // Nor does he get a new nick with it.
  const bundle = bob.identity.bundle("bobby", bob.key, 0, 2);
  eve.says(world.server, {
    type: "register",
    nick: "bobby",
    turn: 3,
    asked: true,
    bundle,
    candidates: [],
    predecessors: [],
  });
  world.runs(30_000);
  assertEquals(nicksOf(world), before);
  alice.sees();
  bob.sees();
  alice.types("send bob hi");
  world.runs(100);
  bob.sees("alice: hi");
});

function nicksOf({ server }: World): string[] {
  return [...server.disk.read()].filter(([key]) => NICK.matches(key)).map(([, value]) => value.toHex());
}

for (const [what, body] of Object.entries({ nothing: [], "one byte": [1], "no letter": [7, 7, 7] })) {
  scenario(`a letter or a post that is ${what} gets no answer, and nobody is told of it`, (world) => {
    const { alice, bob, eve } = withEve(world);
    eve.heard.length = 0;
    const about = { from: "eve", body: Uint8Array.from(body) };
    eve.says(world.server, { type: "deposit", id: ID, to: "bob", ...about });
    eve.says(world.server, { type: "post", id: idOf(2), ...about });
    world.runs(5000);
    for (const person of [alice, bob]) person.sees();
    assertEquals(eve.heard, []);
    assertEquals([world.server.keeps("letter"), world.server.keeps("channel")], [0, 0]);
  });
}

scenario("a letter that does not open is told of once, and then it is gone", (world) => {
  const { bob, eve } = withEve(world);
  const began = world.schedule.now;
  eve.says(world.server, { type: "deposit", id: ID, from: "eve", to: "bob", body: new Uint8Array(300) });
  world.runs(5000);
  bob.sees(UNREADABLE);
  const handedOver = world.sent({ from: world.server, to: bob, kind: "letter" }, began).length;
  assert(handedOver < 10, `handed over ${handedOver} times in 5 s`);
  assertEquals(world.server.keeps("letter"), 0);
});

scenario("what others said is not taken from somebody else", (world) => {
  const { alice, bob, eve } = withEve(world);
  world.loses({ kind: "direct" });
  alice.types("send bob lend me a thousand");
  alice.types("send_all hi");
  world.runs(1000);
  world.losesNothing();
  world.everybodyLooks();
  const [letter, post] = (["deposit", "post"] as const).map((kind) => bodyOf(world, kind));
  eve.says(world.server, { type: "deposit", id: ID, from: "eve", to: "bob", body: letter! });
  eve.says(world.server, { type: "post", id: ID, from: "eve", body: post! });
  world.runs(1000);
  assertEquals(bob.looks().toSorted(), [FORGED, UNREADABLE]);
  alice.sees(FORGED);
});

function bodyOf(world: World, type: Verb["type"]): Uint8Array | undefined {
  const verbs = world.datagrams.flatMap((datagram) => datagram.verbs);
  const verb = verbs.find((each) => each.type === type);
  return verb !== undefined && "body" in verb ? verb.body : undefined;
}

scenario("who says what became of somebody else's letter is not believed", (world) => {
  const { alice, bob, eve } = withEve(world);
  bob.types("dereg bob");
  world.runs(200);
  const written = alice.types("send bob hi");
  world.runs(200);
  alice.looks();
  const [id = ""] = alice.disk.keys().filter((key) => key.startsWith("outbox/")).map((key) => key.slice(7));
  for (const from of ["eve", "bob"]) {
    eve.says(world.server, { type: "receipt", from, to: "alice", ...eve.receipt(from, "alice", { id }) });
    eve.says(alice, { type: "receipt", from, to: "alice", ...eve.receipt(from, "alice", { id }) });
  }
  eve.says(world.server, { type: "noted", nick: "eve", receipts: [{ id, edition: 0, ephemeral: NO_KEY }] });
  world.runs(1000);
  alice.sees();
  assertEquals([world.server.keeps("letter"), alice.keeps("outbox")], [1, 1]);
  bob.types("reg bob");
  world.runs(1000);
  assertEquals(bob.looks().at(-1), `alice: ${written} hi`);
  assertEquals(alice.looks().at(-1), "[bob has collected 1 message.]");
});

/** Letters: the same bytes each time, and what happens when they cannot be opened. */
import { assert, assertEquals } from "@std/assert";
import { MALFORMED } from "../../core/base/bytes.ts";
import { ACK_TIMEOUT_MS, PREKEY_MS } from "../../core/base/limits.ts";
import { OUTBOX, PREKEY } from "../../core/durable/records.ts";
import { letterNameOf } from "../../core/messages/letter_form.ts";
import type { Person } from "../kit/person.ts";
import { Speaker } from "../kit/speaker.ts";
import type { World } from "../kit/world.ts";
import { scenario, sending } from "./scenario.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";
const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];
const UNREADABLE = "[A message from alice cannot be opened, it will be sealed again.]";
const SEALED_TWICE = "[Message to bob failed: the recipient could not open it, sealed twice.]";
const HOUR_MS = 3600_000;

// ---- the same bytes --------------------------------------------------------------------------------------

/** A message on its way. */
interface Transmissions {
  count: number;
  /** All the different bytes that it had. */
  readonly bodies: Set<string>;
  /** The verbs in which it went, in the order in which they were first used. */
  readonly kinds: Set<string>;
}

/** Of the only message of a scenario. */
function transmissions(world: World): Transmissions {
  const byId = new Map<string, Transmissions>();
  for (const verb of world.datagrams.flatMap(({ verbs }) => verbs)) {
    if (!("body" in verb)) continue;
    const known = byId.get(verb.id) ?? { count: 0, bodies: new Set(), kinds: new Set() };
    byId.set(verb.id, known);
    known.count++;
    known.bodies.add(verb.body.toHex());
    known.kinds.add(verb.type);
  }
  const [message, ...more] = byId.values();
  assertEquals(more, []);
  return message!;
}

/** However often it went, in these verbs, it was the same bytes. */
function hasOneForm(world: World, ...expected: string[]): void {
  const { bodies, count, kinds } = transmissions(world);
  assertEquals([bodies.size, ...kinds], [1, ...expected]);
  assert(count > 1);
}

/** alice and bob have a link to each other. */
function acquainted(world: World): { alice: Person; bob: Person } {
  const people = world.clients("alice", "bob");
  people.alice.types("send bob zero");
  world.runs(1000);
  world.everybodyLooks();
  world.datagrams.length = 0;
  return people;
}

scenario("after 500 ms the server gets a letter, and hands over the very bytes", (world) => {
  const { alice, bob } = acquainted(world);
  world.cut(bob);
  const typed = world.schedule.now;
  alice.types("send bob hi");
  world.runs(ACK_TIMEOUT_MS - 1);
  assertEquals(world.sent({ kind: "deposit" }), []);
  world.runs(1);
  const [deposit, ...more] = world.sent({ kind: "deposit" });
  assertEquals([deposit!.at - typed, more], [ACK_TIMEOUT_MS, []]);
  world.loses({ kind: "direct" });
  world.mend(bob);
  world.runs(60_000);
  bob.sees("alice: hi");
  hasOneForm(world, "deposit", "letter");
});

scenario("a sender killed between sealing and delivery sends the same bytes in his next life", (world) => {
  const { alice, bob } = acquainted(world);
  world.cut(bob);
  world.loses({ kind: "deposit" });
  alice.types("send bob hi");
  world.runs(700);
  alice.isKilled();
  world.losesNothing();
  alice.starts();
  world.runs(2000);
  alice.isKilled();
  world.mend(bob);
  world.runs(1000);
  alice.starts();
  world.runs(60_000);
  assertEquals(bob.looks().filter((line) => line.startsWith("alice: ")).length, 1);
  assertEquals([alice.keeps("outbox"), world.server.keeps("letter")], [0, 0]);
  hasOneForm(world, "deposit", "letter");
});

scenario("a sender killed right after the commit has sealed it: it is not sealed again", (world) => {
  const { alice, bob } = acquainted(world);
  const saved = new Set<string>();
  alice.disk.onCommit = (changes) => {
    for (const change of changes) {
      if (change.type === "save" && OUTBOX.matches(change.key)) saved.add(bodyOf(change.value));
    }
  };
  world.loses({ kind: "direct" });
  alice.diesBefore(sending("deposit"));
  alice.types("send bob hi");
  world.runs(ACK_TIMEOUT_MS);
  // Without a letter at first.
  assertEquals([alice.isAlive, saved.delete(""), saved.size], [false, true, 1]);
  alice.starts();
  world.runs(1000);
  assertEquals(bob.looks().filter((line) => line === "alice: hi").length, 1);
  saved.delete("");
  assertEquals(transmissions(world).bodies, saved);
});

function bodyOf(value: Uint8Array): string {
  const record = OUTBOX.decode(value);
  assert(record !== MALFORMED);
  return record.sealing[0]?.body.toHex() ?? "";
}

scenario("the recipient starts again, with a new prekey: it is the same bytes, and they open", (world) => {
  const { alice, bob } = acquainted(world);
  world.loses({ kind: "deposit" });
  bob.isKilled();
  alice.types("send bob hi");
  world.runs(600);
  alice.pressesCtrlC();
  world.losesNothing();
  world.runs(PREKEY_MS + HOUR_MS);
  bob.starts();
  world.runs(1000);
  assertEquals(bob.keeps("prekey"), 2);
  world.loses({ kind: "direct" });
  alice.starts();
  world.runs(1000);
  assertEquals(bob.looks().filter((line) => line === "alice: hi").length, 1);
  hasOneForm(world, "deposit", "letter");
});

scenario("the server starts again: what it hands over is the same bytes as well", (world) => {
  const { alice, bob } = acquainted(world);
  bob.types("dereg bob");
  world.runs(200);
  world.loses({ kind: "stored" });
  const written = alice.types("send bob hi");
  world.runs(100);
  world.server.isKilled();
  world.server.starts();
  world.losesNothing();
  world.runs(35_000);
  bob.looks();
  bob.types("reg bob");
  world.runs(1000);
  assertEquals(bob.looks().at(-1), `alice: ${written} hi`);
  hasOneForm(world, "deposit", "letter");
});

scenario("a channel message is the same bytes, too, whoever starts again meanwhile", (world) => {
  const { alice, bob } = acquainted(world);
  world.loses({ kind: "stored" });
  alice.types("send_all hi");
  world.runs(100);
  alice.isKilled();
  world.server.isKilled();
  world.losesNothing();
  world.server.starts();
  alice.starts();
  bob.isKilled();
  bob.starts();
  world.runs(5000);
  assertEquals(bob.looks().filter((line) => /^\[Channel_Message alice: .*hi\]$/.test(line)).length, 1);
  assertEquals([alice.keeps("outbox"), world.server.keeps("channel")], [0, 1]);
  hasOneForm(world, "post", "channel");
});

// ---- a letter that does not open -------------------------------------------------------------------------

/** Like a state folder of which the wrong part was restored. The program is not running. */
function losePrekeys({ disk }: Person): void {
  const keys = disk.keys().filter((key) => PREKEY.matches(key));
  assert(keys.length > 0);
  disk.commit(keys.map((key) => ({ type: "forget", key })));
}

/** bob is away and has lost his prekeys; alice has written to him meanwhile. */
function writeUnopenable(world: World, ...texts: string[]): { alice: Person; bob: Person } {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("quit");
  world.runs(200);
  for (const text of texts) alice.types(`send bob ${text}`);
  world.runs(200);
  assertEquals(world.server.keeps("letter"), texts.length);
  losePrekeys(bob);
  world.everybodyLooks();
  return { alice, bob };
}

function nothingIsLeft(world: World, { alice, bob }: { alice: Person; bob: Person }): void {
  const left = [alice.keeps("outbox"), bob.keeps("inbox"), alice.unsettled];
  assertEquals([...left, world.server.keeps("letter"), world.server.keeps("receipt")], [0, 0, 0, 0, 0]);
}

scenario(
  "a letter that cannot be opened is told of once, and its message arrives directly",
  (world) => {
    const { alice, bob } = writeUnopenable(world, "hi");
    bob.starts();
    bob.looks();
    world.runs(1000);
    const table = world.table(alice.online, bob.online);
    bob.sees(WELCOME, ...table, "SERVER: [You have messages]", UNREADABLE, "alice: hi");
    alice.sees(...table, "[Message received by bob.]");
    world.runs(60_000);
    bob.sees();
    nothingIsLeft(world, { alice, bob });
    assertEquals(transmissions(world).bodies.size, 1);
  },
);

scenario("and when its sender is away meanwhile, he seals it again when he is back", (world) => {
  const { alice, bob } = writeUnopenable(world, "one", "two");
  alice.types("quit");
  world.runs(200);
  bob.starts();
  bob.looks();
  world.runs(1000);
  const table = world.table(alice.offline, bob.online);
  bob.sees(WELCOME, ...table, "SERVER: [You have messages]", UNREADABLE, UNREADABLE);
  assertEquals([world.server.keeps("letter"), world.server.keeps("receipt")], [0, 2]);
  world.runs(HOUR_MS);
  alice.looks();
  alice.starts();
  alice.looks();
  world.runs(1000);
  assertEquals(bob.looks().filter((line) => line.startsWith("alice: ")), ["alice: one", "alice: two"]);
  assertEquals(alice.looks().slice(-2), [
    '[Message received by bob: "one".]',
    '[Message received by bob: "two".]',
  ]);
  nothingIsLeft(world, { alice, bob });
});

scenario("and when the recipient is away again by then, it waits for him at the server", (world) => {
  const { alice, bob } = writeUnopenable(world, "hi");
  alice.types("quit");
  world.runs(200);
  bob.starts();
  world.runs(1000);
  bob.types("quit");
  world.runs(200);
  alice.starts();
  world.runs(1000);
  assertEquals(alice.looks().slice(-2), STORED);
  assertEquals([world.server.keeps("letter"), world.server.keeps("receipt")], [1, 0]);
  bob.looks();
  bob.starts();
  world.runs(1000);
  assertEquals(bob.looks().filter((line) => / hi$|opened/.test(line)).map((line) => line.endsWith(" hi")), [
    true,
  ]);
  assertEquals(alice.looks().at(-1), "[bob has collected 1 message.]");
  nothingIsLeft(world, { alice, bob });
});

scenario(
  "when it cannot be opened a second time its sender is told, and no message waits for it",
  (world) => {
    const { alice, bob } = writeUnopenable(world, "hi");
    alice.types("quit");
    world.runs(200);
    bob.starts();
    world.runs(1000);
    bob.types("quit");
    world.runs(200);
    alice.starts();
    world.runs(1000);
    losePrekeys(bob);
    world.everybodyLooks();
    bob.starts();
    world.runs(1000);
    assertEquals(alice.looks().filter((line) => line.startsWith("[Message")), [SEALED_TWICE]);
    const unreadable = bob.looks().filter((line) => line.includes("cannot be opened"));
    assertEquals(unreadable, ["[A message from alice cannot be opened, it was sealed twice.]"]);
    nothingIsLeft(world, { alice, bob });
    alice.types("send bob next");
    world.runs(100);
    bob.sees("alice: next");
    alice.sees("[Message received by bob.]");
  },
);

scenario("what is sealed again takes the place of the letter that the server has", (world) => {
  const { alice, bob } = acquainted(world);
  bob.isKilled();
  losePrekeys(bob);
  // alice does not hear of his new prekey, nor he of what the server has, nor she of what he says.
  world.loses({ kind: "rows", to: alice }, { kind: "receipt" }, { kind: "letter" });
  bob.starts(bob.address.port);
  world.runs(300);
  bob.looks();
  alice.types("send bob hi");
  world.runs(600);
  // Directly it is not for him.
  bob.sees();
  assertEquals(world.server.keeps("letter"), 1);
  world.losesNothing();
  world.loses({ kind: "receipt" }, { kind: "letter" });
  world.client("carol").starts();
  world.runs(200);
  // Now she knows all that; and the direct way is cut for so long that her link drops what it holds.
  world.losesNothing();
  world.loses({ kind: "letter" }, { kind: "direct" });
  world.runs(3000);
  world.cutBetween(alice, bob);
  world.runs(40_000);
  world.losesNothing();
  world.runs(60_000);
  assertEquals(bob.looks().filter((line) => line.endsWith(" hi")).length, 1);
  nothingIsLeft(world, { alice, bob });
});

scenario(
  "'stored' is late, and the letter was sealed again meanwhile: the new one leaves all the same",
  (world) => {
    const { alice } = world.clients("alice");
    const bob = new Speaker(world, "bob");
    bob.registers();
    world.everybodyLooks();
    const editions: number[] = [];
    const says = (outcome: "unreadable" | "refused") => {
      const letter = bob.heardOf("letter").at(-1)!;
      const name = letterNameOf(letter.body);
      editions.push(name.edition);
      const receipt = bob.receipt("bob", "alice", { id: letter.id, ...name, outcome });
      bob.tells(world.server, { type: "receipt", from: "bob", to: "alice", ...receipt });
    };
    // bob does not answer directly, so a letter is sealed.
    world.loses({ to: alice, kind: "stored" });
    alice.types("send bob hi");
    world.runs(ACK_TIMEOUT_MS + 10);
    says("unreadable");
    world.losesNothing();
    world.runs(2000);
    says("refused");
    assertEquals(editions, [0, 1]);
  },
);

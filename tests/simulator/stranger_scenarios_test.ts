/** What strangers send has no effect: it is not believed, and draws no answer longer than what was sent. */
import { NO_LINEAGE } from "../../core/messages/lineage.ts";
import { assert, assertEquals } from "@std/assert";
import { NO_KEY, OUTCOMES, type Receipt } from "../../core/messages/identity.ts";
import { NO_LETTER } from "../../core/messages/letter_form.ts";
import type { Verb, VerbOf } from "../../core/messages/verb.ts";
import { encodeDiscover, NONCE_BYTES } from "../../core/wire/packet.ts";
import { type Kind, open } from "../kit/datagram.ts";
import { Peer } from "../kit/peer.ts";
import type { Person } from "../kit/person.ts";
import type { Process } from "../kit/process.ts";
import { ID, WHOLE_TABLE } from "../kit/samples.ts";
import { Speaker, STRANGER } from "../kit/speaker.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const KEEP_ALIVE: Verb = { type: "keepAlive", nick: "eve" };
const LEAVE: Verb = { type: "leave", nick: "bob", turn: 1000 };
const DEREGISTER: Verb = { type: "deregister", nick: "bob", turn: 1001 };

scenario("who has a key of his own cannot register somebody else off", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Speaker(world, "eve");
  for (const verb of [LEAVE, DEREGISTER]) stranger.says(world.server, verb);
  stranger.wasHeard();
  world.runs(60_000);
  alice.sees();
  bob.sees();
  alice.types("send_all hi");
  world.runs(100);
  bob.sees("[Channel_Message alice: hi]");
});

scenario("nor can somebody with a forged source address", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Speaker(world, "eve");
  for (const to of [world.server, bob]) stranger.says(to, KEEP_ALIVE);
  stranger.wasHeard();
  stranger.pretendsToBeAt(bob.address);
  for (const verb of [LEAVE, DEREGISTER]) stranger.says(world.server, verb);
  world.runs(1000);
  // They arrive, and are taken for what they are: a stranger's.
  assert(stranger.heardOf("deregistered").length > 0);
  stranger.pretendsToBeAt(world.server.address);
  for (const type of ["replaced", "deregistered"] as const) stranger.says(bob, { type, nick: "bob" });
  world.runs(60_000);
  alice.sees();
  bob.sees();
});

scenario("nor can somebody whose every datagram, from the first on, has a forged source address", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Speaker(world, "eve");
  stranger.pretendsToBeAt(bob.address);
  for (const verb of [LEAVE, DEREGISTER]) stranger.says(world.server, verb);
  stranger.pretendsToBeAt(world.server.address);
  for (const type of ["replaced", "deregistered"] as const) stranger.says(bob, { type, nick: "bob" });
  world.runs(60_000);
  assertEquals(stranger.received, []);
  alice.sees();
  bob.sees();
});

scenario("a packet that somebody sends on from elsewhere moves nobody", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Speaker(world, "eve");
  world.loses({ from: bob, kind: "post" });
  const began = world.schedule.now;
  bob.types("send_all hi");
  const [caught] = world.sent({ from: bob, kind: "post" }, began);
  stranger.throws(world.server, caught!.bytes);
  const long = "ho".repeat(400);
  alice.types(`send_all ${long}`);
  world.runs(20);
  world.losesNothing();
  world.runs(100);
  // Until the address is proved it gets at most three times what came from there.
  const received = stranger.received.reduce((sum, { length }) => sum + length, 0);
  assert(received > 0 && received <= 3 * caught!.bytes.length, `${received} bytes`);
  assertEquals(alice.looks().toSorted(), ["[Channel_Message bob: hi]", "[Message received by Server.]"]);
  assertEquals(bob.looks().toSorted(), [`[Channel_Message alice: ${long}]`, "[Message received by Server.]"]);
  world.runs(60_000);
  alice.sees();
  bob.sees();
});

/** A letter rightly sealed under a stranger's keys, with his own bundle in it. */
function letter(world: World, stranger: Speaker, from: string, to: Person, id = ID): Uint8Array {
  const recipient = world.server.bundleOf(to.nick);
  return stranger.letter({ id, from, to: to.nick, text: "x", recipient });
}

/** The id of the only message that somebody waits with. */
function idOf(person: Person): string {
  const [key = "", ...more] = person.disk.keys().filter((name) => name.startsWith("outbox/"));
  assertEquals(more, []);
  return key.slice("outbox/".length);
}

scenario("nobody but the server is believed what only the server may say", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Speaker(world, "eve");
  world.cut(bob, world.server);
  alice.types("send bob hi");
  const id = idOf(alice);
  const version = { start: 2 ** 47, counter: 1 };
  const presence = { ordinal: 1, online: true, addresses: [STRANGER] };
  const eve = { ...stranger.bundle("eve"), nick: "eve", skeleton: "eve", ...presence, ...NO_LINEAGE };
  const members = { members: 1, ...WHOLE_TABLE };
  const item = { stream: 1, position: 1, waited: true, id: ID, from: "bob" };
  const verbs: Verb[] = [
    { type: "replaced", nick: "alice" },
    { type: "refused", nick: "alice", reason: "other key" },
    { type: "notRegistered", nick: "alice" },
    { type: "deregistered", nick: "alice" },
    { type: "registered", nick: "alice", stream: 2 ** 47, version, ...members, waiting: 0, dropped: 0 },
    { type: "alive", version },
    { type: "rows", since: version, upTo: 9, newest: 9, rows: [eve] },
    { type: "stored", id, ...NO_LETTER },
    { type: "rejected", id, ...NO_LETTER, reason: "quota" },
    { type: "collected", to: "bob", receipts: [stranger.receipt("bob", "alice", { id })] },
    {
      type: "collected",
      to: "bob",
      receipts: [stranger.receipt("bob", "alice", { id, outcome: "released" })],
    },
    { type: "letter", ...item, body: letter(world, stranger, "bob", alice) },
    { type: "channel", ...item, position: 2, body: letter(world, stranger, "bob", alice) },
  ];
  for (const verb of verbs) stranger.says(alice, verb);
  stranger.wasHeard();
  alice.sees();
  alice.types("peers");
  alice.sees(...world.rows(alice.online, bob.online));
  assertEquals(alice.keeps("outbox"), 1);
});

scenario("a receipt for an id that was never seen is no receipt", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Speaker(world, "eve");
  world.cut(bob);
  alice.types("send bob hi");
  for (let count = 0; count < 10; count++) {
    stranger.says(alice, receipt(stranger.receipt("bob", "alice", { id: ID })));
  }
  stranger.wasHeard();
  alice.sees();
  assertEquals(alice.keeps("outbox"), 1);
});

scenario("a receipt is one only from whoever has the recipient's key", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Speaker(world, "eve");
  world.cut(bob, world.server);
  alice.types("send bob hi");
  for (const outcome of OUTCOMES) {
    stranger.says(alice, receipt(stranger.receipt("bob", "alice", { id: idOf(alice), outcome })));
  }
  stranger.wasHeard();
  alice.sees();
  assertEquals(alice.keeps("outbox"), 1);
});

function receipt(said: Receipt): Verb {
  return { type: "receipt", from: "bob", to: "alice", ...said };
}

scenario("a message in somebody else's name is neither shown nor answered", (world) => {
  const { alice } = world.clients("alice", "bob");
  const stranger = new Speaker(world, "eve");
  stranger.says(alice, direct(world, stranger, "bob", alice));
  stranger.wasHeard();
  world.runs(60_000);
  alice.sees();
  assertEquals([alice.keeps("inbox"), alice.keeps("seen"), alice.keeps("known_peer")], [0, 0, 0]);
  assertEquals(world.sent({ from: alice, kind: "got" }), []);
});

scenario("a message from somebody the server does not know is neither shown nor answered", (world) => {
  const { alice } = world.clients("alice", "bob");
  const stranger = new Speaker(world, "eve");
  for (let count = 0; count < 200; count++) {
    const id = count.toString(16).padStart(32, "a");
    stranger.says(alice, direct(world, stranger, "eve", alice, id));
  }
  stranger.wasHeard();
  world.runs(60_000);
  alice.sees();
  assertEquals([alice.keeps("inbox"), alice.keeps("seen"), alice.keeps("known_peer")], [0, 0, 0]);
  assertEquals(world.sent({ from: alice, kind: "got" }), []);
});

scenario("a message for another nick is neither shown nor answered", (world) => {
  const { alice } = world.clients("alice", "bob");
  const stranger = new Speaker(world, "eve");
  stranger.says(alice, { ...direct(world, stranger, "bob", alice), to: "carol" });
  stranger.wasHeard();
  world.runs(5000);
  alice.sees();
  assertEquals(world.sent({ from: alice, kind: "got" }), []);
});

/** A direct message that is right in everything but its sender's keys. */
function direct(world: World, stranger: Speaker, from: string, to: Person, id = ID): VerbOf<"direct"> {
  const recipient = { ...world.server.bundleOf(to.nick), nick: to.nick };
  return stranger.direct({ id, from, to: recipient, text: "x", serverKey: world.server.key });
}

scenario("who says something without being registered is told so, and nothing comes of it", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  alice.types("send bob hi");
  world.runs(200);
  alice.looks();
  const stranger = new Speaker(world, "eve");
  const about = { id: ID, from: "alice", to: "bob", body: letter(world, stranger, "alice", bob) };
  stranger.says(world.server, { ...about, type: "deposit" });
  stranger.says(world.server, { ...about, type: "post" });
  stranger.says(world.server, { type: "rowsSince", nick: "alice", version: { start: 0, counter: 0 } });
  stranger.says(world.server, { type: "saved", nick: "bob", stream: 1, position: 9 });
  stranger.says(world.server, receipt(stranger.receipt("bob", "alice", { id: idOf(alice) })));
  stranger.says(world.server, {
    type: "noted",
    nick: "alice",
    receipts: [{ id: idOf(alice), edition: 0, ephemeral: NO_KEY }],
  });
  stranger.wasHeard();
  world.runs(5000);
  alice.sees();
  assertEquals(["letter", "channel", "receipt"].map((kind) => world.server.keeps(kind)), [1, 0, 0]);
  assertEquals(stranger.kindsReceived, ["notRegistered", "response"]);
});

scenario(
  "every datagram of a conversation, replayed from elsewhere, has no effect and draws no answer",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    alice.types("send bob one");
    bob.types("dereg bob");
    world.runs(200);
    alice.types("send bob two");
    alice.types("send_all three");
    world.runs(200);
    bob.types("reg bob");
    world.runs(2000);
    world.everybodyLooks();
    const stranger = new Speaker(world, "eve");
    for (const { to, bytes } of [...world.datagrams]) world.network.send(STRANGER, to, bytes);
    world.runs(60_000);
    alice.sees();
    bob.sees();
    assertEquals(stranger.received, []);
  },
);

scenario(
  "an answer to somebody who has not proved his address is never longer than what he sent",
  (world) => {
    const { alice } = world.clients("alice");
    const stranger = new Speaker(world, "eve");
    const asks = (to: Process, bytes: Uint8Array): (Kind | undefined)[] => {
      stranger.throws(to, bytes);
      world.runs(2);
      const answers = stranger.received.splice(0);
      const length = answers.reduce((sum, answer) => sum + answer.length, 0);
      assert(answers.length <= 1 && length <= bytes.length, `${length} bytes for ${bytes.length}`);
      return answers.flatMap((answer) => open(answer).kinds);
    };
    const discover = encodeDiscover(world.dice.bytes(NONCE_BYTES));
    assertEquals(asks(world.server, discover), ["announce"]);
    assertEquals(asks(alice, discover), []);
    for (const to of [world.server, alice]) {
      const [initiation] = initiations(world, to, 1);
      assertEquals(asks(to, initiation!), ["response"]);
      assertEquals(asks(to, initiation!), ["response"]);
      for (const whole of [discover, initiation!]) {
        for (let length = 0; length < whole.length; length++) {
          assertEquals(asks(to, whole.subarray(0, length)), []);
        }
      }
      for (let length = 0; length < 200; length++) asks(to, world.dice.bytes(length));
      // So many that they cost too much: a cookie is asked for.
      const crowd = initiations(world, to, 200).map((bytes) => asks(to, bytes)[0]);
      assertEquals([...new Set(crowd)], ["response", "cookieReply"]);
    }
  },
);

/** What so many strangers would ask somebody for a session with. */
function initiations(world: World, to: Process, count: number): Uint8Array[] {
  const key = Uint8Array.fromHex(to.key);
  const stranger = () => new Peer(world.primitives, world.random, key);
  return Array.from({ length: count }, () => stranger().initiation(world.now).bytes);
}

scenario("ten thousand meaningless datagrams leave no trace", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const [seed] = world.datagrams.slice(-1);
  for (let count = 0; count < 10_000; count++) {
    const bytes = count % 2 === 0 ? world.dice.bytes(world.dice.below(1201)) : seed!.bytes.slice();
    if (count % 2 === 1) bytes[world.dice.below(bytes.length)]! ^= 1 + world.dice.below(255);
    const to = world.dice.pick([alice, bob, world.server]).address;
    world.network.send({ host: `10.66.${count >> 8}.${count & 255}`, port: 6666 }, to, bytes);
    if (count % 100 === 0) world.runs(10);
  }
  world.runs(30_000);
  alice.sees();
  bob.sees();
  alice.types("send bob hi");
  world.runs(100);
  alice.sees("[Message received by bob.]");
});

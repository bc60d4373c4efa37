/** What strangers send has no effect: it is not believed, and draws no answer longer than what was sent. */
import { assert, assertEquals } from "@std/assert";
import { MALFORMED } from "../../core/bytes.ts";
import type { Key } from "../../core/handshake.ts";
import type { Link } from "../../core/link.ts";
import { Links } from "../../core/links.ts";
import type { Address, Millis } from "../../core/machine.ts";
import { NO_MESSAGE } from "../../core/message_id.ts";
import { encodeDiscover, KEY_BYTES, NONCE_BYTES } from "../../core/packet.ts";
import { KEY } from "../../core/records.ts";
import type { Verb } from "../../core/verb.ts";
import { cheapPrimitives as primitives } from "../core/cheap_primitives.ts";
import type { Process } from "./process.ts";
import { type Kind, open, scenario, type World } from "./scenario.ts";

const STRANGER: Address = { host: "10.66.6.6", port: 6666 };
const ID = "00112233445566778899aabbccddeeff";

/** Somebody with a socket and a key, who speaks the wire and knows everybody's key, but is nobody. */
class Stranger {
  readonly received: Uint8Array[] = [];
  readonly key: Key;
  readonly #world: World;
  readonly #links: Links;
  readonly #said: { link: Link; tag: string }[] = [];
  /** Where its datagrams seem to come from. */
  #source: Address;
  #wakeAt = Infinity;

  constructor(world: World, address: Address = STRANGER) {
    this.#world = world;
    this.#source = address;
    const { key, links } = somebody(world);
    this.key = key;
    this.#links = links;
    world.network.bind(address, (from, bytes) => {
      this.received.push(bytes);
      this.#links.receive(world.schedule.now, from, bytes);
      this.#wakeUp();
    });
  }

  /** Says something, and again until it has arrived. */
  says(to: Process, verb: Verb): void {
    const { now } = this.#world.schedule;
    const link = this.#links.open(now, keyOf(to), [to.address]);
    const tag = `${this.#said.length}`;
    this.#said.push({ link, tag });
    link.send(now, verb, tag);
    this.#wakeUp();
    this.#world.runs(5);
  }

  /** All that was said has arrived. */
  wasHeard(): void {
    this.#world.runs(50);
    for (const { link, tag } of this.#said) assert(!link.has(tag), `${tag} was not heard`);
  }

  /** From now on its datagrams bear another source address. */
  pretendsToBeAt(address: Address): void {
    this.#source = address;
  }

  throwsAt(to: Process, bytes: Uint8Array): void {
    this.#world.network.send(this.#source, to.address, bytes);
  }

  /** What kinds of datagrams it was sent. */
  get kinds(): Kind[] {
    return [...new Set(this.received.flatMap((bytes) => open(bytes).kinds))].toSorted();
  }

  #wakeUp(): void {
    const { schedule, network } = this.#world;
    for (const output of this.#links.take(schedule.now)) {
      if (output.type === "transmit") network.send(this.#source, output.to, output.bytes);
    }
    const at = this.#links.deadline;
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    schedule.at(at, () => {
      if (this.#wakeAt !== at) return;
      this.#wakeAt = Infinity;
      this.#wakeUp();
    });
  }
}

/** A new key, and links under it. */
function somebody(world: World): { key: Key; links: Links } {
  const random = (count: number) => world.dice.bytes(count);
  const ownKey = primitives.keyPair(random(KEY_BYTES));
  const timestamp = (now: Millis) => Math.floor(now);
  const links = new Links({ primitives, random, ownKey, timestamp, name: undefined, keepsAlive: false });
  return { key: ownKey.publicKey.toHex(), links };
}

/** Somebody's public key, as the disk has it. */
function keyOf({ disk }: Process): Key {
  const [, value] = [...disk.read()].find(([key]) => KEY.matches(key))!;
  const record = KEY.decode(value);
  assert(record !== MALFORMED);
  return primitives.keyPair(Uint8Array.fromHex(record.secret)).publicKey.toHex();
}

const KEEP_ALIVE: Verb = { type: "keepAlive", nick: "eve" };
const LEAVE: Verb = { type: "leave", nick: "bob", turn: 1000 };
const DEREGISTER: Verb = { type: "deregister", nick: "bob", turn: 1001 };

scenario("who has a key of his own cannot register somebody else off", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Stranger(world);
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
  const stranger = new Stranger(world);
  for (const to of [world.server, bob]) stranger.says(to, KEEP_ALIVE);
  stranger.wasHeard();
  stranger.pretendsToBeAt(bob.address);
  for (const verb of [LEAVE, DEREGISTER]) stranger.says(world.server, verb);
  world.runs(1000);
  // They arrive, and are taken for what they are: a stranger's.
  assert(world.sent({ from: world.server, to: bob, kind: "deregistered" }).length > 0);
  stranger.pretendsToBeAt(world.server.address);
  for (const type of ["replaced", "deregistered"] as const) stranger.says(bob, { type, nick: "bob" });
  world.runs(60_000);
  alice.sees();
  bob.sees();
});

scenario("nor can somebody whose every datagram, from the first on, has a forged source address", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Stranger(world);
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
  const stranger = new Stranger(world);
  world.loses({ from: bob, kind: "post" });
  const began = world.schedule.now;
  bob.types("send_all hi");
  const [caught] = world.sent({ from: bob, kind: "post" }, began);
  stranger.throwsAt(world.server, caught!.bytes);
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

scenario("nobody but the server is believed what only the server may say", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Stranger(world);
  world.cut(bob, world.server);
  alice.types("send bob hi");
  const [id = ""] = alice.disk.keys().filter((key) => key.startsWith("outbox/")).map((key) => key.slice(7));
  const version = { start: 2 ** 47, counter: 1 };
  const verbs: Verb[] = [
    { type: "replaced", nick: "alice" },
    { type: "refused", nick: "alice", reason: "in use" },
    { type: "notRegistered", nick: "alice" },
    { type: "deregistered", nick: "alice" },
    { type: "registered", nick: "alice", stream: 2 ** 47, version, members: 1, waiting: 0, dropped: 0 },
    { type: "alive", version },
    {
      type: "rows",
      since: version,
      upTo: 9,
      rows: [{ nick: "eve", key: stranger.key, ordinal: 1, online: true, addresses: [] }],
    },
    { type: "stored", id },
    { type: "rejected", id, reason: "quota" },
    { type: "collected", to: "bob", ids: [id] },
    {
      type: "letter",
      stream: 1,
      position: 1,
      waited: true,
      id: ID,
      after: NO_MESSAGE,
      from: "bob",
      sentAt: 0,
      text: "x",
    },
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
  const stranger = new Stranger(world);
  world.cut(bob);
  alice.types("send bob hi");
  for (let count = 0; count < 10; count++) {
    stranger.says(alice, { type: "receipt", id: ID, from: "bob", to: "alice" });
  }
  stranger.wasHeard();
  alice.sees();
  assertEquals(alice.keeps("outbox"), 1);
});

scenario("a receipt is one only from whoever has the recipient's key", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Stranger(world);
  world.cut(bob, world.server);
  alice.types("send bob hi");
  const [id = ""] = alice.disk.keys().filter((key) => key.startsWith("outbox/")).map((key) => key.slice(7));
  stranger.says(alice, { type: "receipt", id, from: "bob", to: "alice" });
  stranger.wasHeard();
  alice.sees();
  assertEquals(alice.keeps("outbox"), 1);
});

scenario("a message in somebody else's name is neither shown nor receipted", (world) => {
  const { alice } = world.clients("alice", "bob");
  const stranger = new Stranger(world);
  stranger.says(alice, direct("bob", "alice"));
  stranger.wasHeard();
  world.runs(60_000);
  alice.sees();
  assertEquals([alice.keeps("inbox"), alice.keeps("seen")], [0, 0]);
  assertEquals(world.sent({ from: alice, kind: "receipt" }), []);
});

scenario("a message from somebody the server does not know is neither shown nor receipted", (world) => {
  const { alice } = world.clients("alice", "bob");
  const stranger = new Stranger(world);
  for (let count = 0; count < 200; count++) {
    const id = count.toString(16).padStart(32, "a");
    stranger.says(alice, { ...direct("eve", "alice"), id });
  }
  stranger.wasHeard();
  world.runs(60_000);
  alice.sees();
  assertEquals([alice.keeps("inbox"), alice.keeps("seen")], [0, 0]);
  assertEquals(world.sent({ from: alice, kind: "receipt" }), []);
});

scenario("a message for another nick is neither shown nor receipted", (world) => {
  const { alice } = world.clients("alice", "bob");
  const stranger = new Stranger(world);
  stranger.says(alice, direct("bob", "carol"));
  stranger.wasHeard();
  world.runs(5000);
  alice.sees();
  assertEquals(world.sent({ from: alice, kind: "receipt" }), []);
});

function direct(from: string, to: string): Verb & { type: "direct" } {
  return { type: "direct", id: ID, after: NO_MESSAGE, from, to, sentAt: 0, text: "x" };
}

scenario("who deposits, posts or asks without being registered is told so, and nothing is kept", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  bob.types("dereg bob");
  world.runs(200);
  alice.looks();
  const stranger = new Stranger(world);
  const about = { id: ID, after: NO_MESSAGE, from: "alice", to: "bob", sentAt: 0, text: "x" };
  stranger.says(world.server, { ...about, type: "deposit" });
  stranger.says(world.server, { ...about, type: "post" });
  stranger.says(world.server, { type: "rowsSince", nick: "alice", version: { start: 0, counter: 0 } });
  stranger.says(world.server, { type: "saved", nick: "bob", stream: 1, position: 9 });
  stranger.wasHeard();
  world.runs(5000);
  alice.sees();
  assertEquals([world.server.keeps("letter"), world.server.keeps("channel")], [0, 0]);
  assertEquals(stranger.kinds, ["notRegistered", "response"]);
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
    const stranger = new Stranger(world);
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
    const stranger = new Stranger(world);
    const asks = (to: Process, bytes: Uint8Array): (Kind | undefined)[] => {
      stranger.throwsAt(to, bytes);
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
  const { now } = world.schedule;
  return Array.from({ length: count }, () => {
    const { links } = somebody(world);
    links.open(now, keyOf(to), [to.address]).send(now, KEEP_ALIVE);
    const [output] = links.take(now);
    assert(output?.type === "transmit");
    return output.bytes;
  });
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

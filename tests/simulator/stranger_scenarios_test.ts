/** What strangers send has no effect: it is not believed, and draws no answer longer than what was sent. */
import { assertEquals } from "@std/assert";
import { encodeFrame } from "../../core/frame.ts";
import type { Address } from "../../core/machine.ts";
import { NO_MESSAGE } from "../../core/message_id.ts";
import { encodeVerb, type Verb } from "../../core/verb.ts";
import { open, type Process, scenario, type World } from "./scenario.ts";

const STRANGER: Address = { host: "10.66.6.6", port: 6666 };
const TOKEN = "0123456789abcdef";
const ID = "00112233445566778899aabbccddeeff";

/** Somebody with a socket, who knows the protocol and proves his address, but is nobody. */
class Stranger {
  readonly received: Uint8Array[] = [];
  readonly #world: World;
  #number = 0;

  constructor(world: World) {
    this.#world = world;
    world.network.bind(STRANGER, (_from, bytes) => this.received.push(bytes));
  }

  says(to: Process, verb: Verb, from: Address = STRANGER): void {
    this.#world.network.send(STRANGER, to.address, encodeFrame({ type: "hello", reply: TOKEN }));
    this.#world.runs(5);
    const bytes = encodeFrame({
      type: "transport",
      token: this.#tokenFrom(),
      reply: TOKEN,
      session: "66666666",
      number: ++this.#number,
      acked: undefined,
      verb: encodeVerb(verb),
    });
    this.#world.network.send(from, to.address, bytes);
    this.#world.runs(5);
  }

  /** What the last retry gave out for our address: bytes 9 to 16. */
  #tokenFrom(): string {
    const retry = this.received.findLast((bytes) => open(bytes).kind === "retry")!;
    return [...retry.subarray(9, 17)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

const LEAVE: Verb = { type: "leave", nick: "bob", turn: 1000 };
const DEREGISTER: Verb = { type: "deregister", nick: "bob", turn: 1000 };

scenario("who proves his address cannot register somebody else off", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const stranger = new Stranger(world);
  for (const verb of [LEAVE, DEREGISTER]) stranger.says(world.server, verb);
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
  for (const verb of [LEAVE, DEREGISTER]) stranger.says(world.server, verb, bob.address);
  stranger.says(bob, { type: "replaced", nick: "bob" }, world.server.address);
  stranger.says(bob, { type: "deregistered", nick: "bob" }, world.server.address);
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
      from: version,
      upTo: 9,
      rows: [{ nick: "eve", ordinal: 1, online: true, addresses: [] }],
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
  alice.sees();
  assertEquals(alice.keeps("outbox"), 1);
});

scenario("a message from somebody the server does not know is neither shown nor receipted", (world) => {
  const { alice } = world.clients("alice", "bob");
  const stranger = new Stranger(world);
  for (let count = 0; count < 200; count++) {
    const id = count.toString(16).padStart(32, "a");
    stranger.says(alice, { ...direct("eve", "alice"), id });
  }
  world.runs(60_000);
  alice.sees();
  assertEquals([alice.keeps("inbox"), alice.keeps("seen")], [0, 0]);
  assertEquals(world.sent({ from: alice, kind: "receipt" }), []);
});

scenario("a message for another nick is neither shown nor receipted", (world) => {
  const { alice } = world.clients("alice", "bob");
  const stranger = new Stranger(world);
  stranger.says(alice, direct("bob", "carol"));
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
  world.runs(5000);
  alice.sees();
  assertEquals([world.server.keeps("letter"), world.server.keeps("channel")], [0, 0]);
  const kinds = new Set(stranger.received.map((bytes) => open(bytes).kind));
  assertEquals([...kinds].toSorted(), ["notRegistered", "retry"]);
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
    for (const { to, bytes } of world.datagrams.filter(({ kind }) => kind !== "hello")) {
      world.network.send(STRANGER, to, bytes);
    }
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
    for (const target of [world.server, alice]) {
      const hello = encodeFrame({ type: "hello", reply: TOKEN });
      world.network.send(STRANGER, target.address, hello);
      world.runs(10);
      const [retry, ...more] = stranger.received.splice(0);
      assertEquals([open(retry!).kind, more, retry!.length <= hello.length], ["retry", [], true]);
      for (let length = 0; length < 64; length++) {
        if (length === hello.length) continue;
        const bytes = new Uint8Array(length);
        bytes.set(hello.subarray(0, length));
        world.network.send(STRANGER, target.address, bytes);
        world.network.send(STRANGER, target.address, world.dice.bytes(length));
      }
      world.runs(1000);
      assertEquals(stranger.received, []);
    }
  },
);

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

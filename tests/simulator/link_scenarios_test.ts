/**
 * Links as people notice them, or rather do not: first contact, restarts, moves, silence, damage and replays.
 */
import { assert, assertEquals } from "@std/assert";
import { LINK_IDLE_MS, PEER_KEEP_ALIVE_MS, REKEY_AFTER_MS, SAVE_LATER_MS } from "../../core/base/limits.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import type { Notice, Way } from "../../core/notice.ts";
import type { Kind } from "../kit/datagram.ts";
import type { Person } from "../kit/person.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

const WELCOME = "SERVER: [Welcome, you are registered.]";

// ---- the server's key ------------------------------------------------------------------------------------

function firstLines({ address }: Person): string[] {
  return [`Client IP->${address.host} Port->${address.port}`, "Server IP->10.0.0.1 Port->9999"];
}

scenario("a server that is met for the first time is asked for its key, which is shown", (world) => {
  const alice = world.client("alice", { serverKey: undefined });
  alice.starts();
  world.runs(100);
  const met = `[New server 'test', its key is ${world.server.key}]`;
  alice.sees(...firstLines(alice), met, WELCOME, ...world.table(alice.online));
  const [question, initiation] = world.sent({ from: alice });
  assertEquals([question!.kinds, initiation!.kinds], [["discover"], ["initiation"]]);
});

scenario("a key that comes damaged gives way to the right one", (world) => {
  const { passes } = world.network;
  let damaged = 0;
  world.network.passes = (from, to, bytes) => {
    // In the middle of the key in an announcement.
    if (bytes[0] === 0x22 && damaged++ === 0) bytes[30]! ^= 1;
    return passes(from, to, bytes);
  };
  const alice = world.client("alice", { serverKey: undefined });
  alice.starts();
  world.runs(2000);
  const met = `[New server 'test', its key is ${world.server.key}]`;
  alice.sees(...firstLines(alice), met, WELCOME, ...world.table(alice.online));
});

scenario("a server whose key is known is not asked for it, and nothing is said of it", (world) => {
  const alice = world.client("alice");
  alice.starts();
  world.runs(100);
  alice.sees(...firstLines(alice), WELCOME, ...world.table(alice.online));
  assertEquals(world.sent({ kind: "discover" }), []);
});

/** The server comes back on an empty disk, so with another key. Returns what is said of that. */
function isReinstalled(world: World): string {
  const { server } = world;
  const known = server.key;
  server.isKilled();
  server.disk.commit(server.disk.keys().map((key) => ({ type: "forget" as const, key })));
  server.starts();
  world.runs(0);
  assert(server.key !== known);
  return `the server at the server has another key than '${known}', which is known of it: somebody may be in its ` +
    "place. Ask its operator for its key: if it has a new one, start with '--server-key' and the key that you were told";
}

scenario("a server with another key than before is refused, and nothing else is sent to it", (world) => {
  const alice = world.client("alice");
  world.cut(world.server);
  alice.starts();
  const sentence = isReinstalled(world);
  world.mend(world.server);
  world.runs(2400);
  alice.isTold(sentence);
  alice.hasEnded(1);
  alice.sees(...firstLines(alice));
  const kinds = new Set(world.sent({ from: alice }).flatMap((datagram) => datagram.kinds));
  assertEquals([...kinds].toSorted(), ["discover", "initiation"]);
});

scenario("nor is a server trusted that changes its key while somebody is online", (world) => {
  const { alice } = world.clients("alice", "bob");
  const sentence = isReinstalled(world);
  alice.types("send_all hi");
  world.runs(10_000);
  alice.sees(
    `[${sentence}]`,
    "[Server not responding.]",
    "[1 message waits and leaves at the next start.]",
    "[Exiting.]",
  );
  alice.hasEnded(1);
  assertEquals([world.server.keeps("nick"), world.server.keeps("channel")], [0, 0]);
});

// ---- first messages --------------------------------------------------------------------------------------

const DELAY: Millis = 50;
const ROUND_TRIP = 2 * DELAY;

function makeFar(world: World): void {
  world.network.weather = { ...world.network.weather, delay: DELAY };
}

scenario("the first message takes two round trips with its receipt, those after it one", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  makeFar(world);
  for (const roundTrips of [2, 1, 1]) {
    alice.types(`send bob ${roundTrips}`);
    world.runs(roundTrips * ROUND_TRIP);
    alice.sees("[Message received by bob.]");
    bob.sees(`alice: ${roundTrips}`);
    world.runs(1000);
  }
});

scenario(
  "the first packet is an initiation that says nothing; the text follows under the session",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    const began = world.schedule.now;
    alice.types("send bob between us");
    world.runs(100);
    bob.sees("alice: between us");
    const secret = (new TextEncoder().encode("between us")).toHex();
    const sent = world.sent({ from: alice, to: bob }, began);
    assertEquals(sent[0]!.kinds, ["initiation"]);
    const carrying = sent.filter(({ bytes }) => bytes.toHex().includes(secret));
    assertEquals(carrying.map(({ kinds }) => kinds), [["direct"]]);
  },
);

scenario("five short messages share a packet, and so do their answers", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const texts = ["one", "two", "three", "four", "five"];
  for (const initiations of [1, 0]) {
    const began = world.schedule.now;
    const kindsOf = (kind: Kind) => world.sent({ kind }, began).map(({ kinds }) => kinds);
    alice.unsettled += texts.length;
    for (const text of texts) alice.act({ type: "sendDirect", to: "bob", text });
    world.runs(100);
    alice.sees(...texts.map((text) => `[Message received by bob: "${text}".]`));
    bob.sees(...texts.map((text) => `alice: ${text}`));
    assertEquals(kindsOf("initiation").length, initiations);
    assertEquals([kindsOf("direct"), kindsOf("got")], [[["direct"]], [["got"]]]);
  }
});

/** Both messages have come, once, and directly. */
function bothHave(world: World, alice: Person, bob: Person): void {
  world.runs(30_000);
  assertEquals(alice.looks().toSorted(), ["[Message received by bob.]", "bob: ho"]);
  assertEquals(bob.looks().toSorted(), ["[Message received by alice.]", "alice: hi"]);
  assertEquals(world.sent({ kind: "deposit" }), []);
}

for (const apart of [0, 1, 25, 49, 50, 75, 100, 125, 150]) {
  scenario(`two write first, ${apart} ms apart at ${DELAY} ms distance: both messages come once`, (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    makeFar(world);
    alice.types("send bob hi");
    world.runs(apart);
    bob.types("send alice ho");
    bothHave(world, alice, bob);
  });
}

for (const kind of ["initiation", "response", "direct", "receipt", "acknowledgement", "ping"] as const) {
  scenario(`two write first at the same moment, and what has ${kind} in it is lost for a while`, (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    world.loses({ from: alice, to: bob, kind });
    alice.types("send bob hi");
    bob.types("send alice ho");
    world.runs(140);
    world.losesNothing();
    bothHave(world, alice, bob);
  });
}

// ---- restarts, moves and silence -------------------------------------------------------------------------

scenario(
  "the server restarts, its sessions are gone: who asks it goes on after two probe timeouts",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    world.runs(1000);
    world.server.isKilled();
    world.server.starts();
    const began = world.schedule.now;
    alice.types("send_all hi");
    const took = world.runsUntil(() => alice.hasSeen("[Message received by Server.]"), 500);
    const [first, second] = world.sent({ from: alice, kind: "post" }, began);
    const probeTimeout = second!.at - first!.at;
    // The second one is twice as long. Then: session, registration, table, message.
    const [initiation] = world.sent({ from: alice, kind: "initiation" }, began);
    assertEquals(initiation!.at - began, 3 * probeTimeout);
    assert(took <= Math.ceil(3 * probeTimeout + 4 * 2), `${took} ms`);
    world.runs(40_000);
    assertEquals(messagesIn(bob.looks()), ["hi"]);
  },
);

scenario("a peer that restarts while it is written to has every message once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const texts = Array.from({ length: 40 }, (_, count) => `number ${count}`);
  for (const [count, text] of texts.entries()) {
    // Only what was shown in the last moments before a kill may be shown once more.
    if (count === 20) world.runs(2 * SAVE_LATER_MS);
    alice.types(`send bob ${text}`);
    if (count === 20) {
      bob.isKilled();
      bob.starts(bob.address.port);
    }
    world.runs(15);
  }
  world.runs(40_000);
  assertEquals(messagesIn(bob.looks()), texts);
});

/** What messages say, dated or not, direct or on the channel. */
function messagesIn(lines: readonly string[]): string[] {
  const line = /^(?:\[Channel_Message )?(?:alice|bob): (?:\d{4}-\d\d-\d\d [\d:.]+ )?(.*?)\]?$/;
  return lines.flatMap((text) => line.exec(text)?.[1] ?? []);
}

const ELSEWHERE: Address = { host: "192.0.2.1", port: 4000 };

scenario("somebody gets another address in mid-conversation: it goes on under the same session", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  let moved = Infinity;
  const texts = Array.from({ length: 20 }, (_, count) => `number ${count}`);
  for (const [count, text] of texts.entries()) {
    if (count === 10) {
      moved = world.schedule.now;
      world.network.rebind(alice.address, ELSEWHERE);
    }
    alice.types(`send bob ${text}`);
    bob.types(`send alice ${text}`);
    world.runs(40);
  }
  world.runs(100);
  assertEquals([messagesIn(alice.looks()), messagesIn(bob.looks())], [texts, texts]);
  assertEquals(world.sent({ kind: "initiation" }, moved), []);
  assertEquals(world.sent({ kind: "deposit" }), []);
  // The next keep-alive tells the server, and that the others.
  world.runs(31_000);
  const table = world.table("alice @ 192.0.2.1:4000 is ONLINE", bob.online, carol.online);
  for (const person of [alice, bob, carol]) person.sees(...table);
  carol.types("send alice hi");
  world.runs(10);
  carol.sees("[Message received by alice.]");
});

scenario("who gets another address while nobody writes is found under it after his next ping", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob one");
  world.runs(1000);
  world.network.rebind(bob.address, ELSEWHERE);
  world.runs(PEER_KEEP_ALIVE_MS + 1000);
  alice.looks();
  alice.types("send bob two");
  world.runs(10);
  alice.sees("[Message received by bob.]");
  assertEquals(messagesIn(bob.looks()), ["one", "two"]);
});

scenario("and who is written to before that has the message later, and once", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  alice.types("send bob one");
  world.runs(1000);
  world.network.rebind(bob.address, ELSEWHERE);
  alice.types("send bob two");
  world.runs(60_000);
  assertEquals(messagesIn(bob.looks()), ["one", "two"]);
  assertEquals([alice.keeps("outbox"), alice.unsettled], [0, 0]);
});

scenario(
  "nothing gets through for two seconds: what was written meanwhile comes after it, in order",
  (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    alice.types("send bob zero");
    world.runs(1000);
    world.everybodyLooks();
    world.cut(bob);
    const texts = Array.from({ length: 20 }, (_, count) => `number ${count}`);
    for (const text of texts) {
      alice.types(`send bob ${text}`);
      world.runs(100);
    }
    bob.sees();
    world.mend(bob);
    world.runs(2500);
    bob.sees(...texts.map((text) => `alice: ${text}`));
    assert(!alice.hasSeen(bob.offline));
    world.runs(60_000);
    bob.sees();
    assertEquals([alice.keeps("outbox"), alice.unsettled], [0, 0]);
  },
);

scenario("a link that nobody uses is dropped, and is back with the next message", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const direct = (from: Person, to: Person, since: Millis) =>
    world.sent({ from, to }, since).filter(({ kinds }) => kinds[0] !== "acknowledgement");
  for (const [one, other] of [[alice, bob], [bob, alice]] as const) {
    one.types(`send ${other.nick} hi`);
    const began = world.schedule.now;
    world.runs(100);
    one.sees(`[Message received by ${other.nick}.]`);
    other.sees(`${one.nick}: hi`);
    assertEquals(world.sent({ from: one, to: other, kind: "initiation" }, began).length, 1);
    const quiet = world.schedule.now;
    world.runs(LINK_IDLE_MS);
    const pings = direct(one, other, quiet);
    assertEquals(new Set(pings.flatMap(({ kinds }) => kinds)), new Set(["ping"]));
    const expected = LINK_IDLE_MS / PEER_KEEP_ALIVE_MS;
    assert(pings.length >= expected - 2 && pings.length <= expected, `${pings.length} pings`);
    const dropped = world.schedule.now;
    world.runs(60_000);
    assertEquals([direct(one, other, dropped), direct(other, one, dropped)], [[], []]);
  }
});

scenario("sessions are replaced every ten minutes, and nobody notices", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  for (let count = 0; count < 240; count++) {
    alice.types("send bob hi");
    world.runs(10);
    alice.sees("[Message received by bob.]");
    bob.sees("alice: hi");
    world.runs(10_000 - 10);
  }
  for (const to of [bob, world.server]) {
    const instants = world.sent({ from: alice, to, kind: "initiation" }).map(({ at }) => at);
    const lives = instants.slice(1).map((at, count) => at - instants[count]!);
    // The next packet after that replaces it: a message each 10 s, a keep-alive each 30 s at most.
    assert(lives.length >= 3 && lives.every((life) => life >= REKEY_AFTER_MS), lives.join());
    assert(lives.every((life) => life <= REKEY_AFTER_MS + (to === bob ? 10_000 : 30_000)), lives.join());
  }
});

// ---- damage and replays ----------------------------------------------------------------------------------

scenario("every third datagram comes damaged: each message comes once, undamaged and in order", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  world.network.weather = { ...world.network.weather, corruption: 0.3 };
  const texts = Array.from({ length: 100 }, (_, count) => `number ${count}`);
  for (const text of texts) {
    alice.types(`send bob ${text}`);
    bob.types(`send alice ${text}`);
    world.runs(50);
  }
  world.network.heal();
  world.runs(60_000);
  assertEquals([messagesIn(alice.looks()), messagesIn(bob.looks())], [texts, texts]);
  assertEquals([alice.keeps("outbox"), bob.keeps("outbox")], [0, 0]);
});

const AGES = [
  { age: 0, when: "at once", talks: false, isDropped: false },
  {
    age: REKEY_AFTER_MS + 60_000,
    when: "when its sessions have been replaced",
    talks: true,
    isDropped: false,
  },
  { age: LINK_IDLE_MS + 60_000, when: "when its links have been dropped", talks: false, isDropped: true },
];
for (const { age, when, talks, isDropped } of AGES) {
  scenario(`a conversation is thrown in again ${when}: nothing is shown or stored twice`, (world) => {
    const { alice, bob } = world.clients("alice", "bob");
    alice.types("send bob one");
    bob.types("send alice two");
    alice.types("send_all three");
    world.runs(600);
    const recorded = [...world.datagrams];
    const later = world.schedule.now + 1;
    for (let rest = age; rest > 0; rest -= 60_000) {
      if (talks) bob.types("send alice still here");
      world.runs(60_000);
    }
    world.runs(1000);
    world.everybodyLooks();
    const before = world.datagrams.length;
    for (const { from, to, bytes } of recorded) world.network.send(from, to, bytes);
    world.runs(100);
    // Only who has forgotten the other takes an old initiation for a new one, and hears no more of it.
    const answers = world.datagrams.slice(before + recorded.length).flatMap(({ kinds }) => kinds);
    assertEquals(new Set(answers), new Set(isDropped ? ["response"] : []));
    world.runs(60_000);
    alice.sees();
    bob.sees();
    assertEquals(world.server.keeps("channel"), 1);
    alice.types("send bob four");
    world.runs(499);
    alice.sees("[Message received by bob.]");
    bob.sees("alice: four");
    const initiations = [alice, bob].flatMap((from) => world.sent({ from, kind: "initiation" }, later));
    const fresh = initiations.filter(({ bytes }) =>
      !recorded.some((old) => old.bytes.toHex() === bytes.toHex())
    );
    assertEquals(fresh.length > 0, age > 0);
  });
}

scenario("a client tells how its ways are: round trips, losses, and what waits", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const told: Extract<Notice, { type: "waysListed" }>[] = [];
  alice.onNotice = (notice) => {
    if (notice.type === "waysListed") told.push(notice);
  };
  alice.does({ type: "listWays" }, "1");
  alice.types("send bob hi");
  world.runs(1000);
  alice.does({ type: "listWays" }, "2");
  world.cut(bob);
  alice.types("send bob are you there?");
  world.runs(20);
  alice.does({ type: "listWays" }, "3");
  const [before, direct, cut] = told;
  assertEquals([before!.peers, before!.waiting], [[], 0]);
  assert(before!.server!.rtt! >= 2 && before!.server!.lost === 0);
  const [[nick, way]] = direct!.peers as [[string, Way]];
  assertEquals([nick, way.lost, direct!.waiting], ["bob", 0, 0]);
  assert(way.sent > 0 && way.rtt! >= 2);
  assertEquals(cut!.waiting, 1);
});

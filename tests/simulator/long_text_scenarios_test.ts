/** Messages of up to 64 KiB: in parts, whole and once, and when they count as unanswered. */
import { assert, assertEquals } from "@std/assert";
import { MALFORMED } from "../../core/base/bytes.ts";
import { TAG_BYTES } from "../../core/base/crypto.ts";
import { ACK_TIMEOUT_MS, TEXT_BYTES } from "../../core/base/limits.ts";
import type { Millis } from "../../core/base/units.ts";
import { readFrames } from "../../core/wire/frame.ts";
import { decodePacket } from "../../core/wire/packet.ts";
import type { SeenDatagram } from "../kit/datagram.ts";
import { CALM, type Weather } from "../kit/network.ts";
import type { Person } from "../kit/person.ts";
import type { World } from "../kit/world.ts";
import { scenario } from "./scenario.ts";

/** A round trip of 200 ms: the longest message takes more than two, ten packets in the first. */
const SLOW: Weather = { ...CALM, delay: 100 };

const LONGEST = "x".repeat(TEXT_BYTES);
const TOO_LONG = "[Message too long: 65537 bytes, at most 65536.]";
const UNANSWERED = "[No ACK from bob, message sent to server.]";
const STORED = ["[Message received by SERVER.]", "SERVER: [Message received by the server and saved]"];

// ---- how long --------------------------------------------------------------------------------------------

scenario("a message of 65,536 bytes arrives once and is receipted, directly and in the channel", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  assertEquals(TEXT_BYTES, 65_536);
  alice.types(`send bob ${LONGEST}`);
  world.runs(200);
  bob.sees(`alice: ${LONGEST}`);
  alice.sees("[Message received by bob.]");
  alice.types(`send_all ${LONGEST}`);
  world.runs(200);
  alice.sees("[Message received by Server.]");
  bob.sees(`[Channel_Message alice: ${LONGEST}]`);
  world.runs(60_000);
  alice.sees();
  bob.sees();
  assertEquals(world.sent({ kind: "deposit" }), []);
  assertEquals([alice.keeps("outbox"), bob.keeps("inbox"), alice.unsettled], [0, 0, 0]);
});

scenario("one of 65,537 bytes is refused before anything is sent", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const began = world.schedule.now;
  alice.types(`send bob ${LONGEST}y`);
  alice.sees(TOO_LONG);
  alice.types(`send_all ${LONGEST}y`);
  alice.sees(TOO_LONG);
  world.runs(1000);
  assertEquals(world.sent({ from: alice }, began), []);
  assertEquals([alice.keeps("outbox"), alice.unsettled], [0, 0]);
  alice.sees();
  bob.sees();
});

scenario("bytes are counted, not characters", (world) => {
  const { alice, bob } = world.clients("alice", "bob");
  const text = "😀".repeat(TEXT_BYTES / 4);
  alice.types(`send bob ${text}`);
  world.runs(200);
  bob.sees(`alice: ${text}`);
  alice.sees("[Message received by bob.]");
  alice.types(`send bob ${text}é`);
  alice.sees("[Message too long: 65538 bytes, at most 65536.]");
});

scenario("the longest message fits between the longest nicks, directly and as a letter", (world) => {
  const [one, other] = ["ä".repeat(32), "ö".repeat(32)];
  const { [one]: alice, [other]: bob } = world.clients(one, other);
  const text = "é".repeat(TEXT_BYTES / 2);
  alice!.types(`send ${other} ${text}`);
  world.runs(200);
  bob!.sees(`${one}: ${text}`);
  alice!.sees(`[Message received by ${other}.]`);
  bob!.types(`dereg ${other}`);
  world.runs(200);
  alice!.looks();
  const written = alice!.types(`send ${other} ${text}`);
  world.runs(200);
  alice!.sees(...STORED);
  bob!.types(`reg ${other}`);
  world.runs(500);
  assertEquals(bob!.looks().filter((line) => line.endsWith(text)), [`${one}: ${written} ${text}`]);
  assertEquals(alice!.looks().at(-1), `[${other} has collected 1 message.]`);
});

// ---- parts -----------------------------------------------------------------------------------------------

scenario("a long message of which parts are lost arrives whole and once", (world) => {
  const { alice, bob } = acquainted(world);
  alice.types(`send bob ${LONGEST}`);
  world.runs(2);
  world.loses({ from: alice, kind: "part" });
  world.runs(100);
  bob.sees();
  world.losesNothing();
  world.runs(350);
  bob.sees(`alice: ${LONGEST}`);
  alice.sees("[Message received by bob.]");
  world.runs(60_000);
  alice.sees();
  bob.sees();
});

scenario("the parts of a long message that its recipient has not got whole are no message", (world) => {
  const { alice, bob } = acquainted(world);
  const written = alice.types(`send bob ${LONGEST}`);
  world.runs(2);
  bob.isKilled();
  world.runs(10_000);
  alice.sees(
    UNANSWERED,
    ...STORED,
    ...world.table(alice.online, bob.offline),
  );
  bob.starts();
  bob.looks();
  world.runs(1000);
  const shown = bob.looks().filter((line) => line.includes("alice: "));
  assertEquals(shown, [`alice: ${written} ${LONGEST}`]);
});

scenario("what is short and needs no order overtakes a long message, a later message does not", (world) => {
  const { alice, bob } = acquainted(world, SLOW);
  alice.types(`send bob ${LONGEST}`);
  alice.types("send bob after");
  bob.types("send alice hi");
  world.runs(320);
  bob.sees("[Message received by alice.]");
  alice.sees("bob: hi");
  assertEquals(lastPartLeft(world, alice, bob), undefined);
  world.runs(2000);
  bob.sees(`alice: ${LONGEST}`, "alice: after");
  // When the second receipt comes nothing else waits any more.
  const receipts = alice.looks().filter((line) => line.startsWith("[Message received by bob"));
  assertEquals(receipts.map((line) => line.includes("\u2026")), [true, false]);
});

// ---- the 500 ms ------------------------------------------------------------------------------------------

scenario("a long message that takes long to leave is not unanswered while it leaves", (world) => {
  const { alice, bob } = acquainted(world, SLOW);
  const typed = world.schedule.now;
  alice.types(`send bob ${LONGEST}`);
  const took = world.runsUntil(() => bob.hasSeen(`alice: ${LONGEST}`), 2000);
  assert(took > ACK_TIMEOUT_MS, `${took} ms`);
  assert(lastPartLeft(world, alice, bob)! - typed > 200);
  world.runs(200);
  alice.sees("[Message received by bob.]");
  assertEquals(world.sent({ from: alice, to: world.server, kind: "part" }, typed), []);
});

scenario("the 500 ms of a long message run from the first departure of its last part", (world) => {
  const { alice, bob } = acquainted(world, SLOW);
  world.loses({ kind: "got" });
  alice.types(`send bob ${LONGEST}`);
  const typed = world.schedule.now;
  world.runsUntil(() => lastPartLeft(world, alice, bob) !== undefined, 2000);
  const left = lastPartLeft(world, alice, bob)!;
  assert(left - typed > 200);
  world.runs(left + ACK_TIMEOUT_MS - 1 - world.schedule.now);
  alice.sees();
  world.runs(2);
  alice.sees(UNANSWERED);
  world.losesNothing();
});

scenario("a recipient who falls silent amid a long message has 500 ms from his last packet", (world) => {
  const { alice, bob } = acquainted(world, SLOW);
  alice.types(`send bob ${LONGEST}`);
  const typed = world.schedule.now;
  world.runs(250);
  world.cut(bob);
  const arrivals = world.sent({ from: bob, to: alice }).map(({ at }) => at + SLOW.delay);
  const heard = arrivals.findLast((at) => at <= world.schedule.now)!;
  assert(heard >= typed + 2 * SLOW.delay);
  world.runs(heard + ACK_TIMEOUT_MS - 1 - world.schedule.now);
  alice.sees();
  assertEquals(lastPartLeft(world, alice, bob), undefined);
  world.runs(2);
  alice.sees(UNANSWERED);
});

scenario("a long message to somebody who is silent from the start is unanswered after 500 ms", (world) => {
  const { alice, bob, carol } = world.clients("alice", "bob", "carol");
  alice.types("send bob zero");
  world.runs(1000);
  world.everybodyLooks();
  world.cut(bob, carol);
  alice.types(`send bob ${LONGEST}`);
  alice.types(`send carol ${LONGEST}`);
  world.runs(ACK_TIMEOUT_MS - 1);
  alice.sees();
  world.runs(1);
  alice.sees(UNANSWERED, "[No ACK from carol, message sent to server.]");
});

/** alice and bob have a link to each other already, and have measured it: what they write leaves at once. */
function acquainted(world: World, weather = CALM): { alice: Person; bob: Person } {
  const people = world.clients("alice", "bob");
  world.network.weather = weather;
  people.alice.types("send bob zero");
  world.runs(1000);
  world.everybodyLooks();
  return people;
}

/** When the last part of a message first left. */
function lastPartLeft(world: World, from: Person, to: Person): Millis | undefined {
  return world.sent({ from, to, kind: "part" }).find(hasLastPart)?.at;
}

function hasLastPart({ bytes }: SeenDatagram): boolean {
  const packet = decodePacket(bytes);
  if (packet === MALFORMED || packet.type !== "transport") return false;
  const frames = readFrames(packet.sealed.subarray(0, -TAG_BYTES));
  return frames !== MALFORMED &&
    frames.some((frame) => frame.type === "part" && frame.index === frame.parts - 1);
}

/** Walks the table of what a link does with every input in every state. */
import { assertEquals } from "@std/assert";
import { LINK_DEAD_MS, SEEK_MS } from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";
import { acking, altered, type PeerSession, PING, verbOf } from "../../kit/peer.ts";
import { nameOf } from "../../kit/sent.ts";
import { ELSEWHERE, PEER, TestLink } from "../../kit/test_link.ts";
import { type Behind, CELLS, type Input, type State } from "./link_table.ts";

const START = 1_000_000;

/** A link in a state, with what the inputs need. */
interface Case {
  readonly test: TestLink;
  /** The session before the present one. */
  former: PeerSession | undefined;
  /** A packet that came, under the present session. */
  came: Uint8Array | undefined;
  /** The initiation of the peer's that led to it. */
  begun: Uint8Array | undefined;
}

const INPUTS = {
  "send": ({ test }, now) => test.link.send(now, verbOf("x")),
  "tell": ({ test }, now) => test.link.tell(now, verbOf("x")),
  "cancel": ({ test }) => test.link.cancel("tag"),
  "announcement": ({ test }, now) => announce(test, now),
  "initiation": ({ test }, now) => void test.receive(now, test.peer.initiation(now).bytes),
  "initiation repeated": ({ test, begun }, now) => {
    const bytes = begun ?? test.peer.initiation(now).bytes;
    for (let count = 0; count < 2; count++) test.receive(now, bytes);
  },
  "unconfirmed": ({ test }, now) => void test.peerConnects(now),
  "response": ({ test }, now) => void test.receive(now, response(test)),
  "response forged": ({ test }, now) => void test.receive(now, altered(response(test), 50)),
  "response repeated": ({ test }, now) => {
    const bytes = response(test);
    for (let count = 0; count < 2; count++) test.receive(now, bytes);
  },
  "response to an older attempt": ({ test }, now) => void test.receive(now, response(test, 1)),
  "cookie": ({ test }, now) =>
    void test.receive(
      now,
      test.peer.cookieReply(now, PEER, test.initiation() ?? test.peer.initiation(now).bytes),
    ),
  "packet": ({ test }, now) => void test.receive(now, test.peer.packet([PING])),
  "packet repeated": ({ test, came }, now) => void test.receive(now, came ?? test.peer.packet([PING])),
  "packet forged": ({ test }, now) => void test.receive(now, altered(test.peer.packet([PING]))),
  "packet under the former session": ({ test, former }, now) =>
    void test.receive(now, test.peer.packet([PING], former === undefined ? {} : { session: former })),
  "acknowledgement": ({ test }, now) => test.acknowledge(now),
  "acknowledgement of nothing": ({ test }, now) => void test.receive(now, test.peer.packet([acking(9000)])),
  "new address": ({ test }, now) => test.link.setAddresses(now, [ELSEWHERE]),
  "sought": ({ test }, now) => test.link.seek(now, SEEK_MS),
  "introduced": ({ test }, now) => test.link.introduced(now, [PEER]),
  "timeout": () => {},
  "silence": () => {},
} as const satisfies Readonly<Record<Input, (state: Case, now: Millis) => void>>;

/** The answer to our newest initiation, or to the one before it; somebody else's where none has left. */
function response(test: TestLink, back = 0): Uint8Array {
  const initiation = test.initiation(back);
  if (initiation !== undefined) return test.peer.answer(initiation).bytes;
  const stranger = new TestLink(START, { seed: 2 });
  stranger.link.send(START, verbOf("x"));
  stranger.take(START);
  return stranger.peer.answer(stranger.initiation()!).bytes;
}

/** The answer to our last question for a key; trusted where the link has asked. */
function announce(test: TestLink, now: Millis): void {
  const last = test.left.findLast(({ packet }) => packet.type === "discover")?.packet;
  const nonce = last?.type === "discover" ? last.nonce : new Uint8Array(16);
  const arrival = test.receive(now, test.peer.announcement(nonce));
  if (arrival?.type === "announced") test.links.trust(now, arrival.link, arrival.key);
}

/** A link in a state, and the instant to go on from. */
function linkIn(state: State): [Case, Millis] {
  const test = new TestLink(START, { asks: state === "asking" });
  const { link, peer } = test;
  // The owner may keep a link: then it is not forgotten when it is closed for long.
  link.kept = true;
  const it: Case = { test, former: undefined, came: undefined, begun: undefined };
  test.take(START);
  if (state === "closed") return [it, START + 1];
  link.send(START, verbOf("x"), "tag");
  let now = START + 8000;
  test.run(START, now);
  if (state === "asking" || state === "seeking") return [it, now];
  test.receive(now, peer.answer(test.initiation()!).bytes);
  test.take(now);
  test.acknowledge(now);
  it.former = peer.session;
  const handshake = peer.initiation(now);
  it.begun = handshake.bytes;
  test.receive(now, handshake.bytes);
  handshake.finish(test.take(now)[0]!.bytes);
  it.came = peer.packet([PING]);
  test.receive(now, it.came);
  now += 10;
  test.take(now);
  test.acknowledge(now);
  test.run(now, now + 100);
  now += 101;
  link.send(now, verbOf("x"), "tag");
  test.take(now);
  if (state === "open") return [it, now];
  const quiet = test.left.length;
  for (let left = quiet; !test.left.slice(left).some(({ packet }) => packet.type === "initiation");) {
    left = test.left.length;
    now = test.links.deadline;
    test.take(now);
  }
  if (state === "rekeying") return [it, now];
  test.run(now, now + LINK_DEAD_MS);
  return [it, now + LINK_DEAD_MS];
}

/** What a link shows of its state. */
function stateOf({ test }: Case, now: Millis): Behind {
  const { link, links, peer } = test;
  const hasSession = peer.sessions.some((session) => {
    const arrival = test.receive(now, peer.packet([PING], { session }));
    return arrival !== undefined && arrival.link === link;
  });
  const initiation = test.initiation();
  // Only a handshake that is under way takes a response.
  const hasHandshake = initiation !== undefined &&
    test.receive(now, peer.answer(initiation, "000003ff" + "f".repeat(8)).bytes) !== undefined;
  if (hasSession) return hasHandshake ? "rekeying" : "open";
  if (hasHandshake) return "seeking";
  const asked = test.left.findLast(({ packet }) => packet.type === "discover")?.packet;
  return asked?.type === "discover" && link.asked(asked.nonce) && links.holds(link) ? "asking" : "closed";
}

for (const [state, cells] of Object.entries(CELLS)) {
  for (const [input, [leaves, behind]] of Object.entries(cells)) {
    Deno.test(`${state}, ${input}: ${leaves.join(" and ") || "nothing"} leaves, then ${behind}`, () => {
      const [it, begin] = linkIn(state as State);
      const { test } = it;
      // The table's deadline may come too early; that does no harm.
      const due = Math.max(begin, test.link.deadline);
      const now = input === "timeout" && due < Infinity
        ? due
        : input === "silence"
        ? begin + LINK_DEAD_MS
        : begin;
      const { length } = test.left;
      INPUTS[input as Input](it, now);
      test.take(now);
      assertEquals(test.left.slice(length).map(nameOf), leaves);
      assertEquals(stateOf(it, now), behind);
    });
  }
}

Deno.test("the table has a cell for every input in every state", () => {
  for (const cells of Object.values(CELLS)) assertEquals(Object.keys(cells), Object.keys(INPUTS));
});

/**
 * What a link does with every input in every state. A cell says what leaves when the input is taken, and the
 * state behind it.
 *
 *     closed    no session, and nothing waits
 *     asking    something waits, the peer's key is not known: its address is asked for it
 *     seeking   something waits: an initiation leaves, again and again
 *     open      packets leave under the present session
 *     renewing  the same, and a handshake is under way: two probe timeouts have come, or the session is worn
 *     dead      closed by 30 s of silence; it knows no conversation any more
 *
 * `own` responses answer our newest initiation, `older` ones the attempt before it. `unconfirmed` is the first
 * packet of a handshake that the peer began. `silence` is the end of 30 s of it, `timeout` the instant at which
 * the link next has to act.
 */
import { assertEquals } from "@std/assert";
import { LINK_DEAD_MS } from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";
import { acking, altered, type PeerSession, PING, verbOf } from "../../kit/peer.ts";
import { nameOf } from "../../kit/sent.ts";
import { ELSEWHERE, PEER, TestLink } from "../../kit/test_link.ts";

type State = "closed" | "asking" | "seeking" | "open" | "renewing" | "dead";
/** A dead link is closed. */
type Behind = Exclude<State, "dead">;
type Cell = readonly [leaves: readonly string[], behind: Behind];

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
  "timeout": () => {},
  "silence": () => {},
} as const satisfies Readonly<Record<string, (state: Case, now: Millis) => void>>;

type Input = keyof typeof INPUTS;

/**
 * In `open` and `renewing` a verb is under way and the peer's last packet is acknowledged, in `asking` and
 * `seeking` a verb waits, and the one initiation of `seeking` is not the first.
 */
const CELLS: Readonly<Record<State, Readonly<Record<Input, Cell>>>> = {
  "closed": {
    "send": [["initiation"], "seeking"],
    // Without a session there is nobody to tell.
    "tell": [[], "closed"],
    "cancel": [[], "closed"],
    "announcement": [[], "closed"],
    // It may be a replay, and its source anybody's: a response, and no more.
    "initiation": [["response"], "closed"],
    "initiation repeated": [["response", "response"], "closed"],
    "unconfirmed": [["response", "ack"], "open"],
    "response": [[], "closed"],
    "response forged": [[], "closed"],
    "response repeated": [[], "closed"],
    "response to an older attempt": [[], "closed"],
    "cookie": [[], "closed"],
    "packet": [[], "closed"],
    "packet repeated": [[], "closed"],
    "packet forged": [[], "closed"],
    "packet under the former session": [[], "closed"],
    "acknowledgement": [[], "closed"],
    "acknowledgement of nothing": [[], "closed"],
    "new address": [[], "closed"],
    "timeout": [[], "closed"],
    "silence": [[], "closed"],
  },
  "asking": {
    "send": [[], "asking"],
    "tell": [[], "asking"],
    "cancel": [[], "closed"],
    // It goes on asking: perhaps nobody there has the key.
    "announcement": [["initiation", "discover"], "seeking"],
    // Whether this is the peer that we look for is not known.
    "initiation": [["response"], "asking"],
    "initiation repeated": [["response", "response"], "asking"],
    "unconfirmed": [["response", "ack"], "asking"],
    "response": [[], "asking"],
    "response forged": [[], "asking"],
    "response repeated": [[], "asking"],
    "response to an older attempt": [[], "asking"],
    "cookie": [[], "asking"],
    "packet": [[], "asking"],
    "packet repeated": [[], "asking"],
    "packet forged": [[], "asking"],
    "packet under the former session": [[], "asking"],
    "acknowledgement": [[], "asking"],
    "acknowledgement of nothing": [[], "asking"],
    "new address": [[], "asking"],
    "timeout": [["discover"], "asking"],
    "silence": [[], "closed"],
  },
  "seeking": {
    "send": [[], "seeking"],
    "tell": [[], "seeking"],
    "cancel": [[], "closed"],
    "announcement": [[], "seeking"],
    "initiation": [["response"], "seeking"],
    "initiation repeated": [["response", "response"], "seeking"],
    "unconfirmed": [["response", "ack keepAlive"], "open"],
    "response": [["keepAlive"], "open"],
    "response forged": [[], "seeking"],
    "response repeated": [["keepAlive"], "open"],
    "response to an older attempt": [[], "seeking"],
    "cookie": [["initiation"], "seeking"],
    "packet": [[], "seeking"],
    "packet repeated": [[], "seeking"],
    "packet forged": [[], "seeking"],
    "packet under the former session": [[], "seeking"],
    "acknowledgement": [[], "seeking"],
    "acknowledgement of nothing": [[], "seeking"],
    "new address": [[], "seeking"],
    "timeout": [["initiation"], "seeking"],
    "silence": [[], "closed"],
  },
  "open": {
    "send": [["keepAlive"], "open"],
    "tell": [["keepAlive"], "open"],
    "cancel": [[], "open"],
    "announcement": [[], "open"],
    "initiation": [["response"], "open"],
    // The link has had it, and the session that it led to.
    "initiation repeated": [[], "open"],
    "unconfirmed": [["response"], "open"],
    "response": [[], "open"],
    "response forged": [[], "open"],
    "response repeated": [[], "open"],
    "response to an older attempt": [[], "open"],
    "cookie": [[], "open"],
    "packet": [[], "open"],
    "packet repeated": [[], "open"],
    "packet forged": [[], "open"],
    "packet under the former session": [[], "open"],
    "acknowledgement": [[], "open"],
    "acknowledgement of nothing": [[], "open"],
    "new address": [["initiation"], "renewing"],
    "timeout": [["keepAlive"], "open"],
    "silence": [[], "closed"],
  },
  "renewing": {
    // Nobody has answered for a while: the verb that is under way rides along once more.
    "send": [["keepAlive keepAlive"], "renewing"],
    "tell": [["keepAlive keepAlive"], "renewing"],
    "cancel": [[], "renewing"],
    "announcement": [[], "renewing"],
    "initiation": [["response"], "renewing"],
    "initiation repeated": [[], "renewing"],
    "unconfirmed": [["response"], "open"],
    // The peer is to hear of us under the new keys, and so is what it has not acknowledged.
    "response": [["keepAlive"], "open"],
    "response forged": [[], "renewing"],
    "response repeated": [["keepAlive"], "open"],
    "response to an older attempt": [[], "renewing"],
    "cookie": [["initiation"], "renewing"],
    "packet": [[], "renewing"],
    "packet repeated": [[], "renewing"],
    "packet forged": [[], "renewing"],
    "packet under the former session": [[], "renewing"],
    // The peer is there after all: the handshake has its answer.
    "acknowledgement": [[], "open"],
    "acknowledgement of nothing": [[], "renewing"],
    "new address": [[], "renewing"],
    // It is repeated after 150 ms; the next probe timeout comes later.
    "timeout": [["initiation"], "renewing"],
    "silence": [[], "closed"],
  },
  "dead": {
    "send": [["initiation"], "seeking"],
    "tell": [[], "closed"],
    "cancel": [[], "closed"],
    "announcement": [[], "closed"],
    "initiation": [["response"], "closed"],
    // The time in it is remembered.
    "initiation repeated": [[], "closed"],
    "unconfirmed": [["response", "ack"], "open"],
    "response": [[], "closed"],
    "response forged": [[], "closed"],
    "response repeated": [[], "closed"],
    "response to an older attempt": [[], "closed"],
    "cookie": [[], "closed"],
    "packet": [[], "closed"],
    "packet repeated": [[], "closed"],
    "packet forged": [[], "closed"],
    "packet under the former session": [[], "closed"],
    "acknowledgement": [[], "closed"],
    "acknowledgement of nothing": [[], "closed"],
    "new address": [[], "closed"],
    "timeout": [[], "closed"],
    "silence": [[], "closed"],
  },
};

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
  if (state === "renewing") return [it, now];
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
    test.receive(now, peer.answer(initiation, "f".repeat(16)).bytes) !== undefined;
  if (hasSession) return hasHandshake ? "renewing" : "open";
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

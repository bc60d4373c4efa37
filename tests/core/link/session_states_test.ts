/** Walks the table of what becomes of a session with everything that can happen to it. */
import { assertEquals } from "@std/assert";
import { REKEY_AFTER_MS } from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";
import { altered, type PeerSession, PING, verbOf } from "../../kit/peer.ts";
import { TestLink } from "../../kit/test_link.ts";
import { CELLS, type Input, LIVES, type State } from "./session_table.ts";

interface Case {
  readonly test: TestLink;
  readonly session: PeerSession;
  /** The initiation that it began with, and a packet that came under it. */
  readonly initiation: Uint8Array;
  came: Uint8Array | undefined;
}

const INPUTS = {
  "packet": ({ test, session }, now) => void test.receive(now, test.peer.packet([PING], { session })),
  "packet repeated": ({ test, came }, now) => void (came && test.receive(now, came)),
  "packet forged": ({ test, session }, now) =>
    void test.receive(now, altered(test.peer.packet([PING], { session }))),
  "initiation repeated": ({ test, initiation }, now) => void test.receive(now, initiation),
  "newer initiation": ({ test }, now) => void test.receive(now, test.peer.initiation(now).bytes),
  "newer session": ({ test }, now) => void test.peerConnects(now),
  "two newer sessions": ({ test }, now) => {
    for (const at of [now, now + 1]) test.peerConnects(at);
  },
} as const satisfies Readonly<Record<Input, (it: Case, now: Millis) => void>>;

const START = 1_000_000;

/** A session in a state, under a link with one before it. */
function sessionIn(state: State): Case {
  const test = TestLink.withPath(START);
  test.link.kept = true;
  const handshake = test.peer.initiation(START);
  test.receive(START, handshake.bytes);
  const session = handshake.finish(test.take(START)[0]!.bytes);
  const it: Case = { test, session, initiation: handshake.bytes, came: undefined };
  if (state === "unconfirmed") return it;
  it.came = test.peer.packet([PING]);
  test.receive(START, it.came);
  test.take(START);
  test.acknowledge(START);
  const newer = { present: 0, former: 1, over: 2 }[state];
  for (let count = 1; count <= newer; count++) test.peerConnects(START + count);
  return it;
}

/** Whether what leaves now leaves under the session. */
function isUsed({ test, session }: Case, now: Millis): boolean {
  test.link.send(now, verbOf("x"));
  return test.take(now).some(({ packet }) =>
    packet.type === "transport" && packet.receiver === session.index
  );
}

function stateOf(it: Case, now: Millis): State {
  if (isUsed(it, now)) return "present";
  const { test, session } = it;
  if (test.receive(now, test.peer.packet([PING], { session })) === undefined) return "over";
  return isUsed(it, now) ? "unconfirmed" : "former";
}

for (const [state, cells] of Object.entries(CELLS) as [State, typeof CELLS[State]][]) {
  for (const [input, behind] of Object.entries(cells) as [keyof typeof INPUTS, State][]) {
    Deno.test(`${state}, ${input}: ${behind}`, () => {
      const it = sessionIn(state);
      const now = START + 10;
      INPUTS[input](it, now);
      it.test.take(now + 1);
      assertEquals(stateOf(it, now + 1), behind);
    });
  }
}

for (const [state, life] of Object.entries(LIVES) as [State, Millis][]) {
  Deno.test(`${state}, ${life} ms after it began: over`, () => {
    for (const [age, behind] of [[life - 1, state], [life, "over"]] as const) {
      const it = sessionIn(state);
      it.test.run(START + 10, START + age);
      assertEquals(stateOf(it, START + age), behind, `${age} ms`);
    }
  });
}

Deno.test("present, worn after ten minutes: present, and with what leaves next an initiation leaves", () => {
  const it = sessionIn("present");
  const { test } = it;
  assertEquals(isUsed(it, START + REKEY_AFTER_MS + 30_000), true);
  assertEquals(test.left.at(-1)!.packet.type, "initiation");
});

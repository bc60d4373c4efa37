/**
 * What a link does with every input in every state. A cell says what leaves when the input is taken, and
 * the state behind it.
 *
 *     no path   nobody has given us a token: greets while something waits
 *     path      packets leave
 *     greeting  two timeouts brought nothing: greets again, and only the oldest packet goes on being sent
 *
 * `repeated` is a packet that came before, `other life` one of another session of the peer's while this one is
 * still heard, `new life` the same after a hello, `timeout` the instant at which the link next has to act.
 */
import { assertEquals } from "@std/assert";
import { LINK_DEAD_MS } from "../../core/limits.ts";
import type { Millis } from "../../core/machine.ts";
import { acking, ELSEWHERE, named, packet, PEER, PEER_TOKEN, TestLink, verbOf } from "./wire.ts";

type State = "no path" | "path" | "greeting";
type Cell = readonly [leaves: readonly string[], behind: State];

const INPUTS: Readonly<Record<string, (test: TestLink, now: Millis) => void>> = {
  "send": ({ link }, now) => link.send(now, verbOf("x")),
  "tell": ({ link }, now) => link.tell(now, verbOf("x")),
  "retry": ({ link }, now) => link.receiveRetry(now, PEER, PEER_TOKEN),
  "retry from elsewhere": ({ link }, now) => link.receiveRetry(now, ELSEWHERE, PEER_TOKEN),
  "transport new": ({ link }, now) => void link.receive(now, PEER, packet(9, {}, verbOf("y"))),
  "transport repeated": ({ link }, now) => void link.receive(now, PEER, packet(5, {}, verbOf("y"))),
  "transport of another life": ({ link }, now) =>
    void link.receive(now, PEER, packet(1, { session: "0000ffff" })),
  "transport of a new life": ({ link }, now) => {
    link.receiveHello(now);
    link.receive(now, PEER, packet(1, { session: "0000ffff" }));
  },
  "acknowledgement": ({ link }, now) => void link.receive(now, PEER, acking(1, 2, 3)),
  "acknowledgement of nothing": ({ link }, now) => void link.receive(now, PEER, acking(900)),
  "timeout": () => {},
};

/** Packet 2 is under way in `path` and `greeting`; `no path` waits with it; the peer was heard in all three. */
const CELLS: Readonly<Record<State, Readonly<Record<keyof typeof INPUTS, Cell>>>> = {
  "no path": {
    "send": [[], "no path"],
    "tell": [[], "no path"],
    "retry": [["transport 3 keepAlive"], "path"],
    "retry from elsewhere": [["transport 3 keepAlive"], "path"],
    "transport new": [["transport 3 keepAlive"], "path"],
    // Whoever repeats himself is there, and still wants his acknowledgement.
    "transport repeated": [["transport 3 keepAlive"], "path"],
    // After such a silence it is a new life; what waited was for the one before.
    "transport of another life": [[], "path"],
    "transport of a new life": [[], "path"],
    "acknowledgement": [["transport 3 keepAlive"], "path"],
    "acknowledgement of nothing": [["transport 3 keepAlive"], "path"],
    "timeout": [["hello"], "no path"],
  },
  "path": {
    "send": [["transport 3 keepAlive"], "path"],
    "tell": [["transport 0 keepAlive"], "path"],
    "retry": [[], "path"],
    "retry from elsewhere": [[], "path"],
    "transport new": [[], "path"],
    "transport repeated": [["transport 0 ack"], "path"],
    "transport of another life": [[], "path"],
    "transport of a new life": [[], "path"],
    "acknowledgement": [[], "path"],
    "acknowledgement of nothing": [[], "path"],
    "timeout": [["transport 2 keepAlive"], "path"],
  },
  "greeting": {
    "send": [["transport 3 keepAlive"], "greeting"],
    "tell": [["transport 0 keepAlive"], "greeting"],
    "retry": [[], "greeting"],
    "retry from elsewhere": [["transport 2 keepAlive"], "path"],
    "transport new": [[], "path"],
    "transport repeated": [["transport 0 ack"], "path"],
    "transport of another life": [[], "greeting"],
    "transport of a new life": [[], "path"],
    "acknowledgement": [[], "path"],
    "acknowledgement of nothing": [[], "path"],
    "timeout": [["transport 2 keepAlive", "hello"], "greeting"],
  },
};

const START = 1_000_000;

/** A link in a state, and the instant to go on from. */
function linkIn(state: State): [TestLink, Millis] {
  const test = TestLink.withPath(START);
  const { link } = test;
  link.receive(START + 1, PEER, packet(5, {}, verbOf("y")));
  link.take(START + 25);
  link.send(START + 25, verbOf("x"));
  link.take(START + 25);
  if (state === "path") return [test, START + 26];
  link.take(START + 175);
  link.take(START + 375);
  if (state === "greeting") return [test, START + 400];
  const dead = START + 25 + LINK_DEAD_MS;
  link.take(dead);
  link.send(dead + 1, verbOf("x"));
  link.take(dead + 1);
  return [test, dead + 2];
}

/**
 * What a link shows of its state: without a path nothing leaves that is not repeated; while greeting, a hello
 * and the oldest packet are all that is due, however many are under way.
 */
function stateOf(link: TestLink["link"], now: Millis): State {
  link.tell(now, verbOf("probe"));
  for (let count = 0; count < 2; count++) link.send(now, verbOf("probe"));
  if (!named(link.take(now)).includes("transport 0 keepAlive")) return "no path";
  const due = named(link.take(now + 10_000)).filter((name) => name !== "transport 0 ack");
  return due.includes("hello") && due.length === 2 ? "greeting" : "path";
}

for (const [state, cells] of Object.entries(CELLS)) {
  for (const [input, [leaves, behind]] of Object.entries(cells)) {
    Deno.test(`${state}, ${input}: ${leaves.join(" and ") || "nothing"} leaves, then ${behind}`, () => {
      const [test, begin] = linkIn(state as State);
      const now = input === "timeout" ? test.link.deadline : begin;
      INPUTS[input]!(test, now);
      assertEquals(named(test.link.take(now)), leaves);
      assertEquals(stateOf(test.link, now), behind);
    });
  }
}

Deno.test("the table has a cell for every input in every state", () => {
  for (const cells of Object.values(CELLS)) assertEquals(Object.keys(cells), Object.keys(INPUTS));
});

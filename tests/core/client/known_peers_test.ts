import { assert, assertEquals, assertFalse } from "@std/assert";
import { KNOWN_PEERS } from "../../../core/base/limits.ts";
import { KnownPeers } from "../../../core/client/known_peers.ts";
import type { Row } from "../../../core/messages/table.ts";
import { Recorded } from "../../kit/recorded.ts";
import { ROW, SIGNATURE } from "../../kit/samples.ts";

const ONE = "01".repeat(32);
const OTHER = "02".repeat(32);
const THIRD = "03".repeat(32);

/** A process that knows people, on its disk. */
class Knower {
  recorded = new Recorded();
  peers = new KnownPeers(this.recorded.effects);

  /** The process is killed and started again with what is on disk. */
  restarts(): void {
    this.recorded.perform(0);
    this.recorded = this.recorded.restarted();
    this.peers = new KnownPeers(this.recorded.effects);
  }
}

Deno.test("of a nick that nobody has met every identity is right, and asking pins none", () => {
  const { peers } = new Knower();
  for (const identity of [ONE, OTHER]) assert(peers.agrees("Zoë", identity));
  assertEquals(peers.pinOf("Zoë"), undefined);
});

Deno.test("the first contact pins the identity, unverified, for the nick in whatever case", () => {
  const { peers } = new Knower();
  assert(peers.meet("Zoë", ONE));
  for (const nick of ["Zoë", "ZOË", "zoe\u0308"]) {
    assertEquals(peers.pinOf(nick), { identity: ONE, verified: false, revoked: false }, nick);
    assert(peers.agrees(nick, ONE));
    assertFalse(peers.agrees(nick, OTHER));
  }
  assertEquals(peers.pinOf("zoe"), undefined);
});

Deno.test("a later contact changes no pin, whichever identity comes", () => {
  const { peers } = new Knower();
  peers.meet("x", ONE);
  assertFalse(peers.meet("X", OTHER));
  assertEquals(peers.pinOf("x"), { identity: ONE, verified: false, revoked: false });
  peers.pin("x", ONE, true);
  assert(peers.meet("x", ONE));
  assertFalse(peers.meet("x", OTHER));
  assertEquals(peers.pinOf("x"), { identity: ONE, verified: true, revoked: false });
});

Deno.test("a pin is changed by who decides it", () => {
  const { peers } = new Knower();
  peers.meet("x", ONE);
  peers.pin("X", OTHER, false);
  assertEquals(peers.pinOf("x"), { identity: OTHER, verified: false, revoked: false });
  assertFalse(peers.agrees("x", ONE));
  assertFalse(peers.meet("x", ONE));
});

Deno.test("one identity may be that of several nicks", () => {
  const { peers } = new Knower();
  assert(peers.meet("x", ONE));
  assert(peers.meet("y", ONE));
});

Deno.test("pins are there again after a restart, one for each nick", () => {
  const knower = new Knower();
  knower.peers.meet("Σίσυφος", ONE);
  knower.peers.meet("x", ONE);
  knower.peers.pin("X", OTHER, true);
  knower.restarts();
  assertEquals(knower.recorded.records("known_peer").length, 2);
  assertEquals(knower.peers.pinOf("ΣΊΣΥΦΟΣ"), { identity: ONE, verified: false, revoked: false });
  assertEquals(knower.peers.pinOf("x"), { identity: OTHER, verified: true, revoked: false });
});

/** A line of the table for x, whose signatures somebody has checked. */
function lineOf(identity: string, former: readonly string[], revoked = false): Row {
  const predecessors = former.map((one) => ({ identity: one, signature: SIGNATURE, consent: SIGNATURE }));
  const revocation = revoked ? [{ identity, signature: SIGNATURE }] : [];
  return { ...ROW, nick: "x", identity, predecessors, revocation };
}

Deno.test("a pin is followed to the successor of its identity, and is not verified any more", () => {
  const knower = new Knower();
  const { peers } = knower;
  assertEquals(peers.follow(lineOf(OTHER, [ONE])), undefined, "nobody is pinned");
  peers.pin("x", ONE, true);
  assertEquals(peers.follow(lineOf(ONE, [])), undefined);
  assertEquals(peers.follow(lineOf(OTHER, [THIRD])), undefined, "not a successor of ours");
  assertEquals(peers.pinOf("x")?.identity, ONE);
  assertEquals(peers.follow(lineOf(OTHER, [ONE, THIRD])), { identity: ONE, verified: true, revoked: false });
  assertEquals(peers.follow(lineOf(OTHER, [ONE, THIRD])), undefined, "once");
  knower.restarts();
  assertEquals(knower.peers.pinOf("x"), { identity: OTHER, verified: false, revoked: false });
  assert(knower.peers.agrees("x", OTHER));
});

Deno.test("a revoked pin agrees with nobody, whatever is said later, until another one is pinned", () => {
  const knower = new Knower();
  assert(knower.peers.isOver(lineOf(ONE, [], true)), "nobody is pinned");
  knower.peers.pin("x", ONE, true);
  assertEquals(knower.peers.follow(lineOf(ONE, [], true))?.identity, ONE);
  knower.restarts();
  const { peers } = knower;
  assertEquals(peers.pinOf("x"), { identity: ONE, verified: false, revoked: true });
  assert(peers.isOver(lineOf(ONE, [], true)));
  for (const line of [lineOf(ONE, []), lineOf(OTHER, [ONE])]) {
    assertEquals(peers.follow(line), undefined);
    assertFalse(peers.agrees("x", line.identity));
    assertFalse(peers.meet("x", line.identity));
  }
  peers.pin("x", OTHER, false);
  assert(peers.agrees("x", OTHER));
  assertFalse(peers.isOver(lineOf(ONE, [], true)), "that is somebody else");
});

Deno.test("what changes no pin is not saved", () => {
  const { peers, recorded } = new Knower();
  peers.meet("x", ONE);
  recorded.perform(0);
  peers.meet("x", ONE);
  peers.meet("x", OTHER);
  peers.agrees("y", ONE);
  assertEquals(recorded.effects.takeOutputs(0, []), []);
});

Deno.test("a damaged record is as good as none", () => {
  const damaged = [["known_peer/x", new Uint8Array(32)], [
    "known_peer/y",
    new Uint8Array(33).fill(7),
  ]] as const;
  const peers = new KnownPeers(new Recorded(damaged).effects);
  assertEquals([peers.pinOf("x"), peers.pinOf("y")], [undefined, undefined]);
});

Deno.test("20,000 are pinned; of one more the word is taken, and the pins stay and can be changed", () => {
  const knower = new Knower();
  for (let count = 0; count < KNOWN_PEERS; count++) knower.peers.meet(`n${count}`, ONE);
  for (const identity of [ONE, OTHER]) {
    assert(knower.peers.meet("late", identity));
    assert(knower.peers.agrees("late", identity));
  }
  assertEquals(knower.peers.pinOf("late"), undefined);
  assertFalse(knower.peers.meet("n0", OTHER));
  knower.peers.pin("n0", OTHER, true);
  assertEquals(knower.peers.pinOf("n0"), { identity: OTHER, verified: true, revoked: false });
  knower.restarts();
  assertEquals(knower.recorded.records("known_peer").length, KNOWN_PEERS);
});

/** Handing in a revocation: over a bad network, and where nobody answers. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Revoker } from "../../../core/client/revoker.ts";
import type { Machine } from "../../../core/machine.ts";
import type { Person } from "../../kit/person.ts";
import { Process } from "../../kit/process.ts";
import { SERVER } from "../../kit/surroundings.ts";
import { World } from "../../kit/world.ts";

const DONE = "[The identity of bob has ended at the server, for good.]";
const KEY = "5e".repeat(32);

/** `parley revoke`, on a computer of its own. */
class Revocation extends Process {
  readonly key = "";
  readonly #bob: Person;
  readonly #serverKey: string;

  constructor(world: World, bob: Person, serverKey = world.server.key) {
    super(world, "revoke");
    this.#bob = bob;
    this.#serverKey = serverKey;
    this.startAt({ host: "10.7.7.7", port: 7 });
  }

  protected makeMachine(now: number): Machine {
    const { primitives, stopwatch } = this.surroundings;
    const { nick, revocation } = this.#bob;
    const server = { server: SERVER, serverName: "the server", serverKey: this.#serverKey };
    return new Revoker(now, { primitives, stopwatch, nick, revocation, ...server }, this.random);
  }
}

function withBob(): { world: World; bob: Person } {
  const world = new World();
  return { world, bob: world.clients("bob").bob };
}

Deno.test("the server's answer ends it", () => {
  const { world, bob } = withBob();
  const revocation = new Revocation(world, bob);
  world.runs(100);
  revocation.sees(DONE);
  revocation.hasEnded(0);
});

Deno.test("an identity that the server does not know: the answer is told, and the status is 1", () => {
  const { world } = withBob();
  const revocation = new Revocation(world, world.client("bob"));
  world.runs(100);
  revocation.sees("[The server does not know this identity of bob, nothing has changed.]");
  revocation.hasEnded(1);
});

Deno.test("a server that is away for a second is asked again", () => {
  const { world, bob } = withBob();
  world.cut(world.server);
  const revocation = new Revocation(world, bob);
  world.runs(1000);
  world.mend(world.server);
  world.runs(2000);
  revocation.sees(DONE);
  revocation.hasEnded(0);
});

Deno.test("no server: one sentence after five attempts", () => {
  const { world, bob } = withBob();
  world.server.isKilled();
  const revocation = new Revocation(world, bob);
  world.runs(5000);
  revocation.isTold("no answer from 10.0.0.1:9999: is it running, and does a firewall let UDP port 9999 in?");
  revocation.hasEnded(1);
});

Deno.test("a server that falls silent before it answers", () => {
  const { world, bob } = withBob();
  const revocation = new Revocation(world, bob);
  world.passes = ({ kinds }) => !kinds.includes("revoked");
  world.runs(60_000);
  revocation.sees("[Server not responding.]");
  revocation.hasEnded(1);
});

Deno.test("another server in its place gets nothing, and the user is told", () => {
  const { world, bob } = withBob();
  const before = world.server.state;
  const revocation = new Revocation(world, bob, KEY);
  world.runs(5000);
  assertStringIncludes(revocation.looks()[0] ?? "", `has another key than '${KEY}'`);
  revocation.hasEnded(1);
  assertEquals(world.server.state, before);
});

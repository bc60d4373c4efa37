/** Looking at the way to a server: what is learnt of it over good and bad networks, and how long it takes. */
import { assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { DATAGRAM_BYTES, PROBE_PACE_MS, PROBES } from "../../../core/base/limits.ts";
import { Prober, type Survey } from "../../../core/client/prober.ts";
import type { Machine } from "../../../core/machine.ts";
import { Process } from "../../kit/process.ts";
import { SERVER } from "../../kit/surroundings.ts";
import { World } from "../../kit/world.ts";

const LENGTHS = [1200, 1100, 1000, 900, 800, 600, 400, 200];
const OWN = { host: "10.7.7.7", port: 7 };

/** What `parley doctor` asks, on a computer of its own. */
class Survivor extends Process {
  readonly key = "";
  #prober: Prober | undefined;

  constructor(world: World) {
    super(world, "doctor");
    this.startAt(OWN);
  }

  protected makeMachine(now: number): Machine {
    const { primitives } = this.surroundings;
    return this.#prober = new Prober(now, { primitives, server: SERVER }, this.random);
  }

  get survey(): Survey {
    return this.#prober!.survey;
  }
}

/** Runs until it has ended; how long that took. */
function surveyed(world: World): { survey: Survey; took: number } {
  const doctor = new Survivor(world);
  const began = world.now;
  for (let ran = 0; doctor.isAlive && ran < 60_000; ran += 10) world.runs(10);
  doctor.hasEnded(0);
  return { survey: doctor.survey, took: world.now - began };
}

Deno.test("a good way: every question is answered, datagrams of every length pass, and it takes two seconds", () => {
  const world = new World();
  const { survey: { keys, versions, roundTrips, passed, failed }, took } = surveyed(world);
  assertEquals([[...keys], versions, passed, failed], [[world.server.key], undefined, LENGTHS, []]);
  assertEquals(roundTrips, Array(PROBES).fill(2));
  assertLess(took, PROBES * PROBE_PACE_MS + 1000);
});

Deno.test("every second question is lost: half of the answers come, and all lengths pass", () => {
  const world = new World();
  let asked = 0;
  world.passes = ({ to }) => to !== SERVER || asked++ % 2 === 0;
  const { survey: { roundTrips, failed } } = surveyed(world);
  assertEquals([roundTrips.length, failed], [PROBES / 2, []]);
});

for (const way of ["there", "back"]) {
  Deno.test(`what is longer than 600 bytes is lost on the way ${way}`, () => {
    const world = new World();
    world.passes = ({ to, bytes }) => bytes.length <= 600 || (to === SERVER) !== (way === "there");
    const { survey: { roundTrips, passed, failed }, took } = surveyed(world);
    assertEquals([passed, failed], [[600, 400, 200], [1200, 1100, 1000, 900, 800]]);
    assertEquals(roundTrips.length, PROBES);
    assertLessOrEqual(took, 10_000);
  });
}

Deno.test("nobody answers: it ends after the first questions", () => {
  const world = new World();
  world.cut(world.server);
  const { survey: { roundTrips, keys, failed }, took } = surveyed(world);
  assertEquals([roundTrips, keys.size, failed], [[], 0, LENGTHS]);
  assertLessOrEqual(took, 6_000);
});

Deno.test("a server of another version: it is asked no further", () => {
  const world = new World();
  world.passes = ({ to }) => to !== SERVER;
  const doctor = new Survivor(world);
  world.runs(50);
  world.network.send(SERVER, OWN, Uint8Array.of(0, 3));
  world.runs(10);
  doctor.hasEnded(0);
  assertEquals(doctor.survey.versions, [3]);
});

Deno.test("what others send, what was damaged, and versions from a server that answers, change nothing", () => {
  const world = new World();
  const heard: Uint8Array[] = [];
  world.passes = ({ from, to, bytes }) => {
    if (from === SERVER && to.host === OWN.host) heard.push(bytes);
    return true;
  };
  const doctor = new Survivor(world);
  world.runs(100);
  assertGreater(heard.length, 0);
  const last = heard.at(-1)!;
  const other = { host: "10.8.8.8", port: 8 };
  world.network.send(other, OWN, Uint8Array.of(0, 3));
  world.network.send(SERVER, OWN, Uint8Array.of(0, 3));
  world.network.send(SERVER, OWN, last.with(40, last[40]! ^ 1));
  world.network.send(SERVER, OWN, last);
  world.runs(5_000);
  const { keys, versions, roundTrips } = doctor.survey;
  assertEquals([[...keys], versions, roundTrips.length], [[world.server.key], undefined, PROBES]);
  assertEquals(DATAGRAM_BYTES, doctor.survey.passed[0]);
});

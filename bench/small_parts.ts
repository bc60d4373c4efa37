/** The parts with few processes: round trips, throughput, start-up, memory, processor time, bad networks. */
import { READ_AHEAD_MS } from "../core/base/limits.ts";
import { openSqlite } from "../storage/sqlite.ts";
import { BadNetwork } from "../tests/kit/bad_networks/network.ts";
import { describe, play, SCENARIOS } from "../tests/kit/bad_networks/scenarios.ts";
import type { Child } from "../tests/kit/child.ts";
import { cpuSeconds, residentBytes } from "./kernel.ts";
import { history, sealedHistory } from "./history.ts";
import { LENGTHS, letterOf, letters } from "./letters.ts";
import { handshakes, layers } from "./links.ts";
import { freePort } from "./load/servers.ts";
import { type Delivery, fixedRetry, links } from "./loss.ts";
import { start } from "./processes.ts";
import { freshFile, freshFolder } from "./scratch.ts";
import { median, summarize, type Summary } from "./summary.ts";
import { tell } from "./telling.ts";

const ROUND_TRIPS = 10_000;
const ROUNDS = 3;
const BURST_MESSAGES = 100_000;
const WINDOWS = [64, 512];
const LARGE_MESSAGES = 500;
const LARGE_BYTES = 65_536;
const LARGE_WINDOW = 32;
const JUNK_PER_SECOND = 20_000;
const FLOODED_ROUND_TRIPS = 5_000;
const LOSSES = [0, 0.1, 0.3, 0.5];
const COMMITS = 2_000;
const SEEDS = 100;
const IDLE_SECONDS = 10;
const STARTS = 9;

/** Messages of 64 bytes that fill a packet, at the floor. */
const FULL_PACKET = 15;
const FLOOR_MESSAGES = 500_000;
/** After so many messages a client's memory has long stopped to grow. */
const MEMORY_MESSAGES = 200_000;

type Figures = Summary & { readonly perSecond: number };
type PeerFigures = Figures & { readonly bytesEach: number; readonly megabytes: number };

const MEMORY = ":memory:";

function freshState(durable: boolean): string {
  return durable ? freshFile() : MEMORY;
}

/** Two processes that know no protocol: `script` without arguments answers, and with a port it asks. */
async function pair(script: string, args: readonly number[], oneCpu: boolean): Promise<Figures> {
  const echo = start(script, [], { oneCpu });
  const port = await echo.nextLine();
  const ping = start(script, [port, ...args.map(String)], { oneCpu });
  const figures = JSON.parse(await ping.nextLine());
  await ping.end();
  await echo.end();
  return figures;
}

/** A server and two clients; the first sends to the second. */
async function direct(
  count: number,
  window: number,
  durable: boolean,
  oneCpu: boolean,
  bytes = 64,
): Promise<PeerFigures & { readonly recipientMegabytes: number }> {
  const port = freePort();
  const server = start("main.ts", ["server", "-p", String(port), "--data", MEMORY], { oneCpu });
  const bob = start("bench/peer.ts", ["bob", String(port), freshState(durable)], { oneCpu });
  await bob.sees("ready");
  const args = ["alice", String(port), freshState(durable), "bob", ...[count, window, bytes].map(String)];
  const alice = start("bench/peer.ts", args, { oneCpu });
  const figures: PeerFigures = JSON.parse(await alice.nextLine());
  const recipientMegabytes = residentBytes(bob.pid) / 1e6;
  for (const process of [alice, bob, server]) await process.end();
  return { ...figures, recipientMegabytes };
}

function commits(): Summary {
  const store = openSqlite(freshState(true), "client");
  const times = Array.from({ length: COMMITS }, (_, number) => {
    const began = performance.now();
    store.commit([{ type: "save", key: `key/${number}`, value: new Uint8Array(200) }]);
    return performance.now() - began;
  });
  store.close();
  return summarize(times);
}

async function roundTrips(oneCpu: boolean): Promise<void> {
  const rows = {
    bare: [] as Summary[],
    sealed: [] as Summary[],
    memory: [] as Summary[],
    durable: [] as Summary[],
    commit: [] as Summary[],
  };
  for (let round = 0; round < ROUNDS; round++) {
    rows.bare.push(await pair("bench/bare.ts", [ROUND_TRIPS], oneCpu));
    rows.sealed.push(await pair("bench/floor.ts", [ROUND_TRIPS, 1, 1], oneCpu));
    rows.memory.push(await direct(ROUND_TRIPS, 1, false, oneCpu));
    rows.durable.push(await direct(ROUND_TRIPS, 1, true, oneCpu));
    rows.commit.push(commits());
  }
  tell(
    `round trip, ${
      oneCpu ? "all processes on one CPU" : "unpinned"
    } (median of ${ROUNDS} runs, microseconds)`,
  );
  const middle = (name: keyof typeof rows, of: keyof Summary) => median(rows[name].map((row) => row[of]));
  const line = (name: keyof typeof rows, what: string, ratio = "") =>
    tell(`  ${what.padEnd(44)} p50 ${middle(name, "p50")}  p99 ${middle(name, "p99")}  ${ratio}`);
  const [floor, commit] = [middle("sealed", "p50"), middle("commit", "p50")];
  line("bare", "bare datagram and echo");
  line("sealed", "one AEAD each way, and no protocol");
  line("commit", "one commit with fsync");
  line(
    "memory",
    "message to receipt, ':memory:'",
    `${(middle("memory", "p50") / floor).toFixed(2)} x sealed`,
  );
  const durable = middle("durable", "p50");
  line(
    "durable",
    "message to receipt, durable",
    `${((durable - 2 * commit) / floor).toFixed(2)} x sealed + two commits`,
  );
}

async function oneWay(): Promise<void> {
  for (const window of WINDOWS) {
    const floor = await rateOf(() => pair("bench/floor.ts", [FLOOR_MESSAGES, window, FULL_PACKET], false));
    tell(
      `one way, ${window} outstanding, no protocol, ${FULL_PACKET} in a packet: ${
        Math.round(floor)
      } messages/s`,
    );
    for (const durable of [false, true]) {
      const rate = await rateOf(() => direct(BURST_MESSAGES, window, durable, false));
      tell(
        `one way, ${window} outstanding, ${inStore(durable)}: ${Math.round(rate)} receipted messages/s, ${
          (rate / floor).toFixed(2)
        } of that`,
      );
    }
  }
}

async function wire(): Promise<void> {
  const { bytesEach, megabytes, recipientMegabytes } = await direct(MEMORY_MESSAGES, 64, false, false);
  tell(`a message of 64 bytes with its receipt, 64 outstanding: ${Math.round(bytesEach)} bytes on the wire`);
  tell(
    `after ${MEMORY_MESSAGES} messages: ${Math.round(megabytes)} MB resident at their sender, ${
      Math.round(recipientMegabytes)
    } MB at their recipient`,
  );
}

async function large(): Promise<void> {
  for (const durable of [false, true]) {
    const rate = await rateOf(() => direct(LARGE_MESSAGES, LARGE_WINDOW, durable, false, LARGE_BYTES));
    tell(
      `messages of 64 KiB, ${inStore(durable)}: ${(rate * LARGE_BYTES / 1e6).toFixed(1)} MB/s, receipted`,
    );
  }
}

async function rateOf(run: () => Promise<Figures>): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rates.push((await run()).perSecond);
  return median(rates);
}

function inStore(durable: boolean): string {
  return durable ? "durable" : "':memory:'";
}

function inOneProcess(): void {
  tell("a sealed message of 64 bytes, microseconds at its sender and at its receiver");
  for (const { layer, out, in: taken } of layers()) {
    tell(`  ${layer.padEnd(50)} ${out.toFixed(1)}  ${taken.toFixed(1)}`);
  }
  tell(`handshakes that a server answers: ${Math.round(handshakes())}/s`);
}

function sealing(): void {
  tell(`letters of 64 bytes in one process (median of ${ROUNDS} runs, a second)`);
  for (const { what, out, in: taken } of letters()) {
    tell(`  ${what.padEnd(50)} ${Math.round(out)}  ${Math.round(taken)}`);
  }
  for (const bytes of LENGTHS) {
    tell(`  sealing a text of ${bytes} bytes adds ${letterOf(bytes).length - bytes} bytes`);
  }
}

/** Direct messages while junk comes to nobody, to their recipient, or to the server. */
async function flood(): Promise<void> {
  for (const target of ["nobody", "recipient", "server"] as const) {
    const runs: Summary[] = [];
    for (let round = 0; round < ROUNDS; round++) runs.push(await flooded(target));
    const middle = (of: keyof Summary) => median(runs.map((run) => run[of]));
    const what = `message to receipt, ':memory:', ${JUNK_PER_SECOND} junk datagrams/s to ${target}`;
    tell(`${what.padEnd(76)} p50 ${middle("p50")}  p99 ${middle("p99")}`);
  }
}

async function flooded(target: "nobody" | "recipient" | "server"): Promise<Summary> {
  const port = freePort();
  const server = start("main.ts", ["server", "-p", String(port), "--data", MEMORY]);
  const bob = start("bench/peer.ts", ["bob", String(port), MEMORY]);
  const [, bobPort = ""] = (await bob.nextLine()).split(" ");
  const victim = target === "server" ? String(port) : bobPort;
  const junk = target === "nobody" ? undefined : start("bench/flooder.ts", [String(JUNK_PER_SECOND), victim]);
  await junk?.nextLine();
  const args = ["alice", String(port), MEMORY, "bob", String(FLOODED_ROUND_TRIPS)];
  const alice = start("bench/peer.ts", args);
  const figures: Summary = JSON.parse(await alice.nextLine());
  for (const process of [alice, bob, server, junk]) await process?.end();
  return figures;
}

async function idleLinks(): Promise<void> {
  const script = new URL("links.ts", import.meta.url).pathname;
  const args = ["run", "--v8-flags=--expose-gc", script];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  tell(`an idle link takes ${Number(new TextDecoder().decode(stdout)).toFixed(2)} KiB`);
}

function loss(): void {
  const told = ({ delivered, p50, p99 }: Delivery) =>
    `${(100 * delivered).toFixed(2)} % receipted, p50 ${p50} ms, p99 ${p99} ms`;
  for (const share of LOSSES) {
    tell(`${100 * share} % loss each way, links:           ${told(links(share))}`);
    tell(`${100 * share} % loss each way, 5 x 500 ms:      ${told(fixedRetry(share))}`);
  }
}

async function badNetworks(): Promise<void> {
  const whyNot = await BadNetwork.whyNot();
  if (whyNot !== undefined) return tell(`no bad networks: ${whyNot}`);
  for (const scenario of SCENARIOS) tell(describe(scenario, await play(scenario)));
}

async function idle(): Promise<void> {
  const port = freePort();
  const starts: number[] = [];
  const server = start("main.ts", ["server", "-p", String(port), "--data", MEMORY]);
  for (let count = 0; count < STARTS; count++) {
    const began = performance.now();
    const client = start("main.ts", [
      "client",
      "-n",
      `c${count}`,
      "-p",
      String(port),
      "--state",
      MEMORY,
    ]);
    await client.sees("is ONLINE");
    starts.push(performance.now() - began);
    if (count === STARTS - 1) await reportIdle(server, client);
    await client.end();
  }
  await server.end();
  tell(
    `start of a client until it is registered, without the ${READ_AHEAD_MS} ms that it waits for a script: ` +
      `${Math.round(median(starts) - READ_AHEAD_MS)} ms (median of ${STARTS})`,
  );
}

async function reportIdle(server: Child, client: Child): Promise<void> {
  const before = [100 * cpuSeconds(server.pid), 100 * cpuSeconds(client.pid)];
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
  for (
    const [at, { name, process }] of [{ name: "server", process: server }, {
      name: "client",
      process: client,
    }].entries()
  ) {
    const percent = (100 * cpuSeconds(process.pid) - before[at]!) / IDLE_SECONDS;
    tell(
      `idle ${name}: ${(residentBytes(process.pid) / 1e6).toFixed(1)} MB resident, ${
        percent.toFixed(1)
      } % of a CPU over ${IDLE_SECONDS} s`,
    );
  }
}

async function seeds(): Promise<void> {
  const simulator = start("tests/simulator/main.ts", ["--seed", "1", "--seeds", String(SEEDS)]);
  await simulator.ended;
  const rate = /\S+ seeds\/s/.exec(simulator.lines.at(-1)!.text);
  tell(`simulated worlds: ${rate} on one CPU`);
}

export const SMALL_PARTS: Readonly<Record<string, () => void | Promise<void>>> = {
  "one-cpu": () => roundTrips(true),
  "unpinned": () => roundTrips(false),
  "one-way": oneWay,
  wire,
  large,
  "in-one-process": inOneProcess,
  letters: sealing,
  flood,
  "idle-links": idleLinks,
  loss,
  "bad-networks": badNetworks,
  idle,
  history: () => [history, sealedHistory].forEach((measure) => measure(freshFolder(), tell)),
  seeds,
};

/**
 * `deno task bench`: every figure of the README and of docs/performance.md. Ratios mean more than the figures
 * themselves.
 *
 *     --only PART        one part of `SMALL_PARTS` or `LOAD_PARTS`
 *     --clients N        so many in `registration` and `idle-clients`
 *     --members N        so many in `fan-out`; with `--pipelined` several messages are under way
 *     --peers            beside the servers that people use instead, as far as they are installed
 *     --json             one object a line for each figure of `LOAD_PARTS`
 *     --profile FOLDER   leave the processor profile of our server there
 *     --report           all of `LOAD_PARTS` up to N, into docs/performance.md
 */
import { parseArgs } from "@std/cli/parse-args";
import { PROJECT } from "../tests/kit/program.ts";
import { LOAD_PARTS, type LoadOptions, missingPeers, runAll, runLoad } from "./load/parts.ts";
import type { Run } from "./load/run.ts";
import { inWords, type Measurement } from "./measurement.ts";
import { endAll } from "./processes.ts";
import { makeReport } from "./report.ts";
import { freshFile, removeFiles } from "./scratch.ts";
import { SMALL_PARTS } from "./small_parts.ts";
import { clearStep, tell, tellStep } from "./telling.ts";

const CLIENTS = 100;
const MEMBERS = 200;
const ROUNDS = 3;

const options = parseArgs(Deno.args, {
  string: ["only", "clients", "members", "profile"],
  boolean: ["pipelined", "json", "peers", "report"],
});

const run: Run = {
  serverFlags: options.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${options.profile}`],
  freshFile,
  shows: tellStep,
};

const loadOptions: LoadOptions = {
  clients: Number(options.clients ?? CLIENTS),
  members: Number(options.members ?? MEMBERS),
  pipelined: options.pipelined,
  peers: options.peers,
};

function report(measurements: readonly Measurement[]): void {
  for (const measurement of measurements) {
    tell(options.json ? JSON.stringify(measurement) : inWords(measurement));
  }
}

async function writeReport(): Promise<void> {
  const all: Measurement[] = [];
  const missed = options.peers ? missingPeers().map((name) => `${name}: it is not installed`) : [];
  const keep = (measurements: readonly Measurement[]) => {
    all.push(...measurements);
    report(measurements);
  };
  const load = Deno.loadavg()[0]!.toFixed(1);
  await runAll(run, loadOptions, ROUNDS, keep, (what) => missed.push(what));
  const command = `deno task bench ${Deno.args.join(" ")}`;
  const machine =
    `${navigator.hardwareConcurrency} processors, Deno ${Deno.version.deno}, loopback, load ${load} before`;
  const { page, svg } = makeReport(all, { command, machine, rounds: ROUNDS, missed });
  const path = `${PROJECT}/docs/performance.md`;
  Deno.writeTextFileSync(path, page);
  // Its lines are as long as the command and the machine's name make them.
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path] }).output();
  Deno.writeTextFileSync(`${PROJECT}/docs/performance.svg`, svg);
}

const parts: Readonly<Record<string, () => void | Promise<void>>> = {
  ...SMALL_PARTS,
  ...Object.fromEntries(LOAD_PARTS.map((part) => [part, () => runLoad(run, part, loadOptions, report)])),
};

async function runParts(): Promise<number> {
  const { only } = options;
  const chosen = Object.entries(parts).filter(([name]) => only === undefined || only === name);
  if (chosen.length === 0) {
    console.error(`'${only}' is no part, choose one of: ${Object.keys(parts).join(", ")}`);
    return 2;
  }
  if (options.peers && missingPeers().length > 0) {
    console.error(`not installed, so left out: ${missingPeers().join(", ")}`);
  }
  for (const [at, [, part]] of chosen.entries()) {
    if (chosen.length > 1) tellStep(at, chosen.length, "parts");
    await part();
  }
  return 0;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, async () => {
    clearStep();
    await endAll();
    removeFiles();
    Deno.exit(1);
  });
}
let status = 0;
try {
  if (options.report) await writeReport();
  else status = await runParts();
} finally {
  clearStep();
  await endAll();
  removeFiles();
}
Deno.exit(status);

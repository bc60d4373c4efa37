/** The measurements with many clients: which servers take part in each, one after the other in one run. */
import type { Measurement } from "../measurement.ts";
import { endAll } from "../processes.ts";
import { NotReached } from "./crowds.ts";
import { collection, deposits } from "./deposits.ts";
import { fanOut } from "./fan_out.ts";
import { idleClients } from "./idle_clients.ts";
import type { Floor, Protocol } from "./job.ts";
import { registrations } from "./registration.ts";
import type { Run } from "./run.ts";
import { isInstalled, nameOf, PEERS } from "./servers.ts";

const FLOORS: Readonly<Record<"registration" | "fan-out" | "idle-clients", readonly Floor[]>> = {
  // To greet is one datagram each way, which is not packed with others.
  registration: ["bare", "encrypted", "links"],
  "fan-out": ["bare", "encrypted", "packed"],
  "idle-clients": ["links"],
};

export interface LoadOptions {
  readonly clients: number;
  readonly members: number;
  readonly pipelined: boolean;
  /** Whether other servers take part. */
  readonly peers: boolean;
}

export const LOAD_PARTS = ["registration", "fan-out", "deposits", "collection", "idle-clients"] as const;
export type LoadPart = (typeof LOAD_PARTS)[number];

/** Runs a part, and hands over each figure when it is there. */
export async function runLoad(
  run: Run,
  part: LoadPart,
  { clients, members, pipelined, peers }: LoadOptions,
  report: (measurements: readonly Measurement[]) => void,
): Promise<void> {
  if (part === "deposits") return report(await deposits(run));
  if (part === "collection") return report(await collection(run));
  const others = peers ? PEERS.filter((peer) => isInstalled(peer)) : [];
  const protocols: Protocol[] = ["parley", ...FLOORS[part], ...others];
  for (const protocol of protocols) {
    if (part === "registration") report(await registrations(run, protocol, clients));
    if (part === "fan-out") report([await fanOut(run, protocol, members, pipelined)]);
    if (part === "idle-clients") report([await idleClients(run, protocol, clients)]);
  }
}

/** Three sizes, each ten times the one before. */
export function sizesUpTo(most: number): number[] {
  return [most / 100, most / 10, most].map(Math.ceil).filter((size) => size >= 10);
}

/** All parts in all their sizes, again and again: whoever is compared is measured in the same minutes. */
export async function runAll(
  run: Run,
  options: LoadOptions,
  rounds: number,
  report: (measurements: readonly Measurement[]) => void,
  missed: (what: string) => void,
): Promise<void> {
  const tryLoad = async (part: LoadPart, changes: Partial<LoadOptions> = {}) => {
    const all = { ...options, ...changes };
    try {
      await runLoad(run, part, all, report);
    } catch (error) {
      if (!(error instanceof NotReached)) throw error;
      await endAll();
      missed(`${part} with ${JSON.stringify(all)}: ${error.message}`);
    }
  };
  for (let round = 0; round < rounds; round++) {
    for (const clients of sizesUpTo(options.clients)) await tryLoad("registration", { clients });
    for (const members of sizesUpTo(options.members)) {
      for (const pipelined of [false, true]) await tryLoad("fan-out", { members, pipelined });
    }
    for (const part of ["deposits", "collection"] as const) await tryLoad(part);
  }
  // It is long, and much the same each time.
  await tryLoad("idle-clients");
}

/** The servers that are to take part, but are not installed. */
export function missingPeers(): string[] {
  return PEERS.filter((peer) => !isInstalled(peer)).map(nameOf);
}

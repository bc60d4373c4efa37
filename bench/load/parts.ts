/** The measurements with many clients: which servers take part in each, one after the other in one run. */
import type { Measurement } from "../measurement.ts";
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

/** The servers that are to take part, but are not installed. */
export function missingPeers(): string[] {
  return PEERS.filter((peer) => !isInstalled(peer)).map(nameOf);
}

/** Clients that are registered and say nothing but that they are there: what they cost the server. */
import type { Measurement } from "../measurement.ts";
import { Crowd } from "./crowds.ts";
import type { Protocol } from "./job.ts";
import { meter } from "./meter.ts";
import { register } from "./registration.ts";
import type { Run } from "./run.ts";
import { LoadedServer, nameOf } from "./servers.ts";

/** The longest time between two keep-alives of a client. */
const SECONDS = 30;
/** What registrations have left to do is done by then. */
const SETTLE_SECONDS = 5;

export async function idleClients(run: Run, protocol: Protocol, clients: number): Promise<Measurement> {
  const server = await LoadedServer.start(run, protocol);
  const empty = server.residentBytes;
  const crowd = await Crowd.start(server, "c", clients);
  await register(run, crowd);
  await pass(run, SETTLE_SECONDS);
  const spent = meter(server, crowd);
  await pass(run, SECONDS);
  const { serverSeconds = 0, ...costs } = spent(clients);
  await crowd.end();
  await server.end();
  return {
    what: "idle clients",
    who: nameOf(protocol),
    n: clients,
    seconds: SECONDS,
    perSecond: serverSeconds / SECONDS,
    bytes: (costs.serverBytes! - empty) / clients,
    drops: costs.drops,
    serverBytes: costs.serverBytes,
    serverSeconds,
  };
}

async function pass(run: Run, seconds: number): Promise<void> {
  for (let gone = 0; gone < seconds; gone++) {
    run.shows(gone, seconds, "seconds");
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

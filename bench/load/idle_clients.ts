/** Clients that are registered and say nothing but that they are there: what they cost the server. */
import type { Measurement } from "../measurement.ts";
import { Crowd, LoadedServer } from "./crowds.ts";
import { register } from "./registration.ts";
import type { Run } from "./run.ts";

/** Longer than between two keep-alives of a client. */
const SECONDS = 60;
/** What registrations have left to do is done by then. */
const SETTLE_SECONDS = 10;

export async function idleClients(run: Run, clients: number): Promise<Measurement> {
  const server = await LoadedServer.start(run.freshFile(), run.serverFlags);
  const empty = server.residentBytes;
  const crowd = await Crowd.start(server, "c", clients);
  await register(run, crowd);
  await pass(run, SETTLE_SECONDS);
  const before = { server: server.cpuSeconds, drops: server.drops };
  await pass(run, SECONDS);
  const serverSeconds = server.cpuSeconds - before.server;
  const measurement = {
    what: "idle clients",
    n: clients,
    seconds: SECONDS,
    perSecond: serverSeconds / SECONDS,
    bytes: (server.residentBytes - empty) / clients,
    drops: server.drops - before.drops,
    serverBytes: server.residentBytes,
    serverSeconds,
  };
  await crowd.end();
  await server.end();
  return measurement;
}

async function pass(run: Run, seconds: number): Promise<void> {
  for (let gone = 0; gone < seconds; gone++) {
    run.shows(gone, seconds, "seconds");
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

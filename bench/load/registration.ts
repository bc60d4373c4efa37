/** Many clients register at once until all have the whole table: with new nicks, then with bound ones. */
import type { Measurement } from "../measurement.ts";
import { summarize } from "../summary.ts";
import { Crowd, latest, LoadedServer } from "./crowds.ts";
import type { Run } from "./run.ts";

/** The names of the two measurements. */
export const FIRST_REGISTRATION = "registration, new nicks";
export const REGISTRATION = "registration, bound nicks";

export async function registrations(run: Run, clients: number): Promise<Measurement[]> {
  const data = run.freshFile();
  // The first run binds the nicks for the second one, which has a new server on the same data.
  return [
    await registerAll(run, data, clients, FIRST_REGISTRATION),
    await registerAll(run, data, clients, REGISTRATION),
  ];
}

async function registerAll(run: Run, data: string, clients: number, what: string): Promise<Measurement> {
  const server = await LoadedServer.start(data, run.serverFlags);
  const crowd = await Crowd.start(server, "c", clients);
  const before = { server: server.cpuSeconds, crowd: crowd.cpuSeconds };
  const began = await register(run, crowd);
  const spent = { server: server.cpuSeconds - before.server, crowd: crowd.cpuSeconds - before.crowd };
  await crowd.tell({ type: "report" });
  const reports = await crowd.all("report");
  const complete = reports.flatMap(({ complete }) => complete);
  const registered = reports.flatMap(({ registered }) => registered);
  const seconds = (latest(complete) - began) / 1000;
  const measurement = {
    what,
    n: clients,
    seconds,
    perSecond: clients / seconds,
    bytes: reports.reduce((sum, { bytes }) => sum + bytes, 0),
    ...summarize(registered.map((at) => at - began)),
    drops: server.drops,
    serverBytes: server.residentBytes,
    serverSeconds: spent.server,
    ceiling: clients / spent.crowd,
  };
  // So that nobody counts as online when the next server starts.
  await crowd.tell({ type: "leave" });
  await crowd.until((states) => states.every(({ registered }) => registered === 0));
  await crowd.end();
  await server.end();
  return measurement;
}

/** All register at once. Returns when that began, once all are registered and have the whole table. */
export async function register(run: Run, crowd: Crowd): Promise<number> {
  await crowd.tell({ type: "register" });
  const [{ at } = { at: 0 }] = await crowd.all("began");
  const { size } = crowd;
  await crowd.until(
    (states) => {
      const newest = latest(states.map(({ newest }) => newest));
      return registeredOf(states) === size && states.every(({ oldest }) => oldest === newest);
    },
    (states) => run.shows(registeredOf(states), size, "clients"),
  );
  return at;
}

function registeredOf(states: readonly { readonly registered: number }[]): number {
  return states.reduce((sum, { registered }) => sum + registered, 0);
}

/** Many clients register at once until all have the whole table: with new nicks, then with bound ones. */
import type { Measurement } from "../measurement.ts";
import { summarize } from "../summary.ts";
import { Crowd, latest } from "./crowds.ts";
import type { Protocol } from "./job.ts";
import { meter } from "./meter.ts";
import type { Run } from "./run.ts";
import { LoadedServer, nameOf } from "./servers.ts";

export const REGISTRATION = "registration";

/** The first run binds the nicks for the second one, which has a new server on the same data. */
export async function registrations(run: Run, protocol: Protocol, clients: number): Promise<Measurement[]> {
  if (protocol !== "parley") return [await registerAll(run, protocol, clients, REGISTRATION)];
  const data = run.freshFile();
  return [
    await registerAll(run, protocol, clients, `${REGISTRATION}, new nicks`, data),
    await registerAll(run, protocol, clients, REGISTRATION, data),
  ];
}

async function registerAll(
  run: Run,
  protocol: Protocol,
  clients: number,
  what: string,
  data?: string,
): Promise<Measurement> {
  const server = await LoadedServer.start(run, protocol, data);
  const crowd = await Crowd.start(server, "c", clients);
  const spent = meter(server, crowd);
  const began = await register(run, crowd);
  const costs = spent(clients);
  await crowd.tell({ type: "report" });
  const reports = await crowd.all("report");
  const seconds = (latest(reports.flatMap(({ complete }) => complete)) - began) / 1000;
  const registered = reports.flatMap(({ registered }) => registered);
  // So that nobody counts as online when the next server starts.
  await crowd.tell({ type: "leave" });
  await crowd.until((states) => registeredOf(states) === 0);
  await crowd.end();
  await server.end();
  return {
    what,
    who: nameOf(protocol),
    n: clients,
    seconds,
    perSecond: clients / seconds,
    bytes: reports.reduce((sum, { bytes }) => sum + bytes, 0),
    ...summarize(registered.map((at) => at - began)),
    ...costs,
  };
}

/** All register at once. Returns when that began, once all are registered and have the whole table. */
export async function register(run: Run, crowd: Crowd): Promise<number> {
  await crowd.tell({ type: "register" });
  const began = await crowd.all("began");
  const { size } = crowd;
  await crowd.until(
    (states) => {
      const newest = latest(states.map(({ newest }) => newest));
      return registeredOf(states) === size && states.every(({ oldest }) => oldest === newest);
    },
    (states) => run.shows(registeredOf(states), size, "clients"),
  );
  return Math.min(...began.map(({ at }) => at));
}

function registeredOf(states: readonly { readonly registered: number }[]): number {
  return states.reduce((sum, { registered }) => sum + registered, 0);
}

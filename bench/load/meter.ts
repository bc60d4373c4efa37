/** What a server and the load generator spend between two moments. */
import type { Measurement } from "../measurement.ts";
import type { Crowd } from "./crowds.ts";
import type { LoadedServer } from "./servers.ts";

type Spent = Pick<Measurement, "drops" | "serverBytes" | "serverSeconds" | "ceiling">;

/** The kernel counts in hundredths of a second: with less than this a rate would say nothing. */
const LEAST_SECONDS = 0.1;

/** Begins to count; the function that it returns tells what `count` things have cost since. */
export function meter(server: LoadedServer, crowd: Crowd): (count: number) => Spent {
  const before = { server: server.cpuSeconds, crowd: crowd.cpuSeconds, drops: server.drops };
  return (count) => {
    const spent = crowd.cpuSeconds - before.crowd;
    return {
      drops: server.drops === undefined ? undefined : server.drops - (before.drops ?? 0),
      serverBytes: server.residentBytes,
      serverSeconds: server.cpuSeconds - before.server,
      ceiling: spent < LEAST_SECONDS ? undefined : count / spent,
    };
  };
}

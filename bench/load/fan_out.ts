/** One post to the channel, and its copies to all members: one at a time, or several under way. */
import type { Measurement } from "../measurement.ts";
import { summarize } from "../summary.ts";
import { Crowd, latest } from "./crowds.ts";
import type { Protocol } from "./job.ts";
import { meter } from "./meter.ts";
import { register } from "./registration.ts";
import type { Run } from "./run.ts";
import { LoadedServer, nameOf } from "./servers.ts";

export const FAN_OUT = "fan-out, one at a time";
export const PIPELINED_FAN_OUT = "fan-out, pipelined";

/** Posts under way when pipelined, each of another member. */
const PIPELINED = 4;
const WARM_UP = 5;
/** So many deliveries are measured, but at least and at most so many posts. */
const DELIVERIES = { oneAtATime: 20_000, pipelined: 100_000 };
const POSTS = { least: 20, most: 500 };

export async function fanOut(
  run: Run,
  protocol: Protocol,
  members: number,
  pipelined: boolean,
): Promise<Measurement> {
  const server = await LoadedServer.start(run, protocol);
  const crowd = await Crowd.start(server, "c", members);
  const posters = await Crowd.start(server, "poster", PIPELINED, { listens: false });
  await register(run, crowd);
  await register(run, posters);
  const window = pipelined ? PIPELINED : 1;
  const deliveriesWanted = pipelined ? DELIVERIES.pipelined : DELIVERIES.oneAtATime;
  const posts = Math.max(POSTS.least, Math.min(POSTS.most, Math.ceil(deliveriesWanted / members)));
  await postAll(run, crowd, posters, WARM_UP, 1, 0);
  const bytesBefore = await bytesOf(crowd);
  const spent = meter(server, crowd);
  const { seconds, times } = await postAll(run, crowd, posters, posts, window, WARM_UP);
  const costs = spent(posts * members);
  const bytes = await bytesOf(crowd) - bytesBefore;
  await Promise.all([crowd, posters].map((it) => it.end()));
  await server.end();
  return {
    what: pipelined ? PIPELINED_FAN_OUT : FAN_OUT,
    who: nameOf(protocol),
    n: members,
    seconds,
    perSecond: posts * members / seconds,
    bytes,
    ...summarize(times),
    ...costs,
  };
}

async function bytesOf(crowd: Crowd): Promise<number> {
  await crowd.tell({ type: "report" });
  return (await crowd.all("report")).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Milliseconds from each post to its last member, and the seconds from the first post to the last copy. */
async function postAll(
  run: Run,
  crowd: Crowd,
  posters: Crowd,
  posts: number,
  window: number,
  first: number,
): Promise<{ seconds: number; times: number[] }> {
  const times: number[] = [];
  let [sent, began, ended] = [0, Infinity, 0];
  const postOne = async () => {
    const number = first + sent++;
    await posters.tellOne({ type: "post", number });
    const { at } = await posters.one("posted", (event) => event.number === number);
    began = Math.min(began, at);
    const arrivals = await crowd.all("arrived", (event) => event.number === number);
    const arrivedAt = latest(arrivals.map((arrival) => arrival.at));
    ended = Math.max(ended, arrivedAt);
    times.push(arrivedAt - at);
    run.shows(times.length, posts, "posts");
  };
  const postOnAndOn = async () => {
    while (sent < posts) await postOne();
  };
  await Promise.all(Array.from({ length: window }, postOnAndOn));
  return { seconds: (ended - began) / 1000, times };
}

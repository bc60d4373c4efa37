/** The processes of the load generator, as the measurements use them. */
import type { Millis } from "../../core/base/units.ts";
import type { Child } from "../../tests/kit/child.ts";
import { cpuSeconds } from "../kernel.ts";
import { AS_BINARY, start } from "../processes.ts";
import type { Command, Event, Job } from "./job.ts";
import type { LoadedServer } from "./servers.ts";

/** Clients of one process: each has a socket, and Deno's share of a process's files is limited. */
const CLIENTS_PER_PROCESS = 2_500;
/** With fewer clients for each a further process gains nothing, even on a processor of its own. */
const WORTH_A_PROCESS = 100;
/** Enough that no address is beyond the rates that the server has for one. */
const ADDRESSES = 100;
const PATIENCE_MS = 600_000;

/** A server has not come to the end of what was asked of it. */
export class NotReached extends Error {
  constructor(members: readonly { readonly state: State }[]) {
    const states = members.map(({ state }) => JSON.stringify(state)).join(" ");
    super(`not reached in ${PATIENCE_MS / 1000} s, the load generator has come to ${states}`);
  }
}

/** The number of the first client, and what all of them want; without it they want all. */
export type CrowdOptions = Partial<Pick<Job, "first" | "listens" | "followsTable">>;

/** Clients with one name, in as many processes as it takes. */
export class Crowd {
  readonly #members: readonly Member[];

  private constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** Starts the processes and waits until they have made their keys and sockets. */
  static async start(
    { address: server, key: serverKey, protocol }: LoadedServer,
    name: string,
    count: number,
    { listens = true, followsTable = true, first: lowest = 0 }: CrowdOptions = {},
  ): Promise<Crowd> {
    const spare = Math.max(1, navigator.hardwareConcurrency - 1);
    const processes = Math.max(
      Math.min(spare, Math.ceil(count / WORTH_A_PROCESS)),
      Math.ceil(count / CLIENTS_PER_PROCESS),
    );
    const members = Array.from({ length: processes }, (_, at) => {
      const [first, next] = [at, at + 1].map((it) => lowest + Math.floor(count * it / processes));
      const part = { name, first: first!, count: next! - first!, addresses: ADDRESSES };
      return new Member({ protocol, server, serverKey, listens, followsTable, ...part });
    });
    const crowd = new Crowd(members);
    await crowd.all("ready");
    return crowd;
  }

  get size(): number {
    return this.#members.reduce((sum, { job }) => sum + job.count, 0);
  }

  get processes(): number {
    return this.#members.length;
  }

  /** The seconds that the busiest of its processes has computed. */
  get cpuSeconds(): number {
    return Math.max(...this.#members.map(({ pid }) => cpuSeconds(pid)));
  }

  async tell(command: Command): Promise<void> {
    await Promise.all(this.#members.map((member) => member.tell(command)));
  }

  /** Tells one process of it. */
  async tellOne(command: Command): Promise<void> {
    await this.#members[0]!.tell(command);
  }

  /** Has each process do its part of so many. */
  async share(count: number, commandOf: (part: number) => Command): Promise<void> {
    const total = this.#members.length;
    await Promise.all(
      this.#members.map((member, at) =>
        member.tell(commandOf(Math.floor(count * (at + 1) / total) - Math.floor(count * at / total)))
      ),
    );
  }

  /** The next such event that each process tells, in the order of the processes. */
  all<Type extends Event["type"]>(type: Type, isIt: Check<Type> = () => true): Promise<EventOf<Type>[]> {
    return Promise.all(this.#members.map((member) => member.next(type, isIt)));
  }

  /** The next such event of the process that `tellOne` tells. */
  one<Type extends Event["type"]>(type: Type, isIt: Check<Type> = () => true): Promise<EventOf<Type>> {
    return this.#members[0]!.next(type, isIt);
  }

  /**
   * Waits until what the processes have told last is enough; `shows` is told as well. Throws if that takes
   * longer than any figure that is worth a comparison.
   */
  async until(
    isEnough: (states: readonly State[]) => boolean,
    shows: (states: readonly State[]) => void = () => {},
  ): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new NotReached(this.#members)), PATIENCE_MS);
    try {
      for (;;) {
        const states = this.#members.map(({ state }) => state);
        shows(states);
        if (isEnough(states)) return;
        await Promise.race([late.promise, ...this.#members.map((member) => member.changed)]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.end()));
  }
}

type EventOf<Type extends Event["type"]> = Extract<Event, { type: Type }>;
type Check<Type extends Event["type"]> = (event: EventOf<Type>) => boolean;
export type State = EventOf<"state">;

/** One process. */
class Member {
  readonly job: Job;
  state: State = { type: "state", registered: 0, oldest: 0, newest: 0, letters: 0, deposits: 0 };
  readonly #child: Child;
  #changed = Promise.withResolvers<void>();
  /** Events that nobody has taken, and who waits for one. */
  readonly #events: Event[] = [];

  constructor(job: Job) {
    this.job = job;
    this.#child = start("bench/load/crowd.ts", [JSON.stringify(job)], {
      flags: AS_BINARY,
      showsErrors: true,
    });
    this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  async tell(command: Command): Promise<void> {
    await this.#child.say(JSON.stringify(command));
  }

  async next<Type extends Event["type"]>(type: Type, isIt: Check<Type>): Promise<EventOf<Type>> {
    const isNext = (event: Event): event is EventOf<Type> =>
      event.type === type && isIt(event as EventOf<Type>);
    for (;;) {
      const event = this.#events.find(isNext);
      if (event === undefined) await this.changed;
      else {
        this.#events.splice(this.#events.indexOf(event), 1);
        return event;
      }
    }
  }

  async end(): Promise<void> {
    await this.#child.end();
  }

  async #read(): Promise<void> {
    for (;;) {
      const line = await this.#child.nextLine().catch(() => undefined);
      if (line === undefined) {
        // Whoever waits for it is told; without anybody it has been ended.
        this.#changed.promise.catch(() => {});
        return this.#changed.reject(new Error("a process of the load generator has ended"));
      }
      const event: Event = JSON.parse(line);
      if (event.type === "state") this.state = event;
      else this.#events.push(event);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }
}

/** The later of several instants. */
export function latest(instants: readonly Millis[]): Millis {
  return instants.reduce((a, b) => Math.max(a, b), -Infinity);
}

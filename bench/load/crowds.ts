/** The processes of the load generator, as the measurements use them. */
import type { Millis } from "../../core/base/units.ts";
import type { Child } from "../../tests/kit/child.ts";
import { cpuSeconds } from "../kernel.ts";
import { start } from "../processes.ts";
import type { Command, Event, Job } from "./job.ts";
import type { LoadedServer } from "./servers.ts";

/** Clients of one process: each has a socket, and Deno's share of a process's files is limited. */
const CLIENTS_PER_PROCESS = 2_500;
/** With fewer clients for each a further process gains nothing, even on a processor of its own. */
const WORTH_A_PROCESS = 100;
/** Enough that no address is beyond the rates that the server has for one. */
const ADDRESSES = 100;
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
    listens = true,
  ): Promise<Crowd> {
    const spare = Math.max(1, navigator.hardwareConcurrency - 1);
    const processes = Math.max(
      Math.min(spare, Math.ceil(count / WORTH_A_PROCESS)),
      Math.ceil(count / CLIENTS_PER_PROCESS),
    );
    const members = Array.from({ length: processes }, (_, at) => {
      const [first, next] = [Math.floor(count * at / processes), Math.floor(count * (at + 1) / processes)];
      return new Member({
        protocol,
        server,
        serverKey,
        listens,
        name,
        first,
        count: next - first,
        addresses: ADDRESSES,
      });
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

  /** Waits until all that the processes have told last is so; `shows` is told how many are. */
  async until(
    isSo: (states: readonly State[]) => boolean,
    shows: (states: readonly State[]) => void = () => {},
  ): Promise<void> {
    for (;;) {
      const states = this.#members.map(({ state }) => state);
      shows(states);
      if (isSo(states)) return;
      await Promise.race(this.#members.map((member) => member.changed));
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
  #isOver = false;
  /** Events that nobody has taken, and who waits for one. */
  readonly #events: Event[] = [];

  constructor(job: Job) {
    this.job = job;
    this.#child = start("bench/load/crowd.ts", [JSON.stringify(job)], { showsErrors: true });
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
    this.#isOver = true;
    await this.#child.end();
  }

  async #read(): Promise<void> {
    for (;;) {
      const line = await this.#child.nextLine().catch(() => undefined);
      if (line === undefined) {
        return this.#isOver ? undefined : this.#changed.reject(new Error("the load generator has ended"));
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

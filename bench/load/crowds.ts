/** A server under load and the processes of the load generator, as the measurements use them. */
import { primitives } from "../../core/base/crypto.ts";
import type { Address, Key, Millis } from "../../core/base/units.ts";
import { decodeProbeAnswer, encodeProbe, NONCE_BYTES, SHORTEST_PROBE_BYTES } from "../../core/link/probe.ts";
import type { Child } from "../../tests/kit/child.ts";
import { cpuSeconds, residentBytes, socketDrops } from "../kernel.ts";
import { start } from "../processes.ts";
import type { Command, Event, Job } from "./job.ts";

/** Clients of one process: each has a socket, and Deno's share of a process's files is limited. */
const CLIENTS_PER_PROCESS = 2_500;
/** With fewer clients for each a further process gains nothing, even on a processor of its own. */
const WORTH_A_PROCESS = 100;
/** Enough that no address is beyond the rates that the server has for one. */
const ADDRESSES = 100;
/** The limits of the server that have options, at their highest. */
const RAISED = ["--max-new-nicks", "100000", "--max-mail", "4096"];
const ASK_AGAIN_MS = 50;

export const HOST = "127.0.0.1";

export class LoadedServer {
  readonly address: Address;
  readonly key: Key;
  readonly #child: Child;
  readonly #drops: number;

  private constructor(child: Child, address: Address, key: Key) {
    this.#child = child;
    this.address = address;
    this.key = key;
    this.#drops = socketDrops(address.port);
  }

  /** Starts a server and waits until it answers. */
  static async start(data: string, flags: readonly string[] = []): Promise<LoadedServer> {
    const port = freePort();
    const args = ["server", "-p", String(port), "--data", data, "--log-level", "WARN", ...RAISED];
    const child = start("main.ts", args, { flags, showsErrors: true });
    const address = { host: HOST, port };
    return new LoadedServer(child, address, await keyOf(address));
  }

  get pid(): number {
    return this.#child.pid;
  }

  get drops(): number {
    return socketDrops(this.address.port) - this.#drops;
  }

  get residentBytes(): number {
    return residentBytes(this.pid);
  }

  get cpuSeconds(): number {
    return cpuSeconds(this.pid);
  }

  async end(): Promise<void> {
    await this.#child.end();
  }
}

/** Asks for the server's key until it answers. */
async function keyOf({ host, port }: Address): Promise<Key> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  const question = encodeProbe(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)), SHORTEST_PROBE_BYTES);
  const ask = () => socket.send(question, { transport: "udp", hostname: host, port }).catch(() => {});
  const timer = setInterval(ask, ASK_AGAIN_MS);
  try {
    for (;;) {
      const [bytes] = await socket.receive();
      const answer = decodeProbeAnswer(primitives, bytes);
      if (answer?.type === "announce") return answer.key;
    }
  } finally {
    clearInterval(timer);
    socket.close();
  }
}

export function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

/** Clients with one name, in as many processes as it takes. */
export class Crowd {
  readonly #members: readonly Member[];

  private constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** Starts the processes and waits until they have made their keys and sockets. */
  static async start(
    { address: server, key: serverKey }: LoadedServer,
    name: string,
    count: number,
  ): Promise<Crowd> {
    const spare = Math.max(1, navigator.hardwareConcurrency - 1);
    const processes = Math.max(
      Math.min(spare, Math.ceil(count / WORTH_A_PROCESS)),
      Math.ceil(count / CLIENTS_PER_PROCESS),
    );
    const members = Array.from({ length: processes }, (_, at) => {
      const [first, next] = [Math.floor(count * at / processes), Math.floor(count * (at + 1) / processes)];
      return new Member({ server, serverKey, name, first, count: next - first, addresses: ADDRESSES });
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

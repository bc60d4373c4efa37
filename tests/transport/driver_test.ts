import { setImmediate } from "node:timers";
import { assert, assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import { DAY_MS, STOPPED_MS } from "../../core/base/limits.ts";
import type { Address, Datagram, Millis } from "../../core/base/units.ts";
import type { Change, Input, Machine, Output } from "../../core/machine.ts";
import { drive, type Driver, type Socket } from "../../transport/driver.ts";
import { bindUdp } from "../../transport/udp.ts";

const PEER: Address = { host: "192.0.2.1", port: 1 };
const SHOW: Output = { type: "notice", notice: { type: "registered" } };
const EXIT: Output = { type: "exit", status: 3 };

const transmit = (byte: number): Output => ({ type: "transmit", to: PEER, bytes: new Uint8Array([byte]) });
const save = (key: string): Output => ({ type: "save", key, value: new Uint8Array() });
const forget = (key: string): Output => ({ type: "forget", key });

/** How an input is called in the log: a datagram by its first byte, an action by its type. */
function nameOf(input: Input): string {
  if (input.type === "datagram") return String(input.bytes[0]);
  return input.type === "action" ? input.action.type : input.type;
}

/** Lets everything happen that can happen without a new input. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A machine whose answers are scripted, in a rig that writes down what happens to it. */
class Rig implements Machine, Socket {
  readonly log: string[] = [];
  readonly instants: Millis[] = [];
  /** What it was told of the wall clock. */
  readonly walls: Millis[] = [];
  readonly driver: Driver;
  deadline: Millis = Infinity;
  clock: Millis = 1000;
  /** By how much the clock moves each time it is read. */
  clockStep: Millis = 0;
  /** How far the wall clock is ahead. */
  wallAhead: Millis = 0;
  commitFailure: Error | undefined;
  /** The most datagrams that were received and not yet stepped. */
  mostWaiting = 0;
  /** What a send waits for. */
  gate: Promise<void> = Promise.resolve();
  readonly #answer: (name: string, rig: Rig) => Output[];
  readonly #arrived: number[] = [];
  #received = 0;
  #wanted: PromiseWithResolvers<void> | undefined;
  #socketFailure: Error | undefined;

  /**
   * `answer` is the machine: the name of an input in, outputs out. `arrived` waits in the kernel from the
   * start.
   */
  constructor(answer: (name: string, rig: Rig) => Output[], ...arrived: number[]) {
    this.#answer = answer;
    this.#arrived = arrived;
    this.driver = drive({
      machine: this,
      socket: this,
      store: { read: () => [], commit: (changes) => this.#commit(changes) },
      now: () => this.clock += this.clockStep,
      wall: () => this.clock + this.wallAhead,
      show: (notice) => this.log.push(`show ${notice.type}`),
    });
  }

  step(now: Millis, input: Input): Output[] {
    if (input.type === "clock") {
      this.walls.push(input.wall);
      return [];
    }
    this.log.push(`step ${nameOf(input)}`);
    this.instants.push(now);
    return this.#answer(nameOf(input), this);
  }

  async send(datagrams: readonly Datagram[]): Promise<void> {
    const numbers = datagrams.map(({ bytes }) => bytes[0]).join(" ");
    this.log.push(`send ${numbers}`);
    await this.gate;
    this.log.push(`sent ${numbers}`);
  }

  async receive(): Promise<readonly { from: Address; bytes: Uint8Array }[] | undefined> {
    assertEquals(this.#wanted, undefined, "one receive at a time");
    this.#wanted = Promise.withResolvers();
    if (this.#arrived.length > 0) this.#wanted.resolve();
    await this.#wanted.promise;
    this.#wanted = undefined;
    if (this.#socketFailure !== undefined) throw this.#socketFailure;
    const byte = this.#arrived.shift();
    this.#received++;
    this.mostWaiting = Math.max(this.mostWaiting, this.#received - this.instants.length);
    return byte === undefined ? undefined : [{ from: PEER, bytes: new Uint8Array([byte]) }];
  }

  /** How many datagrams are still in the kernel. */
  get unreceived(): number {
    return this.#arrived.length;
  }

  arrive(...bytes: number[]): void {
    this.#arrived.push(...bytes);
    this.#wanted?.resolve();
  }

  closeSocket(failure?: Error): void {
    this.#socketFailure = failure;
    this.#wanted?.resolve();
  }

  #commit(changes: readonly Change[]): void {
    if (this.commitFailure !== undefined) throw this.commitFailure;
    this.log.push(`commit ${changes.map((change) => `${change.type} ${change.key}`).join(", ")}`);
  }
}

Deno.test("outputs are performed in three passes, each in list order", async () => {
  const exiting: Output = { type: "notice", notice: { type: "exiting" } };
  const rig = new Rig(() => [SHOW, transmit(1), save("a"), transmit(2), forget("b"), exiting, EXIT], 0);
  assertEquals(await rig.driver.ended, 3);
  assertEquals(rig.log, [
    "step 0",
    "commit save a, forget b",
    "send 1 2",
    "sent 1 2",
    "show registered",
    "show exiting",
  ]);
});

Deno.test("datagrams that wait are stepped at one instant and share one commit", async () => {
  const rig = new Rig(
    (name, rig) => {
      rig.clock++;
      return name === "3" ? [save(name), EXIT] : [save(name), transmit(Number(name))];
    },
    1,
    2,
    3,
  );
  await rig.driver.ended;
  assertEquals(rig.log, [
    "step 1",
    "step 2",
    "step 3",
    "commit save 1, save 2, save 3",
    "send 1 2",
    "sent 1 2",
  ]);
  assertEquals(rig.instants, [1000, 1000, 1000]);
});

Deno.test("with nothing to save there is no commit, and the answer leaves before the next datagram", async () => {
  const rig = new Rig((name) => name === "2" ? [SHOW, EXIT] : [SHOW, transmit(1)], 1, 2);
  await rig.driver.ended;
  assertEquals(rig.log, ["step 1", "send 1", "sent 1", "show registered", "step 2", "show registered"]);
});

Deno.test("a wake-up takes 256 inputs at most, and more are not received meanwhile", async () => {
  const arrived = Array.from({ length: 600 }, () => 0);
  const rig = new Rig(
    (_, rig) => rig.instants.length === 600 ? [save("x"), EXIT] : [save("x")],
    ...arrived,
  );
  await rig.driver.ended;
  const commits = rig.log.filter((line) => line.startsWith("commit"));
  assertEquals(commits.map((line) => line.split(",").length), [256, 256, 88]);
  assertEquals(rig.mostWaiting, 256);
});

Deno.test("when a commit fails nothing is sent or shown, and the end is its error", async () => {
  const rig = new Rig(() => [SHOW, transmit(1), save("a"), EXIT], 1);
  rig.commitFailure = new Error("the disk is full");
  await assertRejects(() => rig.driver.ended, Error, "the disk is full");
  rig.driver.act({ type: "quit" });
  await settle();
  assertEquals(rig.log, ["step 1"]);
});

Deno.test("one send at a time, and no step until the last one is done", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const rig = new Rig(
    (name) => name === "1" ? [transmit(1), transmit(2)] : name === "9" ? [EXIT] : [],
    1,
  );
  rig.gate = promise;
  await settle();
  rig.driver.act({ type: "listPeers" });
  rig.arrive(9);
  await settle();
  assertEquals(rig.log, ["step 1", "send 1 2"]);
  resolve();
  await rig.driver.ended;
  assertEquals(rig.log, ["step 1", "send 1 2", "sent 1 2", "step listPeers", "step 9"]);
});

Deno.test("actions are stepped in the order they were given, with no datagram at all", async () => {
  const rig = new Rig((name) => name === "leave" ? [EXIT] : []);
  rig.driver.act({ type: "listPeers" });
  rig.driver.act({ type: "finish" });
  await settle();
  rig.driver.act({ type: "leave" });
  await rig.driver.ended;
  assertEquals(rig.log, ["step listPeers", "step finish", "step leave"]);
});

Deno.test("a tick comes at the deadline, and a timer that fires early is set again", async () => {
  const rig = new Rig((name, rig) => {
    if (name === "tick") return [EXIT];
    rig.deadline = 1020;
    return [];
  }, 1);
  // Slower than the real clock or faster: the driver must not care.
  rig.clockStep = 2;
  await rig.driver.ended;
  assertEquals(rig.log, ["step 1", "step tick"]);
  assertGreaterOrEqual(rig.instants[1] ?? 0, 1020);
});

Deno.test("a deadline that moves nearer moves the timer", async () => {
  const rig = new Rig((name, rig) => {
    if (name === "tick") return [EXIT];
    rig.deadline = rig.clock + (name === "1" ? 1e12 : 20);
    return [];
  }, 1);
  rig.clockStep = 5;
  await settle();
  rig.arrive(2);
  await rig.driver.ended;
  assertEquals(rig.log, ["step 1", "step 2", "step tick"]);
});

Deno.test("a deadline that has come is kept without a timer, after the datagrams that came before", async () => {
  const rig = new Rig(
    (name, rig) => {
      rig.deadline = rig.clock;
      return name === "tick" ? [EXIT] : [save(name)];
    },
    1,
    2,
  );
  await rig.driver.ended;
  assertEquals(rig.log, ["step 1", "step 2", "step tick", "commit save 1, save 2"]);
});

Deno.test("after its exit a machine is not stepped, and nothing more is received", async () => {
  const rig = new Rig(
    (_, rig) => {
      rig.deadline = rig.clock;
      return [save("a"), transmit(1), EXIT];
    },
    1,
    2,
  );
  assertEquals(await rig.driver.ended, 3);
  rig.driver.act({ type: "quit" });
  rig.arrive(3, 4, 5);
  await settle();
  // The receive that was pending takes one.
  assertEquals(rig.unreceived, 2);
  assertEquals(rig.log, ["step 1", "commit save a", "send 1", "sent 1"]);
});

Deno.test("a machine is told what the wall clock says: first of all, and when somebody has set it", async () => {
  const rig = new Rig((name) => name === "2" ? [EXIT] : []);
  rig.wallAhead = 50;
  rig.driver.act({ type: "stay" });
  await settle();
  rig.clock = 2000;
  rig.arrive(0);
  await settle();
  assertEquals(rig.walls, [1050]);
  rig.wallAhead = 730 * DAY_MS;
  rig.arrive(1);
  await settle();
  rig.wallAhead = -1000;
  rig.arrive(2);
  assertEquals(await rig.driver.ended, 3);
  assertEquals(rig.walls, [1050, 2000 + 730 * DAY_MS, 1000]);
  assertEquals(rig.log, ["step stay", "step 0", "step 1", "step 2"]);
});

Deno.test("a driver sleeps a second at most, and timers follow when the computer has slept", async () => {
  const delays: number[] = [];
  const { setTimeout } = globalThis;
  // Nothing wakes up the driver but the test.
  Object.assign(globalThis, { setTimeout: (_: () => void, delay: number) => delays.push(delay) });
  try {
    const rig = new Rig((name, { clock }) => {
      rig.deadline = clock + 500;
      return name === "1" ? [EXIT] : [];
    });
    rig.deadline = 26_000;
    rig.driver.act({ type: "stay" });
    await settle();
    assertEquals(delays, [1000, 500]);
    rig.clock += 8 * 3_600_000;
    rig.arrive(0);
    await settle();
    assertEquals(delays, [1000, 500, 500]);
    rig.arrive(1);
    await rig.driver.ended;
  } finally {
    globalThis.setTimeout = setTimeout;
  }
});

Deno.test("a wake-up that comes late because the process was stopped says so before all else, once", async () => {
  const rig = new Rig((name) => name === "2" ? [EXIT] : []);
  rig.driver.act({ type: "stay" });
  await settle();
  rig.clock += STOPPED_MS - 1;
  rig.arrive(0);
  await settle();
  rig.clock += STOPPED_MS;
  rig.arrive(1);
  await settle();
  rig.clock += 1000;
  rig.arrive(2);
  assertEquals(await rig.driver.ended, 3);
  assertEquals(rig.log, ["step stay", "step 0", "step resumed", "step 1", "step 2"]);
});

Deno.test("a socket that fails is the end; one that was closed is not", async () => {
  const failing = new Rig(() => []);
  failing.closeSocket(new Error("no more memory"));
  await assertRejects(() => failing.driver.ended, Error, "no more memory");

  const closed = new Rig(() => [EXIT]);
  closed.closeSocket();
  await settle();
  closed.driver.act({ type: "quit" });
  assertEquals(await closed.driver.ended, 3);
});

Deno.test("over a real socket: a burst is answered in order, with saves and without", async () => {
  for (const outputs of [[], [save("x")]]) {
    const ours = bindUdp("127.0.0.1", 0, "-p");
    const theirs = bindUdp("127.0.0.1", 0, "-p");
    const echo: Machine = {
      deadline: Infinity,
      step(_, input) {
        if (input.type === "clock") return [];
        assert(input.type === "datagram");
        const done: Output[] = input.bytes[0] === 99 ? [EXIT] : [];
        return [...outputs, { type: "transmit", to: input.from, bytes: input.bytes }, ...done];
      },
    };
    const store = { read: () => [], commit: () => {} };
    const driver = drive({
      machine: echo,
      socket: theirs,
      store,
      now: () => performance.now(),
      wall: () => Date.now(),
      show: () => {},
    });
    const numbers = Array.from({ length: 100 }, (_, n) => n);
    await ours.send(numbers.map((n) => ({ bytes: new Uint8Array([n]), to: theirs.address })));
    const echoed: (number | undefined)[] = [];
    while (echoed.length < 100) echoed.push(...(await ours.receive() ?? []).map(({ bytes }) => bytes[0]));
    assertEquals(echoed, numbers);
    assertEquals(await driver.ended, 3);
    ours.close();
    theirs.close();
  }
});

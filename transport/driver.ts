/** The one loop that drives a machine. It knows no protocol: it steps, performs in order, sets one timer. */
import { setImmediate } from "node:timers";
import type { Action, Ref } from "../core/action.ts";
import { CLOCK_LEAP_MS, INPUTS_PER_WAKE_UP, LONGEST_SLEEP_MS, STOPPED_MS } from "../core/base/limits.ts";
import type { Address, Datagram, Millis } from "../core/base/units.ts";
import type { HistoryStore, Input, Machine, Output, Store } from "../core/machine.ts";
import type { Notice } from "../core/notice.ts";
import { inPasses, isChange } from "../core/passes.ts";

/** A socket as far as the driver needs it; `UdpSocket` is one. */
export interface Socket {
  /** Sends datagrams, in order. Their bytes do not change before the promise resolves. */
  send(datagrams: readonly Datagram[]): Promise<void>;
  /** Waits for the next datagrams; `undefined` once the socket is closed. One call is pending at a time. */
  receive(): Promise<readonly { readonly from: Address; readonly bytes: Uint8Array }[] | undefined>;
}

/** A machine at work. */
export interface Driver {
  /** Hands in an action of the user. After the end it does nothing. */
  act(action: Action, ref?: Ref): void;
  /** The exit status; rejects when a commit, the socket or the screen fails. Await it from the start. */
  readonly ended: Promise<number>;
}

/**
 * Drives `machine` until it exits. A wake-up steps the machine for every input that waits, all at one
 * instant, then performs the outputs in passes: the history, saves and forgets, transmits, notices and exit
 * (core/machine.ts says why). A commit that fails ends it before anything is transmitted or shown. Neither
 * socket nor store is closed at the end.
 */
export function drive({ machine, socket, store, history, now, wall, show }: {
  machine: Machine;
  socket: Socket;
  /** Absent when nothing is to outlive the process. */
  store: Store | undefined;
  /** Absent when nothing is to be remembered, or the machine is a server. */
  history?: HistoryStore | undefined;
  /** The machine's own time, which never goes back. */
  now: () => Millis;
  /** The reading of the wall clock, which somebody may set. */
  wall: () => Millis;
  show(notice: Notice, ref: Ref | undefined): void;
}): Driver {
  /** Inputs that the machine has not taken yet. */
  const waiting: Input[] = [];
  let state: "awake" | "asleep" | "ended" = "awake";
  /** Ends the present sleep. */
  let resume = () => {};
  /** True once the machine has asked for its end. */
  let exiting = false;
  /** True while a receive is pending. */
  let receiving = false;
  /** Set when the socket has failed. */
  let broken: { readonly cause: unknown } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires; Infinity if none is set. */
  let alarm: Millis = Infinity;
  /** How far the wall clock was ahead of `now` when the machine was told last. */
  let ahead: Millis | undefined;
  /** The instant of the last wake-up. */
  let last: Millis = Infinity;

  async function run(): Promise<number> {
    try {
      for (;;) {
        if (waiting.length === 0) await sleep();
        if (broken !== undefined) throw broken.cause;
        const deeds = inPasses(await stepAll(now()));
        const leaving = deeds.filter((deed) => deed.type === "transmit");
        for (const deed of deeds) {
          switch (deed.type) {
            case "commitHistory":
              history?.commit(deed.memories);
              break;
            case "commit":
              store?.commit(deed.changes);
              break;
            case "transmit":
              // All of them leave with the first one, so that the socket can hand them over together.
              if (deed === leaving[0]) await socket.send(leaving);
              break;
            case "notice":
              show(deed.notice, deed.ref);
              break;
            case "look": {
              const page = history?.read(deed.query, deed.shownUntil);
              show({ type: "historyRead", query: deed.query, page }, deed.ref);
              break;
            }
            case "exit":
              return deed.status;
          }
        }
      }
    } finally {
      state = "ended";
      clearTimeout(timer);
    }
  }

  function sleep(): Promise<void> {
    arm();
    listen();
    state = "asleep";
    return new Promise((resolve) => resume = resolve);
  }

  function wakeUp(): void {
    if (state !== "asleep") return;
    state = "awake";
    resume();
  }

  /**
   * The inputs that tell the machine of the clocks: a reading of the wall clock, at the start and when
   * somebody has set it, and that this wake-up comes so late that the process cannot have run.
   */
  function lookAtClocks(instant: Millis): Input[] {
    const inputs: Input[] = [];
    if (instant - last >= STOPPED_MS) inputs.push({ type: "resumed" });
    last = instant;
    const reading = wall();
    if (ahead === undefined || Math.abs(reading - instant - ahead) >= CLOCK_LEAP_MS) {
      ahead = reading - instant;
      inputs.push({ type: "clock", wall: reading });
    }
    return inputs;
  }

  /**
   * Sets the timer. Only an earlier deadline moves it: most deadlines move on with every datagram, and a
   * timer that fires too early costs less than one that is set again each time. One that should have fired
   * already is set again: the computer was asleep, and the timer sleeps on for what was left of its time.
   */
  function arm(): void {
    const instant = now();
    const due = Math.min(machine.deadline, instant + LONGEST_SLEEP_MS);
    if (due >= alarm && alarm > instant) return;
    alarm = due;
    clearTimeout(timer);
    timer = setTimeout(() => {
      alarm = Infinity;
      wakeUp();
    }, Math.max(0, Math.ceil(alarm - instant)));
  }

  /**
   * Takes in datagrams: the one that ends the sleep, and while the driver is awake those that follow, until
   * too many wait. Only one receive is pending at a time, since Deno resolves two of them in reverse order.
   */
  function listen(): void {
    if (receiving || waiting.length >= INPUTS_PER_WAKE_UP) return;
    receiving = true;
    socket.receive().then((datagrams) => {
      // A closed socket stays silent; its owner decides what that means.
      if (datagrams === undefined) return;
      receiving = false;
      for (const datagram of datagrams) waiting.push({ type: "datagram", ...datagram });
      if (state === "awake") listen();
      else wakeUp();
    }, (cause: unknown) => {
      broken = { cause };
      wakeUp();
    });
  }

  /**
   * Steps the machine for all inputs that wait, and returns the outputs of all these steps. A shared commit
   * is the only reason to gather more datagrams. So the rest is awaited only when a step saves something;
   * otherwise the answer leaves at once. Deno resolves each receive whose datagram has come before it runs a
   * `setImmediate`, so this turn empties the kernel's queue.
   */
  async function stepAll(instant: Millis): Promise<Output[]> {
    const outputs: Output[] = [];
    const taken = waiting.splice(0, INPUTS_PER_WAKE_UP);
    step(instant, [...lookAtClocks(instant), ...taken], outputs);
    if (store !== undefined && outputs.some(isChange)) {
      listen();
      await new Promise((resolve) => setImmediate(resolve));
      step(instant, waiting.splice(0, INPUTS_PER_WAKE_UP - taken.length), outputs);
    }
    // The tick comes last, so an answer that has come in time counts before the timeout does.
    if (machine.deadline <= instant) step(instant, [{ type: "tick" }], outputs);
    return outputs;
  }

  function step(instant: Millis, inputs: readonly Input[], outputs: Output[]): void {
    for (const input of inputs) {
      // A machine that has asked for its end is stepped no more.
      if (exiting) return;
      for (const output of machine.step(instant, input)) {
        outputs.push(output);
        if (output.type === "exit") exiting = true;
      }
    }
  }

  return {
    act(action, ref) {
      if (state === "ended") return;
      waiting.push(ref === undefined ? { type: "action", action } : { type: "action", action, ref });
      wakeUp();
    },
    ended: run(),
  };
}

/**
 * The contract between the pure protocol logic and the world, and the first file to read.
 *
 * `Client` and `Server` are machines: values in, values out. A machine never reads a clock, draws a random
 * number, opens a file or a socket. The driver (`transport/driver.ts`) and the simulator (`tests/simulator/`)
 * run the same machines, one on a real socket and a real clock, the other on a virtual network.
 *
 * The driver steps the machine for every input that waits, and, when that asks for a save, for every datagram
 * that has come meanwhile, and then for the tick that is due: only a tick transmits, so that what all of them have
 * to say shares packets. The outputs of all these steps are performed in three passes, each in list order: saves
 * and forgets (one commit), transmits, notices and exit. So nothing is acknowledged or shown that is not durable.
 * @module
 */
export type { Action } from "./action.ts";
export type { Address, Key, Millis, Random } from "./base/units.ts";
export type { Bundle } from "./messages/identity.ts";
export type { Nick } from "./messages/nick.ts";
export type { Row } from "./messages/table.ts";
export type { Reason } from "./messages/verb.ts";
export type { Failure, Notice, Shown } from "./notice.ts";
import type { Action } from "./action.ts";
import type { Address, Millis } from "./base/units.ts";
import type { Notice } from "./notice.ts";

// What inputs and outputs are made of.

/** What may happen to a machine. A tick says that the deadline came; one that comes early does nothing. */
export type Input =
  | { readonly type: "datagram"; readonly from: Address; readonly bytes: Uint8Array }
  | { readonly type: "action"; readonly action: Action }
  | { readonly type: "tick" };

/** What a machine wants done. To destroy is to forget without a trace in the file, for secret keys. `value` and `bytes` belong to the receiver of the output and do not change. */
export type Output =
  | { readonly type: "save"; readonly key: string; readonly value: Uint8Array }
  | { readonly type: "forget"; readonly key: string }
  | { readonly type: "destroy"; readonly key: string }
  | { readonly type: "transmit"; readonly to: Address; readonly bytes: Uint8Array }
  | { readonly type: "notice"; readonly notice: Notice }
  | { readonly type: "exit"; readonly status: number };

/** Pure protocol logic, driven from outside. */
export interface Machine {
  /** Takes one input at the instant `now` and returns what is to be done. Never throws. */
  step(now: Millis, input: Input): Output[];
  /** When the next tick is due; `Infinity` when nothing is. */
  readonly deadline: Millis;
}

/** The durable records that a machine finds at its start: key and value, sorted by key. */
export type Records = Iterable<readonly [key: string, value: Uint8Array]>;

/** A durable change, as a machine asks for it. */
export type Change = Extract<Output, { type: "save" | "forget" | "destroy" }>;

/** What the driver needs of storage. */
export interface Store {
  /** All records, sorted by key (by UTF-16 code unit). */
  read(): Records;
  /**
   * Makes all changes durable at once, in list order, or throws and makes none. Of what was destroyed the files keep
   * no trace when this returns.
   */
  commit(changes: readonly Change[]): void;
}

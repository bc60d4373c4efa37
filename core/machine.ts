/**
 * The contract between the pure protocol logic and the world, and the first file to read.
 *
 * `Client` and `Server` are machines: values in, values out. A machine never reads a clock, draws a random
 * number, or opens a file or a socket. The driver (`transport/driver.ts`) and the processes of the tests
 * (`tests/kit/process.ts`) run the same machines: the driver on a real socket and a real clock, those of the
 * tests on a virtual network.
 *
 * At each wake-up the driver first steps the machine with every input that waits. If one of these steps asks
 * for a save, the driver also takes in the datagrams that have come meanwhile, so that they share the commit.
 * Last comes the tick, if one is due. Only a tick transmits (and, in a client, the step that asks for the
 * end), so that the answers to all inputs of a wake-up share packets.
 *
 * The outputs of all these steps are performed in passes (`core/passes.ts`), each in list order: what is to
 * be remembered as one commit of the history; saves, forgets and destroys as one commit; then transmits; then
 * notices and exit. So nothing is acknowledged or shown before it is durable, and nothing is forgotten before
 * it is in the history.
 * @module
 */
export type { Action, Ref } from "./action.ts";
export type { Address, Key, Millis, Random } from "./base/units.ts";
export type {
  HistoryEntry,
  HistoryPage,
  HistoryQuery,
  HistoryStore,
  Memory,
  When,
  WrittenMessage,
} from "./history.ts";
export type { Bundle, Predecessor } from "./messages/identity.ts";
export type { Lineage, Revocation } from "./messages/lineage.ts";
export type { MessageId } from "./messages/message_id.ts";
export type { Nick } from "./messages/nick.ts";
export type { Row } from "./messages/table.ts";
export type { Reason, RevocationAnswer } from "./messages/verb.ts";
export type {
  Failure,
  JournalEvent,
  JournalPage,
  LookAlike,
  MessageState,
  Notice,
  ReleaseOutcome,
  TableCounts,
  Way,
} from "./notice.ts";
export { MESSAGE_STATES } from "./notice.ts";
import type { Action, Ref } from "./action.ts";
import type { Address, Millis } from "./base/units.ts";
import type { HistoryQuery, Memory } from "./history.ts";
import type { Notice } from "./notice.ts";

/** Everything that can happen to a machine. */
export type Input =
  | { readonly type: "datagram"; readonly from: Address; readonly bytes: Uint8Array }
  | { readonly type: "action"; readonly action: Action; readonly ref?: Ref }
  /** A reading of the wall clock: at the start, and again when it was set. */
  | { readonly type: "clock"; readonly wall: Millis }
  /** The process was stopped, or its computer slept: what comes now may have waited in the socket. */
  | { readonly type: "resumed" }
  /** The deadline has come. A tick that comes early does nothing. */
  | { readonly type: "tick" };

/**
 * Everything that a machine can ask for. `value` and `bytes` belong to the receiver of the output: the
 * machine never writes into them again.
 */
export type Output =
  /** Write the durable record `key`, over the one that is there. */
  | { readonly type: "save"; readonly key: string; readonly value: Uint8Array }
  /** Delete the durable record `key`. */
  | { readonly type: "forget"; readonly key: string }
  /** Delete the record and leave no trace of it in the file: it holds a secret key. */
  | { readonly type: "destroy"; readonly key: string }
  /** Put this into the history, before anything of this wake-up is saved or forgotten. */
  | { readonly type: "remember"; readonly memory: Memory }
  /** Look something up in the history, and show the notice `historyRead`. */
  | { readonly type: "look"; readonly query: HistoryQuery; readonly shownUntil: number; readonly ref?: Ref }
  | { readonly type: "transmit"; readonly to: Address; readonly bytes: Uint8Array }
  /** `ref` names the action that the notice answers, if that has a name. */
  | { readonly type: "notice"; readonly notice: Notice; readonly ref?: Ref }
  /** End the process. A machine that has asked for its end is not stepped any more. */
  | { readonly type: "exit"; readonly status: number };

/** Pure protocol logic, driven from outside. */
export interface Machine {
  /**
   * Takes one input at the instant `now` and returns the outputs to be performed, in order. It never throws,
   * whatever bytes a datagram has. `now` never goes back, and goes forward only as time goes by.
   */
  step(now: Millis, input: Input): Output[];
  /** The instant at which the next tick is due: `Infinity` if none is, in the past if it is due at once. */
  readonly deadline: Millis;
}

/** The durable records that a machine finds at its start: key and value, sorted by key. */
export type Records = Iterable<readonly [key: string, value: Uint8Array]>;

/** The outputs that change durable records. */
export type Change = Extract<Output, { type: "save" | "forget" | "destroy" }>;

/**
 * When a commit counts: in `full` once it is on the disk, in `normal` once the operating system has it. Then
 * a power cut may take back the last commits, but no end of the process does.
 */
export const DURABILITIES = ["full", "normal"] as const;
/** One of these. */
export type Durability = typeof DURABILITIES[number];

/** The durable records on disk. `storage/` implements it over SQLite; tests have it over a `Map`. */
export interface Store {
  /** All records, sorted by key (by UTF-16 code unit). */
  read(): Records;
  /**
   * Makes all changes durable at once (`Durability`), in list order, or throws and makes none. When this
   * returns, the files hold no trace of the records that were destroyed.
   */
  commit(changes: readonly Change[]): void;
}

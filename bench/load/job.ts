/** What a process of the load generator is told, and what it tells: each a line of JSON. */
import type { Address, Key, Millis } from "../../core/base/units.ts";

export const HOST = "127.0.0.1";

/** What clients and servers speak: ours, one of the floors (`floor_server.ts`), or that of others. */
export type Protocol = "parley" | Floor | Peer;
export type Floor = "bare" | "encrypted" | "packed" | "links";
export type Peer = "irc" | "mqtt" | "nats" | "redis";

export interface Job {
  readonly protocol: Protocol;
  readonly server: Address;
  /** Only the clients of links need it. */
  readonly serverKey: Key;
  /** Whether its clients are to hear the channel, where others can be heard without that. */
  readonly listens: boolean;
  /** Whether its clients want the whole table. */
  readonly followsTable: boolean;
  /** Its clients are called so, behind it their numbers: so many from `first` on. */
  readonly name: string;
  readonly first: number;
  readonly count: number;
  /** Its clients are on so many addresses of this machine, from 127.0.0.1 on. */
  readonly addresses: number;
}

export type Command =
  /** All clients register at once. */
  | { readonly type: "register" }
  | { readonly type: "leave" }
  /** One of its clients makes the post with this number. */
  | { readonly type: "post"; readonly number: number }
  /** Some of its clients deposit so many letters, each `window` at a time, for the clients called "box". */
  | {
    readonly type: "deposit";
    readonly count: number;
    readonly window: number;
    readonly senders: number;
    readonly mailboxes: number;
  }
  | { readonly type: "report" };

export type Event =
  | { readonly type: "ready" }
  | { readonly type: "began"; readonly at: Millis }
  | {
    readonly type: "state";
    readonly registered: number;
    /** The counters of the oldest table that one of them has, and of the newest of which one has heard. */
    readonly oldest: number;
    readonly newest: number;
    readonly letters: number;
    readonly deposits: number;
  }
  | { readonly type: "posted"; readonly number: number; readonly at: Millis }
  /** The last one of its clients has the post with this number. */
  | { readonly type: "arrived"; readonly number: number; readonly at: Millis }
  /** Milliseconds from each deposit to its answer, and how many were refused on the way. */
  | {
    readonly type: "deposited";
    readonly at: Millis;
    readonly times: readonly number[];
    readonly refused: number;
  }
  /**
   * When each client was registered, and when its table was complete; the bytes that came to all of them, and
   * when the last letter came.
   */
  | {
    readonly type: "report";
    readonly registered: readonly Millis[];
    readonly complete: readonly Millis[];
    readonly bytes: number;
    readonly lettersAt: Millis;
  };

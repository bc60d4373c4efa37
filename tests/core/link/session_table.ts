/**
 * This table says what becomes of a session with everything that can happen to it. `session_states_test.ts`
 * walks the cells, and docs/protocol.md prints them (`deno task tables`).
 */
import { SESSION_LIFE_MS, UNCONFIRMED_MS } from "../../../core/base/limits.ts";
import type { Millis } from "../../../core/base/units.ts";

export const STATES = {
  unconfirmed: "the peer has begun it, and our response is on its way: it may be a replay",
  present: "what leaves leaves under it",
  former: "what comes under it is still taken",
  over: "it is good for nothing",
} as const;

export type State = keyof typeof STATES;

export const CELLS = {
  "unconfirmed": {
    // The initiator has the keys: it was no replay.
    "packet": "present",
    "packet repeated": "unconfirmed",
    "packet forged": "unconfirmed",
    "initiation repeated": "unconfirmed",
    // The response to that may be lost, and the peer goes on with this one.
    "newer initiation": "unconfirmed",
    "newer session": "over",
    "two newer sessions": "over",
  },
  "present": {
    "packet": "present",
    "packet repeated": "present",
    "packet forged": "present",
    "initiation repeated": "present",
    // It may be a replay.
    "newer initiation": "present",
    "newer session": "former",
    "two newer sessions": "over",
  },
  "former": {
    "packet": "former",
    "packet repeated": "former",
    "packet forged": "former",
    "initiation repeated": "former",
    "newer initiation": "former",
    "newer session": "over",
    "two newer sessions": "over",
  },
  "over": {
    "packet": "over",
    "packet repeated": "over",
    "packet forged": "over",
    "initiation repeated": "over",
    "newer initiation": "over",
    "newer session": "over",
    "two newer sessions": "over",
  },
} as const satisfies Readonly<Record<State, Readonly<Record<string, State>>>>;

export type Input = keyof typeof CELLS.over;

/** The age at which time alone ends each state, counted from the session's start. */
export const LIVES: Readonly<Record<Exclude<State, "over">, Millis>> = {
  "unconfirmed": UNCONFIRMED_MS,
  "present": SESSION_LIFE_MS,
  "former": SESSION_LIFE_MS,
};

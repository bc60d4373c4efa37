/**
 * Delivery and time to receipt on a bad network, in virtual time: our links beside the rule of the original,
 * which sends five times, half a second apart. Both have the same network: 15 ms each way, each packet lost
 * by chance.
 */

import { primitives } from "../core/base/crypto.ts";
import type { Address, Millis } from "../core/base/units.ts";
import type { Link } from "../core/link/link.ts";
import { NO_SIGNATURE } from "../core/messages/identity.ts";
import type { Verb } from "../core/messages/verb.ts";
import { Dice } from "../tests/kit/dice.ts";
import { CALM } from "../tests/kit/network.ts";
import { Speaker } from "../tests/kit/speaker.ts";
import { START, Surroundings } from "../tests/kit/surroundings.ts";
import { letterOf } from "./letters.ts";

const DELAY_MS = 15;
const MESSAGES = 2_000;
const INTERVAL_MS = 1_000;
/** How long a message is waited for. */
const PATIENCE_MS = 60_000;
const ATTEMPTS = 5;
const ATTEMPT_MS = 500;
/** Links look into neither. */
const LETTER = letterOf(2);
const READ = { edition: 0, outcome: "read", signature: NO_SIGNATURE } as const;

const A: Address = { host: "10.0.0.1", port: 1 };
const B: Address = { host: "10.0.0.2", port: 2 };

export interface Delivery {
  /** Of 1. */
  readonly delivered: number;
  /** Milliseconds to the receipt, of those that have one. */
  readonly p50: number;
  readonly p99: number;
}

function summarize(times: readonly number[]): Delivery {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? Infinity);
  return { delivered: times.length / MESSAGES, p50: at(0.5), p99: at(0.99) };
}

/** Each attempt, and each receipt for one that arrived, is lost by itself. */
export function fixedRetry(loss: number): Delivery {
  const dice = new Dice(1);
  const times: number[] = [];
  for (let message = 0; message < MESSAGES; message++) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (dice.next() < loss || dice.next() < loss) continue;
      times.push(attempt * ATTEMPT_MS + 2 * DELAY_MS);
      break;
    }
  }
  return summarize(times);
}

/** Messages over one link, each receipted by a verb; neither side has the server's help. */
export function links(loss: number): Delivery {
  const surroundings = new Surroundings(1, primitives);
  surroundings.network.weather = { ...CALM, loss, delay: DELAY_MS };
  const bob = new Receipting(surroundings, "bob", { address: B, keepsAlive: true });
  const alice = new Timing(surroundings, "alice", { address: A, keepsAlive: true });
  for (let message = 0; message < MESSAGES; message++) {
    surroundings.schedule.at(START + message * INTERVAL_MS, () => alice.writes(bob, message));
  }
  surroundings.runs(MESSAGES * INTERVAL_MS + PATIENCE_MS);
  return summarize(alice.times);
}

/** Receipts whatever comes. */
class Receipting extends Speaker {
  protected override onVerb(link: Link, verb: Verb): void {
    if (verb.type !== "direct") return;
    link.send(this.home.now, { type: "receipt", from: "bob", to: "alice", id: verb.id, ...READ });
  }
}

/** Writes, and notes how long the receipts take. */
class Timing extends Speaker {
  readonly times: Millis[] = [];
  readonly #sentAt = new Map<string, Millis>();

  writes(to: Receipting, message: number): void {
    const id = message.toString(16).padStart(32, "0");
    this.#sentAt.set(id, this.home.now);
    this.says(to, { type: "direct", id, from: "alice", to: "bob", body: LETTER });
  }

  protected override onVerb(_link: Link, verb: Verb): void {
    if (verb.type === "receipt") this.times.push(this.home.now - this.#sentAt.get(verb.id)!);
  }
}

/**
 * Delivery and time to receipt on a bad network, in virtual time: our links beside the rule of the original,
 * which sends five times, half a second apart. Both have the same network: 15 ms each way, each packet lost
 * by chance.
 */

import { primitives } from "../core/base/crypto.ts";
import type { Address, Millis } from "../core/base/units.ts";
import type { Link } from "../core/link/link.ts";
import type { Verb, VerbOf } from "../core/messages/verb.ts";
import { Dice } from "../tests/kit/dice.ts";
import { CALM } from "../tests/kit/network.ts";
import { Speaker } from "../tests/kit/speaker.ts";
import { START, Surroundings } from "../tests/kit/surroundings.ts";

const DELAY_MS = 15;
const MESSAGES = 2_000;
const INTERVAL_MS = 1_000;
/** How long a message is waited for. */
const PATIENCE_MS = 60_000;
const ATTEMPTS = 5;
const ATTEMPT_MS = 500;
/** Links look into none of these. */
const PAIR = { people: "7e".repeat(16), prefix: "00".repeat(10) };
const PLACE = "0b".repeat(8);

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

/** Messages over one link, each answered by a verb; neither side has the server's help. */
export function links(loss: number): Delivery {
  const surroundings = new Surroundings(1, primitives);
  surroundings.network.weather = { ...CALM, loss, delay: DELAY_MS };
  const bob = new Answering(surroundings, "bob", { address: B, keepsAlive: true });
  const alice = new Timing(surroundings, "alice", { address: A, keepsAlive: true });
  for (let message = 0; message < MESSAGES; message++) {
    surroundings.schedule.at(START + message * INTERVAL_MS, () => alice.writes(bob, message));
  }
  surroundings.runs(MESSAGES * INTERVAL_MS + PATIENCE_MS);
  return summarize(alice.times);
}

/** Answers whatever comes. */
class Answering extends Speaker {
  protected override onVerb(link: Link, verb: Verb): void {
    if (verb.type !== "direct") return;
    const runs = verb.messages.map(({ sequence }) => ({ from: sequence, to: sequence }));
    link.send(this.home.now, { type: "got", from: "bob", to: "alice", ...PAIR, outcome: "read", runs });
  }
}

/** Writes, and notes how long the answers take. */
class Timing extends Speaker {
  readonly times: Millis[] = [];
  readonly #sentAt = new Map<number, Millis>();

  writes(to: Answering, message: number): void {
    const { now: sentAt } = this.home;
    const sequence = message + 1;
    this.#sentAt.set(sequence, sentAt);
    const messages = [{ sequence, after: undefined, sentAt, text: "hi" }];
    this.says(to, { type: "direct", from: "alice", to: "bob", ...PAIR, place: PLACE, messages });
  }

  protected override onVerb(_link: Link, verb: Verb): void {
    if (verb.type === "got") this.#gotThem(verb);
  }

  #gotThem({ runs }: VerbOf<"got">): void {
    for (const { from } of runs) this.times.push(this.home.now - this.#sentAt.get(from)!);
  }
}

/**
 * Delivery and time to receipt on a bad network, in virtual time: our links beside the rule of the original, which
 * sends five times, half a second apart. Both have the same network: 15 ms each way, each packet lost by chance.
 */

import { primitives } from "../core/base/crypto.ts";
import type { Address, Millis } from "../core/base/units.ts";
import type { Link } from "../core/link/link.ts";
import { Links } from "../core/link/links.ts";
import { NO_SIGNATURE } from "../core/messages/identity.ts";
import type { Verb } from "../core/messages/verb.ts";
import { Dice } from "../tests/kit/dice.ts";
import { Schedule } from "../tests/kit/schedule.ts";
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

const [A, B]: readonly Address[] = [{ host: "10.0.0.1", port: 1 }, { host: "10.0.0.2", port: 2 }];

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
  const [dice, schedule] = [new Dice(1), new Schedule(0)];
  const ends = [A, B].map((address) => new End(address!, dice.fork(), schedule));
  const [alice, bob] = ends as [End, End];
  for (const end of ends) {
    end.carry = (to, bytes) => {
      if (dice.next() < loss) return;
      const target = to.host === alice.address.host ? alice : bob;
      schedule.at(schedule.now + DELAY_MS, () => target.receive(end.address, bytes));
    };
  }
  const sentAt = new Map<string, Millis>();
  const times: number[] = [];
  bob.heard = (link, type, id) => {
    if (type === "direct") {
      link.send(schedule.now, { type: "receipt", from: "bob", to: "alice", id, ...READ });
    }
  };
  alice.heard = (_link, type, id) => {
    if (type === "receipt") times.push(schedule.now - sentAt.get(id)!);
  };
  for (let message = 0; message < MESSAGES; message++) {
    schedule.at(message * INTERVAL_MS, () => {
      const id = message.toString(16).padStart(32, "0");
      const now = schedule.now;
      sentAt.set(id, now);
      const verb: Verb = { type: "direct", id, from: "alice", to: "bob", body: LETTER };
      alice.links.open(now, bob.key, [bob.address]).send(now, verb);
      alice.wake();
    });
  }
  schedule.runUntil(MESSAGES * INTERVAL_MS + PATIENCE_MS);
  return summarize(times);
}

class End {
  readonly links: Links;
  readonly key: string;
  carry: (to: Address, bytes: Uint8Array) => void = () => {};
  heard: (link: Link, type: string, id: string) => void = () => {};
  readonly address: Address;
  readonly #schedule: Schedule;
  #alarm: Millis = Infinity;

  constructor(address: Address, dice: Dice, schedule: Schedule) {
    this.address = address;
    this.#schedule = schedule;
    const random = (count: number) => dice.bytes(count);
    const ownKey = primitives.keyPair(random(32));
    this.key = ownKey.publicKey.toHex();
    const timestamp = (now: Millis) => now;
    this.links = new Links({ primitives, random, ownKey, timestamp, name: undefined, keepsAlive: true });
  }

  receive(from: Address, bytes: Uint8Array): void {
    const arrival = this.links.receive(this.#schedule.now, from, bytes);
    if (arrival?.type === "verbs") {
      for (const verb of arrival.verbs) if ("id" in verb) this.heard(arrival.link, verb.type, verb.id);
    }
    this.wake();
  }

  /** Sends what is to leave, and again when the next time has come. */
  wake(): void {
    for (const { to, bytes } of this.links.takeDatagrams(this.#schedule.now)) {
      this.carry(to, bytes);
    }
    const { deadline } = this.links;
    if (deadline >= this.#alarm) return;
    this.#alarm = deadline;
    this.#schedule.at(deadline, () => {
      this.#alarm = Infinity;
      this.wake();
    });
  }
}

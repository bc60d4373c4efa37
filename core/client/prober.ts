/**
 * Looks at the way to a server: asks for its key again and again (`PROBES`), and then with datagrams of
 * several lengths. It makes no link, and leaves nothing at the server.
 */
import { equalAddresses } from "../base/address.ts";
import type { Primitives } from "../base/crypto.ts";
import { DATAGRAM_BYTES, PROBE_PACE_MS, PROBE_ROUNDS, PROBE_WAIT_MS, PROBES } from "../base/limits.ts";
import type { Address, Key, Millis, Random } from "../base/units.ts";
import { decodeProbeAnswer, encodeProbe, NONCE_BYTES, SHORTEST_PROBE_BYTES } from "../link/probe.ts";
import type { Input, Machine, Output } from "../machine.ts";

/** The lengths of datagrams that are tried, the longest first. */
const LENGTHS = [DATAGRAM_BYTES, 1100, 1000, 900, 800, 600, 400, 200];

/** So much longer than the slowest answer yet a round waits, and so long at least. */
const ROUND_TRIPS = 3;
const ROUND_MS = 200;

/** The findings about the way to the server. Nothing proves them. */
export interface Survey {
  /** How long each answer to the `PROBES` took; one that is missing was lost. */
  readonly roundTrips: readonly Millis[];
  /** The keys that were announced. */
  readonly keys: ReadonlySet<Key>;
  /** The versions that the server speaks, if it does not speak ours. */
  readonly versions: readonly number[] | undefined;
  /** The lengths of datagrams that got through, there and back, and those that did not; longest first. */
  readonly passed: readonly number[];
  readonly failed: readonly number[];
}

export class Prober implements Machine {
  readonly #server: Address;
  readonly #primitives: Primitives;
  readonly #random: Random;
  /** Questions without an answer yet, by nonce: when they left, and their length. */
  readonly #open = new Map<string, { readonly at: Millis; readonly length: number }>();
  readonly #roundTrips: Millis[] = [];
  readonly #keys = new Set<Key>();
  readonly #passed = new Set<number>();
  #versions: readonly number[] | undefined;
  /** The lengths of the datagrams that are still to leave in this round. */
  #round: number[] = Array<number>(PROBES).fill(SHORTEST_PROBE_BYTES);
  /** Rounds that have begun, besides the first one. */
  #rounds = 0;
  /** When the next datagram leaves, or the round is over. */
  #due: Millis;

  constructor(
    now: Millis,
    { primitives, server }: { readonly primitives: Primitives; readonly server: Address },
    random: Random,
  ) {
    this.#primitives = primitives;
    this.#server = server;
    this.#random = random;
    this.#due = now;
  }

  get survey(): Survey {
    const [passed, failed] = [true, false].map((is) => LENGTHS.filter((it) => this.#passed.has(it) === is));
    const [roundTrips, keys, versions] = [this.#roundTrips, this.#keys, this.#versions];
    return { roundTrips, keys, versions, passed: passed!, failed: failed! };
  }

  get deadline(): Millis {
    return this.#due;
  }

  step(now: Millis, input: Input): Output[] {
    if (input.type === "action" && input.action.type === "leave") return [{ type: "exit", status: 1 }];
    if (input.type === "datagram") this.#hear(now, input.from, input.bytes);
    // Datagrams that came while the process was stopped wait in the socket.
    if (input.type === "resumed") this.#due = Math.max(this.#due, now + PROBE_PACE_MS);
    return input.type === "tick" && this.#due <= now ? [this.#onDue(now)] : [];
  }

  #onDue(now: Millis): Output {
    if (this.#round.length === 0 && !this.#beginRound()) return { type: "exit", status: 0 };
    const length = this.#round.shift()!;
    const nonce = this.#random(NONCE_BYTES);
    this.#open.set(nonce.toHex(), { at: now, length });
    this.#due = now + (this.#round.length > 0 ? PROBE_PACE_MS : this.#patience);
    return { type: "transmit", to: this.#server, bytes: encodeProbe(nonce, length) };
  }

  /** How long the last answers of a round are awaited: longest in the first and the last round. */
  get #patience(): Millis {
    if (this.#rounds === 0 || this.#rounds === PROBE_ROUNDS) return PROBE_WAIT_MS;
    return Math.min(PROBE_WAIT_MS, Math.max(ROUND_MS, ROUND_TRIPS * Math.max(...this.#roundTrips)));
  }

  /** Asks once more with the lengths that have not got through. False if there is nothing more to ask. */
  #beginRound(): boolean {
    const { failed } = this.survey;
    // If the server has not answered, there is nothing more to be learnt.
    if (this.#roundTrips.length === 0 || failed.length === 0 || this.#rounds === PROBE_ROUNDS) return false;
    this.#rounds++;
    this.#round = [...failed];
    return true;
  }

  #hear(now: Millis, from: Address, bytes: Uint8Array): void {
    const answer = equalAddresses(from, this.#server)
      ? decodeProbeAnswer(this.#primitives, bytes)
      : undefined;
    // Anybody can send this, so it counts only for a server that has not answered.
    if (answer?.type === "versions" && this.#roundTrips.length === 0) {
      this.#versions = answer.known;
      this.#round = [];
      this.#due = now;
    }
    if (answer?.type !== "announce") return;
    const question = this.#open.get(answer.nonce);
    if (question === undefined || question.length !== answer.length) return;
    this.#open.delete(answer.nonce);
    this.#keys.add(answer.key);
    if (question.length === SHORTEST_PROBE_BYTES) this.#roundTrips.push(now - question.at);
    else this.#passed.add(question.length);
    if (this.#round.length === 0 && this.#hasAll()) this.#due = now;
  }

  /** True if nothing more is to be expected of this round. */
  #hasAll(): boolean {
    return this.#rounds === 0 ? this.#roundTrips.length === PROBES : this.#passed.size === LENGTHS.length;
  }
}

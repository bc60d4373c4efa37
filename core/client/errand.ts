/**
 * A program that asks a server for one thing and ends with the answer. Its link has a key of its own that is
 * thrown away, and nothing outlives it.
 */
import { KEY_BYTES, type Primitives } from "../base/crypto.ts";
import { GIVE_UP_GRACE_MS } from "../base/limits.ts";
import type { Address, Key, Millis, Random, Stopwatch } from "../base/units.ts";
import { Effects } from "../durable/effects.ts";
import { initiationClock } from "../durable/start.ts";
import { type Link, Links } from "../link/links.ts";
import type { Input, Machine, Output } from "../machine.ts";
import type { Verb } from "../messages/verb.ts";
import { Attempts } from "./attempts.ts";
import { ServerContact } from "./server_contact.ts";

export interface ErrandOptions {
  readonly primitives: Primitives;
  readonly server: Address;
  /** The server as the user wrote it, HOST:PORT. */
  readonly serverName: string;
  /** The server's public key; `undefined` if the announced one is to be believed. */
  readonly serverKey: Key | undefined;
  readonly stopwatch: Stopwatch;
  /** The number of attempts after which it gives up; 0 for no end. */
  readonly attempts: number;
}

export abstract class Errand implements Machine {
  protected readonly effects = new Effects(false, []);
  readonly #links: Links;
  readonly #link: Link;
  readonly #contact: ServerContact;
  readonly #attempts: Attempts;

  constructor(now: Millis, options: ErrandOptions, random: Random, asks: Verb) {
    const { attempts, primitives, server, serverKey, serverName, stopwatch } = options;
    const { effects } = this;
    const links = this.#links = new Links({
      primitives,
      random,
      ownKey: primitives.keyPair(random(KEY_BYTES)),
      timestamp: initiationClock(effects),
      stopwatch,
      name: undefined,
      keepsAlive: false,
    });
    const link = this.#link = links.openServer(now, serverKey, server);
    this.#contact = new ServerContact({ effects, links, link, server, serverName });
    // A user who waits for ever is told once that the server is silent.
    this.#attempts = new Attempts(attempts, () => link.probeTimeout, attempts === 0 ? GIVE_UP_GRACE_MS : 0);
    this.#attempts.wait(now, asks.type, true);
    link.send(now, asks, asks.type);
  }

  get deadline(): Millis {
    if (this.effects.exiting) return this.effects.deadline;
    return Math.min(this.effects.deadline, this.#links.deadline, this.#attempts.deadline(this.#link.heardAt));
  }

  step(now: Millis, input: Input): Output[] {
    if (this.effects.exiting) return this.effects.takeOutputs(now, []);
    if (input.type === "action" && input.action.type === "leave") this.effects.exit(1);
    if (input.type === "datagram") this.#onDatagram(now, input.from, input.bytes);
    if (input.type !== "tick") return this.effects.takeOutputs(now, []);
    const verdict = this.#attempts.check(now, this.#link.heardAt);
    if (verdict === "give up") this.#giveUp();
    if (verdict === "say silent") this.effects.notice({ type: "serverSilent" });
    return this.effects.takeOutputs(now, this.#links.takeDatagrams(now));
  }

  #onDatagram(now: Millis, from: Address, bytes: Uint8Array): void {
    const arrival = this.#links.receive(now, from, bytes);
    if (arrival?.type === "announced") this.#contact.onAnnounced(now, arrival.key, arrival.name);
    if (arrival?.type === "foreign") this.#contact.onForeign(arrival.versions);
    if (arrival?.type !== "verbs" || arrival.link !== this.#link) return;
    this.#contact.onPacket(now);
    this.answered(arrival.verbs);
  }

  /** The server has answered with an authentic packet that holds these verbs. */
  protected abstract answered(verbs: readonly Verb[]): void;

  #giveUp(): void {
    const neverHeard = this.#link.heardAt === -Infinity;
    this.effects.notice(neverHeard ? this.#contact.absence : { type: "serverSilent" });
    this.effects.exit(1);
  }
}

/** A few machines on a network that carries every datagram in one millisecond, and a clock that leaps. */
import { Client, type ClientOptions } from "../../core/client.ts";
import { Links } from "../../core/links.ts";
import type { Action, Address, Input, Machine, Millis, Output } from "../../core/machine.ts";
import { type Notice, render } from "../../core/notice.ts";
import { Server } from "../../core/server.ts";
import { addressKey } from "../../core/table.ts";
import type { Verb } from "../../core/verb.ts";
import { Dice } from "../simulator/random.ts";

export const START: Millis = 1_700_000_000_000;
export const SERVER: Address = { host: "10.0.0.1", port: 9999 };
const MOST_STEPS_AT_ONCE = 1000;

/** Somebody who speaks the wire as it should be, and says whatever the test wants. */
export class Voice implements Machine {
  readonly links: Links;
  readonly heard: Verb[] = [];

  constructor(dice: Dice) {
    this.links = new Links((count) => dice.bytes(count));
  }

  get deadline(): Millis {
    return this.links.deadline;
  }

  step(now: Millis, input: Input): Output[] {
    const arrival = input.type === "datagram" ? this.links.receive(now, input.from, input.bytes) : undefined;
    if (arrival?.verb !== undefined) this.heard.push(arrival.verb);
    return this.links.take(now);
  }
}

interface Node {
  readonly machine: Machine;
  readonly address: Address;
  readonly notices: Notice[];
  exitStatus: number | undefined;
}

export class Scene {
  now = START;
  /** Who is cut off, by name. */
  readonly cut = new Set<string>();
  /** Every datagram that reached, or would have reached, somebody. */
  readonly carried: { from: Address; to: Address; bytes: Uint8Array }[] = [];
  readonly #dice: Dice;
  readonly #nodes = new Map<string, Node>();
  #flying: { at: Millis; from: Address; to: Address; bytes: Uint8Array }[] = [];

  constructor(seed = 1) {
    this.#dice = new Dice(seed);
    this.#add("SERVER", new Server(this.now, this.#random, []), SERVER);
  }

  /** A client under a nick, registered. */
  client(nick: string, options: Partial<ClientOptions> = {}): void {
    const address = this.#nextAddress();
    const own = {
      nick,
      server: SERVER,
      own: address,
      candidates: [],
      attempts: 5,
      durable: true,
      ...options,
    };
    this.#add(nick, new Client(this.now, own, this.#random, []), address);
    this.act(nick, { type: "register", nick });
    this.run(1000);
  }

  voice(name: string): Voice {
    const voice = new Voice(this.#dice.fork());
    this.#add(name, voice, this.#nextAddress());
    return voice;
  }

  /** The voice says something to an address, and has its answers. */
  say(name: string, to: Address, verb: Verb): void {
    const voice = this.#nodes.get(name)!.machine as Voice;
    voice.links.open(this.now, [to]).send(this.now, verb);
    this.#step(name, { type: "tick" });
    this.run(50);
  }

  act(name: string, action: Action): void {
    this.#step(name, { type: "action", action });
  }

  addressOf(name: string): Address {
    return this.#nodes.get(name)!.address;
  }

  deadlineOf(name: string): Millis {
    return this.#nodes.get(name)!.machine.deadline;
  }

  /** A datagram comes out of nowhere; returns what leaves for the place that it seems to come from. */
  inject(name: string, from: Address, bytes: Uint8Array): Uint8Array[] {
    const outputs = this.#step(name, { type: "datagram", from, bytes });
    return outputs.flatMap((output) =>
      output.type === "transmit" && addressKey(output.to) === addressKey(from) ? [output.bytes] : []
    );
  }

  /** The lines that somebody has seen since this was asked last. */
  lines(name: string): string[] {
    return this.#nodes.get(name)!.notices.splice(0).flatMap((notice) => {
      const { stream, lines } = render(notice, () => 0);
      return stream === "none" ? [] : lines;
    });
  }

  /** Whether somebody's process has ended, and how. */
  exitStatusOf(name: string): number | undefined {
    return this.#nodes.get(name)!.exitStatus;
  }

  /** Lets time go by. */
  run(ms: Millis): void {
    const end = this.now + ms;
    for (let at = this.now, steps = 0;;) {
      const flying = this.#flying.reduce((first, other) => other.at < first.at ? other : first, {
        at: Infinity,
        from: SERVER,
        to: SERVER,
        bytes: new Uint8Array(0),
      });
      const due = [...this.#nodes].filter(([, node]) => node.exitStatus === undefined)
        .map(([name, { machine }]) => ({ name, at: machine.deadline }))
        .reduce((first, other) => other.at < first.at ? other : first);
      this.now = Math.max(this.now, Math.min(flying.at, due.at));
      if (this.now > end) break;
      steps = this.now === at ? steps + 1 : 0;
      at = this.now;
      if (steps > MOST_STEPS_AT_ONCE) throw new Error(`the deadline of ${due.name} does not move on`);
      if (flying.at <= due.at) this.#deliver(flying);
      else this.#step(due.name, { type: "tick" });
    }
    this.now = end;
  }

  readonly #random = (count: number) => this.#dice.bytes(count);

  #nextAddress(): Address {
    return { host: `10.0.0.${this.#nodes.size + 1}`, port: 3000 + this.#nodes.size };
  }

  #add(name: string, machine: Machine, address: Address): void {
    this.#nodes.set(name, { machine, address, notices: [], exitStatus: undefined });
  }

  #step(name: string, input: Input): Output[] {
    const node = this.#nodes.get(name)!;
    const { machine, address, notices } = node;
    if (node.exitStatus !== undefined) return [];
    const outputs = machine.step(this.now, input);
    for (const output of outputs) {
      if (output.type === "notice") notices.push(output.notice);
      if (output.type === "exit") node.exitStatus = output.status;
      if (output.type !== "transmit") continue;
      this.#flying.push({ at: this.now + 1, from: address, to: output.to, bytes: output.bytes });
    }
    return outputs;
  }

  #deliver(flying: { from: Address; to: Address; bytes: Uint8Array }): void {
    this.#flying = this.#flying.filter((other) => other !== flying);
    const nameAt = (address: Address) =>
      [...this.#nodes].find(([, node]) => addressKey(node.address) === addressKey(address))?.[0];
    const [from, to] = [nameAt(flying.from), nameAt(flying.to)];
    this.carried.push(flying);
    if (to === undefined || this.cut.has(to) || (from !== undefined && this.cut.has(from))) return;
    this.#step(to, { type: "datagram", from: flying.from, bytes: flying.bytes });
  }
}

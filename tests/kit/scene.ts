/** A few machines on a network that carries every datagram in one millisecond, and a clock that leaps. */
import { addressKey, equalAddresses } from "../../core/base/address.ts";
import { MALFORMED } from "../../core/base/bytes.ts";
import { KEY_BYTES } from "../../core/base/crypto.ts";
import type { Address, Key, Millis } from "../../core/base/units.ts";
import { Client, type ClientOptions } from "../../core/client/client.ts";
import { KEY, NICK } from "../../core/durable/records.ts";
import type { Link } from "../../core/link/link.ts";
import { Links } from "../../core/link/links.ts";
import type { Action, Input, Machine, Output } from "../../core/machine.ts";
import { type Bundle, Identity, NO_HASH, SECRETS_BYTES } from "../../core/messages/identity.ts";
import { type Envelope, Sealer } from "../../core/messages/letter.ts";
import { type MessageId, NO_MESSAGE } from "../../core/messages/message_id.ts";
import { type Nick, type NickKey, nickKey } from "../../core/messages/nick.ts";
import { encodePost } from "../../core/messages/post.ts";
import type { Verb } from "../../core/messages/verb.ts";
import { type Notice, render } from "../../core/notice.ts";
import { Server, type ServerLimits } from "../../core/server/server.ts";
import { Dice } from "./dice.ts";
import { cheapPrimitives as primitives } from "./cheap_primitives.ts";
import { transmitted } from "./recorded.ts";
import { NO_LIMITS } from "./samples.ts";

export const START: Millis = 1_700_000_000_000;
export const SERVER: Address = { host: "10.0.0.1", port: 9999 };
const MOST_STEPS_AT_ONCE = 1000;

/** Somebody who speaks the wire as it should be, and says whatever the test wants. */
export class Voice implements Machine {
  readonly links: Links;
  readonly heard: Verb[] = [];
  readonly identity: Identity;
  readonly key: Key;
  readonly #keyAt: (address: Address) => Key;
  readonly #prekey: Key;
  readonly #sealer: Sealer;

  /** `keyAt`: the key of whoever is at an address. Clients tell theirs to nobody; who has the table knows it. */
  constructor(dice: Dice, keyAt: (address: Address) => Key) {
    const random = (count: number) => dice.bytes(count);
    this.identity = new Identity(primitives, random(SECRETS_BYTES));
    const { keyPair } = this.identity;
    this.key = keyPair.publicKey.toHex();
    this.#prekey = primitives.keyPair(random(KEY_BYTES)).publicKey.toHex();
    this.#sealer = new Sealer(primitives, random, keyPair);
    this.#keyAt = keyAt;
    this.links = new Links({
      primitives,
      random,
      ownKey: keyPair,
      timestamp: (now) => now,
      name: undefined,
      keepsAlive: false,
    });
  }

  /** What it signs for a nick, be it its own or not. */
  bundle(nick: Nick): Bundle {
    return this.identity.bundle(nick, this.#prekey, START);
  }

  /** A letter of its own, sealed as it should be, under whatever nick. */
  letter(envelope: Envelope, recipient: Bundle, text: string, edition = 0): Uint8Array {
    const contents = { after: NO_MESSAGE, afterHash: NO_HASH, sentAt: START, text };
    const keys = { sender: this.bundle(envelope.from), recipient };
    return this.#sealer.seal(START, envelope, edition, keys, contents)!;
  }

  /** A channel message of its own, signed as it should be, under whatever nick. */
  post(id: MessageId, from: Nick, text: string): Uint8Array {
    const place = { number: 1, previous: NO_HASH, sentAt: START };
    return encodePost(primitives, this.identity, undefined, { id, from, ...place, text });
  }

  get deadline(): Millis {
    return this.links.deadline;
  }

  /** The link to whoever is at an address. */
  linkTo(now: Millis, address: Address): Link {
    return this.links.open(now, this.#keyAt(address), [address]);
  }

  step(now: Millis, input: Input): Output[] {
    const arrival = input.type === "datagram" ? this.links.receive(now, input.from, input.bytes) : undefined;
    if (arrival?.type === "verbs") this.heard.push(...arrival.verbs);
    return transmitted(this.links.takeDatagrams(now));
  }
}

interface Node {
  readonly machine: Machine;
  readonly address: Address;
  readonly notices: Notice[];
  /** Its public key; `undefined` until that of the server is durable. */
  key: Key | undefined;
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
  /** What the server has of everybody, by nick. */
  readonly #bundles = new Map<NickKey, Bundle>();
  #flying: { at: Millis; from: Address; to: Address; bytes: Uint8Array }[] = [];

  constructor(seed = 1, limits: ServerLimits = NO_LIMITS) {
    this.#dice = new Dice(seed);
    const server = new Server(
      this.now,
      { name: "test", durable: true, primitives, limits },
      this.#random,
      [],
    );
    this.#add("SERVER", server, SERVER);
    this.#step("SERVER", { type: "tick" });
  }

  /** A client under a nick, registered; on the network it has that name, if it is not told another. */
  client(nick: Nick, options: Partial<ClientOptions> = {}, name: string = nick): void {
    const address = this.#nextAddress();
    const identity = new Identity(primitives, this.#random(SECRETS_BYTES));
    const own: ClientOptions = {
      nick,
      server: SERVER,
      serverName: "the server",
      serverKey: undefined,
      own: address,
      candidates: [],
      attempts: 5,
      identity,
      invited: [],
      channelKey: undefined,
      durable: true,
      primitives,
      ...options,
    };
    const key = own.identity.keyPair.publicKey.toHex();
    this.#add(name, new Client(this.now, own, this.#random, []), address, key);
    this.act(name, { type: "register", nick });
    this.run(1000);
  }

  voice(name: string): Voice {
    const voice = new Voice(this.#dice.fork(), (address) => this.#keyAt(address));
    this.#add(name, voice, this.#nextAddress(), voice.key);
    return voice;
  }

  voiceOf(name: string): Voice {
    return this.#nodes.get(name)!.machine as Voice;
  }

  /** The voice says something to an address, and has its answers. */
  say(name: string, to: Address, verb: Verb): void {
    const voice = this.voiceOf(name);
    voice.linkTo(this.now, to).send(this.now, verb);
    this.#step(name, { type: "tick" });
    this.run(50);
  }

  act(name: string, action: Action): void {
    this.#step(name, { type: "action", action });
  }

  addressOf(name: string): Address {
    return this.#nodes.get(name)!.address;
  }

  /** The public key of somebody who has started. */
  keyOf(name: string): Key {
    const { key } = this.#nodes.get(name)!;
    if (key === undefined) throw new Error(`${name} has saved no key`);
    return key;
  }

  /** What everybody who has the table knows of whoever holds a nick. */
  bundleOf(nick: Nick): Bundle {
    const bundle = this.#bundles.get(nickKey(nick));
    if (bundle === undefined) throw new Error(`nobody holds ${nick}`);
    return bundle;
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

  #add(name: string, machine: Machine, address: Address, key?: Key): void {
    this.#nodes.set(name, { machine, address, notices: [], key, exitStatus: undefined });
  }

  #keyAt(address: Address): Key {
    for (const [name, node] of this.#nodes) {
      if (equalAddresses(node.address, address)) return this.keyOf(name);
    }
    throw new Error(`nobody is at ${addressKey(address)}`);
  }

  #step(name: string, input: Input): Output[] {
    const node = this.#nodes.get(name)!;
    const { machine, address, notices } = node;
    if (node.exitStatus !== undefined) return [];
    const outputs = machine.step(this.now, input);
    if (machine.deadline <= this.now) outputs.push(...machine.step(this.now, { type: "tick" }));
    for (const output of outputs) {
      if (output.type === "save" && KEY.matches(output.key)) node.key = publicKey(output.value);
      if (output.type === "save" && NICK.matches(output.key)) this.#noteBundle(output.value);
      if (output.type === "notice") notices.push(output.notice);
      if (output.type === "exit") node.exitStatus = output.status;
      if (output.type !== "transmit") continue;
      this.#flying.push({ at: this.now + 1, from: address, to: output.to, bytes: output.bytes });
    }
    return outputs;
  }

  #noteBundle(value: Uint8Array): void {
    const record = NICK.decode(value);
    if (record === MALFORMED) throw new Error("a malformed nick was saved");
    this.#bundles.set(nickKey(record.nick), record.bundle);
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

function publicKey(value: Uint8Array): Key {
  const record = KEY.decode(value);
  if (record === MALFORMED) throw new Error("a malformed key was saved");
  return primitives.keyPair(Uint8Array.fromHex(record.secret)).publicKey.toHex();
}

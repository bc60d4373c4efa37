/**
 * A registered member with bad intentions: says under its own keys whatever it likes, with what it has seen of others,
 * to the server and to everybody in the table.
 */
import type { Primitives } from "../../core/base/crypto.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import type { Link } from "../../core/link/link.ts";
import { Links } from "../../core/link/links.ts";
import type { Input, Machine, Output } from "../../core/machine.ts";
import { type Identity, OUTCOMES } from "../../core/messages/identity.ts";
import { Sealer } from "../../core/messages/letter.ts";
import { encodePost } from "../../core/messages/post.ts";
import type { Row } from "../../core/messages/table.ts";
import type { Verb } from "../../core/messages/verb.ts";
import { transmitted } from "../kit/recorded.ts";
import type { Dice } from "../kit/dice.ts";

export interface HostilePeerOptions {
  readonly nick: string;
  readonly identity: Identity;
  readonly primitives: Primitives;
  readonly dice: Dice;
  readonly server: Address;
  readonly serverKey: string;
  /** How long it waits between two deeds. */
  readonly pause: Millis;
  /** When it has had enough. */
  readonly until: Millis;
}

const MOST_BODIES = 50;

export class HostilePeer implements Machine {
  readonly #options: HostilePeerOptions;
  readonly #links: Links;
  readonly #server: Link;
  readonly #sealer: Sealer;
  readonly #rows = new Map<string, Row>();
  /** Bodies that it has been sent, and ids that it knows. */
  readonly #bodies: Uint8Array[] = [];
  readonly #ids: string[] = ["0".repeat(32)];
  #turn = 0;
  #due: Millis;

  constructor(now: Millis, options: HostilePeerOptions) {
    this.#options = options;
    const { primitives, identity, dice, server, serverKey } = options;
    const random = (count: number) => dice.bytes(count);
    this.#links = new Links({
      primitives,
      random,
      ownKey: identity.keyPair,
      timestamp: (at) => Math.floor(at),
      name: undefined,
      keepsAlive: true,
    });
    this.#server = this.#links.open(now, serverKey, [server]);
    this.#sealer = new Sealer(primitives, random, identity.keyPair);
    this.#due = now;
  }

  get deadline(): Millis {
    return Math.min(this.#due, this.#links.deadline);
  }

  step(now: Millis, input: Input): Output[] {
    const arrival = input.type === "datagram" ? this.#links.receive(now, input.from, input.bytes) : undefined;
    if (arrival?.type === "verbs") { for (const verb of arrival.verbs) this.#learn(now, verb); }
    if (input.type !== "tick") return [];
    if (this.#due <= now) {
      const { pause, until, dice } = this.#options;
      this.#due = now < until ? now + pause * (0.5 + dice.next()) : Infinity;
      this.#doSomething(now);
    }
    return transmitted(this.#links.takeDatagrams(now));
  }

  #learn(now: Millis, verb: Verb): void {
    const { nick } = this.#options;
    if (verb.type === "rows") { for (const row of verb.rows) this.#rows.set(row.nick, row); }
    if (verb.type === "registered") this.#server.send(now, { type: "rowsSince", nick, version: NO_ROWS });
    if ("body" in verb && this.#bodies.length < MOST_BODIES) this.#bodies.push(verb.body);
    if ("id" in verb) this.#ids.push(verb.id);
  }

  #doSomething(now: Millis): void {
    const { dice, nick } = this.#options;
    if (this.#turn === 0 || dice.happens(0.1)) return this.#register(now, nick);
    const victim = dice.pick([...this.#rows.values(), undefined]);
    if (victim === undefined) return this.#server.send(now, this.#saying(now, nick, nick));
    const from = dice.pick([nick, victim.nick, ...this.#rows.keys()]);
    const verb = this.#saying(now, from, victim.nick);
    if (dice.happens(0.5)) return this.#server.send(now, verb);
    this.#links.open(now, victim.key, victim.addresses).send(now, verb);
  }

  #register(now: Millis, nick: string): void {
    const { dice, identity, primitives } = this.#options;
    const own = identity.bundle(nick, primitives.keyPair(dice.bytes(32)).publicKey.toHex(), now);
    const bundle = dice.happens(0.1) ? this.#rows.get(nick) ?? own : own;
    this.#server.send(now, {
      type: "register",
      nick,
      turn: ++this.#turn,
      asked: true,
      bundle,
      candidates: [],
    });
  }

  #saying(now: Millis, from: string, to: string): Verb {
    const { dice, identity } = this.#options;
    const id = dice.happens(0.5) ? dice.pick(this.#ids) : dice.bytes(16).toHex();
    const [outcome, edition] = [dice.pick(OUTCOMES), dice.below(2)];
    const receipt = identity.receipt(from, to, { id, edition, outcome });
    switch (dice.below(9)) {
      case 0:
        return { type: "deregister", nick: to, turn: ++this.#turn };
      case 1:
        return { type: "leave", nick: to, turn: ++this.#turn };
      case 2:
        return { type: "receipt", from, to, ...receipt };
      case 3:
        return { type: "collected", to, receipts: [receipt] };
      case 4:
        return { type: "noted", nick: to, receipts: [receipt] };
      case 5:
        return { type: "stored", id };
      case 6:
        return { type: "post", id, from, body: this.#post(now, id, from) };
      case 7:
        return { type: "deposit", id, from, to, body: this.#letter(now, { id, from, to }, edition) };
      default:
        return { type: "direct", id, from, to, body: this.#letter(now, { id, from, to }, edition) };
    }
  }

  #post(now: Millis, id: string, from: string): Uint8Array {
    const { dice, identity, primitives } = this.#options;
    if (dice.happens(0.5) && this.#bodies.length > 0) return dice.pick(this.#bodies);
    const place = { number: dice.below(10), previous: dice.bytes(32).toHex() };
    return encodePost(primitives, identity, undefined, { id, from, sentAt: now, text: FORGED, ...place });
  }

  /** Somebody's, or its own with somebody's name on it. */
  #letter(now: Millis, envelope: { id: string; from: string; to: string }, edition: number): Uint8Array {
    const { dice, identity, primitives } = this.#options;
    const recipient = this.#rows.get(envelope.to);
    if (recipient === undefined || (dice.happens(0.5) && this.#bodies.length > 0)) {
      return this.#bodies.length > 0 ? dice.pick(this.#bodies) : dice.bytes(300);
    }
    const prekey = primitives.keyPair(dice.bytes(32)).publicKey.toHex();
    const sender = identity.bundle(envelope.from, prekey, now);
    const contents = {
      after: dice.pick(this.#ids),
      afterHash: dice.bytes(32).toHex(),
      sentAt: now,
      text: FORGED,
    };
    return this.#sealer.seal(now, envelope, edition, { sender, recipient }, contents)!;
  }
}

/** Shown under no name but its own. */
export const FORGED = "forged";

const NO_ROWS = { start: 0, counter: 0 };

/**
 * A registered member with bad intentions: says under its own keys whatever it likes, with what it has seen
 * of others, to the server and to everybody in the table.
 */
import type { Millis } from "../../core/base/units.ts";
import type { Link } from "../../core/link/link.ts";
import { OUTCOMES } from "../../core/messages/identity.ts";
import type { Nick } from "../../core/messages/nick.ts";
import type { Row } from "../../core/messages/table.ts";
import type { Verb, VerbOf } from "../../core/messages/verb.ts";
import type { Dice } from "../kit/dice.ts";
import { type Addressee, Speaker } from "../kit/speaker.ts";
import type { Surroundings } from "../kit/surroundings.ts";

const MOST_BODIES = 50;

export class HostilePeer extends Speaker {
  readonly #server: Addressee;
  readonly #dice: Dice;
  /** How long it waits between two deeds. */
  readonly #pause: Millis;
  readonly #rows = new Map<string, Row>();
  /** Bodies that it has been sent, and ids that it knows. */
  readonly #bodies: Uint8Array[] = [];
  readonly #ids: string[] = ["0".repeat(32)];

  constructor(home: Surroundings, server: Addressee, dice: Dice, nick: Nick) {
    super(home, nick, { address: { host: "10.0.3.1", port: 20_000 }, keepsAlive: true });
    this.#server = server;
    this.#dice = dice;
    this.#pause = dice.pick([300, 3_000]);
  }

  /** Until it has had enough. */
  isHostileFor(duration: Millis): void {
    const { schedule } = this.home;
    const end = this.home.now + duration;
    const goOn = () => {
      this.#doSomething(this.home.now);
      const next = this.home.now + this.#pause * (0.5 + this.#dice.next());
      if (next < end) schedule.at(next, goOn);
    };
    goOn();
  }

  protected override onVerb(link: Link, verb: Verb): void {
    if (verb.type === "rows") { for (const row of verb.rows) this.#rows.set(row.nick, row); }
    if (verb.type === "registered") {
      link.send(this.home.now, { type: "rowsSince", nick: this.nick, version: NO_ROWS });
    }
    if ("body" in verb && this.#bodies.length < MOST_BODIES) this.#bodies.push(verb.body);
    if ("id" in verb) this.#ids.push(verb.id);
  }

  #doSomething(now: Millis): void {
    const { nick } = this;
    const [dice, server] = [this.#dice, this.#server];
    if (this.turn === 0 || dice.happens(0.1)) return this.#register(now);
    const victim = dice.pick([...this.#rows.values(), undefined]);
    if (victim === undefined) return this.says(server, this.#saying(now, nick, nick));
    const from = dice.pick([nick, victim.nick, ...this.#rows.keys()]);
    const verb = this.#saying(now, from, victim.nick);
    if (dice.happens(0.5)) return this.says(server, verb);
    this.links.open(now, victim.key, victim.addresses).send(now, verb);
    this.wakesUp();
  }

  #register(now: Millis): void {
    const { home, nick } = this;
    const dice = this.#dice;
    const prekey = home.primitives.keyPair(dice.bytes(32)).publicKey.toHex();
    const turn = ++this.turn;
    const own = this.identity.bundle(nick, prekey, now, turn);
    const bundle = dice.happens(0.1) ? this.#rows.get(nick) ?? own : own;
    this.says(this.#server, {
      type: "register",
      nick,
      turn,
      asked: true,
      bundle,
      candidates: [],
      predecessors: [],
    });
  }

  #saying(now: Millis, from: string, to: string): Verb {
    const dice = this.#dice;
    const id = dice.happens(0.5) ? dice.pick(this.#ids) : dice.bytes(16).toHex();
    const [outcome, edition] = [dice.pick(OUTCOMES), dice.below(2)];
    const receipt = this.receipt(from, to, { id, edition, outcome });
    switch (dice.below(10)) {
      case 0:
        return { type: "deregister", nick: to, turn: ++this.turn };
      case 1:
        return { type: "leave", nick: to, turn: ++this.turn };
      case 2:
        return { type: "receipt", from, to, ...receipt };
      case 3:
        return { type: "collected", to, receipts: [receipt] };
      case 4:
        return { type: "noted", nick: to, receipts: [receipt] };
      case 5:
        return { type: "stored", id, edition, ephemeral: receipt.ephemeral };
      case 6:
        return { type: "post", id, from, body: this.#post(now, id, from) };
      case 7:
        return { type: "deposit", id, from, to, body: this.#letter(now, { id, from, to }, edition) };
      case 8:
        return { type: "got", ...this.#pair(from, to), outcome, prefix: id.slice(0, 20), runs: [EVERY] };
      default:
        return this.#direct(now, id, from, to);
    }
  }

  /** Its own tag for somebody, or one that nobody has made. */
  #pair(from: string, to: string): { from: string; to: string; people: string } {
    return { from, to, people: this.#direct(0, this.#dice.pick(this.#ids), from, to).people };
  }

  #direct(now: Millis, id: string, from: string, to: string): VerbOf<"direct"> {
    const dice = this.#dice;
    const recipient = this.#rows.get(to);
    const serverKey = dice.happens(0.5) ? this.#server.key : dice.bytes(32).toHex();
    const place = { identity: dice.bytes(32).toHex(), prekey: dice.bytes(32).toHex() };
    const writing = { id, from, to: recipient ?? { nick: to, ...place }, text: FORGED, serverKey };
    return this.direct({ ...writing, sentAt: now, after: dice.pick([undefined, dice.pick(this.#ids)]) });
  }

  #post(now: Millis, id: string, from: string): Uint8Array {
    const dice = this.#dice;
    if (dice.happens(0.5) && this.#bodies.length > 0) return dice.pick(this.#bodies);
    const place = { number: dice.below(10), previous: dice.bytes(32).toHex() };
    return this.post({ id, from, sentAt: now, text: FORGED, ...place });
  }

  /** Somebody's, or its own with somebody's name on it. */
  #letter(now: Millis, envelope: { id: string; from: string; to: string }, edition: number): Uint8Array {
    const dice = this.#dice;
    const recipient = this.#rows.get(envelope.to);
    if (recipient === undefined || (dice.happens(0.5) && this.#bodies.length > 0)) {
      return this.#bodies.length > 0 ? dice.pick(this.#bodies) : dice.bytes(300);
    }
    const prekey = this.home.primitives.keyPair(dice.bytes(32)).publicKey.toHex();
    const sender = this.identity.bundle(envelope.from, prekey, now, 1);
    const place = { after: dice.pick(this.#ids), afterHash: dice.bytes(32).toHex() };
    return this.letter({ ...envelope, ...place, edition, recipient, sender, text: FORGED });
  }
}

/** Shown under no name but its own. */
export const FORGED = "forged";

const EVERY = { from: 1, to: 2 ** 48 - 1 };
const NO_ROWS = { start: 0, counter: 0 };

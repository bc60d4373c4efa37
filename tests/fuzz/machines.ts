/**
 * A whole server, and a whole client at a server that is not what it should be, in the hands of insiders: genuine
 * packets of any frames and verbs, replays, changed ones, from many addresses. After that a genuine client registers,
 * all falls silent, and the machine starts again from what it saved.
 */
import { assert, assertEquals } from "@std/assert";
import type { Action } from "../../core/action.ts";
import { MALFORMED } from "../../core/bytes.ts";
import { Client } from "../../core/client.ts";
import type { Address, Machine, Millis, Records } from "../../core/machine.ts";
import { KEY } from "../../core/records.ts";
import { Server } from "../../core/server.ts";
import { equalAddresses } from "../../core/table.ts";
import { cheapPrimitives as primitives } from "../core/cheap_primitives.ts";
import { SERVER, START } from "../core/scene.ts";
import type { Dice } from "../simulator/random.ts";
import { anyBytes, anyNick, changed } from "./hostile.ts";
import { Insider } from "./insider.ts";
import { memberSays, peerSays, type Say, serverSays, wild } from "./says.ts";
import { type Datagram, Subject } from "./subject.ts";
import type { Note, Target } from "./target.ts";

const STEPS = 300;
const INSIDERS = 3;
const STRANGERS = 5;
/** How much of what insiders say is not sensible. */
const WILD = [0, 0.1, 0.5];
/** More handshakes at once than go without cookies. */
const STORM = 60;
/** Genuine datagrams kept to be replayed. */
const KEPT = 200;
/** Answers to answers, for one datagram. */
const ANSWERS = 20;
/** After so long without a word from anybody there is nobody left to send to. */
const QUIET_MS = 400_000;
const SILENT_MS = 100_000;
const REGISTERS_WITHIN_MS = 3000;
/** The fifty handshakes a second that need no cookie are had again after this. */
const BREATH_MS = 1500;

const OWN: Address = { host: "10.1.0.1", port: 1000 };
const GENUINE: Address = { host: "10.1.0.2", port: 1000 };
const strangerAt = (number: number): Address => ({ host: `10.66.0.${number}`, port: 6 });

/** Everything that goes on around a subject. */
class Crowd {
  readonly subject: Subject;
  readonly #dice: Dice;
  readonly #insiders: readonly Insider[];
  /** Datagrams of insiders and to them. */
  readonly #genuine: Uint8Array[] = [Uint8Array.of(0x21)];

  constructor(dice: Dice, subject: Subject, insiders: readonly Insider[]) {
    this.#dice = dice;
    this.subject = subject;
    this.#insiders = insiders;
    for (const { spoofed } of insiders) subject.limit(spoofed, 3);
    for (let number = 0; number < STRANGERS; number++) subject.limit(strangerAt(number), 1);
  }

  /** One thing happens. */
  step(): void {
    const dice = this.#dice;
    const { subject } = this;
    const kind = dice.next();
    if (kind < 0.7) {
      const { from, bytes } = dice.pick(this.#insiders).speak(subject.now);
      this.#keep(bytes);
      subject.inject(from, bytes);
    } else if (kind < 0.75) subject.inject(strangerAt(dice.below(STRANGERS)), this.#old());
    else if (kind < 0.78) subject.inject(dice.pick(this.#insiders).address, this.#old());
    else if (kind < 0.782) this.#storm();
    else if (kind < 0.98) subject.advance(dice.below(dice.pick([2, 10, 100, 700])));
    else subject.advance(dice.below(dice.pick([5_000, 40_000])));
    this.deliver();
  }

  #storm(): void {
    const insider = this.#dice.pick(this.#insiders);
    for (const bytes of insider.storm(this.subject.now, STORM)) {
      this.#keep(bytes);
      this.subject.inject(insider.address, bytes);
    }
  }

  /** Something that was said before, or nearly; or anything. */
  #old(): Uint8Array {
    const dice = this.#dice;
    return dice.happens(0.6) ? dice.pick(this.#genuine) : anyBytes(dice, this.#genuine);
  }

  /** What the subject has sent reaches the insiders, and their answers reach it. */
  deliver(): void {
    for (let answers = 0; answers < ANSWERS;) {
      const left = this.subject.takeLeft();
      if (left.length === 0) return;
      for (const { to, bytes } of left) {
        this.#keep(bytes);
        for (const insider of this.#insiders) {
          const answer = insider.hear(this.subject.now, to, bytes);
          if (answer === undefined) continue;
          answers++;
          this.#keep(answer);
          this.subject.inject(to, answer);
        }
      }
    }
  }

  #keep(bytes: Uint8Array): void {
    if (this.#genuine.length < KEPT) this.#genuine.push(bytes);
    else this.#genuine[this.#dice.below(KEPT)] = bytes;
  }
}

/** The public key in a machine's records. */
function publicKeyIn(records: Records): Uint8Array {
  for (const [key, value] of records) {
    const record = KEY.matches(key) ? KEY.decode(value) : MALFORMED;
    if (record !== MALFORMED) return primitives.keyPair(Uint8Array.fromHex(record.secret)).publicKey;
  }
  throw new Error("no key was saved");
}

function serverOf(dice: Dice, now: Millis, records: Records): Server {
  const random = (count: number) => dice.bytes(count);
  return new Server(now, { name: "test", durable: true, primitives }, random, records);
}

function clientOf(dice: Dice, nick: string, now: Millis, records: Records): Client {
  const options = { nick, server: SERVER, serverName: "the server", serverKey: undefined, own: OWN };
  const rest = { candidates: [], attempts: 0, durable: true, primitives };
  return new Client(now, { ...options, ...rest }, (count) => dice.bytes(count), records);
}

/** A genuine client registers at the server, whatever happened there before. */
function assertRegisters(dice: Dice, server: Subject, note: Note): void {
  server.advance(BREATH_MS);
  server.takeLeft();
  const client = new Subject(server.now, clientOf(dice, "genuine", server.now, []), note);
  client.act({ type: "register", nick: "genuine" });
  const end = client.now + REGISTERS_WITHIN_MS;
  const isOnline = () => client.notices.some(({ type }) => type === "settled");
  while (!isOnline() && client.now < end) {
    const [up, down] = [client.takeLeft(), server.takeLeft()];
    for (const both of [client, server]) both.advance(1);
    for (const { bytes } of up) server.inject(GENUINE, bytes);
    for (const { bytes } of toThe(GENUINE, down)) client.inject(SERVER, bytes);
  }
  assert(isOnline(), "a genuine client cannot register");
  assert(client.notices.some(({ type }) => type === "registered"));
}

function toThe(address: Address, datagrams: readonly Datagram[]): Datagram[] {
  return datagrams.filter(({ to }) => equalAddresses(to, address));
}

/** When nobody says anything any more, nothing is sent any more. */
function assertFallsSilent(subject: Subject): void {
  subject.advance(QUIET_MS);
  subject.takeLeft();
  subject.advance(SILENT_MS);
  assertEquals(subject.takeLeft().length, 0, "there is still something to send");
}

/** It starts from its records as they are, and from damaged ones. */
function assertStartsAgain(
  dice: Dice,
  before: Subject,
  start: (records: Records) => Machine,
  note: Note,
): Subject {
  const records = [...before.records].sort(([a], [b]) => a < b ? -1 : 1);
  const damaged = records.map(([key, value]) =>
    [key, dice.happens(0.3) ? changed(dice, value) : value] as const
  );
  new Subject(before.now, start(damaged), note).advance(SILENT_MS);
  return new Subject(before.now, start(records), note);
}

function insidersOf(dice: Dice, ownKey: Uint8Array, say: (nick: string) => Say): Insider[] {
  return Array.from({ length: INSIDERS }, (_, number) =>
    new Insider(dice.fork(), {
      address: { host: `10.0.1.${number}`, port: 1 },
      spoofed: { host: `10.0.2.${number}`, port: 1 },
      ownKey,
      secret: dice.bytes(32),
      say: say(`mal${number}`),
    }));
}

const SERVER_TARGET: Target = {
  name: "server",
  iterations: 30,
  run(dice: Dice, note: Note): void {
    const subject = new Subject(START, serverOf(dice.fork(), START, []), note);
    const share = dice.pick(WILD);
    const insiders = insidersOf(dice, publicKeyIn(subject.records), (nick) => wild(share, memberSays(nick)));
    const crowd = new Crowd(dice, subject, insiders);
    for (let step = 0; step < STEPS; step++) crowd.step();
    assertRegisters(dice, subject, note);
    assertFallsSilent(subject);
    const start = (records: Records) => serverOf(dice.fork(), subject.now, records);
    assertRegisters(dice, assertStartsAgain(dice, subject, start, note), note);
  },
};

function anyAction(dice: Dice): Action {
  const text = "x".repeat(dice.pick([1, 100, 3000]));
  switch (dice.below(8)) {
    case 0:
    case 1:
      return { type: "register", nick: "alice" };
    case 2:
    case 3:
    case 4:
      return { type: "sendDirect", to: anyNick(dice), text };
    case 5:
      return { type: "sendChannel", text };
    case 6:
      return { type: "deregister", nick: "alice" };
    default:
      return dice.happens(0.05)
        ? { type: dice.pick(["leave", "quit", "finish"] as const) }
        : { type: "listPeers" };
  }
}

const CLIENT_TARGET: Target = {
  name: "client",
  iterations: 30,
  run(dice: Dice, note: Note): void {
    const subject = new Subject(START, clientOf(dice.fork(), "alice", START, []), note);
    const ownKey = publicKeyIn(subject.records);
    const share = dice.pick(WILD);
    const peers = insidersOf(dice, ownKey, (nick) => wild(share, peerSays(nick)));
    const others = peers.map(({ peer: { key }, address }, number) => ({
      nick: `mal${number}`,
      key,
      address,
    }));
    const server = new Insider(dice.fork(), {
      address: SERVER,
      spoofed: { host: "10.0.2.9", port: 1 },
      ownKey,
      secret: dice.bytes(32),
      say: wild(share, serverSays(others)),
    });
    const crowd = new Crowd(dice, subject, [server, server, ...peers]);
    for (let step = 0; step < STEPS && !subject.exited; step++) {
      if (dice.happens(0.1)) subject.act(anyAction(dice));
      crowd.step();
    }
    assertStartsAgain(dice, subject, (records) => clientOf(dice.fork(), "alice", subject.now, records), note);
  },
};

export const MACHINES: readonly Target[] = [SERVER_TARGET, CLIENT_TARGET];

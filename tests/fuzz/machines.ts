/**
 * A whole server, and a whole client at a server that is not what it should be, in the hands of insiders:
 * genuine packets of any frames and verbs, genuine keys and what can be made of them, replays, changed ones,
 * from many addresses. After that a genuine client registers, all falls silent, and the machine starts again
 * from what it saved.
 */
import { assert, assertEquals } from "@std/assert";
import type { Action } from "../../core/action.ts";
import { equalAddresses } from "../../core/base/address.ts";
import { MALFORMED } from "../../core/base/bytes.ts";
import { HELD_MS } from "../../core/base/limits.ts";
import type { Address, Datagram, Millis } from "../../core/base/units.ts";
import { Client } from "../../core/client/client.ts";
import { KEY } from "../../core/durable/records.ts";
import type { Machine, Records } from "../../core/machine.ts";
import { Server } from "../../core/server/server.ts";
import { Author } from "../kit/author.ts";
import { cheapPrimitives as primitives } from "../kit/cheap_primitives.ts";
import type { Dice } from "../kit/dice.ts";
import { NO_LIMITS } from "../kit/samples.ts";
import { countingStopwatch } from "../kit/stopwatch.ts";
import { SERVER, START } from "../kit/surroundings.ts";
import { Crowd } from "./crowd.ts";
import { anyNick, changed } from "./hostile.ts";
import { Insider, type InsiderOptions } from "./insider.ts";
import { Liar } from "./lies.ts";
import { Plot } from "./plot.ts";
import { honestSays, memberSays, peerSays, serverSays, wild } from "./says.ts";
import { Subject } from "./subject.ts";
import type { Note, Target } from "./target.ts";
import { ClientWitness, ServerWitness } from "./witness.ts";

const STEPS = 300;
const STEPS_AGAIN = 100;
const INSIDERS = 3;
/** How much of what insiders say is not sensible. */
const WILD = [0, 0.1, 0.5];
/** After so long without a word from anybody there is nobody left to send to. */
const QUIET_MS = 400_000;
const SILENT_MS = 100_000;
const REGISTERS_WITHIN_MS = 3000;
/** The fifty handshakes a second that need no cookie are had again after this. */
const BREATH_MS = 1500;
/** By then all that is held is shown, gap behind gap, and what need not be saved at once is saved. */
const SETTLED_MS = 2 * HELD_MS;

const OWN: Address = { host: "10.1.0.1", port: 1000 };
const GENUINE: Address = { host: "10.1.0.2", port: 1000 };
const insiderAt = (number: number): Address => ({ host: `10.0.1.${number}`, port: 1 });
const seemsAt = (number: number): Address => ({ host: `10.0.2.${number}`, port: 1 });

/** The public key in a server's records. */
function publicKeyIn(records: Records): Uint8Array {
  for (const [key, value] of records) {
    const record = KEY.matches(key) ? KEY.decode(value) : MALFORMED;
    if (record !== MALFORMED) return primitives.keyPair(Uint8Array.fromHex(record.secret)).publicKey;
  }
  throw new Error("no key was saved");
}

function serverOf(dice: Dice, now: Millis, records: Records): Server {
  const random = (count: number) => dice.bytes(count);
  const options = {
    name: "test",
    durable: true,
    primitives,
    stopwatch: countingStopwatch(),
    limits: NO_LIMITS,
  };
  return new Server(now, options, random, records);
}

interface ClientParts {
  readonly me: Author;
  readonly invited?: Author | undefined;
  readonly channelKey?: Uint8Array | undefined;
}

function clientOf(dice: Dice, parts: ClientParts, now: Millis, records: Records): Client {
  const { me: { identity, nick }, invited, channelKey } = parts;
  const known = invited === undefined ? [] : [{ nick: invited.nick, identity: invited.identity.publicKey }];
  const options = { nick, server: SERVER, serverName: "the server", serverKey: undefined, own: OWN };
  const keys = { identity, invited: known, channelKey, primitives, stopwatch: countingStopwatch() };
  const rest = {
    candidates: [],
    attempts: 0,
    interactive: false,
    sendsOnly: false,
    isAttended: false,
    durable: true,
    recalls: 0,
    foreword: [],
  };
  return new Client(now, { ...options, ...keys, ...rest }, (count) => dice.bytes(count), records);
}

/** A genuine client registers at the server, whatever happened there before. */
function assertRegisters(dice: Dice, server: Subject, me: Author, note: Note): void {
  server.advance(BREATH_MS);
  server.takeLeft();
  const client = new Subject(server.now, clientOf(dice, { me }, server.now, []), note);
  client.act({ type: "register", nick: me.nick });
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

function sorted(records: Records): [key: string, value: Uint8Array][] {
  return [...records].map(([key, value]): [string, Uint8Array] => [key, value])
    .sort(([a], [b]) => a < b ? -1 : 1);
}

/** It starts from damaged records. */
function assertStartsDamaged(
  dice: Dice,
  before: Subject,
  start: (records: Records) => Machine,
  note: Note,
): void {
  const damaged = sorted(before.records).map(([key, value]) =>
    [key, dice.happens(0.3) ? changed(dice, value) : value] as const
  );
  new Subject(before.now, start(damaged), note).advance(SILENT_MS);
}

/** A link of somebody's, from the address of his number. */
function insiderOf(
  dice: Dice,
  number: number,
  { linkSecret: secret }: Author,
  rest: Pick<InsiderOptions, "ownKey" | "say" | "hears" | "says">,
): Insider {
  return new Insider(dice.fork(), { address: insiderAt(number), spoofed: seemsAt(number), secret, ...rest });
}

// ---- the server ------------------------------------------------------------------------------------------

const SERVER_TARGET: Target = {
  name: "server",
  iterations: 30,
  run(dice: Dice, note: Note): void {
    const witness = new ServerWitness();
    const watch = witness.look.bind(witness);
    const subject = new Subject(START, serverOf(dice.fork(), START, []), note, watch);
    const ownKey = publicKeyIn(subject.records);
    const share = dice.pick(WILD);
    const people = Array.from({ length: INSIDERS }, (_, at) => new Author(primitives, dice, `mal${at}`));
    const plot = new Plot(people, ownKey.toHex());
    const insiders = people.map((me, number) => {
      const say = wild(share, memberSays(plot, new Liar(plot, me)));
      const { publicKey } = me.identity;
      return insiderOf(dice, number, me, {
        ownKey,
        say,
        hears(verb) {
          plot.hear(verb);
          witness.told(publicKey, verb);
        },
        says: (verb) => witness.said(publicKey, verb),
      });
    });
    const crowd = new Crowd(dice, subject, insiders);
    for (let step = 0; step < STEPS; step++) crowd.step();
    const genuine = new Author(primitives, dice, "genuine");
    assertRegisters(dice, subject, genuine, note);
    assertFallsSilent(subject);
    const start = (records: Records) => serverOf(dice.fork(), subject.now, records);
    assertStartsDamaged(dice, subject, start, note);
    const records = sorted(subject.records);
    const again = new Subject(subject.now, start(records), note, watch, records);
    assertRegisters(dice, again, genuine, note);
  },
};

// ---- a client --------------------------------------------------------------------------------------------

function anyAction(dice: Dice, plot: Plot, { identity, nick }: Author): Action {
  const to = anyNick(dice);
  const write = (to: string | undefined) =>
    plot.ledger.write({ identity: identity.publicKey, nick, to }, dice.pick([1, 100, 3000]));
  switch (dice.below(10)) {
    case 0:
    case 1:
    case 2:
      return { type: "register", nick };
    case 3:
    case 4:
    case 5:
      return { type: "sendDirect", to, text: write(to) };
    case 6:
      return { type: "sendChannel", text: write(undefined) };
    case 7:
    case 8:
      return dice.happens(0.3)
        ? { type: "trust", nick: to }
        : { type: "verify", nick: to, digits: dice.pick([undefined, "12345"]) };
    default:
      return dice.happens(0.2)
        ? { type: "deregister", nick }
        : dice.happens(0.05)
        ? { type: dice.pick(["leave", "quit", "finish"] as const) }
        : { type: dice.pick(["listPeers", "listWays", "invite"] as const) };
  }
}

const CLIENT_TARGET: Target = {
  name: "client",
  iterations: 30,
  run(dice: Dice, note: Note): void {
    const [me, bob] = ["alice", "bob"].map((nick) => new Author(primitives, dice, nick)) as [
      Author,
      Author,
    ];
    const mals = Array.from({ length: INSIDERS }, (_, at) => new Author(primitives, dice, `mal${at}`));
    const people = [...mals, bob];
    const channelKey = dice.happens(0.5) ? dice.bytes(32) : undefined;
    const invited = dice.happens(0.5) ? bob : undefined;
    const serverSecret = dice.bytes(32);
    const plot = new Plot(people, primitives.keyPair(serverSecret).publicKey.toHex(), channelKey);
    const witness = new ClientWitness({ plot, me, invited });
    const watch = witness.look.bind(witness);
    const start = (now: Millis, records: Records) =>
      clientOf(dice.fork(), { me, invited, channelKey }, now, records);
    let subject = new Subject(START, start(START, []), note, watch);
    subject.act({ type: "register", nick: me.nick });

    const share = dice.pick(WILD);
    const ownKey = me.identity.keyPair.publicKey;
    const hears = plot.hear.bind(plot);
    const liars = people.map((one) => new Liar(plot, one));
    const honest = liars.at(-1)!;
    const peers = liars.map((liar, number) => {
      const say = liar === honest ? honestSays(liar, me.nick) : wild(share, peerSays(plot, liar, me.nick));
      return insiderOf(dice, number, liar.me, { ownKey, say, hears });
    });
    const others = liars.map((liar, number) => ({ liar, address: insiderAt(number) }));
    const server = new Insider(dice.fork(), {
      address: SERVER,
      spoofed: seemsAt(9),
      ownKey,
      secret: serverSecret,
      say: wild(share, serverSays(plot, others, honest)),
      hears,
    });
    const crowd = new Crowd(dice, subject, [server, server, server, server, ...peers]);
    const go = (steps: number) => {
      for (let step = 0; step < steps && !subject.exited; step++) {
        if (dice.happens(0.1)) {
          const action = anyAction(dice, plot, me);
          witness.acts(action);
          subject.act(action);
        }
        crowd.step();
      }
    };
    go(STEPS);
    const records = sorted(subject.records);
    assertStartsDamaged(dice, subject, (damaged) => start(subject.now, damaged), note);
    // The same user in another process: what was true before is true now.
    witness.restarts(records);
    subject = new Subject(subject.now, start(subject.now, records), note, watch, records);
    crowd.surround(subject);
    subject.act({ type: "register", nick: me.nick });
    go(STEPS_AGAIN);
    subject.advance(SETTLED_MS);
    if (!subject.exited) witness.finish();
  },
};

export const MACHINES: readonly Target[] = [SERVER_TARGET, CLIENT_TARGET];

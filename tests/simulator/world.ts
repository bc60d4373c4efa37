/** One simulated world: a server, clients, users who do things, faults, then peace. One seed decides everything. */
import type { Action } from "../../core/action.ts";
import { MALFORMED } from "../../core/base/bytes.ts";
import { type Primitives, primitives } from "../../core/base/crypto.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import { Client } from "../../core/client/client.ts";
import { INBOX, LETTER, OUTBOX, RECEIPT } from "../../core/durable/records.ts";
import { Identity, SECRETS_BYTES } from "../../core/messages/identity.ts";
import { Server } from "../../core/server/server.ts";
import { cheapPrimitives } from "../kit/cheap_primitives.ts";
import { NO_LIMITS } from "../kit/samples.ts";
import { Disk } from "../kit/disk.ts";
import { HostilePeer } from "./hostile_peer.ts";
import { tamper } from "./tampering.ts";
import { Network, type Weather } from "../kit/network.ts";
import { type NodeOptions, SimulatedNode } from "./node.ts";
import { HOSTILE, Oracle } from "./oracle.ts";
import { Dice } from "../kit/dice.ts";
import { Schedule } from "../kit/schedule.ts";

const START: Millis = 1_700_000_000_000;
const SERVER: Address = { host: "10.0.0.1", port: 9999 };
const FAULTS_MS = 40_000;
const PEACE_MS = 150_000;
const MOST_CLIENTS = 5;
/** The other worlds have cheap cryptography: most of the time would be spent on it. */
const REAL_PRIMITIVES_EVERY = 20;

export interface Result {
  readonly seed: number;
  readonly failures: readonly string[];
  readonly messages: number;
  readonly datagrams: number;
}

export function simulate(seed: number, tell: (line: string) => void = () => {}): Result {
  const world = new World(seed, tell);
  try {
    world.run();
  } catch (error) {
    return {
      ...world.result,
      failures: [...world.result.failures, `threw ${error instanceof Error ? error.stack : error}`],
    };
  }
  return world.result;
}

class World {
  readonly #seed: number;
  readonly #primitives: Primitives;
  readonly #dice: Dice;
  readonly #schedule = new Schedule(START);
  readonly #network: Network;
  readonly #oracle: Oracle;
  readonly #server: SimulatedNode;
  readonly #clients: SimulatedNode[] = [];
  /** The server's key, by the client that has met it. */
  readonly #pins = new Map<string, string>();
  readonly #tell: (line: string) => void;
  /** Who has bad intentions. Towards a hostile server there is no liveness to demand. */
  readonly #hostile: "nobody" | "server" | "peer";
  readonly #hostility: Dice;
  #texts = 0;
  #ports = 20_000;
  #peace = false;

  constructor(seed: number, tell: (line: string) => void) {
    this.#seed = seed;
    this.#primitives = seed % REAL_PRIMITIVES_EVERY === 0 ? primitives : cheapPrimitives;
    this.#tell = tell;
    this.#dice = new Dice(seed);
    this.#network = new Network(this.#dice.fork(), this.#schedule);
    this.#hostility = this.#dice.fork();
    this.#hostile = this.#hostility.pick(["nobody", "nobody", "nobody", "server", "peer"]);
    this.#oracle = new Oracle(this.#hostile === "server");
    this.#server = this.#makeNode(
      "SERVER",
      (now, dice, disk) =>
        new Server(
          now,
          { name: "test", durable: true, primitives: this.#primitives, limits: NO_LIMITS },
          (n) => dice.bytes(n),
          disk.read(),
        ),
    );
    const attempts = this.#dice.pick([0, 5]);
    for (let number = 0; number < 2 + this.#dice.below(MOST_CLIENTS - 1); number++) {
      const nick = `c${number}`;
      const identity = new Identity(this.#primitives, this.#dice.bytes(SECRETS_BYTES));
      const node = this.#makeNode(
        nick,
        (now, dice, disk, own) =>
          new Client(
            now,
            {
              nick,
              server: SERVER,
              serverName: "the server",
              serverKey: this.#pins.get(nick),
              own,
              candidates: [own],
              attempts,
              identity,
              invited: [],
              channelKey: undefined,
              durable: true,
              primitives: this.#primitives,
            },
            (n) => dice.bytes(n),
            disk.read(),
          ),
      );
      node.disk.onCommit = (changes) => this.#oracle.committed(nick, changes);
      this.#clients.push(node);
    }
  }

  get result(): Result {
    const { failures, accepted: messages } = this.#oracle;
    return { seed: this.#seed, failures, messages, datagrams: this.#network.carried };
  }

  run(): void {
    this.#server.start(SERVER);
    for (const client of this.#clients) this.#startClient(client);
    this.#schedule.runUntil(START + 2_000);
    if (this.#hostile === "peer") this.#startHostilePeer();
    this.#makeFaults();
    this.#schedule.runUntil(START + FAULTS_MS);
    this.#makePeace();
    this.#schedule.runUntil(START + FAULTS_MS + PEACE_MS);
    this.#oracle.checkHonesty();
    if (this.#hostile === "server") return;
    this.#oracle.checkLiveness();
    this.#checkNothingLeft();
  }

  #makeNode(name: string, makeMachine: NodeOptions["makeMachine"]): SimulatedNode {
    return new SimulatedNode({
      name,
      disk: new Disk(),
      dice: this.#dice.fork(),
      schedule: this.#schedule,
      network: this.#network,
      skew: this.#dice.between(-3_600_000, 3_600_000),
      makeMachine,
      onNotice: (node, notice) => {
        if (notice.type !== "settled") this.#tell(`${this.#time} ${name} ${JSON.stringify(notice)}`);
        if (notice.type === "serverMet") this.#pins.set(name, notice.key);
        if (notice.type === "registered") this.#oracle.joined(name);
        this.#oracle.noticed(name, node.life, this.#schedule.now, notice);
      },
      onDeath: (node, how) => this.#onDeath(node, how),
    });
  }

  get #time(): string {
    return ((this.#schedule.now - START) / 1000).toFixed(3);
  }

  #startClient(client: SimulatedNode): void {
    if (client.isAlive) return;
    const number = this.#clients.indexOf(client);
    const port = client.address !== undefined && this.#dice.happens(0.5)
      ? client.address.port
      : this.#ports++;
    this.#tell(`${this.#time} ${client.name} starts on port ${port}`);
    client.start({ host: `10.0.1.${number + 1}`, port });
    client.act({ type: "register", nick: client.name });
  }

  #onDeath(node: SimulatedNode, how: "killed" | "disk" | "exited"): void {
    this.#tell(`${this.#time} ${node.name} ${how} ${node.exitStatus ?? ""}`);
    if (how !== "exited") this.#oracle.killed(node.name, this.#schedule.now);
    // Whoever lost his nick to a hostile operator is refused at once, each time.
    const peaceful = this.#hostile === "server" ? 5_000 : 10;
    const again = this.#peace ? peaceful : this.#dice.between(10, this.#dice.pick([500, 15_000]));
    this.#schedule.at(this.#schedule.now + again, () => {
      node.disk.failing = false;
      if (node !== this.#server) return this.#startClient(node);
      if (node.isAlive) return;
      if (this.#hostile === "server" && !this.#peace) {
        this.#tell(`${this.#time} ${tamper(this.#hostility, node.disk)}`);
      }
      this.#tell(`${this.#time} SERVER starts`);
      node.start(SERVER);
    });
  }

  // ---- the bad times -------------------------------------------------------------------------------------

  #makeFaults(): void {
    const dice = this.#dice;
    const weather: Weather = {
      loss: dice.pick([0, 0.05, 0.2, 0.4]),
      duplication: dice.pick([0, 0.1]),
      delay: dice.pick([1, 20, 200]),
      jitter: dice.pick([0, 10, 100, 400]),
      corruption: dice.pick([0, 0, 0.02, 0.1]),
      mtu: Infinity,
    };
    this.#network.weather = weather;
    this.#tell(`weather ${JSON.stringify(weather)}`);
    const deadliness = dice.pick([0, 0, 0.002, 0.01]);
    for (const node of [this.#server, ...this.#clients]) node.deadliness = deadliness;
    this.#repeat(dice.between(50, 1_000), () => this.#userDoesSomething());
    this.#repeat(2_000, () => this.#network.disturb());
    if (dice.happens(0.5)) this.#repeat(8_000, () => this.#dice.pick(this.#clients).kill());
    if (dice.happens(0.3)) this.#repeat(15_000, () => this.#server.kill());
    if (this.#hostile === "server") this.#repeat(6_000, () => this.#server.kill());
    if (dice.happens(0.4)) this.#repeat(10_000, () => this.#partition());
    if (dice.happens(0.2)) this.#repeat(12_000, () => this.#swallowLong());
    if (dice.happens(0.4)) this.#repeat(8_000, () => this.#rebind());
    if (dice.happens(0.2)) {
      this.#repeat(12_000, () => dice.pick([this.#server, ...this.#clients]).disk.failing = true);
    }
  }

  /** Somebody who registers like everybody else, on a machine that never fails. */
  #startHostilePeer(): void {
    const dice = this.#hostility;
    const identity = new Identity(this.#primitives, dice.bytes(SECRETS_BYTES));
    const serverKey = this.#pins.values().next().value;
    if (serverKey === undefined) return;
    const options = {
      nick: HOSTILE,
      identity,
      primitives: this.#primitives,
      dice,
      server: SERVER,
      serverKey,
    };
    const pause = dice.pick([300, 3_000]);
    const node = this.#makeNode(
      HOSTILE,
      (now) => new HostilePeer(now, { ...options, pause, until: now + FAULTS_MS }),
    );
    node.start({ host: "10.0.3.1", port: 20_000 });
  }

  /** Again and again, on average as often as this, until there is peace. */
  #repeat(average: Millis, run: () => void): void {
    this.#schedule.at(this.#schedule.now + this.#dice.next() * 2 * average, () => {
      if (this.#peace) return;
      run();
      this.#repeat(average, run);
    });
  }

  #partition(): void {
    const { host } = this.#dice.pick([this.#server, ...this.#clients]).address!;
    this.#network.cut(host);
    this.#tell(`${this.#time} ${host} is cut off`);
    this.#schedule.at(this.#schedule.now + this.#dice.between(100, 20_000), () => this.#network.mend(host));
  }

  /** For a while only short datagrams pass. */
  #swallowLong(): void {
    const { weather } = this.#network;
    this.#network.weather = { ...weather, mtu: this.#dice.pick([150, 300, 600]) };
    this.#schedule.at(this.#schedule.now + this.#dice.between(100, 10_000), () => {
      this.#network.weather = { ...this.#network.weather, mtu: Infinity };
    });
  }

  /** A client is behind another address, or another port of its own, and does not know it. */
  #rebind(): void {
    const client = this.#dice.pick(this.#clients);
    if (!client.isAlive) return;
    const { host } = client.address!;
    const outside = {
      host: this.#dice.happens(0.5) ? host : `10.0.2.${this.#dice.below(250)}`,
      port: this.#ports++,
    };
    this.#tell(`${this.#time} ${client.name} is seen at ${outside.host}:${outside.port}`);
    this.#network.rebind(client.address!, outside);
  }

  #userDoesSomething(): void {
    const client = this.#dice.pick(this.#clients);
    if (!client.isAlive) return;
    const burst = this.#dice.happens(0.1) ? 1 + this.#dice.below(20) : 1;
    for (let count = 0; count < burst; count++) client.act(this.#anAction(client));
  }

  #anAction(client: SimulatedNode): Action {
    const roll = this.#dice.next();
    if (roll < 0.04) return { type: "deregister", nick: client.name };
    if (roll < 0.10) return { type: "register", nick: client.name };
    if (roll < 0.12) return { type: "quit" };
    if (roll < 0.13) return { type: "leave" };
    const text = this.#aText(client);
    if (roll < 0.25) return { type: "sendChannel", text };
    return { type: "sendDirect", to: this.#dice.pick(this.#clients).name, text };
  }

  /** Mostly short; some take several packets. */
  #aText({ name }: SimulatedNode): string {
    const text = `${name}-${++this.#texts}`;
    if (!this.#dice.happens(0.03)) return text;
    return `${text} `.padEnd(this.#dice.pick([1100, 1300, 5_000, 65_536]), "long ");
  }

  // ---- peace ---------------------------------------------------------------------------------------------

  /** Everything heals: from now on all that was accepted has to arrive. */
  #makePeace(): void {
    this.#peace = true;
    this.#network.heal();
    this.#tell(`${this.#time} peace`);
    for (const node of [this.#server, ...this.#clients]) {
      node.deadliness = 0;
      node.disk.failing = false;
    }
    if (!this.#server.isAlive) this.#server.start(SERVER);
    for (const client of this.#clients) this.#startClient(client);
    // Whoever deregistered comes back, and again if that was while something else was under way.
    for (const after of [1_000, 20_000, 60_000]) {
      this.#schedule.at(this.#schedule.now + after, () => {
        for (const client of this.#clients) client.act({ type: "register", nick: client.name });
      });
    }
  }

  #checkNothingLeft(): void {
    for (const { name, disk } of this.#clients) {
      const left = [...disk.read()].filter(([key, value]) =>
        OUTBOX.matches(key) || (INBOX.matches(key) && !isFromHostile(value))
      ).map(([key]) => key);
      if (left.length > 0) this.#oracle.fail(`'${name}' still has ${left.join(", ")}`);
    }
    const mail = [...this.#server.disk.read()].filter(([key, value]) => {
      const record = LETTER.matches(key)
        ? LETTER.decode(value)
        : RECEIPT.matches(key)
        ? RECEIPT.decode(value)
        : MALFORMED;
      return record !== MALFORMED && record.from !== HOSTILE && record.to !== HOSTILE;
    });
    if (mail.length > 0) this.#oracle.fail(`the server still has ${mail.map(([key]) => key).join(", ")}`);
  }
}

/** What the hostile peer wrote may wait for something that it never wrote. */
function isFromHostile(value: Uint8Array): boolean {
  const message = INBOX.decode(value);
  return message !== MALFORMED && message.from === HOSTILE;
}

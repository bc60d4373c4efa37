/**
 * One simulated world: a server, clients, users who do things, faults, then peace. One seed decides
 * everything.
 */
import type { Action } from "../../core/action.ts";
import { MALFORMED } from "../../core/base/bytes.ts";
import { primitives } from "../../core/base/crypto.ts";
import { DAY_MS, HOUR_MS, TABLE_ROWS } from "../../core/base/limits.ts";
import type { Millis } from "../../core/base/units.ts";
import { EVENT, INBOX, LETTER, OUTBOX, RECEIPT } from "../../core/durable/records.ts";
import type { Notice } from "../../core/notice.ts";
import { cheapPrimitives } from "../kit/cheap_primitives.ts";
import type { Dice } from "../kit/dice.ts";
import type { Weather } from "../kit/network.ts";
import { Nat, NAT_KINDS } from "../kit/nat.ts";
import { Person } from "../kit/person.ts";
import type { Process, ProcessOptions } from "../kit/process.ts";
import { ServerProcess } from "../kit/server_process.ts";
import { START, Surroundings } from "../kit/surroundings.ts";
import { HostilePeer } from "./hostile_peer.ts";
import { HOSTILE, Oracle } from "./oracle.ts";
import { tamper } from "./tampering.ts";

const FAULTS_MS = 40_000;
const PEACE_MS = 150_000;
/** Where clocks leap: so long that everybody has looked for what is too old. */
const LONG_PEACE_MS = 2 * HOUR_MS;
/** By how much a wall clock is off once it was set. */
const SKEWS_MS = [-730 * DAY_MS, -8 * HOUR_MS, 0, 8 * HOUR_MS, 31 * DAY_MS, 730 * DAY_MS];
const MOST_CLIENTS = 5;
/** In half of the worlds the table of three clients is too large to be sent to everybody. */
const FEW_ROWS = 2;
/** The other worlds have cheap cryptography: most of the time would be spent on it. */
const REAL_PRIMITIVES_EVERY = 20;

export interface Result {
  readonly seed: number;
  readonly failures: readonly string[];
  readonly messages: number;
  readonly datagrams: number;
}

export function simulate(seed: number, tell: (line: string) => void = () => {}): Result {
  const simulation = new Simulation(seed, tell);
  try {
    simulation.run();
  } catch (error) {
    return {
      ...simulation.result,
      failures: [...simulation.result.failures, `threw ${error instanceof Error ? error.stack : error}`],
    };
  }
  return simulation.result;
}

class Simulation extends Surroundings {
  readonly server: ServerProcess;
  readonly #seed: number;
  readonly #oracle: Oracle;
  readonly #clients: Person[] = [];
  readonly #nats: Nat[] = [];
  readonly #tell: (line: string) => void;
  /** Who has bad intentions. Towards a hostile server there is no liveness to demand. */
  readonly #hostile: "nobody" | "server" | "peer";
  readonly #hostility: Dice;
  /** How often somebody who starts runs a script that only sends, as long as there is no peace. */
  readonly #scripts: number;
  /** Whether wall clocks are set while their processes run, and while they do not. */
  readonly #clocksLeap: boolean;
  /** Whose clock was set forward already. */
  readonly #wereAhead = new Set<Process>();
  /** Who does not start for now. */
  #away: Person | undefined;
  #texts = 0;
  #ports = 20_000;
  #peace = false;

  constructor(seed: number, tell: (line: string) => void) {
    super(seed, seed % REAL_PRIMITIVES_EVERY === 0 ? primitives : cheapPrimitives);
    this.#seed = seed;
    this.#tell = tell;
    this.#hostility = this.dice.fork();
    this.#hostile = this.#hostility.pick(["nobody", "nobody", "nobody", "server", "peer"]);
    this.#scripts = this.dice.pick([0, 0, 0.5]);
    this.#clocksLeap = this.dice.happens(0.3);
    this.#oracle = new Oracle(this.#hostile === "server");
    const tableRows = this.dice.pick([TABLE_ROWS, FEW_ROWS]);
    this.server = this.#watched(new ServerProcess(this, { ...this.#chance(), tableRows }));
    const attempts = this.dice.pick([0, 5]);
    for (let number = 0; number < 2 + this.dice.below(MOST_CLIENTS - 1); number++) {
      const nick = `c${number}`;
      const settings = { ...this.#chance(), attempts };
      const client = this.#watched(new Person(this, nick, `10.0.1.${number + 1}`, settings));
      client.disk.onCommit = (changes) => this.#oracle.committed(nick, changes);
      this.#clients.push(client);
    }
    if (this.dice.happens(0.5)) this.#buildNats();
  }

  /** Some are behind NATs, two of them perhaps behind the same one. */
  #buildNats(): void {
    let hosts = this.#clients.map(({ host }) => host);
    while (hosts.length > 0) {
      const hidden = hosts.slice(0, this.dice.pick([1, 1, 1, 2]));
      hosts = hosts.slice(hidden.length);
      if (this.dice.happens(0.3)) continue;
      const nat = new Nat(
        this.dice.pick(NAT_KINDS),
        `10.0.3.${this.#nats.length}`,
        hidden,
        this.dice.happens(0.3),
      );
      this.#nats.push(nat);
      this.network.translate(nat);
    }
  }

  /** Each process has a chance and a wall clock of its own. */
  #chance(): ProcessOptions {
    return { dice: this.dice.fork(), skew: this.dice.between(-3_600_000, 3_600_000) };
  }

  #watched<Watched extends Process>(process: Watched): Watched {
    process.onNotice = (notice) => this.#onNotice(process, notice);
    process.onDeath = (how) => this.#onDeath(process, how);
    return process;
  }

  get result(): Result {
    const { failures, accepted: messages } = this.#oracle;
    return { seed: this.#seed, failures, messages, datagrams: this.network.carried };
  }

  run(): void {
    this.server.starts();
    for (const client of this.#clients) this.#startClient(client);
    this.runs(2_000);
    if (this.#hostile === "peer") {
      new HostilePeer(this, this.server, this.#hostility, HOSTILE).isHostileFor(FAULTS_MS);
    }
    this.#makeFaults();
    this.runs(FAULTS_MS);
    this.#makePeace();
    this.runs(this.#clocksLeap ? LONG_PEACE_MS : PEACE_MS);
    this.#oracle.checkHonesty();
    if (this.#hostile === "server") return;
    this.#oracle.checkLiveness();
    this.#checkNothingLeft();
  }

  #onNotice({ life, name, ownTime }: Process, notice: Notice): void {
    if (notice.type !== "settled") this.#tell(`${this.#time} ${name} ${JSON.stringify(notice)}`);
    if (notice.type === "registered") this.#oracle.joined(name);
    this.#oracle.noticed(name, life, ownTime, notice);
  }

  get #time(): string {
    return ((this.now - START) / 1000).toFixed(3);
  }

  #startClient(client: Person): void {
    if (client.isAlive || client === this.#away) return;
    const port = client.life > 0 && this.dice.happens(0.5) ? client.address.port : this.#ports++;
    const isScript = !this.#peace && this.dice.happens(this.#scripts);
    this.#tell(`${this.#time} ${client.name} ${isScript ? "runs a script" : "starts"} on port ${port}`);
    client.opens(port, isScript);
    client.act({ type: "register", nick: client.nick });
    if (!isScript) return;
    for (let count = this.dice.below(5); count > 0; count--) client.act(this.#aMessage(client));
    client.act({ type: this.dice.happens(0.5) ? "finish" : "quit" });
  }

  #onDeath(process: Process, how: "killed" | "disk" | "exited"): void {
    this.#tell(`${this.#time} ${process.name} ${how} ${process.exitStatus ?? ""}`);
    if (how !== "exited") this.#oracle.killed(process.name, process.ownTime);
    // Whoever lost his nick to a hostile operator is refused at once, each time.
    if (this.#clocksLeap) this.#setClock(process);
    const peaceful = this.#hostile === "server" ? 5_000 : 10;
    const again = this.#peace ? peaceful : this.dice.between(10, this.dice.pick([500, 15_000]));
    this.schedule.at(this.now + again, () => {
      process.disk.failing = false;
      if (process instanceof Person) return this.#startClient(process);
      if (process.isAlive) return;
      if (this.#hostile === "server" && !this.#peace) {
        this.#tell(`${this.#time} ${tamper(this.#hostility, process.disk)}`);
      }
      this.#tell(`${this.#time} SERVER starts`);
      this.server.starts();
    });
  }

  // ---- the bad times -------------------------------------------------------------------------------------

  #makeFaults(): void {
    const dice = this.dice;
    const weather: Weather = {
      loss: dice.pick([0, 0.05, 0.2, 0.4]),
      duplication: dice.pick([0, 0.1]),
      delay: dice.pick([1, 20, 200]),
      jitter: dice.pick([0, 10, 100, 400]),
      corruption: dice.pick([0, 0, 0.02, 0.1]),
      mtu: Infinity,
    };
    this.network.weather = weather;
    this.#tell(`weather ${JSON.stringify(weather)}`);
    const deadliness = dice.pick([0, 0, 0.002, 0.01]);
    for (const process of this.#all) process.deadliness = deadliness;
    this.#repeat(dice.between(50, 1_000), () => this.#userDoesSomething());
    this.#repeat(2_000, () => this.network.disturb());
    if (dice.happens(0.5)) this.#repeat(8_000, () => this.#kill(dice.pick(this.#clients)));
    if (dice.happens(0.3)) this.#repeat(15_000, () => this.#kill(this.server));
    if (this.#hostile === "server") this.#repeat(6_000, () => this.#kill(this.server));
    if (dice.happens(0.4)) this.#repeat(10_000, () => this.#partition());
    if (dice.happens(0.2)) this.#repeat(12_000, () => this.#swallowLong());
    if (dice.happens(0.2)) this.#repeat(6_000, () => this.#stop(dice.pick(this.#all)));
    if (this.#clocksLeap) this.#repeat(3_000, () => this.#setClock(dice.pick(this.#all)));
    if (dice.happens(0.4)) this.#repeat(8_000, () => this.#rebind());
    if (dice.happens(0.2)) {
      this.#repeat(12_000, () => dice.pick(this.#all).disk.failing = true);
    }
  }

  get #all(): Process[] {
    return [this.server, ...this.#clients];
  }

  #kill(process: Process): void {
    if (process.isAlive) process.isKilled();
  }

  /** Again and again, on average as often as this, until there is peace. */
  #repeat(average: Millis, run: () => void): void {
    this.schedule.at(this.now + this.dice.next() * 2 * average, () => {
      if (this.#peace) return;
      run();
      this.#repeat(average, run);
    });
  }

  #partition(): void {
    const { host } = this.dice.pick(this.#all);
    this.network.cut(host);
    this.#tell(`${this.#time} ${host} is cut off`);
    this.schedule.at(this.now + this.dice.between(100, 20_000), () => this.network.mend(host));
  }

  /**
   * Somebody sets a wall clock. Once it is set forward, and may be right at one start and wrong at the next:
   * of two starts like that a message that waits may become too old. It is set back as often as he likes.
   */
  #setClock(process: Process): void {
    const skew = this.dice.pick(SKEWS_MS);
    const by = skew - process.skew;
    if (by > HOUR_MS && this.#wereAhead.has(process)) return;
    if (by > HOUR_MS) this.#wereAhead.add(process);
    this.#tell(`${this.#time} the clock of ${process.name} is set by ${by / DAY_MS} days`);
    process.setsClock(skew);
  }

  /** SIGSTOP, or its computer sleeps for a while. */
  #stop(process: Process): void {
    this.#tell(`${this.#time} ${process.name} is stopped`);
    process.isStopped();
    const { life } = process;
    this.schedule.at(this.now + this.dice.between(2_500, 20_000), () => {
      if (process.isAlive && process.life === life) process.isContinued();
    });
  }

  /** For a while only short datagrams pass. */
  #swallowLong(): void {
    const { weather } = this.network;
    this.network.weather = { ...weather, mtu: this.dice.pick([150, 300, 600]) };
    this.schedule.at(this.now + this.dice.between(100, 10_000), () => {
      this.network.weather = { ...this.network.weather, mtu: Infinity };
    });
  }

  /** A client is behind another address, or another port of its own, and does not know it. */
  #rebind(): void {
    const client = this.dice.pick(this.#clients);
    if (!client.isAlive) return;
    const { host } = client;
    const nat = this.#nats.find((it) => it.hides(host));
    if (nat !== undefined) {
      this.#tell(`${this.#time} the NAT of ${client.name} restarts`);
      return nat.restarts();
    }
    const outside = {
      host: this.dice.happens(0.5) ? host : `10.0.2.${this.dice.below(250)}`,
      port: this.#ports++,
    };
    this.#tell(`${this.#time} ${client.name} is seen at ${outside.host}:${outside.port}`);
    this.network.rebind(client.address, outside);
  }

  #userDoesSomething(): void {
    const client = this.dice.pick(this.#clients);
    if (!client.isAlive || client.isScript) return;
    const burst = this.dice.happens(0.1) ? 1 + this.dice.below(20) : 1;
    for (let count = 0; count < burst; count++) client.act(this.#anAction(client));
  }

  #anAction(client: Person): Action {
    const roll = this.dice.next();
    if (roll < 0.04) return { type: "deregister", nick: client.name };
    if (roll < 0.10) return { type: "register", nick: client.name };
    if (roll < 0.12) return { type: "quit" };
    if (roll < 0.13) return { type: "leave" };
    return this.#aMessage(client);
  }

  #aMessage(client: Person): Action {
    const text = this.#aText(client);
    if (this.dice.happens(0.14)) return { type: "sendChannel", text };
    return { type: "sendDirect", to: this.dice.pick(this.#clients).name, text };
  }

  /** Mostly short; some take several packets. */
  #aText({ name }: Person): string {
    const text = `${name}-${++this.#texts}`;
    if (!this.dice.happens(0.03)) return text;
    return `${text} `.padEnd(this.dice.pick([1100, 1300, 5_000, 65_536]), "long ");
  }

  // ---- peace ---------------------------------------------------------------------------------------------

  /** Everything heals: from now on all that was accepted has to arrive. */
  #makePeace(): void {
    this.#peace = true;
    this.network.heal();
    this.#tell(`${this.#time} peace`);
    for (const process of this.#all) {
      process.deadliness = 0;
      process.disk.failing = false;
    }
    if (this.#clocksLeap) this.#keepAway(this.dice.pick(this.#clients));
    if (!this.server.isAlive) this.server.starts();
    for (const client of this.#clients) this.#startClient(client);
    // Whoever deregistered comes back, and again if that was while something else was under way.
    for (const after of [1_000, 20_000, 60_000]) {
      this.schedule.at(this.now + after, () => {
        for (const client of this.#clients) client.act({ type: "register", nick: client.name });
      });
    }
  }

  /**
   * Somebody comes when everybody has looked for what is too old. What waits for him has to be there,
   * whatever the clock says at the start of the server.
   */
  #keepAway(client: Person): void {
    this.#away = client;
    this.#kill(client);
    this.#kill(this.server);
    this.schedule.at(this.now + LONG_PEACE_MS - PEACE_MS, () => {
      this.#away = undefined;
      this.#startClient(client);
    });
  }

  #checkNothingLeft(): void {
    for (const { name, disk } of this.#clients) {
      const left = [...disk.read()].filter(([key, value]) =>
        OUTBOX.matches(key) || (INBOX.matches(key) && !isFromHostile(key, value)) ||
        (EVENT.matches(key) && !isFromHostile(key, value) && !this.#oracle.hasFolded(name))
      ).map(([key]) => key);
      if (left.length > 0) this.#oracle.fail(`'${name}' still has ${left.join(", ")}`);
    }
    const mail = [...this.server.disk.read()].filter(([key, value]) => {
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
function isFromHostile(key: string, value: Uint8Array): boolean {
  const message = INBOX.matches(key) ? INBOX.decode(value) : EVENT.decode(value);
  return message !== MALFORMED && message.from === HOSTILE;
}

/**
 * Real programs on this machine, of which one is killed every 2 seconds (SIGKILL): a server and some clients,
 * whose users go on writing. The dice choose who is killed and who writes what to whom; how the system
 * schedules the processes is up to the system. Then nothing is killed any more, until all has arrived.
 * @module
 */
import { Dice } from "../kit/dice.ts";
import { Host, type Run } from "../system/host.ts";
import { Oracle } from "./oracle.ts";

const PEOPLE = ["alice", "bob", "carol"];
const KILL_MS = 2_000;
/** Now and then the next one is killed while the last one is still away. */
const SOON_MS = 300;
/** Between two looks at the screens. */
const LOOK_MS = 100;
/** From the last kill on: far more than a busy machine takes to deliver all that waits. */
const PEACE_MS = 120_000;

export interface ChaosResult {
  readonly failures: readonly string[];
  readonly accepted: number;
  readonly repeats: number;
  readonly late: number;
  readonly kills: number;
}

/** Kills for so many seconds. `tell` is told what happens. */
export async function chaos(
  seed: number,
  seconds: number,
  tell: (line: string) => void,
): Promise<ChaosResult> {
  await using host = await Host.create();
  const dice = new Dice(seed);
  const oracle = new Oracle(PEOPLE);
  let server: Run | undefined = await host.startServer();
  let starting: Promise<void> | undefined;
  const people = PEOPLE.map((nick) => new Writer(nick, host, oracle));
  await until(() => people.every((person) => person.looks()), PEACE_MS);

  const begin = performance.now();
  let [kills, nextKill] = [0, begin + KILL_MS];
  for (let now = begin; now < begin + seconds * 1000; now = performance.now()) {
    for (const person of people) if (person.looks() && dice.happens(0.5)) await person.writes(dice);
    if (now >= nextKill) {
      kills++;
      nextKill += dice.happens(0.4) ? SOON_MS : KILL_MS;
      const away = people.filter((person) => person.isAway);
      if (server === undefined || dice.happens(0.5)) {
        const victim = dice.pick(people.filter((person) => !person.isAway));
        tell(`${victim.nick} is killed`);
        await victim.isKilled();
        // Others may have to keep for him what comes, until somebody else is killed.
        if (dice.happens(0.5)) victim.comesBack();
      } else {
        tell("the server is killed");
        server.kill("SIGKILL");
        await server.status;
        server = undefined;
        starting = host.startServer().then((run) => void (server = run));
        // Whether it has come is asked for at the end.
        starting.catch(() => {});
      }
      for (const person of away) person.comesBack();
    }
    await pause();
  }
  await starting;
  for (const person of people) if (person.isAway) person.comesBack();

  tell("peace");
  await until(() => people.every((person) => person.looks()), PEACE_MS);
  // What is shown now has the place behind all that came before it.
  for (const person of people) await person.writes(dice);
  await until(() => people.every((person) => person.looks()) && oracle.missing().length === 0, PEACE_MS);
  const silent = people.filter((person) => !person.looks()).map(({ nick }) =>
    `${nick}'s client does not answer`
  );
  const failures = [...oracle.failures, ...oracle.missing(), ...silent];
  for (const person of people) await person.leaves();
  return { failures, accepted: oracle.accepted, repeats: oracle.repeats, late: oracle.late, kills };
}

/** Somebody who writes, and whose program is started again whenever it was killed. */
class Writer {
  readonly nick: string;
  readonly #host: Host;
  readonly #oracle: Oracle;
  isAway = false;
  #run: Run;
  /** How much of the run's output was looked at. */
  #seen = 0;
  /** Whose rows of the table stood on the screen in this run. */
  readonly #known = new Set<string>();
  /** What was typed and may not be done yet. */
  #round: { readonly answer: string; readonly texts: readonly string[]; readonly shown: number } | undefined;
  #rounds = 0;

  constructor(nick: string, host: Host, oracle: Oracle) {
    this.nick = nick;
    this.#host = host;
    this.#oracle = oracle;
    this.#run = this.#starts();
  }

  #starts(): Run {
    return this.#host.client(this.nick, ["--attempts", "0"]);
  }

  /** Looks at the screen. True if the program knows everybody, and has done all that was typed. */
  looks(): boolean {
    if (this.isAway) return false;
    const { text } = this.#run.output;
    const end = text.lastIndexOf("\n") + 1;
    const lines = text.slice(this.#seen, Math.max(end, this.#seen)).split("\n");
    this.#seen = Math.max(end, this.#seen);
    for (const line of lines) {
      const row = /^([a-z]+) @ .* is (ONLINE|OFFLINE|AWAY)/.exec(line)?.[1];
      if (row !== undefined) this.#known.add(row);
      this.#oracle.sees(this.nick, line);
      if (line !== this.#round?.answer) continue;
      this.#oracle.accepts(this.nick, this.#round.texts, this.#round.shown);
      this.#round = undefined;
    }
    return this.#round === undefined && PEOPLE.every((nick) => this.#known.has(nick));
  }

  /** Types some messages, and a question whose answer shows that they are done. */
  async writes(dice: Dice): Promise<void> {
    const others = PEOPLE.filter((nick) => nick !== this.nick);
    const shown = this.#oracle.shownBy(this.nick);
    const texts: string[] = [];
    let lines = "";
    for (let count = 1 + dice.below(4); count > 0; count--) {
      const to = dice.happens(0.25) ? undefined : dice.pick(others);
      const text = this.#oracle.writes(this.nick, to);
      texts.push(text);
      lines += to === undefined ? `send_all ${text}\n` : `send ${to} ${text}\n`;
    }
    const nobody = `nobody${++this.#rounds}`;
    this.#round = { answer: `[Unknown peer: ${nobody}]`, texts, shown };
    await this.#run.type(`${lines}send ${nobody} hi\n`);
  }

  async isKilled(): Promise<void> {
    this.#run.kill("SIGKILL");
    await this.#run.status;
    this.looks();
    this.#oracle.killed(this.nick);
    this.#known.clear();
    this.#round = undefined;
    this.#seen = 0;
    this.isAway = true;
  }

  comesBack(): void {
    this.isAway = false;
    this.#run = this.#starts();
  }

  async leaves(): Promise<void> {
    await this.#run.endInput();
    await this.#run.status;
  }
}

/** Looks again and again, until it is so or the time is over. */
async function until(isSo: () => boolean, limit: number): Promise<void> {
  for (const end = performance.now() + limit; !isSo() && performance.now() < end;) await pause();
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

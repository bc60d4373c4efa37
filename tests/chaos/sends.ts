/**
 * Scripts send while the engines of both sides, the server and the scripts themselves are killed (SIGKILL).
 * What a script is told must be true at once: now and then everything is killed at one blow, as in a power
 * cut, and then the disks are read.
 * @module
 */
import { fileURLToPath } from "node:url";
import { EVENT, INBOX, LETTER, OUTBOX } from "../../core/durable/records.ts";
import type { Records } from "../../core/machine.ts";
import { idOf } from "../../core/messages/message_id.ts";
import { type Kind, openSqlite } from "../../storage/sqlite.ts";
import { Dice } from "../kit/dice.ts";
import { PERMISSIONS } from "../kit/program.ts";
import { Host, type Run } from "../system/host.ts";
import { type Ending, endingLine, endingsIn } from "./endings.ts";
import { Kept } from "./kept.ts";

const SEVERAL = fileURLToPath(new URL("several.ts", import.meta.url));
const STATES = ["sent", "stored", "delivered"] as const;
/** Given up: nothing is said then but that it has not come so far yet. */
const TIMEOUT = "10";
/** A kill comes so long after a script has ended, at most. */
const LATER_MS = 300;
/** What is dead comes back after so long, at most. */
const AWAY_MS = 1_500;
/** Far more than a busy machine takes until all that waits has come. */
const PEACE_MS = 120_000;
/**
 * 1: an engine that ended too often. 3, 5, 6: not in time. Bob has his nick, and his key never changes, so 4
 * is wrong but for one reason: the engine was killed, and on a busy machine not back before a script gave up.
 */
const RIGHT_STATUSES: ReadonlySet<number> = new Set([0, 1, 3, 5, 6]);
const STILL_ONLINE = "[alice is online in another client";

export interface SendsPlan {
  /** It ends when so many sends have begun and so many processes were killed. */
  readonly most: number;
  readonly leastKills: number;
  /** It ends anyway after so long. */
  readonly seconds: number;
  /** So many scripts send at a time. */
  readonly scripts: number;
  /** One script sends at most so many messages, one after the other. */
  readonly each: number;
  /** From one kill to the next one, at most so many sends end in between. */
  readonly between: number;
}

/** Each send is a process, as in a shell. */
export const FROM_A_SHELL = { scripts: 3, each: 1, between: 16 };
/** Most of what a send costs is the start of its process: here scripts send several. */
export const FROM_PROGRAMS = { scripts: 6, each: 8, between: 24 };

export interface SendsResult {
  readonly failures: readonly string[];
  /** How many sends ended with each status; those that were killed are under `killed`. */
  readonly statuses: ReadonlyMap<string, number>;
  readonly kills: number;
  readonly cuts: number;
}

/** A message that a script is to send. Its text is unlike all others, and the name of the send. */
interface Send {
  readonly text: string;
  readonly wait: typeof STATES[number];
  /** It is sent under a name, and again until it has come so far. */
  readonly isNamed: boolean;
}

/** What a script was told of a message. */
interface Told {
  readonly id: string;
  readonly send: Send;
  /** True if the message has come as far as it should. */
  readonly isDone: boolean;
}

/** Kills until the plan is done. `tell` is told what happens. */
export async function sends(
  seed: number,
  plan: SendsPlan,
  tell: (line: string) => void,
): Promise<SendsResult> {
  await using host = await Host.create();
  return await new Sends(host, new Dice(seed), plan, tell).run();
}

class Sends {
  readonly #host: Host;
  readonly #dice: Dice;
  readonly #plan: SendsPlan;
  readonly #tell: (line: string) => void;
  readonly #failures: string[] = [];
  readonly #statuses = new Map<string, number>();
  readonly #running = new Set<Run>();
  /** What scripts were told, by the text. */
  readonly #told = new Map<string, Told>();
  #begun = 0;
  #ended = 0;
  #kills = 0;
  #cuts = 0;
  #isOver = false;
  /** Set while everything is dead: no script begins. */
  #cut: Promise<void> | undefined;
  #onEnded = () => {};

  constructor(host: Host, dice: Dice, plan: SendsPlan, tell: (line: string) => void) {
    this.#host = host;
    this.#dice = dice;
    this.#plan = plan;
    this.#tell = tell;
  }

  async run(): Promise<SendsResult> {
    const host = this.#host;
    const plan = this.#plan;
    const first = await host.startServer();
    await host.beenThere("bob");
    await host.beenThere("alice");
    let server: Run | undefined = first;
    const kept = [
      new Kept("the server", () => {
        const run = server ?? host.startServer();
        server = undefined;
        return run;
      }),
      ...["alice", "bob"].map((nick) => new Kept(`the engine of ${nick}`, () => this.#start(nick, "daemon"))),
    ];
    const scripts = Array.from({ length: plan.scripts }, () => this.#sendAll());
    const end = performance.now() + plan.seconds * 1000;
    while (performance.now() < end && !this.#isEnough) await this.#killOne(kept, end);
    this.#isOver = true;
    await Promise.all(scripts);
    this.#tell("peace");
    await this.#collect();
    for (const each of kept) await each.isKilled();
    this.#look();
    return {
      failures: this.#failures,
      statuses: this.#statuses,
      kills: this.#kills,
      cuts: this.#cuts,
    };
  }

  #start(nick: string, command: string, args: readonly string[] = []): Run {
    return this.#host.run([command, ...args, ...this.#place(nick)]);
  }

  #place(nick: string): readonly string[] {
    return ["-n", nick, "-i", "127.0.0.1", "-p", `${this.#host.port}`];
  }

  // ---- scripts -------------------------------------------------------------------------------------------

  get #isEnough(): boolean {
    return this.#begun >= this.#plan.most && this.#kills >= this.#plan.leastKills;
  }

  /** One script after another. */
  async #sendAll(): Promise<void> {
    const dice = this.#dice.fork();
    let again: readonly Send[] = [];
    while ((!this.#isOver && !this.#isEnough) || again.length > 0) {
      await this.#cut;
      const batch = [...again];
      while (batch.length < this.#plan.each && !this.#isOver && !this.#isEnough) {
        batch.push({ text: `m${this.#begun++}`, wait: dice.pick(STATES), isNamed: dice.happens(0.7) });
      }
      if (batch.length === 0) return;
      const endings = await this.#send(batch);
      again = batch.filter(({ isNamed }, at) => isNamed && endings[at]?.status !== 0);
    }
  }

  /** Runs a script that sends these. Returns how they have ended, as far as they have. */
  async #send(batch: readonly Send[]): Promise<readonly Ending[]> {
    const run = this.#host.run(...this.#commandOf(batch));
    this.#running.add(run);
    const code = await run.status;
    // Nobody has killed it if it is still among those that run.
    const isKilled = !this.#running.delete(run);
    const lines = run.output.raw.split("\n");
    // The last one is of a send of its own, or says nothing if it was killed.
    if (batch.length === 1 && !isKilled) lines.push(endingLine(code));
    const endings = endingsIn(lines);
    if (!isKilled && endings.length < batch.length) this.#failures.push(`a script fails: ${run.error.text}`);
    for (const [at, send] of batch.entries()) {
      const ending = endings[at];
      const status = ending === undefined ? "killed" : `${ending.status}`;
      this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
      if (ending !== undefined) this.#note(send, ending, run);
    }
    this.#ended += batch.length;
    this.#onEnded();
    return endings;
  }

  /** The command that sends one, or the program that runs several of these commands. */
  #commandOf(batch: readonly Send[]): Parameters<Host["run"]> {
    const commands = batch.map(({ isNamed, text, wait }) => [
      ...["send", "bob", text, "--wait", wait, "--timeout", TIMEOUT, "--json"],
      ...(isNamed ? ["--once", text] : []),
      ...this.#place("alice"),
    ]);
    if (commands.length === 1) return [commands[0]!];
    const shell = `exec "$1" run ${PERMISSIONS.join(" ")} '${SEVERAL}' "\${@: -${batch.length}}"`;
    return [commands.map((words) => JSON.stringify(words)), { shell }];
  }

  #note(send: Send, { line, status }: Ending, run: Run): void {
    const { id, state } = JSON.parse(line ?? "{}");
    const isRight = RIGHT_STATUSES.has(status) || (status === 4 && run.error.text.includes(STILL_ONLINE));
    if (!isRight || (status === 0 && typeof id !== "string")) {
      this.#failures.push(`'${send.text}' ended with ${status}: ${line} ${run.error.text}`);
    }
    const isDone = status === 0;
    const rank = STATES.indexOf(state) - STATES.indexOf(send.wait);
    if (isDone !== rank >= 0 && id !== undefined) this.#failures.push(`status ${status} for ${line}`);
    const known = this.#told.get(send.text);
    if (known !== undefined && typeof id === "string" && known.id !== id) {
      this.#failures.push(`'${send.text}' is two messages, ${known.id} and ${id}`);
    }
    // What is in the outbox, or further on, is not lost any more.
    if (typeof id === "string") this.#told.set(send.text, { id, send, isDone });
  }

  // ---- kills ---------------------------------------------------------------------------------------------

  async #killOne(kept: readonly Kept[], end: number): Promise<void> {
    const dice = this.#dice;
    const next = this.#ended + 1 + dice.below(this.#plan.between);
    while (this.#ended < next && performance.now() < end) {
      await new Promise<void>((resolve) => this.#onEnded = resolve);
    }
    if (dice.happens(0.3)) return await this.#cutPower(kept);
    await after(dice.between(0, LATER_MS));
    if (dice.happens(0.2)) {
      const [script] = this.#running;
      if (script === undefined) return;
      this.#tell("a script is killed");
      return this.#kill(script);
    }
    const victim = dice.pick(kept);
    this.#tell(`${victim.name} is killed`);
    this.#kills++;
    await victim.isKilled();
    if (dice.happens(0.5)) await after(dice.between(0, AWAY_MS));
    victim.comesBack();
  }

  #kill(script: Run): void {
    try {
      script.kill("SIGKILL");
    } catch {
      // It has just ended by itself, and nobody has noted it yet.
      return;
    }
    this.#running.delete(script);
    this.#kills++;
  }

  /** Kills everything at once and reads the disks. */
  async #cutPower(kept: readonly Kept[]): Promise<void> {
    this.#tell("everything is killed");
    this.#cuts++;
    this.#kills += kept.length;
    const isOn = Promise.withResolvers<void>();
    this.#cut = isOn.promise;
    const scripts = [...this.#running];
    for (const script of scripts) this.#kill(script);
    await Promise.all([...kept.map((each) => each.isKilled()), ...scripts.map((script) => script.status)]);
    this.#look();
    for (const each of kept) each.comesBack();
    this.#cut = undefined;
    isOn.resolve();
  }

  // ---- what the disks hold -------------------------------------------------------------------------------

  #read(path: string, kind: Kind): Records {
    const store = openSqlite(path, kind);
    try {
      return store.read();
    } finally {
      store.close();
    }
  }

  /** Everything is dead: holds what scripts were told against the disks. */
  #look(): void {
    const host = this.#host;
    const bob = this.#read(`${host.stateOf("bob")}/state.db`, "client");
    const taken = [...EVENT.read(bob), ...INBOX.read(bob)].map(([, message]) => message);
    const atBob = new Set(taken.map(idOf));
    const texts = taken.map(({ text }) => text);
    const letters = [...LETTER.read(this.#read(`${host.folder}/server.db`, "server"))];
    const atServer = new Set(letters.map(([, { id }]) => id));
    const outbox = this.#read(`${host.stateOf("alice")}/state.db`, "client");
    const atAlice = new Set([...OUTBOX.read(outbox)].map(([id]) => id));
    for (const [at, text] of texts.entries()) {
      if (texts.indexOf(text) < at) this.#failures.push(`'${text}' has come twice`);
    }
    for (const { id, isDone, send: { text, wait } } of this.#told.values()) {
      const least = isDone ? wait : "sent";
      const isThere = atBob.has(id) || (least !== "delivered" && atServer.has(id)) ||
        (least === "sent" && atAlice.has(id));
      if (!isThere) this.#failures.push(`'${text}' was ${least} and is on no such disk`);
    }
  }

  /** Waits until everything that was not lost is bob's. */
  async #collect(): Promise<void> {
    const end = performance.now() + PEACE_MS;
    for (;;) {
      const run = this.#start("bob", "inbox", ["--json"]);
      const status = await run.status;
      const lines = run.output.raw.split("\n").filter((line) => line !== "");
      const texts = new Set(lines.map((line) => JSON.parse(line)["text"]));
      const missing = [...this.#told.keys()].filter((text) => !texts.has(text));
      if (status === 0 && missing.length === 0) return;
      if (performance.now() >= end) {
        this.#failures.push(`bob misses ${missing.slice(0, 20)}, 'inbox' ended with ${status}`);
        return;
      }
      await after(AWAY_MS);
    }
  }
}

function after(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}

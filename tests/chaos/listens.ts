/**
 * Listeners with names are killed (SIGKILL) while messages stream to them: two beside a daemon, and one that
 * is its own engine. Each message is dealt with, and comes once more only if it was not confirmed.
 * @module
 */
import { Dice } from "../kit/dice.ts";
import { Host, isOnline, type Run } from "../system/host.ts";

/** The stream waits for whoever is so many messages behind. */
const AHEAD = 60;
/** So many messages are written at a time, at most. */
const BATCH = 20;
/** A kill comes so long after the start, at most, or after so many messages. */
const LATER_MS = 800;
const MESSAGES = 40;
/** Between two looks. */
const LOOK_MS = 20;
/** Far more than a busy machine takes until something comes. */
const PEACE_MS = 120_000;

/** Takes the message, now and then only when it comes again. */
const COMMAND = 'if [ $((EVENT_SEQ % 40)) = 0 ] && mkdir "tried-$EVENT_SEQ" 2>/dev/null; then exit 1; fi; ' +
  `printf '{"seq":%s,"text":"%s"}\\n' "$EVENT_SEQ" "$EVENT_TEXT"`;

export interface ListensResult {
  readonly failures: readonly string[];
  readonly kills: number;
  readonly messages: number;
  /** How often a message came again that had not been confirmed. */
  readonly repeats: number;
}

/** Kills so often, unless so many seconds are over. `tell` is told what happens. */
export async function listens(
  seed: number,
  { kills, seconds }: { readonly kills: number; readonly seconds: number },
  tell: (line: string) => void,
): Promise<ListensResult> {
  await using host = await Host.withServer();
  const dice = new Dice(seed);
  const place = (nick: string) => ["-n", nick, "-i", "127.0.0.1", "-p", `${host.port}`];
  const daemon = host.run(["daemon", ...place("bob")]);
  await daemon.sees(isOnline("bob"));
  await host.beenThere("carol");
  const listen = (nick: string, name: string, ...args: string[]) => () =>
    host.run(["listen", "--as", name, "--since", "0", ...args, ...place(nick)]);
  const listeners = [
    new Listener("a printer beside a daemon", listen("bob", "printer", "--json")),
    new Listener("a command beside a daemon", listen("bob", "hook", "--exec", COMMAND)),
    new Listener("a printer that is the engine", listen("carol", "printer", "--json")),
  ];
  const alice = host.client("alice");
  // The rows of the table stand in any order.
  const known = () => ["bob", "carol"].filter((nick) => isOnline(nick).test(alice.output.text)).length;
  await until(known, 2);

  const end = performance.now() + seconds * 1000;
  let [killed, written, areKilled] = [0, 0, true];

  async function write(): Promise<void> {
    while (areKilled) {
      const least = Math.min(...listeners.map((listener) => listener.looks()));
      const count = Math.min(BATCH, least + AHEAD - written);
      const lines = Array.from({ length: Math.max(0, count) }, () => {
        const text = `m${++written}`;
        return `send bob ${text}\nsend carol ${text}\n`;
      });
      if (lines.length > 0) await alice.type(lines.join(""));
      await after(LOOK_MS);
    }
  }

  async function kill(listener: Listener, own: Dice): Promise<void> {
    while (killed < kills && performance.now() < end) {
      const number = ++killed;
      if (own.happens(0.5)) await after(own.between(0, LATER_MS));
      else await until(() => listener.looks(), listener.looks() + 1 + own.below(MESSAGES));
      await listener.isKilled();
      if (number % 50 === 0) tell(`${number} kills, ${written} messages`);
    }
  }

  const writing = write();
  await Promise.all(listeners.map((listener) => kill(listener, dice.fork())));
  areKilled = false;
  await writing;
  tell("peace");
  for (const listener of listeners) await until(() => listener.looks(), written);
  const failures = listeners.flatMap((listener) => listener.failures(written));
  const repeats = listeners.reduce((sum, each) => sum + each.repeats, 0);
  return { failures, kills: killed, messages: listeners.length * written, repeats };
}

/** A listener that is started again whenever it was killed, and all that it has told. */
class Listener {
  readonly #name: string;
  readonly #start: () => Run;
  readonly #failures: string[] = [];
  readonly #texts = new Set<string>();
  repeats = 0;
  #run: Run;
  /** How much of the run's output was looked at. */
  #seen = 0;
  /** The number of the last message. */
  #last = 0;
  /** The run has told nothing yet. */
  #isFirst = true;

  constructor(name: string, start: () => Run) {
    this.#name = name;
    this.#start = start;
    this.#run = start();
  }

  /** Looks at what has come; returns how many messages that are by now. */
  looks(): number {
    const { raw } = this.#run.output;
    const end = Math.max(raw.lastIndexOf("\n") + 1, this.#seen);
    for (const line of raw.slice(this.#seen, end).split("\n")) {
      const { seq, text } = line === "" ? {} : JSON.parse(line);
      if (typeof seq === "number") this.#sees(seq, text);
    }
    this.#seen = end;
    return this.#texts.size;
  }

  /**
   * The next message is told only when the one before it is confirmed. So only the last one that was told may
   * come again, to the next process.
   */
  #sees(number: number, text: string): void {
    const isRepeat = this.#isFirst && number === this.#last && this.#texts.has(text);
    if (isRepeat) this.repeats++;
    else if (number !== this.#last + 1 || this.#texts.has(text)) {
      this.#failures.push(`${this.#name} is told '${text}', number ${number}, after number ${this.#last}`);
    }
    this.#isFirst = false;
    this.#last = number;
    this.#texts.add(text);
  }

  async isKilled(): Promise<void> {
    try {
      this.#run.kill("SIGKILL");
    } catch {
      // It has ended by itself, as one does that could not get the state in time.
    }
    // A command of the dead one goes on: what it prints is awaited as well.
    await this.#run.status;
    this.looks();
    this.#run = this.#start();
    this.#seen = 0;
    this.#isFirst = true;
  }

  /** What is wrong, when so many messages were written. */
  failures(written: number): readonly string[] {
    const missing = Array.from({ length: written }, (_, at) => `m${at + 1}`).filter((text) =>
      !this.#texts.has(text)
    );
    const lost = missing.length === 0 ? [] : [
      `${this.#name} misses ${missing.length}: ${missing.slice(0, 20)}; it says: ${this.#run.error.text}`,
    ];
    return [...this.#failures, ...lost];
  }
}

/** Looks again and again, until there are so many or the time is over. */
async function until(count: () => number, least: number): Promise<void> {
  for (const end = performance.now() + PEACE_MS; count() < least && performance.now() < end;) {
    await after(LOOK_MS);
  }
}

function after(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}

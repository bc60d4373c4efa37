/**
 * How far a long run is: one line on standard error that is written over again and again, on a terminal only.
 */

/** Milliseconds between two looks at it. */
const PAUSE_MS = 200;

export interface HowFar {
  readonly done: number;
  /** How many there are in all; absent when only the time is limited. */
  readonly total?: number | undefined;
  /** The name of the things that are counted. */
  readonly unit: string;
  /** Milliseconds since the begin. */
  readonly elapsed: number;
  /** Milliseconds to the end; without it that is reckoned from the rate so far. */
  readonly left?: number | undefined;
}

/** `1,250 of 4,000 seeds, 17.3/s, 2 min 39 s left`. */
export function progressText({ done, total, unit, elapsed, left }: HowFar): string {
  const count = total === undefined ? grouped(done) : `${grouped(done)} of ${grouped(total)}`;
  const rest = left ?? (total === undefined || done === 0 ? undefined : elapsed * (total - done) / done);
  return [
    `${count} ${unit}`,
    ...(done === 0 || elapsed === 0 ? [] : [rateText(done / elapsed * 1000)]),
    ...(rest === undefined ? [] : [`${durationText(rest)} left`]),
  ].join(", ");
}

function rateText(perSecond: number): string {
  return perSecond < 1 ? `${(perSecond * 60).toFixed(1)}/min` : `${perSecond.toFixed(1)}/s`;
}

function durationText(millis: number): string {
  const seconds = Math.ceil(millis / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

export class Progress {
  readonly #unit: string;
  readonly #total: number | undefined;
  readonly #began = performance.now();
  readonly #isVisible = Deno.stderr.isTerminal();
  #shownAt = -Infinity;

  constructor(unit: string, total?: number) {
    this.#unit = unit;
    this.#total = total;
  }

  /** So much is done; `left` is the time to the end, where that is known. */
  shows(done: number, left?: number): void {
    const now = performance.now();
    if (!this.#isVisible || now - this.#shownAt < PAUSE_MS) return;
    this.#shownAt = now;
    const [unit, total, elapsed] = [this.#unit, this.#total, now - this.#began];
    this.#write(`\r${progressText({ done, total, unit, elapsed, left })}\x1b[K`);
  }

  /** Takes the line away: before anything else is printed, and at the end. */
  clears(): void {
    if (!this.#isVisible) return;
    this.#shownAt = -Infinity;
    this.#write("\r\x1b[K");
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}

/**
 * The answers to the direct messages of a wake-up (`got`). They leave with the tick, after the commit that
 * saves the messages, as runs of sequences: one verb for all messages that have the same outcome.
 */
import { GOT_RUNS } from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import type { Link } from "../link/links.ts";
import type { Run } from "../messages/direct.ts";
import type { VerbOf } from "../messages/verb.ts";

/** An answer whose runs are still being gathered. */
export class Answer {
  readonly #runs: { from: number; to: number }[] = [];

  add(sequence: number): void {
    const last = this.#runs.at(-1);
    if (last !== undefined && last.to === sequence - 1) last.to = sequence;
    else if (last === undefined || sequence < last.from || sequence > last.to) {
      this.#runs.push({ from: sequence, to: sequence });
    }
  }

  /** The runs in lists that fit into a verb. */
  *lists(): Iterable<readonly Run[]> {
    for (let at = 0; at < this.#runs.length; at += GOT_RUNS) yield this.#runs.slice(at, at + GOT_RUNS);
  }
}

type Head = Omit<VerbOf<"got">, "type" | "runs">;

export class Answers {
  /** The answers that wait for the tick, by link, and by all else that the messages of a verb share. */
  #waiting = new Map<Link, Map<string, { head: Head; answer: Answer }>>();

  /** At once (-Infinity) if answers wait to leave. */
  get deadline(): Millis {
    return this.#waiting.size > 0 ? -Infinity : Infinity;
  }

  /** The answer with this head, to which messages are to be added. */
  on(link: Link, head: Head): Answer {
    let ofLink = this.#waiting.get(link);
    if (ofLink === undefined) this.#waiting.set(link, ofLink = new Map());
    const name = `${head.prefix} ${head.outcome} ${head.people} ${head.to}`;
    let entry = ofLink.get(name);
    if (entry === undefined) ofLink.set(name, entry = { head, answer: new Answer() });
    return entry.answer;
  }

  /** Sends what waits. It is called with each tick. */
  flush(now: Millis): void {
    if (this.#waiting.size === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const [link, ofLink] of waiting) {
      for (const { head, answer } of ofLink.values()) {
        for (const runs of answer.lists()) link.send(now, { type: "got", ...head, runs });
      }
    }
  }
}

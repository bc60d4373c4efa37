/**
 * Nicks that begin with what somebody types. Where the table has not all of them the server is asked, and if
 * no answer comes in time the rows that we have must do.
 */
import { COMPLETION_MS } from "../base/limits.ts";
import type { Ref } from "../action.ts";
import type { Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import { type Nick, nickKey } from "../messages/nick.ts";
import type { Membership } from "./membership.ts";

export interface CompletionsOptions {
  readonly effects: Effects;
  readonly membership: Membership;
  readonly nick: Nick;
}

export class Completions {
  readonly #options: CompletionsOptions;
  /** The question that the server has not answered. */
  #open: { readonly prefix: string; readonly ref: Ref | undefined; readonly due: Millis } | undefined;

  constructor(options: CompletionsOptions) {
    this.#options = options;
  }

  get deadline(): Millis {
    return this.#open?.due ?? Infinity;
  }

  /** Answers with the nicks that begin with this, at once or a little later. */
  complete(now: Millis, prefix: string): void {
    const { effects, membership, nick } = this.#options;
    // A user who has typed on does not wait for the former answer any more.
    this.#answer([]);
    this.#open = { prefix, ref: effects.ref, due: now + COMPLETION_MS };
    if (membership.table.isWhole || !membership.isRegistered) return this.#answer([]);
    membership.link.sendAfresh(now, { type: "complete", nick, prefix }, "complete");
  }

  /** The server has answered, perhaps a former question. */
  completed(prefix: string, nicks: readonly Nick[]): void {
    if (prefix === this.#open?.prefix) this.#answer(nicks);
  }

  runTimers(now: Millis): void {
    if (this.deadline <= now) this.#answer([]);
  }

  #answer(found: readonly Nick[]): void {
    if (this.#open === undefined) return;
    const { effects, membership } = this.#options;
    const { prefix, ref } = this.#open;
    this.#open = undefined;
    const known = membership.table.rows().map(({ nick }) => nick);
    const nicks = known.filter((nick) => nickKey(nick).startsWith(nickKey(prefix)));
    effects.notice({ type: "nicksFound", prefix, nicks: [...new Set([...nicks, ...found])] }, ref);
    effects.notice({ type: "settled" }, ref);
  }
}

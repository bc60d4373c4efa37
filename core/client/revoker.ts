/**
 * Hands a revocation to a server, and ends with its answer. The signature in the revocation proves all that
 * there is to prove, so the link needs no key that anybody knows (docs/protocol.md, section 7).
 */
import { ATTEMPTS } from "../base/limits.ts";
import type { Key, Millis, Random } from "../base/units.ts";
import type { Revocation } from "../messages/lineage.ts";
import { type Nick, sameNick } from "../messages/nick.ts";
import type { Verb } from "../messages/verb.ts";
import { Errand, type ErrandOptions } from "./errand.ts";

export interface RevokerOptions extends Omit<ErrandOptions, "attempts"> {
  readonly nick: Nick;
  readonly revocation: Revocation;
  readonly serverKey: Key;
}

export class Revoker extends Errand {
  readonly #nick: Nick;

  constructor(now: Millis, options: RevokerOptions, random: Random) {
    const { nick, revocation } = options;
    super(now, { ...options, attempts: ATTEMPTS }, random, { type: "revoke", nick, ...revocation });
    this.#nick = nick;
  }

  protected override answered(verbs: readonly Verb[]): void {
    for (const verb of verbs) {
      if (verb.type !== "revoked" || !sameNick(verb.nick, this.#nick)) continue;
      this.effects.notice({ type: "revocationAnswered", nick: this.#nick, answer: verb.answer });
      return this.effects.exit(verb.answer === "done" ? 0 : 1);
    }
  }
}

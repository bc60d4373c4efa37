/**
 * The end of identities at the server: it takes revocations from anybody who has one, hands a nick on to the
 * successor that its identity has named, and never registers an identity again that has ended
 * (docs/security.md, "The end of an identity").
 */
import type { Primitives } from "../base/crypto.ts";
import { ENDINGS_BURST, ENDINGS_PER_SECOND, SUCCESSIONS } from "../base/limits.ts";
import { HostRates } from "../base/rate.ts";
import type { Address, Key, Millis } from "../base/units.ts";
import { byName, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { ENDED, type ValueOf } from "../durable/records.ts";
import type { Predecessor } from "../messages/identity.ts";
import { hasHeld, isLineage, isRevocation } from "../messages/lineage.ts";
import type { RevocationAnswer, VerbOf } from "../messages/verb.ts";
import type { Registration } from "./credentials.ts";
import type { Member, Roster } from "./roster.ts";

export interface EndingsOptions {
  readonly primitives: Primitives;
  readonly effects: Effects;
  readonly roster: Roster;
  /** The member's identity has ended without a successor. */
  ended(now: Millis, member: Member): void;
}

/** The signatures are right, or not, or were not checked because too many come from this address. */
type Verdict = Exclude<RevocationAnswer, "unknown">;

export class Endings {
  readonly #options: EndingsOptions;
  readonly #ended: DurableMap<Key, ValueOf<typeof ENDED>>;
  readonly #rates = new HostRates(ENDINGS_PER_SECOND, ENDINGS_BURST);

  constructor(options: EndingsOptions) {
    this.#options = options;
    this.#ended = new DurableMap(options.effects, byName(ENDED));
  }

  /** True if the identity was revoked, or has a successor. */
  hasEnded(identity: Key): boolean {
    return this.#ended.get(identity) !== undefined;
  }

  /**
   * Takes a revocation. It ends the identity that has the nick even if it is signed by one that had it
   * before: who holds a stolen identity may have named a successor first.
   */
  revoke(now: Millis, from: Address, { nick, identity, signature }: VerbOf<"revoke">): RevocationAnswer {
    const { primitives, roster } = this.#options;
    const member = roster.memberNamed(nick);
    if (member === undefined || !hasHeld(member, identity)) return "unknown";
    const verdict = this.#check(now, from, () => isRevocation(primitives, nick, { identity, signature }));
    if (verdict !== "done") return verdict;
    if (member.revocation.length > 0) return "done";
    member.revocation = [{ identity, signature }];
    this.#end(now, member, member.identity);
    this.#options.ended(now, member);
    return "done";
  }

  /**
   * The predecessors of an identity that registers a member's nick and is not the member's own; `undefined`
   * if the present one has not named it. The signatures are not checked here.
   */
  predecessorsOf(member: Member, { predecessors }: Registration): readonly Predecessor[] | undefined {
    const at = predecessors.findIndex(({ identity }) => identity === member.identity);
    if (at < 0 || member.revocation.length > 0) return undefined;
    const all = [...member.predecessors, ...predecessors.slice(at)];
    return all.length <= SUCCESSIONS ? all : undefined;
  }

  /** Whether the signatures of such predecessors are right. A stranger may ask as well. */
  check(
    now: Millis,
    from: Address,
    { nick, bundle }: Registration,
    predecessors: readonly Predecessor[],
  ): Verdict {
    const lineage = { predecessors, revocation: [] };
    return this.#check(now, from, () => isLineage(this.#options.primitives, nick, bundle.identity, lineage));
  }

  /** Hands a nick on to a successor, whose predecessors have been checked. */
  succeed(now: Millis, member: Member, successor: Key, predecessors: readonly Predecessor[]): void {
    for (const { identity } of predecessors) this.#end(now, member, identity);
    Object.assign(member, { predecessors, identity: successor });
  }

  /**
   * A check takes a twentieth of a millisecond for each signature, and anybody can make signatures up over a
   * fresh link each time.
   */
  #check(now: Millis, from: Address, isSigned: () => boolean): Verdict {
    if (!this.#rates.take(now, from)) return "rate";
    return isSigned() ? "done" : "forged";
  }

  #end(now: Millis, { nick }: Member, identity: Key): void {
    if (!this.hasEnded(identity)) this.#ended.set(identity, { nick, at: now });
  }
}

/**
 * Where each sender of channel messages stands: ourselves, and everybody whom we have heard. Who brings his identity
 * to another state folder counts anew there; the first bits of an id tell one folder from another.
 */
import { CLOCK_SKEW_MS, FOLDERS_PER_SENDER, KNOWN_PEERS, LATE_POST_MS } from "../base/limits.ts";
import type { Key, Millis } from "../base/units.ts";
import { byName, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { CHAIN, firstOf, LAST, POSTED, type ValueOf } from "../durable/records.ts";
import { NO_HASH } from "../messages/identity.ts";
import { folderOf, type MessageId } from "../messages/message_id.ts";
import type { Place, Post } from "../messages/post.ts";

type End = ValueOf<typeof CHAIN>;

/**
 * Where a post stands: rightly; behind so many that are missing; behind another one than its sender wrote; behind one
 * that should have come later, from a folder that is a copy; or so far behind that it must be a repeat.
 */
export type PostStanding =
  | { readonly type: "next" }
  | { readonly type: "gap"; readonly missing: number }
  | { readonly type: "exchanged" }
  | { readonly type: "late" }
  | { readonly type: "repeat" };

export class PostChains {
  /** The last post of each sender from each of his folders, those heard least recently first. */
  readonly #ends: DurableMap<string, End>;
  /** Our own last post. */
  readonly #own: DurableMap<string, End>;

  constructor(effects: Effects) {
    this.#ends = new DurableMap(effects, { ...byName(CHAIN), groupOf: firstOf, most: FOLDERS_PER_SENDER });
    this.#own = new DurableMap(effects, byName(POSTED));
  }

  /** Where our next post stands. */
  get nextPlace(): Place {
    const { number, hash } = this.#own.get(LAST) ?? { number: 0, hash: NO_HASH };
    return { number: number + 1, previous: hash };
  }

  /** Our next post was made; that is durable before it leaves. */
  posted(hash: string): void {
    this.#own.set(LAST, { number: this.nextPlace.number, hash });
  }

  /** A post that was not seen before; ids are remembered for 45 days: what is much older may have been. */
  standingOf(
    now: Millis,
    id: MessageId,
    post: Pick<Post, "identity" | keyof Place | "sentAt">,
  ): PostStanding {
    const { identity, number, previous, sentAt } = post;
    const end = this.#ends.get(nameOf(identity, id));
    if (end === undefined) return { type: "next" };
    const isRecent = sentAt > now - LATE_POST_MS && sentAt < now + CLOCK_SKEW_MS;
    if (number <= end.number) return { type: isRecent ? "late" : "repeat" };
    if (number > end.number + 1) return { type: "gap", missing: number - end.number - 1 };
    return { type: previous === end.hash ? "next" : "exchanged" };
  }

  /** A post was taken, one that is not late: saved in one commit with it. */
  took(identity: Key, id: MessageId, end: End): void {
    const senders = this.#ends.groups;
    // With no room for new people those who are known are still watched.
    if (senders.has(identity) || senders.size < KNOWN_PEERS) this.#ends.set(nameOf(identity, id), end);
  }
}

function nameOf(identity: Key, id: MessageId): string {
  return `${identity}/${folderOf(id)}`;
}

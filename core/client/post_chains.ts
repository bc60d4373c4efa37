/**
 * The present end of each chain of posts: our own, and those of everybody whom we have heard
 * (docs/security.md, "Post"). If somebody brings an identity to another state folder, a chain of its own
 * begins there; the first 24 bits of an id tell one folder from another.
 */
import { CLOCK_SKEW_MS, FOLDERS_PER_SENDER, KNOWN_PEERS, LATE_POST_MS } from "../base/limits.ts";
import type { Key, Millis } from "../base/units.ts";
import { byName, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { CHAIN, firstOf, LAST, POSTED, type ValueOf } from "../durable/records.ts";
import { NO_HASH } from "../messages/identity.ts";
import { folderOf, type MessageId } from "../messages/message_id.ts";
import type { Place, Post } from "../messages/post.ts";

/** The number and the hash of a chain's last post. */
type End = ValueOf<typeof CHAIN>;

/**
 * The standing of a post towards its chain:
 *
 *     next        it follows on the last post, or is the first that we see of its chain
 *     gap         `missing` posts before it have not come
 *     exchanged   its sender wrote another post before it than the one that we have seen
 *     late        it is numbered like one before, as by a state folder that is an old copy
 *     repeat      the same, and its date is so far away that it may have been shown before
 */
export type PostStanding =
  | { readonly type: "next" }
  | { readonly type: "gap"; readonly missing: number }
  | { readonly type: "exchanged" }
  | { readonly type: "late" }
  | { readonly type: "repeat" };

export class PostChains {
  /** The last post of each sender from each state folder. The one that was heard longest ago comes first. */
  readonly #ends: DurableMap<string, End>;
  /** Our own last post. */
  readonly #own: DurableMap<string, End>;

  constructor(effects: Effects) {
    this.#ends = new DurableMap(effects, { ...byName(CHAIN), groupOf: firstOf, most: FOLDERS_PER_SENDER });
    this.#own = new DurableMap(effects, byName(POSTED));
  }

  /** The place of our next post. */
  get nextPlace(): Place {
    const { number, hash } = this.#own.get(LAST) ?? { number: 0, hash: NO_HASH };
    return { number: number + 1, previous: hash };
  }

  /** Our next post was made, and has this hash. That is durable before the post leaves. */
  posted(hash: string): void {
    this.#own.set(LAST, { number: this.nextPlace.number, hash });
  }

  /**
   * The standing of a post whose id is not known. Ids are remembered for 45 days, so a post that is much
   * older may have been shown before. `date` is the wall clock's, because senders date their posts by theirs.
   */
  standingOf(
    date: Millis,
    id: MessageId,
    post: Pick<Post, "identity" | keyof Place | "sentAt">,
  ): PostStanding {
    const { identity, number, previous, sentAt } = post;
    const end = this.#ends.get(nameOf(identity, id));
    if (end === undefined) return { type: "next" };
    const isRecent = sentAt > date - LATE_POST_MS && sentAt < date + CLOCK_SKEW_MS;
    if (number <= end.number) return { type: isRecent ? "late" : "repeat" };
    if (number > end.number + 1) return { type: "gap", missing: number - end.number - 1 };
    return { type: previous === end.hash ? "next" : "exchanged" };
  }

  /**
   * A post that is not late was taken: the chain ends with it now. That is saved in one commit with the post.
   */
  took(identity: Key, id: MessageId, end: End): void {
    const senders = this.#ends.groups;
    // When there is no room for new senders, those who are known are still watched.
    if (senders.has(identity) || senders.size < KNOWN_PEERS) this.#ends.set(nameOf(identity, id), end);
  }
}

function nameOf(identity: Key, id: MessageId): string {
  return `${identity}/${folderOf(id)}`;
}

/**
 * Where each sender of channel messages stands: ourselves, and everybody whom we have heard. Who brings his identity
 * to another state folder counts anew there; the first bits of an id tell one folder from another.
 */
import { MALFORMED } from "../base/bytes.ts";
import { CLOCK_SKEW_MS, FOLDERS_PER_SENDER, KNOWN_PEERS, LATE_POST_MS } from "../base/limits.ts";
import type { Key, Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import { CHAIN, POSTED, type ValueOf } from "../durable/records.ts";
import { NO_HASH } from "../messages/identity.ts";
import { folderOf, type MessageId } from "../messages/message_id.ts";
import type { Place, Post } from "../messages/post.ts";

type End = ValueOf<typeof CHAIN>;

/**
 * Where a post stands: rightly; behind so many that are missing; behind another one than its sender wrote; behind one
 * that should have come later, from a folder that is a copy; or so far behind that it must be a repeat.
 */
export type Standing =
  | { readonly type: "next" }
  | { readonly type: "gap"; readonly missing: number }
  | { readonly type: "exchanged" }
  | { readonly type: "late" }
  | { readonly type: "repeat" };

export class PostChains {
  readonly #effects: Effects;
  /** The last post of each sender from each of his folders, those heard least recently first. */
  readonly #senders = new Map<Key, Map<string, End>>();
  #own: End = { number: 0, hash: NO_HASH };

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  load(key: string, value: Uint8Array): void {
    const end = CHAIN.decode(value);
    const [identity = "", folder = ""] = CHAIN.nameOf(key).split("/");
    if (end !== MALFORMED) this.#foldersOf(identity).set(folder, end);
  }

  loadOwn(value: Uint8Array): void {
    const end = POSTED.decode(value);
    if (end !== MALFORMED) this.#own = end;
  }

  /** Where our next post stands. */
  get next(): Place {
    return { number: this.#own.number + 1, previous: this.#own.hash };
  }

  /** Our next post was made; that is durable before it leaves. */
  posted(hash: string): void {
    const end = this.#own = { number: this.#own.number + 1, hash };
    this.#effects.save(POSTED.key("last"), () => POSTED.encode(end));
  }

  /** A post that was not seen before; ids are remembered for 45 days: what is much older may have been. */
  standingOf(now: Millis, id: MessageId, post: Pick<Post, "identity" | keyof Place | "sentAt">): Standing {
    const { identity, number, previous, sentAt } = post;
    const end = this.#senders.get(identity)?.get(folderOf(id));
    if (end === undefined) return { type: "next" };
    const isRecent = sentAt > now - LATE_POST_MS && sentAt < now + CLOCK_SKEW_MS;
    if (number <= end.number) return { type: isRecent ? "late" : "repeat" };
    if (number > end.number + 1) return { type: "gap", missing: number - end.number - 1 };
    return { type: previous === end.hash ? "next" : "exchanged" };
  }

  /** A post was taken, one that is not late: saved in one commit with it. */
  took(identity: Key, id: MessageId, end: End): void {
    // With no room for new people those who are known are still watched.
    if (!this.#senders.has(identity) && this.#senders.size >= KNOWN_PEERS) return;
    const folder = folderOf(id);
    const folders = this.#foldersOf(identity);
    folders.delete(folder);
    folders.set(folder, end);
    this.#effects.save(CHAIN.key(`${identity}/${folder}`), () => CHAIN.encode(end));
    if (folders.size <= FOLDERS_PER_SENDER) return;
    const oldest = folders.keys().next().value!;
    folders.delete(oldest);
    this.#effects.forget(CHAIN.key(`${identity}/${oldest}`));
  }

  #foldersOf(identity: Key): Map<string, End> {
    const folders = this.#senders.get(identity) ?? new Map<string, End>();
    this.#senders.set(identity, folders);
    return folders;
  }
}

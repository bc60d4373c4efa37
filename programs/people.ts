/** The people whom the server's table has named, as the screen needs them. It is pure. */
import type { Key } from "../core/base/units.ts";
import { type Nick, type NickKey, nickKey } from "../core/messages/nick.ts";
import type { JournalEvent, LookAlike } from "../core/notice.ts";

/** Digits of an identity that nobody makes another key for in a hurry, and that can be compared by eye. */
const FINGERPRINT = /^(....)(....)(....)(....)/;

interface Person {
  readonly nick: Nick;
  readonly identity: Key;
}

/** The table as a notice tells it. */
interface Told {
  readonly rows: readonly Person[];
  readonly alike: readonly LookAlike[];
  /** There are more than these rows. */
  readonly counts?: unknown;
}

export class People {
  readonly #people = new Map<NickKey, Person>();
  #alike = new Map<NickKey, Nick>();
  /** Nicks that the server has named beside the table. */
  readonly #found = new Set<Nick>();
  /** True if there are people whom the table does not name. */
  #arePart = false;

  /** The table is here now. */
  meet({ rows, alike, counts }: Told): void {
    this.#arePart = counts !== undefined;
    for (const { nick, identity } of rows) this.#people.set(nickKey(nick), { nick, identity });
    this.#alike = new Map(alike.map(([nick, like]) => [nickKey(nick), like]));
  }

  /** The server has found these nicks. */
  find(nicks: readonly Nick[]): void {
    for (const nick of nicks) this.#found.add(nick);
  }

  /** True if the table has come, and names everybody. */
  get areKnown(): boolean {
    return this.#people.size > 0 && !this.#arePart;
  }

  get nicks(): Nick[] {
    return [...new Set([...[...this.#people.values()].map(({ nick }) => nick), ...this.#found])];
  }

  /**
   * The begin of a nick that the server is to be asked for, because the table names only some people: the
   * last word before the cursor, if it is no command.
   */
  toAskFor(before: string): string | undefined {
    const word = /\s(\S+)$/.exec(before)?.[1];
    return this.#arePart ? word : undefined;
  }

  /** The nick as its owner writes it. */
  nickOf(nick: string): Nick | undefined {
    return this.#people.get(nickKey(nick))?.nick;
  }

  identityOf(nick: Nick): Key | undefined {
    return this.#people.get(nickKey(nick))?.identity;
  }

  /** The older nick that this one could be taken for. */
  likeOf(nick: Nick): Nick | undefined {
    return this.#alike.get(nickKey(nick));
  }

  /** The words beside a nick that could be taken for another one: the begin of its key. */
  markOf(nick: Nick | undefined): string {
    const isAlike = nick !== undefined && this.likeOf(nick) !== undefined;
    return isAlike ? ` (${this.fingerprintOf(nick)})` : "";
  }

  /** A message whose sender has the begin of its key beside the nick that it looks like. */
  marked(message: JournalEvent): JournalEvent {
    const { from, like } = message;
    if (like === undefined) return message;
    return { ...message, like: `${like}, key ${this.fingerprintOf(from) ?? "unknown"}` };
  }

  /** The begin of somebody's key, in groups; `undefined` for whom the table does not name. */
  fingerprintOf(nick: Nick): string | undefined {
    return FINGERPRINT.exec(this.identityOf(nick) ?? "")?.slice(1).join(" ");
  }
}

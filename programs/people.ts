/** The people whom the server's table has named, as the screen needs them. It is pure. */
import type { Key } from "../core/base/units.ts";
import { type Nick, type NickKey, nickKey } from "../core/messages/nick.ts";
import type { LookAlike } from "../core/notice.ts";

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
}

export class People {
  readonly #people = new Map<NickKey, Person>();
  #alike = new Map<NickKey, Nick>();

  /** The table is here now. */
  meet({ rows, alike }: Told): void {
    for (const { nick, identity } of rows) this.#people.set(nickKey(nick), { nick, identity });
    this.#alike = new Map(alike.map(([nick, like]) => [nickKey(nick), like]));
  }

  /** Before the table has come nobody knows who is in it. */
  get areKnown(): boolean {
    return this.#people.size > 0;
  }

  get nicks(): Nick[] {
    return [...this.#people.values()].map(({ nick }) => nick);
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

  /** The begin of somebody's key, in groups; `undefined` for whom the table does not name. */
  fingerprintOf(nick: Nick): string | undefined {
    return FINGERPRINT.exec(this.identityOf(nick) ?? "")?.slice(1).join(" ");
  }
}

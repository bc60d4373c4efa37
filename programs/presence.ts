/** Tells who has come or gone since the last table, in one line instead of the whole table. It is pure. */
import { type Nick, type NickKey, nickKey } from "../core/messages/nick.ts";

/** So many names stand in a line. */
const MOST_NAMES = 8;

interface Present {
  readonly nick: Nick;
  readonly online: boolean;
}

export class Presence {
  #online: ReadonlyMap<NickKey, boolean> | undefined;

  /**
   * The lines for a table. Returns `undefined` for the first one, which says nothing of changes. Somebody new
   * who is offline is no news.
   */
  changed(rows: readonly Present[], nameOf: (nick: Nick) => string): string[] | undefined {
    const before = this.#online;
    this.#online = new Map(rows.map(({ nick, online }) => [nickKey(nick), online]));
    if (before === undefined) return undefined;
    const news = rows.filter(({ nick, online }) => (before.get(nickKey(nick)) ?? false) !== online);
    return [true, false].flatMap((isOnline) => {
      const names = news.filter(({ online }) => online === isOnline).map(({ nick }) => nameOf(nick));
      return names.length === 0 ? [] : [lineOf(names, isOnline)];
    });
  }
}

/** The rows with those that are offline behind the others. */
export function offlineLast<Row extends Present>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => Number(b.online) - Number(a.online));
}

function lineOf(names: readonly string[], isOnline: boolean): string {
  const rest = names.length - MOST_NAMES;
  const shown = rest > 0 ? [...names.slice(0, MOST_NAMES), `${rest} more`] : names;
  const all = shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
  return `${all} ${names.length === 1 ? "is" : "are"} ${isOnline ? "online" : "offline"}`;
}

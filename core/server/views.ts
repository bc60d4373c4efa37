/**
 * The views that clients have of a table that is too large to be sent to everybody: each gets the rows that
 * it has asked for, and their changes (docs/protocol.md, section 7, "A large table").
 */
import { remember } from "../base/bounded_map.ts";
import { WATCHED_ROWS } from "../base/limits.ts";
import type { NickKey } from "../messages/nick.ts";

/** The rows that one client has asked for, the last one behind. */
export interface View {
  readonly names: Map<NickKey, true>;
  /** The counter of the last change among them that was pushed. */
  counter: number;
}

/** Somebody who has a view, or none while everybody gets the whole table. */
interface Viewer {
  view?: View | undefined;
}

export class Views<Reader extends Viewer> {
  /** The readers that get the changes of a row. */
  readonly #watchers = new Map<NickKey, Set<Reader>>();

  /** From now on a reader gets the changes of a row. The row that it has asked for longest ago gives way. */
  watch(reader: Reader, name: NickKey): void {
    const { view } = reader;
    if (view === undefined) return;
    const oldest = view.names.size < WATCHED_ROWS ? undefined : view.names.keys().next().value;
    remember(view.names, name, true, WATCHED_ROWS);
    if (oldest !== undefined && !view.names.has(oldest)) this.#unwatch(reader, oldest);
    const watchers = this.#watchers.get(name);
    if (watchers === undefined) this.#watchers.set(name, new Set([reader]));
    else watchers.add(reader);
  }

  watchersOf(name: NickKey): Iterable<Reader> {
    return this.#watchers.get(name) ?? [];
  }

  /** A reader is gone, or gets the whole table from now on. */
  close(reader: Reader): void {
    for (const name of reader.view?.names.keys() ?? []) this.#unwatch(reader, name);
    reader.view = undefined;
  }

  #unwatch(reader: Reader, name: NickKey): void {
    const watchers = this.#watchers.get(name);
    watchers?.delete(reader);
    if (watchers?.size === 0) this.#watchers.delete(name);
  }
}

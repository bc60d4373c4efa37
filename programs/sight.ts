/**
 * The part of the conversations that is in sight, and how the keys of a full screen change it. It is pure.
 */
import type { FullKey } from "../terminal/full/keys.ts";
import { type Areas, tabAt } from "../terminal/full/layout.ts";
import type { Conversations } from "./conversations.ts";

export class Sight {
  readonly #talks: Conversations;
  #showsHelp = false;
  /** `undefined` on a terminal that has never told. */
  #hasFocus: boolean | undefined;

  constructor(talks: Conversations) {
    this.#talks = talks;
  }

  /** True while the keys stand in the place of the conversation. */
  get showsHelp(): boolean {
    return this.#showsHelp;
  }

  hideHelp(): void {
    this.#showsHelp = false;
  }

  /**
   * The messages in sight were read if the terminal has the focus. A terminal that never told its focus has
   * it when a key is pressed.
   */
  look(isKey: boolean): void {
    const { open } = this.#talks;
    if (this.#showsHelp || open.pane.linesBelow > 0) return;
    if (this.#hasFocus ?? isKey) open.unread = 0;
  }

  /** The terminal tells its focus. */
  focused(hasFocus: boolean): void {
    this.#hasFocus = hasFocus;
    this.look(false);
  }

  /** A key of the full screen, whose parts are these. */
  press(key: FullKey, areas: Areas): void {
    this.#showsHelp = key.name === "help" && !this.#showsHelp;
    const { all, open } = this.#talks;
    switch (key.name) {
      case "pageUp":
        return this.#scroll(areas, Math.max(1, areas.pane.rows - 1));
      case "pageDown":
        return this.#scroll(areas, -Math.max(1, areas.pane.rows - 1));
      case "wheel":
        return this.#scroll(areas, key.rows);
      case "newest":
        return open.pane.toEnd();
      case "nextTab":
        return this.#goTo((all.indexOf(open) + 1) % all.length);
      case "previousTab":
        return this.#goTo((all.indexOf(open) - 1 + all.length) % all.length);
      case "nextUnread":
        return this.#goTo(all.findIndex(({ unread }) => unread > 0));
      case "tab":
        return this.#goTo(key.at);
      case "click":
        if (key.column >= areas.tabs.columns) return;
        return this.#goTo(tabAt(this.#talks.tabs, key.row, areas.tabs.rows));
    }
  }

  #scroll({ pane: { columns, rows } }: Areas, by: number): void {
    this.#talks.open.pane.scroll(columns, rows, by);
  }

  /** Goes to the conversation with this number, if there is one. */
  #goTo(at: number | undefined): void {
    const talk = at === undefined ? undefined : this.#talks.all[at];
    if (talk !== undefined) this.#talks.goTo(talk);
  }
}

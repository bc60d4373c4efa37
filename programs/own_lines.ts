/**
 * The lines of a full screen that the user has said. The sign before each says how far it has come, and
 * changes where it stands. It is pure.
 */
import type { Notice } from "../core/notice.ts";
import type { SaidLine } from "./conversations.ts";
import { OwnMessages } from "./own_messages.ts";
import type { Said } from "./reading.ts";

export class OwnLines {
  readonly #messages = new OwnMessages();
  /** By the names under which they were sent, while their signs may change. */
  readonly #lines = new Map<string, SaidLine>();

  /** A message was sent under this name, and stands in this line. */
  begin(name: string, said: Said, line: SaidLine): void {
    this.#messages.begin(name, said);
    this.#lines.set(name, line);
    this.#forgetOthers();
  }

  /** A message has come so far. Returns the reason why it will never arrive, if that is so. */
  note(state: Extract<Notice, { type: "messageState" }>): Notice | undefined {
    const shown = this.#messages.note(state);
    if (shown !== undefined) this.#sign(state.once, shown.sign);
    this.#forgetOthers();
    return shown?.reason;
  }

  /** The client is done with a message for now. */
  settled(name: string): void {
    const sign = this.#messages.settled(name);
    if (sign !== undefined) this.#sign(name, sign);
  }

  /** True if a sign says what this notice says, which answers the message of that name. */
  covers(notice: Notice, name: string): boolean {
    return this.#messages.covers(notice, name);
  }

  #sign(name: string, sign: string): void {
    const line = this.#lines.get(name);
    line?.pane.replace(line.number, line.withSign(sign));
  }

  #forgetOthers(): void {
    for (const name of this.#lines.keys()) if (!this.#messages.has(name)) this.#lines.delete(name);
  }
}

/**
 * The pace of commands that are read from a file or a pipe. Messages may overlap; any other command waits
 * until all before it are over, as a person would wait. So a script means what it says, and a long one takes
 * no memory.
 */
import type { Action } from "../core/action.ts";
import { SCRIPT_COMMANDS } from "../core/base/limits.ts";

export class Pace {
  /** How many actions were handed over and are not over. */
  #unsettled = 0;
  /** True if the last line was a message, so that the next message may overlap with it. */
  #overlapping = false;
  /** Makes `ready` look again. */
  #wake = () => {};

  /** An action was handed over. */
  began(): void {
    this.#unsettled++;
  }

  /** An action is over. */
  settled(): void {
    this.#unsettled--;
    this.#wake();
  }

  /**
   * Resolves when the actions of a line may be handed over. A line without any, such as `help`, waits for all
   * before it. The first action of all is the registration, so no line is handed over before that is over.
   */
  async ready(actions: readonly Action[]): Promise<void> {
    const overlapping = actions.length > 0 && actions.every(isMessage);
    const most = overlapping && this.#overlapping ? SCRIPT_COMMANDS - 1 : 0;
    while (this.#unsettled > most) await new Promise<void>((resolve) => this.#wake = resolve);
    this.#overlapping = overlapping;
  }
}

export function isMessage({ type }: Action): boolean {
  return type === "sendDirect" || type === "sendChannel";
}

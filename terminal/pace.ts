/**
 * The pace of commands that are not typed but read: messages may overlap, everything else waits until all
 * before it is over, as a person would. So a script means what it says, and a long one takes no memory.
 */
import type { Action } from "../core/action.ts";
import { SCRIPT_COMMANDS } from "../core/base/limits.ts";

export class Pace {
  #unsettled = 0;
  #overlapping = false;
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
   * Resolves when the actions of a line may be handed over; a line without any waits for all before it. The first
   * action of all is the registration.
   */
  async ready(actions: readonly Action[]): Promise<void> {
    const overlapping = actions.length > 0 && actions.every(isMessage);
    const most = overlapping && this.#overlapping ? SCRIPT_COMMANDS - 1 : 0;
    while (this.#unsettled > most) await new Promise<void>((resolve) => this.#wake = resolve);
    this.#overlapping = overlapping;
  }
}

function isMessage({ type }: Action): boolean {
  return type === "sendDirect" || type === "sendChannel";
}

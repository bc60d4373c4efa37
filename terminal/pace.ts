/**
 * The pace of commands that are not typed but read: messages may overlap, everything else waits until all
 * before it is over, as a person would. So a script means what it says, and a long one takes no memory.
 */

import { SCRIPT_COMMANDS } from "../core/base/limits.ts";

const MAY_OVERLAP = /^\s*(send|send_all)\s/;

export class Pace {
  #unsettled = 0;
  #overlapping = false;
  #wake = () => {};

  /** A command was given. */
  began(): void {
    this.#unsettled++;
  }

  /** A command is over. */
  settled(): void {
    this.#unsettled--;
    this.#wake();
  }

  /** Resolves when this line may be handed over. The first command of all is the registration. */
  async ready(line: string): Promise<void> {
    const overlapping = MAY_OVERLAP.test(line);
    const most = overlapping && this.#overlapping ? SCRIPT_COMMANDS - 1 : 0;
    while (this.#unsettled > most) await new Promise<void>((resolve) => this.#wake = resolve);
    this.#overlapping = overlapping;
  }
}

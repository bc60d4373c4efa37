/** A program that is killed (SIGKILL) and started again, as whatever keeps services alive would do it. */
import type { Run } from "../system/host.ts";

export class Kept {
  readonly name: string;
  readonly #start: () => Run | Promise<Run>;
  #run: Promise<Run>;

  constructor(name: string, start: () => Run | Promise<Run>) {
    this.name = name;
    this.#start = start;
    this.#run = this.#started();
  }

  /** Resolves when it is dead. */
  async isKilled(): Promise<void> {
    const run = await this.#run;
    try {
      run.kill("SIGKILL");
    } catch {
      // It has ended by itself, as one does that could not get the state.
    }
    await run.status;
  }

  comesBack(): void {
    this.#run = this.#started();
  }

  /** What it has said on standard error since it was started last. */
  async said(): Promise<string> {
    return (await this.#run).error.text;
  }

  async #started(): Promise<Run> {
    return await this.#start();
  }
}

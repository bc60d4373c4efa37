import type { Millis } from "./base/units.ts";
import type { Session } from "./session.ts";

/** The sessions of one link: packets leave under the present one; those of the one before are still good. */
export class Sessions {
  readonly #release: (index: number) => void;
  #present: Session | undefined;
  #former: Session | undefined;

  /** `release` is told the index of each session that is over. */
  constructor(release: (index: number) => void) {
    this.#release = release;
  }

  get present(): Session | undefined {
    return this.#present;
  }

  add(session: Session): void {
    if (this.#former !== undefined) this.#release(this.#former.index);
    this.#former = this.#present;
    this.#present = session;
  }

  /** Keys that are too old are good for nothing. */
  expire(now: Millis): void {
    if (this.#present !== undefined && this.#present.expiresAt <= now) this.clear();
  }

  clear(): void {
    for (const session of [this.#present, this.#former]) {
      if (session !== undefined) this.#release(session.index);
    }
    this.#present = undefined;
    this.#former = undefined;
  }
}

/** The effects of one part of a machine, and the disk they end up on: for tests of the parts. */
import type { Millis } from "../../core/base/units.ts";
import { Chronicle } from "../../core/client/chronicle.ts";
import { Journal } from "../../core/client/journal.ts";
import { Effects } from "../../core/durable/effects.ts";
import { WallClock } from "../../core/durable/wall_clock.ts";
import type { Records } from "../../core/machine.ts";
import type { Notice } from "../../core/notice.ts";
import { inPasses } from "../../core/passes.ts";
import { Disk } from "./disk.ts";

export class Recorded {
  readonly effects: Effects;
  /** All that is durable. */
  readonly disk: Disk;

  /** With what is on a disk, in any order. */
  constructor(records: Records = []) {
    this.disk = new Disk(records);
    this.effects = new Effects(true, this.disk.read());
  }

  /** The next process: all that it has is what is durable now. */
  restarted(): Recorded {
    return new Recorded(this.disk.read());
  }

  /** Performs what was asked for so far: commits changes, returns the notices. */
  perform(now: Millis): Notice[] {
    return inPasses(this.effects.takeOutputs(now, [])).flatMap((deed) => {
      if (deed.type === "commit") this.disk.commit(deed.changes);
      return deed.type === "notice" ? [deed.notice] : [];
    });
  }

  /** The same, and what was put off as well. */
  performAll(now: Millis): Notice[] {
    const notices = this.perform(now);
    return [...notices, ...this.perform(now + 60)];
  }

  /** The records of one kind, sorted by key, as a machine finds them at its start. */
  records(kind: string): (readonly [string, Uint8Array])[] {
    return [...this.disk.read()].filter(([key]) => key.startsWith(`${kind}/`));
  }
}

/** A wall clock that says what a machine's own time is. */
export function trueClock(): WallClock {
  return new WallClock(new Effects(false));
}

/** A journal with these effects. */
export function journalOn({ effects }: Pick<Recorded, "effects">, isAttended: boolean): Journal {
  return new Journal(effects, new Chronicle(effects, trueClock(), "me"), isAttended);
}

/** The effects of one part of a machine, and the disk they end up on: for tests of the parts. */
import type { Datagram, Millis } from "../../core/base/units.ts";
import { Effects } from "../../core/durable/effects.ts";
import type { Output } from "../../core/machine.ts";
import type { Notice } from "../../core/notice.ts";

export class Recorded {
  readonly effects: Effects;
  /** All that is durable. */
  readonly disk: Map<string, Uint8Array>;

  /** With what is on a disk, in any order. */
  constructor(disk: Iterable<readonly [string, Uint8Array]> = []) {
    this.disk = new Map(disk);
    this.effects = new Effects(true, [...this.disk].sort(([a], [b]) => a < b ? -1 : 1));
  }

  /** The next process: all that it has is what is durable now. */
  restarted(): Recorded {
    return new Recorded(this.disk);
  }

  /** Performs what was asked for so far: commits changes, returns the notices. */
  perform(now: Millis): Notice[] {
    const outputs = this.effects.takeOutputs(now, []);
    for (const output of outputs) {
      if (output.type === "save") this.disk.set(output.key, output.value);
      if (output.type === "forget" || output.type === "destroy") this.disk.delete(output.key);
    }
    return outputs.filter((output) => output.type === "notice").map(({ notice }) => notice);
  }

  /** The same, and what was put off as well. */
  performAll(now: Millis): Notice[] {
    const notices = this.perform(now);
    return [...notices, ...this.perform(now + 60)];
  }

  /** The records of one kind, sorted by key, as a machine finds them at its start. */
  records(kind: string): [string, Uint8Array][] {
    return [...this.disk].filter(([key]) => key.startsWith(`${kind}/`)).sort(([a], [b]) => a < b ? -1 : 1);
  }
}

/** Only what leaves. */
/** Datagrams as a machine asks for them. */
export function transmitted(datagrams: readonly Datagram[]): Output[] {
  return datagrams.map((datagram) => ({ type: "transmit", ...datagram }));
}

export function transmits(outputs: readonly Output[]): (Output & { type: "transmit" })[] {
  return outputs.filter((output) => output.type === "transmit");
}

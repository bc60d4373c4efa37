/** Scenarios: tests that read like the specification. People type, and see what is on their screens. */
import type { Output } from "../../core/machine.ts";
import type { VerbType } from "../../core/messages/verb.ts";
import type { Notice } from "../../core/notice.ts";
import { open } from "../kit/datagram.ts";
import { World, type WorldOptions } from "../kit/world.ts";

/**
 * What is left to chance (how long an acknowledgement waits, how far keep-alives are apart) comes out so
 * often.
 */
const SEEDS = [1, 2, 3];

/** Declares a test: what happens, in the order in which it happens. */
export function scenario(title: string, play: (world: World) => void, options: WorldOptions = {}): void {
  Deno.test(title, () => {
    for (const seed of SEEDS) {
      const world = new World({ ...options, seed });
      play(world);
      world.checkSettled();
    }
  });
}

/** Outputs that send a verb, for `diesBefore`. */
export function sending(kind: VerbType): (output: Output) => boolean {
  return (output) => output.type === "transmit" && open(output.bytes).kinds.includes(kind);
}

/** Outputs that show something, for `diesBefore`. */
export function showing(type: Notice["type"]): (output: Output) => boolean {
  return (output) => output.type === "notice" && output.notice.type === type;
}

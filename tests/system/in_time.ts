/**
 * For tests that compare every line of a conversation. A recipient that needs more than 500 ms makes another
 * one of it, "[No ACK from y, message sent to server.]", and rightly so; on a busy machine that may happen to
 * anybody.
 * @module
 */
import type { Run } from "./host.ts";

const MOST_TRIES = 5;

class Late extends Error {
  override readonly name = "Late";
}

/** Holds a conversation until nobody was late in it. */
export async function inTime(hold: () => Promise<void>): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await hold();
    } catch (error) {
      if (!(error instanceof Late) || tries === MOST_TRIES) throw error;
    }
  }
}

/** Ends this try when a recipient was late for this sender. */
export function checkInTime(sender: Run): void {
  const late = sender.output.lines.find((line) => line.startsWith("[No ACK from "));
  if (late !== undefined) throw new Late(`the machine was too busy for this ${MOST_TRIES} times: ${late}`);
}

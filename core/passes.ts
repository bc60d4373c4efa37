/**
 * The order in which the outputs of a wake-up are performed: first what is to be remembered, in the history;
 * then all saves, forgets and destroys as one commit, then the transmits, then the notices and the exit. So
 * nothing is forgotten that is not in the history, and nothing is acknowledged or shown that is not durable
 * (docs/architecture.md, section 2). The driver, the simulator and the tests all perform the list
 * that comes from here.
 * @module
 */
import type { Change, Memory, Output } from "./machine.ts";

/**
 * One thing to do. A commit makes all changes of a wake-up durable at once, and so does that of the history.
 * If one fails, nothing that stands behind it is done, and the process ends.
 */
export type Deed =
  | { readonly type: "commitHistory"; readonly memories: readonly Memory[] }
  | { readonly type: "commit"; readonly changes: readonly Change[] }
  | Exclude<Output, Change | { type: "remember" }>;

/**
 * The deeds for these outputs, in the order in which they are done. Within a pass the outputs keep theirs.
 */
export function inPasses(outputs: readonly Output[]): Deed[] {
  const memories: Memory[] = [];
  const changes: Change[] = [];
  const deeds: Deed[] = [];
  const last: Deed[] = [];
  for (const output of outputs) {
    if (isChange(output)) {
      if (changes.length === 0) deeds.unshift({ type: "commit", changes });
      changes.push(output);
    } else if (output.type === "remember") memories.push(output.memory);
    else if (output.type === "transmit") deeds.push(output);
    else last.push(output);
  }
  // A wake-up may show more than a call has room for as arguments.
  if (memories.length > 0) deeds.unshift({ type: "commitHistory", memories });
  return [...deeds, ...last];
}

/** True if the output is a part of the commit. */
export function isChange(output: Output): output is Change {
  return output.type === "save" || output.type === "forget" || output.type === "destroy";
}

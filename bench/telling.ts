/** What a run prints: lines on standard output, and on a terminal how far it is, which stays below them. */
import { Progress } from "../tests/kit/progress.ts";

let step: { readonly unit: string; readonly total: number; readonly progress: Progress } | undefined;

export function tell(line: string): void {
  step?.progress.clears();
  console.log(line);
}

/** So many of these are done. */
export function tellStep(done: number, total: number, unit: string): void {
  if (step?.unit !== unit || step.total !== total) {
    step = { unit, total, progress: new Progress(unit, total) };
  }
  step.progress.shows(done);
}

export function clearStep(): void {
  step?.progress.clears();
}

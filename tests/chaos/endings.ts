/** How sends have ended, as the lines of the script that made them say it. */

/** A send that has ended. */
export interface Ending {
  readonly status: number;
  /** The line of the state, if there was one. */
  readonly line: string | undefined;
}

const ENDED = "ended with ";

/** The line behind those of a send. */
export function endingLine(status: number): string {
  return `${ENDED}${status}`;
}

/** What the lines of one send after the other say. One that was killed says nothing of its last one. */
export function endingsIn(lines: readonly string[]): readonly Ending[] {
  const endings: Ending[] = [];
  let state: string | undefined;
  for (const line of lines) {
    if (line.startsWith('{"type":"state"')) state = line;
    if (!line.startsWith(ENDED)) continue;
    endings.push({ status: Number(line.slice(ENDED.length)), line: state });
    state = undefined;
  }
  return endings;
}

/** What all measurements of a run share. */
export interface Run {
  /** Flags for Deno as it runs the server. */
  readonly serverFlags: readonly string[];
  /** The path of a file that is not there yet. */
  freshFile(): string;
  /** Tells on a terminal how far it is. */
  shows(done: number, total: number, unit: string): void;
}

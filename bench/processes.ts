/** Starts the processes of a measurement. */
import { Child } from "../tests/kit/child.ts";
import { PERMISSIONS, PROJECT } from "../tests/kit/program.ts";

const children = new Set<Child>();

/** What the binary may do besides: the system's own calls for datagrams and sealing. */
export const AS_BINARY = ["--allow-ffi"];

export interface Start {
  /** Whether it shares one processor with all others that are started so. */
  readonly oneCpu?: boolean;
  readonly showsErrors?: boolean;
  /** Of Deno itself. */
  readonly flags?: readonly string[];
}

export function start(script: string, args: readonly string[], options: Start = {}): Child {
  const deno = [Deno.execPath(), "run", ...(options.flags ?? []), ...PERMISSIONS];
  return startProgram([...deno, `${PROJECT}/${script}`, ...args], options);
}

export function startProgram(command: readonly string[], { oneCpu, showsErrors }: Start = {}): Child {
  const pinned = oneCpu ? ["taskset", "-c", "0", ...command] : command;
  const child = new Child(pinned, { stderr: showsErrors ? "inherit" : "null" });
  children.add(child);
  child.ended.finally(() => children.delete(child));
  return child;
}

/** Ends whatever is still running: the run was broken off. */
export async function endAll(): Promise<void> {
  await Promise.all([...children].map((child) => child.end()));
}

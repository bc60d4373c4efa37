/** Starts the processes of a measurement. */
import { Child } from "../tests/kit/child.ts";
import { PERMISSIONS, PROJECT } from "../tests/kit/program.ts";

export function start(script: string, args: readonly string[], { oneCpu, showsErrors, flags = [] }: {
  /** Whether it shares one processor with all others that are started so. */
  readonly oneCpu?: boolean;
  readonly showsErrors?: boolean;
  /** Of Deno itself. */
  readonly flags?: readonly string[];
} = {}): Child {
  const deno = [Deno.execPath(), "run", ...flags, ...PERMISSIONS, `${PROJECT}/${script}`, ...args];
  const command = oneCpu ? ["taskset", "-c", "0", ...deno] : deno;
  return new Child(command, { stderr: showsErrors ? "inherit" : "null" });
}

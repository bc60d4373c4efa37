/** Starts the processes of a measurement, all on one processor if asked. */
import { Child } from "../tests/kit/child.ts";
import { PERMISSIONS, PROJECT } from "../tests/kit/program.ts";

export function start(script: string, args: readonly string[], oneCpu = false): Child {
  const deno = [Deno.execPath(), "run", ...PERMISSIONS, `${PROJECT}/${script}`, ...args];
  return new Child(oneCpu ? ["taskset", "-c", "0", ...deno] : deno, { stderr: "null" });
}

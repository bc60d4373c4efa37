/** Runs commands of the user. Text of others goes to variables and standard input, never to a shell. */
import { ExpectedError } from "../core/base/expected_error.ts";
import { jsonLine } from "../core/base/json_line.ts";
import type { Event } from "./events.ts";

/** A command cannot be run. The message is a sentence for the user. */
export class RunError extends ExpectedError {
  override readonly name = "RunError";
}

/** Throws a `RunError` unless this process may run commands: Deno's own question never appears. */
export function mayRun(): void {
  if (Deno.permissions.querySync({ name: "run" }).state === "granted") return;
  throw new RunError(
    "cannot run a command: it needs the permission '--allow-run', 'deno task parley' has it",
  );
}

/**
 * Runs a command line of the user for an event. It finds the fields as `EVENT_FROM` and so on, and the JSON
 * on its standard input. Returns its exit status.
 */
export async function runHook(command: string, event: Event): Promise<number> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(event)) {
    if (value === undefined || value === null || typeof value === "object") continue;
    // A variable cannot hold this character.
    env[`EVENT_${name.toUpperCase()}`] = String(value).replaceAll("\0", "\u{FFFD}");
  }
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", command],
    env,
    stdin: "piped",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  // A command that does not read its input is none the worse for it.
  await writer.write(new TextEncoder().encode(`${jsonLine(event)}\n`)).catch(() => {});
  await writer.close().catch(() => {});
  return (await child.status).code;
}

/** Runs a command, and tells somebody how it ended. */
import { RUN_LINES, RUN_LINES_BYTES } from "../core/base/limits.ts";
import type { Millis } from "../core/base/units.ts";
import { mayRun } from "./hook.ts";
import { runSend, type SendSettings } from "./send.ts";
import { failWith } from "./with_engine.ts";
import type { World } from "./world.ts";

export interface RunSettings extends Omit<SendSettings, "text"> {
  /** The command and its arguments. */
  readonly command: readonly string[];
}

/** Returns the status of the command, and if that is 0 the one of the message about it. */
export async function runAndTell(settings: RunSettings, world: World): Promise<number> {
  try {
    mayRun();
  } catch (error) {
    return failWith(error);
  }
  const [program = "", ...args] = settings.command;
  const began = world.now();
  const { last, status } = await run(program, args);
  const text = [summary(program, status, world.now() - began), ...last].join("\n");
  const sent = await runSend({ ...settings, text, quiet: true }, world);
  return status === 0 ? sent : status;
}

/** A shell answers so for a command that is not there. */
const NOT_FOUND = 127;

/** Runs the command. Its output is passed on, and the last lines are kept. */
async function run(
  program: string,
  args: readonly string[],
): Promise<{ last: readonly string[]; status: number }> {
  const last = new LastLines();
  try {
    const command = new Deno.Command(program, {
      args: [...args],
      stdin: "inherit",
      stdout: "piped",
      stderr: "piped",
    });
    const child = command.spawn();
    await Promise.all([
      passOn(child.stdout, Deno.stdout, last),
      passOn(child.stderr, Deno.stderr, last),
    ]);
    const { code } = await child.status;
    return { last: last.lines, status: code };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const sentence = `cannot run '${program}': there is no such command`;
    console.error(sentence);
    return { last: [sentence], status: NOT_FOUND };
  }
}

async function passOn(
  from: ReadableStream<Uint8Array>,
  to: { write(bytes: Uint8Array): Promise<number> },
  last: LastLines,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of from) {
    for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
    last.add(decoder.decode(bytes, { stream: true }));
  }
}

/** The last lines of what a command prints. */
class LastLines {
  #text = "";

  add(text: string): void {
    this.#text = (this.#text + text).slice(-RUN_LINES_BYTES);
  }

  get lines(): readonly string[] {
    return this.#text.trimEnd().split(/\r?\n/).filter((line) => line !== "").slice(-RUN_LINES);
  }
}

/** `backup.sh ended with status 0 after 3 min 20 s` */
function summary(program: string, status: number, took: Millis): string {
  const seconds = Math.round(took / 1000);
  const minutes = Math.floor(seconds / 60);
  const time = minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
  return `'${program}' ${status === 0 ? "is done" : `has failed with status ${status}`} after ${time}`;
}

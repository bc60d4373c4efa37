/**
 * The user's own commands: a file joins the registry if its bytes are those that the user has trusted, and if
 * it imports nothing but types, which its hash does not cover.
 */
import { stripAnsiCode } from "@std/fmt/colors";
import { dirname, resolve } from "node:path";
import { lineThatLoads } from "../commands/_own_module.ts";
import type { CommandModule, Commands } from "../commands/_registry.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import { harmless } from "../core/base/text.ts";
import { readOwnFile } from "../storage/config_folder.ts";
import { commandsFolder, keepTrusted, ownCommandFiles, readTrusted } from "../storage/trusted_commands.ts";
import { DONE } from "./world.ts";

/** A file cannot be one of the user's commands. The message is a sentence for the user. */
class OwnCommandError extends ExpectedError {
  override readonly name = "OwnCommandError";
}

/** Adds all that are trusted. Returns a sentence for each file that is left out. */
export async function addOwnCommands(commands: Commands): Promise<string[]> {
  const left: string[] = [];
  const orLeave = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error;
      left.push(error.message);
    }
  };
  await orLeave(async () => {
    for (const name of ownCommandFiles()) await orLeave(() => addIfTrusted(name, commands));
  });
  return left;
}

async function addIfTrusted(name: string, commands: Commands): Promise<void> {
  const bytes = readCommand(name);
  const trusted = readTrusted().get(name);
  if (trusted !== await hashOf(bytes)) {
    const why = trusted === undefined ? "is not trusted" : "has changed since it was trusted";
    throw new OwnCommandError(
      `'${pathOf(name)}' ${why} and is left out, read it and say 'trust-command ${name}'`,
    );
  }
  await addCommand(name, bytes, commands);
}

/** Trusts a file as it is now, once it has shown that it is a command. `file` is a name there, or a path. */
export async function trustCommand(file: string, commands: Commands): Promise<number> {
  const folder = commandsFolder();
  const path = file.includes("/") ? resolve(file) : `${folder}/${file}`;
  if (dirname(path) !== folder) {
    throw new OwnCommandError(`cannot trust '${file}': it is not in '${folder}', put it there first`);
  }
  const name = path.slice(folder.length + 1);
  const bytes = readCommand(name);
  const hash = await hashOf(bytes);
  await addCommand(name, bytes, commands);
  keepTrusted(name, hash);
  console.log(harmless(`'${path}' is trusted as it is now, SHA-256 ${hash}`));
  return DONE;
}

function pathOf(name: string): string {
  return `${commandsFolder()}/${name}`;
}

const NAME = /^[a-z][a-z0-9_-]*\.ts$/;

function readCommand(name: string): Uint8Array<ArrayBuffer> {
  const path = pathOf(name);
  if (!NAME.test(name)) {
    throw new OwnCommandError(`cannot use '${path}' as a command: its name is not like 'roll.ts', rename it`);
  }
  const bytes = readOwnFile(path);
  if (bytes === undefined) throw new OwnCommandError(`cannot use '${path}': there is no such file`);
  return bytes;
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Imports exactly these bytes, and lets them register a command. */
async function addCommand(name: string, bytes: Uint8Array<ArrayBuffer>, commands: Commands): Promise<void> {
  const path = pathOf(name);
  const line = lineThatLoads(readSource(path, bytes));
  if (line !== undefined) {
    throw new OwnCommandError(
      `cannot use '${path}': line ${line} may load a module, and only 'import type ... from' at the top may stand there`,
    );
  }
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/typescript" }));
  try {
    const module: Partial<CommandModule> = await import(url);
    commands.addModule(path, module, "own");
  } catch (error) {
    if (error instanceof ExpectedError) throw error;
    throw new OwnCommandError(`cannot use '${path}' as a command: ${firstLine(error).replaceAll(url, path)}`);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The bytes as the text that Deno takes them for; in another encoding it would be another one. */
function readSource(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new OwnCommandError(`cannot use '${path}' as a command: it is not in UTF-8`);
  }
}

function firstLine(error: unknown): string {
  const [line = ""] = stripAnsiCode(error instanceof Error ? error.message : String(error)).split("\n");
  return line;
}

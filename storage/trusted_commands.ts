/**
 * The user's own commands that are trusted: in the folder `commands` beside config.json, the file `trusted`
 * has a line for each, as `sha256sum` writes it:
 *
 *     HASH  FILE
 */
import { configFolder, isAbsent, readOwnFile } from "./config_folder.ts";
import { refuseReadable, replaceable } from "./folders.ts";
import { explain, StoreError } from "./store_error.ts";

const LINE = /^([0-9a-f]{64}) {2}(\S+)$/;

/** The folder of the user's own commands. */
export function commandsFolder(): string {
  return `${configFolder()}/commands`;
}

/** The names of the files in the folder that can be commands, sorted; none if there is no folder. */
export function ownCommandFiles(): string[] {
  try {
    const entries = [...Deno.readDirSync(commandsFolder())];
    return entries.map(({ name }) => name).filter((name) => name.endsWith(".ts") && !name.startsWith("_"))
      .sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw explain("read", commandsFolder(), error);
  }
}

/** The hashes of the trusted files, by name. Throws a `StoreError` if others may read or change them. */
export function readTrusted(): ReadonlyMap<string, string> {
  const path = `${commandsFolder()}/trusted`;
  const bytes = readOwnFile(path);
  if (bytes === undefined) return new Map();
  refuseReadable(path);
  const lines = new TextDecoder().decode(bytes).split("\n").filter((line) => line !== "");
  return new Map(lines.map((line, index) => {
    const [, hash = "", name = ""] = LINE.exec(line) ?? [];
    if (hash !== "") return [name, hash];
    throw new StoreError(`cannot use '${path}': line ${index + 1} is not 'HASH  FILE', take it out`);
  }));
}

/** Trusts a file in the folder, with this hash alone. It is durable when this returns. */
export function keepTrusted(name: string, hash: string): void {
  const path = `${commandsFolder()}/trusted`;
  const trusted = new Map([...readTrusted(), [name, hash]]);
  try {
    const place = replaceable(path);
    const written = `${place}.${Deno.pid}`;
    using file = Deno.openSync(written, { create: true, truncate: true, write: true, mode: 0o600 });
    const lines = [...trusted].map(([name, hash]) => `${hash}  ${name}\n`);
    file.writeSync(new TextEncoder().encode(lines.join("")));
    file.syncDataSync();
    Deno.renameSync(written, place);
  } catch (error) {
    throw explain("save to", path, error);
  }
}

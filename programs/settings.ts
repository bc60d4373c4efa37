/** Reads the settings: the environment, and config.json in the user's folder. */
import { readConfig } from "../commands/_config_file.ts";
import type { Commands } from "../commands/_registry.ts";
import { PREFIX, readEnvironment, type Settings } from "../commands/_settings.ts";
import { configFolder, readOwnFile } from "../storage/config_folder.ts";

/** Throws an `OptionError` or a `StoreError` if config.json cannot be used. */
export function readSettings(commands: Commands): Settings {
  const options = commands.at("shell").flatMap(({ options = [] }) => options);
  const path = `${configFolder()}/config.json`;
  const bytes = readOwnFile(path);
  const text = bytes === undefined ? "{}" : new TextDecoder().decode(bytes);
  return {
    path,
    ...readEnvironment(Deno.env.toObject(), options),
    ...readConfig(path, text, options),
  };
}

/** Variables for a process that is to have no settings. Nothing is in the folder. */
export function withoutSettings(folder: string): Record<string, string> {
  const settings = Object.keys(Deno.env.toObject()).filter((name) => name.startsWith(PREFIX));
  return { ...Object.fromEntries(settings.map((name) => [name, ""])), XDG_CONFIG_HOME: folder };
}

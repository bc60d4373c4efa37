/** Where settings are read: the environment, and config.json in the user's folder. */
import { readConfig } from "../commands/_config_file.ts";
import type { Commands } from "../commands/_registry.ts";
import { readEnvironment, type Settings } from "../commands/_settings.ts";
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

/** Finds the commands at start-up: all modules in this folder whose names do not begin with an underscore. */
import { type CommandModule, Commands, RegistryError } from "./_registry.ts";
import type { Settings } from "./_settings.ts";

const NAME = /^[a-z][a-z0-9_]*$/;

export async function loadCommands(readSettings: (commands: Commands) => Settings): Promise<Commands> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(new URL(".", import.meta.url))) {
    if (isFile && name.endsWith(".ts") && !name.startsWith("_")) names.push(name.slice(0, -".ts".length));
  }
  const commands = new Commands(readSettings);
  for (const name of names.sort()) {
    if (!NAME.test(name)) {
      throw new RegistryError(
        `cannot use 'commands/${name}.ts' as a command: its name is not like 'send_all.ts', rename it`,
      );
    }
    // This is a template and not a computed address, so type check, compiler and bundler see every module.
    const module: Partial<CommandModule> = await import(`./${name}.ts`);
    commands.addModule(`commands/${name}.ts`, module);
  }
  return commands;
}

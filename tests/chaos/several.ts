/**
 * Runs several commands of ours one after the other in one process, as a program would that has them as a
 * library. Each argument is one command: its words as JSON. Behind the lines of each stands how it has ended.
 * @module
 */
import { loadCommands } from "../../commands/_load.ts";
import { readSettings } from "../../programs/settings.ts";
import { makeWorld } from "../../programs/world.ts";
import { endingLine } from "./endings.ts";

const commands = await loadCommands(readSettings);
const world = makeWorld();
for (const words of Deno.args) {
  const result = commands.runShell(JSON.parse(words));
  if (result.type !== "program") throw new Error(`${words} is not a command that does something`);
  console.log(endingLine(await result.run(world)));
}
Deno.exit();

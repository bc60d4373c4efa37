import { SCHEMA } from "../programs/schema.ts";
import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "schema",
    usage: "",
    help: "the JSON Schema of all that is printed with '--json'",
    arity: { least: 0, most: 0 },
    place: "shell",
    run: () => ({ type: "lines", lines: JSON.stringify(SCHEMA, undefined, 2).split("\n") }),
  });
}

import config from "../deno.json" with { type: "json" };
import { manPage } from "./_man_page.ts";
import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "man",
    usage: "",
    help: "print the man page",
    details: ["To read it: parley man >parley.1 && man ./parley.1"],
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_, all) => ({ type: "lines", lines: manPage(all, config.version) }),
  });
}

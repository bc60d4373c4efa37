import config from "../deno.json" with { type: "json" };
import type { Commands } from "./_registry.ts";
import { SCRIPT_OPTIONS, scriptSettings } from "./_script_options.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "mcp",
    usage: "[options]",
    help: "let an agent use a nick: the Model Context Protocol on standard input and output",
    options: SCRIPT_OPTIONS.filter(({ name }) => name !== "json"),
    details: ["Its tools are send, inbox, ack, wait and peers."],
    arity: { least: 0, most: 0 },
    place: "shell",
    run: (_args, _all, options) => {
      const settings = { ...scriptSettings(options), version: config.version };
      return {
        type: "program",
        run: async (world) => (await import("../programs/mcp.ts")).runMcp(settings, world),
      };
    },
  });
}

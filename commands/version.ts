import { VERSION } from "../core/base/version.ts";
import config from "../deno.json" with { type: "json" };
import type { Commands } from "./_registry.ts";

export function register(commands: Commands): void {
  commands.add({
    name: "version",
    usage: "",
    help: "say which version this is, and which protocol it speaks",
    arity: { least: 0, most: 0 },
    place: "both",
    run: () => ({ type: "lines", lines: [`parley ${config.version}, protocol version ${VERSION}`] }),
  });
}

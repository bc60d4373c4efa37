/**
 * The plan of the house: which room may import which, and by which files a room is entered. The lint rule
 * `parley/rooms` holds every import against it; those of types, re-exports and dynamic ones count as well.
 */
import { relative } from "node:path";
import { ROOT, visitImports } from "./imports.ts";

/** A folder of the project, a wing of core, or a file that stands in no folder. */
interface Room {
  /** The other rooms that its files may import. */
  readonly mayImport: readonly string[] | "anything";
  /** The only files that other rooms may import; absent where that is every file. */
  readonly doors?: readonly string[];
  /** Whether its files may import what is behind the doors of others: they test it, or measure it. */
  readonly passesDoors?: true;
}

/**
 * The contract, which is `core` itself (its files that stand in no wing), and what the contract stands on.
 */
const CONTRACT = ["core", "core/messages", "core/base"];

const CORE = ["core/client", "core/server", "core/durable", "core/link", ...CONTRACT];
const EDGES = ["transport", "storage", "terminal", "std"];

export const ROOMS: Readonly<Record<string, Room>> = {
  "main.ts": { mayImport: ["programs", "commands", "core/base"] },
  "programs": { mayImport: ["commands", ...CORE, ...EDGES] },
  "commands": {
    mayImport: ["programs", "core/client", "core/server", "core/durable", ...CONTRACT, "std", "deno.json"],
  },

  "core/client": {
    mayImport: ["core/durable", "core/link", ...CONTRACT],
    doors: ["client.ts", "prober.ts", "revoker.ts", "scout.ts"],
  },
  "core/server": {
    mayImport: ["core/durable", "core/link", ...CONTRACT],
    doors: ["server.ts", "nick_admin.ts"],
  },
  "core/durable": { mayImport: CONTRACT },
  "core/link": { mayImport: ["core/wire", "core/messages", "core/base"], doors: ["links.ts", "probe.ts"] },
  "core/wire": { mayImport: ["core/base"] },
  "core": { mayImport: ["core/messages", "core/base"] },
  "core/messages": { mayImport: ["core/base"] },
  "core/base": { mayImport: [] },

  "transport": { mayImport: ["core", "core/base"] },
  "storage": { mayImport: ["core/durable", ...CONTRACT] },
  "terminal": { mayImport: ["core", "core/base"] },
  "std": { mayImport: [] },

  "bench": {
    mayImport: ["programs", "commands", ...CORE, "core/wire", ...EDGES, "tests/kit"],
    passesDoors: true,
  },
  "tests/kit": { mayImport: "anything", passesDoors: true },
  "tests": { mayImport: "anything", passesDoors: true },
};

export function refuseWrongWays(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const from = roomOf(relative(ROOT, context.filename));
  return visitImports(context.filename, (node, path) => {
    const reason = whyRefused(from, path);
    if (reason !== undefined) context.report({ node, message: `${reason}: see tests/house/rooms.ts` });
  });
}

function whyRefused(from: string, path: string): string | undefined {
  const to = roomOf(path);
  if (from === to) return undefined;
  const { mayImport, passesDoors } = ROOMS[from] ?? { mayImport: [] };
  if (mayImport !== "anything" && !mayImport.includes(to)) return `'${from}' may not import ${named(to)}`;
  const doors = ROOMS[to]?.doors;
  if (passesDoors || doors === undefined || doors.some((door) => path === `${to}/${door}`)) return undefined;
  return `'${to}' is entered by ${doors.join(" or ")}, not by '${path}'`;
}

/** The contract is told from the wings beside it. */
function named(room: string): string {
  return room === "core" ? "the contract (core/*.ts)" : `'${room}'`;
}

/** The room of a file. A folder in core that is no wing is a room of its own, which nobody may import. */
function roomOf(path: string): string {
  const [folder = "", inner = "", ...below] = path.split("/");
  const wing = `${folder}/${inner}`;
  return below.length > 0 && (folder === "core" || wing in ROOMS) ? wing : folder;
}

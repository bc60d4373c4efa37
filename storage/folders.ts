/** Where this user's files are. */
import { homedir } from "node:os";
import { isAbsolute } from "node:path";
import { explain } from "./store_error.ts";

/** What the server at a port keeps. */
export function serverData(port: number): string {
  return `${userFolder("XDG_DATA_HOME", ".local/share")}/server-${port}.db`;
}

/** What clients keep. */
export function stateFolder(): string {
  return userFolder("XDG_STATE_HOME", ".local/state");
}

/** By the XDG base directory specification, which ignores what is not absolute. */
function userFolder(variable: string, usual: string): string {
  const chosen = Deno.env.get(variable) ?? Deno.env.get("LOCALAPPDATA") ?? "";
  return `${isAbsolute(chosen) ? chosen : `${homedir()}/${usual}`}/parley`;
}

export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw explain("open", path, error);
  }
}

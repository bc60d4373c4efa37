/** Where this user's files are. */
import { homedir } from "node:os";
import { isAbsolute } from "node:path";

/** What a server keeps. */
export function dataFolder(): string {
  return userFolder("XDG_DATA_HOME", ".local/share");
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

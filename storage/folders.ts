/** The places of this user's files. */
import { homedir } from "node:os";
import { isAbsolute } from "node:path";
import { explain, StoreError } from "./store_error.ts";

/** The file with the data of the server at a port. */
export function serverData(port: number): string {
  return `${userFolder("XDG_DATA_HOME", ".local/share")}/server-${port}.db`;
}

/** The folder with the state of all clients. */
export function stateFolder(): string {
  return userFolder("XDG_STATE_HOME", ".local/state");
}

/**
 * Follows the XDG base directory specification: a variable chooses the folder, and counts only if it is
 * absolute. On Windows LOCALAPPDATA takes its place.
 */
export function userFolder(variable: string, usual: string): string {
  const chosen = Deno.env.get(variable) ?? Deno.env.get("LOCALAPPDATA") ?? "";
  return `${isAbsolute(chosen) ? chosen : `${homedir()}/${usual}`}/parley`;
}

/**
 * True if there is such a file or folder. Throws a `StoreError` if that cannot be found out, and if a link
 * leads to nothing: the disk behind it may be away, and nothing new is to take the place of what is there.
 */
export function exists(path: string): boolean {
  if (statOf(path) !== undefined) return true;
  if (!isLink(path)) return false;
  throw new StoreError(`cannot open '${path}': it is a link to nothing, put that back or remove the link`);
}

/** The metadata of a file or folder; `undefined` if there is none, or a link to nothing. */
export function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw explain("open", path, error);
  }
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

/** The file that a new one is to replace: if the path is a link, the file behind it, not the link. */
export function replaceable(path: string): string {
  return exists(path) ? Deno.realPathSync(path) : path;
}

/** Throws a `StoreError` if others may read or change the file of a secret. (Windows has no such mode.) */
export function refuseReadable(path: string): void {
  const { mode, isDirectory } = Deno.statSync(path);
  if (isDirectory) throw new StoreError(`cannot use '${path}': it is a folder, choose a file`);
  if (mode === null || (mode & 0o077) === 0) return;
  throw new StoreError(`cannot use '${path}': others may read or change it, 'chmod 600 ${path}'`);
}

/**
 * Throws a `StoreError` if others may change a file or folder that holds no secret, or decides which files
 * do. Nothing is there yet if it is missing.
 */
export function refuseChangeable(path: string): void {
  if (!exists(path)) return;
  const { mode } = Deno.statSync(path);
  if (mode === null || (mode & 0o022) === 0) return;
  throw new StoreError(`cannot use '${path}': others may change it, 'chmod go-w ${path}'`);
}

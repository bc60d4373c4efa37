/** The folder of what the user has set: config.json, and commands of the user's own. */
import { dirname } from "node:path";
import { userFolder } from "./folders.ts";
import { explain, StoreError } from "./store_error.ts";

export function configFolder(): string {
  return userFolder("XDG_CONFIG_HOME", ".config");
}

/**
 * Reads a file that says what the program is to do; `undefined` if there is none. Throws a `StoreError` if
 * somebody else could have written it: others may change it or its folder, or it belongs to another user.
 */
export function readOwnFile(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    refuseForeign(path);
    refuseForeign(dirname(path));
    return Deno.readFileSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw explain("read", path, error);
  }
}

/** True for the error of a path at which nothing is, or nothing can be, since a file is in the way. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** The writing bit of those who are neither the owner nor in the group. */
const OTHERS_WRITE = 0o002;
const ROOT = 0;

/** Windows has neither modes nor owners of this kind. */
function refuseForeign(path: string): void {
  const { mode, uid } = Deno.statSync(path);
  if (mode !== null && (mode & OTHERS_WRITE) !== 0) {
    throw new StoreError(`cannot use '${path}': others may change it, 'chmod o-w ${path}'`);
  }
  if (uid !== null && uid !== ROOT && uid !== Deno.uid()) {
    throw new StoreError(`cannot use '${path}': it belongs to another user, make it your own`);
  }
}

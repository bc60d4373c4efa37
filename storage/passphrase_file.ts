/** A passphrase in a file, for programs that nobody answers for. */
import { refuseReadable } from "./folders.ts";
import { explain } from "./store_error.ts";

/** Returns the first line. Throws a `StoreError` if the file is missing, or others may read it. */
export function readPassphrase(path: string): string {
  try {
    refuseReadable(path);
    return /^[^\r\n]*/.exec(Deno.readTextFileSync(path))?.[0] ?? "";
  } catch (error) {
    throw explain("read the passphrase in", path, error);
  }
}

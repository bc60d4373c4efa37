/** A channel key in a file: 64 hexadecimal digits, which its users hand to each other by other means. */
import { refuseReadable } from "./folders.ts";
import { explain, StoreError } from "./store_error.ts";

/** Returns 32 bytes. Throws a `StoreError` if the file is missing, malformed or readable by others. */
export function readChannelKey(path: string): Uint8Array {
  let text: string;
  try {
    text = Deno.readTextFileSync(path).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new StoreError(
        `cannot read the channel key '${path}': there is no such file, make one with 'openssl rand -hex 32'`,
      );
    }
    throw explain("read the channel key", path, error);
  }
  refuseReadable(path);
  if (/^[0-9a-f]{64}$/i.test(text)) return Uint8Array.fromHex(text);
  throw new StoreError(
    `cannot use the channel key '${path}': it is not 64 hexadecimal digits, make one with 'openssl rand -hex 32'`,
  );
}

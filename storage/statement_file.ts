/** The file of a revocation statement, for its owner to print or to keep elsewhere. */
import { MALFORMED, type Malformed } from "../core/base/bytes.ts";
import { readStatement, type Statement, writeStatement } from "../core/messages/statement.ts";
import { exists, refuseReadable, replaceable } from "./folders.ts";
import { explain, StoreError } from "./store_error.ts";

/** No statement is longer, whatever its owner has written around it. */
const MOST_BYTES = 64 * 1024;

/**
 * Writes a statement, unless the file says the same already, perhaps with notes of its owner around it.
 * Throws a `StoreError` if others may read it: whoever has it can end the identity.
 */
export function keepStatement(path: string, statement: Statement): void {
  const place = replaceable(path);
  if (exists(place)) refuseReadable(place);
  const known = statementIn(place);
  if (known !== MALFORMED && writeStatement(known) === writeStatement(statement)) return;
  const written = `${place}.${Deno.pid}`;
  try {
    using file = Deno.openSync(written, { create: true, truncate: true, write: true, mode: 0o600 });
    file.writeSync(new TextEncoder().encode(writeStatement(statement)));
    file.syncDataSync();
    Deno.renameSync(written, place);
  } catch (error) {
    throw explain("save to", path, error);
  }
}

/** The statement in a file, if there is one. */
export function statementIn(path: string): Statement | Malformed {
  const text = readText(path);
  return text === undefined ? MALFORMED : readStatement(text);
}

/** Reads the statement in a file. Throws a `StoreError` if there is none. */
export function openStatement(path: string): Statement {
  const text = readText(path);
  if (text === undefined) {
    throw new StoreError(`cannot read the revocation '${path}': there is no such file`);
  }
  const statement = readStatement(text);
  if (statement !== MALFORMED) return statement;
  throw new StoreError(
    `cannot use the revocation '${path}': it has no nick, server, keys and signature in full, compare it with the print`,
  );
}

function readText(path: string): string | undefined {
  try {
    using file = Deno.openSync(path, { read: true });
    const bytes = new Uint8Array(MOST_BYTES);
    return new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw explain("read the revocation", path, error);
  }
}

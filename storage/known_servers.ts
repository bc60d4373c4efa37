/**
 * The public keys of the servers that this user has met, one on each line, as `known_hosts` of SSH has them:
 *
 *     HOST:PORT KEY NAME
 *
 * HOST stands as the user wrote it, KEY in 64 hexadecimal digits; NAME is for the reader. A line that begins
 * with `#` is a comment.
 */
import { dirname } from "node:path";
import { refuseChangeable, replaceable, stateFolder } from "./folders.ts";
import { explain, StoreError } from "./store_error.ts";

const LINE = /^(\S+) ([0-9a-f]{64})(?: .*)?$/i;

/** The servers that are known to whoever has his state in this folder; `undefined` for the usual one. */
export function openKnownServers(folder: string | undefined): KnownServers {
  return new KnownServers(`${folder ?? stateFolder()}/known_servers`);
}

export class KnownServers {
  readonly path: string;

  /** Without a file no server is known; the first `pin` makes the file. */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Returns the key that is pinned for a server ("HOST:PORT"), or `undefined`. Throws a `StoreError` if the
   * file cannot be read, or a line before that of the server is malformed.
   */
  keyOf(server: string): string | undefined {
    for (const [index, line] of this.#lines().entries()) {
      const [, known, key] = LINE.exec(line) ?? [];
      if (known !== undefined && isSame(known, server)) return key?.toLowerCase();
      if (known !== undefined || line === "" || line.startsWith("#")) continue;
      throw new StoreError(
        `cannot use '${this.path}': line ${index + 1} is not 'HOST:PORT KEY', correct it or take it out`,
      );
    }
    return undefined;
  }

  /** The server ("HOST:PORT") that was the first to be pinned with this key, or `undefined`. */
  serverWith(key: string): string | undefined {
    return this.#lines().map((line) => LINE.exec(line)).find((it) => it?.[2]?.toLowerCase() === key)?.[1];
  }

  /** Puts a server's line into the file, in the place of the one it had. It is durable when this returns. */
  pin(server: string, key: string, name: string): void {
    try {
      Deno.mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      using _lock = this.#lock();
      const lines = this.#lines().filter((line) =>
        line !== "" && !isSame(LINE.exec(line)?.[1] ?? "", server)
      );
      lines.push(`${server} ${key} ${name}`.trimEnd());
      const place = replaceable(this.path);
      const written = `${place}.${Deno.pid}`;
      using file = Deno.openSync(written, { create: true, truncate: true, write: true, mode: 0o600 });
      file.writeSync(new TextEncoder().encode(lines.join("\n") + "\n"));
      file.syncDataSync();
      Deno.renameSync(written, place);
    } catch (error) {
      throw explain("save to", this.path, error);
    }
  }

  /**
   * Two clients may pin at once, and neither may lose the other's line. Each puts a new file in the place of
   * the old one. So a lock counts only on the file that is at the path afterwards; if it is another one, the
   * lock is tried again.
   */
  #lock(): Deno.FsFile {
    for (;;) {
      const file = Deno.openSync(this.path, { read: true, write: true, create: true, mode: 0o600 });
      file.lockSync(true);
      if (file.statSync().ino === Deno.statSync(this.path).ino) return file;
      file.close();
    }
  }

  #lines(): string[] {
    try {
      refuseChangeable(this.path);
      return Deno.readTextFileSync(this.path).split("\n").map((line) => line.trimEnd());
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw explain("read", this.path, error);
    }
  }
}

/** Names of hosts are the same in capital letters (RFC 4343), and with the dot of the root at their end. */
function isSame(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(server: string): string {
  return server.toLowerCase().replace(/\.(?=:\d+$)/, "");
}

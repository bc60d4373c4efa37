/**
 * The public keys of servers that this user has met, one line each, as `known_hosts` has them:
 *
 *     HOST:PORT KEY NAME
 *
 * HOST as the user wrote it, the key as 64 hexadecimal digits. Lines that begin with `#` say nothing.
 */
import { dirname } from "node:path";
import { explain, StoreError } from "./store_error.ts";

const LINE = /^(\S+) ([0-9a-f]{64})(?: .*)?$/;

export class KnownServers {
  readonly #path: string;

  /** Without a file nothing is known, and the first line makes it. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Throws a `StoreError` when the file cannot be read, or a line of it means nothing. */
  keyOf(server: string): string | undefined {
    for (const [index, line] of this.#lines().entries()) {
      const [, known, key] = LINE.exec(line) ?? [];
      if (known === server) return key;
      if (known !== undefined || line === "" || line.startsWith("#")) continue;
      throw new StoreError(
        `cannot use '${this.#path}': line ${index + 1} is not 'HOST:PORT KEY', correct it or take it out`,
      );
    }
    return undefined;
  }

  /** Puts a server's line into the file, in the place of the one it had. Durable when this returns. */
  pin(server: string, key: string, name: string): void {
    const written = `${this.#path}.${Deno.pid}`;
    try {
      Deno.mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      using _lock = this.#lock();
      const lines = this.#lines().filter((line) => line !== "" && LINE.exec(line)?.[1] !== server);
      lines.push(`${server} ${key} ${name}`.trimEnd());
      using file = Deno.openSync(written, { create: true, truncate: true, write: true, mode: 0o600 });
      file.writeSync(new TextEncoder().encode(lines.join("\n") + "\n"));
      file.syncDataSync();
      Deno.renameSync(written, this.#path);
    } catch (error) {
      throw explain("save to", this.#path, error);
    }
  }

  /**
   * Two clients may pin at once, and neither may lose the other's line. Each puts a new file in the place of the
   * old one, so a lock is worth something only on the file that is there: on another one it is tried again.
   */
  #lock(): Deno.FsFile {
    for (;;) {
      const file = Deno.openSync(this.#path, { read: true, write: true, create: true, mode: 0o600 });
      file.lockSync(true);
      if (file.statSync().ino === Deno.statSync(this.#path).ino) return file;
      file.close();
    }
  }

  #lines(): string[] {
    try {
      return Deno.readTextFileSync(this.#path).split("\n").map((line) => line.trimEnd());
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw explain("read", this.#path, error);
    }
  }
}

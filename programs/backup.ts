/** Copies the data of a server into a new file: the server does it itself if it runs. */
import { resolve } from "node:path";
import { harmless } from "../core/base/text.ts";
import { type ServerPlace, withServerOrData } from "./server_socket.ts";
import { DONE } from "./world.ts";

export interface BackupSettings extends ServerPlace {
  /** The file that is made. */
  readonly file: string;
}

/** The answer of the method `backup` of a server's socket. */
export interface BackupAnswer {
  readonly bytes: number;
}

/** Returns the exit status. */
export async function runBackup(settings: BackupSettings): Promise<number> {
  // The server has a working folder of its own.
  const path = resolve(settings.file);
  const { bytes } = await withServerOrData<BackupAnswer>(
    settings,
    async (server) => await server.request("backup", { path }) as BackupAnswer,
    async (store) => ({ bytes: await store.backup(path) }),
  );
  console.log(harmless(`'${path}' is made, ${bytes} bytes; it holds the server's key, keep it to yourself`));
  return DONE;
}

/** Hands a revocation to the server that it names. */
import { addressKey } from "../core/base/address.ts";
import { primitives } from "../core/base/crypto.ts";
import { Revoker } from "../core/client/revoker.ts";
import { openStatement } from "../storage/statement_file.ts";
import { anyAddressTowards } from "../transport/own_addresses.ts";
import { resolveHost } from "../transport/resolve.ts";
import { runErrand } from "./errand.ts";
import type { World } from "./world.ts";

export interface RevocationSettings {
  readonly file: string;
  /** The server's name or address, its port and its key; `undefined` for those in the file. */
  readonly server: string | undefined;
  readonly serverPort: number | undefined;
  readonly serverKey: string | undefined;
}

/** Returns the exit status: whether the identity has ended at the server. */
export async function runRevoke(settings: RevocationSettings, world: World): Promise<number> {
  const { nick, server, serverKey, identity, signature } = openStatement(settings.file);
  const name = settings.server ?? server.host;
  const port = settings.serverPort ?? server.port;
  const host = await resolveHost(name);
  const options = {
    primitives,
    stopwatch: world.stopwatch,
    nick,
    revocation: { identity, signature },
    server: { host, port },
    serverName: addressKey({ host: name, port }),
    serverKey: settings.serverKey ?? serverKey,
  };
  return await runErrand(anyAddressTowards(host), world, (at) => new Revoker(at, options, world.random));
}

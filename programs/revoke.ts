/** Hands a revocation to the server that it names. */
import { addressKey } from "../core/base/address.ts";
import { primitives } from "../core/base/crypto.ts";
import { Revoker } from "../core/client/revoker.ts";
import { render } from "../core/notice.ts";
import { openStatement } from "../storage/statement_file.ts";
import { drive } from "../transport/driver.ts";
import { ANY_IPV4, ANY_IPV6 } from "../transport/own_addresses.ts";
import { resolveHost } from "../transport/resolve.ts";
import { bindUdp } from "../transport/udp.ts";
import { startMachine, type World } from "./world.ts";

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
  using cleanup = new DisposableStack();
  const own = host.includes(":") ? ANY_IPV6 : ANY_IPV4;
  const socket = cleanup.adopt(bindUdp(own, 0, "-c"), (it) => it.close());
  const options = {
    primitives,
    nick,
    revocation: { identity, signature },
    server: { host, port },
    serverName: addressKey({ host: name, port }),
    serverKey: settings.serverKey ?? serverKey,
  };
  const { machine, now } = startMachine(world, undefined, (at) => new Revoker(at, options, world.random));
  const driver = drive({
    machine,
    socket,
    store: undefined,
    now,
    wall: world.wall,
    show: (notice) => {
      const { stream, lines } = render(notice, world.utcOffset);
      for (const line of lines) (stream === "error" ? console.error : console.log)(line);
    },
  });
  world.onEndingSignal(() => driver.act({ type: "leave" }));
  return await driver.ended;
}

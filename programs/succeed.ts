/** A successor for the identity of a nick: a new identity, signed by the old one. */
import { addressKey } from "../core/base/address.ts";
import { ATTEMPTS } from "../core/base/limits.ts";
import { harmless } from "../core/base/text.ts";
import { handOver } from "../core/durable/hand_over.ts";
import { beginningOf } from "../core/durable/wall_clock.ts";
import { openHistoryOf } from "../storage/history.ts";
import { type Protectable, succeedIdentity } from "../storage/identity_file.ts";
import { openKnownServers } from "../storage/known_servers.ts";
import { openState } from "../storage/state.ts";
import { askPassphrase } from "../terminal/passphrase.ts";
import { anyAddressTowards } from "../transport/own_addresses.ts";
import { resolveHost } from "../transport/resolve.ts";
import type { ClientSettings } from "./opening.ts";
import { findServer } from "./find_server.ts";
import { sealingIdentity, unlockState } from "./opening.ts";
import { DONE, FAILED, type World } from "./world.ts";

export type SuccessionSettings =
  & Pick<
    ClientSettings,
    "server" | "serverPort" | "state" | "identity" | "protects"
  >
  & { readonly nick: string };

/**
 * Puts the new identity into the state folder. The server hears of it when the client starts. The locks on
 * the folder and on the old identity keep a client out meanwhile.
 */
export async function runSucceed(settings: SuccessionSettings, world: World): Promise<number> {
  const { identity: brought, protects, serverPort: port, nick } = settings;
  const server = { host: await resolveHost(settings.server), port };
  const found = await findServer(
    {
      server,
      serverName: addressKey({ host: settings.server, port }),
      serverKey: undefined,
      isInvited: false,
      host: anyAddressTowards(server.host),
      nick,
      attempts: ATTEMPTS,
    },
    openKnownServers(settings.state),
    world,
  );
  if (found === undefined) return FAILED;
  using cleanup = new DisposableStack();
  const { folder, store } = openState({
    nick,
    chosen: settings.state,
    server,
    serverKey: found.key,
    bound: undefined,
  });
  cleanup.defer(() => store.close());
  const to = `${folder}/identity`;
  const before = (old: Protectable, successor: Protectable): void => {
    unlockState(store, old);
    const records = store.read();
    store.commit(handOver(beginningOf(records, world.wall()), records));
    if (!successor.isProtected) return;
    if (store.isSealed) store.admit(sealingIdentity(old), sealingIdentity(successor));
    else unlockState(store, successor);
    openHistoryOf(folder, store.seal, undefined);
  };
  await succeedIdentity({ nick, from: brought ?? to, to, protects, ask: askPassphrase, before });
  console.log(harmless(`[${nick} has a new identity, signed by the old one: '${to}'.]`));
  console.log(harmless("[The old one ends at the server when you start the client with the new one.]"));
  return DONE;
}

/** A successor for the identity of a nick: a new identity, signed by the old one. */
import { harmless } from "../core/base/text.ts";
import { handOver } from "../core/durable/hand_over.ts";
import { beginningOf } from "../core/durable/wall_clock.ts";
import { succeedIdentity } from "../storage/identity_file.ts";
import { openState } from "../storage/state.ts";
import { askPassphrase } from "../terminal/passphrase.ts";
import { resolveHost } from "../transport/resolve.ts";
import type { ClientSettings } from "./client.ts";
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
export async function runSucceed(settings: SuccessionSettings, { wall }: World): Promise<number> {
  const { identity: brought, protects, serverPort: port } = settings;
  const server = { host: await resolveHost(settings.server), port };
  using cleanup = new DisposableStack();
  const { nick, store, identityPath: to } = openState(settings.nick, settings.state, server);
  cleanup.defer(() => store?.close());
  if (to === undefined) return FAILED;
  const records = store?.read() ?? [];
  store?.commit(handOver(beginningOf(records, wall()), records));
  await succeedIdentity({ nick, from: brought ?? to, to, protects, ask: askPassphrase });
  console.log(harmless(`[${nick} has a new identity, signed by the old one: '${to}'.]`));
  console.log(harmless("[The old one ends at the server when you start the client with the new one.]"));
  return DONE;
}

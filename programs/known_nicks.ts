/** The nicks that the running engine knows, one on a line: for the completions of a shell. */
import type { Notice } from "../core/notice.ts";
import { loginName } from "../storage/state_folder.ts";
import type { ClientSettings } from "./opening.ts";
import { connect, knownFolder } from "./running_engine.ts";
import { DONE } from "./world.ts";

/** Prints nothing where no engine runs: whoever types is not to wait for one. */
export async function runKnownNicks(settings: ClientSettings): Promise<number> {
  const folder = knownFolder({ ...settings, nick: settings.nick ?? loginName() });
  const session = folder === undefined ? undefined : await connect(folder, () => {});
  if (session === undefined) return DONE;
  const { notices } = await session.request("act", { type: "listPeers" }) as { notices: readonly Notice[] };
  for (const notice of notices) {
    if (notice.type === "peersListed") { for (const { nick } of notice.rows) console.log(nick); }
  }
  await session.close();
  return DONE;
}

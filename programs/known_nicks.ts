/** The nicks that the running engine knows, one on a line: for the completions of a shell. */
import { loginName } from "../storage/state_folder.ts";
import type { ClientSettings } from "./opening.ts";
import { answersTo, connect, knownFolder } from "./running_engine.ts";
import { DONE } from "./world.ts";

/** Prints nothing where no engine runs: whoever types is not to wait for one. */
export async function runKnownNicks(settings: ClientSettings): Promise<number> {
  const folder = knownFolder({ ...settings, nick: settings.nick ?? loginName() });
  const session = folder === undefined ? undefined : await connect(folder, () => {});
  if (session === undefined) return DONE;
  for (const notice of await answersTo(session, { type: "listPeers" })) {
    if (notice.type === "peersListed") { for (const { nick } of notice.rows) console.log(nick); }
  }
  await session.close();
  return DONE;
}

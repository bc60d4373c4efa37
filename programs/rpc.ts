/** The socket of an engine on standard input and output, for programs that cannot open one. */
import { NetworkError } from "../transport/udp.ts";
import { engineSocket, knownFolder } from "./running_engine.ts";
import { openSession } from "./session.ts";
import { failWith, NoServerError, type ScriptSettings } from "./with_engine.ts";
import { DONE, type World } from "./world.ts";
import { loginName } from "../storage/state_folder.ts";

/** Passes lines on in both directions until either end closes. Returns the exit status. */
export async function runRpc({ client, knownOnly }: ScriptSettings, world: World): Promise<number> {
  const settings = { ...client, nick: client.nick ?? loginName() };
  try {
    // The engine is one that receives, whoever starts it.
    const session = await openSession({ settings, kind: "listen", knownOnly, notified: () => {} }, world);
    if (session === undefined) throw new NoServerError("no server");
    const folder = knownFolder(settings);
    if (folder === undefined) throw new NetworkError("there is no socket without a state folder");
    const connection = await Deno.connect({ transport: "unix", path: engineSocket(folder) });
    const out = connection.readable.pipeTo(Deno.stdout.writable, { preventClose: true });
    const into = Deno.stdin.readable.pipeTo(connection.writable, { preventClose: true })
      .then(() => connection.closeWrite());
    await Promise.race([out, Promise.all([into, out])]).catch(() => {});
    await session.close();
    return DONE;
  } catch (error) {
    return failWith(error);
  }
}

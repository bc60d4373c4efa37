/** The commands of the prompt in a shell: the engine carries out an action, and the answer is printed. */
import type { Action } from "../core/action.ts";
import { addressKey } from "../core/base/address.ts";
import { ASK_MS } from "../core/base/limits.ts";
import { type Notice, render } from "../core/notice.ts";
import type { EngineKind } from "./engine.ts";
import { type Event, newsEvent, printEvent, timeOf } from "./events.ts";
import type { Session } from "./running_engine.ts";
import { statusOfReason } from "./statuses.ts";
import { failWith, type ScriptSettings, withEngine } from "./with_engine.ts";
import { DONE, type World } from "./world.ts";

/** Has the engine carry out actions. Returns the exit status. */
export async function runAsk(
  settings: ScriptSettings,
  actions: readonly Action[],
  world: World,
): Promise<number> {
  // Who registers or deregisters is there for others, and a script that only sends is not.
  const isThere = actions.some(({ type }) => type === "register" || type === "deregister");
  const kind: EngineKind = isThere ? "listen" : "script";
  try {
    const until = world.now() + ASK_MS;
    return await withEngine(settings, { kind, until }, world, async (session) => {
      const asked = answersOf(session, actions);
      const answer = await Promise.race([asked, world.after(ASK_MS)]) as readonly Notice[] | void;
      if (answer === undefined) {
        console.error("the server does not answer, try again later");
        return statusOfReason({ type: "serverSilent" });
      }
      let status = DONE;
      for (const notice of answer) {
        const rendered = render(notice, world.utcOffset);
        if (rendered.isFailure) status = statusOfReason(notice);
        if (settings.json) printEvent(answerEvent(notice, world));
        else for (const line of rendered.lines) (rendered.isFailure ? console.error : console.log)(line);
      }
      return status;
    });
  } catch (error) {
    return failWith(error);
  }
}

async function answersOf(session: Session, actions: readonly Action[]): Promise<readonly Notice[]> {
  const all: Notice[] = [];
  for (const action of actions) {
    const { notices } = await session.request("act", { ...action }) as { notices: readonly Notice[] };
    all.push(...notices);
  }
  return all;
}

/** An answer as an event: those that programs use have a shape of their own. */
function answerEvent(notice: Notice, world: World): Event {
  switch (notice.type) {
    case "peersListed": {
      const { alike, awaySince, changed, rows, server, verified } = notice;
      const likes = new Map(alike);
      return {
        type: "peers",
        server: addressKey(server),
        serverAwaySince: awaySince === undefined
          ? undefined
          : awaySince === "never"
          ? null
          : timeOf(awaySince),
        peers: rows.map(({ addresses: [address], identity, nick, online, revocation }) => ({
          nick,
          online,
          address: address === undefined ? null : addressKey(address),
          identity,
          verified: verified.includes(nick),
          changed: changed.includes(nick),
          revoked: revocation.length > 0,
          looksLike: likes.get(nick),
        })),
      };
    }
    case "safetyNumber":
      return { type: "safetyNumber", nick: notice.nick, number: notice.number, trusted: notice.isTrusted };
    case "invite":
      return { type: "invitation", text: render(notice, world.utcOffset).lines.join("") };
    default:
      return newsEvent(notice, world.wall());
  }
}

/** The commands of the prompt in a shell: the engine carries out an action, and the answer is printed. */
import type { Action } from "../core/action.ts";
import { addressKey } from "../core/base/address.ts";
import { ASK_MS } from "../core/base/limits.ts";
import { type Notice, render } from "../core/notice.ts";
import type { EngineKind } from "./engine.ts";
import { type Event, newsEvent, printEvent, timeOf } from "./events.ts";
import { answersTo, type Session } from "./running_engine.ts";
import { NO_SERVER, statusOfReason } from "./statuses.ts";
import { failWith, type ScriptSettings, withEngine } from "./with_engine.ts";
import { DONE, type World } from "./world.ts";

/** Has the engine carry out actions. Returns the answers; `undefined` if the server gives none in time. */
export async function ask(
  settings: ScriptSettings,
  actions: readonly Action[],
  world: World,
): Promise<readonly Notice[] | undefined> {
  // A client that registers or deregisters is there for others, and a script that only sends is not.
  const isThere = actions.some(({ type }) => type === "register" || type === "deregister");
  const kind: EngineKind = isThere ? "listen" : "script";
  const until = world.now() + ASK_MS;
  return await withEngine(settings, { kind, until }, world, async (session) => {
    const answers = answersOf(session, actions);
    return await Promise.race([answers, world.after(ASK_MS)]) as readonly Notice[] | undefined;
  });
}

/** Has the engine carry out actions, and prints the answers. Returns the exit status. */
export async function runAsk(
  settings: ScriptSettings,
  actions: readonly Action[],
  world: World,
): Promise<number> {
  try {
    const answers = await ask(settings, actions, world);
    if (answers === undefined) {
      console.error("the server does not answer, try again later");
      return NO_SERVER;
    }
    for (const notice of answers) {
      const { isFailure, lines } = render(notice, world.utcOffset);
      if (settings.json) printEvent(answerEvent(notice, world));
      else for (const line of lines) (isFailure ? console.error : console.log)(line);
    }
    return statusOfAnswers(answers);
  } catch (error) {
    return failWith(error);
  }
}

/** The status of the last answer that says that something was not done. */
export function statusOfAnswers(answers: readonly Notice[]): number {
  const failure = answers.findLast((notice) => render(notice, () => 0).isFailure);
  return failure === undefined ? DONE : statusOfReason(failure);
}

async function answersOf(session: Session, actions: readonly Action[]): Promise<readonly Notice[]> {
  const all: Notice[] = [];
  for (const action of actions) all.push(...await answersTo(session, action));
  return all;
}

/** An answer as an event: those that programs use have a shape of their own. */
export function answerEvent(notice: Notice, world: World): Event {
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

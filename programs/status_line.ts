/**
 * The status line of a full screen: the server and the round trip to it, the way to the person, what was
 * lost, and what waits. It is pure.
 */
import { sameNick } from "../core/messages/nick.ts";
import type { Notice, Way } from "../core/notice.ts";
import type { Talk } from "./conversations.ts";

export type Ways = Extract<Notice, { type: "waysListed" }>;

/** The network, as far as it is known. */
interface Network {
  /** The server as the user wrote it, HOST:PORT. */
  readonly serverName: string;
  /** `undefined` before they were told. */
  readonly ways: Ways | undefined;
  /** True while the server does not answer. */
  readonly isSilent: boolean;
}

/** The parts of the line for the open conversation, the most important first. */
export function statusOf(
  { isSilent, serverName, ways }: Network,
  { conversation, isOnline, name }: Pick<Talk, "conversation" | "isOnline" | "name">,
): string[] {
  const { peers = [], server, waiting = 0 } = ways ?? {};
  const to = conversation?.to;
  const [, direct] = to === undefined ? [] : peers.find(([nick]) => sameNick(nick, to)) ?? [];
  const state = isSilent ? "silent" : server === undefined ? "offline" : roundTrip(server);
  const way = isOnline === false
    ? [`${name} is offline`]
    : to === undefined
    ? []
    : [direct === undefined ? `${name}: by the server` : `${name}: direct, ${roundTrip(direct)}`];
  const used = [server, direct].filter((each) => each !== undefined);
  return [`${serverName} ${state}`, ...way, `lost ${lost(used)}`, `${waiting} waiting`];
}

function roundTrip({ rtt }: Way): string {
  return rtt === undefined ? "..." : `${rtt < 10 ? rtt.toFixed(1) : Math.round(rtt)} ms`;
}

/** The share of the packets that were lost. */
function lost(ways: readonly Way[]): string {
  const sent = ways.reduce((sum, way) => sum + way.sent, 0);
  const percent = 100 * ways.reduce((sum, way) => sum + way.lost, 0) / Math.max(1, sent);
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** Prints what a running server says of itself, in lines for people or as JSON. */
import { jsonLine } from "../core/base/json_line.ts";
import { STATUS_SPAN_MS } from "../core/base/limits.ts";
import { harmless } from "../core/base/text.ts";
import type { Millis } from "../core/base/units.ts";
import type { ServerStatus } from "../core/server/server.ts";
import type { CommitTimes } from "./commit_times.ts";
import { askServer, type ServerPlace } from "./server_socket.ts";
import { DONE, type World } from "./world.ts";

/** The answer of the method `status` of a server's socket. Counts are since the start. */
export interface StatusAnswer extends ServerStatus {
  /** The version of this form. Later ones only add to it. */
  readonly v: 1;
  /** The release, the protocol and the runtime. */
  readonly versions: { readonly parley: string; readonly protocol: number; readonly deno: string };
  readonly pid: number;
  /** The address on which it listens. */
  readonly address: string;
  /** The file of its data. */
  readonly data: string;
  /** The wall clock, as ISO 8601 in UTC. */
  readonly at: string;
  readonly uptimeMs: Millis;
  readonly commits: CommitTimes;
  /** Datagrams that the socket itself has dropped, by cause. */
  readonly socketDropped: Readonly<Record<string, number>>;
}

/** Events of one second. */
interface Rates {
  readonly messages: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly handshakes: number;
  readonly dropped: Readonly<Record<string, number>>;
}

export interface StatusSettings extends ServerPlace {
  readonly json: boolean;
}

/** Prints the status of a server. Two readings, a second apart, give the rates. */
export async function runStatus(settings: StatusSettings, world: World): Promise<number> {
  const [before, status] = await askServer(settings, async (server) => {
    const first = await server.request("status") as StatusAnswer;
    await world.after(STATUS_SPAN_MS);
    return [first, await server.request("status") as StatusAnswer];
  });
  const perSecond = ratesBetween(before!, status!);
  if (settings.json) console.log(jsonLine({ ...status, perSecond }));
  else for (const line of linesOf(status!, perSecond)) console.log(harmless(line));
  return DONE;
}

export function ratesBetween(before: StatusAnswer, after: StatusAnswer): Rates {
  const seconds = (after.uptimeMs - before.uptimeMs) / 1000;
  const rate = (now: number, then: number) => Math.round((now - then) / seconds * 10) / 10;
  const rates = (of: (status: StatusAnswer) => Readonly<Record<string, number>>) => {
    const then = of(before);
    return Object.fromEntries(
      Object.entries(of(after)).map(([reason, count]) => [reason, rate(count, then[reason] ?? 0)]),
    );
  };
  return {
    messages: rate(after.counts.messages, before.counts.messages),
    rejected: rates(({ counts }) => counts.rejected),
    handshakes: rate(after.counts.handshakes, before.counts.handshakes),
    dropped: rates(({ counts, socketDropped }) => ({ ...counts.dropped, ...socketDropped })),
  };
}

export function linesOf(status: StatusAnswer, { messages, rejected, handshakes, dropped }: Rates): string[] {
  const { versions, members, mail, channel, commits, limits } = status;
  const mean = commits.count === 0 ? 0 : commits.totalMs / commits.count;
  return [
    `parley ${versions.parley}, protocol version ${versions.protocol}, Deno ${versions.deno}, process ${status.pid}`,
    `listening on ${status.address}, data in '${status.data}', up for ${spanOf(status.uptimeMs)}`,
    `members: ${members.online} online, ${members.known} known; links: ${status.links}`,
    `letters that wait: ${mail.letters} (${mail.bytes} bytes)${
      oldest(mail.oldestMs)
    }; receipts: ${mail.receipts}`,
    `messages of the channel: ${channel.messages} (${channel.bytes} bytes)`,
    `a second: ${messages} messages stored, ${byReason(rejected, "rejected")}, ${handshakes} handshakes, ${
      byReason(dropped, "datagrams dropped")
    }`,
    `commits: ${commits.count}, ${inMs(mean)} on average, ${inMs(commits.lastMs)} the last, ${
      inMs(commits.longestMs)
    } the longest`,
    ...limits.map(({ name, used, most }) => `${percent(used, most)} ${name}: ${used} of ${most}`),
  ];
}

/** A rate in all, and by reason where there is one. */
function byReason(rates: Readonly<Record<string, number>>, what: string): string {
  const positive = Object.entries(rates).filter(([, rate]) => rate > 0);
  const inAll = Math.round(positive.reduce((sum, [, rate]) => sum + rate, 0) * 10) / 10;
  const reasons = positive.map(([reason, rate]) => `${reason} ${rate}`).join(", ");
  return `${inAll} ${what}${reasons === "" ? "" : ` (${reasons})`}`;
}

function percent(used: number, most: number): string {
  return `${Math.floor(used / most * 100)} %`.padStart(5);
}

function inMs(value: Millis): string {
  return `${value.toFixed(1)} ms`;
}

function oldest(age: Millis | null): string {
  return age === null ? "" : `, the oldest for ${spanOf(age)}`;
}

const UNITS: readonly (readonly [unit: string, seconds: number])[] = [["d", 86_400], ["h", 3600], [
  "min",
  60,
]];

/** A span in its two largest units, such as `3 d 4 h`; below a minute in seconds. */
export function spanOf(span: Millis): string {
  const seconds = Math.floor(span / 1000);
  const first = UNITS.findIndex(([, length]) => seconds >= length);
  if (first < 0) return `${seconds} s`;
  let rest = seconds;
  const parts: string[] = [];
  for (const [unit, length] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(" ");
}

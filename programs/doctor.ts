/** Looks at what is in order and what is not, for a client of this user. It makes and changes nothing. */
import { dirname } from "node:path";
import { addressKey } from "../core/base/address.ts";
import { harmless } from "../core/base/text.ts";
import type { Key } from "../core/base/units.ts";
import { isNick } from "../core/messages/nick.ts";
import { serverData, stateFolder } from "../storage/folders.ts";
import { loginName, MEMORY, stateFolderOf } from "../storage/state_folder.ts";
import { ANY_IPV4, anyAddressTowards } from "../transport/own_addresses.ts";
import type { ClientSettings } from "./opening.ts";
import {
  checkIdentity,
  checkKnownServers,
  checkServerData,
  checkSpace,
  checkState,
  newestChange,
} from "./doctor/files.ts";
import { type Finding, ill, well } from "./doctor/finding.ts";
import {
  canListen,
  checkBuffer,
  checkClock,
  checkInterfaces,
  checkOwnPort,
  checkSockets,
  datagramsHeld,
} from "./doctor/machine.ts";
import {
  checkAnswer,
  checkKey,
  checkMtu,
  checkName,
  checkWay,
  type KeyQuestion,
  survey,
} from "./doctor/server.ts";
import { DONE, FAILED, type World } from "./world.ts";

export interface DoctorSettings extends
  Pick<
    ClientSettings,
    "nick" | "server" | "serverPort" | "serverKey" | "host" | "port" | "state" | "identity"
  > {
  /** The findings are one JSON object, and no lines for people. */
  readonly json: boolean;
}

/** The version of the JSON object: fields are only added. */
const JSON_VERSION = 1;

/** Returns the exit status: whether all is in order. */
export async function runDoctor(settings: DoctorSettings, world: World): Promise<number> {
  const findings: Finding[] = [];
  for await (const finding of examine(settings, world)) {
    const { found, advice } = finding;
    const shown = { ...finding, found: harmless(found), advice: harmless(advice) };
    findings.push(shown);
    if (!settings.json) show(shown);
  }
  const troubles = findings.filter(({ ok }) => !ok).length;
  const summary = troubles === 0
    ? "All is well."
    : `${troubles} of ${findings.length} checks found something.`;
  const whole = { v: JSON_VERSION, ok: troubles === 0, checks: findings };
  console.log(settings.json ? JSON.stringify(whole) : summary);
  return troubles === 0 ? DONE : FAILED;
}

function show({ check, ok, found, advice }: Finding): void {
  console.log(`${ok ? "ok   " : "FOUND"} ${check}: ${found}`);
  if (!ok) console.log(`      -> ${advice}`);
}

/** The checks in order. A check that is impossible because of what was found before is left out. */
async function* examine(settings: DoctorSettings, world: World): AsyncGenerator<Finding> {
  const { serverPort, state, serverKey } = settings;
  const nick = settings.nick ?? loginName();
  yield checkNick(nick);
  const { finding: name, host: serverHost } = await checkName(settings.server);
  yield name;
  const serverName = addressKey({ host: settings.server, port: serverPort });
  const known = state === MEMORY ? undefined : checkKnownServers(state, serverName);
  if (known !== undefined) yield known.finding;
  const expected = serverKey ?? known?.pinned;
  let key = expected;

  if (serverHost !== undefined) {
    const server = { host: serverHost, port: serverPort };
    const host = settings.host === ANY_IPV4 ? anyAddressTowards(serverHost) : settings.host;
    yield checkOwnPort(host, settings.port);
    if (canListen(host)) {
      yield checkInterfaces(host, server);
      const asks = isNick(nick) ? nick : loginName();
      const proved = yield* examineServer({ server, serverName, host, nick: asks, expected }, world);
      key ??= proved;
    }
  }

  const usual = key === undefined || !isNick(nick) ? undefined : stateFolderOf(nick, undefined, key);
  const folder = state === MEMORY ? undefined : state ?? usual;
  if (folder !== undefined) {
    yield* checkState(folder, folder === usual ? [stateFolder(), dirname(folder)] : []);
  }
  yield* checkIdentity(settings.identity, folder);
  yield* checkServerData(serverData(serverPort));
  if (state !== MEMORY) yield checkSpace(folder ?? stateFolder());
  yield checkClock(world.wall(), folder === undefined ? undefined : newestChange(folder));
  yield checkBuffer(await datagramsHeld(world));
  yield* checkSockets();
}

/** Returns the key that the server has proved. */
async function* examineServer(asks: KeyQuestion, world: World): AsyncGenerator<Finding, Key | undefined> {
  const seen = await survey(asks.server, asks.host, world);
  const answer = checkAnswer(seen, asks.server);
  yield answer;
  if (!answer.ok) return undefined;
  yield checkWay(seen);
  yield checkMtu(seen);
  const { finding, key } = await checkKey(asks, seen, world);
  yield finding;
  return key;
}

function checkNick(nick: string): Finding {
  if (isNick(nick)) return well("nick", `'${nick}'`);
  return ill(
    "nick",
    `'${nick}' cannot be a nick`,
    "choose up to 32 letters, digits or _ - . with '-n', not signs alone, and nothing that looks like SERVER",
  );
}

/** The client: a socket, the state of one nick at one server, the machine, and the prompt of its user. */
import type { Commands } from "../commands/_registry.ts";
import type { Action } from "../core/action.ts";
import { addressKey } from "../core/base/address.ts";
import { primitives } from "../core/base/crypto.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import { READ_AHEAD_MS } from "../core/base/limits.ts";
import type { Key, Millis } from "../core/base/units.ts";
import { Client } from "../core/client/client.ts";
import type { Durability, Machine } from "../core/machine.ts";
import { Identity, SECRETS_BYTES } from "../core/messages/identity.ts";
import type { Acquaintance } from "../core/messages/invitation.ts";
import { revocationOf } from "../core/messages/lineage.ts";
import type { Nick } from "../core/messages/nick.ts";
import { type Notice, render } from "../core/notice.ts";
import { readChannelKey } from "../storage/channel_key.ts";
import { type OpenIdentity, openIdentity } from "../storage/identity_file.ts";
import { openKnownServers } from "../storage/known_servers.ts";
import type { SqliteStore } from "../storage/sqlite.ts";
import { loginName, MEMORY, openState } from "../storage/state.ts";
import { keepStatement } from "../storage/statement_file.ts";
import { Input } from "../terminal/input.ts";
import { askPassphrase } from "../terminal/passphrase.ts";
import { isInteractive } from "../terminal/terminal.ts";
import { drive } from "../transport/driver.ts";
import { ANY_IPV4, anyAddressTowards, ownAddresses } from "../transport/own_addresses.ts";
import { resolveHost } from "../transport/resolve.ts";
import { bindUdp, type UdpSocket } from "../transport/udp.ts";
import { findServer, type Place } from "./find_server.ts";
import { type InputSettings, onlySends, Prompt } from "./prompt.ts";
import { DONE, FAILED, startMachine, type World } from "./world.ts";

export interface ClientSettings {
  /** The user's nick, or `undefined` for the login name. */
  readonly nick: string | undefined;
  /** The server's name or address. */
  readonly server: string;
  readonly serverPort: number;
  /** The server's public key, 64 hexadecimal digits, or `undefined` for the pinned or the announced one. */
  readonly serverKey: string | undefined;
  /** The name or address that the client listens at. */
  readonly host: string;
  /** Our own UDP port; 0 for any free one. */
  readonly port: number;
  /** A folder, `:memory:`, or `undefined` for the usual place. */
  readonly state: string | undefined;
  /** A file with an identity, or `undefined` for the one in the state folder. */
  readonly identity: string | undefined;
  /** True if an identity without a passphrase is to get one. */
  readonly protects: boolean;
  /** A file with the key of the channel, or `undefined` for the open channel. */
  readonly channelKey: string | undefined;
  /** The people that an invitation names, at least one; their identities are pinned. Without one nobody. */
  readonly invited: readonly Acquaintance[];
  /** How many attempts a command of the user makes before the client gives up; 0 for no end of them. */
  readonly attempts: number;
  readonly durability: Durability;
  /** A file, or `undefined` for no log. */
  readonly log: string | undefined;
}

/** Standard output does not take the lines that are to be shown. */
class OutputError extends ExpectedError {
  override readonly name = "OutputError";
}

/** Runs a client. Returns the exit status, or throws an `ExpectedError` if it cannot start or go on. */
export async function runClient(
  settings: ClientSettings,
  commands: Commands,
  world: World,
): Promise<number> {
  const serverHost = await resolveHost(settings.server);
  const isUnset = settings.host === ANY_IPV4;
  const host = isUnset ? anyAddressTowards(serverHost) : await resolveHost(settings.host);
  const server = { host: serverHost, port: settings.serverPort };
  const serverName = addressKey({ host: settings.server, port: settings.serverPort });
  using cleanup = new DisposableStack();
  const beginning = await openBeginning(settings, { server, serverName, host }, world);
  if (beginning === undefined) return FAILED;
  const { nick, folder, store, serverKey } = beginning;
  cleanup.defer(() => store?.close());
  store?.setDurability(settings.durability);
  const identity = await openOwnIdentity(settings, beginning);
  cleanup.defer(() => identity.close());
  const channelKey = settings.channelKey === undefined ? undefined : readChannelKey(settings.channelKey);
  const socket = cleanup.adopt(bindUdp(host, settings.port, "-c"), (it) => it.close());
  const own = ownAddresses(host, socket.address.port, server);
  const { input, sendsOnly } = await openInput(commands, world);
  const options = {
    nick,
    server,
    serverName,
    serverKey,
    own: own[0]!,
    candidates: own.slice(0, 3),
    attempts: settings.attempts,
    interactive: input === undefined,
    identity: new Identity(primitives, identity.secrets, identity.predecessors),
    invited: settings.invited,
    channelKey,
    sendsOnly,
    isAttended: Deno.stdin.isTerminal() && Deno.stdout.isTerminal(),
    durable: store !== undefined,
    primitives,
    stopwatch: world.stopwatch,
    foreword: beginning.news,
  };
  const { machine, now } = startMachine(
    world,
    store,
    (at, records) => new Client(at, options, world.random, records),
  );
  const log = settings.log === undefined ? undefined : world.openLog({ file: settings.log });

  if (folder !== undefined && serverKey !== undefined) {
    const about = { nick, server: { host: settings.server, port: settings.serverPort }, serverKey };
    keepStatement(`${folder}/revocation`, { ...about, ...revocationOf(options.identity, nick) });
  }

  const show = (notice: Notice): void => {
    if (notice.type !== "settled") log?.(notice.type);
    prompt.show(notice, render(notice, world.utcOffset));
    // The next commit says that the message was shown. If it was not, that commit must not come.
    if (prompt.isBroken) {
      throw new OutputError("cannot write to standard output: nobody reads it, or it has no room");
    }
  };
  const driver = drive({ machine, socket, store, now, wall: world.wall, show });
  const hand = (action: Action) => driver.act(action);
  const prompt = cleanup.adopt(new Prompt(commands, { input }, hand), (it) => it.close());
  world.onEndingSignal(() => driver.act({ type: "leave" }));
  prompt.act({ type: "register", nick });
  const status = await driver.ended.catch(async (error: unknown) => {
    if (error instanceof OutputError) await sayLeaving(machine, socket, now());
    throw error;
  });
  return status === DONE && prompt.hasFailed ? FAILED : status;
}

/**
 * Opens the input, unless the user is at a terminal. A script is read before the client registers, because
 * one that only sends is to come online for nobody.
 */
async function openInput(
  commands: Commands,
  world: World,
): Promise<InputSettings & { readonly sendsOnly: boolean }> {
  if (isInteractive()) return { input: undefined, sendsOnly: false };
  const input = new Input(Deno.stdin.readable.getReader());
  if (Deno.stdin.isTerminal()) return { input, sendsOnly: false };
  const whole = await input.readAhead(world.after(READ_AHEAD_MS));
  return { input, sendsOnly: whole !== undefined && onlySends(commands, whole) };
}

/** What a client begins with. If nothing outlives the process it has no folder, and may not know the key. */
interface Beginning {
  readonly nick: Nick;
  readonly folder: string | undefined;
  readonly store: SqliteStore | undefined;
  readonly serverKey: Key | undefined;
  readonly isNew: boolean;
  /** What is to be told of it. */
  readonly news: Notice[];
}

/** Opens the state that belongs to the server. Returns `undefined` if nobody has proved to be that server. */
async function openBeginning(
  { attempts, invited, nick, serverKey, state: chosen }: ClientSettings,
  place: Pick<Place, "host" | "server" | "serverName">,
  world: World,
): Promise<Beginning | undefined> {
  if (chosen === MEMORY) {
    return {
      nick: nick ?? loginName(),
      folder: undefined,
      store: undefined,
      serverKey,
      isNew: true,
      news: [],
    };
  }
  const knownServers = openKnownServers(chosen);
  const isInvited = invited.length > 0;
  const asked = { ...place, nick: nick ?? loginName(), attempts, serverKey, isInvited };
  const found = await findServer(asked, knownServers, world);
  if (found === undefined) return undefined;
  const { server } = place;
  const { others, ...state } = openState({ nick, chosen, server, serverKey: found.key });
  const unused = others.map((folder): Notice => ({ type: "otherState", nick: state.nick, folder }));
  return { ...state, serverKey: found.key, news: [...found.news, ...unused] };
}

/** Opens the identity that the user brings, or that of the state folder, or makes one. */
async function openOwnIdentity(
  { identity: brought, protects }: ClientSettings,
  { folder, isNew, news, nick }: Beginning,
): Promise<OpenIdentity> {
  const path = brought ?? (folder === undefined ? undefined : `${folder}/identity`);
  if (path === undefined) {
    const secrets = crypto.getRandomValues(new Uint8Array(SECRETS_BYTES));
    return { secrets, predecessors: [], isNew: true, close: () => {} };
  }
  const mayMake = brought === undefined && isNew;
  const identity = await openIdentity({ path, mayMake, protects, ask: askPassphrase });
  if (identity.isNew) news.push({ type: "identityMade", nick });
  return identity;
}

/** Nobody reads our output any more, but the server still learns that the user leaves. */
async function sayLeaving(machine: Machine, socket: UdpSocket, now: Millis): Promise<void> {
  for (const output of machine.step(now, { type: "action", action: { type: "leave" } })) {
    if (output.type === "transmit") await socket.send(output.bytes, output.to);
  }
}

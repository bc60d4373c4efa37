/** Opens what a client runs on: the server's place, the state of a nick there, an identity, and a socket. */
import type { Action } from "../core/action.ts";
import { addressKey } from "../core/base/address.ts";
import { primitives } from "../core/base/crypto.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import type { Address, Key, Millis } from "../core/base/units.ts";
import { Client } from "../core/client/client.ts";
import type { Durability, Machine } from "../core/machine.ts";
import { Identity, SECRETS_BYTES } from "../core/messages/identity.ts";
import type { Acquaintance } from "../core/messages/invitation.ts";
import { revocationOf } from "../core/messages/lineage.ts";
import type { Nick } from "../core/messages/nick.ts";
import type { Notice } from "../core/notice.ts";
import { readChannelKey } from "../storage/channel_key.ts";
import { type HistoryBounds, openHistoryOf } from "../storage/history.ts";
import { type OpenIdentity, openIdentity, type Protectable } from "../storage/identity_file.ts";
import { openKnownServers } from "../storage/known_servers.ts";
import type { SealingIdentity, SqliteStore } from "../storage/sqlite.ts";
import { readPassphrase } from "../storage/passphrase_file.ts";
import { oldStates, openState } from "../storage/state.ts";
import { loginName, MEMORY, stateFolderOf } from "../storage/state_folder.ts";
import { keepStatement } from "../storage/statement_file.ts";
import { askPassphrase } from "../terminal/passphrase.ts";
import { drive, type Driver } from "../transport/driver.ts";
import { systemPrimitives } from "../transport/native_aead.ts";
import { ANY_IPV4, anyAddressTowards, ownAddresses } from "../transport/own_addresses.ts";
import { resolveHost } from "../transport/resolve.ts";
import { bindUdp, type UdpSocket } from "../transport/udp.ts";
import { say } from "./errand.ts";
import { findServer } from "./find_server.ts";
import { startMachine, type World } from "./world.ts";

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
  /** A file with the passphrase, or `undefined` to ask for it at the terminal. */
  readonly passphraseFile: string | undefined;
  /** A file with the key of the channel, or `undefined` for the open channel. */
  readonly channelKey: string | undefined;
  /** The people that an invitation names, at least one; their identities are pinned. Without one nobody. */
  readonly invited: readonly Acquaintance[];
  /** How many attempts a command of the user makes before the client gives up; 0 for no end of them. */
  readonly attempts: number;
  readonly durability: Durability;
  /** How much the history keeps, or `undefined` for none. */
  readonly history: HistoryBounds | undefined;
  /** How many of its last messages are shown at the start. */
  readonly recalls: number;
  /** A file, or `undefined` for no log. */
  readonly log: string | undefined;
}

/**
 * A new server or identity is refused, because the user has said so. The message is a sentence for the user.
 */
export class UnknownError extends ExpectedError {
  override readonly name = "UnknownError";
}

/** The address of a client's server, and the folder for the state of its nick. */
export interface Place {
  readonly server: Address;
  /** The server as the user wrote it, HOST:PORT. */
  readonly serverName: string;
  /** The address of this machine that is used. */
  readonly host: string;
  /** The key that the server has proved, now or before. Nobody has if nothing is to outlive the process. */
  readonly serverKey: Key | undefined;
  /** The state folder of the nick, which may not be there; `undefined` if nothing outlives the process. */
  readonly folder: string | undefined;
  /** The one of several folders of old releases whose identity the server knows. */
  readonly bound?: string | undefined;
  /** The notices about it. */
  readonly news: readonly Notice[];
}

/**
 * Finds the server. Returns `undefined` if nobody has proved to be there, of which the user was told. With
 * `knownOnly` a server whose key is not pinned is refused by an `UnknownError`.
 */
export async function findPlace(
  settings: ClientSettings,
  world: World,
  knownOnly = false,
): Promise<Place | undefined> {
  const { attempts, invited, nick = loginName(), serverKey, serverPort, state: chosen } = settings;
  const serverHost = await resolveHost(settings.server);
  const isUnset = settings.host === ANY_IPV4;
  const host = isUnset ? anyAddressTowards(serverHost) : await resolveHost(settings.host);
  const server = { host: serverHost, port: serverPort };
  const serverName = addressKey({ host: settings.server, port: serverPort });
  const place = { server, serverName, host };
  if (chosen === MEMORY) return { ...place, serverKey, folder: undefined, news: [] };
  const knownServers = openKnownServers(chosen);
  if (knownOnly && knownServers.keyOf(serverName) === undefined) {
    throw new UnknownError(
      `the server at ${serverName} is not known yet: leave out '--known-only' at the first contact`,
    );
  }
  const asked = { ...place, nick, attempts, serverKey, isInvited: invited.length > 0 };
  const found = await findServer(asked, knownServers, world);
  if (found === undefined) return undefined;
  const folder = stateFolderOf(nick, chosen, found.key);
  const known = { ...place, serverKey: found.key, folder, news: found.news };
  const old = chosen === undefined ? oldStates(nick, server, found.key) : [];
  if (old.length < 2) return known;
  const bound = await boundOf(old, settings, known, world);
  if (bound !== undefined) return { ...known, bound };
  for (const notice of found.news) say(notice, world);
  return undefined;
}

/** The server has the identity under the nick, even if another client holds the place. */
const BOUND: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>(["registered", "nickOnline"]);
/** The nick is not this identity's. */
const UNBOUND: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>(["nickOfAnotherKey", "identityEnded"]);
/** The notices of every client at its start and its end. */
const FRAME: ReadonlySet<Notice["type"]> = new Set<Notice["type"]>(["started", "exiting"]);

/**
 * The first of these folders whose identity the server takes for the nick. Returns `undefined` if there is
 * none, or the server does not say so; the user was told.
 */
async function boundOf(
  folders: readonly string[],
  settings: ClientSettings,
  place: Place,
  world: World,
): Promise<string | undefined> {
  const manner = { attempts: settings.attempts, interactive: false, sendsOnly: true, isAttended: false };
  let refusal: Notice | undefined;
  for (const state of folders) {
    const at = { ...place, folder: state, news: [] };
    const opened = await openClient({ ...settings, state }, at, manner, world);
    const seen = new Set<Notice["type"]>();
    const driver = opened.run((notice) => {
      seen.add(notice.type);
      if (BOUND.has(notice.type)) driver.act({ type: "leave" });
      else if (UNBOUND.has(notice.type)) refusal = notice;
      else if (!FRAME.has(notice.type)) say(notice, world);
    });
    driver.act({ type: "register", nick: opened.nick });
    await driver.ended.finally(() => opened.close());
    if (!seen.isDisjointFrom(BOUND)) return state;
    if (seen.isDisjointFrom(UNBOUND)) return undefined;
  }
  if (refusal !== undefined) say(refusal, world);
  for (const folder of folders) {
    say({ type: "otherState", nick: settings.nick ?? loginName(), folder }, world);
  }
  return undefined;
}

/** How a client is run. */
export interface Manner {
  /** The attempts of a command, as in `ClientSettings`. */
  readonly attempts: number;
  /** Somebody may be typing, or asking: the client does not end for want of an answer. */
  readonly interactive: boolean;
  readonly sendsOnly: boolean;
  readonly isAttended: boolean;
  /** How many of the last messages are shown at the start: none where it is absent. */
  readonly recalls?: number;
  /** A new identity is refused, by an `UnknownError`. */
  readonly knownOnly?: boolean;
}

/** A client at hand: everything is open, and nothing runs yet. */
export interface OpenedClient {
  readonly nick: Nick;
  readonly folder: string | undefined;
  /** Runs the client. `show` is called for each notice; what it throws ends the client. */
  run(show: Show): Driver;
  /** Tells the server in one datagram that the client is gone, though it was not asked to end. */
  sayLeaving(): Promise<void>;
  /** Closes everything. The client does not run any more. */
  close(): void;
}

export type Show = Parameters<typeof drive>[0]["show"];

/** Opens a client. Throws an `ExpectedError` if that cannot be, such as a `StoreError` that is in use. */
export async function openClient(
  settings: ClientSettings,
  place: Place,
  manner: Manner,
  world: World,
): Promise<OpenedClient> {
  const { server, serverName, host } = place;
  const cleanup = new DisposableStack();
  try {
    const beginning = openBeginning(settings, place);
    const { nick, folder, store, serverKey, news } = beginning;
    cleanup.defer(() => store?.close());
    store?.setDurability(settings.durability);
    if (manner.knownOnly && beginning.isNew) {
      throw new UnknownError(
        `there is no identity of '${nick}' at ${serverName} yet: leave out '--known-only' at the first contact`,
      );
    }
    const opened = await openOwnIdentity(settings, beginning);
    cleanup.defer(() => opened.close());
    if (store !== undefined) unlockState(store, opened);
    const history = folder === undefined ? undefined : openHistoryOf(folder, store?.seal, settings.history);
    cleanup.defer(() => history?.close());
    history?.setDurability(settings.durability);
    const channelKey = settings.channelKey === undefined ? undefined : readChannelKey(settings.channelKey);
    const socket = cleanup.adopt(bindUdp(host, settings.port, "-c"), (it) => it.close());
    const own = ownAddresses(host, socket.address.port, server);
    const identity = new Identity(primitives, opened.secrets, opened.predecessors);
    const options = {
      nick,
      server,
      serverName,
      serverKey,
      own: own[0]!,
      candidates: own.slice(0, 3),
      attempts: manner.attempts,
      interactive: manner.interactive,
      identity,
      invited: settings.invited,
      channelKey,
      sendsOnly: manner.sendsOnly,
      isAttended: manner.isAttended,
      durable: store !== undefined,
      recalls: history === undefined ? 0 : manner.recalls ?? 0,
      primitives: systemPrimitives(),
      stopwatch: world.stopwatch,
      foreword: news,
    };
    const { machine, now } = startMachine(
      world,
      store,
      (at, records) => new Client(at, options, world.random, records),
    );
    if (folder !== undefined && serverKey !== undefined) {
      const about = { nick, server: { host: settings.server, port: settings.serverPort }, serverKey };
      keepStatement(`${folder}/revocation`, { ...about, ...revocationOf(identity, nick) });
    }
    return {
      nick,
      folder,
      run: (show) => drive({ machine, socket, store, history, now, wall: world.wall, show }),
      sayLeaving: () => sayLeaving(machine, socket, now()),
      close: () => cleanup.dispose(),
    };
  } catch (error) {
    cleanup.dispose();
    throw error;
  }
}

/**
 * The things that a client begins with. If nothing outlives the process it has no folder, and may not know
 * the key.
 */
interface Beginning {
  readonly nick: Nick;
  readonly folder: string | undefined;
  readonly store: SqliteStore | undefined;
  readonly serverKey: Key | undefined;
  readonly isNew: boolean;
  /** The notices about it. */
  readonly news: Notice[];
}

/** Opens the state that belongs to the server. */
function openBeginning(
  { nick, state: chosen }: ClientSettings,
  { bound, news, server, serverKey }: Place,
): Beginning {
  if (chosen === MEMORY || serverKey === undefined) {
    return {
      nick: nick ?? loginName(),
      folder: undefined,
      store: undefined,
      serverKey,
      isNew: true,
      news: [...news],
    };
  }
  const { others, ...state } = openState({ nick, chosen, server, serverKey, bound });
  const unused = others.map((folder): Notice => ({ type: "otherState", nick: state.nick, folder }));
  return { ...state, serverKey, news: [...news, ...unused] };
}

/** Opens the identity that the user brings, or that of the state folder, or makes one. */
async function openOwnIdentity(
  { identity: brought, passphraseFile, protects }: ClientSettings,
  { folder, isNew, news, nick }: Beginning,
): Promise<OpenIdentity> {
  const path = brought ?? (folder === undefined ? undefined : `${folder}/identity`);
  if (path === undefined) {
    const secrets = crypto.getRandomValues(new Uint8Array(SECRETS_BYTES));
    news.push({ type: "identityPassing", nick });
    return { secrets, predecessors: [], isNew: true, isProtected: false, close: () => {} };
  }
  const mayMake = brought === undefined && isNew;
  const ask = passphraseFile === undefined ? askPassphrase : () => readPassphrase(passphraseFile);
  const identity = await openIdentity({ path, mayMake, protects, ask });
  if (identity.isNew) news.push({ type: "identityMade", nick });
  return identity;
}

/** A state is sealed under the passphrase of its identity, and only if that has one. */
export function unlockState(store: SqliteStore, identity: Protectable): void {
  if (identity.isProtected) store.unlock(sealingIdentity(identity));
  else store.refuseSealed();
}

export function sealingIdentity({ secrets }: Protectable): SealingIdentity {
  return { publicKey: new Identity(primitives, secrets).publicKey, secrets };
}

/** Nobody reads our output any more, but the server still learns that the user leaves. */
async function sayLeaving(machine: Machine, socket: UdpSocket, now: Millis): Promise<void> {
  const leave: Action = { type: "leave" };
  const outputs = machine.step(now, { type: "action", action: leave });
  await socket.send(outputs.filter((output) => output.type === "transmit"));
}

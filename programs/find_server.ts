/** Which server is at an address: the key that is known of it, or that it proves to have. */
import { primitives } from "../core/base/crypto.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import { harmless } from "../core/base/text.ts";
import type { Address, Key } from "../core/base/units.ts";
import { Scout } from "../core/client/scout.ts";
import type { Nick } from "../core/messages/nick.ts";
import type { Notice } from "../core/notice.ts";
import type { KnownServers } from "../storage/known_servers.ts";
import { runErrand, say } from "./errand.ts";
import { DONE, type World } from "./world.ts";

export interface Place {
  readonly server: Address;
  /** The server as the user wrote it, HOST:PORT. */
  readonly serverName: string;
  /** The key that the user has given, if any. */
  readonly serverKey: Key | undefined;
  /** True if that key is from an invitation. */
  readonly isInvited: boolean;
  /** The address of this machine from which the server is asked. */
  readonly host: string;
  readonly nick: Nick;
  /** The number of attempts; 0 for no end. */
  readonly attempts: number;
}

export interface Found {
  readonly key: Key;
  /** The notices that tell the user of it. */
  readonly news: readonly Notice[];
}

/** An invitation contradicts what is known. The message is a sentence for the user. */
class InvitationError extends ExpectedError {
  override readonly name = "InvitationError";
}

/**
 * Takes the key that was pinned for this name. If there is none, or the user has given another one, the
 * server is asked, and its key is pinned. Returns `undefined` if nobody has proved to be there, and the user
 * was told. Throws an `ExpectedError` if an invitation names another key than the pinned one.
 */
export async function findServer(
  place: Place,
  known: KnownServers,
  world: World,
): Promise<Found | undefined> {
  const { isInvited, serverKey, serverName } = place;
  const pinned = known.keyOf(serverName);
  if (isInvited && pinned !== undefined && pinned !== serverKey) {
    throw new InvitationError(
      `cannot use the invitation: it names another key for ${serverName} than '${pinned}', which is known of it, ask the server's operator for its key`,
    );
  }
  if (pinned !== undefined && (serverKey ?? pinned) === pinned) return { key: pinned, news: [] };
  const answer = await ask(place, world);
  if (answer === undefined) return undefined;
  const { key, met } = answer;
  const knownAs = pinned === undefined ? known.serverWith(key) : undefined;
  // Another client may have pinned it meanwhile.
  if (knownAs === serverName) return { key, news: [] };
  known.pin(serverName, key, harmless(met?.name ?? ""));
  if (knownAs !== undefined) return { key, news: [{ type: "serverRecognized", knownAs: harmless(knownAs) }] };
  return { key, news: met === undefined ? [] : [met] };
}

type Met = Extract<Notice, { type: "serverMet" }>;

/** Asks whoever is at the address to prove its key. */
async function ask(place: Place, world: World): Promise<{ key: Key; met: Met | undefined } | undefined> {
  let met: Met | undefined;
  const show = (notice: Notice): void => {
    if (notice.type === "serverMet") met = notice;
    else say(notice, world);
  };
  const options = { ...place, primitives, stopwatch: world.stopwatch };
  const status = await runErrand(place.host, world, (at) => new Scout(at, options, world.random), show);
  const key = place.serverKey ?? met?.key;
  return status === DONE && key !== undefined ? { key, met } : undefined;
}

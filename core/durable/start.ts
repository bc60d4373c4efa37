/**
 * The state that goes on from one start to the next: the server's key, and instants that only ever grow,
 * whatever the clock says.
 */
import { KEY_BYTES, type KeyPair, type Primitives } from "../base/crypto.ts";
import type { Address, Key, Millis, Random } from "../base/units.ts";
import type { Records } from "../machine.ts";
import type { Nick } from "../messages/nick.ts";
import { byName, DurableMap } from "./durable_map.ts";
import type { Effects } from "./effects.ts";
import { IDENTITY, INITIATION, KEY, LAST, OWN, START } from "./records.ts";

/** The server's key: the one of its first start, or a new one, which is durable before anything leaves. */
export function ownKey(primitives: Primitives, random: Random, effects: Effects): KeyPair {
  const keys = new DurableMap(effects, byName(KEY));
  const known = keys.get(OWN);
  if (known !== undefined) return primitives.keyPair(Uint8Array.fromHex(known.secret));
  const secret = random(KEY_BYTES);
  keys.set(OWN, { secret: secret.toHex() });
  return primitives.keyPair(secret);
}

/**
 * Gives the times of our initiations. A responder takes an initiation only if its time is later than that of
 * every one before (docs/protocol.md, section 2).
 */
export function initiationClock(effects: Effects): (now: Millis) => Millis {
  return growingClock(effects, INITIATION, OWN);
}

/**
 * The instant of this start of a server. It is later than that of the start before, and names this life of
 * the table (`Version`).
 */
export function nextStart(now: Millis, effects: Effects): Millis {
  return growingClock(effects, START, LAST)(now);
}

/**
 * A clock whose instants grow with every call and over restarts, even when the real clock goes back. Each one
 * is durable before it is sent.
 */
function growingClock(
  effects: Effects,
  kind: typeof INITIATION | typeof START,
  name: string,
): (now: Millis) => Millis {
  const given = new DurableMap(effects, byName(kind));
  return (now) => {
    const at = Math.max(Math.floor(now), (given.get(name)?.at ?? 0) + 1);
    given.set(name, { at });
    return at;
  };
}

/** The owner of a state folder, and the owner's server: its address, and its key if that is known. */
export interface Owner {
  readonly nick: Nick;
  readonly server: Address;
  readonly serverKey: Key | undefined;
}

/** Returns `undefined` when the folder is new. */
export function ownerOf(records: Records): Owner | undefined {
  for (const [, { nick, server, serverKey: [serverKey] }] of IDENTITY.read(records)) {
    return { nick, server, serverKey };
  }
  return undefined;
}

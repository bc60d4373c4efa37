/** What a client or a server goes on from when it starts: its key, and numbers that only ever grow. */
import { KEY_BYTES, type KeyPair, type Primitives } from "../base/crypto.ts";
import type { Address, Millis, Random } from "../base/units.ts";
import type { Records } from "../machine.ts";
import type { Nick } from "../messages/nick.ts";
import { byName, DurableMap } from "./durable_map.ts";
import type { Effects } from "./effects.ts";
import { IDENTITY, INITIATION, KEY, LAST, OWN, START } from "./records.ts";

/** The key of an earlier start, or a new one, which is durable before anything leaves. */
export function ownKey(primitives: Primitives, random: Random, effects: Effects): KeyPair {
  const keys = new DurableMap(effects, byName(KEY));
  const known = keys.get(OWN);
  if (known !== undefined) return primitives.keyPair(Uint8Array.fromHex(known.secret));
  const secret = random(KEY_BYTES);
  keys.set(OWN, { secret: secret.toHex() });
  return primitives.keyPair(secret);
}

/** The times of our initiations. */
export function initiationClock(effects: Effects): (now: Millis) => Millis {
  return growingClock(effects, INITIATION, OWN);
}

/** When a server started: later than its start before. */
export function nextStart(now: Millis, effects: Effects): Millis {
  return growingClock(effects, START, LAST)(now);
}

/** Instants that grow with every call and over restarts, even when the clock goes back. */
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

/** Whose state this is and at which server, or `undefined` when it is new. */
export function ownerOf(records: Records): { nick: Nick; server: Address } | undefined {
  for (const [, identity] of IDENTITY.read(records)) return identity;
  return undefined;
}

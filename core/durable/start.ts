/** What a client or a server goes on from when it starts: its key, and numbers that only ever grow. */
import { MALFORMED } from "../base/bytes.ts";
import { KEY_BYTES, type KeyPair, type Primitives } from "../base/crypto.ts";
import type { Address, Millis, Random } from "../base/units.ts";
import type { Records } from "../machine.ts";
import type { Nick } from "../messages/nick.ts";
import type { Effects } from "./effects.ts";
import { IDENTITY, INITIATION, KEY, START } from "./records.ts";

const ONLY = "own";

/** The key of an earlier start, or a new one, which is durable before anything leaves. */
export function ownKey(
  primitives: Primitives,
  random: Random,
  records: Records,
  effects: Effects,
): KeyPair {
  for (const [key, value] of records) {
    const known = KEY.matches(key) ? KEY.decode(value) : MALFORMED;
    if (known !== MALFORMED) return primitives.keyPair(Uint8Array.fromHex(known.secret));
  }
  const secret = random(KEY_BYTES);
  effects.save(KEY.key(ONLY), () => KEY.encode({ secret: secret.toHex() }));
  return primitives.keyPair(secret);
}

/** Instants that grow with every call and over restarts, even when the clock goes back. */
export function initiationClock(records: Records, effects: Effects): (now: Millis) => Millis {
  let last = 0;
  for (const [key, value] of records) {
    const known = INITIATION.matches(key) ? INITIATION.decode(value) : MALFORMED;
    if (known !== MALFORMED) last = known.at;
  }
  return (now) => {
    last = Math.max(Math.floor(now), last + 1);
    effects.save(INITIATION.key(ONLY), () => INITIATION.encode({ at: last }));
    return last;
  };
}

/** When a server started: later than its start before, even when the clock went back. */
export function nextStart(now: Millis, records: Records, effects: Effects): Millis {
  let last = 0;
  for (const [key, value] of records) {
    const record = START.matches(key) ? START.decode(value) : MALFORMED;
    if (record !== MALFORMED) last = record.at;
  }
  const at = Math.max(Math.floor(now), last + 1);
  effects.save(START.key("last"), () => START.encode({ at }));
  return at;
}

/** Whose state this is and at which server, or `undefined` when it is new. */
export function ownerOf(records: Records): { nick: Nick; server: Address } | undefined {
  for (const [key, value] of records) {
    const identity = IDENTITY.matches(key) ? IDENTITY.decode(value) : MALFORMED;
    if (identity !== MALFORMED) return identity;
  }
  return undefined;
}

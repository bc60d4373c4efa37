/**
 * The nicks of a server as its operator sees them; and those on its disk, to list them and to release one
 * while the server is not running (docs/security.md, "What is trusted when").
 */
import type { Key, Millis } from "../base/units.ts";
import { CLOCK, CURSOR, LETTER, NICK, RECEIPT, receiptKey, SEEN } from "../durable/records.ts";
import type { Change, Records } from "../machine.ts";
import { letterNameOf } from "../messages/letter_form.ts";
import { type Nick, nickKey, sameNick } from "../messages/nick.ts";

/** A nick, and the identity that owns it. */
export interface Binding {
  readonly nick: Nick;
  readonly identity: Key;
  /** Nicks are numbered in the order in which they were first registered. */
  readonly ordinal: number;
  /** The number of letters that wait for the nick. */
  readonly letters: number;
  readonly online: boolean;
  readonly revoked: boolean;
  /** For how long its owner has not been there; 0 while it is. */
  readonly idleMs: Millis;
}

/**
 * All nicks, in the order in which they were first registered. A member that was online when the server ended
 * was there until then: the last reading of the clock is the nearest time that is known.
 */
export function listNicks(now: Millis, records: Records): Binding[] {
  const kept = [...records];
  const endedAt = [...CLOCK.read(kept)].reduce((last, [, { at }]) => Math.max(last, at), 0);
  const letters = new Map<string, number>();
  for (const [, { to }] of LETTER.read(kept)) letters.set(nickKey(to), (letters.get(nickKey(to)) ?? 0) + 1);
  return [...NICK.read(kept)].map(([, record]) => record)
    .sort((a, b) => a.ordinal - b.ordinal)
    .map(({ nick, bundle: { identity }, ordinal, online, revocation, seenAt }) => ({
      nick,
      identity,
      ordinal,
      letters: letters.get(nickKey(nick)) ?? 0,
      online: false,
      revoked: revocation.length > 0,
      idleMs: Math.max(0, now - (online ? Math.max(seenAt, endedAt) : seenAt)),
    }));
}

/**
 * The changes that make a nick free for the next identity that registers it. Letters that wait for it fail:
 * their senders get the receipt `released`, and the next owner never gets the letters. Letters and posts that
 * the nick wrote itself stay.
 */
export function releaseNick(now: Millis, records: Records, nick: Nick): Change[] {
  const kept = [...records];
  const seen = kept.map(([key]) => key).filter((key) => key.startsWith(`${SEEN.keyFor(nick)}/`));
  const receipts = [...RECEIPT.read(kept)].filter(([, { from }]) => sameNick(from, nick));
  const letters = [...LETTER.read(kept)].filter(([, { to }]) => sameNick(to, nick));
  const forgotten = [
    NICK.keyFor(nick),
    CURSOR.keyFor(nick),
    ...seen,
    ...receipts.map(([name]) => RECEIPT.key(name)),
    ...letters.map(([name]) => LETTER.key(name)),
  ];
  const failed = letters.map(([, { id, from, to, body }]): Change => {
    const released = { outcome: "released", proof: "" } as const;
    const receipt = { from, to, at: now, ...letterNameOf(body), ...released };
    return { type: "save", key: receiptKey(from, id), value: RECEIPT.encode(receipt) };
  });
  return [...failed, ...forgotten.map((key): Change => ({ type: "forget", key }))];
}

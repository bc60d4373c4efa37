/**
 * The nicks on a server's disk, for the operator: to list them and to release one, while the server is not
 * running (docs/security.md, "What is trusted when").
 */
import type { Key, Millis } from "../base/units.ts";
import { CURSOR, LETTER, NICK, RECEIPT, receiptKey, SEEN } from "../durable/records.ts";
import type { Change, Records } from "../machine.ts";
import { letterNameOf } from "../messages/letter_form.ts";
import { type Nick, nickKey, sameNick } from "../messages/nick.ts";

/** A nick, and the identity that owns it. */
export interface Binding {
  readonly nick: Nick;
  readonly identity: Key;
  /** The number of letters that wait for the nick. */
  readonly letters: number;
}

/** All nicks, in the order in which they were first registered. */
export function listNicks(records: Records): Binding[] {
  const kept = [...records];
  const letters = new Map<string, number>();
  for (const [, { to }] of LETTER.read(kept)) letters.set(nickKey(to), (letters.get(nickKey(to)) ?? 0) + 1);
  return [...NICK.read(kept)].map(([, record]) => record)
    .sort((a, b) => a.ordinal - b.ordinal)
    .map(({ nick, bundle: { identity } }) => ({ nick, identity, letters: letters.get(nickKey(nick)) ?? 0 }));
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

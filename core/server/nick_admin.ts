/** What an operator sees and does of the nicks on a server's disk, while the server is not running. */
import type { Key, Millis } from "../base/units.ts";
import { CURSOR, LETTER, NICK, RECEIPT, receiptKey, SEEN } from "../durable/records.ts";
import type { Change, Records } from "../machine.ts";
import { NO_SIGNATURE } from "../messages/identity.ts";
import { editionOf } from "../messages/letter.ts";
import { type Nick, nickKey, sameNick } from "../messages/nick.ts";

export interface Binding {
  readonly nick: Nick;
  readonly identity: Key;
  /** How many letters wait for it. */
  readonly letters: number;
}

/** In the order in which the nicks first came. */
export function listNicks(records: Records): Binding[] {
  const kept = [...records];
  const letters = new Map<string, number>();
  for (const [, { to }] of LETTER.read(kept)) letters.set(nickKey(to), (letters.get(nickKey(to)) ?? 0) + 1);
  return [...NICK.read(kept)].map(([, record]) => record)
    .sort((a, b) => a.ordinal - b.ordinal)
    .map(({ nick, bundle: { identity } }) => ({ nick, identity, letters: letters.get(nickKey(nick)) ?? 0 }));
}

/**
 * What makes a nick free for whoever registers it next. Mail that waits for it fails: its senders are told, and nobody
 * else ever gets it. What it wrote itself stays.
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
    const released = { outcome: "released", signature: NO_SIGNATURE } as const;
    const receipt = { from, to, at: now, edition: editionOf(body), ...released };
    return { type: "save", key: receiptKey(from, id), value: RECEIPT.encode(receipt) };
  });
  return [...failed, ...forgotten.map((key): Change => ({ type: "forget", key }))];
}

/** What an operator sees and does of the nicks on a server's disk, while the server is not running. */
import { MALFORMED } from "../base/bytes.ts";
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
  for (const [key, value] of kept) {
    const letter = LETTER.matches(key) ? LETTER.decode(value) : MALFORMED;
    if (letter !== MALFORMED) letters.set(nickKey(letter.to), (letters.get(nickKey(letter.to)) ?? 0) + 1);
  }
  return kept.map(([key, value]) => NICK.matches(key) ? NICK.decode(value) : MALFORMED)
    .filter((record) => record !== MALFORMED)
    .sort((a, b) => a.ordinal - b.ordinal)
    .map(({ nick, bundle: { identity } }) => ({ nick, identity, letters: letters.get(nickKey(nick)) ?? 0 }));
}

/**
 * What makes a nick free for whoever registers it next. Mail that waits for it fails: its senders are told, and nobody
 * else ever gets it. What it wrote itself stays.
 */
export function releaseNick(now: Millis, records: Records, nick: Nick): Change[] {
  const forget = (key: string): Change => ({ type: "forget", key });
  const seenPrefix = `${SEEN.keyFor(nick)}/`;
  const changes: Change[] = [forget(NICK.keyFor(nick)), forget(CURSOR.keyFor(nick))];
  for (const [key, value] of records) {
    if (key.startsWith(seenPrefix)) changes.push(forget(key));
    const receipt = RECEIPT.matches(key) ? RECEIPT.decode(value) : MALFORMED;
    if (receipt !== MALFORMED && sameNick(receipt.from, nick)) changes.push(forget(key));
    const letter = LETTER.matches(key) ? LETTER.decode(value) : MALFORMED;
    if (letter === MALFORMED || !sameNick(letter.to, nick)) continue;
    const { id, from, to, body } = letter;
    const failed = {
      from,
      to,
      at: now,
      edition: editionOf(body),
      outcome: "released",
      signature: NO_SIGNATURE,
    } as const;
    changes.push(forget(key), { type: "save", key: receiptKey(from, id), value: RECEIPT.encode(failed) });
  }
  return changes;
}

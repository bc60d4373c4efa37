/**
 * The offline store: letters, kept until their recipient has saved and acknowledged that letter, and receipts,
 * kept until the sender has acknowledged that. What is in a letter nobody here can read.
 */
import {
  COLLECTED_RECEIPTS,
  MAIL_LIFE_MS,
  MAIL_SHARE,
  MAILBOX_BYTES,
  MAILBOX_LETTERS,
  MAILBOX_SHARE,
  RECEIPTS_PER_SENDER,
  SEEN_LIFE_MS,
} from "../base/limits.ts";
import type { Millis } from "../base/units.ts";
import { byName, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import {
  firstOf,
  LETTER,
  nameFor,
  RECEIPT,
  receiptName,
  secondOf,
  type ValueOf,
} from "../durable/records.ts";
import { SeenIds } from "../durable/seen_ids.ts";
import type { Receipt } from "../messages/identity.ts";
import type { MessageId } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey, sameNick } from "../messages/nick.ts";
import type { Reason } from "../messages/verb.ts";

/** `order` counts everything that the server has stored. */
export type StoredLetter = ValueOf<typeof LETTER> & { readonly order: number };

interface Amount {
  readonly letters: number;
  readonly bytes: number;
}

const NONE: Amount = { letters: 0, bytes: 0 };

/** What the operator allows. */
export interface MailLimits {
  /** Bytes of all mail. */
  readonly totalBytes: number;
}

export class OfflineStore {
  readonly #limits: MailLimits;
  /** By order, grouped by recipient. */
  readonly #letters: DurableMap<number, StoredLetter>;
  /** By sender and id. */
  readonly #byId = new Map<string, StoredLetter>();
  /** How much mail there is: in all, for a recipient, from a sender, and from the one to the other. */
  readonly #amounts = new Map<string, Amount>();
  /** By sender and id, grouped by sender. */
  readonly #receipts: DurableMap<string, ValueOf<typeof RECEIPT>>;
  readonly #seen: SeenIds;
  /** The highest order among the letters of earlier processes. */
  readonly lastOrder: number;

  constructor(now: Millis, effects: Effects, limits: MailLimits) {
    this.#limits = limits;
    this.#letters = new DurableMap(effects, {
      kind: LETTER,
      nameOf: (order: number) => order,
      entryOf: (name, letter) => [Number(name), { ...letter, order: Number(name) }],
      recordOf: (letter: StoredLetter) => letter,
      groupOf: (_order, { to }) => nickKey(to),
    });
    this.#receipts = new DurableMap(effects, {
      ...byName(RECEIPT),
      groupOf: firstOf,
      most: RECEIPTS_PER_SENDER,
    });
    this.#seen = new SeenIds(effects);
    const letters = [...this.#letters.values()];
    for (const letter of letters) this.#count(letter, 1);
    this.lastOrder = letters.at(-1)?.order ?? 0;
    // What is here was seen, even if that was not saved in time.
    for (const { from, id } of letters) this.#saw(now, from, id);
    for (const [name, { from, outcome }] of this.#receipts.entries()) {
      if (outcome !== "unreadable") this.#saw(now, from, secondOf(name));
    }
  }

  #saw(now: Millis, from: Nick, id: MessageId): void {
    if (!this.#seen.hasSeen(from, id)) this.#seen.add(now, from, id);
  }

  /** Whether a message was stored before, even if it has been collected since. */
  hasStored(from: Nick, id: MessageId): boolean {
    return this.#byId.has(receiptName(from, id)) || this.#seen.hasSeen(from, id);
  }

  /** A message that waits here to be collected. */
  letter(to: Nick, from: Nick, id: MessageId): StoredLetter | undefined {
    const letter = this.#byId.get(receiptName(from, id));
    return letter !== undefined && sameNick(letter.to, to) ? letter : undefined;
  }

  /** Its sender has sealed it again: as if this letter had never come. */
  withdraw(letter: StoredLetter): void {
    this.#remove(letter);
    this.#seen.remove(letter.from, letter.id);
  }

  /** What became of a message, as long as its sender has not acknowledged that. */
  receipt(from: Nick, id: MessageId): (Receipt & { readonly to: Nick }) | undefined {
    const receipt = this.#receipts.get(receiptName(from, id));
    return receipt === undefined ? undefined : { id, ...receipt };
  }

  /** Takes a letter, or says why not. */
  deposit(now: Millis, letter: StoredLetter): Reason | undefined {
    const bytes = sizeOf(letter);
    const accounts = accountsOf(letter);
    const mailbox = this.#amountOf(accounts.mailbox);
    const share = this.#amountOf(accounts.share);
    const sent = this.#amountOf(accounts.sent);
    if (mailbox.letters >= MAILBOX_LETTERS || mailbox.bytes + bytes > MAILBOX_BYTES) return "quota";
    if (
      share.letters >= MAILBOX_LETTERS * MAILBOX_SHARE || share.bytes + bytes > MAILBOX_BYTES * MAILBOX_SHARE
    ) {
      return "quota";
    }
    if (sent.bytes + bytes > Math.max(this.#limits.totalBytes * MAIL_SHARE, MAILBOX_BYTES * MAILBOX_SHARE)) {
      return "quota";
    }
    if (this.#amountOf(accounts.all).bytes + bytes > this.#limits.totalBytes) return "full";
    this.#letters.set(letter.order, letter);
    this.#count(letter, 1);
    this.#seen.add(now, letter.from, letter.id);
    return undefined;
  }

  /** The mail of a nick, in the order in which it was stored. */
  lettersFor(nick: Nick): StoredLetter[] {
    return [...this.#letters.group(nickKey(nick)).values()];
  }

  /** The recipient has said what became of this letter: it becomes a receipt for its sender. */
  collect(now: Millis, letter: StoredLetter, { edition, outcome, signature }: Receipt): void {
    this.#remove(letter);
    // It may come once more, sealed again.
    if (outcome === "unreadable") this.#seen.remove(letter.from, letter.id);
    const { from, to } = letter;
    const receipt = { from, to, at: Math.floor(now), edition, outcome, signature };
    this.#receipts.set(receiptName(from, letter.id), receipt);
  }

  /** What was collected of a sender's mail and not yet acknowledged by him, in lists that fit into a verb. */
  receiptsFor(sender: Nick): { to: Nick; receipts: Receipt[] }[] {
    const lists: { to: Nick; receipts: Receipt[] }[] = [];
    const open = new Map<NickKey, { to: Nick; receipts: Receipt[] }>();
    for (const [name, receipt] of this.#receipts.group(nameFor(sender))) {
      const { to } = receipt;
      let list = open.get(nickKey(to));
      if (list === undefined || list.receipts.length >= COLLECTED_RECEIPTS) {
        lists.push(list = { to, receipts: [] });
        open.set(nickKey(to), list);
      }
      list.receipts.push({ id: secondOf(name), ...receipt });
    }
    return lists;
  }

  /** The sender knows: these receipts are done with. */
  noted(sender: Nick, names: readonly Pick<Receipt, "id" | "edition">[]): void {
    for (const { id, edition } of names) {
      if (this.receipt(sender, id)?.edition === edition) this.#receipts.delete(receiptName(sender, id));
    }
  }

  /** Drops what is too old. */
  forgetOld(now: Millis): void {
    for (const letter of this.#letters.values()) {
      if (letter.storedAt + MAIL_LIFE_MS <= now) this.#remove(letter);
    }
    for (const [name, { at }] of this.#receipts.entries()) {
      if (at + MAIL_LIFE_MS <= now) this.#receipts.delete(name);
    }
    this.#seen.forgetOldIds(now - SEEN_LIFE_MS);
  }

  #remove(letter: StoredLetter): void {
    if (this.#letters.delete(letter.order)) this.#count(letter, -1);
  }

  /** Takes up a letter among those that are here, or takes it out. */
  #count(letter: StoredLetter, sign: 1 | -1): void {
    if (sign > 0) this.#byId.set(receiptName(letter.from, letter.id), letter);
    else this.#byId.delete(receiptName(letter.from, letter.id));
    for (const name of Object.values(accountsOf(letter))) {
      const { letters, bytes } = this.#amountOf(name);
      const amount = { letters: letters + sign, bytes: bytes + sign * sizeOf(letter) };
      if (amount.letters > 0) this.#amounts.set(name, amount);
      else this.#amounts.delete(name);
    }
  }

  #amountOf(account: string): Amount {
    return this.#amounts.get(account) ?? NONE;
  }
}

/** The accounts in which a letter counts. */
function accountsOf({ from, to }: StoredLetter) {
  const [sender, recipient] = [nickKey(from), nickKey(to)];
  return { all: "", mailbox: `to ${recipient}`, share: `${sender} to ${recipient}`, sent: `from ${sender}` };
}

/** What a letter takes of a mailbox: its body and about as much as the rest of the record. */
function sizeOf(letter: StoredLetter): number {
  return letter.body.length + 100;
}

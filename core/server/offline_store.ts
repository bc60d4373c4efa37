/**
 * The offline store: letters, which are kept until their recipient has said what became of them, and
 * receipts, which are kept until the sender of the letter has acknowledged them (docs/protocol.md, section
 * 7). Letters are sealed, so nobody here can read them.
 */
import { Largest } from "../base/largest.ts";
import {
  COLLECTED_RECEIPTS,
  MAIL_LIFE_MS,
  MAIL_SHARE,
  MAILBOX_BYTES,
  MAILBOX_LETTERS,
  MAILBOX_SHARE,
  RECEIPTS,
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
import { isSameLetter, type LetterName } from "../messages/letter_form.ts";
import { type MessageId, partsOf } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey, sameNick } from "../messages/nick.ts";
import type { Reason } from "../messages/verb.ts";

/** A letter that waits. `order` counts everything that the server has stored. */
export type StoredLetter = ValueOf<typeof LETTER> & { readonly order: number };

/** An amount of mail. */
interface Amount {
  readonly letters: number;
  readonly bytes: number;
}

const NONE: Amount = { letters: 0, bytes: 0 };

/** The limits that the operator sets. */
export interface MailLimits {
  /** The most bytes of all mail. */
  readonly totalBytes: number;
}

export class OfflineStore {
  readonly #limits: MailLimits;
  /** The letters by order, grouped by recipient. */
  readonly #letters: DurableMap<number, StoredLetter>;
  /** The same letters by `receiptName`: by sender and id. */
  readonly #byId = new Map<string, StoredLetter>();
  /**
   * The mail by accounts (`accountsOf`): in all, for each recipient, from each sender, and from each sender
   * to each recipient.
   */
  readonly #amounts = new Map<string, Amount>();
  /** The receipts by `receiptName`, grouped by sender. */
  readonly #receipts: DurableMap<string, ValueOf<typeof RECEIPT>>;
  /** When there are too many receipts in all, the sender with the most makes room. */
  readonly #mostReceipts = new Largest<string>();
  /**
   * The ids of letters that were ever stored, so that a late repeat of a deposit does not bring a letter
   * back.
   */
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
    for (const sender of this.#receipts.groups.keys()) this.#countReceipts(sender);
    this.#seen = new SeenIds(effects);
    const letters = [...this.#letters.values()];
    for (const letter of letters) this.#count(letter, 1);
    this.lastOrder = letters.at(-1)?.order ?? 0;
    // Ids are saved a little later than letters and receipts, so those of letters and receipts on disk are
    // added here. An unreadable letter may be deposited again, so its id does not count.
    for (const { from, id } of letters) this.#saw(now, from, id);
    for (const [name, { from, outcome }] of this.#receipts.entries()) {
      if (outcome !== "unreadable") this.#saw(now, from, secondOf(name));
    }
  }

  /** All mail: the letters, the mailbox with the most of them, and the receipts. */
  get amounts() {
    const mailboxes = [...this.#letters.groups.keys()].map((nick) => this.#amountOf(mailboxOf(nick)));
    const [oldest] = this.#letters.values();
    return {
      ...this.#amountOf(ALL),
      /** When the letter that waits for the longest time was stored; `undefined` if none waits. */
      oldestAt: oldest?.storedAt,
      mailboxLetters: mailboxes.reduce((most, { letters }) => Math.max(most, letters), 0),
      mailboxBytes: mailboxes.reduce((most, { bytes }) => Math.max(most, bytes), 0),
      receipts: this.#receipts.size,
      /** Processes of senders whose ids are remembered. */
      processes: this.#seen.size,
    };
  }

  #saw(now: Millis, from: Nick, id: MessageId): void {
    if (!this.#seen.hasSeen(from, partsOf(id))) this.#seen.add(now, from, partsOf(id));
  }

  /** True if the letter was stored before, even if it has been collected since. */
  hasStored(from: Nick, id: MessageId): boolean {
    return this.#byId.has(receiptName(from, id)) || this.#seen.hasSeen(from, partsOf(id));
  }

  /** The letter of this sender and id, if it waits here for this recipient. */
  letter(to: Nick, from: Nick, id: MessageId): StoredLetter | undefined {
    const letter = this.#byId.get(receiptName(from, id));
    return letter !== undefined && sameNick(letter.to, to) ? letter : undefined;
  }

  /** Removes a letter as if it had never come, because its sender has sealed the message again. */
  withdraw(letter: StoredLetter): void {
    this.#remove(letter);
    this.#seen.remove(letter.from, partsOf(letter.id));
  }

  /** The receipt for a letter, as long as its sender has not acknowledged it. */
  receipt(from: Nick, id: MessageId): (Receipt & { readonly to: Nick }) | undefined {
    const receipt = this.#receipts.get(receiptName(from, id));
    return receipt === undefined ? undefined : { id, ...receipt };
  }

  /** Stores a letter, or says why not (docs/security.md, "Bounds"). */
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
    this.#seen.add(now, letter.from, partsOf(letter.id));
    return undefined;
  }

  /** The letters that wait for a nick, in the order in which they were stored. */
  lettersFor(nick: Nick): StoredLetter[] {
    return [...this.#letters.group(nickKey(nick)).values()];
  }

  /** The letter for a nick that was stored next after a place in the order. */
  letterAfter(nick: Nick, order: number): StoredLetter | undefined {
    for (const letter of this.#letters.group(nickKey(nick)).values()) {
      if (letter.order > order) return letter;
    }
    return undefined;
  }

  /** The recipient has said what became of a letter: the receipt for the sender takes its place. */
  collect(now: Millis, letter: StoredLetter, receipt: Receipt): void {
    const { edition, ephemeral, outcome, proof } = receipt;
    this.#remove(letter);
    // The letter may come once more, sealed again.
    if (outcome === "unreadable") this.#seen.remove(letter.from, partsOf(letter.id));
    const { from, to } = letter;
    const kept = { from, to, at: Math.floor(now), edition, ephemeral, outcome, proof };
    this.#receipts.set(receiptName(from, letter.id), kept);
    this.#countReceipts(nameFor(from));
    if (this.#receipts.size > RECEIPTS) {
      const [oldest] = this.#receipts.group(this.#mostReceipts.name!).keys();
      this.#deleteReceipt(oldest!);
    }
  }

  #deleteReceipt(name: string): void {
    this.#receipts.delete(name);
    this.#countReceipts(firstOf(name));
  }

  #countReceipts(sender: string): void {
    this.#mostReceipts.set(sender, this.#receipts.group(sender).size);
  }

  /** The receipts for a sender's letters that it has not acknowledged, in lists that fit into a verb. */
  receiptsFor(sender: Nick, most = Infinity): { to: Nick; receipts: Receipt[] }[] {
    const lists: { to: Nick; receipts: Receipt[] }[] = [];
    const open = new Map<NickKey, { to: Nick; receipts: Receipt[] }>();
    for (const [name, receipt] of this.#receipts.group(nameFor(sender))) {
      const { to } = receipt;
      let list = open.get(nickKey(to));
      if (list === undefined || list.receipts.length >= COLLECTED_RECEIPTS) {
        if (lists.length >= most) break;
        lists.push(list = { to, receipts: [] });
        open.set(nickKey(to), list);
      }
      list.receipts.push({ id: secondOf(name), ...receipt });
    }
    return lists;
  }

  /**
   * Forgets the receipt for a letter, and that the letter was stored: its sender has sealed the message
   * again.
   */
  forgetReceipt(from: Nick, id: MessageId): void {
    this.#deleteReceipt(receiptName(from, id));
    this.#seen.remove(from, partsOf(id));
  }

  /** Forgets all receipts for a sender, whose nick is free. */
  forgetReceiptsFor(sender: Nick): void {
    for (const name of [...this.#receipts.group(nameFor(sender)).keys()]) this.#deleteReceipt(name);
  }

  /** The sender knows the outcome: its receipts are forgotten. One for another letter stays. */
  noted(sender: Nick, names: readonly (LetterName & { readonly id: MessageId })[]): void {
    for (const name of names) {
      const receipt = this.receipt(sender, name.id);
      if (receipt !== undefined && isSameLetter(receipt, name)) {
        this.#deleteReceipt(receiptName(sender, name.id));
      }
    }
  }

  /** Drops letters and receipts that are older than 30 days, and ids that are older than 45. */
  forgetOld(now: Millis): void {
    for (const letter of this.#letters.values()) {
      if (letter.storedAt + MAIL_LIFE_MS <= now) this.#remove(letter);
    }
    for (const [name, { at }] of this.#receipts.entries()) {
      if (at + MAIL_LIFE_MS <= now) this.#deleteReceipt(name);
    }
    this.#seen.forgetOldIds(now - SEEN_LIFE_MS);
  }

  #remove(letter: StoredLetter): void {
    if (this.#letters.delete(letter.order)) this.#count(letter, -1);
  }

  /** A file of an older release may hold two letters of one id: then the index has the other one. */
  #forgetId(letter: StoredLetter): void {
    const name = receiptName(letter.from, letter.id);
    if (this.#byId.get(name)?.order === letter.order) this.#byId.delete(name);
  }

  /** Adds a letter to the index and the accounts (1), or takes it out of them (-1). */
  #count(letter: StoredLetter, sign: 1 | -1): void {
    if (sign > 0) this.#byId.set(receiptName(letter.from, letter.id), letter);
    else this.#forgetId(letter);
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

/** The account of all mail. */
const ALL = "";

function mailboxOf(recipient: NickKey): string {
  return `to ${recipient}`;
}

/** The names of the accounts in which a letter counts. */
function accountsOf({ from, to }: StoredLetter) {
  const [sender, recipient] = [nickKey(from), nickKey(to)];
  return {
    all: ALL,
    mailbox: mailboxOf(recipient),
    share: `${sender} to ${recipient}`,
    sent: `from ${sender}`,
  };
}

/** The bytes that a letter takes of a mailbox: its body, and 100 for the rest of the record. */
function sizeOf(letter: StoredLetter): number {
  return letter.body.length + 100;
}

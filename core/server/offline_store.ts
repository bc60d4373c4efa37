/**
 * The offline store: letters, kept until their recipient has saved and acknowledged that letter, and receipts,
 * kept until the sender has acknowledged that. What is in a letter nobody here can read.
 */
import { MALFORMED } from "../base/bytes.ts";
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
import type { Effects } from "../durable/effects.ts";
import { LETTER, RECEIPT, receiptId, receiptKey, type ValueOf } from "../durable/records.ts";
import { SeenIds } from "../durable/seen_ids.ts";
import type { Receipt } from "../messages/identity.ts";
import type { MessageId } from "../messages/message_id.ts";
import { type Nick, type NickKey, nickKey, sameNick } from "../messages/nick.ts";
import type { Reason } from "../messages/verb.ts";

/** `order` counts everything that the server has stored. */
export type StoredLetter = ValueOf<typeof LETTER> & { readonly order: number };

type StoredReceipt = ValueOf<typeof RECEIPT>;

interface Mailbox {
  readonly letters: Map<number, StoredLetter>;
  bytes: number;
}

/** What the operator allows. */
export interface MailLimits {
  /** Bytes of all mail. */
  readonly totalBytes: number;
}

export class OfflineStore {
  readonly #effects: Effects;
  readonly #mailboxes = new Map<NickKey, Mailbox>();
  readonly #limits: MailLimits;
  /** By sender and id. */
  readonly #receipts = new Map<NickKey, Map<MessageId, StoredReceipt>>();
  readonly #seen: SeenIds;
  #bytes = 0;
  /** Of each sender's mail. */
  readonly #bytesOf = new Map<NickKey, number>();
  #lastOrder = 0;

  constructor(effects: Effects, limits: MailLimits) {
    this.#effects = effects;
    this.#limits = limits;
    this.#seen = new SeenIds(effects);
  }

  loadLetter(key: string, value: Uint8Array): void {
    const letter = LETTER.decode(value);
    if (letter !== MALFORMED) this.#put({ ...letter, order: Number(LETTER.nameOf(key)) });
  }

  loadReceipt(key: string, value: Uint8Array): void {
    const receipt = RECEIPT.decode(value);
    if (receipt !== MALFORMED) this.#receiptsOf(receipt.from).set(receiptId(key), receipt);
  }

  loadSeen(key: string, value: Uint8Array): void {
    this.#seen.load(key, value);
  }

  /** After loading: what is here was seen, even if that was not saved in time. */
  loaded(now: Millis): void {
    const letters = [...this.#mailboxes.values()].flatMap((mailbox) => [...mailbox.letters.values()]);
    const receipts = [...this.#receipts.values()].flatMap((ofSender) => [...ofSender]);
    const collected = receipts.filter(([, { outcome }]) => outcome !== "unreadable");
    const here = [...letters, ...collected.map(([id, { from }]) => ({ id, from }))];
    for (const { id, from } of here) if (!this.#seen.has(from, id)) this.#seen.add(now, from, id);
  }

  /** The highest order among the letters that were loaded. */
  get lastOrder(): number {
    return this.#lastOrder;
  }

  /** Whether a message was stored before, even if it has been collected since. */
  has(from: Nick, id: MessageId): boolean {
    return this.#seen.has(from, id);
  }

  /** A message that waits here to be collected. */
  letter(to: Nick, from: Nick, id: MessageId): StoredLetter | undefined {
    for (const letter of this.#mailboxes.get(nickKey(to))?.letters.values() ?? []) {
      if (letter.id === id && sameNick(letter.from, from)) return letter;
    }
    return undefined;
  }

  /** Its sender has sealed it again: as if this letter had never come. */
  withdraw(letter: StoredLetter): void {
    this.#remove(letter);
    this.#seen.remove(letter.from, letter.id);
  }

  /** What became of a message, as long as its sender has not acknowledged that. */
  receipt(from: Nick, id: MessageId): (Receipt & { readonly to: Nick }) | undefined {
    const receipt = this.#receipts.get(nickKey(from))?.get(id);
    return receipt === undefined ? undefined : { id, ...receipt };
  }

  /** Takes a letter, or says why not. */
  deposit(now: Millis, letter: StoredLetter): Reason | undefined {
    const mailbox = this.#mailboxOf(letter.to);
    const bytes = sizeOf(letter);
    if (mailbox.letters.size >= MAILBOX_LETTERS || mailbox.bytes + bytes > MAILBOX_BYTES) return "quota";
    const ofSender = [...mailbox.letters.values()].filter(({ from }) => sameNick(from, letter.from));
    const sendersBytes = ofSender.reduce((sum, other) => sum + sizeOf(other), bytes);
    if (ofSender.length >= MAILBOX_LETTERS * MAILBOX_SHARE || sendersBytes > MAILBOX_BYTES * MAILBOX_SHARE) {
      return "quota";
    }
    const all = (this.#bytesOf.get(nickKey(letter.from)) ?? 0) + bytes;
    if (all > Math.max(this.#limits.totalBytes * MAIL_SHARE, MAILBOX_BYTES * MAILBOX_SHARE)) return "quota";
    if (this.#bytes + bytes > this.#limits.totalBytes) return "full";
    this.#put(letter);
    this.#seen.add(now, letter.from, letter.id);
    this.#effects.save(LETTER.key(letter.order), () => LETTER.encode(letter));
    return undefined;
  }

  /** The mail of a nick, in the order in which it was stored. */
  lettersFor(nick: Nick): StoredLetter[] {
    return [...this.#mailboxes.get(nickKey(nick))?.letters.values() ?? []];
  }

  /** The recipient has said what became of this letter: it becomes a receipt for its sender. */
  collect(now: Millis, letter: StoredLetter, { edition, outcome, signature }: Receipt): void {
    this.#remove(letter);
    // It may come once more, sealed again.
    if (outcome === "unreadable") this.#seen.remove(letter.from, letter.id);
    const receipt = { from: letter.from, to: letter.to, at: Math.floor(now), edition, outcome, signature };
    const receipts = this.#receiptsOf(letter.from);
    receipts.set(letter.id, receipt);
    this.#effects.save(receiptKey(receipt.from, letter.id), () => RECEIPT.encode(receipt));
    if (receipts.size > RECEIPTS_PER_SENDER) this.#forgetReceipt(letter.from, receipts.keys().next().value!);
  }

  /** What was collected of a sender's mail and not yet acknowledged by him, in lists that fit into a verb. */
  receiptsFor(sender: Nick): { to: Nick; receipts: Receipt[] }[] {
    const lists: { to: Nick; receipts: Receipt[] }[] = [];
    const open = new Map<NickKey, { to: Nick; receipts: Receipt[] }>();
    for (const [id, receipt] of this.#receipts.get(nickKey(sender)) ?? []) {
      const { to } = receipt;
      let list = open.get(nickKey(to));
      if (list === undefined || list.receipts.length >= COLLECTED_RECEIPTS) {
        lists.push(list = { to, receipts: [] });
        open.set(nickKey(to), list);
      }
      list.receipts.push({ id, ...receipt });
    }
    return lists;
  }

  /** The sender knows: these receipts are done with. */
  noted(sender: Nick, names: readonly Pick<Receipt, "id" | "edition">[]): void {
    for (const { id, edition } of names) {
      if (this.receipt(sender, id)?.edition === edition) this.#forgetReceipt(sender, id);
    }
  }

  #forgetReceipt(sender: Nick, id: MessageId): void {
    const receipts = this.#receipts.get(nickKey(sender));
    if (receipts?.delete(id)) this.#effects.forget(receiptKey(sender, id));
    if (receipts?.size === 0) this.#receipts.delete(nickKey(sender));
  }

  /** Drops what is too old. */
  sweep(now: Millis): void {
    for (const { letters } of this.#mailboxes.values()) {
      for (const letter of letters.values()) if (letter.storedAt + MAIL_LIFE_MS <= now) this.#remove(letter);
    }
    for (const receipts of this.#receipts.values()) {
      for (const [id, { from, at }] of receipts) if (at + MAIL_LIFE_MS <= now) this.#forgetReceipt(from, id);
    }
    this.#seen.sweep(now - SEEN_LIFE_MS);
  }

  #put(letter: StoredLetter): void {
    const mailbox = this.#mailboxOf(letter.to);
    mailbox.letters.set(letter.order, letter);
    mailbox.bytes += sizeOf(letter);
    this.#count(letter, sizeOf(letter));
    this.#lastOrder = Math.max(this.#lastOrder, letter.order);
  }

  #remove(letter: StoredLetter): void {
    const mailbox = this.#mailboxOf(letter.to);
    if (!mailbox.letters.delete(letter.order)) return;
    mailbox.bytes -= sizeOf(letter);
    this.#count(letter, -sizeOf(letter));
    this.#effects.forget(LETTER.key(letter.order));
  }

  #count({ from }: StoredLetter, bytes: number): void {
    this.#bytes += bytes;
    const all = (this.#bytesOf.get(nickKey(from)) ?? 0) + bytes;
    if (all > 0) this.#bytesOf.set(nickKey(from), all);
    else this.#bytesOf.delete(nickKey(from));
  }

  #mailboxOf(nick: Nick): Mailbox {
    const key = nickKey(nick);
    const mailbox = this.#mailboxes.get(key) ?? { letters: new Map(), bytes: 0 };
    this.#mailboxes.set(key, mailbox);
    return mailbox;
  }

  #receiptsOf(sender: Nick): Map<MessageId, StoredReceipt> {
    const key = nickKey(sender);
    const receipts = this.#receipts.get(key) ?? new Map();
    this.#receipts.set(key, receipts);
    return receipts;
  }
}

/** What a letter takes of a mailbox: its body and about as much as the rest of the record. */
function sizeOf(letter: StoredLetter): number {
  return letter.body.length + 100;
}

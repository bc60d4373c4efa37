/**
 * The offline store: letters, kept until their recipient has saved and acknowledged that letter, and receipts,
 * kept until the sender has acknowledged that. The text of a letter is never looked at.
 */
import { MALFORMED, utf8Length } from "./bytes.ts";
import type { Effects } from "./effects.ts";
import {
  COLLECTED_IDS,
  MAIL_LIFE_MS,
  MAIL_TOTAL_BYTES,
  MAILBOX_BYTES,
  MAILBOX_LETTERS,
  RECEIPTS_PER_SENDER,
} from "./limits.ts";
import type { Millis } from "./machine.ts";
import type { MessageId } from "./message_id.ts";
import { type Nick, type NickKey, nickKey } from "./nick.ts";
import { LETTER, RECEIPT, type ValueOf } from "./records.ts";
import { SeenIds } from "./seen_ids.ts";
import type { Reason } from "./verb.ts";

/** `order` counts everything that the server has stored. */
export type Letter = ValueOf<typeof LETTER> & { readonly order: number };

interface Mailbox {
  readonly letters: Map<number, Letter>;
  bytes: number;
}

export class OfflineStore {
  readonly #effects: Effects;
  readonly #mailboxes = new Map<NickKey, Mailbox>();
  readonly #receipts = new Map<NickKey, Map<MessageId, ValueOf<typeof RECEIPT>>>();
  readonly #seen: SeenIds;
  #bytes = 0;
  #lastOrder = 0;

  constructor(effects: Effects) {
    this.#effects = effects;
    this.#seen = new SeenIds(effects);
  }

  loadLetter(key: string, value: Uint8Array): void {
    const letter = LETTER.decode(value);
    if (letter !== MALFORMED) this.#put({ ...letter, order: Number(LETTER.nameOf(key)) });
  }

  loadReceipt(key: string, value: Uint8Array): void {
    const receipt = RECEIPT.decode(value);
    if (receipt !== MALFORMED) this.#receiptsOf(receipt.from).set(RECEIPT.nameOf(key), receipt);
  }

  loadSeen(key: string, value: Uint8Array): void {
    this.#seen.load(key, value);
  }

  /** After loading: what is here was seen, even if that was not saved in time. */
  loaded(now: Millis): void {
    const letters = [...this.#mailboxes.values()].flatMap((mailbox) => [...mailbox.letters.values()]);
    const receipts = [...this.#receipts.values()].flatMap((ofSender) => [...ofSender]);
    const here = [...letters, ...receipts.map(([id, { from }]) => ({ id, from }))];
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

  /** Whether a message waits here to be collected. */
  holds(to: Nick, id: MessageId): boolean {
    return this.lettersFor(to).some((letter) => letter.id === id);
  }

  /** Takes a letter, or says why not. */
  deposit(now: Millis, letter: Letter): Reason | undefined {
    const mailbox = this.#mailboxOf(letter.to);
    const bytes = sizeOf(letter);
    if (mailbox.letters.size >= MAILBOX_LETTERS || mailbox.bytes + bytes > MAILBOX_BYTES) return "quota";
    if (this.#bytes + bytes > MAIL_TOTAL_BYTES) return "full";
    this.#put(letter);
    this.#seen.add(now, letter.from, letter.id);
    this.#effects.save(LETTER.key(letter.order), () => LETTER.encode(letter));
    return undefined;
  }

  /** The mail of a nick, in the order in which it was stored. */
  lettersFor(nick: Nick): Letter[] {
    return [...this.#mailboxes.get(nickKey(nick))?.letters.values() ?? []];
  }

  /** The recipient has saved this letter: it becomes a receipt for its sender. False when it was gone already. */
  collect(now: Millis, letter: Letter): boolean {
    if (!this.#remove(letter)) return false;
    const receipt = { from: letter.from, to: letter.to, at: Math.floor(now) };
    const receipts = this.#receiptsOf(letter.from);
    receipts.set(letter.id, receipt);
    this.#effects.save(RECEIPT.key(letter.id), () => RECEIPT.encode(receipt));
    if (receipts.size > RECEIPTS_PER_SENDER) this.noted(letter.from, [receipts.keys().next().value!]);
    return true;
  }

  /** What was collected of a sender's mail and not yet acknowledged by him, in lists that fit into a verb. */
  receiptsFor(sender: Nick): { to: Nick; ids: MessageId[] }[] {
    const lists: { to: Nick; ids: MessageId[] }[] = [];
    const open = new Map<NickKey, { to: Nick; ids: MessageId[] }>();
    for (const [id, { to }] of this.#receipts.get(nickKey(sender)) ?? []) {
      let list = open.get(nickKey(to));
      if (list === undefined || list.ids.length >= COLLECTED_IDS) {
        lists.push(list = { to, ids: [] });
        open.set(nickKey(to), list);
      }
      list.ids.push(id);
    }
    return lists;
  }

  /** The sender knows: these receipts are done with. */
  noted(sender: Nick, ids: readonly MessageId[]): void {
    const receipts = this.#receipts.get(nickKey(sender));
    for (const id of ids) if (receipts?.delete(id)) this.#effects.forget(RECEIPT.key(id));
    if (receipts?.size === 0) this.#receipts.delete(nickKey(sender));
  }

  /** Drops what is too old. */
  sweep(now: Millis): void {
    for (const { letters } of this.#mailboxes.values()) {
      for (const letter of letters.values()) if (letter.storedAt + MAIL_LIFE_MS <= now) this.#remove(letter);
    }
    for (const receipts of this.#receipts.values()) {
      for (const [id, { from, at }] of receipts) if (at + MAIL_LIFE_MS <= now) this.noted(from, [id]);
    }
    this.#seen.sweep(now);
  }

  #put(letter: Letter): void {
    const mailbox = this.#mailboxOf(letter.to);
    mailbox.letters.set(letter.order, letter);
    mailbox.bytes += sizeOf(letter);
    this.#bytes += sizeOf(letter);
    this.#lastOrder = Math.max(this.#lastOrder, letter.order);
  }

  #remove(letter: Letter): boolean {
    const mailbox = this.#mailboxOf(letter.to);
    if (!mailbox.letters.delete(letter.order)) return false;
    mailbox.bytes -= sizeOf(letter);
    this.#bytes -= sizeOf(letter);
    this.#effects.forget(LETTER.key(letter.order));
    return true;
  }

  #mailboxOf(nick: Nick): Mailbox {
    const key = nickKey(nick);
    const mailbox = this.#mailboxes.get(key) ?? { letters: new Map(), bytes: 0 };
    this.#mailboxes.set(key, mailbox);
    return mailbox;
  }

  #receiptsOf(sender: Nick): Map<MessageId, ValueOf<typeof RECEIPT>> {
    const key = nickKey(sender);
    const receipts = this.#receipts.get(key) ?? new Map();
    this.#receipts.set(key, receipts);
    return receipts;
  }
}

/** What a letter takes of a mailbox: its text and about as much as the rest of the record. */
function sizeOf(letter: Letter): number {
  return utf8Length(letter.text) + 100;
}

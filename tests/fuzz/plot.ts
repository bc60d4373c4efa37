/**
 * What insiders know together, and what each of them has really written and signed. Every text begins with a
 * number by which the ledger knows its writer, so that whoever is shown one can be asked who wrote it.
 */
import { MALFORMED } from "../../core/base/bytes.ts";
import type { Key } from "../../core/base/units.ts";
import type { Bundle, Receipt } from "../../core/messages/identity.ts";
import type { Run } from "../../core/messages/direct.ts";
import { decodeLetter } from "../../core/messages/letter_form.ts";
import { idOf, type MessageId, partsOf } from "../../core/messages/message_id.ts";
import { type Nick, type NickKey, nickKey } from "../../core/messages/nick.ts";
import type { Verb, VerbOf } from "../../core/messages/verb.ts";
import type { Author } from "../kit/author.ts";
import type { Dice } from "../kit/dice.ts";
import { ID } from "../kit/samples.ts";

/** Whose a text is. */
export interface Written {
  /** The identity under whose keys it was sealed or signed. */
  readonly identity: string;
  /** As whom he wrote. */
  readonly nick: Nick;
  /** `undefined` for the channel. */
  readonly to: Nick | undefined;
}

/** A letter or a post, as it is on its way. */
export interface Underway {
  readonly id: string;
  readonly from: Nick;
  readonly body: Uint8Array;
}

/** A receipt, and who is said to have signed it. */
export interface Signed extends Receipt {
  readonly from: Nick;
}

export class Ledger {
  readonly #texts: Written[] = [];
  /** Who has sent direct messages of others over links of his own, by the numbers of their texts. */
  readonly #repeated = new Map<number, Set<string>>();
  readonly #read = new Set<string>();
  /** Runs that were answered directly, and under which name (`nameOf`, with a prefix for the id). */
  readonly #answered: (Run & { readonly name: string })[] = [];

  /** A new text of somebody's. */
  write(written: Written, bytes: number): string {
    return `${this.#texts.push(written)} `.padEnd(bytes, "t");
  }

  /** The number of a text, and who wrote it. */
  writerOf(text: string): Written & { readonly number: number } | undefined {
    const number = parseInt(text, 10);
    const written = this.#texts[number - 1];
    return written === undefined ? undefined : { ...written, number };
  }

  /** Somebody sends texts of others over his own link: there they are his words as well. */
  repeats(identity: string, { messages }: VerbOf<"direct">): void {
    for (const { text } of messages) {
      const number = parseInt(text, 10);
      this.#repeated.set(number, (this.#repeated.get(number) ?? new Set()).add(identity));
    }
  }

  /** The identities of all who have said this. */
  speakersOf(text: string): string[] {
    const writer = this.writerOf(text);
    return writer === undefined ? [] : [writer.identity, ...this.#repeated.get(writer.number) ?? []];
  }

  /** Somebody has signed that a message was read. */
  signed(identity: string, as: Nick, to: Nick, { id, outcome }: Omit<Receipt, "proof">): void {
    if (outcome === "read") this.#read.add(nameOf(identity, as, to, id));
  }

  /** Somebody has said directly that messages were read. */
  answered(identity: string, as: Nick, { outcome, prefix, runs, to }: VerbOf<"got">): void {
    if (outcome !== "read") return;
    const name = nameOf(identity, as, to, prefix);
    for (const { from, to } of runs) this.#answered.push({ name, from, to });
  }

  /** Whether somebody has said in either way that a message was read. */
  hasSigned(identity: string, as: Nick, to: Nick, id: MessageId): boolean {
    if (this.#read.has(nameOf(identity, as, to, id))) return true;
    const { prefix, sequence } = partsOf(id);
    const name = nameOf(identity, as, to, prefix);
    return this.#answered.some((run) => run.name === name && run.from <= sequence && sequence <= run.to);
  }
}

function nameOf(identity: string, as: Nick, to: Nick, id: string): string {
  return `${identity} ${nickKey(as)} ${nickKey(to)} ${id}`;
}

/** Things of one kind that insiders remember; the oldest are forgotten. */
const REMEMBERED = 40;
const RECENT = 5;

/** All of them tell each other all that they hear. */
export class Plot {
  readonly ledger = new Ledger();
  readonly people: readonly Author[];
  /** Of the server where all of this is. */
  readonly serverKey: Key;
  /** Under which channel messages are sealed, if they are. */
  readonly channelKey: Uint8Array | undefined;
  readonly letters: Underway[] = [];
  readonly directs: VerbOf<"direct">[] = [];
  readonly posts: Underway[] = [];
  readonly receipts: Signed[] = [];
  readonly ids: string[] = [ID];
  readonly #bundles = new Map<NickKey, Bundle>();

  constructor(people: readonly Author[], serverKey: Key, channelKey?: Uint8Array) {
    this.people = people;
    this.serverKey = serverKey;
    this.channelKey = channelKey;
    for (const { nick, bundle } of people) this.know(nick, bundle);
  }

  /** What others know of somebody; `undefined` as long as nobody has heard of him. */
  bundleOf(nick: Nick): Bundle | undefined {
    return this.#bundles.get(nickKey(nick));
  }

  know(nick: Nick, bundle: Bundle): void {
    this.#bundles.set(nickKey(nick), bundle);
  }

  /** An id that somebody has given to something, mostly just now. */
  anyId(dice: Dice): string {
    return dice.pick(dice.happens(0.6) ? this.ids.slice(-RECENT) : this.ids);
  }

  hear(verb: Verb): void {
    if (verb.type === "register") this.know(verb.nick, verb.bundle);
    if (verb.type === "receipt") this.note(verb);
    if (verb.type === "collected") {
      for (const receipt of verb.receipts) this.note({ ...receipt, from: verb.to });
    }
    if (verb.type === "direct") this.rememberDirect(verb);
    if (!("body" in verb)) return;
    if (verb.type === "post" || verb.type === "channel") return this.remember(this.posts, verb);
    this.remember(this.letters, verb);
    const letter = decodeLetter(verb.body);
    if (letter !== MALFORMED && !this.#bundles.has(nickKey(verb.from))) {
      this.know(verb.from, letter.sender);
    }
  }

  remember(kind: Underway[], one: Underway): void {
    push(kind, one);
    push(this.ids, one.id);
  }

  rememberDirect(direct: VerbOf<"direct">): void {
    push(this.directs, direct);
    const { messages: [first], prefix } = direct;
    if (first !== undefined) push(this.ids, idOf({ prefix, sequence: first.sequence }));
  }

  note(receipt: Signed): void {
    push(this.receipts, receipt);
  }
}

function push<Thing>(things: Thing[], thing: Thing): void {
  things.push(thing);
  if (things.length > REMEMBERED) things.shift();
}

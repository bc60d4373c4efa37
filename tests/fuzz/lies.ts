/**
 * What insiders make of genuine keys: mostly what they may, and then letters, posts, receipts and bundles
 * that should count for nothing because something in them is somebody else's.
 */
import {
  type Bundle,
  NO_HASH,
  NO_KEY,
  type Outcome,
  OUTCOMES,
  type Receipt,
  textHash,
} from "../../core/messages/identity.ts";
import { MALFORMED } from "../../core/base/bytes.ts";
import type { Key } from "../../core/base/units.ts";
import { type DirectMessage, peopleTag } from "../../core/messages/direct.ts";
import { type Contents, openLetter } from "../../core/messages/letter.ts";
import { decodeLetter, type LetterName, letterNameOf, prekeyId } from "../../core/messages/letter_form.ts";
import { NO_MESSAGE, partsOf, prefixOf } from "../../core/messages/message_id.ts";
import { type Nick, nickKey, sameNick } from "../../core/messages/nick.ts";
import type { Author } from "../kit/author.ts";
import { cheapPrimitives as primitives } from "../kit/cheap_primitives.ts";
import type { Dice } from "../kit/dice.ts";
import type { VerbOf } from "../../core/messages/verb.ts";
import { BODY, BUNDLE, KEY, SIGNATURE } from "../kit/samples.ts";
import { anyRuns, changed } from "./hostile.ts";
import type { Plot, Signed, Underway } from "./plot.ts";

/** Header and contents of a letter meet here. */
const SEALED_AT = 1 + 8 + 32 + 172;
const LENGTHS = [5, 5, 30, 200];
const KEY_DIGITS = 64;

/** Somebody in a plot. */
export class Liar {
  readonly me: Author;
  readonly #plot: Plot;
  readonly #prefix: string;
  #count = 0;
  readonly #last = new Map<string, { id: string; text: string }>();

  constructor(plot: Plot, me: Author) {
    this.#plot = plot;
    this.me = me;
    this.#prefix = `abcdef00000001${me.nick.charCodeAt(me.nick.length - 1).toString(16).padStart(6, "0")}`;
  }

  /** As one process gives them to one recipient, now and then with gaps. */
  nextId(dice: Dice): string {
    this.#count += dice.pick([1, 1, 1, 1, 2]);
    return this.#prefix + this.#count.toString(16).padStart(12, "0");
  }

  // ---- letters -------------------------------------------------------------------------------------------

  /** As it should be, if its recipient is known. */
  letter(dice: Dice, to: Nick): Underway {
    return this.#seal(dice, { from: this.me.nick, to, id: this.nextId(dice) });
  }

  /** Anything that looks like a letter. */
  anyLetter(dice: Dice, to: Nick): Underway {
    const { letters } = this.#plot;
    if (letters.length === 0 || dice.happens(0.4)) return this.letter(dice, to);
    const [one, other] = [dice.pick(letters), dice.pick(letters)];
    const victim = this.#anybody(dice);
    const id = dice.happens(0.5) ? this.#plot.anyId(dice) : this.nextId(dice);
    switch (dice.below(10)) {
      case 0:
        return one;
      case 1:
        return { ...one, id };
      case 2:
        return { ...one, from: victim };
      case 3:
        return { ...one, body: changed(dice, one.body) };
      case 4:
        return { ...one, body: spliced(one.body, other.body) };
      case 5:
        return { id, from: victim, body: anyBody(dice) };
      case 6:
        return this.#seal(dice, { from: this.me.nick, to, id, edition: dice.below(2) });
      case 7:
        return this.#seal(dice, { from: this.me.nick, to, id, recipient: this.#plot.bundleOf(victim) });
      default:
        return this.#seal(dice, { from: victim, to, id, sender: this.bundleAs(dice, victim) });
    }
  }

  #seal(
    dice: Dice,
    { id, from, to, sender = this.me.bundle, edition = 0, recipient = this.#plot.bundleOf(to) }: {
      readonly id: string;
      readonly from: Nick;
      readonly to: Nick;
      readonly sender?: Bundle;
      readonly edition?: number;
      readonly recipient?: Bundle | undefined;
    },
  ): Underway {
    if (recipient === undefined) return { id, from, body: anyBody(dice) };
    const name = `${nickKey(from)} ${nickKey(to)}`;
    const last = this.#last.get(name);
    const text = this.#text(dice, from, to);
    const contents: Contents = {
      after: last === undefined ? NO_MESSAGE : dice.happens(0.9) ? last.id : this.#plot.anyId(dice),
      afterHash: last === undefined || dice.happens(0.1) ? NO_HASH : textHash(primitives, last.id, last.text),
      sentAt: dice.below(2 ** 40),
      text,
    };
    this.#last.set(name, { id, text });
    const body = this.me.letter({ id, from, to, edition, recipient, sender, ...contents });
    const letter = { id, from, body };
    this.#plot.remember(this.#plot.letters, letter);
    return letter;
  }

  #text(dice: Dice, nick: Nick, to: Nick | undefined): string {
    const identity = this.me.identity.publicKey;
    return this.#plot.ledger.write({ identity, nick, to }, dice.pick(LENGTHS));
  }

  // ---- direct messages -----------------------------------------------------------------------------------

  /** As it should be, if its recipient is known. */
  direct(dice: Dice, to: Nick): VerbOf<"direct"> {
    return this.#direct(dice, { from: this.me.nick, to, id: this.nextId(dice) });
  }

  /** Anything that looks like direct messages. */
  anyDirect(dice: Dice, to: Nick): VerbOf<"direct"> {
    const { directs } = this.#plot;
    if (directs.length === 0 || dice.happens(0.4)) return this.direct(dice, to);
    const one = dice.pick(directs);
    const victim = this.#anybody(dice);
    const id = dice.happens(0.5) ? this.#plot.anyId(dice) : this.nextId(dice);
    const from = this.me.nick;
    switch (dice.below(8)) {
      case 0:
        this.#plot.ledger.repeats(this.me.identity.publicKey, one);
        return one;
      case 1:
        this.#plot.ledger.repeats(this.me.identity.publicKey, one);
        return { ...one, place: dice.pick(directs).place };
      case 2:
        return this.#direct(dice, { from: victim, to, id });
      case 3:
        return this.#direct(dice, { from: victim, to, id, identity: this.#bundleOf(victim).identity });
      case 4:
        return this.#direct(dice, { from, to, id, serverKey: dice.pick([KEY, NO_KEY]) });
      case 5:
        return this.#direct(dice, { from, to, id, recipient: this.#bundleOf(victim) });
      case 6:
        return { ...this.#direct(dice, { from, to, id }), people: dice.bytes(16).toHex() };
      default:
        return this.#direct(dice, { from, to, id });
    }
  }

  #direct(
    dice: Dice,
    { from, id, identity = this.me.identity.publicKey, recipient, serverKey = this.#plot.serverKey, to }: {
      readonly id: string;
      readonly from: Nick;
      readonly to: Nick;
      readonly identity?: Key;
      readonly recipient?: Bundle;
      readonly serverKey?: Key;
    },
  ): VerbOf<"direct"> {
    const bundle = recipient ?? this.#bundleOf(to);
    const { prefix, sequence } = partsOf(id);
    const messages = Array.from({ length: 1 + dice.below(3) }, (_, at): DirectMessage => ({
      sequence: sequence + at,
      after: dice.happens(0.7) ? undefined : dice.pick([NO_MESSAGE, this.#plot.anyId(dice)]),
      sentAt: dice.below(2 ** 40),
      text: this.#text(dice, from, to),
    }));
    const people = this.#people({ nick: from, identity }, { nick: to, identity: bundle.identity }, serverKey);
    const place = prekeyId(bundle.prekey);
    const direct = { type: "direct", from, to, people, place, prefix, messages } as const;
    this.#plot.rememberDirect(direct);
    return direct;
  }

  /** An answer to direct messages, as it should be. */
  got(direct: VerbOf<"direct">, outcome: Outcome): VerbOf<"got"> {
    const runs = direct.messages.map(({ sequence }) => ({ from: sequence, to: sequence }));
    return this.#got(direct.from, { prefix: direct.prefix, outcome, runs });
  }

  /** Anything that looks like one. */
  anyGot(dice: Dice, to: Nick): VerbOf<"got"> {
    const { directs } = this.#plot;
    const victim = this.#anybody(dice);
    const prefix = dice.happens(0.5) || directs.length === 0
      ? prefixOf(this.#plot.anyId(dice))
      : dice.pick(directs).prefix;
    const outcome = dice.happens(0.6) ? "read" : dice.pick(OUTCOMES);
    const said = { prefix, outcome, runs: anyRuns(dice) };
    switch (dice.below(5)) {
      case 0:
        return this.#got(to, said, { as: victim });
      case 1:
        return this.#got(to, said, { as: victim, identity: this.#bundleOf(victim).identity });
      case 2:
        return this.#got(to, said, { serverKey: KEY });
      default:
        return this.#got(to, said);
    }
  }

  #got(
    to: Nick,
    said: Pick<VerbOf<"got">, "outcome" | "prefix" | "runs">,
    { as = this.me.nick, identity = this.me.identity.publicKey, serverKey = this.#plot.serverKey }: {
      readonly as?: Nick;
      readonly identity?: Key;
      readonly serverKey?: Key;
    } = {},
  ): VerbOf<"got"> {
    const people = this.#people(
      { nick: as, identity },
      { nick: to, identity: this.#bundleOf(to).identity },
      serverKey,
    );
    const got = { type: "got", from: as, to, people, ...said } as const;
    const isHis = identity === this.me.identity.publicKey && serverKey === this.#plot.serverKey;
    if (isHis) this.#plot.ledger.answered(identity, as, got);
    return got;
  }

  /** True if a message is from whom it says, to him. */
  isForMe({ from, people, place, to }: VerbOf<"direct">): boolean {
    const sender = { nick: from, identity: this.#bundleOf(from).identity };
    const me = { nick: this.me.nick, identity: this.me.identity.publicKey };
    return sameNick(to, this.me.nick) && people === this.#people(sender, me, this.#plot.serverKey) &&
      place === prekeyId(this.me.bundle.prekey);
  }

  #people(
    sender: { nick: Nick; identity: Key },
    recipient: { nick: Nick; identity: Key },
    serverKey: Key,
  ): string {
    return peopleTag(primitives, serverKey, sender, recipient);
  }

  #bundleOf(nick: Nick): Bundle {
    return this.#plot.bundleOf(nick) ?? BUNDLE;
  }

  // ---- posts ---------------------------------------------------------------------------------------------

  post(dice: Dice): Underway {
    return this.#post(dice, { id: this.nextId(dice), from: this.me.nick });
  }

  anyPost(dice: Dice): Underway {
    const { posts } = this.#plot;
    if (posts.length === 0 || dice.happens(0.4)) return this.post(dice);
    const [one, other] = [dice.pick(posts), dice.pick(posts)];
    const [victim, from] = [this.#anybody(dice), this.me.nick];
    const id = dice.happens(0.5) ? this.#plot.anyId(dice) : this.nextId(dice);
    switch (dice.below(10)) {
      case 0:
        return one;
      case 1:
        return { ...one, id };
      case 2:
        return { ...one, from: victim };
      case 3:
        return { ...one, body: changed(dice, one.body) };
      case 4:
        return { ...one, body: withEndOf(one.body, other.body) };
      case 5:
        return { id, from: victim, body: anyBody(dice) };
      case 6:
        return this.#post(dice, { id, from, number: dice.below(20) });
      case 7:
        return this.#post(dice, { id, from, previous: dice.pick([NO_HASH, "ab".repeat(32)]) });
      case 8:
        return this.#post(dice, { id, from: victim });
      default: {
        const identity = this.#plot.bundleOf(victim)?.identity ?? BUNDLE.identity;
        const said = { id, from: victim, text: this.#text(dice, victim, undefined) };
        return { id, from: victim, body: this.me.postAs(said, identity) };
      }
    }
  }

  #post(dice: Dice, said: { id: string; from: Nick; number?: number; previous?: string }): Underway {
    const { id, from } = said;
    const key = dice.happens(0.8) ? this.#plot.channelKey : dice.pick([undefined, dice.bytes(32)]);
    const body = this.me.post({ ...said, text: this.#text(dice, from, undefined) }, key);
    const post = { id, from, body };
    this.#plot.remember(this.#plot.posts, post);
    return post;
  }

  // ---- receipts ------------------------------------------------------------------------------------------

  /** For a message of somebody's, as it should be. */
  receipt(to: Nick, said: Omit<Receipt, "proof">, as: Nick = this.me.nick): Signed {
    this.#plot.ledger.signed(this.me.identity.publicKey, as, to, said);
    const receipt = { ...this.me.receipt(as, to, said), from: as };
    this.#plot.note(receipt);
    return receipt;
  }

  /** For a letter to him that he can open. */
  #opened(to: Nick, { id, from, body }: Underway): Signed | undefined {
    const envelope = { id, from, to: this.me.nick };
    const letter = decodeLetter(body);
    const opened = letter === MALFORMED ? undefined : openLetter(primitives, envelope, letter, this.me.own);
    if (opened === undefined || !sameNick(from, to)) return undefined;
    const receipt = { id, ...letterNameOf(body), outcome: "read", proof: opened.proof } as const;
    this.#plot.ledger.signed(this.me.identity.publicKey, this.me.nick, to, receipt);
    return { ...receipt, from: this.me.nick };
  }

  /** The name of the letter with this id, if one is on its way. */
  #nameOf(dice: Dice, id: string): LetterName {
    const letter = this.#plot.letters.findLast((one) => one.id === id);
    const any = { edition: dice.happens(0.8) ? 0 : 1, ephemeral: dice.pick([NO_KEY, KEY]) };
    return letter === undefined || dice.happens(0.2) ? any : letterNameOf(letter.body);
  }

  /** Anything that looks like one, from somebody. */
  anyReceipt(dice: Dice, to: Nick, id: string): Signed {
    const { letters } = this.#plot;
    const opened = letters.length > 0 && dice.happens(0.3) ? this.#opened(to, dice.pick(letters)) : undefined;
    if (opened !== undefined) return opened;
    const outcome = dice.happens(0.6) ? "read" : dice.pick(OUTCOMES);
    const said = { id, ...this.#nameOf(dice, id), outcome };
    if (dice.happens(0.4)) return this.receipt(to, said);
    const { receipts } = this.#plot;
    const victim = this.#anybody(dice);
    switch (dice.below(8)) {
      case 0:
        return { from: victim, ...said, proof: dice.pick(["", KEY, SIGNATURE]) };
      case 1:
        return this.receipt(to, said, victim);
      case 2:
        return { ...this.receipt(to, said), from: victim };
      case 3:
        return this.receipt(this.#anybody(dice), said);
      case 4:
        return { ...this.receipt(to, { ...said, outcome: "unreadable" }), outcome };
      case 5:
        return { ...this.receipt(to, said), id: this.#plot.anyId(dice) };
      case 6:
        return receipts.length === 0 ? this.receipt(to, said) : dice.pick(receipts);
      default:
        return receipts.length === 0 ? this.receipt(to, said) : { ...dice.pick(receipts), id };
    }
  }

  // ---- bundles -------------------------------------------------------------------------------------------

  /** What might pass for the bundle of a nick's holder. */
  bundleAs(dice: Dice, nick: Nick): Bundle {
    const { bundle: own } = this.me;
    const theirs = this.#plot.bundleOf(nick) ?? BUNDLE;
    const { key, prekey, identity } = own;
    return dice.pick([
      theirs,
      { ...theirs, key },
      { ...theirs, key, prekey },
      { ...theirs, identity },
      { ...theirs, prekeyAt: theirs.prekeyAt + 1 },
      own,
      { ...own, signature: theirs.signature },
      { ...own, identity: theirs.identity },
      this.me.bundleFor(nick),
      this.me.bundleFor(nick),
      { ...this.me.bundleFor(nick), identity: theirs.identity },
      { ...BUNDLE, identity: "00".repeat(KEY_DIGITS / 2) },
    ]);
  }

  #anybody(dice: Dice): Nick {
    return dice.pick([...this.#plot.people.map(({ nick }) => nick), "alice", "ALICE", "nobody"]);
  }
}

/** The head of one letter before the contents of another. */
function spliced(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Uint8Array.of(...one.subarray(0, SEALED_AT), ...other.subarray(SEALED_AT));
}

/** With the signature of another one. */
function withEndOf(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Uint8Array.of(...one.subarray(0, -64), ...other.subarray(-64));
}

/** No letter and no post. */
function anyBody(dice: Dice): Uint8Array {
  return dice.pick([new Uint8Array(0), BODY, Uint8Array.of(dice.below(256)), dice.bytes(dice.below(400))]);
}

/**
 * Sees all that a machine does, and knows from the ledger what everybody really said: nothing is shown, told
 * or handed on that its supposed sender did not write, and no message counts as received that its recipient
 * did not sign for.
 */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Action } from "../../core/action.ts";
import { MALFORMED } from "../../core/base/bytes.ts";
import { HASH_BYTES } from "../../core/base/crypto.ts";
import { EVENT, INBOX, KNOWN_PEER, NICK, OUTBOX, READER, RECEIPT } from "../../core/durable/records.ts";
import type { Output, Records } from "../../core/machine.ts";
import { hasKeys, isGenuine, isReceiptOf, type Receipt } from "../../core/messages/identity.ts";
import { peopleTag } from "../../core/messages/direct.ts";
import { decodeLetter, prekeyId } from "../../core/messages/letter_form.ts";
import { type Nick, type NickKey, nickKey, sameNick } from "../../core/messages/nick.ts";
import type { Row } from "../../core/messages/table.ts";
import type { Verb, VerbOf } from "../../core/messages/verb.ts";
import type { JournalEvent } from "../../core/notice.ts";
import type { Author } from "../kit/author.ts";
import { cheapPrimitives as primitives } from "../kit/cheap_primitives.ts";
import { opened } from "../kit/sent.ts";
import type { Plot } from "./plot.ts";

function verbsOf(output: Output): readonly Verb[] {
  return output.type === "transmit" ? opened(output.to, output.bytes).verbs : [];
}

// ---- a client --------------------------------------------------------------------------------------------

export interface ClientWitnessOptions {
  readonly plot: Plot;
  readonly me: Author;
  /** Somebody whom the user knows from the start, so that nobody can pass for him. */
  readonly invited: Author | undefined;
}

export class ClientWitness {
  readonly #options: ClientWitnessOptions;
  readonly #pins = new Map<NickKey, string>();
  /** Whom the user has decided to trust, whatever his key is; and who has another key since this moment. */
  readonly #toBeTrusted = new Set<NickKey>();
  #changed: NickKey | undefined;
  /** All that ever were pinned. */
  readonly #everPinned = new Set<string>();
  readonly #trusted = new Set<NickKey>();
  /** Texts, by number. */
  readonly #shown = new Set<number>();
  /** Texts that were saved and not shown yet, by key. */
  readonly #waiting = new Map<string, number>();
  /** Recipients of our messages, by id; and of those that were forgotten. */
  readonly #sent = new Map<string, Nick>();
  readonly #gone = new Map<string, Nick>();
  readonly #received = new Map<NickKey, number>();

  constructor(options: ClientWitnessOptions) {
    this.#options = options;
  }

  /** The user says something, perhaps long before it is done. */
  acts(action: Action): void {
    if (action.type === "trust") this.#toBeTrusted.add(nickKey(action.nick));
  }

  look(output: Output): void {
    const changed = this.#changed;
    this.#changed = undefined;
    const notice = output.type === "notice" ? output.notice : undefined;
    const isTold = notice?.type === "trusted" && nickKey(notice.nick) === changed;
    assert(changed === undefined || isTold, `another key is pinned for ${changed}`);
    for (const verb of verbsOf(output)) this.#onVerb(verb);
    if (output.type === "save") this.#onSave(output.key, output.value);
    if (output.type === "forget") this.#onForget(output.key);
    switch (notice?.type) {
      case "directReceived":
        return this.#onShown(notice.message, this.#options.me.nick);
      case "channelReceived":
        return this.#onShown(notice.message, undefined);
      case "delivered":
        return this.#onReceived(notice.to, 1);
      case "collected":
        return this.#onReceived(notice.to, notice.count);
      case "tableChanged":
      case "peersListed":
        for (const row of notice.rows) assertGenuine(row);
    }
  }

  /**
   * Another process begins with these records: what was saved and perhaps not shown may be shown again, and
   * so may an event that does not count as shown yet.
   */
  restarts(records: Records): void {
    const places = [...records].filter(([key]) => READER.matches(key)).map(([, value]) => placeIn(value));
    for (const [key, value] of records) {
      if (INBOX.matches(key)) this.#shown.delete(this.#onSaved(key, value));
      if (!EVENT.matches(key) || Number(EVENT.nameOf(key)) <= Math.max(0, ...places)) continue;
      const event = EVENT.decode(value);
      assert(event !== MALFORMED);
      this.#shown.delete(this.#options.plot.ledger.writerOf(event.text)!.number);
    }
    // What counted as received may not have been forgotten yet, and then counts once more.
    this.#checkReceived(this.#sent);
    this.#received.clear();
    this.#gone.clear();
  }

  /** After all has settled. */
  finish(): void {
    assertEquals([...this.#waiting], [], "what is receipted as read is not shown");
    this.#checkReceived(this.#gone);
  }

  /** Among these messages are at least as many that were signed for. */
  #checkReceived(messages: ReadonlyMap<string, Nick>): void {
    for (const [nick, count] of this.#received) {
      const signed = [...messages].filter(([id, to]) => sameNick(to, nick) && this.#isSigned(id, nick));
      assertLessOrEqual(count, signed.length, `${nick} has not signed for all that counts as received`);
    }
  }

  // ---- what is saved -------------------------------------------------------------------------------------

  #onSave(key: string, value: Uint8Array): void {
    if (KNOWN_PEER.matches(key)) {
      this.#onPin(decodeURIComponent(KNOWN_PEER.nameOf(key)), KNOWN_PEER.decode(value));
    }
    if (INBOX.matches(key)) this.#onSaved(key, value);
    if (OUTBOX.matches(key)) {
      const message = OUTBOX.decode(value);
      assert(message !== MALFORMED);
      if (message.to[0] !== undefined) this.#sent.set(OUTBOX.nameOf(key), message.to[0]);
    }
  }

  /** A message that is to be shown; returns its number. */
  #onSaved(key: string, value: Uint8Array): number {
    const message = INBOX.decode(value);
    const number = message === MALFORMED
      ? undefined
      : this.#options.plot.ledger.writerOf(message.text)?.number;
    assert(number !== undefined, "nobody wrote what is saved");
    this.#waiting.set(key, number);
    return number;
  }

  #onForget(key: string): void {
    if (INBOX.matches(key)) this.#waiting.delete(key);
    const id = OUTBOX.nameOf(key);
    const to = OUTBOX.matches(key) ? this.#sent.get(id) : undefined;
    if (to !== undefined) this.#gone.set(id, to);
  }

  #onPin(nick: NickKey, pin: ReturnType<typeof KNOWN_PEER.decode>): void {
    assert(pin !== MALFORMED);
    const { identity } = pin;
    const former = this.#pins.get(nick);
    if (former !== undefined && former !== identity) {
      assert(this.#toBeTrusted.has(nick), `another key is pinned for ${nick}`);
      this.#changed = nick;
      this.#trusted.add(nick);
    }
    this.#pins.set(nick, identity);
    this.#everPinned.add(`${nick} ${identity}`);
  }

  /** Whether somebody is, or was, who he says for the user. */
  #isKnownAs(identity: string, nick: Nick): boolean {
    const { me } = this.#options;
    if (sameNick(nick, me.nick)) return identity === me.identity.publicKey;
    return this.#everPinned.has(`${nickKey(nick)} ${identity}`);
  }

  // ---- what is shown -------------------------------------------------------------------------------------

  #onShown({ from, text }: JournalEvent, to: Nick | undefined): void {
    const written = this.#options.plot.ledger.writerOf(text);
    assert(written !== undefined, `'${text}' is shown, which nobody wrote`);
    const { nick, number } = written;
    assert(sameNick(nick, from), `what was written as ${nick} is shown as from ${from}`);
    const speakers = this.#options.plot.ledger.speakersOf(text);
    assert(
      speakers.some((identity) => this.#isKnownAs(identity, from)),
      `what somebody else wrote is shown as from ${from}`,
    );
    const isForUs = to === undefined ? written.to === undefined : sameNick(written.to ?? "", to);
    assert(
      isForUs,
      `what was written to ${written.to ?? "the channel"} is shown as to ${to ?? "the channel"}`,
    );
    assert(!this.#shown.has(number), `a message from ${from} is shown twice`);
    this.#shown.add(number);
    for (const [key, waiting] of this.#waiting) if (waiting === number) this.#waiting.delete(key);
  }

  // ---- what counts as received ---------------------------------------------------------------------------

  #onReceived(to: Nick, count: number): void {
    if (sameNick(to, this.#options.me.nick)) return;
    this.#received.set(nickKey(to), (this.#received.get(nickKey(to)) ?? 0) + count);
  }

  /** By somebody who is, or was, the nick's holder for us. */
  #isSigned(id: string, as: Nick): boolean {
    const { me, plot: { ledger, people } } = this.#options;
    return people.some(({ identity: { publicKey } }) =>
      this.#isKnownAs(publicKey, as) && ledger.hasSigned(publicKey, as, me.nick, id)
    );
  }

  // ---- what is said --------------------------------------------------------------------------------------

  #onVerb(verb: Verb): void {
    if (verb.type === "receipt") this.#onReceipt(verb);
    if (verb.type === "direct") this.#onDirect(verb);
    if (verb.type === "deposit") this.#onLetter(verb);
  }

  #onReceipt(receipt: VerbOf<"receipt">): void {
    const { identity: { publicKey }, nick } = this.#options.me;
    assert(receipt.outcome !== "released");
    // The proof that a letter was opened concerns its sender.
    if (receipt.outcome === "read" && receipt.proof.length === 2 * HASH_BYTES) return;
    assert(
      isReceiptOf(primitives, publicKey, { from: nick, to: receipt.to }, receipt),
      "a receipt is not signed",
    );
  }

  /** What is for an invited person names him and his place, unless the user has trusted somebody else. */
  #onDirect({ from, messages, people, place, to }: VerbOf<"direct">): void {
    const { invited, me, plot } = this.#options;
    if (invited === undefined || !sameNick(to, invited.nick) || this.#trusted.has(nickKey(to))) return;
    const [own, other] = [me, invited].map(({ nick, identity }) => ({ nick, identity: identity.publicKey }));
    assertEquals(people, peopleTag(primitives, plot.serverKey, own!, other!), "somebody else is named");
    assert(sameNick(from, me.nick));
    assertEquals(place, prekeyId(invited.bundle.prekey));
    for (const { text } of messages) {
      const written = plot.ledger.writerOf(text);
      assertEquals(written?.identity, me.identity.publicKey, "somebody else's words");
      assert(sameNick(written?.to ?? "", to));
    }
  }

  /** Nobody but an invited person can open what is for him, unless the user has trusted somebody else. */
  #onLetter({ id, from, to, body }: VerbOf<"deposit">): void {
    const { invited, me, plot } = this.#options;
    if (invited === undefined || !sameNick(to, invited.nick) || this.#trusted.has(nickKey(to))) return;
    const letter = decodeLetter(body);
    assert(letter !== MALFORMED);
    assertEquals(letter.prekeyId, prekeyId(invited.bundle.prekey), "a letter is sealed for somebody else");
    const contents = invited.open({ id, from, to }, body);
    const written = contents === undefined ? undefined : plot.ledger.writerOf(contents.text);
    assertEquals(written?.identity, me.identity.publicKey, "a letter does not open");
    assert(sameNick(written?.to ?? "", to));
  }
}

/** The last event that a reader of the journal has dealt with. */
function placeIn(value: Uint8Array): number {
  const place = READER.decode(value);
  assert(place !== MALFORMED);
  return place.number;
}

/** That a nick has an owner is the server's word; it has no keys then, and nothing is sealed for it. */
function assertGenuine(row: Row): void {
  const isSigned = !hasKeys(row) || isGenuine(primitives, row.nick, row);
  assert(isSigned, `the row of ${row.nick} is not from its holder`);
}

// ---- a server --------------------------------------------------------------------------------------------

/** What somebody has said, as long as only the server can say it to others. */
function sayingOf(verb: Verb): string | undefined {
  switch (verb.type) {
    case "deposit":
      return `letter ${verb.id} ${verb.body.toHex()}`;
    case "post":
      return `channel ${verb.id} ${verb.body.toHex()}`;
    case "receipt":
      return sayingOfReceipt(verb.to, verb);
    default:
      return undefined;
  }
}

function sayingOfReceipt(to: Nick, { id, edition, ephemeral, outcome, proof }: Receipt): string {
  return `receipt ${nickKey(to)} ${id} ${edition} ${ephemeral} ${outcome} ${proof}`;
}

export class ServerWitness {
  /** Of each nick. */
  readonly #identities = new Map<NickKey, string>();
  readonly #said = new Set<string>();
  /** Whose receipts are kept, by key. */
  readonly #receipts = new Map<string, Nick>();

  /** An insider says something, under any nick. */
  said(identity: string, verb: Verb): void {
    const saying = sayingOf(verb);
    if (saying !== undefined && "from" in verb) this.#said.add(`${identity} ${nickKey(verb.from)} ${saying}`);
  }

  look(output: Output): void {
    if (output.type === "save") this.#onSave(output.key, output.value);
    if (output.type === "forget") this.#receipts.delete(output.key);
    for (const verb of verbsOf(output)) this.#onVerb(verb);
  }

  #onSave(key: string, value: Uint8Array): void {
    const row = NICK.matches(key) ? NICK.decode(value) : undefined;
    if (row !== undefined) {
      assert(row !== MALFORMED);
      const { nick, bundle } = row;
      assert(isGenuine(primitives, nick, bundle), `${nick} has keys that its holder did not sign`);
      const identity = this.#identities.get(nickKey(nick)) ?? bundle.identity;
      assertEquals(bundle.identity, identity, `${nick} has another holder`);
      this.#identities.set(nickKey(nick), identity);
    }
    const receipt = RECEIPT.matches(key) ? RECEIPT.decode(value) : undefined;
    if (receipt === undefined) return;
    assert(receipt !== MALFORMED);
    const former = this.#receipts.get(key) ?? receipt.from;
    assert(sameNick(former, receipt.from), `a receipt for ${former} gives way to one for ${receipt.from}`);
    this.#receipts.set(key, receipt.from);
  }

  #onVerb(verb: Verb): void {
    switch (verb.type) {
      case "letter":
      case "channel":
        return assert(
          this.#hasSaid(verb.from, `${verb.type} ${verb.id} ${verb.body.toHex()}`),
          `${verb.from} has not written what is handed on`,
        );
      case "rows":
        for (const row of verb.rows) {
          assertGenuine(row);
          assertEquals(row.identity, this.#identities.get(nickKey(row.nick)));
        }
    }
  }

  /** An insider is told what became of his messages: only their recipients can have said that. */
  told(identity: string, verb: Verb): void {
    if (verb.type !== "collected") return;
    const readers = [...this.#identities].filter(([, holder]) => holder === identity).map(([nick]) => nick);
    for (const receipt of verb.receipts) {
      const sayings = readers.map((nick) => sayingOfReceipt(nick, receipt));
      assert(
        sayings.some((saying) => this.#hasSaid(verb.to, saying)),
        `${verb.to} has not signed this receipt`,
      );
    }
  }

  #hasSaid(nick: Nick, saying: string): boolean {
    return this.#said.has(`${this.#identities.get(nickKey(nick))} ${nickKey(nick)} ${saying}`);
  }
}

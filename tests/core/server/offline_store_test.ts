import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  COLLECTED_RECEIPTS,
  MAIL_LIFE_MS,
  MAIL_TOTAL_BYTES,
  MAILBOX_BYTES,
  MAILBOX_LETTERS,
  MAILBOX_SHARE,
  RECEIPTS_PER_SENDER,
  SEEN_LIFE_MS,
} from "../../../core/base/limits.ts";
import { OUTCOMES, type Receipt } from "../../../core/messages/identity.ts";
import { OfflineStore, type StoredLetter } from "../../../core/server/offline_store.ts";
import { seededDice } from "../../kit/dice.ts";
import { Recorded } from "../../kit/recorded.ts";
import { idOf, KEY, LONGEST_BODY, SIGNATURE } from "../../kit/samples.ts";

/** What the server counts for a letter besides its body. */
const RECORD_BYTES = 100;
const OTHER_KEY = "e5".repeat(32);
const OTHER_PROOF = "a5".repeat(32);

function storeOf(recorded = new Recorded(), totalBytes = MAIL_TOTAL_BYTES): OfflineStore {
  return new OfflineStore(0, recorded.effects, { totalBytes });
}

function letter(order: number, values: Partial<StoredLetter> = {}): StoredLetter {
  const body = new TextEncoder().encode(`m${order}`);
  return { order, id: idOf(order), from: "alice", to: "bob", storedAt: 0, body, ...values };
}

/** What a recipient says of a letter. */
function receipt({ id }: StoredLetter, values: Partial<Receipt> = {}): Receipt {
  return { id, edition: 0, ephemeral: KEY, outcome: "read", proof: SIGNATURE, ...values };
}

function collect(store: OfflineStore, now: number, mail: StoredLetter, values: Partial<Receipt> = {}): void {
  store.collect(now, mail, receipt(mail, values));
}

function restarted(recorded: Recorded): OfflineStore {
  return storeOf(recorded.restarted());
}

function texts(store: OfflineStore, nick: string): string[] {
  return store.lettersFor(nick).map(({ body }) => new TextDecoder().decode(body));
}

/** What a sender is told. */
function receipts(store: OfflineStore, sender: string): Receipt[] {
  return store.receiptsFor(sender).flatMap((list) => list.receipts)
    .map(({ id, edition, ephemeral, outcome, proof }) => ({ id, edition, ephemeral, outcome, proof }));
}

function holds(store: OfflineStore, { to, from, id }: StoredLetter): boolean {
  return store.letter(to, from, id) !== undefined;
}

Deno.test("mail is handed over in the order in which it was stored, to its recipient only", () => {
  const store = storeOf();
  for (const [order, to] of [[1, "bob"], [2, "carol"], [3, "BOB"]] as const) {
    assertEquals(store.deposit(0, letter(order, { to })), undefined);
  }
  assertEquals(texts(store, "Bob"), ["m1", "m3"]);
  assertEquals(texts(store, "alice"), []);
});

Deno.test("a letter stays until it is collected; then its sender has a receipt until he notes it", () => {
  const store = storeOf();
  const mail = letter(1);
  assertFalse(holds(store, mail));
  store.deposit(0, mail);
  assert(holds(store, mail));
  assertEquals([store.receipt("alice", idOf(1)), receipts(store, "alice")], [undefined, []]);
  collect(store, 5, mail);
  assertFalse(holds(store, mail));
  assertEquals(texts(store, "bob"), []);
  assertEquals(store.receiptsFor("ALICE").map(({ to }) => to), ["bob"]);
  assertEquals(receipts(store, "ALICE"), [receipt(mail)]);
  store.noted("ALICE", [{ id: idOf(1), edition: 0, ephemeral: KEY }]);
  assertEquals([store.receiptsFor("alice"), store.receipt("alice", idOf(1))], [[], undefined]);
});

Deno.test("a letter is found by recipient, sender and id together, as long as it waits", () => {
  const store = storeOf();
  const mail = letter(1);
  store.deposit(0, mail);
  store.deposit(0, letter(2, { id: idOf(1), from: "carol" }));
  assertEquals(store.letter("BOB", "ALICE", idOf(1)), mail);
  assertEquals(store.letter("bob", "carol", idOf(1))?.order, 2);
  for (
    const [to, from, id] of [["bob", "alice", idOf(2)], ["bob", "dave", idOf(1)], [
      "alice",
      "bob",
      idOf(1),
    ]] as const
  ) {
    assertEquals(store.letter(to, from, id), undefined);
  }
  collect(store, 1, mail);
  assertEquals(store.letter("bob", "alice", idOf(1)), undefined);
  assertEquals(store.letter("bob", "carol", idOf(1))?.order, 2);
});

Deno.test("a letter that its sender withdraws was never here: it may come again, and nobody has a receipt", () => {
  const store = storeOf();
  store.deposit(0, letter(1));
  store.withdraw(letter(1));
  assertEquals([holds(store, letter(1)), store.hasStored("alice", idOf(1)), receipts(store, "alice")], [
    false,
    false,
    [],
  ]);
  assertEquals(store.deposit(0, letter(2, { id: idOf(1) })), undefined);
  assert(holds(store, letter(2, { id: idOf(1) })));
});

Deno.test("a receipt that its sender cannot use is forgotten with the id: the message may come again", () => {
  const recorded = new Recorded();
  const store = storeOf(recorded);
  store.deposit(0, letter(1));
  collect(store, 1, letter(1));
  store.forgetReceipt("ALICE", idOf(1));
  recorded.performAll(1);
  for (const one of [store, restarted(recorded)]) {
    assertEquals([receipts(one, "alice"), one.hasStored("alice", idOf(1))], [[], false]);
    assertEquals(one.deposit(2, letter(2, { id: idOf(1) })), undefined);
  }
});

for (const outcome of OUTCOMES) {
  for (const edition of [0, 1]) {
    Deno.test(`the sender hears what became of it: ${outcome}, edition ${edition}, proved; also after a kill`, () => {
      const recorded = new Recorded();
      const store = storeOf(recorded);
      const mail = letter(1);
      const said = { edition, outcome, ephemeral: OTHER_KEY, proof: OTHER_PROOF };
      store.deposit(0, mail);
      collect(store, 5, mail, said);
      recorded.perform(5);
      for (const one of [store, restarted(recorded)]) {
        assertEquals(receipts(one, "alice"), [receipt(mail, said)]);
        const { id, edition: about, ephemeral, outcome: became, proof } = one.receipt("Alice", idOf(1))!;
        assertEquals({ id, edition: about, ephemeral, outcome: became, proof }, receipt(mail, said));
        assertEquals(one.receipt("bob", idOf(1)), undefined);
        assertEquals(texts(one, "bob"), []);
        // Only what could not be opened may come again.
        assertEquals(one.hasStored("alice", idOf(1)), outcome !== "unreadable");
      }
    });
  }
}

Deno.test("what could not be opened is deposited again under the same id; its receipt takes the place of the first", () => {
  const recorded = new Recorded();
  const store = storeOf(recorded);
  const first = letter(1);
  store.deposit(0, first);
  collect(store, 1, first, { outcome: "unreadable" });
  const again = letter(2, { id: idOf(1) });
  assertEquals(store.deposit(2, again), undefined);
  assert(store.hasStored("alice", idOf(1)));
  assertEquals(texts(store, "bob"), ["m2"]);
  const read = { edition: 1, outcome: "read" } as const;
  collect(store, 3, again, read);
  recorded.perform(3);
  for (const one of [store, restarted(recorded)]) {
    assertEquals(receipts(one, "alice"), [receipt(again, read)]);
    assert(one.hasStored("alice", idOf(1)));
  }
});

Deno.test("a receipt is noted only for the letter that it is about", () => {
  const recorded = new Recorded();
  const store = storeOf(recorded);
  const mail = letter(1);
  store.deposit(0, mail);
  collect(store, 1, mail, { edition: 1 });
  store.noted("alice", [{ id: idOf(1), edition: 0, ephemeral: KEY }]);
  store.noted("alice", [{ id: idOf(1), edition: 1, ephemeral: OTHER_KEY }]);
  assertEquals(receipts(store, "alice").length, 1);
  recorded.perform(1);
  assertEquals(recorded.records("receipt").length, 1);
  store.noted("alice", [{ id: idOf(1), edition: 1, ephemeral: KEY }]);
  recorded.perform(2);
  assertEquals([receipts(store, "alice"), recorded.records("receipt")], [[], []]);
});

Deno.test("an id is known for good, also when its letter is gone, also after a restart", () => {
  const recorded = new Recorded();
  const store = storeOf(recorded);
  assertFalse(store.hasStored("alice", idOf(1)));
  store.deposit(0, letter(1));
  collect(store, 1, letter(1));
  store.noted("alice", [{ id: idOf(1), edition: 0, ephemeral: KEY }]);
  assert(store.hasStored("alice", idOf(1)));
  recorded.performAll(1);
  assert(restarted(recorded).hasStored("alice", idOf(1)));
  assertEquals([...recorded.records("letter"), ...recorded.records("receipt")], []);
});

Deno.test("letters and receipts survive a kill right after the commit, and their ids with them", () => {
  const recorded = new Recorded();
  const store = storeOf(recorded);
  store.deposit(0, letter(7));
  store.deposit(0, letter(8));
  collect(store, 1, letter(7));
  recorded.perform(1);
  const again = restarted(recorded);
  assertEquals(texts(again, "bob"), ["m8"]);
  assertEquals(receipts(again, "alice"), [receipt(letter(7))]);
  assertEquals(again.lastOrder, 8);
  assert(holds(again, letter(8)));
  assert(again.hasStored("alice", idOf(7)) && again.hasStored("alice", idOf(8)));
});

Deno.test("nobody notes the receipts of somebody else", () => {
  const store = storeOf();
  store.deposit(0, letter(1));
  collect(store, 1, letter(1));
  store.noted("mallory", [{ id: idOf(1), edition: 0, ephemeral: KEY }]);
  store.noted("alice", [{ id: idOf(99), edition: 0, ephemeral: KEY }]);
  assertEquals(store.receiptsFor("alice").length, 1);
});

Deno.test("receipts come in lists that fit into a verb, one recipient each", () => {
  const store = storeOf();
  for (let order = 1; order <= COLLECTED_RECEIPTS + 2; order++) {
    const mail = letter(order, { to: order === 2 ? "carol" : "bob" });
    store.deposit(0, mail);
    collect(store, 0, mail);
  }
  const lists = store.receiptsFor("alice").map((list) => [list.to, list.receipts.length]);
  assertEquals(lists, [["bob", COLLECTED_RECEIPTS], ["carol", 1], ["bob", 1]]);
});

Deno.test("whatever comes and goes, letters are found, listed and counted as by a walk over all", () => {
  const dice = seededDice();
  const store = storeOf();
  const [senders, recipients] = [["alice", "Carol"], ["bob", "Dave"]];
  let all: StoredLetter[] = [];
  for (let order = 1; order <= 1500; order++) {
    const [from, to] = [dice.pick(senders), dice.pick(recipients)];
    if (dice.happens(0.6)) {
      const mail = letter(order, { from, to, body: new Uint8Array(dice.below(20_000)) });
      const sent = all.filter((other) => other.from === from && other.to === to);
      const bytes = [mail, ...sent].reduce((sum, { body }) => sum + body.length + RECORD_BYTES, 0);
      const isFull = sent.length >= SHARE || bytes > MAILBOX_BYTES * MAILBOX_SHARE;
      assertEquals(store.deposit(0, mail), isFull ? "quota" : undefined);
      if (!isFull) all.push(mail);
    } else if (all.length > 0) {
      const mail = dice.pick(all);
      assertEquals(store.letter(mail.to.toUpperCase(), mail.from.toUpperCase(), mail.id), mail);
      if (dice.happens(0.5)) collect(store, 0, mail);
      else store.withdraw(mail);
      assertFalse(holds(store, mail));
      all = all.filter((other) => other !== mail);
    }
    if (order % 50 > 0) continue;
    for (const nick of recipients) {
      assertEquals(store.lettersFor(nick), all.filter((other) => other.to === nick));
    }
  }
});

// ---- how much there is room for --------------------------------------------------------------------------

/** Stores letters of several senders until one is refused; how many there were of each. */
function fill(store: OfflineStore, senders: readonly string[], body: Uint8Array, to = "bob"): number[] {
  let order = 0;
  return senders.map((from) => {
    const before = order;
    // The order of the one that is refused is not used.
    while (store.deposit(0, letter(order + 1, { from, to, body })) === undefined) order++;
    return order - before;
  });
}

const SENDERS = ["alice", "carol", "dave", "eve", "frank"];
const SHARE = MAILBOX_LETTERS * MAILBOX_SHARE;
const LONGEST = LONGEST_BODY.length + RECORD_BYTES;
const LONGEST_SHARE = Math.floor(MAILBOX_BYTES * MAILBOX_SHARE / LONGEST);
const LONGEST_LETTERS = Math.floor(MAILBOX_BYTES / LONGEST);
const SHORT = new Uint8Array(4);

Deno.test("one sender fills a quarter of a mailbox, 250 letters; there is room again after a collection", () => {
  const store = storeOf();
  assertEquals(fill(store, ["alice"], SHORT), [250]);
  assertEquals(store.deposit(0, letter(5000)), "quota");
  assertFalse(store.hasStored("alice", idOf(5000)));
  assertEquals(store.deposit(0, letter(5001, { from: "ALICE" })), "quota");
  assertEquals(store.deposit(0, letter(5002, { to: "carol" })), undefined);
  assertEquals(store.deposit(0, letter(5003, { from: "carol" })), undefined);
  collect(store, 0, letter(1));
  assertEquals(store.deposit(0, letter(5000)), undefined);
});

Deno.test("of long letters one sender's share is 1 MiB; there is room again after a collection", () => {
  const store = storeOf();
  const body = LONGEST_BODY;
  assertEquals(fill(store, ["alice"], body), [LONGEST_SHARE]);
  assertEquals(store.deposit(0, letter(5000, { body })), "quota");
  assertEquals(store.deposit(0, letter(5001, { body, from: "carol" })), undefined);
  // To the last byte.
  const left = MAILBOX_BYTES * MAILBOX_SHARE - LONGEST_SHARE * LONGEST - RECORD_BYTES;
  assertEquals(store.deposit(0, letter(5002, { body: new Uint8Array(left + 1) })), "quota");
  assertEquals(store.deposit(0, letter(5003, { body: new Uint8Array(left) })), undefined);
  collect(store, 0, letter(1, { body }));
  assertEquals(store.deposit(0, letter(5000, { body })), undefined);
});

Deno.test("a mailbox takes 1,000 letters; the next one is refused, and there is room again after a collection", () => {
  const store = storeOf();
  assertEquals(fill(store, SENDERS, SHORT), [SHARE, SHARE, SHARE, SHARE, 0]);
  assertEquals(store.deposit(0, letter(5000, { from: "frank" })), "quota");
  assertFalse(store.hasStored("frank", idOf(5000)));
  assertEquals(store.deposit(0, letter(5001, { from: "frank", to: "carol" })), undefined);
  collect(store, 0, letter(1));
  assertEquals(store.deposit(0, letter(5000, { from: "frank" })), undefined);
});

Deno.test("of long letters a mailbox takes 4 MiB; the next one is refused, and there is room again after a collection", () => {
  const store = storeOf();
  const body = LONGEST_BODY;
  const last = LONGEST_LETTERS - 4 * LONGEST_SHARE;
  assertEquals(fill(store, SENDERS, body), [
    LONGEST_SHARE,
    LONGEST_SHARE,
    LONGEST_SHARE,
    LONGEST_SHARE,
    last,
  ]);
  assertEquals(store.deposit(0, letter(5000, { body, from: "frank" })), "quota");
  collect(store, 0, letter(1, { body }));
  assertEquals(store.deposit(0, letter(5000, { body, from: "frank" })), undefined);
});

Deno.test("the operator says how much mail there may be in all; there is room again after a collection", () => {
  const recorded = new Recorded();
  const store = storeOf(recorded, 3 * (SHORT.length + RECORD_BYTES));
  assertEquals(fill(store, ["alice"], SHORT), [3]);
  assertEquals(store.deposit(0, letter(4, { body: SHORT, from: "dave", to: "carol" })), "full");
  assertFalse(store.hasStored("dave", idOf(4)));
  recorded.perform(0);
  assertEquals(recorded.records("letter").length, 3);
  collect(store, 0, letter(1, { body: SHORT }));
  assertEquals(store.deposit(0, letter(4, { body: SHORT, from: "dave", to: "carol" })), undefined);
});

Deno.test("what was loaded takes room like what was deposited", () => {
  const recorded = new Recorded();
  fill(storeOf(recorded), ["alice"], SHORT);
  recorded.perform(0);
  assertEquals(restarted(recorded).deposit(0, letter(5000)), "quota");
});

Deno.test("what was collected takes no room any more", () => {
  const store = storeOf();
  for (let order = 1; order <= 5000; order++) {
    const mail = letter(order, { body: LONGEST_BODY });
    assertEquals(store.deposit(0, mail), undefined);
    collect(store, 0, mail);
  }
});

Deno.test("receipts for a sender who stays away are bounded, the oldest go first", () => {
  const recorded = new Recorded();
  const store = storeOf(recorded);
  for (let order = 1; order <= RECEIPTS_PER_SENDER + 1; order++) {
    store.deposit(0, letter(order));
    collect(store, 0, letter(order));
  }
  const ids = receipts(store, "alice").map(({ id }) => id);
  assertEquals([ids.length, ids[0]], [RECEIPTS_PER_SENDER, idOf(2)]);
  recorded.perform(0);
  assertEquals(recorded.records("receipt").length, RECEIPTS_PER_SENDER);
});

Deno.test("mail and receipts live 30 days, not an instant less or longer", () => {
  const recorded = new Recorded();
  const store = storeOf(recorded);
  store.deposit(0, letter(1));
  store.deposit(10, letter(2, { storedAt: 10 }));
  store.deposit(0, letter(3));
  collect(store, 10, letter(3));
  store.forgetOld(MAIL_LIFE_MS - 1);
  assertEquals(texts(store, "bob"), ["m1", "m2"]);
  store.forgetOld(MAIL_LIFE_MS);
  assertEquals(texts(store, "bob"), ["m2"]);
  assertEquals(receipts(store, "alice").length, 1);
  store.forgetOld(MAIL_LIFE_MS + 10);
  assertEquals([texts(store, "bob"), receipts(store, "alice")], [[], []]);
  recorded.perform(MAIL_LIFE_MS);
  assertEquals([...recorded.records("letter"), ...recorded.records("receipt")], []);
});

Deno.test("the ids of a sender's process are known for 45 days after its last letter", () => {
  const store = storeOf();
  store.deposit(0, letter(1));
  store.deposit(1000, letter(2));
  store.forgetOld(999 + SEEN_LIFE_MS);
  assert(store.hasStored("alice", idOf(1)));
  store.forgetOld(1000 + SEEN_LIFE_MS);
  assertFalse(store.hasStored("alice", idOf(1)) || store.hasStored("alice", idOf(2)));
});

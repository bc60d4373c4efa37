import { assert, assertEquals, assertFalse } from "@std/assert";
import { COLLECTED_IDS, MAIL_LIFE_MS, MAILBOX_BYTES, MAILBOX_LETTERS } from "../../core/limits.ts";
import { RECEIPTS_PER_SENDER, TEXT_BYTES } from "../../core/limits.ts";
import { type Letter, OfflineStore } from "../../core/offline_store.ts";
import { Recorded } from "./effects.ts";
import { LONGEST_TEXT } from "./samples.ts";

const idOf = (count: number) => "cd".repeat(8) + count.toString(16).padStart(16, "0");

function letter(order: number, values: Partial<Letter> = {}): Letter {
  const id = idOf(order);
  return {
    order,
    id,
    after: id,
    from: "alice",
    to: "bob",
    sentAt: 0,
    storedAt: 0,
    text: `m${order}`,
    ...values,
  };
}

function restarted(recorded: Recorded): OfflineStore {
  const store = new OfflineStore(new Recorded().effects);
  for (const [key, value] of recorded.records("letter")) store.loadLetter(key, value);
  for (const [key, value] of recorded.records("receipt")) store.loadReceipt(key, value);
  for (const [key, value] of recorded.records("seen")) store.loadSeen(key, value);
  store.loaded(0);
  return store;
}

function texts(store: OfflineStore, nick: string): string[] {
  return store.lettersFor(nick).map(({ text }) => text);
}

Deno.test("mail is handed over in the order in which it was stored, to its recipient only", () => {
  const store = new OfflineStore(new Recorded().effects);
  for (const [order, to] of [[1, "bob"], [2, "carol"], [3, "BOB"]] as const) {
    assertEquals(store.deposit(0, letter(order, { to })), undefined);
  }
  assertEquals(texts(store, "Bob"), ["m1", "m3"]);
  assertEquals(texts(store, "alice"), []);
});

Deno.test("a letter stays until it is collected; then its sender has a receipt until he notes it", () => {
  const store = new OfflineStore(new Recorded().effects);
  store.deposit(0, letter(1));
  assert(store.holds("bob", idOf(1)));
  assert(store.collect(5, letter(1)));
  assertFalse(store.holds("bob", idOf(1)));
  assertEquals(texts(store, "bob"), []);
  assertEquals(store.receiptsFor("ALICE"), [{ to: "bob", ids: [idOf(1)] }]);
  store.noted("alice", [idOf(1)]);
  assertEquals(store.receiptsFor("alice"), []);
});

Deno.test("a letter is collected once", () => {
  const store = new OfflineStore(new Recorded().effects);
  store.deposit(0, letter(1));
  assert(store.collect(5, letter(1)));
  assertFalse(store.collect(6, letter(1)));
});

Deno.test("an id is known for good, also when its letter is gone, also after a restart", () => {
  const recorded = new Recorded();
  const store = new OfflineStore(recorded.effects);
  assertFalse(store.has("alice", idOf(1)));
  store.deposit(0, letter(1));
  store.collect(1, letter(1));
  store.noted("alice", [idOf(1)]);
  assert(store.has("alice", idOf(1)));
  recorded.performAll(1);
  assert(restarted(recorded).has("alice", idOf(1)));
  assertEquals([...recorded.records("letter"), ...recorded.records("receipt")], []);
});

Deno.test("letters and receipts survive a kill right after the commit, and their ids with them", () => {
  const recorded = new Recorded();
  const store = new OfflineStore(recorded.effects);
  store.deposit(0, letter(7));
  store.deposit(0, letter(8));
  store.collect(1, letter(7));
  recorded.perform(1);
  const again = restarted(recorded);
  assertEquals(texts(again, "bob"), ["m8"]);
  assertEquals(again.receiptsFor("alice"), [{ to: "bob", ids: [idOf(7)] }]);
  assertEquals(again.lastOrder, 8);
  assert(again.has("alice", idOf(7)) && again.has("alice", idOf(8)));
});

Deno.test("nobody notes the receipts of somebody else", () => {
  const store = new OfflineStore(new Recorded().effects);
  store.deposit(0, letter(1));
  store.collect(1, letter(1));
  store.noted("mallory", [idOf(1)]);
  store.noted("alice", [idOf(99)]);
  assertEquals(store.receiptsFor("alice").length, 1);
});

Deno.test("receipts come in lists that fit into a verb, one recipient each", () => {
  const store = new OfflineStore(new Recorded().effects);
  for (let order = 1; order <= COLLECTED_IDS + 2; order++) {
    const mail = letter(order, { to: order === 2 ? "carol" : "bob" });
    store.deposit(0, mail);
    store.collect(0, mail);
  }
  const lists = store.receiptsFor("alice").map(({ to, ids }) => [to, ids.length]);
  assertEquals(lists, [["bob", COLLECTED_IDS], ["carol", 1], ["bob", 1]]);
});

Deno.test("a mailbox takes 1,000 letters; the next one is refused, and there is room again after a collection", () => {
  const store = new OfflineStore(new Recorded().effects);
  for (let order = 1; order <= MAILBOX_LETTERS; order++) {
    assertEquals(store.deposit(0, letter(order)), undefined);
  }
  assertEquals(store.deposit(0, letter(5000)), "quota");
  assertFalse(store.has("alice", idOf(5000)));
  assertEquals(store.deposit(0, letter(5001, { to: "carol" })), undefined);
  store.collect(0, letter(1));
  assertEquals(store.deposit(0, letter(5000)), undefined);
});

Deno.test("of long letters a mailbox takes 4 MiB; the next one is refused, and there is room again after a collection", () => {
  const store = new OfflineStore(new Recorded().effects);
  const most = Math.floor(MAILBOX_BYTES / (TEXT_BYTES + 100));
  for (let order = 1; order <= most; order++) {
    assertEquals(store.deposit(0, letter(order, { text: LONGEST_TEXT })), undefined);
  }
  assertEquals(store.deposit(0, letter(5000, { text: LONGEST_TEXT })), "quota");
  store.collect(0, letter(1, { text: LONGEST_TEXT }));
  assertEquals(store.deposit(0, letter(5000, { text: LONGEST_TEXT })), undefined);
});

Deno.test("what was collected takes no room any more", () => {
  const store = new OfflineStore(new Recorded().effects);
  for (let order = 1; order <= 5000; order++) {
    const mail = letter(order, { text: LONGEST_TEXT });
    assertEquals(store.deposit(0, mail), undefined);
    store.collect(0, mail);
  }
});

Deno.test("receipts for a sender who stays away are bounded, the oldest go first", () => {
  const recorded = new Recorded();
  const store = new OfflineStore(recorded.effects);
  for (let order = 1; order <= RECEIPTS_PER_SENDER + 1; order++) {
    store.deposit(0, letter(order));
    store.collect(0, letter(order));
  }
  const ids = store.receiptsFor("alice").flatMap((list) => list.ids);
  assertEquals([ids.length, ids[0]], [RECEIPTS_PER_SENDER, idOf(2)]);
  recorded.perform(0);
  assertEquals(recorded.records("receipt").length, RECEIPTS_PER_SENDER);
});

Deno.test("mail and receipts live 30 days, not an instant less or longer", () => {
  const recorded = new Recorded();
  const store = new OfflineStore(recorded.effects);
  store.deposit(0, letter(1));
  store.deposit(10, letter(2, { storedAt: 10 }));
  store.deposit(0, letter(3));
  store.collect(10, letter(3));
  store.sweep(MAIL_LIFE_MS - 1);
  assertEquals(texts(store, "bob"), ["m1", "m2"]);
  store.sweep(MAIL_LIFE_MS);
  assertEquals(texts(store, "bob"), ["m2"]);
  assertEquals(store.receiptsFor("alice").length, 1);
  store.sweep(MAIL_LIFE_MS + 10);
  assertEquals([texts(store, "bob"), store.receiptsFor("alice")], [[], []]);
  recorded.perform(MAIL_LIFE_MS);
  assertEquals([...recorded.records("letter"), ...recorded.records("receipt")], []);
});

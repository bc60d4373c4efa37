/** The history on disk: what it keeps, what it finds, what it drops, and what nobody else can read. */
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { NEWEST } from "../../core/history.ts";
import type { HistoryPage, HistoryQuery, Memory } from "../../core/machine.ts";
import type { MessageState } from "../../core/notice.ts";
import { type HistoryBounds, openHistory, openHistoryOf, type SqliteHistory } from "../../storage/history.ts";
import { StateSeal } from "../../storage/state_seal.ts";
import { StoreError } from "../../storage/store_error.ts";

const DAY = 86_400_000;
const ROOMY: HistoryBounds = { life: 365 * DAY, bytes: 512 * 1024 * 1024 };
const SEAL = new StateSeal(new Uint8Array(32).fill(7));

function id(number: number): string {
  return number.toString(16).padStart(32, "0");
}

function received(number: number, from: string, text: string, now = number, channel = false): Memory {
  const more = {
    channel,
    dated: false,
    isOpen: false,
    like: undefined,
    isBehindGap: false,
    isExchanged: false,
  };
  const message = { number, id: id(number), from, text, sentAt: now, ...more };
  return { type: "received", message, when: { now, date: now } };
}

function written(number: number, to: string | undefined, text: string, state: MessageState): Memory {
  const message = { id: id(number), from: "me", to, text, sentAt: number, state, failure: undefined };
  return { type: "written", message, when: { now: number, date: number } };
}

function textsIn({ entries }: HistoryPage): string[] {
  return entries.map(({ memory }) =>
    memory === undefined ? "damaged" : memory.type === "gap" ? `${memory.count} missing` : memory.message.text
  );
}

function search(history: SqliteHistory, words: string, more: Partial<HistoryQuery> = {}): string[] {
  const found: string[] = [];
  for (let below: number | undefined = Number.MAX_SAFE_INTEGER; below !== undefined;) {
    const page: HistoryPage = history.read({ ...NEWEST, count: 64, words, below, ...more }, 0);
    found.push(...textsIn(page));
    below = page.next;
  }
  return found;
}

function all(history: SqliteHistory, more: Partial<HistoryQuery> = {}): string[] {
  return textsIn(history.read({ ...NEWEST, count: 64, ...more }, Infinity));
}

function inFolder(work: (folder: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    try {
      work(folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

/** Runs a test on a history in clear, and on a sealed one. */
function both(name: string, work: (history: SqliteHistory) => void): void {
  for (const [how, seal] of [["in clear", undefined], ["sealed", SEAL]] as const) {
    Deno.test(`${name}, ${how}`, () => {
      const history = openHistory(":memory:", seal, ROOMY);
      work(history);
      history.close();
    });
  }
}

both("conversations are told apart, and pages go on from each other", (history) => {
  history.commit([
    received(1, "bob", "one"),
    received(2, "Bob", "two"),
    received(3, "bob", "to all", 3, true),
    written(4, "bob", "three", "queued"),
    written(5, undefined, "mine to all", "stored"),
    received(4, "carol", "four"),
  ]);
  assertEquals(all(history), ["one", "two", "to all", "three", "mine to all", "four"]);
  assertEquals(all(history, { peer: "bob" }), ["one", "two", "three"]);
  assertEquals(all(history, { peer: null }), ["to all", "mine to all"]);
  const page = history.read({ ...NEWEST, peer: "bob", count: 2 }, 0);
  assertEquals(textsIn(page), ["two", "three"]);
  assertEquals(all(history, { peer: "bob", below: page.next! }), ["one"]);
  assertEquals(all(history, { above: 4 }), ["mine to all", "four"]);
  assertEquals(all(history, { before: 3 }), ["one", "two"]);
});

both("what comes again is the same entry, and the state of a message only goes on", (history) => {
  const message = received(1, "bob", "once");
  history.commit([message, message]);
  history.commit([message, received(1, "carol", "another with that id")]);
  assertEquals(all(history), ["once", "another with that id"]);
  const stateOf = () => {
    const memory = history.read({ ...NEWEST }, 0).entries.at(-1)?.memory;
    return memory?.type === "written" ? memory.message.state : undefined;
  };
  for (
    const [state, then] of [
      ["queued", "queued"],
      ["stored", "stored"],
      ["queued", "stored"],
      ["delivered", "delivered"],
      ["failed", "delivered"],
    ] as const
  ) {
    history.commit([written(2, "bob", "mine", state)]);
    assertEquals(stateOf(), then);
  }
  assertEquals(all(history).length, 3);
});

both("all words are found, in any order, inside sentences too, the newest first", (history) => {
  history.commit([
    received(1, "bob", "The Café opens at nine"),
    written(2, "bob", "see you in the CAFE", "delivered"),
    received(3, "carol", "明天在会议室开会，三点"),
    received(4, "carol", "会议很长"),
    received(5, "carol", "议室会"),
    received(6, "dora", "👍 fine"),
    received(7, "dora", 'a_b "quoted" OR NOT*'),
  ]);
  assertEquals(search(history, "cafe"), ["see you in the CAFE", "The Café opens at nine"]);
  assertEquals(search(history, "nine café"), ["The Café opens at nine"]);
  assertEquals(search(history, "cafe", { from: "me" }), ["see you in the CAFE"]);
  assertEquals(search(history, "cafe", { from: "BOB" }), ["The Café opens at nine"]);
  assertEquals(search(history, "caf"), []);
  assertEquals(search(history, "会议"), ["会议很长", "明天在会议室开会，三点"]);
  assertEquals(search(history, "会议室"), ["明天在会议室开会，三点"]);
  assertEquals(search(history, "会"), ["议室会", "会议很长", "明天在会议室开会，三点"]);
  assertEquals(search(history, "👍"), ["👍 fine"]);
  assertEquals(search(history, "or not quoted a_b").length, 1);
  for (const nothing of ["", "...", "*", '"', "zebra"]) assertEquals(search(history, nothing), []);
});

both(
  "what came while no history was kept is said to be missing, and so is what the sender left out",
  (history) => {
    history.commit([received(7, "bob", "one")]);
    history.commit([received(8, "bob", "two"), received(11, "bob", "three")]);
    const gap: Memory = { type: "gap", name: "x", from: "bob", count: 3, when: { now: 12, date: 12 } };
    history.commit([gap, gap]);
    const { entries } = history.read({ ...NEWEST, count: 9 }, Infinity);
    assertEquals(entries.map(({ missed }) => missed), [0, 0, 2, 0]);
    assertEquals(all(history), ["one", "two", "three", "3 missing"]);
  },
);

both("what the person has not been shown is left out where that is asked for", (history) => {
  history.commit([
    received(1, "bob", "shown"),
    written(2, "bob", "mine", "queued"),
    received(2, "bob", "new"),
  ]);
  assertEquals(textsIn(history.read({ ...NEWEST, count: 9, shownOnly: true }, 1)), ["shown", "mine"]);
});

both("what is too old is dropped, and that is said", (history) => {
  history.commit([received(1, "bob", "old", 0), received(2, "bob", "young", 300 * DAY)]);
  assertFalse(history.read({ ...NEWEST, count: 9 }, 9).isCut);
  history.commit([received(3, "bob", "now", 366 * DAY)]);
  assertEquals(all(history), ["young", "now"]);
  assert(history.read({ ...NEWEST, count: 9 }, 9).isCut);
  assertFalse(history.read({ ...NEWEST, count: 1 }, 9).isCut, "there is more before it");
  // The next start remembers it once more, from the journal.
  history.commit([received(1, "bob", "old", 0)]);
  assertEquals(all(history), ["young", "now"]);
  assertEquals(search(history, "old"), []);
});

Deno.test("the file does not grow beyond its bound, and keeps the newest", () => {
  const bytes = 512 * 1024;
  const history = openHistory(":memory:", undefined, { life: Infinity, bytes });
  const text = "some words of a message that is not long at all but has its length";
  let number = 0;
  for (let round = 0; round < 60; round++) {
    history.commit(Array.from({ length: 100 }, () => received(++number, "bob", `${text} ${number}`, number)));
  }
  const { total } = history.read({ ...NEWEST }, Infinity);
  assert(total < number / 2, `${total} of ${number}`);
  assert(total > 500, `${total} are left`);
  assertEquals(all(history, { count: 1 }), [`${text} ${number}`]);
  assertEquals(search(history, `${number} message`), [`${text} ${number}`]);
  assertEquals(search(history, "17 message"), []);
  history.close();
});

Deno.test("a page is no longer than a line of the engine's may be", () => {
  const history = openHistory(":memory:", undefined, ROOMY);
  const text = "\u001b".repeat(60_000);
  history.commit([1, 2, 3].map((number) => received(number, "bob", text)));
  const { entries, next } = history.read({ ...NEWEST, count: 3 }, 0);
  assertEquals([entries.length, next], [2, 2]);
  assert(JSON.stringify(entries).length < 1024 * 1024);
  history.close();
});

Deno.test(
  "the file is its owner's alone, is locked, and is there after the process",
  inFolder((folder) => {
    const path = `${folder}/history.db`;
    const history = openHistory(path, undefined, ROOMY);
    history.commit([received(1, "bob", "kept")]);
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
    assertThrows(() => openHistory(path, undefined, ROOMY), StoreError, "in use");
    history.close();
    const again = openHistory(path, undefined, ROOMY);
    assertEquals(all(again), ["kept"]);
    assertEquals(again.lastEvent, 1);
    again.close();
  }),
);

const SECRET = "the words of a message";
const NICK = "bartholomew";

/** True if one of the files of a history holds these bytes. */
function isInFiles(folder: string, text: string): boolean {
  const needle = new TextEncoder().encode(text).toHex();
  return [...Deno.readDirSync(folder)].some(({ name }) =>
    Deno.readFileSync(`${folder}/${name}`).toHex().includes(needle)
  );
}

Deno.test(
  "a history in clear is sealed with the state, and nothing of it is left in clear, nor any word of an index",
  inFolder((folder) => {
    const history = openHistoryOf(folder, undefined, ROOMY)!;
    const page = Array.from({ length: 1_200 }, (_, at) => received(at + 1, NICK, `${SECRET} ${at}`));
    history.commit(page);
    history.close();
    assert(isInFiles(folder, SECRET) && isInFiles(folder, NICK));
    // No history is to be kept from now on, but what is there is not left in clear.
    assertEquals(openHistoryOf(folder, SEAL, undefined), undefined);
    for (const text of [SECRET, NICK, "message", "words"]) assertFalse(isInFiles(folder, text), text);
    const sealed = openHistoryOf(folder, SEAL, ROOMY)!;
    assertEquals(search(sealed, `${SECRET} 17`), [`${SECRET} 17`]);
    assertEquals(all(sealed, { peer: NICK, count: 1 }), [`${SECRET} 1199`]);
    sealed.commit([...page.slice(0, 1), received(1_201, NICK, "later")]);
    assertEquals(sealed.read({ ...NEWEST }, 0).total, 1_201);
    sealed.close();
    for (const text of [SECRET, NICK, "later"]) assertFalse(isInFiles(folder, text), text);
  }),
);

Deno.test(
  "a sealed history opens under no other secret, and not without one",
  inFolder((folder) => {
    openHistoryOf(folder, SEAL, ROOMY)!.close();
    for (const seal of [undefined, new StateSeal(new Uint8Array(32).fill(8))]) {
      assertThrows(() => openHistoryOf(folder, seal, ROOMY), StoreError, "sealed under another passphrase");
    }
  }),
);

Deno.test("a search among sealed entries opens some at a time, and says how many", () => {
  const history = openHistory(":memory:", SEAL, ROOMY);
  const many = 2_200;
  history.commit(
    Array.from({ length: many }, (_, at) => received(at + 1, "bob", at === 0 ? "needle" : "hay")),
  );
  const searched: number[] = [];
  const found: string[] = [];
  for (let below: number | undefined = Number.MAX_SAFE_INTEGER; below !== undefined;) {
    const page: HistoryPage = history.read({ ...NEWEST, count: 50, words: "needle", below }, 0);
    searched.push(page.searched);
    found.push(...textsIn(page));
    assertEquals(page.total, many);
    below = page.next;
  }
  assertEquals([searched, found], [[1_000, 1_000, 200], ["needle"]]);
  history.close();
});

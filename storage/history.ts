/**
 * The history of a nick: `history.db` beside `state.db` (docs/architecture.md, section 7). In clear it has an
 * index of words. Where the state is sealed the entries are sealed under the same secret, there is no index,
 * and a search opens one entry after the other.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { primitives } from "../core/base/crypto.ts";
import {
  HISTORY_DROPS,
  HISTORY_PAGE_CHARACTERS,
  HISTORY_PAGE_ENTRIES,
  HISTORY_SCAN_ENTRIES,
} from "../core/base/limits.ts";
import type { Millis } from "../core/base/units.ts";
import { memoryName } from "../core/history.ts";
import type {
  Durability,
  HistoryEntry,
  HistoryPage,
  HistoryQuery,
  HistoryStore,
  Memory,
  When,
} from "../core/machine.ts";
import { type Nick, nickKey } from "../core/messages/nick.ts";
import { exists, refuseReadable } from "./folders.ts";
import { conversationOf, conversationWith, decodeMemory, encodeMemory, stageOf } from "./memory_record.ts";
import { makeFile } from "./sqlite.ts";
import type { StateSeal } from "./state_seal.ts";
import { explain, StoreError } from "./store_error.ts";
import { Sought, wordsOf } from "./words.ts";

/** How much is kept: for so long, by the machine's own time, and so much. */
export interface HistoryBounds {
  readonly life: Millis;
  readonly bytes: number;
}

/** The application id in the header of the file: "ParH". */
const APPLICATION_ID = 0x50617248;
const FORMAT = 1;

/** `event`: the number in the journal, 0 for what has none. */
const ENTRIES = `CREATE TABLE entries(
  number INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, conversation BLOB NOT NULL, event INTEGER NOT NULL,
  missed INTEGER NOT NULL, stage INTEGER NOT NULL, kept INTEGER NOT NULL, date INTEGER NOT NULL,
  body BLOB NOT NULL) STRICT`;
const INDEXES = [
  "CREATE INDEX by_conversation ON entries(conversation, number, date)",
  "CREATE INDEX by_event ON entries(event) WHERE event > 0",
];
/**
 * The words of each entry (`wordsOf`), without their places: with them the file was longer, and a search for
 * several common words slower (bench/history.ts).
 */
const WORDS = `CREATE VIRTUAL TABLE words USING fts5(
  list, content = '', contentless_delete = 1, detail = none, columnsize = 1, tokenize = "ascii tokenchars '_'")`;
/** `cut`: something was dropped. `seal`: a text that only the right secret opens. */
const ABOUT = "CREATE TABLE about(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT";

const COLUMNS = "number, name, missed, kept, date, body";
const SEAL_CHECK = "seal";
/** The sender of an entry stands among its words, behind a character that no word has. */
const SENDER = "\u{E000}";
/** The bounds of a history that is only read. */
export const NO_BOUNDS: HistoryBounds = { life: Infinity, bytes: Infinity };
const NO_KEY = new Uint8Array(0);
const NAME_BYTES = 16;
const SEAL_PAGE = 1000;
const NEWEST_OF = 64;

const utf8 = new TextEncoder();

type Row = Record<string, unknown>;

export class SqliteHistory implements HistoryStore {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #seal: StateSeal | undefined;
  readonly #bounds: HistoryBounds;
  readonly #statements = new Map<string, StatementSync>();
  /** The number of the newest event of the journal. */
  #lastEvent: number;
  /** The machine's own time of the newest entry. */
  #newest: Millis;
  #isCut: boolean;

  constructor(database: DatabaseSync, path: string, seal: StateSeal | undefined, bounds: HistoryBounds) {
    this.#database = database;
    this.#path = path;
    this.#seal = seal;
    this.#bounds = bounds;
    this.#lastEvent = this.#number("SELECT max(event) FROM entries WHERE event > 0");
    // A start remembers once more what is older than the last entries.
    this.#newest = this.#number(
      `SELECT max(kept) FROM (SELECT kept FROM entries ORDER BY number DESC LIMIT ${NEWEST_OF})`,
    );
    this.#isCut = this.#get("SELECT 1 FROM about WHERE name = 'cut'") !== undefined;
  }

  /** Every commit from now on counts as this says; without it `full` holds. */
  setDurability(durability: Durability): void {
    this.#database.prepare(`PRAGMA synchronous = ${durability.toUpperCase()}`).run();
  }

  commit(memories: readonly Memory[]): void {
    try {
      this.#run("BEGIN IMMEDIATE");
      for (const memory of memories) this.#put(memory);
      this.#dropOld(memories.length);
      this.#run("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw explain("save to", this.#path, error);
    }
  }

  read(asked: HistoryQuery, shownUntil: number): HistoryPage {
    const query = { ...asked, count: Math.min(Math.max(1, asked.count), HISTORY_PAGE_ENTRIES) };
    try {
      if (query.words === undefined) return this.#page(query, shownUntil);
      const sought = new Sought(query.words);
      if (sought.words.length === 0) return this.#pageOf([], undefined);
      return this.#seal === undefined ? this.#find(query, sought) : this.#scan(query, sought);
    } catch (error) {
      throw explain("read", this.#path, error);
    }
  }

  /** The number of the newest event of the journal that is here. */
  get lastEvent(): number {
    return this.#lastEvent;
  }

  /** Lets go of the file and of its lock. */
  close(): void {
    this.#database.close();
  }

  // ---- what comes in -------------------------------------------------------------------------------------

  #put(memory: Memory): void {
    const { when } = memory;
    if (when.now + this.#bounds.life < this.#newest) return;
    const clearName = memoryName(memory);
    const name = this.#digest(clearName);
    const stage = stageOf(memory);
    const known = this.#get("SELECT number, stage FROM entries WHERE name = ?", name);
    if (known !== undefined) {
      if (stage <= Number(known["stage"])) return;
      this.#run(
        "UPDATE entries SET stage = ?, body = ? WHERE name = ?",
        stage,
        sealedBody(this.#seal, name, clearName, memory),
        name,
      );
      return;
    }
    const event = memory.type === "received" ? memory.message.number : 0;
    // Numbers of the journal have no gaps, so they tell what came while no history was kept.
    const missed = this.#lastEvent > 0 ? Math.max(0, event - this.#lastEvent - 1) : 0;
    this.#lastEvent = Math.max(this.#lastEvent, event);
    this.#newest = Math.max(this.#newest, Math.floor(when.now));
    const { lastInsertRowid } = this.#run(
      "INSERT INTO entries(name, conversation, event, missed, stage, kept, date, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
      name,
      this.#digest(conversationOf(memory)),
      event,
      missed,
      stage,
      Math.floor(when.now),
      Math.floor(when.date),
      sealedBody(this.#seal, name, clearName, memory),
    );
    if (this.#seal === undefined && memory.type !== "gap") this.#index(Number(lastInsertRowid), memory);
  }

  #index(number: number, { message }: Extract<Memory, { type: "received" | "written" }>): void {
    const words = [senderWord(message.from), ...wordsOf(message.text)].join(" ");
    this.#run("INSERT INTO words(rowid, list) VALUES(?, ?)", number, words);
  }

  #digest(text: string): Uint8Array {
    return digestOf(this.#seal, text);
  }

  /** Drops the oldest entries that are beyond the bounds, some at a time. */
  #dropOld(added: number): void {
    const oldest = "SELECT number, kept FROM entries ORDER BY number LIMIT ?";
    const isOld = (row: Row) => Number(row["kept"]) + this.#bounds.life < this.#newest;
    const first = this.#get(oldest, 1);
    if (first !== undefined && isOld(first)) {
      for (const row of this.#all(oldest, HISTORY_DROPS + added)) {
        if (!isOld(row)) break;
        this.#drop(Number(row["number"]));
      }
    }
    if (this.#bytes <= this.#bounds.bytes) return;
    // The room that they take in the index is free only later, so they are no more than are needed.
    const most = added + Math.min(HISTORY_DROPS, Math.ceil(this.#total / HISTORY_DROPS));
    for (const row of this.#all(oldest, most)) {
      this.#drop(Number(row["number"]));
    }
  }

  /** Entries are dropped from the oldest on, so their numbers have no gaps. */
  get #total(): number {
    const last = this.#number("SELECT max(number) FROM entries");
    return last === 0 ? 0 : last - this.#number("SELECT min(number) FROM entries") + 1;
  }

  #drop(number: number): void {
    if (this.#seal === undefined) this.#run("DELETE FROM words WHERE rowid = ?", number);
    this.#run("DELETE FROM entries WHERE number = ?", number);
    if (this.#isCut) return;
    this.#run("INSERT INTO about VALUES('cut', x'')");
    this.#isCut = true;
  }

  /** The bytes of the file that are in use: it does not become shorter, and what is free is used again. */
  get #bytes(): number {
    const pages = this.#number("PRAGMA page_count") - this.#number("PRAGMA freelist_count");
    return pages * this.#number("PRAGMA page_size");
  }

  // ---- what goes out -------------------------------------------------------------------------------------

  #page({ above, before, below, count, peer, shownOnly }: HistoryQuery, shownUntil: number): HistoryPage {
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    const where = (condition: string, value: SQLInputValue) => {
      conditions.push(condition);
      values.push(value);
    };
    if (peer !== undefined) where("conversation = ?", this.#digest(conversationWith(peer)));
    if (below !== undefined) where("number < ?", below);
    if (above !== undefined) where("number > ?", above);
    if (before !== undefined) where("date < ?", before);
    if (shownOnly) where("event <= ?", shownUntil);
    const filter = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const order = above === undefined ? "DESC" : "ASC";
    const sql = `SELECT ${COLUMNS} FROM entries ${filter} ORDER BY number ${order} LIMIT ?`;
    const rows = this.#all(sql, ...values, count + 1);
    const page = new Page(count);
    let next: number | undefined;
    for (const row of rows) {
      if (page.isFull) {
        next = page.last;
        break;
      }
      page.add(this.#entryOf(row));
    }
    return this.#pageOf(above === undefined ? page.entries.reverse() : page.entries, next);
  }

  /** Finds the newest entries that the index names. */
  #find({ below = Number.MAX_SAFE_INTEGER, count, from }: HistoryQuery, sought: Sought): HistoryPage {
    const words = [...sought.words, ...(from === undefined ? [] : [senderWord(from)])];
    const match = words.map((word) => `"${word}"`).join(" ");
    const page = new Page(count);
    for (let next = below;;) {
      const rows = this.#all(
        `SELECT ${COLUMNS} FROM (SELECT rowid FROM words WHERE words MATCH ? AND rowid < ?
         ORDER BY rowid DESC LIMIT ?) AS found JOIN entries ON number = found.rowid ORDER BY number DESC`,
        match,
        next,
        count,
      );
      for (const row of rows) {
        next = Number(row["number"]);
        const entry = this.#entryOf(row);
        if (sought.hasPhrases(textOf(entry))) page.add(entry);
        if (page.isFull) return this.#pageOf(page.entries, next);
      }
      if (rows.length < count) return this.#pageOf(page.entries, undefined);
    }
  }

  /** Opens some entries, the newest first, and keeps those that are sought. */
  #scan({ below = Number.MAX_SAFE_INTEGER, count, from }: HistoryQuery, sought: Sought): HistoryPage {
    const rows = this.#all(
      `SELECT ${COLUMNS} FROM entries WHERE number < ? ORDER BY number DESC LIMIT ?`,
      below,
      HISTORY_SCAN_ENTRIES,
    );
    const page = new Page(count);
    let searched = 0;
    for (const row of rows) {
      searched++;
      const entry = this.#entryOf(row);
      const sender = entry.memory !== undefined && entry.memory.type !== "gap"
        ? entry.memory.message.from
        : undefined;
      const isTheirs = sender !== undefined && (from === undefined || nickKey(from) === nickKey(sender));
      if (isTheirs && sought.isIn(textOf(entry))) page.add(entry);
      if (page.isFull) return this.#pageOf(page.entries, entry.number, searched);
    }
    const isOver = rows.length < HISTORY_SCAN_ENTRIES;
    return this.#pageOf(page.entries, isOver ? undefined : Number(rows.at(-1)!["number"]), searched);
  }

  #entryOf(row: Row): HistoryEntry {
    const when = { now: Number(row["kept"]), date: Number(row["date"]) };
    const memory = openedBody(this.#seal, row, when);
    return { number: Number(row["number"]), missed: Number(row["missed"]), memory };
  }

  #pageOf(entries: readonly HistoryEntry[], next: number | undefined, searched = 0): HistoryPage {
    return { entries, next, isCut: this.#isCut && next === undefined, searched, total: this.#total };
  }

  // ---- statements ----------------------------------------------------------------------------------------

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#database.prepare(sql));
    return statement;
  }

  #run(sql: string, ...values: SQLInputValue[]) {
    return this.#prepared(sql).run(...values);
  }

  /** The only number of a row; 0 where there is none. */
  #number(sql: string): number {
    return Number(Object.values(this.#get(sql) ?? {})[0] ?? 0);
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values);
  }
}

/** Gathers entries until there are enough of them, or they are as long as a line of the engine's may be. */
class Page {
  readonly entries: HistoryEntry[] = [];
  /** The number of the entry that was added last. */
  last = 0;
  readonly #count: number;
  #characters = 0;

  constructor(count: number) {
    this.#count = count;
  }

  get isFull(): boolean {
    return this.entries.length >= this.#count || this.#characters >= HISTORY_PAGE_CHARACTERS;
  }

  add(entry: HistoryEntry): void {
    this.entries.push(entry);
    this.last = entry.number;
    this.#characters += textOf(entry).length;
  }
}

/**
 * Opens the history in this file, or makes it (":memory:" keeps all in memory). One that is in clear is
 * sealed if there is a seal. Throws a `StoreError` if it cannot be used.
 */
export function openHistory(path: string, seal: StateSeal | undefined, bounds: HistoryBounds): SqliteHistory {
  if (path !== ":memory:") makeFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    prepareHistory(database, path, seal);
    return new SqliteHistory(database, path, seal, bounds);
  } catch (error) {
    database?.close();
    throw explain("open", path, error);
  }
}

/** The file of the history in a state folder. */
export function historyIn(folder: string): string {
  return `${folder}/history.db`;
}

/**
 * Opens the history of a state. Where none is to be kept, one that is there is at least sealed with the
 * state.
 */
export function openHistoryOf(
  folder: string,
  seal: StateSeal | undefined,
  bounds: HistoryBounds | undefined,
): SqliteHistory | undefined {
  const path = historyIn(folder);
  if (bounds !== undefined) return openHistory(path, seal, bounds);
  if (seal !== undefined && exists(path)) openHistory(path, seal, NO_BOUNDS).close();
  return undefined;
}

function prepareHistory(database: DatabaseSync, path: string, seal: StateSeal | undefined): void {
  // Every statement goes through prepare(): the errors of exec() carry no SQLite code.
  const run = (sql: string) => database.prepare(sql).run();
  const get = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0];
  run("PRAGMA locking_mode = EXCLUSIVE");
  const owner = get("PRAGMA application_id");
  const isNew = owner === 0 && get("SELECT count(*) FROM sqlite_schema") === 0;
  if (!isNew && owner !== APPLICATION_ID) {
    throw new StoreError(`cannot open '${path}': it is not a history of Parley, move it away`);
  }
  if (!isNew && get("PRAGMA user_version") !== FORMAT) {
    throw new StoreError(`cannot open '${path}': it was written by another release of Parley, use that one`);
  }
  if (path !== ":memory:") refuseReadable(path);
  run("PRAGMA journal_mode = WAL");
  run("PRAGMA synchronous = FULL");
  if (isNew) {
    run("BEGIN IMMEDIATE");
    for (const sql of [ENTRIES, ...INDEXES, ABOUT]) run(sql);
    if (seal === undefined) run(WORDS);
    else putSealCheck(database, seal);
    run(`PRAGMA application_id = ${APPLICATION_ID}`);
    run(`PRAGMA user_version = ${FORMAT}`);
    run("COMMIT");
    return;
  }
  const check = get(`SELECT value FROM about WHERE name = '${SEAL_CHECK}'`);
  const isOurs = check instanceof Uint8Array && seal?.open(SEAL_CHECK, check) !== undefined;
  if (check !== undefined && !isOurs) {
    throw new StoreError(
      `cannot open '${path}': it is sealed under another passphrase than the state, move it away`,
    );
  }
  if (check === undefined && seal !== undefined) sealAll(database, path, seal);
}

function putSealCheck(database: DatabaseSync, seal: StateSeal): void {
  const check = seal.seal(SEAL_CHECK, SEAL_CHECK, NO_KEY);
  database.prepare("INSERT INTO about VALUES(?, ?)").run(SEAL_CHECK, check);
}

/** Seals all entries in one transaction. Nothing of them is left in clear in the files. */
function sealAll(database: DatabaseSync, path: string, seal: StateSeal): void {
  const run = (sql: string) => database.prepare(sql).run();
  try {
    // A table that is dropped is overwritten page by page then.
    run("PRAGMA secure_delete = ON");
    run("BEGIN IMMEDIATE");
    for (const name of ["by_conversation", "by_event"]) run(`DROP INDEX ${name}`);
    run("ALTER TABLE entries RENAME TO clear");
    run(ENTRIES);
    const save = database.prepare(
      `INSERT INTO entries SELECT number, ?, ?, event, missed, stage, kept, date, ? FROM clear WHERE number = ?`,
    );
    const page = database.prepare("SELECT number, body FROM clear WHERE number > ? ORDER BY number LIMIT ?");
    for (let last = 0;;) {
      const rows = page.all(last, SEAL_PAGE);
      for (const row of rows) {
        last = Number(row["number"]);
        const memory = openedBody(undefined, row, { now: 0, date: 0 });
        // An entry that cannot be read any more is left out.
        if (memory === undefined) continue;
        const name = memoryName(memory);
        const conversation = digestOf(seal, conversationOf(memory));
        const digest = digestOf(seal, name);
        save.run(digest, conversation, sealedBody(seal, digest, name, memory), last);
      }
      if (rows.length < SEAL_PAGE) break;
    }
    run("DROP TABLE clear");
    run("DROP TABLE words");
    for (const sql of INDEXES) run(sql);
    putSealCheck(database, seal);
    run("COMMIT");
    // The write-ahead log still holds the rows as they were, until it is truncated.
    database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw explain("seal", path, error);
  }
}

/** Names and conversations are digests, which say nothing to whoever does not have the secret. */
function digestOf(seal: StateSeal | undefined, text: string): Uint8Array {
  if (seal !== undefined) return Uint8Array.fromHex(seal.nameOf(text).slice(1));
  return primitives.mac(NO_KEY, utf8.encode(text)).slice(0, NAME_BYTES);
}

/** The body of an entry, whose name has this digest. */
function sealedBody(
  seal: StateSeal | undefined,
  digest: Uint8Array,
  name: string,
  memory: Memory,
): Uint8Array {
  const body = encodeMemory(memory);
  return seal === undefined ? body : seal.seal(digest.toHex(), name, body);
}

function openedBody(
  seal: StateSeal | undefined,
  row: Row,
  when: When,
): Memory | undefined {
  const body = row["body"] as Uint8Array;
  if (seal === undefined) return decodeMemory(body, when);
  // A body that stands in the place of another one does not open.
  const [, opened] = seal.open((row["name"] as Uint8Array).toHex(), body) ?? [];
  return opened === undefined ? undefined : decodeMemory(opened, when);
}

function senderWord(nick: Nick): string {
  return SENDER + utf8.encode(nickKey(nick)).toHex();
}

function textOf({ memory }: HistoryEntry): string {
  return memory === undefined || memory.type === "gap" ? "" : memory.message.text;
}

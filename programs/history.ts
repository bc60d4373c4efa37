/** The history, looked up by the engine that runs, or in the file if none does: nobody has to be online. */
import { utf8Length } from "../core/base/bytes.ts";
import { ExpectedError } from "../core/base/expected_error.ts";
import { ENGINE_WAIT_AGAIN_MS, ENGINE_WAIT_MS, HISTORY_PAGE_ENTRIES } from "../core/base/limits.ts";
import type { Millis } from "../core/base/units.ts";
import { NEWEST } from "../core/history.ts";
import type { Action, HistoryEntry, HistoryPage, HistoryQuery } from "../core/machine.ts";
import { type Notice, render } from "../core/notice.ts";
import { exists } from "../storage/folders.ts";
import { historyIn, NO_BOUNDS, openHistory } from "../storage/history.ts";
import { openIdentity } from "../storage/identity_file.ts";
import { readPassphrase } from "../storage/passphrase_file.ts";
import { openSqlite } from "../storage/sqlite.ts";
import { loginName } from "../storage/state_folder.ts";
import { StoreError } from "../storage/store_error.ts";
import { askPassphrase } from "../terminal/passphrase.ts";
import { cutEvent, helloEvent, historyEvents, printEvent } from "./events.ts";
import { type ClientSettings, unlockState } from "./opening.ts";
import { answersTo, connect, knownFolder } from "./running_engine.ts";
import { failWith, type ScriptSettings } from "./with_engine.ts";
import { DONE, FAILED, type World } from "./world.ts";

/** Looks a page up; `undefined` if no history is kept. */
export type Look = (query: HistoryQuery) => Promise<HistoryPage | undefined>;

const NOTHING_FOUND = "[Nothing was found.]";

/** A part of an answer: the page, and how many entries were searched before its end. */
export interface Part {
  readonly page: HistoryPage;
  readonly searched: number;
}

/**
 * Looks all up that is asked for, part by part. Messages with certain words come newest first, as they are
 * found. Everything else comes as one part, because the line that is shown first is found last.
 */
export async function* lookUp(look: Look, query: HistoryQuery): AsyncGenerator<Part | undefined> {
  const isSearch = query.words !== undefined;
  let left = query.count;
  let searched = 0;
  let gathered: HistoryEntry[] = [];
  for (let below = query.below; left > 0;) {
    const page = await look({ ...query, below, count: left });
    if (page === undefined) return yield undefined;
    searched += page.searched;
    left -= page.entries.length;
    below = page.next;
    if (isSearch) yield { page, searched };
    else gathered = [...page.entries, ...gathered];
    const isOver = below === undefined || left <= 0;
    if (isOver && !isSearch) yield { page: { ...page, entries: gathered }, searched };
    if (isOver) return;
  }
}

/** Everything, oldest first. */
async function* lookThrough(look: Look): AsyncGenerator<HistoryPage | undefined> {
  for (let above: number | undefined = 0; above !== undefined;) {
    const page: HistoryPage | undefined = await look({ ...NEWEST, above, count: HISTORY_PAGE_ENTRIES });
    yield page;
    above = page?.next;
  }
}

/** The page in the answer to the action `readHistory`. */
export function pageIn(notices: readonly Notice[]): HistoryPage | undefined {
  return notices.find((notice) => notice.type === "historyRead")?.page;
}

export function lookAction(query: HistoryQuery): Action {
  return { type: "readHistory", query };
}

// ---- in a shell ------------------------------------------------------------------------------------------

/** The history as it was found. */
interface Source {
  readonly nick: string;
  readonly server: string;
  /** The newest event. */
  readonly cursor: number;
  readonly look: Look;
  close(): Promise<void> | void;
}

/** There is nothing to look up. The message is a sentence for the user. */
class NoHistoryError extends ExpectedError {
  override readonly name = "NoHistoryError";
}

async function openSource(client: ClientSettings, world: World): Promise<Source> {
  const nick = client.nick ?? loginName();
  const server = `${client.server}:${client.serverPort}`;
  const folder = knownFolder({ ...client, nick });
  const none = new NoHistoryError(`there is no history of '${nick}' at ${server}`);
  if (folder === undefined) throw none;
  const until = world.now() + ENGINE_WAIT_MS;
  for (;;) {
    const running = await connect(folder, () => {});
    if (running !== undefined) {
      const look: Look = async (query) => pageIn(await answersTo(running, lookAction(query)));
      const { cursor, nick, server } = running.hello;
      return { cursor, nick, server, look, close: running.close };
    }
    if (!exists(historyIn(folder)) || !exists(`${folder}/state.db`)) throw none;
    try {
      return { nick, server, ...await openFile(folder, client) };
    } catch (error) {
      if (!(error instanceof StoreError && error.isInUse) || world.now() >= until) throw error;
      // The process that holds the state is about to serve it, or to end.
      await world.after(ENGINE_WAIT_AGAIN_MS);
    }
  }
}

/** Opens the file. Nobody else uses the state meanwhile. */
async function openFile(folder: string, { identity, passphraseFile }: ClientSettings) {
  using cleanup = new DisposableStack();
  const store = openSqlite(`${folder}/state.db`, "client");
  cleanup.defer(() => store.close());
  if (store.isSealed) {
    const ask = passphraseFile === undefined ? askPassphrase : () => readPassphrase(passphraseFile);
    const path = identity ?? `${folder}/identity`;
    const opened = await openIdentity({ path, mayMake: false, protects: false, ask });
    cleanup.defer(() => opened.close());
    unlockState(store, opened);
  }
  const history = openHistory(historyIn(folder), store.seal, NO_BOUNDS);
  cleanup.defer(() => history.close());
  const held = cleanup.move();
  return {
    cursor: history.lastEvent,
    look: (query: HistoryQuery) => Promise.resolve(history.read(query, Infinity)),
    close: () => held.dispose(),
  };
}

async function withSource(
  { client, json }: ScriptSettings,
  world: World,
  use: (source: Source) => Promise<number>,
): Promise<number> {
  try {
    const source = await openSource(client, world);
    try {
      if (json) printEvent(helloEvent(source));
      return await use(source);
    } finally {
      await source.close();
    }
  } catch (error) {
    return failWith(error);
  }
}

/** Prints what is asked for. Returns the exit status. */
export async function runHistory(
  { query, ...settings }: ScriptSettings & { readonly query: HistoryQuery },
  world: World,
): Promise<number> {
  return await withSource(settings, world, async ({ look, nick }) => {
    const progress = new Progress();
    let found = 0;
    for await (const part of lookUp(look, query)) {
      if (part === undefined) return sayNone(query, world);
      progress.clear();
      found += part.page.entries.length;
      printPage(part.page, query, nick, settings.json, world);
      progress.show(part);
    }
    progress.clear();
    if (found === 0 && query.words !== undefined) console.error(NOTHING_FOUND);
    return DONE;
  });
}

/** Prints everything, oldest first. Returns the exit status. */
export async function runExport(settings: ScriptSettings, world: World): Promise<number> {
  return await withSource(settings, world, async ({ look, nick }) => {
    let isFirst = true;
    for await (const page of lookThrough(look)) {
      if (page === undefined) return sayNone(NEWEST, world);
      printPage({ ...page, isCut: page.isCut && isFirst }, NEWEST, nick, settings.json, world);
      isFirst = false;
    }
    return DONE;
  });
}

function sayNone(query: HistoryQuery, { utcOffset }: World): number {
  const { lines } = render({ type: "historyRead", query, page: undefined }, utcOffset);
  for (const line of lines) console.error(line);
  return FAILED;
}

function printPage(
  page: HistoryPage,
  query: HistoryQuery,
  nick: string,
  json: boolean,
  { utcOffset }: World,
): void {
  if (!json) {
    for (const line of render({ type: "historyRead", query, page }, utcOffset).lines) console.log(line);
    return;
  }
  const isSearch = query.words !== undefined;
  if (page.isCut && !isSearch) printEvent(cutEvent());
  for (const entry of page.entries) {
    for (const event of historyEvents(entry, nick, isSearch)) printEvent(event);
  }
}

/** Says on a terminal how far a search has come that opens one entry after the other. */
class Progress {
  #width = 0;

  show({ page: { next, total }, searched }: Part): void {
    if (searched === 0 || next === undefined || !Deno.stderr.isTerminal()) return;
    const line = progressLine(searched, total);
    this.#width = utf8Length(line);
    write(`\r${line}`);
  }

  clear(): void {
    if (this.#width > 0) write(`\r${" ".repeat(this.#width)}\r`);
    this.#width = 0;
  }
}

export function progressLine(searched: number, total: number): string {
  return `[Searched ${searched} of ${total}.]`;
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

// ---- at the prompt ---------------------------------------------------------------------------------------

/** A search says so after so many entries, and again after as many. */
const TELLS: number = 50_000;

/** Looks something up for a screen, which is shown each part, and told how far a long search has come. */
export async function lookUpFor(
  show: (notice: Notice) => void,
  say: (line: string) => void,
  look: Look,
  query: HistoryQuery,
): Promise<void> {
  let told: Millis = 0;
  let found = 0;
  for await (const part of lookUp(look, query)) {
    const { page, searched = 0 } = part ?? {};
    found += page?.entries.length ?? 0;
    show({ type: "historyRead", query, page });
    if (page?.next === undefined || searched - told < TELLS) continue;
    told = searched;
    say(progressLine(searched, page.total));
  }
  if (found === 0 && query.words !== undefined) say(NOTHING_FOUND);
  show({ type: "settled" });
}

/**
 * `deno task tables` prints the plan of the rooms and the tables of states into the pages of `docs/`, behind
 * the markers there. `tables_test.ts` holds the pages against the code.
 */
import { join } from "node:path";
import type { Cell, StateTable } from "../../core/base/state_machine.ts";
import { LIFE, LIFE_EVENTS, LIFE_STATES, MATTERS, VERDICTS } from "../../core/client/client_states.ts";
import { MEMBERSHIP, MEMBERSHIP_EVENTS, MEMBERSHIP_STATES } from "../../core/client/membership_states.ts";
import { CONTACT, CONTACT_EVENTS, CONTACT_STATES } from "../../core/client/server_contact.ts";
import { LINK, LINK_EVENTS, LINK_STATES } from "../../core/link/link_states.ts";
import * as link from "../core/link/link_table.ts";
import * as session from "../core/link/session_table.ts";
import { ROOT } from "./imports.ts";
import { ROOMS } from "./rooms.ts";

type Row = readonly string[];
/** The first row is its head. */
type Table = readonly Row[];

/** The tables that stand behind each marker. */
export const PRINTED: Readonly<Record<string, readonly Table[]>> = {
  "rooms": [[
    ["room", "may import", "is entered by"],
    ...Object.entries(ROOMS).map(([room, { mayImport, doors, passesDoors }]) => [
      roomName(room),
      (mayImport === "anything" ? mayImport : mayImport.map(roomName).join(", ")) +
      (passesDoors ? ", not only by the doors" : ""),
      doors?.join(", ") ?? "",
    ]),
  ]],
  "membership": [
    [
      ["state", "standing", "registered", "meaning"],
      ...Object.entries(MEMBERSHIP_STATES).map(([state, { standing, isRegistered, means }]) => [
        state,
        standing,
        isRegistered ? "yes" : "no",
        means,
      ]),
    ],
    list("event", MEMBERSHIP_EVENTS),
    machine(MEMBERSHIP_EVENTS, MEMBERSHIP),
  ],
  "verdicts": [list("matter", MATTERS), grid("matter", MATTERS, VERDICTS, (verdict) => verdict)],
  "life of a client": [list("state", LIFE_STATES), list("event", LIFE_EVENTS), machine(LIFE_EVENTS, LIFE)],
  "contact": [
    list("state", CONTACT_STATES),
    list("event", CONTACT_EVENTS),
    machine(CONTACT_EVENTS, CONTACT),
  ],
  "link": [
    list("state", LINK_STATES),
    list("event", LINK_EVENTS),
    grid("event", LINK_EVENTS, LINK, (move) => move),
  ],
  "link from outside": [
    list("state", link.STATES),
    grid<link.Cell>("input", link.CELLS.closed, link.CELLS, ([leaves, behind], state) => {
      const packets = leaves.map((frames) => frames.includes("keepAlive") ? "packet" : frames);
      return step(packets.join(" and "), state === "dead" ? "closed" : state, behind);
    }),
  ],
  "session": [
    list("state", session.STATES),
    [
      ...grid<session.State>(
        "input",
        session.CELLS.over,
        session.CELLS,
        (behind, state) => step("", state, behind),
      ),
      ["time", ...Object.values(session.LIVES).map((life) => `-> over after ${life / 1000} s`), ""],
    ],
  ],
};

function roomName(room: string): string {
  return room === "core" ? "the contract" : room;
}

/** Names and what they mean. */
function list(head: string, names: Readonly<Record<string, string>>): Table {
  return [[head, "meaning"], ...Object.entries(names)];
}

/** A row for each name, a column for each state; `.` where nothing happens. */
function grid<Cell>(
  head: string,
  names: Readonly<Record<string, unknown>>,
  columns: Readonly<Record<string, Readonly<Record<string, Cell | undefined>>>>,
  show: (cell: Cell, state: string) => string,
): Table {
  const rows = Object.keys(names).map((name) => [
    name,
    ...Object.entries(columns).map(([state, { [name]: cell }]) => {
      return (cell === undefined ? "" : show(cell, state)) || ".";
    }),
  ]);
  return [[head, ...Object.keys(columns)], ...rows];
}

function machine<State extends string, Event extends string, Move extends string>(
  events: Readonly<Record<Event, unknown>>,
  table: StateTable<State, Event, Move>,
): Table {
  return grid<Cell<State, Move>>(
    "event",
    events,
    table,
    ([move, behind], state) => step(move, state, behind),
  );
}

/** A move, and the state that follows where that is another one. */
function step(move: string, state: string, behind = state): string {
  return (behind === state ? move : `${move} -> ${behind}`).trim();
}

/** As `deno fmt` leaves it. */
function aligned(table: Table): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const [head, ...rows] = table.map((row) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`
  );
  return [head, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows].join("\n");
}

const BLOCK = /^<!-- table: (.+) -->$[^]*?^<!-- end of table -->$/gm;

/** The page, with what stands behind its markers printed anew. */
export function printed(page: string): string {
  return page.replace(BLOCK, (_, name: string) => {
    const tables = PRINTED[name];
    if (tables === undefined) throw new Error(`there is no table '${name}'`);
    return [`<!-- table: ${name} -->`, ...tables.map(aligned), "<!-- end of table -->"].join("\n\n");
  });
}

/** The names behind the markers of a page. */
export function shown(page: string): string[] {
  return [...page.matchAll(BLOCK)].map(([, name]) => name!);
}

/** The pages with markers. */
export const PAGES: readonly string[] = ["architecture.md", "protocol.md"].map((page) =>
  join(ROOT, "docs", page)
);

if (import.meta.main) {
  for (const page of PAGES) Deno.writeTextFileSync(page, printed(Deno.readTextFileSync(page)));
}

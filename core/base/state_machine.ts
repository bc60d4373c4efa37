/**
 * A state machine is a table that runs: each event is looked up in the present state, and the cell says what is done.
 * The tables stand beside their machines; `deno task tables` prints them into the docs, and tests walk their cells.
 */
import type { Millis } from "./units.ts";

/** For each state, what each event does there. An event that has no cell is ignored. */
export type StateTable<State extends string, Event extends string, Move extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, Cell<State, Move>>>>>
>;

/** The move to make, and the state that follows where that is another one. */
export type Cell<State extends string, Move extends string> = readonly [move: Move, state?: State];

/** Makes each move, once the new state is entered; `from` is the state before it. */
export type Moves<State extends string, Move extends string> = Readonly<
  Record<Move, (now: Millis, from: State) => void>
>;

export class StateMachine<State extends string, Event extends string, Move extends string> {
  readonly #table: StateTable<State, Event, Move>;
  readonly #moves: Moves<State, Move>;
  #state: State;

  constructor(table: StateTable<State, Event, Move>, state: State, moves: Moves<State, Move>) {
    this.#table = table;
    this.#state = state;
    this.#moves = moves;
  }

  get state(): State {
    return this.#state;
  }

  ignores(event: Event): boolean {
    return this.#table[this.#state][event] === undefined;
  }

  on(now: Millis, event: Event): void {
    const from = this.#state;
    const cell = this.#table[from][event];
    if (cell === undefined) return;
    const [move, to = from] = cell;
    this.#state = to;
    this.#moves[move](now, from);
  }
}

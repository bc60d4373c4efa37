/**
 * State machines as tables that run. An event is looked up in the present state; the cell says which move is
 * made, and which state follows. Each table stands beside its machine. `deno task tables` prints the tables
 * into the docs (docs/architecture.md, section 6), and tests walk all cells, the empty ones too.
 */
import type { Millis } from "./units.ts";

/** For each state the cells of the events that mean something there. An event without a cell is ignored. */
export type StateTable<State extends string, Event extends string, Move extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, Cell<State, Move>>>>>
>;

/** The move to make, and the state that follows if it is another one. */
export type Cell<State extends string, Move extends string> = readonly [move: Move, state?: State];

/** The functions that make the moves. Each is called in the new state already; `from` is the state before. */
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

  /** True if the event means nothing in the present state. */
  ignores(event: Event): boolean {
    return this.#table[this.#state][event] === undefined;
  }

  /** Enters the state that follows on the event, then makes the move, which may cause further events. */
  on(now: Millis, event: Event): void {
    const from = this.#state;
    const cell = this.#table[from][event];
    if (cell === undefined) return;
    const [move, to = from] = cell;
    this.#state = to;
    this.#moves[move](now, from);
  }
}

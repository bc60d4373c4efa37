/**
 * The verbs by which a server lets a client in and tells it of its table, with versions and streams that
 * count.
 */
import type { Nick } from "../../../core/messages/nick.ts";
import type { Row, Version } from "../../../core/messages/table.ts";
import type { VerbOf } from "../../../core/messages/verb.ts";
import { WHOLE_TABLE } from "../../kit/samples.ts";

export class ServerVerbs {
  /** The newest stream. */
  stream = 0;
  #version: Version = { start: 1, counter: 0 };
  readonly #nick: Nick;

  constructor(nick: Nick) {
    this.#nick = nick;
  }

  /** The table has changed. */
  changes(): void {
    this.#version = { ...this.#version, counter: this.#version.counter + 1 };
  }

  /** The answer to a registration. It begins a stream, and the table has changed with it. */
  registered(): VerbOf<"registered"> {
    this.changes();
    const [stream, version] = [++this.stream, this.#version];
    const counts = { members: 2, ...WHOLE_TABLE, waiting: 0, dropped: 0 };
    return { type: "registered", nick: this.#nick, stream, version, ...counts };
  }

  alive(): VerbOf<"alive"> {
    return { type: "alive", version: this.#version };
  }

  /** The rows of the whole table, or of all but its last change. */
  rows(rows: readonly Row[], lacksLast = false): VerbOf<"rows"> {
    const { start, counter } = this.#version;
    return {
      type: "rows",
      since: { start, counter: 0 },
      upTo: counter - Number(lacksLast),
      newest: counter,
      rows,
    };
  }
}

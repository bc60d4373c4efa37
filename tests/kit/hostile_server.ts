/**
 * A server's operator who means no good: he has its key and its disk, and says to clients whatever he wants.
 */
import type { Link } from "../../core/link/link.ts";
import { type LetterName, letterNameOf, NO_LETTER } from "../../core/messages/letter_form.ts";
import { NO_LINEAGE } from "../../core/messages/lineage.ts";
import { type Nick, nickKey, nickSkeleton } from "../../core/messages/nick.ts";
import type { Row, Version } from "../../core/messages/table.ts";
import type { Verb, VerbOf } from "../../core/messages/verb.ts";
import type { Person } from "./person.ts";
import { SERVER_NAME } from "./server_process.ts";
import { Speaker } from "./speaker.ts";
import { SERVER } from "./surroundings.ts";
import type { World } from "./world.ts";

/** Letters and posts as the server has them in its hands. */
export type Message = Pick<VerbOf<"letter">, "id" | "from" | "body">;

export class HostileServer extends Speaker {
  /** Whether it says what a server has to say; otherwise it says only what the test wants. */
  answers = true;
  /** Whether it says that it has stored what it was given. */
  stores = true;
  /** The nicks that it says are away, whatever is true. */
  readonly away = new Set<Nick>();
  readonly #rows = new Map<string, Row>();
  readonly #links = new Map<string, Link>();
  /** The place of each of its clients in the stream that was handed over. */
  readonly #streams = new Map<string, { stream: number; position: number }>();
  readonly #start: number;
  #counter = 0;
  #lastStream: number;

  private constructor(world: World) {
    const ownKey = world.primitives.keyPair(world.server.secret);
    super(world, "SERVER", { address: SERVER, ownKey, name: SERVER_NAME });
    this.#start = this.#lastStream = world.now;
  }

  /**
   * Takes the place of the honest one, with its key. A client that is online registers again, and sees no
   * difference.
   */
  static inThePlaceOfTheServer(world: World): HostileServer {
    world.server.isKilled();
    const server = new HostileServer(world);
    for (const person of world.people) {
      if (person.isAlive) server.says(person, { type: "deregistered", nick: person.nick });
    }
    world.runs(500);
    return server;
  }

  get version(): Version {
    return { start: this.#start, counter: this.#counter };
  }

  protected override onVerb(link: Link, verb: Verb): void {
    const { now } = this.home;
    if (!this.answers) return;
    switch (verb.type) {
      case "register":
        return this.#onRegister(link, verb);
      case "keepAlive":
        return link.tell(now, { type: "alive", version: this.version });
      case "rowsSince":
        return this.#tellRows(link, verb.nick, [...this.#rows.values()], 0);
      case "deposit":
      case "post":
        if (this.stores) link.send(now, { type: "stored", ...depositNameOf(verb) });
    }
  }

  #onRegister(link: Link, { nick, bundle }: VerbOf<"register">): void {
    const { now } = this.home;
    const key = nickKey(nick);
    this.#links.set(key, link);
    const stream = ++this.#lastStream;
    this.#streams.set(key, { stream, position: 0 });
    const ordinal = this.#rows.get(key)?.ordinal ?? this.#rows.size + 1;
    const presence = { ordinal, online: true, addresses: [link.address] };
    const row = { nick, skeleton: nickSkeleton(nick), ...bundle, ...presence, ...NO_LINEAGE };
    this.#rows.set(key, row);
    this.#counter++;
    const about = { version: this.version, members: this.#rows.size, waiting: 0, dropped: 0 };
    link.send(now, { type: "registered", nick, stream, ...about });
    for (const [reader, other] of this.#links) this.#tellRows(other, reader, [...this.#rows.values()], 0);
  }

  /** Everybody believes himself to be there. */
  #tellRows(link: Link, reader: Nick, rows: readonly Row[], since: number): void {
    const seen = rows.map((row) =>
      this.away.has(row.nick) && nickKey(row.nick) !== reader ? { ...row, online: false } : row
    );
    const { version: { start, counter: upTo } } = this;
    // No more than two fit into one part.
    for (let at = 0; at < seen.length; at += 2) {
      const page = { since: { start, counter: since }, upTo, newest: upTo, rows: seen.slice(at, at + 2) };
      link.tell(this.home.now, { type: "rows", ...page });
    }
  }

  /** The row of a nick, as its owner gave it. */
  rowOf(nick: Nick): Row {
    return this.#rows.get(nickKey(nick))!;
  }

  /** Says of a nick, to everybody else, that it has this row now. */
  changesRow(nick: Nick, change: Partial<Row>): void {
    const row = { ...this.rowOf(nick), ...change };
    this.#rows.set(nickKey(nick), row);
    const since = this.#counter++;
    for (const [reader, link] of this.#links) {
      if (reader !== nickKey(nick)) this.#tellRows(link, reader, [row], since);
    }
    this.wakesUp();
    this.home.runs(100);
  }

  /** Whether somebody is there is told to all others, truly or not. */
  saysAway(nick: Nick): void {
    this.away.add(nick);
    this.changesRow(nick, {});
  }

  /** Hands over something in the recipient's stream. */
  hands(to: Person, type: "letter" | "channel", { id, from, body }: Message): void {
    const place = this.#streams.get(nickKey(to.nick))!;
    place.position++;
    this.tells(to, { type, ...place, waited: false, id, from, body });
  }

  /** The letters that somebody has given to the server. */
  lettersFrom(nick: Nick): VerbOf<"deposit">[] {
    return this.heardOf("deposit").filter(({ from }) => from === nick);
  }

  /** The channel messages that somebody has given to the server. */
  postsFrom(nick: Nick): VerbOf<"post">[] {
    return this.heardOf("post").filter(({ from }) => from === nick);
  }

  /** The receipts that somebody has signed for what the server handed over. */
  receiptsFrom(nick: Nick): VerbOf<"receipt">[] {
    return this.heardOf("receipt").filter(({ from }) => from === nick);
  }
}

/** The names in the server's answer to a deposit or a post. */
export function depositNameOf(verb: VerbOf<"deposit" | "post">): { readonly id: string } & LetterName {
  return { id: verb.id, ...(verb.type === "post" ? NO_LETTER : letterNameOf(verb.body)) };
}

/** The last of them. */
export function last<Item>(items: readonly Item[]): Item {
  const item = items.at(-1);
  if (item === undefined) throw new Error("there is none");
  return item;
}

/**
 * A client whose server and peers are in the hands of the test: they say what they want, true or not, and
 * nothing by themselves. What the server's operator may do to a client can be played here; a real server
 * never would.
 */
import { assertEquals } from "@std/assert";
import type { Action } from "../../../core/action.ts";
import { labelled } from "../../../core/base/crypto.ts";
import type { Millis } from "../../../core/base/units.ts";
import { peopleTag } from "../../../core/messages/direct.ts";
import type { Bundle, Identity } from "../../../core/messages/identity.ts";
import { nickKey } from "../../../core/messages/nick.ts";
import type { Row } from "../../../core/messages/table.ts";
import type { Verb, VerbOf } from "../../../core/messages/verb.ts";
import { type Notice, render } from "../../../core/notice.ts";
import type { DirectWriting, Writing } from "../../kit/author.ts";
import { cheapPrimitives } from "../../kit/cheap_primitives.ts";
import { HostileServer } from "../../kit/hostile_server.ts";
import type { ClientSettings, Person } from "../../kit/person.ts";
import { WHOLE_TABLE } from "../../kit/samples.ts";
import { Speaker } from "../../kit/speaker.ts";
import { World } from "../../kit/world.ts";

/** After so long what was said has been heard, and answered. */
const HEARD_MS = 60;

export class ClientStage {
  readonly nick = "bob";
  readonly server: HostileServer;
  readonly #world = new World();
  #bob: Person;
  #notices: Notice[] = [];
  #peers = 0;
  #streams = 0;
  #position = 0;
  #versions = 0;

  constructor(settings: ClientSettings = {}) {
    this.server = HostileServer.inThePlaceOfTheServer(this.#world);
    this.server.answers = false;
    this.#bob = this.#opens(settings);
  }

  #opens(settings: ClientSettings): Person {
    const bob = this.#world.client(this.nick, { attempts: 0, ...settings });
    bob.onNotice = (notice) => this.#notices.push(notice);
    bob.opens();
    return bob;
  }

  get identity(): Identity {
    return this.#bob.identity;
  }

  /** The bundle that the client registered last. */
  get bundle(): Bundle {
    return this.server.heardOf("register").at(-1)!.bundle;
  }

  /** The process is killed and started again with what is on disk. */
  restarts(settings: ClientSettings = {}): void {
    const { disk, identity } = this.#bob;
    this.#bob.isKilled();
    this.#bob = this.#opens({ disk, identity, ...settings });
  }

  peer(nick: string): Speaker {
    const port = 3003 + this.#peers++;
    return new Speaker(this.#world, nick, { address: { host: "10.66.6.6", port } });
  }

  // ---- what the server says ------------------------------------------------------------------------------

  /** The client asks to be registered, the server says yes and that these are there. */
  registered(...rows: Row[]): void {
    this.acts({ type: "register", nick: this.nick });
    const version = { start: 1, counter: this.#versions };
    const stream = ++this.#streams;
    this.#position = 0;
    const { nick } = this;
    const counts = { members: 1, ...WHOLE_TABLE, waiting: 0, dropped: 0 };
    this.serverSays({ type: "registered", nick, stream, version, ...counts });
    this.#saysRows(0, rows);
  }

  /** The server changes rows of the table. */
  shows(...rows: Row[]): void {
    this.#saysRows(this.#versions, rows);
  }

  #saysRows(counter: number, rows: readonly Row[]): void {
    const newest = ++this.#versions;
    this.serverSays({ type: "rows", since: { start: 1, counter }, upTo: newest, newest, rows });
  }

  /** The server hands something over. */
  hands(type: "letter" | "channel", id: string, from: string, body: Uint8Array): void {
    const item = { stream: this.#streams, position: ++this.#position, waited: false };
    this.serverSays({ type, ...item, id, from, body });
  }

  serverSays(verb: Verb): void {
    this.server.says(this.#bob, verb);
    this.run(HEARD_MS);
  }

  /** A message of a peer's for us, as it should be, unless it says otherwise. */
  direct(peer: Speaker, id: string, text: string, rest: Partial<DirectWriting> = {}): VerbOf<"direct"> {
    const { nick, identity, bundle: { prekey } } = this;
    const to = { nick, identity: identity.publicKey, prekey };
    return peer.direct({ id, to, text, serverKey: this.server.key, ...rest });
  }

  /** Says such a message directly, with these parts of its verb changed. */
  says(peer: Speaker, id: string, text: string, changes: Partial<VerbOf<"direct">> = {}): void {
    this.tells(peer, { ...this.direct(peer, id, text), ...changes });
  }

  /** A peer says something directly. */
  tells(peer: Speaker, ...verbs: readonly Verb[]): void {
    for (const verb of verbs) peer.says(this.#bob, verb);
    this.run(HEARD_MS);
  }

  // ---- what comes of it ----------------------------------------------------------------------------------

  acts(action: Action): void {
    this.#bob.act(action);
    this.run(HEARD_MS);
  }

  /** The lines that were shown since this was asked last; never the table. */
  lines(): string[] {
    const notices = this.#notices.splice(0).filter(({ type }) =>
      type !== "tableChanged" && type !== "started"
    );
    return notices.flatMap((notice) => render(notice, () => 0).lines);
  }

  /** The receipts that somebody has heard since this was asked last. */
  receipts({ heard }: Speaker): VerbOf<"receipt">[] {
    const receipts = heard.filter((verb) => verb.type === "receipt");
    heard.splice(0, heard.length, ...heard.filter((verb) => verb.type !== "receipt"));
    return receipts;
  }

  /**
   * The answers that a peer has heard directly since this was asked last: outcomes and sequences. Each has to
   * be ours, for this peer.
   */
  answers(peer: Speaker, nick = peer.nick): string[] {
    const { heard } = peer;
    const answers = heard.filter((verb) => verb.type === "got");
    heard.splice(0, heard.length, ...heard.filter((verb) => verb.type !== "got"));
    const [own, their] = [this, { nick, identity: peer.identity }].map(({ nick, identity }) => {
      return { nick, identity: identity.publicKey };
    });
    const people = peopleTag(cheapPrimitives, this.server.key, own!, their!);
    return answers.flatMap(({ from, to, people: tag, outcome, runs }) => {
      assertEquals([from, to, tag], [this.nick, nick, people]);
      return runs.map(({ from, to }) => `${outcome} ${from}${from === to ? "" : `-${to}`}`);
    });
  }

  /** How often the client has asked the server for rows. */
  get questions(): number {
    return this.server.heardOf("rowsSince").length;
  }

  /** The names of the records of one kind. */
  saved(kind: string): string[] {
    return this.#bob.disk.keys().filter((key) => key.startsWith(`${kind}/`)).sort();
  }

  run(ms: Millis): void {
    this.#world.runs(ms);
  }
}

/** A letter of a peer's. */
export function letterOf(
  { author }: Speaker,
  id: string,
  { nick: to, bundle: recipient }: { nick: string; bundle: Bundle },
  text: string,
  rest: Partial<Writing> = {},
): Uint8Array {
  return author.letter({ id, to, recipient, text, ...rest });
}

/** A peer's line in the table. */
export function row({ author, address }: Speaker, values: Partial<Row> = {}): Row {
  return author.row({ ordinal: address.port, addresses: [address], ...values });
}

/** A bundle with any keys in it: whoever has an identity can sign the link key of somebody else. */
export function signedFor({ author }: Speaker, nick: string, values: Partial<Bundle>): Bundle {
  const unsigned = { ...author.bundle, ...values, identity: author.identity.publicKey };
  const writer = labelled("Parley 4 bundle");
  writer.text8(nickKey(nick));
  for (const part of [unsigned.identity, unsigned.key, unsigned.prekey]) writer.hex(part);
  writer.u48(unsigned.prekeyAt);
  writer.u48(unsigned.counter);
  return { ...unsigned, signature: author.identity.sign(writer.finish()).toHex() };
}

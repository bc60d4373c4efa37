/**
 * A client whose server and peers are voices of the test's, which say what they want, true or not. What the server's
 * operator may do to it can be played here; a real server never would.
 */
import { addressKey } from "../../../core/base/address.ts";
import type { Address, Millis } from "../../../core/base/units.ts";
import { Client, type ClientOptions } from "../../../core/client/client.ts";
import type { Action, Machine, Output } from "../../../core/machine.ts";
import { type Bundle, Identity, NO_HASH, SECRETS_BYTES } from "../../../core/messages/identity.ts";
import { Sealer } from "../../../core/messages/letter.ts";
import { NO_MESSAGE } from "../../../core/messages/message_id.ts";
import { encodePost, postHash } from "../../../core/messages/post.ts";
import type { Row } from "../../../core/messages/table.ts";
import type { Verb, VerbOf } from "../../../core/messages/verb.ts";
import { type Notice, render } from "../../../core/notice.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import { START, Voice } from "../../kit/scene.ts";
import { Dice } from "../../kit/dice.ts";

const SERVER: Address = { host: "10.0.0.1", port: 9999 };
const OWN: Address = { host: "10.0.0.2", port: 3000 };

/** Somebody under a nick, with a voice of his own. */
export class Peer {
  readonly nick: string;
  readonly identity: Identity;
  readonly voice: Voice;
  readonly address: Address;
  readonly bundle: Bundle;
  readonly #random: (count: number) => Uint8Array;
  #posted = { number: 0, hash: NO_HASH };

  constructor(dice: Dice, nick: string, address: Address, keyAt: (address: Address) => string) {
    this.nick = nick;
    this.address = address;
    this.voice = new Voice(dice.fork(), keyAt);
    this.identity = this.voice.identity;
    this.bundle = this.voice.bundle(nick);
    this.#random = (count) => dice.bytes(count);
  }

  row(values: Partial<Row> = {}): Row {
    const { address, bundle, nick } = this;
    return { nick, ...bundle, ordinal: this.address.port, online: true, addresses: [address], ...values };
  }

  /** A letter of this peer's. `sender` and `keyPair` are what it is sealed with, if not his own. */
  letter(
    id: string,
    { nick, bundle }: { nick: string; bundle: Bundle },
    text: string,
    { after = NO_MESSAGE, edition = 0, sender = this.bundle, keyPair = this.identity.keyPair } = {},
  ): Uint8Array {
    const sealer = new Sealer(primitives, this.#random, keyPair);
    const contents = { after, afterHash: NO_HASH, sentAt: START, text };
    const keys = { sender, recipient: bundle };
    return sealer.seal(START, { id, from: this.nick, to: nick }, edition, keys, contents)!;
  }

  /** His next post, or one that stands where it is said to. */
  post(
    id: string,
    text: string,
    { number = this.#posted.number + 1, previous = this.#posted.hash, sentAt = START } = {},
    channelKey: Uint8Array | undefined = undefined,
  ): Uint8Array {
    const place = { id, from: this.nick, sentAt, text, number, previous };
    const post = encodePost(primitives, this.identity, channelKey, place);
    this.#posted = { number, hash: postHash(primitives, id, post) };
    return post;
  }
}

export class Stage {
  now: Millis = START;
  readonly nick = "bob";
  readonly identity: Identity;
  readonly server: Voice;
  readonly #dice = new Dice(1);
  readonly #peers: Peer[] = [];
  readonly #disk = new Map<string, Uint8Array>();
  #client: Client;
  #notices: Notice[] = [];
  #flying: { from: Address; to: Address; bytes: Uint8Array }[] = [];
  #streams = 0;
  #position = 0;
  #versions = 0;

  constructor(options: Partial<ClientOptions> = {}) {
    this.identity = new Identity(primitives, this.#dice.bytes(SECRETS_BYTES));
    this.server = new Voice(this.#dice.fork(), () => this.key);
    this.#client = this.#start(options);
  }

  /** The key of the client's links. */
  get key(): string {
    return this.identity.keyPair.publicKey.toHex();
  }

  /** The bundle that the client registered last. */
  get bundle(): Bundle {
    const registers = this.server.heard.filter((verb) => verb.type === "register");
    return registers.at(-1)!.bundle;
  }

  #start(options: Partial<ClientOptions>): Client {
    const own = {
      nick: this.nick,
      server: SERVER,
      serverName: "the server",
      serverKey: this.server.key,
      own: OWN,
      candidates: [],
      attempts: 0,
      identity: this.identity,
      invited: [],
      channelKey: undefined,
      durable: true,
      primitives,
      ...options,
    };
    const records = [...this.#disk].sort(([a], [b]) => a < b ? -1 : 1);
    return new Client(this.now, own, (count) => this.#dice.bytes(count), records);
  }

  /** The process is killed and started again with what is on disk. */
  restarts(options: Partial<ClientOptions> = {}): void {
    this.#flying = [];
    this.#client = this.#start(options);
  }

  peer(nick: string): Peer {
    const number = this.#peers.length + 3;
    const address = { host: `10.0.0.${number}`, port: 3000 + number };
    const peer = new Peer(this.#dice.fork(), nick, address, () => this.key);
    this.#peers.push(peer);
    return peer;
  }

  // ---- what the server says ------------------------------------------------------------------------------

  /** The client asks to be registered, the server says yes and that these are there. */
  registered(...rows: Row[]): void {
    this.acts({ type: "register", nick: this.nick });
    const version = { start: 1, counter: this.#versions };
    const stream = ++this.#streams;
    this.#position = 0;
    const { nick } = this;
    this.serverSays({ type: "registered", nick, stream, version, members: 1, waiting: 0, dropped: 0 });
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
    this.#say(this.server, verb);
  }

  /** Directly. */
  says(peer: Peer, id: string, body: Uint8Array, { from = peer.nick, to = this.nick } = {}): void {
    this.#say(peer.voice, { type: "direct", id, from, to, body });
  }

  #say(voice: Voice, verb: Verb): void {
    voice.linkTo(this.now, OWN).send(this.now, verb);
    this.run(60);
  }

  // ---- what comes of it ----------------------------------------------------------------------------------

  acts(action: Action): void {
    this.#perform(this.#client, OWN, this.#client.step(this.now, { type: "action", action }));
    this.run(60);
  }

  /** The lines that were shown since this was asked last; never the table. */
  lines(): string[] {
    const notices = this.#notices.splice(0).filter(({ type }) =>
      type !== "tableChanged" && type !== "started"
    );
    return notices.flatMap((notice) => render(notice, () => 0).lines);
  }

  /** The receipts that somebody has heard since this was asked last. */
  receipts(voice: Voice): VerbOf<"receipt">[] {
    const receipts = voice.heard.filter((verb) => verb.type === "receipt");
    voice.heard.splice(0, voice.heard.length, ...voice.heard.filter((verb) => verb.type !== "receipt"));
    return receipts;
  }

  /** How often the client has asked the server for rows. */
  get questions(): number {
    return this.server.heard.filter(({ type }) => type === "rowsSince").length;
  }

  /** The names of the records of one kind. */
  saved(kind: string): string[] {
    return [...this.#disk.keys()].filter((key) => key.startsWith(`${kind}/`)).sort();
  }

  /** Lets time go by; a datagram takes a millisecond. */
  run(ms: Millis): void {
    for (const end = this.now + ms; this.now < end; this.now++) {
      const arriving = this.#flying;
      this.#flying = [];
      for (const { from, to, bytes } of arriving) {
        const reached = this.#nodes.find(([, address]) => addressKey(address) === addressKey(to));
        if (reached === undefined) continue;
        this.#perform(...reached, reached[0].step(this.now, { type: "datagram", from, bytes }));
      }
      for (const node of this.#nodes) {
        if (node[0].deadline <= this.now) this.#perform(...node, node[0].step(this.now, { type: "tick" }));
      }
    }
  }

  get #nodes(): [Machine, Address][] {
    const peers = this.#peers.map(({ voice, address }): [Machine, Address] => [voice, address]);
    return [[this.#client, OWN], [this.server, SERVER], ...peers];
  }

  #perform(machine: Machine, from: Address, outputs: readonly Output[]): void {
    for (const output of outputs) {
      if (output.type === "transmit") this.#flying.push({ from, to: output.to, bytes: output.bytes });
      if (machine !== this.#client) continue;
      if (output.type === "save") this.#disk.set(output.key, output.value);
      if (output.type === "forget" || output.type === "destroy") this.#disk.delete(output.key);
      if (output.type === "notice") this.#notices.push(output.notice);
    }
  }
}

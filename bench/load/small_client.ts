/**
 * A client as small as it can be: a link to the server, and the messages. It registers, follows the table's
 * version, acknowledges what its stream brings, posts and deposits. It keeps no table, opens no letter and
 * checks no signature, so that a crowd of them costs less than the server that they measure.
 */
import { KEY_BYTES } from "../../core/base/crypto.ts";
import { KEEP_ALIVE_JITTER, KEEP_ALIVE_MS, ROWS_AGAIN_MS } from "../../core/base/limits.ts";
import { Timers } from "../../core/base/timers.ts";
import type { Address, Datagram, Key, Millis } from "../../core/base/units.ts";
import { StreamReader } from "../../core/client/stream_reader.ts";
import { type Link, Links } from "../../core/link/links.ts";
import { type Bundle, Identity, NO_HASH } from "../../core/messages/identity.ts";
import { letterNameOf } from "../../core/messages/letter_form.ts";
import type { MessageId } from "../../core/messages/message_id.ts";
import type { Nick } from "../../core/messages/nick.ts";
import { encodePost } from "../../core/messages/post.ts";
import { NO_VERSION, type Version } from "../../core/messages/table.ts";
import type { Verb, VerbOf } from "../../core/messages/verb.ts";
import { systemPrimitives } from "../../transport/native_aead.ts";

/** A registration without an answer, which the server may leave without one, is made again after this. */
const REGISTER_AGAIN_MS = 5_000;

const PREKEY_AT = 1_700_000_000_000;

/** The server opens no receipt, and no sender here checks one. */
const PROOF = NO_HASH;

const primitives = systemPrimitives();
const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));

export interface SmallClientOptions {
  readonly nick: Nick;
  readonly server: Address;
  readonly serverKey: Key;
  /** Whether it wants the whole table. */
  readonly followsTable: boolean;
  /** What the server has said that is of use to the measurement. */
  heard(now: Millis, verb: Verb): void;
}

export class SmallClient {
  readonly nick: Nick;
  readonly identity: Identity;
  /** When it was first registered, and when its table was complete last; Infinity before. */
  registeredAt: Millis = Infinity;
  completeAt: Millis = Infinity;
  /** The versions of its own table and of the newest that it has heard of. */
  version: Version = NO_VERSION;
  newest: Version = NO_VERSION;
  readonly #bundle: Bundle;
  readonly #links: Links;
  readonly #link: Link;
  readonly #stream = new StreamReader();
  readonly #timers = new Timers<"register" | "keepAlive" | "rows">();
  readonly #heard: SmallClientOptions["heard"];
  readonly #followsTable: boolean;
  #turn = 0;
  #lastTimestamp = 0;

  constructor(now: Millis, { nick, server, serverKey, followsTable, heard }: SmallClientOptions) {
    this.nick = nick;
    this.#heard = heard;
    this.#followsTable = followsTable;
    // The same nick has the same keys in every run, so that it can be bound beforehand.
    const secret = (what: string) => primitives.hash(new TextEncoder().encode(`${what} of ${nick}`));
    const [signing, agreeing, prekey] = [secret("identity"), secret("key"), secret("prekey")];
    this.identity = new Identity(primitives, Uint8Array.from([...signing, ...agreeing]));
    const prekeyPair = primitives.keyPair(prekey.slice(0, KEY_BYTES));
    this.#bundle = this.identity.bundle(nick, prekeyPair.publicKey.toHex(), PREKEY_AT, 1);
    this.#links = new Links({
      primitives,
      random,
      ownKey: this.identity.keyPair,
      timestamp: (at) => this.#lastTimestamp = Math.max(Math.floor(at), this.#lastTimestamp + 1),
      stopwatch: () => 0,
      name: undefined,
      keepsAlive: false,
    });
    this.#link = this.#links.openServer(now, serverKey, server);
    this.#link.kept = true;
  }

  get isRegistered(): boolean {
    return this.registeredAt < Infinity;
  }

  get isBehind(): boolean {
    return this.newest.start !== this.version.start || this.newest.counter > this.version.counter;
  }

  get deadline(): Millis {
    return Math.min(this.#links.deadline, this.#timers.deadline, this.#stream.deadline);
  }

  register(now: Millis): void {
    const [turn, predecessors] = [++this.#turn, this.identity.predecessors];
    const head = { nick: this.nick, turn, asked: true, candidates: [], predecessors };
    this.#link.sendAfresh(now, { type: "register", ...head, bundle: this.#bundle }, "register");
    this.#timers.set("register", now + REGISTER_AGAIN_MS);
  }

  leave(now: Millis): void {
    this.registeredAt = Infinity;
    this.#timers.clear("keepAlive");
    this.#link.sendAfresh(now, { type: "deregister", nick: this.nick, turn: ++this.#turn }, "deregister");
  }

  post(now: Millis, id: MessageId, number: number, text: string): void {
    const post = { id, from: this.nick, sentAt: now, text, number, previous: NO_HASH };
    const body = encodePost(primitives, this.identity, undefined, post);
    this.#link.send(now, { type: "post", id, from: this.nick, body }, `post/${id}`);
  }

  deposit(now: Millis, id: MessageId, to: Nick, body: Uint8Array): void {
    this.#link.send(now, { type: "deposit", id, from: this.nick, to, body }, `deposit/${id}`);
  }

  receive(now: Millis, from: Address, bytes: Uint8Array): void {
    const arrival = this.#links.receive(now, from, bytes);
    if (arrival?.type !== "verbs") return;
    for (const verb of arrival.verbs) this.#take(now, verb);
  }

  /** Acts on all deadlines that have come, and returns the datagrams that are to leave. */
  takeDatagrams(now: Millis): Datagram[] {
    for (let timer = this.#timers.next(now); timer !== undefined; timer = this.#timers.next(now)) {
      if (timer === "register") this.register(now);
      if (timer === "rows") this.#askIfBehind(now);
      if (timer === "keepAlive") {
        this.#link.send(now, { type: "keepAlive", nick: this.nick }, "keepAlive");
        this.#planKeepAlive(now);
      }
    }
    if (this.#stream.takeAck(now)) {
      this.#link.send(now, { type: "saved", nick: this.nick, ...this.#stream.saved });
    }
    return this.#links.takeDatagrams(now);
  }

  #take(now: Millis, verb: Verb): void {
    switch (verb.type) {
      case "registered":
        this.#onRegistered(now, verb);
        break;
      case "notRegistered":
        if (this.isRegistered) this.register(now);
        break;
      case "rows":
        this.#onRows(now, verb);
        break;
      case "alive":
        this.#hearOf(now, verb.version);
        break;
      case "letter":
      case "channel":
        this.#stream.file(now, verb);
        return this.#takeItems(now);
      case "collected": {
        const receipts = verb.receipts.map(({ id, edition, ephemeral }) => ({ id, edition, ephemeral }));
        this.#link.send(now, { type: "noted", nick: this.nick, receipts });
      }
    }
    this.#heard(now, verb);
  }

  #onRegistered(now: Millis, { stream, members, waiting, version }: VerbOf<"registered">): void {
    if (!this.#stream.begin(stream, members, waiting)) return;
    this.#timers.clear("register");
    if (!this.isRegistered) this.registeredAt = now;
    this.#planKeepAlive(now);
    this.#hearOf(now, version);
    this.#takeItems(now);
  }

  /** The items of the stream in their order. The recipient of a letter says that it has read it. */
  #takeItems(now: Millis): void {
    for (;;) {
      const item = this.#stream.takeNext(now, this.#links.chance());
      if (item === undefined) return;
      if (item.type === "letter") {
        const { from: to, id, body } = item;
        const said = { id, ...letterNameOf(body), outcome: "read", proof: PROOF } as const;
        this.#link.send(now, { type: "receipt", from: this.nick, to, ...said }, `receipt/${id}`);
      }
      this.#heard(now, item);
    }
  }

  #planKeepAlive(now: Millis): void {
    const jitter = KEEP_ALIVE_JITTER * (2 * this.#links.chance() - 1);
    this.#timers.set("keepAlive", now + KEEP_ALIVE_MS * (1 + jitter));
  }

  // ---- the table: its version alone ----------------------------------------------------------------------

  #onRows(now: Millis, { since, upTo, newest }: VerbOf<"rows">): void {
    const isOfThisLife = since.start === this.version.start;
    const known = isOfThisLife ? this.version.counter : 0;
    if (since.counter <= known && (!isOfThisLife || upTo > known)) {
      this.version = { start: since.start, counter: upTo };
    }
    this.#hearOf(now, { start: since.start, counter: newest });
  }

  #hearOf(now: Millis, version: Version): void {
    if (!this.#followsTable) return void (this.completeAt = now);
    if (version.start !== this.newest.start || version.counter > this.newest.counter) this.newest = version;
    if (!this.isBehind) this.completeAt = now;
    else if (!this.#timers.has("rows")) this.#askIfBehind(now);
  }

  #askIfBehind(now: Millis): void {
    if (!this.isBehind) return;
    this.#link.send(now, { type: "rowsSince", nick: this.nick, version: this.version }, "rowsSince");
    this.#timers.set("rows", now + ROWS_AGAIN_MS);
  }
}

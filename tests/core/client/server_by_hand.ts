/** A client's server in the hands of a test: it hears everything at once, and says what the test wants, when it wants. */
import { KEY_BYTES } from "../../../core/base/crypto.ts";
import type { Address, Datagram, Key, Millis } from "../../../core/base/units.ts";
import { Links } from "../../../core/link/links.ts";
import type { Bundle, Identity } from "../../../core/messages/identity.ts";
import type { Row, Version } from "../../../core/messages/table.ts";
import type { Verb, VerbOf } from "../../../core/messages/verb.ts";
import { cheapPrimitives as primitives } from "../../kit/cheap_primitives.ts";
import type { Dice } from "../../kit/dice.ts";

export const NICK = "bob";
export const SERVER: Address = { host: "10.0.0.1", port: 9999 };
export const OWN: Address = { host: "10.0.0.2", port: 3000 };
export const START: Millis = 1_700_000_000_000;

export class ServerByHand {
  /** The verbs that it has heard since the test looked last. */
  heard: Verb[] = [];
  readonly key: Key;
  readonly #links: Links;
  readonly #clientKey: Key;
  /** The bundle of the client's last registration; before the first, one that it could have. */
  #bundle: Bundle;
  #version: Version = { start: 1, counter: 0 };
  /** The newest that it has begun. */
  stream = 0;
  /** The last message that it was given to keep. */
  #deposit: VerbOf<"deposit"> | undefined;

  constructor(dice: Dice, client: Identity) {
    const random = (count: number) => dice.bytes(count);
    const ownKey = primitives.keyPair(random(KEY_BYTES));
    this.key = ownKey.publicKey.toHex();
    this.#clientKey = client.keyPair.publicKey.toHex();
    this.#bundle = client.bundle(NICK, primitives.keyPair(random(KEY_BYTES)).publicKey.toHex(), START);
    this.#links = new Links({
      primitives,
      random,
      ownKey,
      timestamp: (now) => now,
      name: undefined,
      keepsAlive: false,
    });
  }

  /** Takes what the client sends, and returns what goes back at once. */
  exchange(now: Millis, datagrams: readonly Datagram[]): Datagram[] {
    for (const { bytes } of datagrams) {
      const arrival = this.#links.receive(now, OWN, bytes);
      const verbs = arrival?.type === "verbs" ? arrival.verbs : [];
      this.heard.push(...verbs);
      this.#bundle = verbs.find((verb) => verb.type === "register")?.bundle ?? this.#bundle;
      this.#deposit = verbs.find((verb) => verb.type === "deposit") ?? this.#deposit;
    }
    return this.#links.takeDatagrams(now);
  }

  get deadline(): Millis {
    return this.#links.deadline;
  }

  says(now: Millis, verb: Verb): void {
    this.#links.open(now, this.#clientKey, [OWN]).send(now, verb);
  }

  get deposit(): VerbOf<"deposit"> {
    return this.#deposit!;
  }

  /** Its table has changed. */
  changes(): void {
    this.#version = { ...this.#version, counter: this.#version.counter + 1 };
  }

  /** The answer to a registration, which begins a stream; its table has changed since the one before. */
  get registered(): VerbOf<"registered"> {
    this.changes();
    const stream = ++this.stream;
    return {
      type: "registered",
      nick: NICK,
      stream,
      version: this.#version,
      members: 2,
      waiting: 0,
      dropped: 0,
    };
  }

  /** Its table's version. */
  get alive(): VerbOf<"alive"> {
    return { type: "alive", version: this.#version };
  }

  /** Its whole table, or all but the last change. */
  rows(rows: readonly Row[], upTo: number = this.#version.counter): VerbOf<"rows"> {
    const { start, counter } = this.#version;
    return { type: "rows", since: { start, counter: 0 }, upTo, newest: counter, rows };
  }

  /** The client's line in the table. */
  row(values: Partial<Row> = {}): Row {
    return { nick: NICK, ...this.#bundle, ordinal: 1, online: true, addresses: [OWN], ...values };
  }
}

/**
 * A table of links whose peers come, say anything and go without a word: it holds no more of them than it
 * may, and in the end none.
 */
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { HANDSHAKES_MS, LINKS } from "../../core/base/limits.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import { Links } from "../../core/link/links.ts";
import { CookieJar } from "../../core/wire/cookie.ts";
import { decodePacket, type Initiation } from "../../core/wire/packet.ts";
import { cheapPrimitives as primitives } from "../kit/cheap_primitives.ts";
import type { Dice } from "../kit/dice.ts";
import { Peer, PING } from "../kit/peer.ts";
import { type Sent, sent } from "../kit/sent.ts";
import { countingStopwatch } from "../kit/stopwatch.ts";
import { START } from "../kit/surroundings.ts";
import { anyFrame, changed } from "./hostile.ts";
import type { Note, Target } from "./target.ts";

const STEPS = 300;
const FEW = 40;
const HOUR_MS = 3_600_000;
const TICKS_IN_ALL = 2_000_000;

/** Each has an address of his own: from one alone not so many handshakes a second are answered. */
interface Visitor {
  readonly peer: Peer;
  readonly address: Address;
}

class Flood {
  now: Millis = START;
  readonly #links: Links;
  readonly #ownKey: Uint8Array;
  readonly #jar: CookieJar;
  readonly #visitors: Visitor[] = [];
  readonly #dice: Dice;
  readonly #note: Note;

  constructor(dice: Dice, note: Note) {
    const random = (count: number) => dice.bytes(count);
    const ownKey = primitives.keyPair(dice.bytes(32));
    const keepsAlive = dice.happens(0.5);
    this.#links = new Links({
      primitives,
      random,
      ownKey,
      timestamp: (now) => now,
      stopwatch: countingStopwatch(),
      name: "test",
      keepsAlive,
    });
    this.#ownKey = ownKey.publicKey;
    this.#jar = new CookieJar(primitives, this.#ownKey);
    this.#dice = dice;
    this.#note = note;
  }

  get held(): number {
    return this.#visitors.filter(({ peer: { key } }) => this.#links.get(key) !== undefined).length;
  }

  /** Somebody new makes himself known. */
  connect(): void {
    const peer = new Peer(primitives, (count) => this.#dice.bytes(count), this.#ownKey);
    const number = this.#visitors.length;
    const address = { host: `10.1.${number >> 8}.${number & 255}`, port: 2 };
    this.#visitors.push({ peer, address });
    this.#shakeHands({ peer, address });
  }

  #shakeHands({ peer, address }: Visitor): void {
    const handshake = peer.initiation(this.now);
    for (let tries = 0; tries < 2; tries++) {
      const bytes = handshake.bytes.slice();
      this.#jar.setMac2(this.now, bytes);
      for (const answer of this.#receive(address, bytes)) {
        if (answer.packet.type === "response") {
          handshake.finish(answer.bytes);
          this.#receive(address, peer.packet([PING]));
          return;
        }
        const { mac1 } = decodePacket(bytes) as Initiation;
        if (answer.packet.type !== "cookieReply") continue;
        this.#jar.takeCookie(this.now, answer.packet.salt, answer.packet.sealed, mac1);
      }
    }
  }

  /** Somebody who was there says something, or what he said is changed. */
  speak(): void {
    const dice = this.#dice;
    const visitor = dice.pick(this.#visitors);
    const { address, peer } = visitor;
    if (peer.session === undefined || dice.happens(0.1)) return this.#shakeHands(visitor);
    const bytes = peer.packet(Array.from({ length: 1 + dice.below(3) }, () => short(anyFrame(dice))));
    this.#receive(address, dice.happens(0.1) ? changed(dice, bytes) : bytes);
  }

  #receive(from: Address, bytes: Uint8Array): Sent[] {
    this.#note(bytes);
    this.#links.receive(this.now, from, bytes);
    return this.#take();
  }

  #take(): Sent[] {
    const leaving = sent(this.#links.takeDatagrams(this.now));
    assertGreater(this.#links.deadline, this.now, "the deadline does not move on");
    return leaving;
  }

  advance(ms: Millis): void {
    const end = this.now + ms;
    for (let ticks = 0; this.#links.deadline <= end; ticks++) {
      assertLessOrEqual(ticks, TICKS_IN_ALL, "links tick without end");
      this.now = Math.max(this.now, this.#links.deadline);
      this.#take();
    }
    this.now = end;
  }

  assertNobodyIsLeft(): void {
    this.advance(HOUR_MS);
    assertEquals(this.held, 0);
    assertEquals(this.#links.deadline, Infinity);
  }
}

/** With others in one packet. */
function short(frame: ReturnType<typeof anyFrame>): ReturnType<typeof anyFrame> {
  if ("verb" in frame && frame.verb.length > 300) return { ...frame, verb: frame.verb.subarray(0, 300) };
  return frame.type === "part" ? { type: "ping" } : frame;
}

export const LINKS_TARGET: Target = {
  name: "links",
  iterations: 20,
  run(dice: Dice, note: Note): void {
    const flood = new Flood(dice, note);
    flood.connect();
    assertEquals(flood.held, 1);
    if (dice.happens(0.005)) {
      // As fast as handshakes are answered at all: the table is full before anybody's time is over.
      for (let count = 0; count < LINKS + FEW; count++) {
        flood.advance(1000 / HANDSHAKES_MS);
        flood.connect();
      }
      assertEquals(flood.held, LINKS);
    }
    for (let step = 0; step < STEPS; step++) {
      if (dice.happens(0.1)) flood.connect();
      else if (dice.happens(0.8)) flood.speak();
      else flood.advance(dice.below(dice.pick([10, 1000, 20_000])));
    }
    assert(flood.held <= LINKS);
    flood.assertNobodyIsLeft();
  },
};

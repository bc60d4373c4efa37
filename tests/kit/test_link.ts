/** A link that is tested, with its peer and its chance in the hands of the test. */
import { assertGreater } from "@std/assert";
import { KEY_BYTES, type KeyPair, type Primitives } from "../../core/base/crypto.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import type { Link } from "../../core/link/link.ts";
import { type Arrival, Links } from "../../core/link/links.ts";
import { cheapPrimitives } from "./cheap_primitives.ts";
import { Dice } from "./dice.ts";
import { acking, Peer, type PeerSession, PING, verbOf } from "./peer.ts";
import { nameOf, numberOf, type Sent, sent } from "./sent.ts";
import { countingStopwatch } from "./stopwatch.ts";

export const PEER: Address = { host: "10.0.0.2", port: 2 };
export const ELSEWHERE: Address = { host: "10.0.0.3", port: 3 };

export interface TestLinkOptions {
  readonly addresses?: readonly Address[];
  /** Whether the peer is asked for its key, which is not known. */
  readonly asks?: boolean;
  readonly keepsAlive?: boolean;
  readonly name?: string;
  readonly primitives?: Primitives;
  readonly seed?: number;
}

/** A table of links with one link in it, whose jitter is in the hands of the test. */
export class TestLink {
  chance = 0.5;
  readonly links: Links;
  readonly link: Link;
  readonly peer: Peer;
  readonly ownKey: KeyPair;
  /** All that ever left. */
  readonly left: Sent[] = [];

  constructor(now: Millis, options: TestLinkOptions = {}) {
    const { addresses = [PEER], asks = false, keepsAlive = false, seed = 1 } = options;
    const { primitives = cheapPrimitives } = options;
    const dice = new Dice(seed);
    this.ownKey = primitives.keyPair(dice.bytes(KEY_BYTES));
    let last = 0;
    this.links = new Links({
      primitives,
      // Two bytes are a chance.
      random: (count) => count === 2 ? Uint8Array.of(Math.floor(this.chance * 256), 0) : dice.bytes(count),
      ownKey: this.ownKey,
      timestamp: (at) => last = Math.max(Math.floor(at), last + 1),
      stopwatch: countingStopwatch(),
      name: options.name,
      keepsAlive,
    });
    this.peer = new Peer(primitives, (count) => dice.bytes(count), this.ownKey.publicKey);
    this.link = asks
      ? this.links.openServer(now, undefined, addresses[0]!)
      : this.links.open(now, this.peer.key, addresses);
  }

  /**
   * The same with a session, one packet acknowledged and nothing under way, so that the window is open.
   * Packets take `rtt` there and back, and so do the first ones, before `now`.
   */
  static withPath(
    now: Millis,
    addresses: readonly Address[] = [PEER],
    { rtt = 0, ...options }: TestLinkOptions & { rtt?: Millis } = {},
  ): TestLink {
    const test = new TestLink(now - 2 * rtt, { addresses, ...options });
    test.connect(now - 2 * rtt, rtt);
    return test;
  }

  /** A handshake that we begin, and the first packet, acknowledged. */
  connect(begin: Millis, rtt: Millis = 0): void {
    this.link.send(begin, verbOf("first"));
    const initiation = this.take(begin).find(({ packet }) => packet.type === "initiation")!;
    this.receive(begin + rtt, this.peer.answer(initiation.bytes).bytes, initiation.to);
    const first = this.take(begin + rtt).at(-1)!;
    this.receive(begin + 2 * rtt, this.peer.packet([acking(numberOf(first))]), initiation.to);
    this.take(begin + 2 * rtt);
  }

  receive(now: Millis, bytes: Uint8Array, from: Address = PEER): Arrival | undefined {
    return this.links.receive(now, from, bytes);
  }

  /** The datagrams that leave now. After that the next instant to act is always a later one. */
  take(now: Millis): Sent[] {
    const leaving = sent(this.links.takeDatagrams(now));
    this.left.push(...leaving);
    assertGreater(this.links.deadline, now, "the deadline stays in the past");
    return leaving;
  }

  named(now: Millis): string[] {
    return this.take(now).map(nameOf);
  }

  /** Lets time go by, from deadline to deadline, up to and with `end`; returns what left, and when. */
  run(begin: Millis, end: Millis): (Sent & { at: Millis })[] {
    const all = [];
    for (let now = begin; (now = Math.max(now, this.links.deadline)) <= end;) {
      for (const one of this.take(now)) all.push({ ...one, at: now });
    }
    return all;
  }

  /** The newest initiation that left, or the one before it. */
  initiation(back = 0): Uint8Array | undefined {
    const all = this.left.filter(({ packet }) => packet.type === "initiation").map(({ bytes }) => bytes);
    const different = all.filter((bytes, at) => at === 0 || bytes.toHex() !== all[at - 1]!.toHex());
    return different.at(-1 - back);
  }

  /** The peer acknowledges everything that has left. */
  acknowledge(now: Millis, from: Address = PEER): void {
    const last = Math.max(...this.left.map(numberOf));
    this.receive(now, this.peer.packet([acking(1, last)]), from);
  }

  /** The peer begins a handshake and finishes it; its first packet confirms the session. */
  peerConnects(now: Millis, from: Address = PEER): PeerSession {
    const handshake = this.peer.initiation(now);
    this.receive(now, handshake.bytes, from);
    const response = this.take(now).find(({ packet }) => packet.type === "response")!;
    const session = handshake.finish(response.bytes);
    this.receive(now, this.peer.packet([PING]), from);
    this.take(now);
    return session;
  }
}

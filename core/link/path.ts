/**
 * The address that a link's packets go to. An authentic packet from a new address does not prove that the
 * peer is there: somebody may have forwarded it. Until the peer has answered a challenge from there, the
 * address gets at most three times the bytes that came from it (RFC 9000 sections 8.2 and 9.3), and packets
 * go on to the one that is proved (section 9.3.3).
 */
import { equalAddresses } from "../base/address.ts";
import { equalBytes } from "../base/bytes.ts";
import { AMPLIFICATION_LIMIT, CANDIDATES, MOVE_PROBE_TIMEOUTS, STAYS_MS } from "../base/limits.ts";
import type { Address, Millis } from "../base/units.ts";

export class Path {
  readonly address: Address;
  #challenge: Uint8Array | undefined;
  /** How many bytes may still go to an address that is not proved. */
  #budget = 0;

  /** An address with a challenge (8 bytes) counts as proved once the peer has answered it. */
  constructor(address: Address, challenge?: Uint8Array) {
    this.address = address;
    this.#challenge = challenge;
  }

  get isValidated(): boolean {
    return this.#challenge === undefined;
  }

  /** Our challenge goes with every packet until it is answered; `undefined` afterwards. */
  get challenge(): Uint8Array | undefined {
    return this.#challenge;
  }

  received(bytes: number): void {
    if (!this.isValidated) this.#budget += AMPLIFICATION_LIMIT * bytes;
  }

  sent(bytes: number): void {
    if (!this.isValidated) this.#budget -= bytes;
  }

  /** How many bytes may be sent there now. */
  get room(): number {
    return this.isValidated ? Infinity : this.#budget;
  }

  /** Takes the data of an answer. True if it is that of our challenge: the address is proved. */
  answered(data: Uint8Array): boolean {
    if (this.#challenge === undefined || !equalBytes(this.#challenge, data)) return false;
    this.#challenge = undefined;
    return true;
  }
}

/**
 * An authentic packet has come from another address than the one that is proved. The peer may have moved, or
 * somebody who sees its packets forwards them, faster than they come themselves. So both addresses are
 * challenged. The peer has moved if the new one answers and the old one does not (RFC 9000 section 9.3.3).
 */
class Move {
  readonly path: Path;
  /** The challenge that goes to the old address. */
  readonly challenge: Uint8Array;
  /** When it is decided. */
  readonly until: Millis;
  /** When both addresses are challenged next, and how long after that once more. */
  challengeDue: Millis;
  readonly again: Millis;

  constructor(now: Millis, path: Path, challenge: Uint8Array, probeTimeout: Millis) {
    this.path = path;
    this.challenge = challenge;
    // A challenge may be lost (RFC 9000 section 8.2.4).
    this.until = now + MOVE_PROBE_TIMEOUTS * probeTimeout;
    this.challengeDue = now;
    this.again = probeTimeout;
  }
}

/** The addresses where a peer may be, and the path that its link's packets take now. */
export class Route {
  /** The addresses that we were told, the likeliest first. */
  #addresses: readonly Address[];
  #path: Path | undefined;
  #proved: Address | undefined;
  #move: Move | undefined;
  /** Until then the peer counts as where it is: it has just answered from there. */
  #staysUntil: Millis = -Infinity;

  /** `proved`: where an earlier link to the peer ended. */
  constructor(addresses: readonly Address[], proved?: Address) {
    this.#addresses = addresses;
    this.#proved = proved;
  }

  /** The address that was proved last. */
  get proved(): Address | undefined {
    return this.#proved;
  }

  /** The present path; there is one as long as there is a session. */
  get path(): Path | undefined {
    return this.#path;
  }

  /** The peer's address: the last one that was proved, or else the first that we were told. */
  get address(): Address {
    return this.#proved ?? this.#addresses[0]!;
  }

  /**
   * The addresses to which initiations go, in order. The one where the peer was last proved to be comes
   * first; last if we were told other ones since. An address that is not proved and that nobody told us is
   * left out, for initiations do not count against its limit of bytes.
   */
  get candidates(): readonly Address[] {
    const proved = this.#proved;
    if (proved === undefined) return this.#addresses;
    const others = this.#addresses.filter((address) => !equalAddresses(address, proved));
    return this.#isSaid(proved) ? [proved, ...others] : [...others, proved];
  }

  /** Takes the addresses that somebody tells us. True if they are news, and packets go to none of them. */
  learn(addresses: readonly Address[]): boolean {
    if (addresses.length === 0) return false;
    const isNews = addresses.some((address) => !this.#isSaid(address));
    this.#addresses = addresses;
    return isNews && this.#path !== undefined && !this.#isSaid(this.#path.address);
  }

  /** The same, but the addresses that we were told before stay, as far as there is room. */
  learnMore(addresses: readonly Address[]): boolean {
    const others = this.#addresses.filter((known) => !addresses.some((it) => equalAddresses(it, known)));
    return this.learn([...addresses, ...others].slice(0, CANDIDATES));
  }

  /** True if the present path is proved, and leads to where the peer is said to be. */
  get isSettled(): boolean {
    return this.#path !== undefined && this.#path.isValidated && this.#isSaid(this.#path.address);
  }

  /** Makes this path the present one. True if it leads to another host than the one before. */
  take(path: Path): boolean {
    const former = this.#path?.address.host;
    this.#path = path;
    this.#move = undefined;
    if (path.isValidated) this.#proved = path.address;
    return former !== undefined && former !== path.address.host;
  }

  /** True if an authentic packet, the newest, did not come over the present path. */
  isElsewhere(from: Address): boolean {
    return !equalAddresses(this.#path!.address, from);
  }

  /**
   * The peer was heard at another address than the proved one. Both are challenged, unless it has just been
   * shown that the peer is where it was. The challenges are 8 bytes each.
   */
  heardAt(now: Millis, from: Address, probeTimeout: Millis, challenge: () => Uint8Array): void {
    const isKnown = this.#move !== undefined && equalAddresses(this.#move.path.address, from);
    if (isKnown || now < this.#staysUntil) return;
    this.#move = new Move(now, new Path(from, challenge()), challenge(), probeTimeout);
  }

  /** An authentic datagram of so many bytes came from there. */
  received(from: Address, bytes: number): void {
    for (const path of [this.#path, this.#move?.path]) {
      if (path !== undefined && equalAddresses(path.address, from)) path.received(bytes);
    }
  }

  /** The challenge that goes with the packets on the present path, if there is one. */
  get challenge(): Uint8Array | undefined {
    return this.#path!.challenge ?? this.#move?.challenge;
  }

  /** When `settle` or `takeChallenged` has something to do. */
  get deadline(): Millis {
    return this.#move === undefined ? Infinity : Math.min(this.#move.challengeDue, this.#move.until);
  }

  /** The other path, if both are to be challenged now. */
  takeChallenged(now: Millis): Path | undefined {
    if (this.#move === undefined || this.#move.challengeDue > now) return undefined;
    this.#move.challengeDue = now + this.#move.again;
    return this.#move.path;
  }

  /** Takes the data of an answer to a challenge. */
  answered(now: Millis, data: Uint8Array): void {
    if (this.#path!.answered(data)) this.#proved = this.#path!.address;
    if (this.#move === undefined) return;
    if (equalBytes(this.#move.challenge, data)) {
      this.#move = undefined;
      this.#staysUntil = now + STAYS_MS;
    } else this.#move.path.answered(data);
  }

  /** The path to which the peer has moved, if that is decided now. */
  takeMove(now: Millis): Path | undefined {
    if (this.#move === undefined || this.#move.until > now) return undefined;
    const { path } = this.#move;
    this.#move = undefined;
    return path.isValidated ? path : undefined;
  }

  /** The session is over, and its path with it; the proved address is remembered. */
  leave(): void {
    this.#path = undefined;
    this.#move = undefined;
  }

  /** True if we were told that the peer may be at this address. */
  #isSaid(address: Address): boolean {
    return this.#addresses.some((other) => equalAddresses(other, address));
  }
}

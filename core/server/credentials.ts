/**
 * Checks the words with which a client asks to be let in: is it who it says (docs/security.md, "Formats and
 * key schedule")? The owner of a nick is decided elsewhere.
 */
import type { Primitives } from "../base/crypto.ts";
import { BUNDLES_BURST, BUNDLES_PER_SECOND } from "../base/limits.ts";
import { Rate } from "../base/rate.ts";
import type { Millis } from "../base/units.ts";
import type { Link } from "../link/links.ts";
import { type Bundle, equalBundles, isGenuine, isOlder, isVoucher } from "../messages/identity.ts";
import type { Verb, VerbOf } from "../messages/verb.ts";

/** A client registers to come online, or only to send. */
export type Registration = VerbOf<"register"> | VerbOf<"sendOnly">;

export function isRegistration(verb: Verb): verb is Registration {
  return verb.type === "register" || verb.type === "sendOnly";
}

export class Credentials {
  readonly #primitives: Primitives;
  /** The rate at which the signatures of each link are checked. */
  readonly #checks = new WeakMap<Link, Rate>();

  constructor(primitives: Primitives) {
    this.#primitives = primitives;
  }

  /**
   * True if the identity in the bundle has signed it for this nick, and the key of the link, which the
   * handshake has proved, is the one in the bundle or one that the identity vouches for. `known` is a bundle
   * of this nick that was checked before.
   */
  areRight(now: Millis, link: Link, verb: Registration, known: Bundle | undefined): boolean {
    const { nick, bundle } = verb;
    const primitives = this.#primitives;
    if (link.peer === undefined || (verb.type === "register" && link.peer !== bundle.key)) return false;
    const isKnown = known !== undefined && equalBundles(known, bundle);
    if (!isKnown && !(this.#mayCheck(now, link) && isGenuine(primitives, nick, bundle))) return false;
    return verb.type === "register" ||
      (this.#mayCheck(now, link) && isVoucher(primitives, bundle.identity, nick, link.peer, verb.voucher));
  }

  /**
   * True if the bundle is an older one than that which is known of the nick. One that was damaged on disk is
   * in nobody's way.
   */
  areOlder({ nick, bundle }: Registration, known: Bundle): boolean {
    return isOlder(bundle, known) && isGenuine(this.#primitives, nick, known);
  }

  /**
   * True if one more signature of this link may be checked. A check takes a twentieth of a millisecond, and
   * anybody can make up signatures, so they have a rate.
   */
  #mayCheck(now: Millis, link: Link): boolean {
    const rate = this.#checks.get(link) ?? new Rate(BUNDLES_PER_SECOND, BUNDLES_BURST);
    this.#checks.set(link, rate);
    return rate.take(now);
  }
}

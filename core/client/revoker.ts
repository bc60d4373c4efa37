/**
 * Hands a revocation to a server, and ends with its answer. The link has a key of its own that is thrown
 * away: the signature in the revocation proves all that there is to prove (docs/protocol.md, section 7).
 */
import { KEY_BYTES, type Primitives } from "../base/crypto.ts";
import { ATTEMPTS } from "../base/limits.ts";
import type { Address, Key, Millis, Random } from "../base/units.ts";
import { Effects } from "../durable/effects.ts";
import { initiationClock } from "../durable/start.ts";
import { WallClock } from "../durable/wall_clock.ts";
import { type Link, Links } from "../link/links.ts";
import type { Input, Machine, Output } from "../machine.ts";
import { type Nick, sameNick } from "../messages/nick.ts";
import type { Revocation } from "../messages/lineage.ts";
import { Attempts } from "./attempts.ts";
import { ServerContact } from "./server_contact.ts";

export interface RevokerOptions {
  readonly primitives: Primitives;
  readonly nick: Nick;
  readonly revocation: Revocation;
  readonly server: Address;
  /** The server as the user wrote it, HOST:PORT. */
  readonly serverName: string;
  readonly serverKey: Key;
}

export class Revoker implements Machine {
  readonly #nick: Nick;
  readonly #effects = new Effects(false, []);
  readonly #clock: WallClock;
  readonly #links: Links;
  readonly #link: Link;
  readonly #contact: ServerContact;
  readonly #attempts: Attempts;

  constructor(now: Millis, options: RevokerOptions, random: Random) {
    const { nick, primitives, revocation, server, serverKey, serverName } = options;
    const effects = this.#effects;
    const clock = this.#clock = new WallClock(effects);
    const initiation = initiationClock(effects);
    this.#nick = nick;
    const links = this.#links = new Links({
      primitives,
      random,
      ownKey: primitives.keyPair(random(KEY_BYTES)),
      timestamp: (at) => initiation(clock.at(at)),
      name: undefined,
      keepsAlive: false,
    });
    const link = this.#link = links.openServer(now, serverKey, server);
    this.#contact = new ServerContact({ effects, links, link, server, serverName });
    this.#attempts = new Attempts(ATTEMPTS, () => link.probeTimeout);
    this.#attempts.wait(now, "revoke", true);
    link.send(now, { type: "revoke", nick, ...revocation }, "revoke");
  }

  get deadline(): Millis {
    if (this.#effects.exiting) return this.#effects.deadline;
    return Math.min(
      this.#effects.deadline,
      this.#links.deadline,
      this.#attempts.deadline(this.#link.heardAt),
    );
  }

  step(now: Millis, input: Input): Output[] {
    if (this.#effects.exiting) return this.#effects.takeOutputs(now, []);
    if (input.type === "action" && input.action.type === "leave") this.#effects.exit(1);
    if (input.type === "clock") this.#clock.set(now, input.wall);
    if (input.type === "datagram") this.#onDatagram(now, input.from, input.bytes);
    if (input.type !== "tick") return this.#effects.takeOutputs(now, []);
    if (this.#attempts.check(now, this.#link.heardAt) === "give up") this.#giveUp();
    return this.#effects.takeOutputs(now, this.#links.takeDatagrams(now));
  }

  #onDatagram(now: Millis, from: Address, bytes: Uint8Array): void {
    const arrival = this.#links.receive(now, from, bytes);
    if (arrival?.type === "announced") this.#contact.onAnnounced(now, arrival.key, arrival.name);
    if (arrival?.type === "foreign") this.#contact.onForeign(arrival.versions);
    if (arrival?.type !== "verbs" || arrival.link !== this.#link) return;
    for (const verb of arrival.verbs) {
      if (verb.type !== "revoked" || !sameNick(verb.nick, this.#nick)) continue;
      this.#effects.notice({ type: "revocationAnswered", nick: this.#nick, answer: verb.answer });
      return this.#effects.exit(verb.answer === "done" ? 0 : 1);
    }
  }

  #giveUp(): void {
    const neverHeard = this.#link.heardAt === -Infinity;
    this.#effects.notice(neverHeard ? this.#contact.absence : { type: "serverSilent" });
    this.#effects.exit(1);
  }
}

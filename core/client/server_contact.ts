/**
 * The contact with the server's address: which key counts as the server's, and why nobody answers. At the
 * first contact the announced key is believed (docs/protocol.md, section 1, "Whose key?"). Announcements are
 * not signed. So a later one takes the place of the first, until somebody has been heard under the first key:
 * that proves that its holder is there.
 */
import { StateMachine, type StateTable } from "../base/state_machine.ts";
import type { Address, Key, Millis } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import type { Link, Links } from "../link/links.ts";
import type { Notice } from "../notice.ts";

export const CONTACT_STATES = {
  unknown: "no key is known",
  announced: "a key was announced and is believed; nobody has been heard under it yet",
  known: "the key was known from the start, or its holder has been heard",
  doubted: "the key is known, and the user was told that another one is announced",
} as const;

export type ContactState = keyof typeof CONTACT_STATES;

export const CONTACT_EVENTS = {
  announcement: "another key is announced than the one that counts as the server's",
  packet: "an authentic packet has come from the server",
} as const;

export type ContactEvent = keyof typeof CONTACT_EVENTS;

/** The moves of the table: to believe a key, to tell the user of a new server, and to warn of another key. */
export type ContactMove = "believe" | "greet" | "warn";

export const CONTACT: StateTable<ContactState, ContactEvent, ContactMove> = {
  unknown: {
    announcement: ["believe", "announced"],
  },
  announced: {
    announcement: ["believe"],
    packet: ["greet", "known"],
  },
  known: {
    announcement: ["warn", "doubted"],
  },
  doubted: {},
};

export interface ServerContactOptions {
  readonly effects: Effects;
  readonly links: Links;
  /** The link to the server. */
  readonly link: Link;
  readonly server: Address;
  /** The server as the user wrote it, HOST:PORT. */
  readonly serverName: string;
}

export class ServerContact {
  readonly #options: ServerContactOptions;
  readonly #machine: StateMachine<ContactState, ContactEvent, ContactMove>;
  /** The last announcement of a key that did not count as the server's when it came. */
  #announced: { readonly key: Key; readonly name: string } | undefined;
  /** The versions of the protocol that a datagram from the server's address says it speaks. */
  #otherVersions: readonly number[] | undefined;

  constructor(options: ServerContactOptions) {
    const { effects, link, links } = this.#options = options;
    this.#machine = new StateMachine(CONTACT, link.peer === undefined ? "unknown" : "known", {
      believe: (now) => links.trust(now, link, this.#announced!.key),
      // Only now is it proved that somebody holds the key that was announced.
      greet: () => effects.notice({ type: "serverMet", ...this.#announced! }),
      warn: () => this.#warn(),
    });
  }

  /** Somebody at the server's address has announced this key and name. */
  onAnnounced(now: Millis, key: Key, name: string): void {
    if (key === this.#options.link.peer) return;
    this.#announced = { key, name };
    this.#machine.on(now, "announcement");
  }

  /** An authentic packet has come from the server. */
  onPacket(now: Millis): void {
    this.#machine.on(now, "packet");
  }

  /** Somebody at the server's address says that it speaks only these versions (RFC 8999, section 6). */
  onForeign(versions: readonly number[]): void {
    this.#otherVersions = versions;
  }

  /** The notice that says why nobody has ever answered. */
  get absence(): Notice {
    const { server } = this.#options;
    const versions = this.#otherVersions;
    return versions === undefined
      ? { type: "noServer", server }
      : { type: "otherVersions", server, versions };
  }

  /**
   * Tells the user of the other key. The holder of the key that we know may be there all the same, so the
   * client ends only if nobody was ever heard.
   */
  #warn(): void {
    const { effects, link, serverName: server } = this.#options;
    const ends = link.heardAt === -Infinity;
    effects.notice({ type: "serverKeyChanged", server, known: link.peer!, ends });
    if (ends) effects.exit(1);
  }
}

/**
 * The contact with the server's address: which key is taken for the server's, and why nobody answers. A key that is
 * announced is believed. Another one takes its place only until somebody is heard under the first, which may have
 * been damaged on its way.
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
  doubted: "the same, and the user was told that another key is announced",
} as const;

export type ContactState = keyof typeof CONTACT_STATES;

export const CONTACT_EVENTS = {
  announcement: "of another key than the one that is taken for the server's",
  packet: "an authentic packet from the server",
} as const;

export type ContactEvent = keyof typeof CONTACT_EVENTS;

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
  /** The same as the user wrote it. */
  readonly serverName: string;
}

export class ServerContact {
  readonly #options: ServerContactOptions;
  readonly #machine: StateMachine<ContactState, ContactEvent, ContactMove>;
  /** The last announcement of another key than the one that is taken for the server's. */
  #announced: { readonly key: Key; readonly name: string } | undefined;
  /** The versions that a datagram from there names. */
  #otherVersions: readonly number[] | undefined;

  constructor(options: ServerContactOptions) {
    const { effects, link, links } = this.#options = options;
    this.#machine = new StateMachine(CONTACT, link.peer === undefined ? "unknown" : "known", {
      believe: (now) => links.trust(now, link, this.#announced!.key),
      // Only now is it proved that the key that was announced is somebody's.
      greet: () => effects.notice({ type: "serverMet", ...this.#announced! }),
      warn: () => this.#warn(),
    });
  }

  onAnnounced(now: Millis, key: Key, name: string): void {
    if (key === this.#options.link.peer) return;
    this.#announced = { key, name };
    this.#machine.on(now, "announcement");
  }

  onPacket(now: Millis): void {
    this.#machine.on(now, "packet");
  }

  onForeign(versions: readonly number[]): void {
    this.#otherVersions = versions;
  }

  /** Why nobody has ever answered. */
  get absence(): Notice {
    const { server } = this.#options;
    const versions = this.#otherVersions;
    return versions === undefined
      ? { type: "noServer", server }
      : { type: "otherVersions", server, versions };
  }

  /** The holder of the key that we know may be there all the same; if nobody was ever heard, the client ends. */
  #warn(): void {
    const { effects, link, serverName: server } = this.#options;
    const ends = link.heardAt === -Infinity;
    const [known, announced] = [link.peer!, this.#announced!.key];
    effects.notice({ type: "serverKeyChanged", server, known, announced, ends });
    if (ends) effects.exit(1);
  }
}

/** What a client knows from one process to the next: each part, and what the last process left for it. */
import { MALFORMED } from "../base/bytes.ts";
import type { Primitives } from "../base/crypto.ts";
import type { Address, Millis, Random } from "../base/units.ts";
import type { Effects } from "../durable/effects.ts";
import {
  CHAIN,
  IDENTITY,
  INBOX,
  KNOWN_PEER,
  OUTBOX,
  POSTED,
  PREKEY,
  SEEN,
  SENT,
  SHOWN,
  type ValueOf,
} from "../durable/records.ts";
import type { Records } from "../machine.ts";
import type { Identity } from "../messages/identity.ts";
import { IdSource, STATE_BYTES } from "../messages/message_id.ts";
import type { Nick } from "../messages/nick.ts";
import { AckTracker } from "./ack_tracker.ts";
import { Inbox } from "./inbox.ts";
import { KnownPeers } from "./known_peers.ts";
import { PostChains } from "./post_chains.ts";
import { Prekeys } from "./prekeys.ts";

export interface ClientStateOptions {
  readonly nick: Nick;
  readonly server: Address;
  readonly identity: Identity;
  readonly primitives: Primitives;
  readonly effects: Effects;
  readonly random: Random;
}

export class ClientState {
  readonly tracker: AckTracker;
  readonly inbox: Inbox;
  readonly prekeys: Prekeys;
  readonly knownPeers: KnownPeers;
  readonly postChains: PostChains;
  readonly ids: IdSource;

  constructor(now: Millis, options: ClientStateOptions, records: Records) {
    const { effects, identity, nick, primitives, random } = options;
    this.tracker = new AckTracker(effects, primitives);
    this.inbox = new Inbox(effects, primitives);
    this.prekeys = new Prekeys(options);
    this.knownPeers = new KnownPeers(effects);
    this.postChains = new PostChains(effects);
    const { state, starts } = countStart(options, this.#load(records));
    this.knownPeers.addOwn(nick, identity.publicKey);
    this.ids = new IdSource(state, starts, random);
    this.prekeys.sweep(now);
  }

  /** Forgets what is too old. */
  sweep(now: Millis): void {
    this.inbox.sweep(now, this.prekeys.oldestAt);
    this.prekeys.sweep(now);
  }

  /** Reads what the last process left behind; returns who we are, if that is known. */
  #load(records: Records): ValueOf<typeof IDENTITY> | undefined {
    let identity: ValueOf<typeof IDENTITY> | undefined;
    for (const [key, value] of records) {
      if (IDENTITY.matches(key)) {
        const decoded = IDENTITY.decode(value);
        if (decoded !== MALFORMED) identity = decoded;
      } else if (OUTBOX.matches(key)) this.tracker.loadMessage(key, value);
      else if (SENT.matches(key)) this.tracker.loadSent(key, value);
      else if (INBOX.matches(key)) this.inbox.loadMessage(key, value);
      else if (SHOWN.matches(key)) this.inbox.loadShown(key, value);
      else if (SEEN.matches(key)) this.inbox.loadSeen(key, value);
      else if (PREKEY.matches(key)) this.prekeys.load(value);
      else if (KNOWN_PEER.matches(key)) this.knownPeers.load(key, value);
      else if (POSTED.matches(key)) this.postChains.loadOwn(value);
      else if (CHAIN.matches(key)) this.postChains.load(key, value);
    }
    return identity;
  }
}

/** Who we are: as before, or new. Each start is counted, and that is durable before an id is given. */
function countStart(
  { effects, nick, random, server }: ClientStateOptions,
  known: ValueOf<typeof IDENTITY> | undefined,
): ValueOf<typeof IDENTITY> {
  const { state, starts } = known ?? { state: random(STATE_BYTES).toHex(), starts: 0 };
  const identity = { nick, server, state, starts: starts + 1 };
  effects.save(IDENTITY.key("own"), () => IDENTITY.encode(identity));
  return identity;
}

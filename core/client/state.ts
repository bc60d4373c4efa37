/** Everything that a client keeps from one process to the next. */
import type { Primitives } from "../base/crypto.ts";
import type { Address, Key, Millis, Random } from "../base/units.ts";
import { byName, DurableMap } from "../durable/durable_map.ts";
import type { Effects } from "../durable/effects.ts";
import { IDENTITY, OWN } from "../durable/records.ts";
import type { WallClock } from "../durable/wall_clock.ts";
import type { Identity } from "../messages/identity.ts";
import { IdSource, STATE_BYTES } from "../messages/message_id.ts";
import type { Nick } from "../messages/nick.ts";
import type { Table } from "../messages/table.ts";
import { AckTracker } from "./ack_tracker.ts";
import { Chronicle } from "./chronicle.ts";
import { Floods } from "./floods.ts";
import { Inbox } from "./inbox.ts";
import { Journal } from "./journal.ts";
import { KnownPeers } from "./known_peers.ts";
import { LookAlikes } from "./look_alikes.ts";
import { FollowedMessages } from "./followed_messages.ts";
import { PostChains } from "./post_chains.ts";
import { Prekeys } from "./prekeys.ts";

export interface ClientStateOptions {
  readonly nick: Nick;
  readonly server: Address;
  readonly serverKey: Key | undefined;
  readonly identity: Identity;
  readonly primitives: Primitives;
  readonly effects: Effects;
  readonly clock: WallClock;
  readonly random: Random;
  /** True if a person at a terminal sees what is shown. */
  readonly isAttended: boolean;
  readonly table: Table;
}

export class ClientState {
  readonly chronicle: Chronicle;
  readonly tracker: AckTracker;
  readonly followed: FollowedMessages;
  readonly inbox: Inbox;
  readonly journal: Journal;
  readonly floods: Floods;
  readonly prekeys: Prekeys;
  readonly knownPeers: KnownPeers;
  readonly lookAlikes: LookAlikes;
  readonly postChains: PostChains;
  readonly ids: IdSource;

  constructor(options: ClientStateOptions) {
    const { clock, effects, identity, isAttended, nick, primitives, random, table } = options;
    this.chronicle = new Chronicle(effects, clock, nick);
    this.tracker = new AckTracker(effects, primitives, clock);
    this.followed = new FollowedMessages(effects);
    for (const id of this.followed.ids) {
      const message = this.tracker.messageWith(id);
      if (message !== undefined) message.isFollowed = true;
    }
    this.journal = new Journal(effects, this.chronicle, isAttended);
    // Without a state folder there is no place to keep what is folded.
    this.floods = new Floods(effects, isAttended && effects.keeps);
    this.knownPeers = new KnownPeers(effects);
    this.lookAlikes = new LookAlikes(table, this.knownPeers);
    const { floods, journal, lookAlikes } = this;
    this.inbox = new Inbox({ effects, primitives, journal, floods, lookAlikes });
    this.prekeys = new Prekeys({ primitives, random, effects, identity, nick });
    this.postChains = new PostChains(effects);
    this.knownPeers.addOwn(nick, identity.publicKey);
    this.ids = idSource(options);
  }

  /** Remembers what the last process may not have put into the history. */
  rememberAll(now: Millis): void {
    this.journal.rememberAll(now);
    for (const message of this.tracker.all) {
      this.chronicle.written(now, message, message.stored ? "stored" : "queued");
    }
  }

  /** Forgets everything that is too old. */
  forgetOld(now: Millis): void {
    this.journal.forgetOld(now);
    this.inbox.forgetOldIds(now, this.prekeys.oldestAt);
    this.prekeys.destroyOld(now);
  }
}

/**
 * Makes ids go on where the last process stopped. Each start of the state folder is counted, and the count is
 * durable before an id leaves (docs/protocol.md, section 6).
 */
function idSource({ effects, nick, random, server, serverKey }: ClientStateOptions): IdSource {
  const identities = new DurableMap(effects, byName(IDENTITY));
  const { state, starts } = identities.get(OWN) ?? { state: random(STATE_BYTES).toHex(), starts: 0 };
  const owner = { nick, server, serverKey: serverKey === undefined ? [] : [serverKey] };
  identities.set(OWN, { ...owner, state, starts: starts + 1 });
  return new IdSource(state, starts + 1, random);
}

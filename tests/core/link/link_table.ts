/**
 * This table says what a link does with every input in every state, as its peer sees it.
 * `link_states_test.ts` walks the cells, and docs/protocol.md prints them (`deno task tables`).
 *
 * In `open` and `rekeying` a verb is under way and the peer's last packet is acknowledged, in `asking` and
 * `seeking` a verb waits, and the one initiation of `seeking` is not the first.
 */

export const STATES = {
  closed: "no session, and nothing waits",
  asking: "something waits, and the peer's key is not known: its address is asked for it",
  seeking: "something waits: an initiation leaves, again and again",
  open: "packets leave under the present session; one of ours is not acknowledged yet",
  rekeying: "the same, and a handshake is under way: two probe timeouts have come, or the session is worn",
  dead: "closed by 30 s of silence; the link knows no conversation any more",
} as const;

export type State = keyof typeof STATES;

/** A dead link is closed. */
export type Behind = Exclude<State, "dead">;

/** The packets that leave when the input is taken, and the state that follows. */
export type Cell = readonly [leaves: readonly string[], behind: Behind];

export const CELLS = {
  "closed": {
    "send": [["initiation"], "seeking"],
    // Without a session there is nobody to tell.
    "tell": [[], "closed"],
    "cancel": [[], "closed"],
    "announcement": [[], "closed"],
    // It may be a replay, and its source anybody's: a response, and no more.
    "initiation": [["response"], "closed"],
    "initiation repeated": [["response", "response"], "closed"],
    "unconfirmed": [["response", "ack"], "open"],
    "response": [[], "closed"],
    "response forged": [[], "closed"],
    "response repeated": [[], "closed"],
    "response to an older attempt": [[], "closed"],
    "cookie": [[], "closed"],
    "packet": [[], "closed"],
    "packet repeated": [[], "closed"],
    "packet forged": [[], "closed"],
    "packet under the former session": [[], "closed"],
    "acknowledgement": [[], "closed"],
    "acknowledgement of nothing": [[], "closed"],
    "new address": [[], "closed"],
    "sought": [["initiation"], "seeking"],
    "introduced": [["initiation"], "seeking"],
    "timeout": [[], "closed"],
    "silence": [[], "closed"],
  },
  "asking": {
    "send": [[], "asking"],
    "tell": [[], "asking"],
    "cancel": [[], "closed"],
    // It goes on asking: perhaps nobody there has the key.
    "announcement": [["initiation", "discover"], "seeking"],
    // Whether this is the peer that we look for is not known.
    "initiation": [["response"], "asking"],
    "initiation repeated": [["response", "response"], "asking"],
    "unconfirmed": [["response", "ack"], "asking"],
    "response": [[], "asking"],
    "response forged": [[], "asking"],
    "response repeated": [[], "asking"],
    "response to an older attempt": [[], "asking"],
    "cookie": [[], "asking"],
    "packet": [[], "asking"],
    "packet repeated": [[], "asking"],
    "packet forged": [[], "asking"],
    "packet under the former session": [[], "asking"],
    "acknowledgement": [[], "asking"],
    "acknowledgement of nothing": [[], "asking"],
    "new address": [[], "asking"],
    "sought": [[], "asking"],
    "introduced": [["discover"], "asking"],
    "timeout": [["discover"], "asking"],
    "silence": [[], "closed"],
  },
  "seeking": {
    "send": [[], "seeking"],
    "tell": [[], "seeking"],
    "cancel": [[], "closed"],
    "announcement": [[], "seeking"],
    "initiation": [["response"], "seeking"],
    "initiation repeated": [["response", "response"], "seeking"],
    "unconfirmed": [["response", "ack keepAlive"], "open"],
    "response": [["keepAlive"], "open"],
    "response forged": [[], "seeking"],
    "response repeated": [["keepAlive"], "open"],
    "response to an older attempt": [[], "seeking"],
    "cookie": [["initiation"], "seeking"],
    "packet": [[], "seeking"],
    "packet repeated": [[], "seeking"],
    "packet forged": [[], "seeking"],
    "packet under the former session": [[], "seeking"],
    "acknowledgement": [[], "seeking"],
    "acknowledgement of nothing": [[], "seeking"],
    "new address": [[], "seeking"],
    "sought": [[], "seeking"],
    "introduced": [["initiation"], "seeking"],
    "timeout": [["initiation"], "seeking"],
    "silence": [[], "closed"],
  },
  "open": {
    "send": [["keepAlive"], "open"],
    "tell": [["keepAlive"], "open"],
    "cancel": [[], "open"],
    "announcement": [[], "open"],
    "initiation": [["response"], "open"],
    // The link has had it, and the session that it led to.
    "initiation repeated": [[], "open"],
    "unconfirmed": [["response"], "open"],
    "response": [[], "open"],
    "response forged": [[], "open"],
    "response repeated": [[], "open"],
    "response to an older attempt": [[], "open"],
    "cookie": [[], "open"],
    "packet": [[], "open"],
    "packet repeated": [[], "open"],
    "packet forged": [[], "open"],
    "packet under the former session": [[], "open"],
    "acknowledgement": [[], "open"],
    "acknowledgement of nothing": [[], "open"],
    "new address": [["initiation"], "rekeying"],
    "sought": [[], "open"],
    "introduced": [[], "open"],
    "timeout": [["keepAlive"], "open"],
    "silence": [[], "closed"],
  },
  "rekeying": {
    // Nobody has answered for a while: the verb that is under way rides along once more.
    "send": [["keepAlive keepAlive"], "rekeying"],
    "tell": [["keepAlive keepAlive"], "rekeying"],
    "cancel": [[], "rekeying"],
    "announcement": [[], "rekeying"],
    "initiation": [["response"], "rekeying"],
    "initiation repeated": [[], "rekeying"],
    "unconfirmed": [["response"], "open"],
    // The peer is to hear of us under the new keys, and so is what it has not acknowledged.
    "response": [["keepAlive"], "open"],
    "response forged": [[], "rekeying"],
    "response repeated": [["keepAlive"], "open"],
    "response to an older attempt": [[], "rekeying"],
    "cookie": [["initiation"], "rekeying"],
    "packet": [[], "rekeying"],
    "packet repeated": [[], "rekeying"],
    "packet forged": [[], "rekeying"],
    "packet under the former session": [[], "rekeying"],
    // The peer is there after all: the handshake has its answer.
    "acknowledgement": [[], "open"],
    "acknowledgement of nothing": [[], "rekeying"],
    "new address": [[], "rekeying"],
    "sought": [[], "rekeying"],
    "introduced": [["initiation"], "rekeying"],
    // It is repeated after 150 ms; the next probe timeout comes later.
    "timeout": [["initiation"], "rekeying"],
    "silence": [[], "closed"],
  },
  "dead": {
    "send": [["initiation"], "seeking"],
    "tell": [[], "closed"],
    "cancel": [[], "closed"],
    "announcement": [[], "closed"],
    "initiation": [["response"], "closed"],
    // The time in it is remembered.
    "initiation repeated": [[], "closed"],
    "unconfirmed": [["response", "ack"], "open"],
    "response": [[], "closed"],
    "response forged": [[], "closed"],
    "response repeated": [[], "closed"],
    "response to an older attempt": [[], "closed"],
    "cookie": [[], "closed"],
    "packet": [[], "closed"],
    "packet repeated": [[], "closed"],
    "packet forged": [[], "closed"],
    "packet under the former session": [[], "closed"],
    "acknowledgement": [[], "closed"],
    "acknowledgement of nothing": [[], "closed"],
    "new address": [[], "closed"],
    "sought": [["initiation"], "seeking"],
    "introduced": [["initiation"], "seeking"],
    "timeout": [[], "closed"],
    "silence": [[], "closed"],
  },
} as const satisfies Readonly<Record<State, Readonly<Record<string, Cell>>>>;

/**
 * `unconfirmed` is the first packet of a handshake that the peer began, `response to an older attempt`
 * answers the initiation before our newest, `sought` the owner's wish to find the peer, `introduced` the word
 * that it looks for us, `timeout` is the next instant at which the link has to act,
 * `silence` the end of 30 s of it.
 */
export type Input = keyof typeof CELLS.closed;

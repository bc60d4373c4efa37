/**
 * The states of a link. A link does not store its state: the state follows from whether it has a session, and
 * whether a handshake is under way. `link.ts` looks up here what an event does to the handshake. The table in
 * docs/protocol.md section 4 shows the same from outside.
 */
export const LINK_STATES = {
  closed: "no session and no handshake",
  asking: "the peer's address is asked for its key",
  seeking: "an initiation leaves, again and again",
  open: "packets leave under the present session",
  rekeying: "the same, and a handshake is under way",
} as const;

export type LinkState = keyof typeof LINK_STATES;

export const LINK_EVENTS = {
  busy: "what is to leave is taken, and something waits for the peer, or its owner seeks it",
  idle: "the same, and neither is so",
  newAddress: "the peer may be somewhere else, too",
  unanswered: "two probe timeouts, or the session is worn",
  acknowledged: "the peer has acknowledged something, and the session is not worn",
  newSession: "one of either's handshakes is finished",
  end: "30 s of silence while something waits, or nobody needs the link any more",
} as const;

export type LinkEvent = keyof typeof LINK_EVENTS;

/** A handshake begins, or the one that is under way stops. */
export type LinkMove = "begin" | "stop";

/** The move for an event in a state. Without an entry the handshake stays as it is. */
export const LINK: Readonly<Record<LinkState, Readonly<Partial<Record<LinkEvent, LinkMove>>>>> = {
  // Without a session a handshake is under way for as long as anything waits, or the peer is sought.
  closed: {
    busy: "begin",
  },
  asking: {
    idle: "stop",
    end: "stop",
  },
  seeking: {
    idle: "stop",
    newSession: "stop",
    end: "stop",
  },
  open: {
    newAddress: "begin",
    // The peer may have restarted or moved, and only a handshake can tell.
    unanswered: "begin",
  },
  rekeying: {
    // The peer is there after all.
    acknowledged: "stop",
    newSession: "stop",
    end: "stop",
  },
};

/**
 * The states of a client's membership at its server. Once online, a client stays online for its user,
 * whatever happens to the server: if the server does not know us any more, or has restarted, we register
 * again by ourselves and say nothing. So the user is shown less (the standing) than there is to know (the
 * state).
 *
 * Each answer to a registration names the version of the server's table. The user can talk once our own table
 * has come up to it (docs/protocol.md, section 7).
 */
import type { StateTable } from "../base/state_machine.ts";

/** The state as far as the user can tell. */
export type Standing = "offline" | "registering" | "online" | "leaving";

interface Meaning {
  readonly standing: Standing;
  /**
   * True if we may speak for our nick: the server has registered us, and we have been online since the user
   * asked for it.
   */
  readonly isRegistered: boolean;
  readonly means: string;
}

export const MEMBERSHIP_STATES = {
  offline: {
    standing: "offline",
    isRegistered: false,
    means: "not registered: never yet, or we were deregistered, refused or replaced",
  },
  registering: {
    standing: "registering",
    isRegistered: false,
    means: "the user's registration is not answered yet",
  },
  welcomed: {
    standing: "registering",
    isRegistered: false,
    means: "the registration is answered, and our table is not complete yet",
  },
  retrying: {
    standing: "registering",
    isRegistered: false,
    means: "the server lost us before our table was complete, and we register again by ourselves",
  },
  online: {
    standing: "online",
    isRegistered: true,
    means: "registered, and since then our table has been complete",
  },
  renewing: {
    standing: "online",
    isRegistered: false,
    means: "we register again by ourselves, and the server has not answered yet",
  },
  renewed: {
    standing: "online",
    isRegistered: true,
    means: "the server has answered, and our table is not complete yet",
  },
  leaving: {
    standing: "leaving",
    isRegistered: true,
    means: "the user's deregistration is not answered yet",
  },
  withdrawing: {
    standing: "leaving",
    isRegistered: false,
    means: "as in leaving, but it was begun while we were registering again",
  },
} as const satisfies Readonly<Record<string, Meaning>>;

export type MembershipState = keyof typeof MEMBERSHIP_STATES;

export const MEMBERSHIP_EVENTS = {
  register: "the user asks to register",
  deregister: "the user asks to deregister",
  leave: "the process is about to end",
  checkIn: "a letter came that may be for another process under our nick",
  registered: "the server has registered us, and has not answered a newer registration before",
  refused: "the server does not give us the nick",
  olderBundle: "the server has a newer bundle of ours, and we have made a newer one than that",
  notRegistered: "the server does not know us, or not any more",
  replaced: "another process has registered under our nick",
  deregistered: "the server has deregistered us",
  restarted: "the server is in a new process, which does not know us",
  restartedForUs: "the server is in a new process, and its first packet answers our registration",
  behind: "the server has named a version of its table that is newer than ours",
  complete: "the server has named the version of its table, and ours is as new",
  countedOut: "the table says that we are offline",
  rowsDue: "500 ms have passed since we asked for rows, and our table is still behind",
  stay: "no answer comes, and the user wants the client to stay",
  prekeyDue: "our prekey is a day old",
  keepAliveDue: "25 s +- 20 % have passed since we last said that we are there",
} as const;

export type MembershipEvent = keyof typeof MEMBERSHIP_EVENTS;

/** The moves of the table. `membership.ts` makes them. */
export type MembershipMove =
  | "register"
  | "sendRegister"
  | "welcome"
  | "goOn"
  | "askForRows"
  | "stopAsking"
  | "comeOnline"
  | "comeBack"
  | "showChanges"
  | "sendKeepAlive"
  | "deregister"
  | "sendDeregister"
  | "takeBack"
  | "sendLeave"
  | "endDeregistered"
  | "endReplaced"
  | "endRefused";

/**
 * While an answer is awaited, each keep-alive repeats the question instead. A client that was replaced goes
 * offline and does not register again by itself: otherwise two processes would take the nick from each other
 * for ever.
 */
export const MEMBERSHIP: StateTable<MembershipState, MembershipEvent, MembershipMove> = {
  offline: {
    register: ["register", "registering"],
  },
  registering: {
    leave: ["sendLeave"],
    registered: ["welcome", "welcomed"],
    refused: ["endRefused", "offline"],
    olderBundle: ["sendRegister"],
    replaced: ["endReplaced", "offline"],
    restarted: ["sendRegister"],
    // Rows may overtake the answer.
    behind: ["askForRows"],
    complete: ["stopAsking"],
    rowsDue: ["askForRows"],
    keepAliveDue: ["sendRegister"],
  },
  welcomed: {
    leave: ["sendLeave"],
    checkIn: ["sendKeepAlive"],
    registered: ["goOn"],
    notRegistered: ["sendRegister", "retrying"],
    replaced: ["endReplaced", "offline"],
    restarted: ["sendRegister", "retrying"],
    behind: ["askForRows"],
    complete: ["comeOnline", "online"],
    rowsDue: ["askForRows"],
    keepAliveDue: ["sendKeepAlive"],
  },
  retrying: {
    leave: ["sendLeave"],
    // The user has not been online yet, and is welcomed again.
    registered: ["welcome", "welcomed"],
    refused: ["endRefused", "offline"],
    olderBundle: ["sendRegister"],
    replaced: ["endReplaced", "offline"],
    restarted: ["sendRegister"],
    behind: ["askForRows"],
    complete: ["stopAsking"],
    rowsDue: ["askForRows"],
    keepAliveDue: ["sendRegister"],
  },
  online: {
    deregister: ["deregister", "leaving"],
    leave: ["sendLeave"],
    checkIn: ["sendKeepAlive"],
    registered: ["goOn"],
    notRegistered: ["sendRegister", "renewing"],
    replaced: ["endReplaced", "offline"],
    restarted: ["sendRegister", "renewing"],
    behind: ["askForRows"],
    complete: ["showChanges"],
    // The server took our silence for absence.
    countedOut: ["sendRegister", "renewing"],
    rowsDue: ["askForRows"],
    prekeyDue: ["sendRegister", "renewing"],
    keepAliveDue: ["sendKeepAlive"],
  },
  renewing: {
    deregister: ["deregister", "withdrawing"],
    leave: ["sendLeave"],
    // The user was online before, and is told nothing.
    registered: ["goOn", "renewed"],
    refused: ["endRefused", "offline"],
    olderBundle: ["sendRegister"],
    replaced: ["endReplaced", "offline"],
    restarted: ["sendRegister"],
    behind: ["askForRows"],
    complete: ["stopAsking"],
    rowsDue: ["askForRows"],
    prekeyDue: ["sendRegister"],
    keepAliveDue: ["sendRegister"],
  },
  renewed: {
    deregister: ["deregister", "leaving"],
    leave: ["sendLeave"],
    checkIn: ["sendKeepAlive"],
    registered: ["goOn"],
    notRegistered: ["sendRegister", "renewing"],
    replaced: ["endReplaced", "offline"],
    restarted: ["sendRegister", "renewing"],
    behind: ["askForRows"],
    complete: ["comeBack", "online"],
    countedOut: ["sendRegister", "renewing"],
    rowsDue: ["askForRows"],
    prekeyDue: ["sendRegister", "renewing"],
    keepAliveDue: ["sendKeepAlive"],
  },
  leaving: {
    leave: ["sendLeave"],
    checkIn: ["sendKeepAlive"],
    // A server that does not know us, or not any more, has nothing to deregister.
    notRegistered: ["endDeregistered", "offline"],
    replaced: ["endReplaced", "offline"],
    deregistered: ["endDeregistered", "offline"],
    restarted: ["endDeregistered", "offline"],
    restartedForUs: ["endDeregistered", "offline"],
    // The server may have had the question, so we say that we are there.
    stay: ["takeBack", "renewing"],
    rowsDue: ["askForRows"],
    keepAliveDue: ["sendDeregister"],
  },
  withdrawing: {
    leave: ["sendLeave"],
    notRegistered: ["endDeregistered", "offline"],
    replaced: ["endReplaced", "offline"],
    deregistered: ["endDeregistered", "offline"],
    restarted: ["endDeregistered", "offline"],
    restartedForUs: ["endDeregistered", "offline"],
    stay: ["takeBack", "renewing"],
    rowsDue: ["askForRows"],
    keepAliveDue: ["sendDeregister"],
  },
};

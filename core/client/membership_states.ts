/**
 * The states of a client's membership at its server. Once online, the client stays online for its user, whatever
 * happens to the server: when the server does not know us any more, or is in a new life, we register again by
 * ourselves and say nothing. So the user sees less (the standing) than there is to know (the state).
 *
 * Each answer to a registration says how new the server's table is; only when ours is as new can the user talk.
 */
import type { StateTable } from "../base/state_machine.ts";

/** The state as far as the user knows it. */
export type Standing = "offline" | "registering" | "online" | "leaving";

interface Meaning {
  readonly standing: Standing;
  /** True if the server takes our verbs as those of our nick, and the user has been let in. */
  readonly isRegistered: boolean;
  readonly means: string;
}

export const MEMBERSHIP_STATES = {
  offline: {
    standing: "offline",
    isRegistered: false,
    means: "not registered: before the first registration, deregistered, refused or replaced",
  },
  registering: {
    standing: "registering",
    isRegistered: false,
    means: "the user's registration is not answered yet",
  },
  welcomed: {
    standing: "registering",
    isRegistered: false,
    means: "it is answered, and the table is not complete yet",
  },
  retrying: {
    standing: "registering",
    isRegistered: false,
    means: "the server has lost us before the table was complete, and we register again by ourselves",
  },
  online: {
    standing: "online",
    isRegistered: true,
    means: "registered, and the table was complete",
  },
  renewing: {
    standing: "online",
    isRegistered: false,
    means: "we register again by ourselves, and that is not answered yet",
  },
  renewed: {
    standing: "online",
    isRegistered: true,
    means: "it is answered, and the table is not complete yet",
  },
  leaving: {
    standing: "leaving",
    isRegistered: true,
    means: "the user's deregistration is not answered yet",
  },
  withdrawing: {
    standing: "leaving",
    isRegistered: false,
    means: "the same, begun while we were registering again",
  },
} as const satisfies Readonly<Record<string, Meaning>>;

export type MembershipState = keyof typeof MEMBERSHIP_STATES;

export const MEMBERSHIP_EVENTS = {
  register: "the user's command",
  deregister: "the user's command",
  leave: "the process is about to end",
  checkIn: "something came that was meant for another process under our nick",
  registered: "the server's answer, unless a newer registration was answered before",
  refused: "the server's answer",
  notRegistered: "the server does not know us (any more)",
  replaced: "another process has registered under our nick",
  deregistered: "the server's answer",
  restarted: "the server is in a new process",
  restartedForUs: "the same, and its first packet answers our registration",
  behind: "the server has told of a newer table than ours",
  complete: "the server has told of its table, and ours is as new",
  countedOut: "the table says that we are offline",
  rowsDue: "500 ms after rows were asked for, while the table is behind",
  prekeyDue: "our prekey is a day old",
  keepAliveDue: "25 s +- 20 % after we last said that we are there",
} as const;

export type MembershipEvent = keyof typeof MEMBERSHIP_EVENTS;

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
  | "sendLeave"
  | "endDeregistered"
  | "endReplaced"
  | "endRefused";

export const MEMBERSHIP: StateTable<MembershipState, MembershipEvent, MembershipMove> = {
  offline: {
    register: ["register", "registering"],
  },
  registering: {
    leave: ["sendLeave"],
    registered: ["welcome", "welcomed"],
    refused: ["endRefused", "offline"],
    replaced: ["endReplaced", "offline"],
    restarted: ["sendRegister"],
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
    registered: ["welcome", "welcomed"],
    refused: ["endRefused", "offline"],
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
    countedOut: ["sendRegister", "renewing"],
    rowsDue: ["askForRows"],
    prekeyDue: ["sendRegister", "renewing"],
    keepAliveDue: ["sendKeepAlive"],
  },
  renewing: {
    deregister: ["deregister", "withdrawing"],
    leave: ["sendLeave"],
    registered: ["goOn", "renewed"],
    refused: ["endRefused", "offline"],
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
    notRegistered: ["endDeregistered", "offline"],
    replaced: ["endReplaced", "offline"],
    deregistered: ["endDeregistered", "offline"],
    restarted: ["endDeregistered", "offline"],
    restartedForUs: ["endDeregistered", "offline"],
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
    rowsDue: ["askForRows"],
    keepAliveDue: ["sendDeregister"],
  },
};

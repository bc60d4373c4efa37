/**
 * The states of a client in two tables: the life of its process, and what may be done when. The second
 * follows from the standing of the client's membership alone (`membership_states.ts`). docs/architecture.md,
 * section 6, has both.
 */
import type { StateTable } from "../base/state_machine.ts";
import { MEMBERSHIP_STATES, type MembershipState, type Standing } from "./membership_states.ts";

// ---- the life of the process -----------------------------------------------------------------------------

/** The states of a client's process. */
export const LIFE_STATES = {
  new: "nothing was asked of the client yet",
  starting: "the client has never been online",
  running: "the client has been online",
  finishingEarly: "the input ended before the client was ever online",
  finishing: "the input has ended, and the process ends when nothing is under way any more",
  quitting: "the process ends when the client is deregistered",
} as const;

export type LifeState = keyof typeof LIFE_STATES;

/** The events that change them. */
export const LIFE_EVENTS = {
  action: "the user asks for anything",
  leave: "the user asks for the end at once",
  finish: "the input has ended",
  quit: "the user, who is online, asks to deregister and then to end",
  cameOnline: "the client is registered and its table is complete; this follows each registration",
  wasRefused: "the server does not give the nick to this client",
  wentOffline: "the client was refused, replaced or deregistered",
  stay: "the server is silent, and somebody who is typing wants no end",
  stepOver: "the client has dealt with an input",
} as const;

export type LifeEvent = keyof typeof LIFE_EVENTS;

/** The moves of the table. `client.ts` makes them. */
export type LifeMove =
  | "start"
  | "finish"
  | "deregister"
  | "catchUp"
  | "retry"
  | "leave"
  | "leaveIfDone"
  | "fail";

export const LIFE: StateTable<LifeState, LifeEvent, LifeMove> = {
  new: {
    action: ["start", "starting"],
  },
  starting: {
    leave: ["leave"],
    finish: ["finish", "finishingEarly"],
    cameOnline: ["catchUp", "running"],
    wasRefused: ["fail"],
    wentOffline: ["retry"],
    stay: ["retry"],
  },
  running: {
    leave: ["leave"],
    finish: ["finish", "finishing"],
    quit: ["deregister", "quitting"],
    cameOnline: ["catchUp"],
    wentOffline: ["retry"],
    stay: ["retry"],
  },
  finishingEarly: {
    leave: ["leave"],
    finish: ["finish"],
    cameOnline: ["catchUp", "finishing"],
    wasRefused: ["fail"],
    wentOffline: ["retry"],
    stepOver: ["leaveIfDone"],
  },
  finishing: {
    leave: ["leave"],
    finish: ["finish"],
    quit: ["deregister", "quitting"],
    cameOnline: ["catchUp"],
    wentOffline: ["retry"],
    stepOver: ["leaveIfDone"],
  },
  quitting: {
    leave: ["leave"],
    finish: ["finish"],
    wentOffline: ["leave"],
    stay: ["retry", "running"],
  },
};

// ---- verdicts --------------------------------------------------------------------------------------------

/** Everything that depends on the standing. */
export const MATTERS = {
  register: "the user registers the client's own nick",
  registerOther: "the user asks to register another nick",
  deregister: "the user deregisters the client's own nick",
  deregisterOther: "the user asks to deregister another nick",
  quit: "the user asks to deregister and then to end",
  listPeers: "the user asks who is in the table",
  trust: "the user trusts the new key of a peer",
  verify: "the user asks for the safety number with a peer",
  invite: "the user asks for an invitation",
  sendDirect: "the user writes to a peer",
  sendChannel: "the user writes to the channel",
  end: "a process whose input has ended is about to end",
  peerVerb: "a verb has come from a peer",
  streamItem: "the server has handed over a letter or a post",
} as const;

export type Matter = keyof typeof MATTERS;

/** The notices that tell the user why something is not done. */
export type Refusal = "alreadyRegistered" | "belongsToOther" | "notYou" | "youAreOffline";

/**
 * The matter is taken up, waits for another standing, is ignored, ends the process at once, or is refused by
 * a notice.
 */
export type Verdict = "do" | "wait" | "ignore" | "leave" | Refusal;

/**
 * Until the server has answered a registration or a deregistration, nobody knows whether the nick is ours.
 * Everything waits for that answer, but verbs of peers are ignored: their senders try again.
 */
const WAITING = {
  register: "wait",
  registerOther: "wait",
  deregister: "wait",
  deregisterOther: "wait",
  quit: "wait",
  listPeers: "wait",
  trust: "wait",
  verify: "wait",
  invite: "wait",
  sendDirect: "wait",
  sendChannel: "wait",
  end: "wait",
  peerVerb: "ignore",
  streamItem: "wait",
} as const;

export const VERDICTS: Readonly<Record<Standing, Readonly<Record<Matter, Verdict>>>> = {
  offline: {
    register: "do",
    registerOther: "belongsToOther",
    deregister: "youAreOffline",
    deregisterOther: "notYou",
    quit: "leave",
    listPeers: "do",
    trust: "do",
    verify: "do",
    invite: "do",
    sendDirect: "youAreOffline",
    sendChannel: "youAreOffline",
    end: "leave",
    peerVerb: "ignore",
    streamItem: "wait",
  },
  registering: WAITING,
  online: {
    register: "alreadyRegistered",
    registerOther: "alreadyRegistered",
    deregister: "do",
    deregisterOther: "notYou",
    quit: "do",
    listPeers: "do",
    trust: "do",
    verify: "do",
    invite: "do",
    sendDirect: "do",
    sendChannel: "do",
    end: "do",
    peerVerb: "do",
    streamItem: "do",
  },
  leaving: WAITING,
};

export function verdictOn(state: MembershipState, matter: Matter): Verdict {
  return VERDICTS[MEMBERSHIP_STATES[state].standing][matter];
}

/**
 * The states of a client, in two tables: the life of its process, and what may be done when. The second follows from
 * the standing of its membership alone (`membership_states.ts`).
 */
import type { StateTable } from "../base/state_machine.ts";
import { MEMBERSHIP_STATES, type MembershipState, type Standing } from "./membership_states.ts";

// ---- the life of the process -----------------------------------------------------------------------------

export const LIFE_STATES = {
  new: "nothing was asked of it yet",
  starting: "the client has never been online",
  running: "the client has been online",
  finishingEarly: "the input ended before the client was ever online",
  finishing: "the input has ended: so does the process, when everything is delivered or stored",
  quitting: "the process ends when the client is deregistered",
} as const;

export type LifeState = keyof typeof LIFE_STATES;

export const LIFE_EVENTS = {
  action: "the user asks for anything at all",
  leave: "the user asks for the end at once",
  finish: "the input has ended",
  quit: "the user asks for the end, being online",
  cameOnline: "registered, and the table is complete; for each registration",
  wasRefused: "the server does not give the nick to this client",
  wentOffline: "refused, replaced or deregistered",
  stepOver: "an input is dealt with",
} as const;

export type LifeEvent = keyof typeof LIFE_EVENTS;

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
  },
  running: {
    leave: ["leave"],
    finish: ["finish", "finishing"],
    quit: ["deregister", "quitting"],
    cameOnline: ["catchUp"],
    wentOffline: ["retry"],
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
  },
};

// ---- what may be done when -------------------------------------------------------------------------------

export const MATTERS = {
  register: "as the client's own nick",
  registerOther: "as another nick",
  deregister: "the client's own nick",
  deregisterOther: "another nick",
  quit: "the command",
  listPeers: "the command",
  trust: "the command",
  verify: "the command",
  invite: "the command",
  sendDirect: "the command",
  sendChannel: "the command",
  end: "the end of a process whose input has ended",
  peerVerb: "a peer's verb is taken",
  streamItem: "a letter or a channel message that the server hands over is taken",
} as const;

export type Matter = keyof typeof MATTERS;

/** The notice that says why something is not done. */
export type Refusal = "alreadyRegistered" | "belongsToOther" | "notYou" | "youAreOffline";

/** It is done, it waits for another standing, it is ignored, the process ends at once, or it is refused. */
export type Verdict = "do" | "wait" | "ignore" | "leave" | Refusal;

/** While the server is to answer a registration or a deregistration, everything waits for that. */
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

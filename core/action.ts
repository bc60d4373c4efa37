import type { Millis } from "./base/units.ts";
import type { HistoryQuery } from "./history.ts";

/** A name that a program gives to an action. The notices that answer the action have it, too. */
export type Ref = string;

/**
 * Everything that a user may ask of a client. Every action but `quit`, `leave` and `finish`, which end the
 * client, and `stay`, is followed by exactly one `settled` notice as soon as its outcome is known, so that a
 * script can tell when the action is over. A server knows `leave` and `release` alone, and no client knows
 * `release`.
 */
export type Action =
  | { readonly type: "register"; readonly nick: string }
  | { readonly type: "deregister"; readonly nick: string }
  /**
   * With `once` a message is a script's: it is followed until its end, is taken into the outbox before the
   * server has answered, and is the same message as the one that was sent under that name before.
   */
  | { readonly type: "sendDirect"; readonly to: string; readonly text: string; readonly once?: string }
  | { readonly type: "sendChannel"; readonly text: string; readonly once?: string }
  /** Tell how far a message has come, and follow it from now on. */
  | { readonly type: "followMessage"; readonly id: string }
  /**
   * Somebody has come to a screen in another process, which confirms what it has shown (`confirmShown`), or
   * nobody is at any screen any more.
   */
  | { readonly type: "attend"; readonly isAttended: boolean }
  /** The screen in another process has shown what it was told, up to this event. */
  | { readonly type: "confirmShown"; readonly number: number }
  /**
   * Read the journal: behind the event with this number, or what the person has not seen; or, for a program
   * with a name, from where it goes on, which is behind `after` if it never came before.
   */
  | { readonly type: "readJournal"; readonly after: number | undefined; readonly reader: string | undefined }
  /** A program, or the person (`undefined`), has dealt with everything up to this event. */
  | { readonly type: "confirmEvents"; readonly reader: string | undefined; readonly number: number }
  /** Look something up in the history. */
  | { readonly type: "readHistory"; readonly query: HistoryQuery }
  | { readonly type: "listPeers" }
  /** Find the nicks that begin with this. */
  | { readonly type: "completeNick"; readonly prefix: string }
  /** Tell how the ways to the server and to peers have been, and how many messages wait. */
  | { readonly type: "listWays" }
  /** Pin the identity that the table gives for the nick now, in the place of the one pinned before. */
  | { readonly type: "trust"; readonly nick: string }
  /**
   * Show the safety number with a peer. If it ends with these digits, which the peer sees as well, and the
   * peer's identity is the pinned one, the peer is marked as verified instead.
   */
  | { readonly type: "verify"; readonly nick: string; readonly digits: string | undefined }
  /** Show an invitation, with which somebody else can start a client that knows the server's key and ours. */
  | { readonly type: "invite" }
  /** Deregister, wait for the server's answer, then exit. For a client that only sends it is `finish`. */
  | { readonly type: "quit" }
  /**
   * Somebody is typing while the client is about to give up for want of an answer: cancel the command, and
   * wait for the server. Nothing is to be settled. At any other time it means nothing.
   */
  | { readonly type: "stay" }
  /** Tell the server in one datagram that we are gone, and exit without waiting for an answer. */
  | { readonly type: "leave" }
  /**
   * The operator of a server gives up a nick for its owner, unless that one was there within the last `idle`
   * milliseconds. The notice `released` says what became of it.
   */
  | { readonly type: "release"; readonly nick: string; readonly idle: Millis }
  /**
   * The input has ended: exit when every message is delivered or stored and the mail that waited is read, or
   * when the attempts are used up.
   */
  | { readonly type: "finish" };

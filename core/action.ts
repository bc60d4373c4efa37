import type { Millis } from "./base/units.ts";

/**
 * Everything that a user may ask of a client. Every action but `quit`, `leave` and `finish`, which end the
 * client, and `stay`, is followed by exactly one `settled` notice as soon as its outcome is known, so that a
 * script can tell when the action is over. A server knows `leave` and `release` alone, and no client knows
 * `release`.
 */
export type Action =
  | { readonly type: "register"; readonly nick: string }
  | { readonly type: "deregister"; readonly nick: string }
  | { readonly type: "sendDirect"; readonly to: string; readonly text: string }
  | { readonly type: "sendChannel"; readonly text: string }
  | { readonly type: "listPeers" }
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

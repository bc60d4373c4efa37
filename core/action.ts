/**
 * What a user may ask of a client. An action that waits for somebody's answer ends with exactly one `settled`
 * notice, so that a script can tell when it is over.
 */
export type Action =
  | { readonly type: "register"; readonly nick: string }
  | { readonly type: "deregister"; readonly nick: string }
  | { readonly type: "sendDirect"; readonly to: string; readonly text: string }
  | { readonly type: "sendChannel"; readonly text: string }
  | { readonly type: "listPeers" }
  /** Take the identity that a nick has now for its holder's. */
  | { readonly type: "trust"; readonly nick: string }
  /** Show the safety number with somebody, who counts as verified then. */
  | { readonly type: "verify"; readonly nick: string }
  /** Show what somebody else can start from. */
  | { readonly type: "invite" }
  /** Deregister, then exit. */
  | { readonly type: "quit" }
  /** Say so in one datagram and exit at once. */
  | { readonly type: "leave" }
  /** The input has ended: exit when everything is delivered or stored, or its time has run out. */
  | { readonly type: "finish" };

/** The exit statuses of commands that use the engine (docs/scripts.md): 0 is the truth. */
import type { Failure, MessageState, Notice } from "../core/notice.ts";
import type { Sent } from "./engine_methods.ts";
import { DONE, FAILED } from "./world.ts";

/** The server has the message, and its recipient had not collected it when the time was over. */
export const NOT_DELIVERED = 3;
/** The recipient or the server does not want it, or the recipient's key has changed. */
export const REFUSED = 4;
/** The server does not answer: the message is in the outbox. */
export const NO_SERVER = 5;
/** Too much for now, or too much in all. */
export const NO_ROOM = 6;
/** Nobody has that nick. */
export const UNKNOWN_PEER = 7;

const OF_FAILURES: Readonly<Partial<Record<Failure, number>>> = {
  unknown: UNKNOWN_PEER,
  quota: NO_ROOM,
  full: NO_ROOM,
  rate: NO_ROOM,
  refused: REFUSED,
  revoked: REFUSED,
  "other key": REFUSED,
  online: REFUSED,
};

const OF_NOTICES: Readonly<Partial<Record<Notice["type"], number>>> = {
  unknownPeer: UNKNOWN_PEER,
  tooMany: NO_ROOM,
  nicksExhausted: NO_ROOM,
  peerKeyChanged: REFUSED,
  peerRevoked: REFUSED,
  nickOfAnotherKey: REFUSED,
  identityEnded: REFUSED,
  nickOnline: REFUSED,
  serverKeyChanged: REFUSED,
  replaced: REFUSED,
};

/** The status for the reason why something was not done. */
export function statusOfReason(why: Notice | undefined): number {
  if (why === undefined) return FAILED;
  const known = why.type === "failed" ? OF_FAILURES[why.failure] : OF_NOTICES[why.type];
  return known ?? FAILED;
}

const ORDER: readonly MessageState[] = ["queued", "sent", "stored", "delivered"];

/** The status for a message that was to come as far as `wanted`. */
export function statusOf({ state, why }: Sent, wanted: MessageState): number {
  if (state === "failed") return statusOfReason(why);
  if (ORDER.indexOf(state) >= ORDER.indexOf(wanted)) return DONE;
  return state === "stored" ? NOT_DELIVERED : NO_SERVER;
}

/** True if the same command may succeed later. */
export function isRetryable(status: number): boolean {
  return status === NO_SERVER || status === NO_ROOM;
}

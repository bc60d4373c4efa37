/** Datagrams that a machine has sent, taken apart. Cheap primitives seal nothing: all is read. */
import { MALFORMED } from "../../core/base/bytes.ts";
import { TAG_BYTES } from "../../core/base/crypto.ts";
import type { Address, Datagram } from "../../core/base/units.ts";
import type { Output } from "../../core/machine.ts";
import { decodeVerb, type Verb } from "../../core/messages/verb.ts";
import { type Frame, readFrames } from "../../core/wire/frame.ts";
import { decodePacket, type Packet } from "../../core/wire/packet.ts";

export interface Sent {
  readonly to: Address;
  readonly bytes: Uint8Array;
  readonly packet: Packet;
  /** The frames of a transport packet. */
  readonly frames: readonly Frame[];
  /** The verbs in it, except for parts of one; the first one is `verb`. */
  readonly verbs: readonly Verb[];
  readonly verb: Verb | undefined;
}

/** Takes a datagram apart. */
export function opened(to: Address, bytes: Uint8Array): Sent {
  const packet = decodePacket(bytes);
  if (packet === MALFORMED) throw new Error("a malformed packet");
  const frames = packet.type === "transport" ? readFrames(packet.sealed.slice(0, -TAG_BYTES)) : [];
  if (frames === MALFORMED) throw new Error("malformed frames");
  const verbs = frames.flatMap((frame) => {
    const verb = "verb" in frame && frame.verb.length > 0 ? decodeVerb(frame.verb) : undefined;
    if (verb === MALFORMED) throw new Error("a malformed verb");
    return verb === undefined ? [] : [verb];
  });
  return { to, bytes, packet, frames, verbs, verb: verbs[0] };
}

export function sent(outputs: readonly (Datagram | Output)[]): Sent[] {
  return outputs.flatMap((output) => "bytes" in output ? [opened(output.to, output.bytes)] : []);
}

/** A packet in short: `initiation`, or the frames of a transport packet: `ack keepAlive`. */
export function nameOf({ packet, frames }: Sent): string {
  if (packet.type !== "transport") return packet.type;
  return frames.map((frame) => {
    if (!("verb" in frame)) return frame.type;
    const verb = decodeVerb(frame.verb);
    return verb === MALFORMED ? "nothing" : verb.type;
  }).join(" ");
}

export function named(outputs: readonly Output[]): string[] {
  return sent(outputs).map(nameOf);
}

/** The number of a transport packet; 0 for others. */
export function numberOf({ packet }: Sent): number {
  return packet.type === "transport" ? packet.number : 0;
}

/** Datagrams as the network sees them, taken apart as far as they mean something. */
import { MALFORMED, Writer } from "../../core/base/bytes.ts";
import { TAG_BYTES } from "../../core/base/crypto.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import { decodeVerb, type Verb, type VerbType } from "../../core/messages/verb.ts";
import { readFrames } from "../../core/wire/frame.ts";
import {
  decodePacket,
  type Packet,
  TRANSPORT_HEADER_BYTES,
  writeTransportHeader,
} from "../../core/wire/packet.ts";

export type Kind =
  | VerbType
  | Exclude<Packet["type"], "transport">
  | "acknowledgement"
  | "part"
  | "ping"
  | "garbage";

/** A transport packet around sealed frames. */
export function encodeTransport(receiver: number, number: number, sealed: Uint8Array): Uint8Array {
  const datagram = new Uint8Array(TRANSPORT_HEADER_BYTES + sealed.length);
  writeTransportHeader(datagram, receiver, number);
  datagram.set(sealed, TRANSPORT_HEADER_BYTES);
  return datagram;
}

/** The content of a datagram: the cheap primitives seal nothing. */
export interface Opened {
  /** Its verbs, or what else it is. */
  readonly kinds: readonly Kind[];
  /** Whole ones only; of a verb in parts there are only `part`s. */
  readonly verbs: readonly Verb[];
}

export function open(bytes: Uint8Array): Opened {
  const packet = decodePacket(bytes);
  if (packet === MALFORMED) return { kinds: ["garbage"], verbs: [] };
  if (packet.type !== "transport") return { kinds: [packet.type], verbs: [] };
  const frames = readFrames(packet.sealed.subarray(0, -TAG_BYTES));
  if (frames === MALFORMED) return { kinds: ["garbage"], verbs: [] };
  const verbs = frames.flatMap((frame) => {
    const verb = "verb" in frame ? decodeVerb(frame.verb) : MALFORMED;
    return verb === MALFORMED ? [] : [verb];
  });
  const others = frames.flatMap(({ type }) => type === "part" || type === "ping" ? [type] : []);
  const kinds = [...verbs.map(({ type }) => type), ...others];
  return { kinds: kinds.length === 0 ? ["acknowledgement"] : kinds, verbs };
}

/** A datagram that somebody has sent, opened when somebody asks. */
export class SeenDatagram implements Opened {
  readonly at: Millis;
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
  #opened: Opened | undefined;

  constructor(at: Millis, from: Address, to: Address, bytes: Uint8Array) {
    this.at = at;
    this.from = from;
    this.to = to;
    this.bytes = bytes;
  }

  get kinds(): readonly Kind[] {
    return (this.#opened ??= open(this.bytes)).kinds;
  }

  get verbs(): readonly Verb[] {
    return (this.#opened ??= open(this.bytes)).verbs;
  }

  is({ from, to, kind, text }: Which): boolean {
    return (from === undefined || from.isAt(this.from)) && (to === undefined || to.isAt(this.to)) &&
      (kind === undefined || this.kinds.includes(kind)) &&
      (text === undefined || this.verbs.some((verb) => says(verb, text)));
  }
}

/** Which datagrams are meant; what is left out does not matter. */
export interface Which {
  readonly from?: Somewhere;
  readonly to?: Somewhere;
  readonly kind?: Kind;
  /** The text of the message. */
  readonly text?: string;
}

/** A process, or somebody else who has an address. */
export interface Somewhere {
  isAt(address: Address): boolean;
}

/** Whether a message says this: no letter is sealed here, and the length stands before the text. */
function says(verb: Verb, text: string): boolean {
  if (verb.type === "direct") return verb.messages.some((message) => message.text === text);
  if (!("body" in verb)) return false;
  const writer = new Writer();
  writer.text24(text);
  return verb.body.toHex().includes(writer.finish().toHex());
}

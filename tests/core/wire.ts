/** Links and peers for tests that play one end of the wire by hand. */
import { MALFORMED } from "../../core/bytes.ts";
import { decodeFrame, type Frame, type Transport } from "../../core/frame.ts";
import { Link, type LinkContext } from "../../core/link.ts";
import type { Address, Millis, Output } from "../../core/machine.ts";
import { addressKey } from "../../core/table.ts";
import { decodeVerb, encodeVerb, type Verb } from "../../core/verb.ts";

export const PEER: Address = { host: "10.0.0.2", port: 2 };
export const ELSEWHERE: Address = { host: "10.0.0.3", port: 3 };
export const OWN_SESSION = "00000001";
export const PEER_SESSION = "000000aa";

/** The token that the peer hands out for our address. */
export const PEER_TOKEN = "ee".repeat(8);

export interface Sent {
  readonly to: Address;
  readonly frame: Frame;
  readonly bytes: Uint8Array;
  /** What a transport packet said; absent when it only acknowledges, and in other frames. */
  readonly verb: Verb | undefined;
}

export function sent(outputs: readonly Output[]): Sent[] {
  return outputs.filter((output) => output.type === "transmit").map(({ to, bytes }) => {
    const frame = decodeFrame(bytes);
    if (frame === MALFORMED) throw new Error("left malformed");
    const verb = frame.type === "transport" && frame.verb.length > 0 ? decodeVerb(frame.verb) : undefined;
    if (verb === MALFORMED) throw new Error("a malformed verb left");
    return { to, frame, bytes, verb };
  });
}

/** What left, in short: `hello`, `retry`, `transport 3 keepAlive`, `transport 0 ack`. */
export function named(outputs: readonly Output[]): string[] {
  return sent(outputs).map(({ frame, verb }) =>
    frame.type === "transport" ? `transport ${frame.number} ${verb?.type ?? "ack"}` : frame.type
  );
}

export const verbOf = (nick: string): Verb => ({ type: "keepAlive", nick });

/** A transport packet as the peer sends it. */
export function packet(
  number: number,
  values: Partial<Omit<Transport, "type">> = {},
  verb?: Verb,
): Transport {
  return {
    type: "transport",
    token: "00".repeat(8),
    reply: PEER_TOKEN,
    session: PEER_SESSION,
    number,
    acked: undefined,
    verb: verb === undefined ? new Uint8Array(0) : encodeVerb(verb),
    ...values,
  };
}

export function acking(...numbers: number[]): Transport {
  return packet(0, { acked: { session: OWN_SESSION, numbers } });
}

/** A link whose jitter is in the hands of the test. */
export class TestLink {
  chance = 0.5;
  readonly link: Link;

  constructor(now: Millis, addresses: readonly Address[] = [PEER]) {
    const context: LinkContext = {
      tokenFor: (address) => addressKey(address).length.toString(16).padStart(16, "0"),
      chance: () => this.chance,
      touched: () => {},
    };
    this.link = new Link(now, context, OWN_SESSION, addresses);
  }

  /** The same with a path to the first address, and one packet acknowledged, so that the window is open. */
  static withPath(now: Millis, addresses: readonly Address[] = [PEER]): TestLink {
    const test = new TestLink(now, addresses);
    test.link.send(now, verbOf("first"));
    test.link.take(now);
    test.link.receiveRetry(now, addresses[0]!, PEER_TOKEN);
    test.link.take(now);
    test.link.receive(now, addresses[0]!, acking(1));
    test.link.take(now);
    return test;
  }
}

/** Links without sockets, all in one process: what a packet costs, layer by layer, handshakes, idle links. */
import { MALFORMED, Writer } from "../core/base/bytes.ts";
import { primitives } from "../core/base/crypto.ts";
import type { Address, Millis } from "../core/base/units.ts";
import { Links } from "../core/link/links.ts";
import { PEOPLE_BYTES } from "../core/messages/direct.ts";
import { PREKEY_ID_BYTES } from "../core/messages/letter_form.ts";
import { PREFIX_BYTES } from "../core/messages/message_id.ts";
import { decodeVerb, encodeVerb, type Verb } from "../core/messages/verb.ts";
import { readFrames, writeFrame } from "../core/wire/frame.ts";
import {
  decodePacket,
  OVERHEAD_BYTES,
  TRANSPORT_HEADER_BYTES,
  writeTransportHeader,
} from "../core/wire/packet.ts";
import { time } from "./letters.ts";

const [A, B]: readonly Address[] = [{ host: "10.0.0.1", port: 1 }, { host: "10.0.0.2", port: 2 }];
const NONE = new Uint8Array(0);
const MESSAGES = 50_000;
const AT_ONCE = 50;
const HANDSHAKES = 3_000;
const IDLE_LINKS = 10_000;

/** Its text has 64 bytes. */
const DIRECT: Verb = {
  type: "direct",
  from: "alice",
  to: "bob",
  people: "7e".repeat(PEOPLE_BYTES),
  place: "0b".repeat(PREKEY_ID_BYTES),
  prefix: "00".repeat(PREFIX_BYTES),
  messages: [{ sequence: 1000, after: undefined, sentAt: 1_700_000_000_000, text: "m".repeat(64) }],
};

const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));

class Side {
  readonly links: Links;
  readonly key: string;
  #last = 0;

  constructor(keepsAlive = true) {
    const ownKey = primitives.keyPair(random(32));
    this.key = ownKey.publicKey.toHex();
    const timed = { timestamp: () => ++this.#last, stopwatch: () => 0 };
    this.links = new Links({ primitives, random, ownKey, ...timed, name: "bench", keepsAlive });
  }

  take(now: Millis): Uint8Array[] {
    return this.links.takeDatagrams(now).map(({ bytes }) => bytes);
  }
}

/** Carries everything both ways until nobody has anything to say at this moment. */
function exchange(now: Millis, a: Side, b: Side, addressOfA = A): void {
  for (let busy = true; busy;) {
    busy = false;
    for (const bytes of a.take(now)) {
      b.links.receive(now, addressOfA!, bytes);
      busy = true;
    }
    for (const bytes of b.take(now)) {
      a.links.receive(now, B!, bytes);
      busy = true;
    }
  }
}

/** Microseconds; `in`, `out`: what the sender does and what the receiver does. */
export function layers(): { layer: string; out: number; in: number }[] {
  const verb = encodeVerb(DIRECT);
  const key = random(32);
  const written = () => {
    const writer = new Writer();
    writeFrame(writer, { type: "ordered", number: 1000, verb });
    return writer.view();
  };
  const plaintext = written().slice();
  const packet = new Uint8Array(OVERHEAD_BYTES + plaintext.length);
  const sealed = packet.subarray(TRANSPORT_HEADER_BYTES);
  const seal = () => primitives.sealInto(sealed, key, 1000, NONE, plaintext);
  const header = () => writeTransportHeader(packet, 1, 1000);
  seal();
  header();
  if (decodePacket(packet) === MALFORMED) throw new Error("a malformed packet");
  const rows = [
    {
      layer: "verb",
      out: time(MESSAGES, () => encodeVerb(DIRECT)),
      in: time(MESSAGES, () => decodeVerb(verb)),
    },
    { layer: "frame", out: time(MESSAGES, written), in: time(MESSAGES, () => readFrames(plaintext)) },
    {
      layer: "seal, open",
      out: time(MESSAGES, seal),
      in: time(MESSAGES, () => primitives.open(key, 1000, NONE, sealed)),
    },
    {
      layer: "packet",
      out: time(MESSAGES, header),
      in: time(MESSAGES, () => decodePacket(packet)),
    },
  ];
  return [...rows, { layer: "all, with parcels, recovery and acknowledgements", ...wholeLink() }];
}

/** One message a packet, so that a packet is what is measured; acknowledgements as they come. */
function wholeLink(): { out: number; in: number } {
  const [alice, bob] = [new Side(), new Side()];
  const link = alice.links.open(0, bob.key, [B!]);
  link.send(0, DIRECT);
  exchange(0, alice, bob);
  const spent = { out: 0, in: 0 };
  let now = 1;
  for (let sent = 0; sent < MESSAGES; sent += AT_ONCE) {
    for (let count = 0; count < AT_ONCE; count++) {
      const began = performance.now();
      link.send(now, DIRECT);
      const packets = alice.take(now);
      const between = performance.now();
      for (const bytes of packets) bob.links.receive(now, A!, bytes);
      const answers = bob.take(now);
      const after = performance.now();
      for (const bytes of answers) alice.links.receive(now, B!, bytes);
      spent.out += between - began + performance.now() - after;
      spent.in += after - between;
      now += 0.1;
    }
    now += 30;
    exchange(now, alice, bob);
  }
  return { out: spent.out * 1000 / MESSAGES, in: spent.in * 1000 / MESSAGES };
}

/** Handshakes a second that a server answers and confirms, with everything that it does for them. */
export function handshakes(): number {
  const server = new Side(false);
  let spent = 0;
  for (let count = 0; count < HANDSHAKES; count++) {
    const now = count * 20;
    const client = new Side();
    client.links.open(now, server.key, [B!]).send(now, { type: "keepAlive", nick: "x" });
    for (let turn = 0; turn < 2; turn++) {
      for (const bytes of client.take(now)) {
        const began = performance.now();
        server.links.receive(now, { host: "10.1.1.1", port: 1000 + count }, bytes);
        const answers = server.take(now);
        spent += performance.now() - began;
        for (const answer of answers) client.links.receive(now, B!, answer);
      }
    }
  }
  return HANDSHAKES / (spent / 1000);
}

/** KiB of each link that said something and then nothing more. Needs `--v8-flags=--expose-gc`. */
export function idleLink(): number {
  const server = new Side(false);
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("start with --v8-flags=--expose-gc");
  const used = () => {
    gc();
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  for (let count = 0; count < IDLE_LINKS; count++) {
    const now = count * 20;
    const client = new Side();
    const address = { host: `10.1.${count >> 8}.${count & 255}`, port: 1000 };
    client.links.open(now, server.key, [B!]).send(now, { type: "keepAlive", nick: "x" });
    exchange(now, client, server, address);
    const { links } = server;
    const link = links.get(client.key);
    if (link === undefined) throw new Error("no link");
    link.kept = true;
    exchange(now + 30, client, server, address);
  }
  const after = used();
  // What is measured has to be alive until then.
  if (server.links.deadline < 0) throw new Error("the server is not idle");
  return (after - before) / IDLE_LINKS / 1024;
}

if (import.meta.main) console.log(idleLink());

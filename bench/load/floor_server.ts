/**
 * Servers that do less than ours, and print their ports. `floor_server.ts bare`, `encrypted` and `packed`
 * remember who has greeted and send each message on to all of them but its sender: as it is, sealed for each,
 * or with all that has come meanwhile in one packet. `links` makes links and welcomes everybody, and knows
 * nothing else.
 */
import { setImmediate } from "node:timers";
import { KEY_BYTES } from "../../core/base/crypto.ts";
import { Links } from "../../core/link/links.ts";
import type { Machine } from "../../core/machine.ts";
import { NO_VERSION } from "../../core/messages/table.ts";
import { systemPrimitives } from "../../transport/native_aead.ts";
import { drive } from "../../transport/driver.ts";
import { bindUdp } from "../../transport/udp.ts";
import { decodeFloor, encodeFloor, FULL_PACKET, GREETING } from "./floor_packet.ts";
import { HOST } from "./job.ts";
import { now, RECEIVE_BUFFER_BYTES } from "./seat.ts";

const [mode = ""] = Deno.args;
const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));

if (mode === "links") await serveLinks();
else await serveDatagrams(mode);

async function serveDatagrams(mode: string): Promise<never> {
  const isSealed = mode !== "bare";
  const socket = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  console.log((socket.addr as Deno.NetAddr).port);
  const members = new Map<string, Deno.NetAddr>();
  const buffer = new Uint8Array(RECEIVE_BUFFER_BYTES);
  const waiting: { readonly number: number; readonly from: string }[] = [];
  let isSending = false;

  /** Every message is for all but its sender; those that wait share packets where that is measured. */
  const sendAll = async () => {
    if (mode === "packed") await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const some = waiting.splice(0, mode === "packed" ? FULL_PACKET : 1);
      for (const [key, address] of members) {
        const numbers = some.filter(({ from }) => from !== key).map(({ number }) => number);
        if (numbers.length > 0) await socket.send(encodeFloor(numbers, isSealed), address);
      }
    }
    isSending = false;
  };

  for (;;) {
    const [bytes, from] = await socket.receive(buffer);
    const address = from as Deno.NetAddr;
    const key = `${address.hostname}:${address.port}`;
    for (const number of decodeFloor(bytes, isSealed)) {
      if (number !== GREETING) {
        waiting.push({ number, from: key });
        continue;
      }
      members.set(key, address);
      await socket.send(encodeFloor([GREETING], isSealed), address);
    }
    if (waiting.length === 0 || isSending) continue;
    isSending = true;
    sendAll();
  }
}

/** Links, and a welcome for whoever registers, by the same loop as our server. */
async function serveLinks(): Promise<void> {
  const socket = bindUdp(HOST, 0, "-p");
  console.log(socket.address.port);
  const primitives = systemPrimitives();
  let [timestamp, streams] = [0, 0];
  const links = new Links({
    primitives,
    random,
    ownKey: primitives.keyPair(random(KEY_BYTES)),
    timestamp: () => ++timestamp,
    stopwatch: () => performance.now(),
    name: "floor",
    keepsAlive: false,
  });
  const welcome = { version: NO_VERSION, members: 0, waiting: 0, dropped: 0 };
  const machine: Machine = {
    get deadline() {
      return links.deadline;
    },
    step(at, input) {
      if (input.type === "tick") {
        return links.takeDatagrams(at).map((datagram) => ({ type: "transmit", ...datagram }));
      }
      const arrival = input.type === "datagram" ? links.receive(at, input.from, input.bytes) : undefined;
      if (arrival?.type !== "verbs") return [];
      for (const verb of arrival.verbs) {
        if (verb.type !== "register") continue;
        arrival.link.send(at, { type: "registered", nick: verb.nick, stream: ++streams, ...welcome });
      }
      return [];
    },
  };
  await drive({ machine, socket, store: undefined, now, wall: now, show: () => {} }).ended;
}

/**
 * Bare `Deno.listenDatagram`, the floor under every figure: `bare.ts` echoes and prints its port; `bare.ts
 * PORT COUNT` sends COUNT datagrams of 64 bytes, each after the echo of the one before, and prints one line
 * of JSON.
 */
import { summarize } from "./summary.ts";

const [port, count = "0"] = Deno.args;
const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
const buffer = new Uint8Array(2048);

if (port === undefined) {
  console.log((socket.addr as Deno.NetAddr).port);
  for (;;) {
    const [bytes, from] = await socket.receive(buffer);
    await socket.send(bytes, from);
  }
}

const WARM_UP = 5_000;
const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port: Number(port) };
const message = new Uint8Array(64);
const times: number[] = [];
for (let sent = 0; sent < Number(count) + WARM_UP; sent++) {
  const began = performance.now();
  await socket.send(message, to);
  await socket.receive(buffer);
  times.push(performance.now() - began);
}
console.log(JSON.stringify(summarize(times.slice(WARM_UP))));
Deno.exit(0);

/**
 * `flooder.ts PER_SECOND PORT`: so many junk datagrams a second to a port of this machine, from 16 addresses,
 * for half a minute at most: random bytes, and packets of every kind whose contents are random.
 */
const [perSecond = "", port = ""] = Deno.args;
const ADDRESSES = 16;
const LIFE_MS = 30_000;
const KINDS = [0x41, 0x43, 0x44, 0x45, 0x46, 0x46, 0x46];
/** Of the kinds whose length is fixed it is right: discover, initiation, response, cookie reply. */
const LENGTHS: Readonly<Record<number, number>> = { 0x41: 98, 0x43: 151, 0x44: 85, 0x45: 69 };

const sockets = Array.from(
  { length: ADDRESSES },
  (_, at) => Deno.listenDatagram({ transport: "udp", hostname: `127.1.0.${1 + at}`, port: 0 }),
);
const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port: Number(port) };
const began = performance.now();

function junk(count: number): Uint8Array {
  const kind = KINDS[count % KINDS.length]!;
  const bytes = crypto.getRandomValues(new Uint8Array(LENGTHS[kind] ?? 29 + count % 200));
  if (count % 2 === 0) bytes[0] = kind;
  return bytes;
}

console.log("flooding");
for (let sent = 0; performance.now() - began < LIFE_MS;) {
  const due = (performance.now() - began) * Number(perSecond) / 1000;
  // A full buffer is no reason to stop.
  while (sent < due) await sockets[sent % ADDRESSES]!.send(junk(sent++), to).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 1));
}

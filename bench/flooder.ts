/**
 * `flooder.ts PER_SECOND PORT`: so many junk datagrams a second to a port of this machine, from 16 addresses,
 * for half a minute at most: random bytes, and packets of every kind whose contents are random.
 */
const [perSecond = "", port = ""] = Deno.args;
const ADDRESSES = 16;
const LIFE_MS = 30_000;
const KINDS = [0x31, 0x33, 0x34, 0x35, 0x36, 0x36, 0x36];
/** Of the kinds whose length is fixed it is right: discover, initiation, response, cookie reply. */
const LENGTHS: Readonly<Record<number, number>> = { 0x31: 98, 0x33: 151, 0x34: 85, 0x35: 69 };

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

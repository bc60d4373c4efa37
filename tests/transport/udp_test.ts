import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Address } from "../../core/base/units.ts";
import { resolveHost } from "../../transport/resolve.ts";
import { bindUdp, NetworkError, type ReceivedDatagram, UdpSocket } from "../../transport/udp.ts";

const HOST = "127.0.0.1";

async function withPair(work: (a: UdpSocket, b: UdpSocket) => Promise<void>): Promise<void> {
  const a = bindUdp(HOST, 0, "-p");
  const b = bindUdp(HOST, 0, "-p");
  try {
    await work(a, b);
  } finally {
    a.close();
    b.close();
  }
}

function to(socket: UdpSocket): Address {
  return { host: HOST, port: socket.address.port };
}

function send(from: UdpSocket, bytes: Uint8Array, to: Address): Promise<void> {
  return from.send([{ bytes, to }]);
}

/** The first `count` datagrams that come. */
async function receive(socket: UdpSocket, count: number): Promise<ReceivedDatagram[]> {
  const received: ReceivedDatagram[] = [];
  while (received.length < count) received.push(...await socket.receive() ?? []);
  return received;
}

Deno.test("a datagram arrives with the address it came from", () =>
  withPair(async (a, b) => {
    await send(a, new Uint8Array([1, 2, 3]), to(b));
    assertEquals(await b.receive(), [{ from: a.address, bytes: new Uint8Array([1, 2, 3]) }]);
  }));

Deno.test("the bytes received stay as they are when the next datagram comes", () =>
  withPair(async (a, b) => {
    await send(a, new Uint8Array([1, 2, 3]), to(b));
    await send(a, new Uint8Array([9]), to(b));
    const [first] = await receive(b, 2);
    assertEquals(first?.bytes, new Uint8Array([1, 2, 3]));
  }));

Deno.test("a burst that is awaited leaves in order", () =>
  withPair(async (a, b) => {
    await a.send(Array.from({ length: 200 }, (_, n) => ({ bytes: new Uint8Array([n]), to: to(b) })));
    assertEquals(
      (await receive(b, 200)).map(({ bytes }) => bytes[0]),
      Array.from({ length: 200 }, (_, n) => n),
    );
  }));

Deno.test("1200 bytes are received, 1201 are dropped and counted", () =>
  withPair(async (a, b) => {
    for (const length of [1201, 5000, 0, 1200]) await send(a, new Uint8Array(length), to(b));
    assertEquals((await receive(b, 2)).map(({ bytes }) => bytes.length), [0, 1200]);
    assertEquals([...b.dropped], [["OVERSIZE", 2]]);
  }));

Deno.test("a datagram that cannot leave is counted by cause, and the next one leaves", () =>
  withPair(async (a, b) => {
    await send(a, new Uint8Array(70_000), to(b));
    await send(a, new Uint8Array(70_000), to(b));
    await send(a, new Uint8Array(1), { host: "", port: 1 });
    assertEquals([...a.dropped], [["EMSGSIZE", 2], ["URIError", 1]]);
    await send(a, new Uint8Array([7]), to(b));
    assertEquals((await receive(b, 1))[0]?.bytes, new Uint8Array([7]));
  }));

Deno.test("a datagram that cannot leave holds up none of those around it", () =>
  withPair(async (a, b) => {
    const datagrams = Array.from({ length: 150 }, (_, n) => ({ bytes: new Uint8Array([n]), to: to(b) }));
    for (const n of [0, 63, 64, 149]) datagrams[n] = { bytes: new Uint8Array(70_000), to: to(b) };
    for (const n of [30, 100]) datagrams[n] = { bytes: new Uint8Array(1), to: { host: "", port: 1 } };
    datagrams[101] = { bytes: new Uint8Array(1), to: { host: HOST, port: 0 } };
    await a.send(datagrams);
    const left = Array.from({ length: 150 }, (_, n) => n).filter((n) =>
      ![0, 30, 63, 64, 100, 101, 149].includes(n)
    );
    assertEquals((await receive(b, left.length)).map(({ bytes }) => bytes[0]), left);
    assertEquals(Object.fromEntries(a.dropped), { EMSGSIZE: 4, URIError: 2, EINVAL: 1 });
  }));

/** Machines without IPv6 exist. */
function hasIpv6(): boolean {
  try {
    Deno.listenDatagram({ transport: "udp", hostname: "::", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test({
  name: "IPv4 through a dual-stack socket has its plain address (needs IPv6)",
  ignore: !hasIpv6(),
  fn: () =>
    withPair(async (a) => {
      const dual = bindUdp("::", 0, "-p");
      await send(a, new Uint8Array([1]), to(dual));
      assertEquals((await receive(dual, 1))[0]?.from, a.address);
      await send(dual, new Uint8Array([2]), a.address);
      assertEquals((await receive(a, 1))[0]?.bytes, new Uint8Array([2]));
      dual.close();
    }),
});

Deno.test("close ends a pending receive; after it nothing is received, sent or thrown", () =>
  withPair(async (a, b) => {
    const pending = a.receive();
    a.close();
    a.close();
    assertEquals(await pending, undefined);
    assertEquals(await a.receive(), undefined);
    await send(a, new Uint8Array(1), to(b));
    assertEquals([...a.dropped], [["BadResource", 1]]);
  }));

Deno.test("a peer that is gone is counted, as Windows reports it; another error of receive is thrown", async () => {
  const failures = [
    Object.assign(new Error("connection reset"), { code: "ECONNRESET" }),
    Object.assign(new Error("no memory"), { code: "ENOMEM" }),
  ];
  const connection = { receive: () => Promise.reject(failures.shift()) } as unknown as Deno.DatagramConn;
  const socket = new UdpSocket(connection);
  await assertRejects(() => socket.receive(), Error, "no memory");
  assertEquals([...socket.dropped], [["ECONNRESET", 1]]);
});

Deno.test("a port in use and an address of another machine are named", () =>
  withPair((a) => {
    const { port } = a.address;
    assertEquals(
      assertThrows(() => bindUdp(HOST, port, "-c"), NetworkError).message,
      `cannot listen on port ${port}: it is in use, choose another with '-c'`,
    );
    // Reserved for documentation (RFC 5737), so nobody has it.
    assertEquals(
      assertThrows(() => bindUdp("192.0.2.1", 0, "-c"), NetworkError).message,
      "cannot listen on '192.0.2.1': it is not an address of this machine, choose another with '--host'",
    );
    assertEquals(
      assertThrows(() => bindUdp("", 0, "-c"), NetworkError).message,
      "cannot listen on '' port 0: invalid empty host: ''",
    );
    return Promise.resolve();
  }));

Deno.test("an address is its own, localhost is IPv4, and who cannot be found is named", async () => {
  for (const address of ["127.0.0.1", "10.1.2.3", "::1"]) assertEquals(await resolveHost(address), address);
  for (const name of ["localhost", "LocalHost", "localhost.", "LOCALHOST."]) {
    assertEquals(await resolveHost(name), "127.0.0.1", name);
  }
  // Neither gets as far as a name server.
  for (const name of ["", "no such host"]) {
    const error = await assertRejects(() => resolveHost(name), NetworkError);
    assertEquals(error.message, `cannot find the address of '${name}', check the name or give the address`);
  }
});

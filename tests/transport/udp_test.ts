import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Address } from "../../core/base/units.ts";
import { resolveHost } from "../../transport/resolve.ts";
import { bindUdp, NetworkError, UdpSocket } from "../../transport/udp.ts";

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

Deno.test("a datagram arrives with the address it came from", () =>
  withPair(async (a, b) => {
    await a.send(new Uint8Array([1, 2, 3]), to(b));
    assertEquals(await b.receive(), { from: a.address, bytes: new Uint8Array([1, 2, 3]) });
  }));

Deno.test("the bytes received stay as they are when the next datagram comes", () =>
  withPair(async (a, b) => {
    await a.send(new Uint8Array([1, 2, 3]), to(b));
    await a.send(new Uint8Array([9]), to(b));
    const first = await b.receive();
    await b.receive();
    assertEquals(first?.bytes, new Uint8Array([1, 2, 3]));
  }));

Deno.test("a burst that is awaited leaves in order", () =>
  withPair(async (a, b) => {
    for (let n = 0; n < 200; n++) await a.send(new Uint8Array([n]), to(b));
    for (let n = 0; n < 200; n++) assertEquals((await b.receive())?.bytes, new Uint8Array([n]));
  }));

Deno.test("1200 bytes are received, 1201 are dropped and counted", () =>
  withPair(async (a, b) => {
    for (const length of [1201, 5000, 0, 1200]) await a.send(new Uint8Array(length), to(b));
    assertEquals((await b.receive())?.bytes.length, 0);
    assertEquals((await b.receive())?.bytes.length, 1200);
    assertEquals([...b.dropped], [["OVERSIZE", 2]]);
  }));

Deno.test("a datagram that cannot leave is counted by cause, and the next one leaves", () =>
  withPair(async (a, b) => {
    await a.send(new Uint8Array(70_000), to(b));
    await a.send(new Uint8Array(70_000), to(b));
    await a.send(new Uint8Array(1), { host: "", port: 1 });
    assertEquals([...a.dropped], [["EMSGSIZE", 2], ["URIError", 1]]);
    await a.send(new Uint8Array([7]), to(b));
    assertEquals((await b.receive())?.bytes, new Uint8Array([7]));
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
      await a.send(new Uint8Array([1]), to(dual));
      assertEquals((await dual.receive())?.from, a.address);
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
    await a.send(new Uint8Array(1), to(b));
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

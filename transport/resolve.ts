/** From the name of a host to its address. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { NetworkError } from "./udp.ts";

/**
 * The numeric address of `host`, IPv4 where it has one. Done once and not for each datagram: Deno would look a
 * name up at every send, and let later datagrams overtake. Throws a `NetworkError` when there is none.
 */
export async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  // Everywhere the same, whatever the hosts file says: servers and clients listen on IPv4.
  if (host === "localhost") return "127.0.0.1";
  let address: string | null = null;
  let cause: unknown;
  try {
    // The system's resolver and not Deno.resolveDns, which asks a name server and never reads the hosts file.
    ({ address } = await lookup(host, { order: "ipv4first" }));
  } catch (error) {
    cause = error;
  }
  // An empty name is answered with null, against the types.
  if (address !== null) return address;
  throw new NetworkError(`cannot find the address of '${host}', check the name or give the address`, {
    cause,
  });
}

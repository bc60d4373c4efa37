/** Looks up the address of a host by its name. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { NetworkError } from "./udp.ts";

/**
 * Returns the numeric address of `host`, IPv4 if it has one. Throws a `NetworkError` if it has none. Names
 * are looked up here, once: Deno would do it at every send, and let later datagrams overtake the one that
 * waits for an answer.
 */
export async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  // A name is the same in capital letters (RFC 4343) and with the dot of the root, which no hosts file has.
  const name = host.toLowerCase().replace(/\.$/, "");
  // The hosts file may say "::1", but servers and clients listen on IPv4 unless they are told otherwise.
  if (name === "localhost") return "127.0.0.1";
  let address: string | null = null;
  let cause: unknown;
  try {
    // This asks the system's resolver. Deno.resolveDns asks a name server and never reads the hosts file.
    ({ address } = await lookup(name, { order: "ipv4first" }));
  } catch (error) {
    cause = error;
  }
  // The answer to an empty name is null, though the types do not say so.
  if (address !== null) return address;
  throw new NetworkError(`cannot find the address of '${host}', check the name or give the address`, {
    cause,
  });
}

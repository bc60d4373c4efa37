import type { Address } from "../core/base/units.ts";

/** A socket bound to one of these listens at all addresses of the machine. */
export const ANY_IPV4 = "0.0.0.0";
export const ANY_IPV6 = "::";

/**
 * The addresses at which peers on the same network may reach this client, the likeliest first: the address
 * that the socket is bound to, or else all IPv4 addresses of the machine. If the server is on this machine
 * its loopback address comes first, for peers may be here as well.
 */
export function ownAddresses(host: string, port: number, server: Address): Address[] {
  if (host !== ANY_IPV4 && host !== ANY_IPV6) return [{ host, port }];
  const local = server.host.startsWith("127.") || server.host === "::1" ? [server.host] : [];
  const interfaces = Deno.networkInterfaces().filter(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  );
  const hosts = [...local, ...interfaces.map(({ address }) => address)];
  return (hosts.length > 0 ? hosts : ["127.0.0.1"]).map((address) => ({ host: address, port }));
}

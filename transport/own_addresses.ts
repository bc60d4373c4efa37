import type { Address } from "../core/base/units.ts";

export const ANY_IPV4 = "0.0.0.0";
export const ANY_IPV6 = "::";

/** Where this client can be reached, the likeliest first. */
export function ownAddresses(host: string, port: number, server: Address): Address[] {
  if (host !== ANY_IPV4 && host !== ANY_IPV6) return [{ host, port }];
  const local = server.host.startsWith("127.") || server.host === "::1" ? [server.host] : [];
  const interfaces = Deno.networkInterfaces().filter(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  );
  const hosts = [...local, ...interfaces.map(({ address }) => address)];
  return (hosts.length > 0 ? hosts : ["127.0.0.1"]).map((address) => ({ host: address, port }));
}

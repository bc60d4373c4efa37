import { isLoopback } from "../core/base/address.ts";
import type { Address } from "../core/base/units.ts";

/** A socket bound to one of these listens at all addresses of the machine. */
export const ANY_IPV4 = "0.0.0.0";
export const ANY_IPV6 = "::";

/** All addresses of the machine in the family of a host: a socket of one family cannot reach the other. */
export function anyAddressTowards(host: string): string {
  return host.includes(":") ? ANY_IPV6 : ANY_IPV4;
}

/** An address of the machine, as `Deno.networkInterfaces` gives it. */
export type OwnInterface = Pick<Deno.NetworkInterfaceInfo, "family" | "address" | "name" | "cidr">;

/**
 * Bridges of Docker, Podman, Kubernetes, LXC, libvirt, VirtualBox and VMware: behind them are containers and
 * virtual machines of this host, and nobody else.
 */
const INNER_BRIDGE = /^(docker|br-|podman|cni|lxc|virbr|vboxnet|vmnet)/;

/** True if nobody but containers and virtual machines of this host is behind the interface of this name. */
export function isInnerBridge(name: string): boolean {
  return INNER_BRIDGE.test(name);
}

/**
 * The addresses at which peers on the same network may reach this client, the likeliest first: the address
 * that the socket is bound to, or else all addresses of the machine in the server's family, that on the
 * server's network first and bridges to the host's own containers last. If the server is on this machine its
 * loopback address comes first, for peers may be here as well.
 */
export function ownAddresses(
  host: string,
  port: number,
  server: Address,
  interfaces: readonly OwnInterface[] = Deno.networkInterfaces(),
): Address[] {
  if (host !== ANY_IPV4 && host !== ANY_IPV6) return [{ host, port }];
  const family = server.host.includes(":") ? "IPv6" : "IPv4";
  const local = server.host.startsWith("127.") || server.host === "::1" ? [server.host] : [];
  const target = bitsOf(server.host);
  // The routes would tell, but Deno lets nobody without all permissions read them. The network that holds the
  // server is on the way to it for sure, a bridge to this host's containers is not. Then the longest prefix
  // in common wins, as in RFC 6724, section 5. Addresses of a link (fe80::) need the link's name, which no
  // peer knows.
  const others = interfaces
    .filter((it) => it.family === family && !/^(127\.|::1$|fe80:)/i.test(it.address))
    .map(({ address, name, cidr }) => {
      const shared = sharedBits(bitsOf(address), target);
      const rank = shared >= Number(cidr.split("/")[1]) ? 0 : isInnerBridge(name) ? 2 : 1;
      return { address, shared, rank };
    })
    .sort((a, b) => a.rank - b.rank || b.shared - a.shared)
    .map(({ address }) => address);
  const hosts = [...local, ...others];
  const none = family === "IPv4" ? "127.0.0.1" : "::1";
  return (hosts.length > 0 ? hosts : [none]).map((address) => ({ host: address, port }));
}

/** The bits of a numeric address, as text. */
function bitsOf(host: string): string {
  if (!host.includes(":")) return host.split(".").map((part) => binary(Number(part), 8)).join("");
  const [front = "", back] = host.split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":");
  const [before, behind] = [groups(front), groups(back ?? "")];
  const zeros = Array<string>(back === undefined ? 0 : Math.max(0, 8 - before.length - behind.length)).fill(
    "0",
  );
  return [...before, ...zeros, ...behind].map((group) => binary(parseInt(group, 16), 16)).join("");
}

function binary(value: number, bits: number): string {
  return value.toString(2).padStart(bits, "0");
}

function sharedBits(a: string, b: string): number {
  let count = 0;
  while (count < a.length && a[count] === b[count]) count++;
  return count;
}

/** The reach of an address: anybody, its own network alone, or this machine alone. */
export type Reach = "anybody" | "network" | "machine";

/**
 * The address by which others most likely reach a server that is bound to `host`, and who those can be: one
 * that holds everywhere before one of a private network, and bridges to the host's own containers last. A
 * socket for all IPv6 addresses takes IPv4 as well.
 */
export function reachableHost(
  host: string,
  interfaces: readonly OwnInterface[] = Deno.networkInterfaces(),
): { readonly host: string; readonly reach: Reach } {
  if (host !== ANY_IPV4 && host !== ANY_IPV6) return { host, reach: reachOf(host) };
  const rank = ({ address, name, family }: OwnInterface) =>
    (INNER_BRIDGE.test(name) ? 4 : 0) + (reachOf(address) === "anybody" ? 0 : 2) +
    (family === "IPv4" ? 0 : 1);
  const [best] = interfaces
    .filter(({ address, family }) => (host === ANY_IPV6 || family === "IPv4") && isReachable(address))
    .sort((a, b) => rank(a) - rank(b));
  const found = best?.address ?? (host === ANY_IPV4 ? "127.0.0.1" : "::1");
  return { host: found, reach: reachOf(found) };
}

/** Addresses of a link (fe80::) need the link's name, which differs from machine to machine. */
function isReachable(host: string): boolean {
  return reachOf(host) !== "machine" && !/^(fe[89ab]|169\.254\.)/i.test(host);
}

/** RFC 1918 and RFC 6598 section 7 for IPv4, RFC 4193 section 3.1 for IPv6. */
const PRIVATE =
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|f[cd]|fe[89ab])/i;

function reachOf(host: string): Reach {
  if (isLoopback({ host, port: 0 })) return "machine";
  return PRIVATE.test(host) ? "network" : "anybody";
}

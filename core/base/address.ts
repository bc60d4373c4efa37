/** What can be said of an address without sending anything there. */
import type { Address } from "./units.ts";

export function equalAddresses(a: Address, b: Address): boolean {
  return a.port === b.port && a.host === b.host;
}

export function addressKey({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether an address can be one host's: not the server's own, not a broadcast, not a multicast one. */
export function isUnicast({ host }: Address): boolean {
  const first = parseInt(host, 10);
  return host.includes(":") ? !/^ff/i.test(host) : first >= 1 && first < 224;
}

export function isLoopback({ host }: Address): boolean {
  return host.startsWith("127.") || host === "::1";
}

/** The eight groups of an IPv6 address; `::` stands for as many zeros as are missing (RFC 4291 section 2.2). */
export function ipv6Groups(host: string): number[] {
  const [head = "", tail] = host.replace(/%.*$/, "").split("::");
  const groups = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => parseInt(group, 16) & 0xffff);
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  return [...before, ...Array(Math.max(0, 8 - before.length - after.length)).fill(0), ...after].slice(0, 8);
}

/** As the system writes it, RFC 5952: the first of the longest runs of zeros, of two or more, is left out. */
export function ipv6Text(groups: readonly number[]): string {
  const text = groups.map((group) => group.toString(16)).join(":");
  const runs = text.match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => run.length > best.length ? run : best, "");
  return longest === "" ? text : text.replace(new RegExp(`(?:^|:)${longest}(?:$|:)`), "::");
}

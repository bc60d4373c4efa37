/** Addresses compared, classified, read and written; nothing here sends a packet. */
import type { Address } from "./units.ts";

export function equalAddresses(a: Address, b: Address): boolean {
  return a.port === b.port && a.host === b.host;
}

/** `HOST:PORT`, an IPv6 host in brackets (RFC 3986 section 3.2.2): for maps, lines of text, and cookies. */
export function addressKey({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Whether an address can belong to one host: false for multicast and broadcast, for 0.x.x.x, and for the
 * empty host that stands for the server's own in a row. Candidates that fail this are not offered to peers.
 */
export function isUnicast({ host }: Address): boolean {
  const first = parseInt(host, 10);
  return host.includes(":") ? !/^ff/i.test(host) : first >= 1 && first < 224;
}

export function isLoopback({ host }: Address): boolean {
  return host.startsWith("127.") || host === "::1";
}

/**
 * The eight groups of an IPv6 address: `::` stands for as many zeros as are missing (RFC 4291 section 2.2), a
 * zone such as `%eth0` is left out (RFC 4007 section 11).
 */
export function ipv6Groups(host: string): number[] {
  const [head = "", tail] = host.replace(/%.*$/, "").split("::");
  const groups = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => parseInt(group, 16) & 0xffff);
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  return [...before, ...Array(Math.max(0, 8 - before.length - after.length)).fill(0), ...after].slice(0, 8);
}

/**
 * The text of an IPv6 address as the system writes it, so that two texts are equal when the addresses are.
 * RFC 5952 section 4.2: the longest run of two or more zeros becomes `::`, the first one if several are
 * equal.
 */
export function ipv6Text(groups: readonly number[]): string {
  const text = groups.map((group) => group.toString(16)).join(":");
  const runs = text.match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => run.length > best.length ? run : best, "");
  return longest === "" ? text : text.replace(new RegExp(`(?:^|:)${longest}(?:$|:)`), "::");
}

import { assertEquals } from "@std/assert";
import {
  ANY_IPV4,
  ANY_IPV6,
  ownAddresses,
  type OwnInterface,
  reachableHost,
} from "../../transport/own_addresses.ts";

const INTERFACES: readonly OwnInterface[] = [
  { family: "IPv4", address: "127.0.0.1", name: "lo", cidr: "127.0.0.1/8" },
  { family: "IPv4", address: "172.17.0.1", name: "docker0", cidr: "172.17.0.1/16" },
  { family: "IPv4", address: "192.168.1.5", name: "eth0", cidr: "192.168.1.5/24" },
  { family: "IPv6", address: "::1", name: "lo", cidr: "::1/128" },
  { family: "IPv6", address: "fe80::1", name: "eth0", cidr: "fe80::1/64" },
  { family: "IPv6", address: "fd00::2", name: "br-0c1d", cidr: "fd00::2/64" },
  { family: "IPv6", address: "2001:db8::5", name: "eth0", cidr: "2001:db8::5/64" },
];

function hosts(bound: string, server: string, interfaces = INTERFACES): string[] {
  return ownAddresses(bound, 7, { host: server, port: 9 }, interfaces).map(({ host }) => host);
}

Deno.test("the address on the server's network comes first, whatever the order of the interfaces", () => {
  assertEquals(hosts(ANY_IPV4, "192.168.1.1"), ["192.168.1.5", "172.17.0.1"]);
  assertEquals(hosts(ANY_IPV4, "172.17.0.9"), ["172.17.0.1", "192.168.1.5"]);
  assertEquals(hosts(ANY_IPV6, "2001:db8::1"), ["2001:db8::5", "fd00::2"]);
  assertEquals(hosts(ANY_IPV6, "fd00:0:0:0::9"), ["fd00::2", "2001:db8::5"]);
});

Deno.test("a bridge to this host's containers comes last, unless the server is behind it", () => {
  assertEquals(hosts(ANY_IPV4, "10.77.0.1"), ["192.168.1.5", "172.17.0.1"]);
  assertEquals(hosts(ANY_IPV4, "172.31.0.9"), ["192.168.1.5", "172.17.0.1"]);
  assertEquals(hosts(ANY_IPV6, "fd00:0:0:1::9"), ["2001:db8::5", "fd00::2"]);
});

Deno.test("where the server is on this machine its loopback address comes first", () => {
  assertEquals(hosts(ANY_IPV4, "127.0.0.1"), ["127.0.0.1", "192.168.1.5", "172.17.0.1"]);
  assertEquals(hosts(ANY_IPV6, "::1")[0], "::1");
});

Deno.test("a bound address is the only one, and a machine without a network has its loopback", () => {
  assertEquals(hosts("10.0.0.1", "192.168.1.1"), ["10.0.0.1"]);
  assertEquals(hosts(ANY_IPV4, "192.168.1.1", []), ["127.0.0.1"]);
  assertEquals(hosts(ANY_IPV6, "2001:db8::1", []), ["::1"]);
});

Deno.test("a server is told by an address of its network, and not by one of its containers or links", () => {
  assertEquals(reachableHost(ANY_IPV4, INTERFACES), { host: "192.168.1.5", reach: "network" });
  const link: OwnInterface = { family: "IPv4", address: "169.254.7.7", name: "usb0", cidr: "169.254.7.7/16" };
  assertEquals(reachableHost(ANY_IPV4, [link, ...INTERFACES]).host, "192.168.1.5");
});

Deno.test("an address that holds everywhere comes before one of a private network", () => {
  const everywhere: OwnInterface = {
    family: "IPv4",
    address: "192.0.2.7",
    name: "eth1",
    cidr: "192.0.2.7/24",
  };
  assertEquals(reachableHost(ANY_IPV4, [...INTERFACES, everywhere]), { host: "192.0.2.7", reach: "anybody" });
  assertEquals(reachableHost(ANY_IPV6, [...INTERFACES, everywhere]).host, "192.0.2.7");
  assertEquals(reachableHost(ANY_IPV6, INTERFACES), { host: "2001:db8::5", reach: "anybody" });
});

Deno.test("a bound address is told, and who can reach it", () => {
  const reaches = [
    ["127.0.0.1", "machine"],
    ["::1", "machine"],
    ["10.1.2.3", "network"],
    ["172.15.0.1", "anybody"],
    ["172.16.0.1", "network"],
    ["172.31.0.1", "network"],
    ["172.32.0.1", "anybody"],
    ["192.168.0.1", "network"],
    ["192.169.0.1", "anybody"],
    ["100.64.0.1", "network"],
    ["100.127.0.1", "network"],
    ["100.128.0.1", "anybody"],
    ["fd00::1", "network"],
    ["fe80::1", "network"],
    ["2001:db8::1", "anybody"],
  ] as const;
  for (const [host, reach] of reaches) assertEquals(reachableHost(host, INTERFACES), { host, reach });
});

Deno.test("a machine without a network is reached by itself alone", () => {
  assertEquals(reachableHost(ANY_IPV4, []), { host: "127.0.0.1", reach: "machine" });
  assertEquals(reachableHost(ANY_IPV6, []), { host: "::1", reach: "machine" });
});

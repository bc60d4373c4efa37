/** Checks of the way to the server, and of who is there. */
import { addressKey } from "../../core/base/address.ts";
import { primitives } from "../../core/base/crypto.ts";
import { ExpectedError } from "../../core/base/expected_error.ts";
import { ACK_TIMEOUT_MS, DATAGRAM_BYTES, PROBES } from "../../core/base/limits.ts";
import type { Address, Key } from "../../core/base/units.ts";
import { VERSION } from "../../core/base/version.ts";
import { Prober, type Survey } from "../../core/client/prober.ts";
import { Scout } from "../../core/client/scout.ts";
import type { Nick } from "../../core/messages/nick.ts";
import { resolveHost } from "../../transport/resolve.ts";
import { bindUdp, NetworkError } from "../../transport/udp.ts";
import { runErrand } from "../errand.ts";
import { DONE, type World } from "../world.ts";
import { type Finding, ill, well } from "./finding.ts";

/** More lost answers of `PROBES` than these are told; Parley itself gets on with five times as many. */
const LOST_UNTOLD = 1;

/** The headers of IPv6 and UDP, which count against a path's MTU; IPv4 takes less. */
const HEADER_BYTES = 48;

/** Attempts of half a second each until a server counts as one that does not prove its key. */
const PROOF_ATTEMPTS = 5;

/** The user has ended it. */
class InterruptedError extends ExpectedError {
  override readonly name = "InterruptedError";
}

/** Looks up the server. A name for this machine itself often stands for its loopback address. */
export async function checkName(name: string): Promise<{ finding: Finding; host: string | undefined }> {
  const check = "server-name";
  try {
    const host = await resolveHost(name);
    return { finding: nameFinding(name, host), host };
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const finding = ill(check, `'${name}' has no address`, "check the name after '-i', or give the address");
    return { finding, host: undefined };
  }
}

export function nameFinding(name: string, host: string): Finding {
  const check = "server-name";
  if (!isLoopback(host)) return well(check, name === host ? host : `'${name}' is ${host}`);
  if (name === host || name.toLowerCase() === "localhost") {
    return well(check, `${host}, an address for programs on this machine alone`);
  }
  return ill(
    check,
    `'${name}' is ${host} here, an address of this machine alone: nobody elsewhere reaches the server there`,
    "use the address that others use, or correct the name in the hosts file",
  );
}

export function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1";
}

/** Asks the server until enough is known of it. */
export async function survey(server: Address, host: string, world: World): Promise<Survey> {
  let prober: Prober | undefined;
  const make = (at: number) => prober = new Prober(at, { primitives, server }, world.random);
  const status = await runErrand(host, world, make);
  if (status === DONE) return prober!.survey;
  throw new InterruptedError("'doctor' was stopped before it had asked the server to the end");
}

/** Whether a server of our version answers. */
export function checkAnswer({ roundTrips, versions }: Survey, server: Address): Finding {
  const at = addressKey(server);
  if (versions !== undefined) {
    return ill(
      "version",
      `the server at ${at} speaks version ${
        versions.join(", ")
      } of the protocol, this program version ${VERSION}`,
      "use releases of server and client that speak the same version",
    );
  }
  if (roundTrips.length > 0) {
    return well("server", `a server answers at ${at}, in version ${VERSION} of the protocol`);
  }
  switch (listener(server)) {
    case "nobody":
      return ill(
        "server",
        `nobody listens at ${at}, an address of this machine`,
        `start a server with 'deno task server -p ${server.port}', or correct '-i' and '-p'`,
      );
    case "somebody":
      return ill(
        "server",
        `a program of this machine has the port of ${at}, and did not answer ${PROBES} questions`,
        "look whether it is a Parley server and runs, and whether a firewall keeps packets from it",
      );
    case "elsewhere":
      return ill(
        "server",
        `nothing came back from ${at} after ${PROBES} questions`,
        `ask whether the server runs there, and whether firewalls let UDP port ${server.port} in, there and here`,
      );
  }
}

/** The holder of the server's port, if it is one of this machine: a port that can be bound has none. */
function listener({ host, port }: Address): "nobody" | "somebody" | "elsewhere" {
  try {
    bindUdp(host, port, "-p").close();
    return "nobody";
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return error.cause instanceof Deno.errors.AddrInUse ? "somebody" : "elsewhere";
  }
}

/** How long answers take, and how many are lost. */
export function checkWay({ roundTrips }: Survey): Finding {
  const times = roundTrips.toSorted((a, b) => a - b);
  const [least, median, most] = [times[0]!, times[times.length >> 1]!, times.at(-1)!];
  const lost = PROBES - times.length;
  const [first, middle, last] = [least, median, most].map((time) => time.toFixed(1));
  const found =
    `${lost} of ${PROBES} questions or answers lost, round trip ${first} to ${last} ms, half of them below ${middle} ms`;
  if (lost > LOST_UNTOLD) {
    return ill(
      "way",
      found,
      "what is lost is sent again, so messages come late: look at the wireless link, or ask who runs the network",
    );
  }
  if (median < ACK_TIMEOUT_MS) return well("way", found);
  return ill(
    "way",
    found,
    `answers take longer than the ${ACK_TIMEOUT_MS} ms that a message waits for one: every message goes by the server as well, which costs time and loses nothing`,
  );
}

/** Which lengths of datagrams get through. */
export function checkMtu({ passed, failed }: Survey): Finding {
  const check = "path-mtu";
  const [longest] = passed;
  if (longest === DATAGRAM_BYTES) {
    return well(check, `datagrams of ${DATAGRAM_BYTES} bytes get through, there and back`);
  }
  const shortest = failed.findLast((length) => length > (longest ?? 0));
  const through = longest === undefined ? "none" : `those of ${longest} bytes do`;
  return ill(
    check,
    `datagrams of ${shortest} to ${DATAGRAM_BYTES} bytes do not get through, ${through}`,
    `Parley sends up to ${DATAGRAM_BYTES} bytes: set the MTU of the VPN or tunnel on the way to ${
      DATAGRAM_BYTES + HEADER_BYTES
    } or more, or let ICMP messages through the firewall`,
  );
}

export interface KeyQuestion {
  readonly server: Address;
  /** The server as the user wrote it, HOST:PORT. */
  readonly serverName: string;
  /** The address of this machine from which the server is asked. */
  readonly host: string;
  readonly nick: Nick;
  /** The key that the user gave, or that is pinned; `undefined` at a first contact. */
  readonly expected: Key | undefined;
}

/** Whether the server is the one that is known. `key` is the one that it has proved. */
export async function checkKey(
  { expected, ...place }: KeyQuestion,
  { keys }: Survey,
  world: World,
): Promise<{ finding: Finding; key: Key | undefined }> {
  const check = "key";
  const [announced] = keys;
  const key = expected ?? announced;
  const { stopwatch } = world;
  const options = { ...place, serverKey: key, attempts: PROOF_ATTEMPTS, primitives, stopwatch };
  const status = await runErrand(place.host, world, (at) => new Scout(at, options, world.random), () => {});
  if (status === DONE) {
    const found = expected === undefined
      ? `a first contact: it has proved the key ${key}, which the next start of a client takes for the server's; compare it with what its operator says`
      : `the server has proved the key that is known of it, ${key}`;
    return { finding: well(check, found), key };
  }
  const finding = expected !== undefined && !keys.has(expected)
    ? ill(
      check,
      `the server at ${place.serverName} has another key than '${expected}', which is known of it: somebody may be in its place`,
      "ask its operator for its key: if it has a new one, start with '--server-key' and the key that you were told",
    )
    : ill(
      check,
      `the server at ${place.serverName} says that it has the key ${key}, and does not prove it`,
      "try again; if it stays so, somebody answers in the server's place: tell its operator",
    );
  return { finding, key: undefined };
}

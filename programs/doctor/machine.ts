/** Checks of this machine: its clock, its addresses and ports, and the sockets of running programs. */
import { tmpdir } from "node:os";
import { DATAGRAM_BYTES } from "../../core/base/limits.ts";
import type { Address, Millis } from "../../core/base/units.ts";
import { isInnerBridge, ownAddresses, type OwnInterface } from "../../transport/own_addresses.ts";
import { bindUdp, NetworkError } from "../../transport/udp.ts";
import type { World } from "../world.ts";
import { checkFolder, hasEntry, PRIVATE } from "./files.ts";
import { type Finding, ill, well } from "./finding.ts";
import { isLoopback } from "./server.ts";

/** This release is not older, so no clock that is right shows an earlier time. */
const RELEASED: Millis = Date.UTC(2026, 10, 1);

/** A clock that was set back by less changes no date that anybody looks at. */
const BEHIND_MS = 2 * 60_000;

/** The clock decides the dates that are shown. The server's time is not told by the protocol. */
export function checkClock(
  wall: Millis,
  newest: { readonly path: string; readonly at: Millis } | undefined,
): Finding {
  const check = "clock";
  const advice = "set the clock, and let the system keep it right (NTP): dates that are shown are wrong";
  const says = `the clock says ${at(wall)}`;
  if (wall < RELEASED) return ill(check, `${says}, before this release was made`, advice);
  if (newest !== undefined && wall < newest.at - BEHIND_MS) {
    return ill(check, `${says}, and '${newest.path}' was changed at ${at(newest.at)}`, advice);
  }
  return well(check, `${says}; nothing here contradicts it`);
}

function at(instant: Millis): string {
  return new Date(instant).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Whether the client's own address and port can be had. */
export function checkOwnPort(host: string, port: number): Finding {
  const check = "own-port";
  if (!canListen(host)) {
    return ill(check, `'${host}' is not an address of this machine`, "choose another with '--host', or none");
  }
  try {
    bindUdp(host, port, "-c").close();
    return well(check, port === 0 ? "any free one is taken" : `UDP port ${port} is free`);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return ill(
      check,
      error.message,
      "stop the program that has it, maybe a client of yours, or leave out '-c'",
    );
  }
}

/** True if there is a port to be had at that address. */
export function canListen(host: string): boolean {
  try {
    bindUdp(host, 0, "-c").close();
    return true;
  } catch (error) {
    if (error instanceof NetworkError) return false;
    throw error;
  }
}

/** Which address of the machine peers are told first. */
export function checkInterfaces(
  host: string,
  server: Address,
  interfaces: readonly OwnInterface[] = Deno.networkInterfaces(),
): Finding {
  const check = "interfaces";
  const nameOf = (address: string) => interfaces.find((it) => it.address === address)?.name;
  const [first, ...others] = ownAddresses(host, 0, server, interfaces).map((own) => own.host);
  const shown = (address: string) => `${address} (${nameOf(address) ?? "?"})`;
  const besides = others.length === 0 ? "" : `, then ${others.map(shown).join(", ")}`;
  const found = `peers on the same network are told ${shown(first!)}${besides}`;
  if (isLoopback(server.host)) return well(check, found);
  if (isLoopback(first!)) {
    return ill(check, "there is no address but those of this machine alone", "connect it to a network");
  }
  if (isInnerBridge(nameOf(first!) ?? "")) {
    return ill(
      check,
      `${found}: behind it are only containers or virtual machines of this host`,
      "connect the machine to a network, or choose an address that others reach with '--host'",
    );
  }
  return well(check, found);
}

/** A socket is tried with so many datagrams, and has to hold as many as the longest message has. */
const MOST_HELD = 128;
const LEAST_HELD = 64;

/** Loopback is quick, but the machine may be busy. If a firewall blocks even that, nothing arrives. */
const LOOPBACK_MS = 10_000;

/**
 * How many datagrams wait in a socket until they are read. (The system's setting is in a file that Deno shows
 * only to programs with all permissions.) Behind each that is read a mark is sent: there is room for it then,
 * and it comes behind all the others.
 */
export async function datagramsHeld({ after }: World): Promise<number> {
  using cleanup = new DisposableStack();
  const open = () => cleanup.adopt(bindUdp("127.0.0.1", 0, "-c"), (it) => it.close());
  const [from, to] = [open(), open()];
  const send = (bytes: number) => from.send([{ bytes: new Uint8Array(bytes), to: to.address }]);
  for (let count = 0; count < MOST_HELD; count++) await send(DATAGRAM_BYTES);
  after(LOOPBACK_MS).then(() => to.close());
  for (let held = 0;;) {
    for (const { bytes } of await to.receive() ?? [{ bytes: [] }]) {
      if (bytes.length < DATAGRAM_BYTES) return held;
      held++;
    }
    await send(1);
  }
}

export function checkBuffer(held: number): Finding {
  const check = "receive-buffer";
  const found = `${
    held === MOST_HELD ? `${held} or more` : held
  } datagrams of ${DATAGRAM_BYTES} bytes wait in a socket`;
  if (held >= LEAST_HELD) return well(check, found);
  return ill(
    check,
    `${found}, and the longest message has ${LEAST_HELD - 8}: what comes at a time is lost and sent again`,
    "'sysctl -w net.core.rmem_default=212992', as root, and a line in /etc/sysctl.d to keep it (Linux)",
  );
}

/** The sockets by which commands reach a running program of this user. */
export async function* checkSockets(): AsyncGenerator<Finding> {
  const check = "socket";
  const uid = Deno.uid();
  if (uid === null) return;
  const runtime = Deno.env.get("XDG_RUNTIME_DIR") ?? "";
  const folder = runtime.startsWith("/") ? `${runtime}/parley` : `${tmpdir()}/parley-${uid}`;
  if (!hasEntry(folder)) return yield well(check, `no program has made a socket in '${folder}'`);
  const finding = checkFolder(check, folder, PRIVATE);
  if (!finding.ok) return yield finding;
  if (Deno.lstatSync(folder).isSymlink) {
    return yield ill(check, `'${folder}' is a symbolic link, which no program uses for sockets`, "remove it");
  }
  const sockets = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".sock"));
  let served = 0;
  for (const { name } of sockets) {
    const path = `${folder}/${name}`;
    const trouble = await whyNotServed(path);
    if (trouble === undefined) served++;
    else {
      const advice = "start the client or server again, which takes it over, or remove the file";
      yield ill(check, `nobody can be reached at '${path}': ${trouble}`, advice);
    }
  }
  if (served === sockets.length) yield well(check, `${served} programs serve sockets in '${folder}'`);
}

async function whyNotServed(path: string): Promise<string | undefined> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    if (error instanceof Deno.errors.ConnectionRefused) return "the program that made it was killed";
    return error instanceof Error ? error.message : String(error);
  }
}

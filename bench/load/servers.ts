/** The servers under load: ours, the floors, and those that people use instead. */
import { primitives } from "../../core/base/crypto.ts";
import type { Address, Key } from "../../core/base/units.ts";
import { decodeProbeAnswer, encodeProbe, NONCE_BYTES, SHORTEST_PROBE_BYTES } from "../../core/link/probe.ts";
import type { Child } from "../../tests/kit/child.ts";
import { cpuSeconds, residentBytes, socketDrops } from "../kernel.ts";
import { AS_BINARY, start, startProgram } from "../processes.ts";
import { type Floor, HOST, type Peer, type Protocol } from "./job.ts";
import type { Run } from "./run.ts";

/** The limits of our server that have options, at their highest. */
const RAISED = ["--max-new-nicks", "100000", "--max-mail", "4096"];
const ASK_AGAIN_MS = 50;

export const FLOORS: readonly Floor[] = ["bare", "encrypted", "packed", "links"];
export const PEERS: readonly Peer[] = ["irc", "mqtt", "nats", "redis"];

/** A program of others: without limits that would be what is measured, and without storage. */
interface Program {
  readonly name: string;
  /** Its command line; `file` is the path of its settings. */
  command(port: number, file: string): readonly string[];
  settings?(port: number): string;
}

const PROGRAMS: Readonly<Record<Peer, Program>> = {
  irc: {
    name: "ngircd",
    command: (_, file) => ["ngircd", "-n", "-f", file],
    settings: (port) =>
      [
        `[Global]\nName = irc.bench.test\nInfo = bench\nListen = ${HOST}\nPorts = ${port}\nMotdPhrase = hello`,
        "[Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxPenaltyTime = 0",
        "[Options]\nDNS = no\nIdent = no\nPAM = no\n",
      ].join("\n"),
  },
  mqtt: {
    name: "mosquitto",
    command: (_, file) => ["mosquitto", "-c", file],
    settings: (port) => `listener ${port} ${HOST}\nallow_anonymous true\nset_tcp_nodelay true\n`,
  },
  nats: { name: "nats-server", command: (port) => ["nats-server", "-a", HOST, "-p", String(port)] },
  redis: {
    name: "redis-server",
    command: (port) => {
      return ["redis-server", "--port", String(port), "--bind", HOST, "--save", "", "--appendonly", "no"];
    },
  },
};

/** What a protocol is called in the tables. */
export function nameOf(protocol: Protocol): string {
  if (protocol === "parley") return "Parley";
  return protocol in PROGRAMS ? PROGRAMS[protocol as Peer].name : `floor: ${protocol}`;
}

/** Where Debian has the programs of servers, which not every user's PATH names. */
const SYSTEM = "/usr/sbin";

/** Whether a program is installed. */
export function isInstalled(peer: Peer): boolean {
  const path = `${Deno.env.get("PATH") ?? ""}:${SYSTEM}`;
  return path.split(":").some((folder) => isFile(`${folder}/${PROGRAMS[peer].name}`));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

export class LoadedServer {
  readonly protocol: Protocol;
  readonly address: Address;
  /** Empty where no link is made. */
  readonly key: Key;
  readonly #child: Child;
  readonly #drops: number;

  private constructor(protocol: Protocol, child: Child, address: Address, key: Key) {
    this.protocol = protocol;
    this.#child = child;
    this.address = address;
    this.key = key;
    this.#drops = socketDrops(address.port);
  }

  /** Starts a server and waits until it answers; ours keeps its data in this file. */
  static async start(run: Run, protocol: Protocol = "parley", data = run.freshFile()): Promise<LoadedServer> {
    if (protocol === "parley") {
      const port = freePort();
      const args = ["server", "-p", String(port), "--data", data, "--log-level", "WARN", ...RAISED];
      const child = start("main.ts", args, { flags: [...AS_BINARY, ...run.serverFlags], showsErrors: true });
      const address = { host: HOST, port };
      return new LoadedServer(protocol, child, address, await keyOf(address));
    }
    if (protocol in PROGRAMS) return await LoadedServer.#startProgram(run, protocol as Peer);
    const child = start("bench/load/floor_server.ts", [protocol], { flags: AS_BINARY, showsErrors: true });
    const address = { host: HOST, port: Number(await child.nextLine()) };
    return new LoadedServer(protocol, child, address, protocol === "links" ? await keyOf(address) : "");
  }

  static async #startProgram(run: Run, protocol: Peer): Promise<LoadedServer> {
    const { command, settings } = PROGRAMS[protocol];
    const [port, file] = [freePort(), run.freshFile()];
    if (settings !== undefined) Deno.writeTextFileSync(file, settings(port));
    const path = `PATH=${Deno.env.get("PATH") ?? ""}:${SYSTEM}`;
    const child = startProgram(["env", path, ...command(port, file)]);
    const address = { host: HOST, port };
    await accepts(address);
    return new LoadedServer(protocol, child, address, "");
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Only datagrams are dropped. */
  get drops(): number | undefined {
    if (this.protocol in PROGRAMS) return undefined;
    return socketDrops(this.address.port) - this.#drops;
  }

  get residentBytes(): number {
    return residentBytes(this.pid);
  }

  get cpuSeconds(): number {
    return cpuSeconds(this.pid);
  }

  async end(): Promise<void> {
    await this.#child.end();
  }
}

/** Waits until somebody accepts connections there. */
async function accepts({ host: hostname, port }: Address): Promise<void> {
  for (;;) {
    try {
      return (await Deno.connect({ hostname, port })).close();
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }
}

/** Asks for the server's key until it answers. */
async function keyOf({ host, port }: Address): Promise<Key> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  const question = encodeProbe(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)), SHORTEST_PROBE_BYTES);
  const ask = () => socket.send(question, { transport: "udp", hostname: host, port }).catch(() => {});
  const timer = setInterval(ask, ASK_AGAIN_MS);
  try {
    for (;;) {
      const [bytes] = await socket.receive();
      const answer = decodeProbeAnswer(primitives, bytes);
      if (answer?.type === "announce") return answer.key;
    }
  } finally {
    clearInterval(timer);
    socket.close();
  }
}

export function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

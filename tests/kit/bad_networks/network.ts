/**
 * Hosts on this machine with a bad network between them, and our program on them. The network is a relay in
 * Python, which can open a TUN device without a foreign-function interface.
 * @module
 */
import { fileURLToPath } from "node:url";
import { Child } from "../child.ts";
import type { NatKind } from "../nat.ts";
import { PERMISSIONS, PROJECT } from "../program.ts";

const RELAY = fileURLToPath(new URL("relay.py", import.meta.url));

/** The relay does this to packets; see relay.py for the units. */
export interface RelayWeather {
  readonly loss?: number;
  readonly corruption?: number;
  readonly duplication?: number;
  readonly delay?: number;
  readonly jitter?: number;
  readonly light?: number;
  readonly dark?: number;
  readonly nat?: number;
  readonly rebinding?: number;
}

/** A NAT before some hosts, and its kind. */
export interface RelayNat {
  readonly kind: NatKind;
  readonly hosts: readonly number[];
}

/** Counts of all packets between hosts under one weather. */
export interface Counts {
  readonly packets: number;
  /** Payloads of UDP. */
  readonly bytes: number;
  /** Packets from client to client, that no NAT has dropped. */
  readonly direct: number;
  readonly lost: number;
  readonly corrupted: number;
}

/** The hosts, numbered from 1; host 1 has the address 10.77.0.1. */
export class BadNetwork implements AsyncDisposable {
  readonly folder: string;
  readonly #relay: Child;
  readonly #children: Child[] = [];
  #names: string[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.#relay = new Child(["python3", RELAY], { folder });
  }

  /** With `docker` each host has an interface first that leads nowhere. */
  static async create(hosts: number, docker = false): Promise<BadNetwork> {
    const network = new BadNetwork(await Deno.makeTempDir({ prefix: "parley-net-" }));
    network.#names = await network.#order({ hosts, docker }) as string[];
    return network;
  }

  /** Why this machine cannot have one; `undefined` when it can. */
  static async whyNot(): Promise<string | undefined> {
    if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "network namespaces need Linux and root";
    // A relay that fails says why on standard error, which is no news here.
    const { success } = await new Deno.Command("sh", {
      args: ["-c", `echo '{"hosts": 1}' | python3 '${RELAY}'`],
      stdout: "null",
      stderr: "null",
    }).output();
    return success
      ? undefined
      : "network namespaces need python3, iproute2, /dev/net/tun and the right to use them";
  }

  /** Another weather from now on; returns what was counted under the last one. */
  async change(weather: RelayWeather): Promise<Counts> {
    return await this.#order(weather) as Counts;
  }

  /** From now on these hosts are behind these NATs, and all others before none. */
  async translate(nats: readonly RelayNat[]): Promise<void> {
    await this.#order({ nats });
  }

  /** Runs our program on a host, whose users have folders of their own. */
  run(host: number, ...args: string[]): Child {
    const ours = [Deno.execPath(), "run", ...PERMISSIONS, `${PROJECT}/main.ts`, ...args];
    const child = new Child(["ip", "netns", "exec", this.#names[host - 1]!, ...ours], {
      folder: this.folder,
    });
    this.#children.push(child);
    return child;
  }

  async #order(order: object): Promise<unknown> {
    const answers = this.#relay.lines.length;
    await this.#relay.say(JSON.stringify(order));
    await this.#relay.until(({ length }) => length > answers, "the relay's answer");
    return JSON.parse(this.#relay.lines.at(-1)!.text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child.end()));
    await this.#relay.endInput();
    await this.#relay.ended;
    await Deno.remove(this.folder, { recursive: true });
  }
}

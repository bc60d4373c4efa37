/**
 * Two clients behind NATs, on hosts of their own: which way their messages take, and how long they need.
 * @module
 */
import type { Child } from "../child.ts";
import { NAT_KINDS } from "../nat.ts";
import { BadNetwork, type RelayNat } from "./network.ts";

const [SERVER, ALICE, BOB] = [1, 2, 3] as const;

/** Milliseconds between any two hosts, one way. */
export const DELAY = 15;

const MESSAGES = 10;
const INTERVAL = 300;

export interface Place {
  readonly name: string;
  readonly nats: readonly RelayNat[];
  /** The host on which alice is; without one she has her own. */
  readonly alice?: number;
  /** The address at which alice finds the server. */
  readonly server?: string;
  /** Whether there is a way between the two. */
  readonly isDirect: boolean;
}

const MATRIX: readonly Place[] = NAT_KINDS.flatMap((ofAlice) =>
  NAT_KINDS.map((ofBob) => {
    const kinds = [ofAlice, ofBob];
    const needPort = kinds.filter((kind) => kind === "symmetric" || kind === "port-restricted").length;
    return {
      name: `${ofAlice} to ${ofBob}`,
      nats: [{ kind: ofAlice, hosts: [ALICE] }, { kind: ofBob, hosts: [BOB] }],
      isDirect: !(kinds.includes("symmetric") && needPort === 2),
    };
  })
);

export const PLACES: readonly Place[] = [
  ...MATRIX,
  {
    name: "both behind one port-restricted NAT without hairpin, docker0 first",
    nats: [{ kind: "port-restricted", hosts: [ALICE, BOB] }],
    isDirect: true,
  },
  {
    name: "the server on alice's host, bob behind a port-restricted NAT",
    nats: [{ kind: "port-restricted", hosts: [BOB] }],
    alice: SERVER,
    server: "127.0.0.1",
    isDirect: true,
  },
];

export interface Journey {
  /** The way of the last message. */
  readonly way: "direct" | "mailbox";
  /**
   * Milliseconds from the line that is typed to the line that is shown: of the first message, and the
   * tenth.
   */
  readonly first: number;
  readonly tenth: number;
}

/** A network with a server. Its hosts have a docker0 that leads nowhere before the interface that works. */
export async function start(): Promise<BadNetwork> {
  const network = await BadNetwork.create(3, true);
  network.run(SERVER, "server", "--data", ":memory:", "--max-new-nicks", "1000", "--log-level", "WARN");
  await network.change({ delay: DELAY });
  return network;
}

/** Sends the messages from one place; `number` tells its clients from those of others. */
export async function travel(network: BadNetwork, place: Place, number: number): Promise<Journey> {
  await network.translate(place.nats);
  const bob = client(network, BOB, `bob${number}`);
  await bob.until((lines) => lines.some(({ text }) => text.includes("Welcome")), "bob is registered");
  const alice = client(network, place.alice ?? ALICE, `alice${number}`, place.server);
  const isThere = `bob${number} @ `;
  await alice.until((lines) => lines.some(({ text }) => text.startsWith(isThere)), "bob is known");
  // Alice's own row is on its way to bob, who would have to ask for it otherwise.
  await pause();
  const times: number[] = [];
  for (let count = 1; count <= MESSAGES; count++) {
    // All packets that are counted from here on belong to the last message.
    if (count === MESSAGES) await network.change({ delay: DELAY });
    const sentAt = performance.now();
    await alice.say(`send bob${number} message ${count}`);
    const isShown = ({ text }: { text: string }) =>
      text.startsWith("alice") && text.endsWith(` message ${count}`);
    await bob.until((lines) => lines.some(isShown), `message ${count}`);
    times.push(bob.lines.find(isShown)!.at - sentAt);
    await pause();
  }
  // The lines are the same where a message that leaves both ways at once is answered by way of the server.
  const { direct } = await network.change({ delay: DELAY });
  await Promise.all([alice.end(), bob.end()]);
  return {
    way: direct > 0 ? "direct" : "mailbox",
    first: Math.round(times[0]!),
    tenth: Math.round(times.at(-1)!),
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, INTERVAL));
}

function client(network: BadNetwork, host: number, nick: string, server = `10.77.0.${SERVER}`): Child {
  return network.run(host, "client", "-n", nick, "-i", server, "--attempts", "0");
}

/** In one line. */
export function describe({ name }: Place, { way, first, tenth }: Journey): string {
  return `${name}: ${way}, the first message after ${first} ms, the tenth after ${tenth} ms`;
}

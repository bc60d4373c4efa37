/**
 * The trials of the program on bad networks: the scenarios of the QUIC interoperability runner that
 * have a meaning here. Each says how many messages were sent, shown and shown twice, and how long receipts
 * took.
 * @module
 */
import type { Child } from "../child.ts";
import { BadNetwork, type RelayWeather } from "./network.ts";

const [SERVER, BOB, ALICE] = [1, 2, 3] as const;
const AT_ONCE = 5;

export interface Figures {
  readonly sent: number;
  readonly delivered: number;
  /** Shown more than once. */
  readonly doubled: number;
  /** Milliseconds from a message to its receipt; of connections, from the start of a program to its end. */
  readonly p50: number;
  readonly p99: number;
  /** On the wire, everything that anybody sent, for each message. */
  readonly bytesPerMessage: number;
}

export interface Scenario {
  readonly name: string;
  readonly weather: RelayWeather;
  /** Returns the times to the receipts. */
  play(network: BadNetwork): Promise<{ sent: number; times: number[] }>;
}

/**
 * Each connection is a program of its own that starts, sends one message and ends. It asks for the table as
 * well: an input that only sends would go by way of the server.
 */
function connections(count: number): Scenario["play"] {
  return async (network) => {
    const times: number[] = [];
    let next = 0;
    async function one(): Promise<void> {
      while (next < count) {
        const number = next++;
        const client = startClient(network, ALICE, `alice${number}`);
        await client.say("peers");
        await client.say(`send bob ${number} hello`);
        await client.endInput();
        const status = await client.ended;
        if (status !== 0) {
          const shown = client.lines.map(({ text }) => text).join("\n");
          throw new Error(`connection ${number} ended with status ${status}:\n${shown}`);
        }
        times.push(performance.now() - client.startedAt);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    return { sent: count, times };
  };
}

/** One connection and many messages of so many bytes, one each `interval` milliseconds. */
function messages(count: number, bytes: number, interval: number): Scenario["play"] {
  return async (network) => {
    const alice = startClient(network, ALICE, "alice");
    await alice.until(
      (lines) => lines.some(({ text }) => /^bob @ .* is ONLINE$/.test(text)),
      "bob is known",
    );
    const sentAt: number[] = [];
    for (let number = 0; number < count; number++) {
      if (interval > 0 && number > 0) await pause(interval);
      sentAt.push(performance.now());
      await alice.say(`send bob ${`${number} `.padEnd(bytes, "m")}`);
    }
    const receipts = () => alice.lines.flatMap(({ at, text }) => Array<number>(receiptsIn(text)).fill(at));
    await alice.until(() => receipts().length >= count, "all receipts");
    return { sent: count, times: receipts().map((at, index) => at - sentAt[index]!) };
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** How many messages a line says to have reached bob. */
function receiptsIn(line: string): number {
  if (/^\[Message received by bob(: ".*")?\.\]$/.test(line)) return 1;
  return Number(/^\[bob has collected (\d+) messages?\.\]$/.exec(line)?.[1] ?? 0);
}

export const SCENARIOS: readonly Scenario[] = [
  { name: "30 % of all packets are lost, 50 connections", weather: { loss: 0.3 }, play: connections(50) },
  {
    name: "30 % of all packets are damaged, 50 connections",
    weather: { corruption: 0.3 },
    play: connections(50),
  },
  {
    name: "2 % are lost, 2 MB in 40 messages",
    weather: { loss: 0.02, delay: 15 },
    play: messages(40, 50_000, 0),
  },
  {
    name: "5 s of light, 2 s of darkness, 100 messages in 20 s",
    weather: { light: 5, dark: 2, delay: 15 },
    play: messages(100, 64, 200),
  },
  { name: "750 ms each way, 20 messages in 10 s", weather: { delay: 750 }, play: messages(20, 64, 500) },
  {
    name: "another address and port every 5 s, 100 messages in 20 s",
    weather: { nat: ALICE, rebinding: 5, delay: 15 },
    play: messages(100, 64, 200),
  },
];

/** Plays one: a server, bob who reads, and whoever writes to him, on a host each. */
export async function play(scenario: Scenario): Promise<Figures> {
  await using network = await BadNetwork.create(3);
  network.run(SERVER, "server", "--data", ":memory:", "--max-new-nicks", "1000", "--log-level", "WARN");
  const bob = startClient(network, BOB, "bob");
  await bob.until((lines) => lines.some(({ text }) => text.includes("Welcome")), "bob is registered");
  await network.change(scenario.weather);
  const { sent, times } = await scenario.play(network);
  const shown = () =>
    bob.lines.flatMap(({ text }) => /^alice\d*: (?:\d+-\S+ \S+ )?(\d+) /.exec(text)?.[1] ?? []);
  await bob.until(() => new Set(shown()).size >= sent, "all messages");
  const { bytes } = await network.change({});
  times.sort((one, other) => one - other);
  return {
    sent,
    delivered: new Set(shown()).size,
    doubled: shown().length - new Set(shown()).size,
    p50: Math.round(times[Math.floor(times.length / 2)]!),
    p99: Math.round(times[Math.floor(times.length * 0.99)]!),
    bytesPerMessage: Math.round(bytes / sent),
  };
}

function startClient(network: BadNetwork, host: number, nick: string): Child {
  return network.run(host, "client", "-n", nick, "-i", `10.77.0.${SERVER}`, "--attempts", "0");
}

/** In one line. */
export function describe({ name }: Scenario, { sent, delivered, doubled, ...rest }: Figures): string {
  const share = (100 * delivered / sent).toFixed(1);
  return `${name}: ${share} % delivered, ${doubled} doubled, receipt p50 ${rest.p50} ms, p99 ${rest.p99} ms, ` +
    `${rest.bytesPerMessage} bytes per message`;
}

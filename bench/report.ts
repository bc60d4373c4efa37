/** What many runs have shown, as a page: ratios first, then how the figures grow, then the figures. */
import { chart, type Line } from "./chart.ts";
import { FAN_OUT, PIPELINED_FAN_OUT } from "./load/fan_out.ts";
import { REGISTRATION } from "./load/registration.ts";
import { grouped, type Measurement } from "./measurement.ts";
import { median } from "./summary.ts";

const OURS = "Parley";

/** What is compared, and by which of its figures: more is worse. */
const COMPARED: Readonly<Record<string, (it: Measurement) => number>> = {
  [REGISTRATION]: ({ seconds }) => seconds,
  [FAN_OUT]: ({ p50 = 0 }) => p50 / 1e6,
  // Seconds for each delivery.
  [PIPELINED_FAN_OUT]: ({ perSecond }) => 1 / perSecond,
};

/** The median of each figure over the rounds. */
export function medians(measurements: readonly Measurement[]): Measurement[] {
  const groups = Map.groupBy(measurements, ({ what, who, n }) => `${what} ${who} ${n}`);
  return [...groups.values()].map((group) => {
    const names = Object.keys(group[0]!) as (keyof Measurement)[];
    const values = names.map((name) => {
      const numbers = group.map((it) => it[name]).filter((value) => typeof value === "number");
      return [name, numbers.length > 0 ? median(numbers) : group[0]![name]];
    });
    return Object.fromEntries(values) as unknown as Measurement;
  });
}

/** How the figures of one server grow: the slope of a line through the logarithms, by least squares. */
export function exponent(points: readonly (readonly [n: number, value: number])[]): number | undefined {
  const logs = points.map(([n, value]) => [Math.log(n), Math.log(value)] as const);
  const mean = (of: 0 | 1) => logs.reduce((sum, it) => sum + it[of], 0) / logs.length;
  const [meanN, meanValue] = [mean(0), mean(1)];
  const across = logs.reduce((sum, [n]) => sum + (n - meanN) ** 2, 0);
  if (across === 0) return undefined;
  return logs.reduce((sum, [n, value]) => sum + (n - meanN) * (value - meanValue), 0) / across;
}

/** Markdown as `deno fmt` leaves it: all cells of a column have one width. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(3, title.length, ...rows.map((row) => row[at]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function ratios(figures: readonly Measurement[]): string[][] {
  return Object.entries(COMPARED).flatMap(([what, valueOf]) => {
    const ofThis = figures.filter((it) => it.what === what);
    return ofThis.filter(({ who }) => who !== OURS).flatMap((other) => {
      const ours = ofThis.find(({ who, n }) => who === OURS && n === other.n);
      if (ours === undefined) return [];
      const ratio = valueOf(ours) / valueOf(other);
      return [[what, grouped(other.n), other.who, ratio < 10 ? ratio.toFixed(1) : grouped(ratio)]];
    });
  });
}

function linesOf(figures: readonly Measurement[], what: string): Line[] {
  const valueOf = COMPARED[what]!;
  const byWho = Map.groupBy(figures.filter((it) => it.what === what), ({ who }) => who);
  return [...byWho].map(([who, some]) => ({
    name: who,
    isOurs: who === OURS,
    points: some.map((it) => [it.n, valueOf(it)] as const).sort(([a], [b]) => a - b),
  }));
}

function exponents(figures: readonly Measurement[]): string[][] {
  return Object.keys(COMPARED).flatMap((what) =>
    linesOf(figures, what).flatMap(({ name, points }) => {
      const value = exponent(points);
      if (value === undefined) return [];
      return [[what, name, points.map(([n]) => grouped(n)).join(", "), value.toFixed(2)]];
    })
  );
}

const optional = (value: number | undefined, text: (value: number) => string = grouped) =>
  value === undefined ? "" : text(value);

function figureRow(it: Measurement): string[] {
  const millis = (micros: number) => grouped(micros / 1000);
  return [
    it.what,
    it.who,
    grouped(it.n),
    it.seconds.toFixed(2),
    grouped(it.perSecond),
    optional(it.bytes),
    optional(it.p50, millis),
    optional(it.p99, millis),
    optional(it.drops),
    optional(it.serverBytes, (bytes) => grouped(bytes / 1e6)),
    optional(it.serverSeconds, (seconds) => seconds.toFixed(2)),
    optional(it.ceiling),
  ];
}

export interface ReportOptions {
  /** How the page was made. */
  readonly command: string;
  readonly machine: string;
  readonly rounds: number;
  /** What was not measured, and why. */
  readonly missed: readonly string[];
}

/** The page, and its chart. */
export function makeReport(
  measurements: readonly Measurement[],
  { command, machine, rounds, missed }: ReportOptions,
): { page: string; svg: string } {
  const figures = medians(measurements);
  const page = `# Performance

Made by \`${command}\`; do not edit by hand. ${machine}. Rounds: ${rounds}, interleaved;
the medians stand here. Idle clients are measured once.

## Beside others

How many times as long Parley takes: until all clients are registered and have the whole table, until the last
member has a message, and for each delivery with four messages under way. The floors are servers that do less
than any server of ours must: datagrams as they are, sealed for each member, several messages in a packet, and
links with a handshake each and nothing else.

${table(["what", "n", "beside", "ratio"], ratios(figures))}

![The same figures, and how they grow](performance.svg)

## How they grow

The exponent of n, fitted to the logarithms.

${table(["what", "who", "n", "exponent"], exponents(figures))}

## Figures

Bytes are those that came to the clients, headers of IP and UDP included (TCP: without headers); of idle
clients, the server's memory for each, and "a second" is the share of a processor. Drops are datagrams that the
kernel dropped at the server's socket. MB and s are the server's memory at the end and what it computed. The
ceiling is what the load generator could have done a second, had its busiest process computed all the time:
where "a second" comes near it, the generator is what was measured.

${
    table(
      ["what", "who", "n", "seconds", "a second", "bytes", "p50 ms", "p99 ms", "drops", "MB", "s", "ceiling"],
      figures.map(figureRow),
    )
  }
${missed.length === 0 ? "" : `\n## Not measured\n\n${missed.map((it) => `- ${it}`).join("\n")}\n`}`;
  const svg = chart([
    {
      title: "registration: clients, seconds until the table is complete",
      lines: linesOf(figures, REGISTRATION),
    },
    { title: "fan-out: members, seconds to the last", lines: linesOf(figures, FAN_OUT) },
    { title: "pipelined: members, seconds for each delivery", lines: linesOf(figures, PIPELINED_FAN_OUT) },
  ]);
  return { page, svg };
}

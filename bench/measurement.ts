/** One figure of a run, and how it is told. */
export interface Measurement {
  readonly what: string;
  /** Whose server it was. */
  readonly who: string;
  /** How many clients, members, letters or messages. */
  readonly n: number;
  readonly seconds: number;
  /** Of idle clients: the seconds that the server computes in a second. */
  readonly perSecond: number;
  /** Bytes that came to the clients, headers of IP and UDP included; of memory where it is held. */
  readonly bytes?: number | undefined;
  /** Microseconds. */
  readonly p50?: number | undefined;
  readonly p99?: number | undefined;
  /** Datagrams that the kernel dropped at the server's socket. */
  readonly drops?: number | undefined;
  /** How often the server has answered that it was too much at once, and the sender has tried again. */
  readonly refused?: number | undefined;
  /** Resident bytes of the server afterwards, and the seconds that it computed. */
  readonly serverBytes?: number | undefined;
  readonly serverSeconds?: number | undefined;
  /** What the load generator could have done a second, by the time that its busiest process computed. */
  readonly ceiling?: number | undefined;
}

/** A number with commas between its thousands; a small one with two digits behind the point. */
export const grouped = (value: number) =>
  (value < 10 && !Number.isInteger(value) ? value.toFixed(2) : String(Math.round(value))).replace(
    /\B(?=(\d{3})+$)/g,
    ",",
  );

/** One line for people. */
export function inWords(measurement: Measurement): string {
  const { what, who, n, seconds, perSecond, bytes, p50, p99, drops, refused } = measurement;
  const { serverBytes, serverSeconds, ceiling } = measurement;
  const told = (value: number | undefined, text: (value: number) => string) =>
    value === undefined ? [] : [text(value)];
  return [
    `${what}, ${who}, ${grouped(n)}: ${seconds.toFixed(3)} s, ${grouped(perSecond)}/s`,
    ...told(p50, (value) => `p50 ${(value / 1000).toFixed(2)} ms`),
    ...told(p99, (value) => `p99 ${(value / 1000).toFixed(2)} ms`),
    ...told(bytes, (value) => `${grouped(value)} bytes`),
    ...told(drops, (value) => `${grouped(value)} dropped by the kernel`),
    ...told(refused, (value) => `${grouped(value)} to be tried again`),
    ...told(serverBytes, (value) => `server ${grouped(value / 1e6)} MB`),
    ...told(serverSeconds, (value) => `server computed ${value.toFixed(2)} s`),
    ...told(ceiling, (value) => `the generator could ${grouped(value)}/s`),
  ].join(", ");
}

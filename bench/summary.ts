/** Microseconds. */
export interface Summary {
  readonly p50: number;
  readonly p99: number;
}

/** Of times in milliseconds. */
export function summarize(times: readonly number[] | Float64Array): Summary {
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 1000);
  return { p50: at(0.5), p99: at(0.99) };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

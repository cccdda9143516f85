/** Percentiles of what was measured. */

export interface Summary {
  n: number;
  p50: number;
  p95: number;
  p99: number;
}

/** Nearest rank: always a value that was measured. `values` must not be empty. */
const percentile = (sorted: readonly number[], share: number): number => {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error("no percentile of nothing");
  return value;
};

/** Two decimals: finer differences are noise. Throws for an empty list. */
const rounded = (value: number): number => Math.round(value * 100) / 100;

export const summarize = (values: readonly number[]): Summary => {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    n: sorted.length,
    p50: rounded(percentile(sorted, 0.5)),
    p95: rounded(percentile(sorted, 0.95)),
    p99: rounded(percentile(sorted, 0.99)),
  };
};

/** From samples to what is drawn of them. */
import type { Point } from "../../components/chart-path.ts";
import type { Series } from "../../state/usage.ts";

/** One chart. */
export interface Measure {
  label: string;
  /** Oldest first. */
  points: readonly Point[];
  /** The value at the upper edge; null: a little above the highest. */
  most: number | null;
  format: (value: number) => string;
}

/** What something used in a span of time. */
export interface Usage {
  fromMs: number;
  toMs: number;
  stepMs: number;
  measures: readonly Measure[];
}

export type ReadUsage = (spanMs: number, signal: AbortSignal) => Promise<Usage>;

export const pointsOf = <Sample extends { at: string }>(
  { samples }: Pick<Series<Sample>, "samples">,
  valueOf: (sample: Sample) => number,
): readonly Point[] => samples.map((sample) => ({ atMs: Date.parse(sample.at), value: valueOf(sample) }));

export const formatPercent = (value: number): string =>
  `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;

/** Of CPUs: `0.4`, `12`. */
export const formatShare = (value: number): string =>
  value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);

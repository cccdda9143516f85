/** From measurements to rows, and what the JSON file holds. */
import { type CaseName, CASES, type SubjectName, SUBJECTS, unitOf } from "./cases.ts";
import type { MachineFacts, Versions } from "./machine.ts";
import type { Measurement } from "./rounds.ts";
import { summarize, type Summary } from "./statistics.ts";

export interface Row extends Summary {
  case: CaseName;
  subject: SubjectName;
}

export interface Skipped {
  subject: SubjectName;
  /** Absent: in every case. */
  case?: CaseName;
  reason: string;
}

/** Rows in the order of `CASES` and `SUBJECTS`. */
export const toRows = (measurements: readonly Measurement[]): Row[] => {
  const rows: Row[] = [];
  for (const name of CASES) {
    for (const subject of SUBJECTS) {
      const values = measurements
        .filter((one) => one.case === name && one.subject === subject)
        .map(({ value }) => value);
      if (values.length > 0) rows.push({ case: name, subject, ...summarize(values) });
    }
  }
  return rows;
};

/** `p50_ms` … for times, `p50_mb` … for memory. */
const encodeRow = ({ case: name, subject, n, p50, p95, p99 }: Row) => {
  const unit = unitOf(name);
  return { case: name, subject, n, [`p50_${unit}`]: p50, [`p95_${unit}`]: p95, [`p99_${unit}`]: p99 };
};

export const encodeResults = (results: {
  machine: MachineFacts;
  versions: Versions;
  rows: readonly Row[];
  skipped: readonly Skipped[];
}): string =>
  `${JSON.stringify({ ...results, measured_at: new Date().toISOString(), rows: results.rows.map(encodeRow) }, null, 2)}\n`;

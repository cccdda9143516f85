/** From measurements to rows, and what the JSON file holds. */
import { type CaseName, CASES, type SubjectName, SUBJECTS, unitOf } from "./cases.ts";
import type { MachineFacts, Versions } from "./machine.ts";
import type { Measurement } from "./rounds.ts";
import { summarize, type Summary } from "./statistics.ts";

export interface Row extends Summary {
  case: CaseName;
  subject: SubjectName;
  /** Median of the MB that were saved; null where nothing was. */
  dirtyMb: number | null;
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
      const own = measurements.filter((one) => one.case === name && one.subject === subject);
      if (own.length === 0) continue;
      const dirty = own.flatMap(({ dirtyMb }) => dirtyMb ?? []);
      rows.push({
        case: name,
        subject,
        ...summarize(own.map(({ value }) => value)),
        dirtyMb: dirty.length === 0 ? null : summarize(dirty).p50,
      });
    }
  }
  return rows;
};

/** Ratio of medians within a case; null where there is no such row. */
export const ratioOf = (rows: readonly Row[], row: Row, reference: SubjectName): number | null => {
  const other = rows.find((one) => one.case === row.case && one.subject === reference);
  return other === undefined || other.p50 === 0 ? null : row.p50 / other.p50;
};

/** `p50_ms` … for times, `p50_mb` … for memory, `p50_per_s` … for reads, `p50_percent` … for processor time. */
const encodeRow = ({ case: name, subject, n, p50, p95, p99, dirtyMb }: Row) => {
  const unit = unitOf(name);
  const values = { [`p50_${unit}`]: p50, [`p95_${unit}`]: p95, [`p99_${unit}`]: p99 };
  return { case: name, subject, n, ...values, ...(dirtyMb === null ? {} : { dirty_mb: dirtyMb }) };
};

export const encodeResults = (results: {
  machine: MachineFacts;
  versions: Versions;
  rows: readonly Row[];
  skipped: readonly Skipped[];
}): string =>
  `${JSON.stringify({ ...results, measured_at: new Date().toISOString(), rows: results.rows.map(encodeRow) }, null, 2)}\n`;

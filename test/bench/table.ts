/** The rows for people: one line per case and subject, ratios against the others, and the targets. */
import { type CaseName, type SubjectName, type Unit, unitOf } from "./cases.ts";
import type { Row } from "./results.ts";
import { targetOf } from "./targets.ts";

const REFERENCES = ["floor", "gvisor", "direct"] as const satisfies SubjectName[];

const HEADINGS = [
  "case",
  "subject",
  "n",
  "p50",
  "p95",
  "p99",
  "dirty",
  ...REFERENCES.map((name) => `x ${name}`),
  "target",
];

const number = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(1));

/** Ratio of medians within a case; empty where there is no such row. */
export const ratio = (rows: readonly Row[], row: Row, reference: SubjectName): number | null => {
  const other = rows.find((one) => one.case === row.case && one.subject === reference);
  return other === undefined || other.p50 === 0 ? null : row.p50 / other.p50;
};

const verdict = (rows: readonly Row[], row: Row): string => {
  const target = targetOf(row);
  if (target === null) return "";
  const value = target.reference === null ? row.p50 : ratio(rows, row, target.reference);
  if (value === null) return `${target.text} (not comparable)`;
  return `${target.text} ${target.isMet(value) ? "met" : "MISSED"}`;
};

const UNITS: Record<Unit, string> = { ms: " ms", mb: " MB", per_s: " /s" };

const unit = (name: CaseName): string => UNITS[unitOf(name)];

const cells = (rows: readonly Row[], row: Row): string[] => [
  row.case,
  row.subject,
  String(row.n),
  ...[row.p50, row.p95, row.p99].map((value) => number(value) + unit(row.case)),
  row.dirtyMb === null ? "" : `${row.dirtyMb.toFixed(0)} MB`,
  ...REFERENCES.map((reference) => {
    const value = row.subject === reference ? null : ratio(rows, row, reference);
    return value === null ? "" : value.toFixed(2);
  }),
  verdict(rows, row),
];

const LEFT_ALIGNED = new Set([0, 1, HEADINGS.length - 1]);

/** Lines of equal layout, the headings first; the case is named once. */
export const formatTable = (rows: readonly Row[]): string => {
  const lines = [HEADINGS, ...rows.map((row) => cells(rows, row))];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  let lastCase = "";
  return lines
    .map((line) => {
      const shown = line[0] === lastCase ? ["", ...line.slice(1)] : line;
      lastCase = line[0] ?? "";
      return shown
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return LEFT_ALIGNED.has(column) ? cell.padEnd(width) : cell.padStart(width);
        })
        .join("  ")
        .trimEnd();
    })
    .join("\n");
};

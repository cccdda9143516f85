/** The rows for people: one line per case and subject, ratios against the others, and the targets. */
import { type CaseName, type SubjectName, type Unit, unitOf } from "./cases.ts";
import { ratioOf, type Row } from "./results.ts";
import { type Measured, verdictsOf } from "./targets.ts";

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

const word = (isMet: boolean | null): string =>
  isMet === null ? "(not comparable)" : isMet ? "met" : "MISSED";

const verdicts = (row: Row, measured: Measured): string =>
  verdictsOf(row, measured)
    .map(({ text, isMet }) => `${text} ${word(isMet)}`)
    .join("; ");

const UNITS: Record<Unit, string> = { ms: " ms", mb: " MB", per_s: " /s", percent: " %" };

const unit = (name: CaseName): string => UNITS[unitOf(name)];

const cells = (row: Row, measured: Measured): string[] => [
  row.case,
  row.subject,
  String(row.n),
  ...[row.p50, row.p95, row.p99].map((value) => number(value) + unit(row.case)),
  row.dirtyMb === null ? "" : `${row.dirtyMb.toFixed(0)} MB`,
  ...REFERENCES.map((reference) => {
    const value = row.subject === reference ? null : ratioOf(measured.rows, row, reference);
    return value === null ? "" : value.toFixed(2);
  }),
  verdicts(row, measured),
];

/** Columns of words; the others hold numbers. */
export const LEFT_ALIGNED: ReadonlySet<number> = new Set([0, 1, HEADINGS.length - 1]);

/** Cells of equal width, the headings first; the case is named once. */
export const tableOf = (measured: Measured): string[][] => {
  const lines = [HEADINGS, ...measured.rows.map((row) => cells(row, measured))];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  let lastCase = "";
  return lines.map((line) => {
    const shown = line[0] === lastCase ? ["", ...line.slice(1)] : line;
    lastCase = line[0] ?? "";
    return shown.map((cell, column) => {
      const width = widths[column] ?? 0;
      return LEFT_ALIGNED.has(column) ? cell.padEnd(width) : cell.padStart(width);
    });
  });
};

/** Lines of equal layout. */
export const formatTable = (measured: Measured): string =>
  tableOf(measured)
    .map((line) => line.join("  ").trimEnd())
    .join("\n");

/** Puts a run into the documentation: its table between two marks of a page, its plot and its numbers beside it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { MachineFacts, Versions } from "../machine.ts";
import { encodeResults, type Row, type Skipped } from "../results.ts";
import { LEFT_ALIGNED, tableOf } from "../table.ts";
import { drawPlot } from "./plot.ts";

const [BEGIN, END] = ["<!-- results: begin -->", "<!-- results: end -->"];

export interface Run {
  machine: MachineFacts;
  versions: Versions;
  rows: readonly Row[];
  skipped: readonly Skipped[];
}

/** The narrowest column that a rule with its colon fits. */
const NARROWEST = 3;

/** As the project's formatter writes it. */
const toMarkdown = (table: readonly string[][]): string => {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.padStart(NARROWEST)).join(" | ")} |`;
  const rule = (table[0] ?? []).map((heading, column) => {
    const dashes = "-".repeat(Math.max(heading.length, NARROWEST));
    return LEFT_ALIGNED.has(column) ? dashes : `${dashes.slice(1)}:`;
  });
  const [headings, ...lines] = table.map(line);
  return [headings, line(rule), ...lines].join("\n");
};

const describe = ({ machine, versions }: Run): string =>
  [
    `${machine.cores} cores (${machine.cpu}), ${Math.round(machine.memory_mb / 1024)} GB, ${
      machine.accelerator === "kvm" ? "with KVM" : "without KVM"
    }, load ${machine.load_at_start} at the start`,
    `Linux ${machine.kernel}, ${versions.os}`,
    versions.qemu,
    versions.runsc ?? "without gVisor",
    `Bun ${versions.bun}`,
    `Wrenn ${versions.wrenn}`,
  ]
    .map((fact) => `- ${fact}`)
    .join("\n");

/** What stands between the marks. */
export const sectionOf = (run: Run, measuredOn: string): string => {
  const table = toMarkdown(tableOf({ rows: run.rows, cores: run.machine.cores }));
  const skipped = run.skipped.map(
    ({ subject, case: name, reason }) =>
      `- not measured: ${name === undefined ? "" : `${name}, `}${subject}: ${reason}`,
  );
  return [
    `Measured on ${measuredOn}:`,
    [describe(run), ...skipped].join("\n"),
    "![Times of Wrenn beside the floor, gVisor and the guest agent alone](benchmarks.svg)",
    table,
  ].join("\n\n");
};

/** Throws when the page has no such marks. */
export const spliceSection = (page: string, section: string): string => {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`the page must hold ${BEGIN} and ${END}`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${section}\n\n${page.slice(to)}`;
};

/** @param directory holds `benchmarks.md` */
export const writeDocuments = (directory: string, run: Run): void => {
  const page = join(directory, "benchmarks.md");
  const measuredOn = new Date().toISOString().slice(0, 10);
  writeFileSync(page, spliceSection(readFileSync(page, "utf8"), sectionOf(run, measuredOn)));
  writeFileSync(join(directory, "benchmarks.json"), encodeResults(run));
  const where = run.machine.accelerator === "kvm" ? "with KVM" : "without KVM";
  const caption = `Median and 95th percentile, ${run.machine.cores} cores ${where}`;
  writeFileSync(join(directory, "benchmarks.svg"), drawPlot(run.rows, caption));
};

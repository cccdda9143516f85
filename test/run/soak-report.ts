/** What a soak came to, as a page of the documentation. */
import type { Versions } from "../bench/machine.ts";
import type { TestResult } from "./results.ts";

export interface SoakOutcome {
  file: string;
  results: TestResult[];
  tookMs: number;
}

export interface Soak {
  /** When it ended. */
  at: Date;
  versions: Versions;
  cores: number;
  outcomes: SoakOutcome[];
}

const row = (...cells: string[]): string => `| ${cells.join(" | ")} |`;

/** A file with more tests than this is told by group; what failed is always told by name. */
const MANY_TESTS = 40;

const groupOf = (name: string): string => name.split(" > ")[0] ?? name;

const summarizeGroups = (results: TestResult[]): { name: string; outcome: string }[] => {
  const groups = Map.groupBy(
    results.filter(({ outcome }) => outcome !== "failed"),
    ({ name, outcome }) => `${groupOf(name)}\0${outcome}`,
  );
  const told = [...groups.values()].map((group) => ({
    name: groupOf(group[0]?.name ?? ""),
    outcome: `${group.length} ${group[0]?.outcome}`,
  }));
  return [...told, ...results.filter(({ outcome }) => outcome === "failed")];
};

const rowsOf = (results: TestResult[]): string[] =>
  (results.length > MANY_TESTS ? summarizeGroups(results) : results).map(({ name, outcome }) =>
    row(name, outcome),
  );

const INTRODUCTION = [
  "# Soak",
  "",
  "`bun run soak` runs the tests of several hosts at the pace that operators have: heartbeats every 30 s, a host",
  "lost after 90 s, links cut for 200 s, a server away for three minutes, two hundred hosts for half an hour. Of",
  "much through one sandbox: 1 GB up and down, 100 MB of output to a reader of 1 MB/s, 5,000 commands, 50 streams",
  "idle for ten minutes; through a browser 200 MB up and down, and 100,000 live events in the dashboard of a large",
  "team. And every case of the SDK in every combination at full size. `bun run soak NAME` runs the files whose path",
  "contains it. Of each file, its last run:",
].join("\n");

/** One file's section; its heading is what a later run finds it by. */
const headingOf = (file: string): string => `## \`${file}\``;

const describeOutcome = ({ file, results, tookMs }: SoakOutcome, { at, versions, cores }: Soak): string =>
  [
    headingOf(file),
    "",
    `- ended ${at.toISOString()}, took ${(tookMs / 60_000).toFixed(1)} min`,
    `- Wrenn ${versions.wrenn}, Bun ${versions.bun}, ${versions.qemu}`,
    `- ${versions.os}, ${cores} cores`,
    "",
    row("test", "outcome"),
    row("---", "---"),
    ...rowsOf(results),
  ].join("\n");

/** Sections by heading, as they stand on a page. */
const sectionsOf = (page: string): Map<string, string> =>
  new Map(
    page
      .split(/^(?=## )/m)
      .slice(1)
      .map((section): [string, string] => [section.split("\n", 1)[0] ?? "", section.trimEnd()]),
  );

/** @param page as it was: what other files came to stays. Sections are in the order of their files. */
export const describeSoak = (soak: Soak, page: string): string => {
  const sections = sectionsOf(page);
  for (const outcome of soak.outcomes) sections.set(headingOf(outcome.file), describeOutcome(outcome, soak));
  const sorted = [...sections].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, section]) => section);
  return `${[INTRODUCTION, ...sorted].join("\n\n")}\n`;
};

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

const rowsOf = ({ file, results, tookMs }: SoakOutcome): string[] =>
  (results.length > MANY_TESTS ? summarizeGroups(results) : results).map(({ name, outcome }, index) => {
    const minutes = `${(tookMs / 60_000).toFixed(1)} min`;
    return index === 0 ? row(`\`${file}\``, minutes, name, outcome) : row("", "", name, outcome);
  });

/** The whole page: the last run is the one that counts. */
export const describeSoak = ({ at, versions, cores, outcomes }: Soak): string =>
  [
    "# Soak",
    "",
    "`bun run soak` runs the tests of several hosts at the pace that operators have: heartbeats every 30 s, a host",
    "lost after 90 s, links cut for 200 s, a server away for three minutes, two hundred hosts for half an hour. Of",
    "much through one sandbox: 1 GB up and down, 100 MB of output to a reader of 1 MB/s, 5,000 commands, 50 streams",
    "idle for ten minutes; through a browser 200 MB up and down, and 100,000 live events in the dashboard of a large",
    "team. And every case of the SDK in every combination at full size. The last run:",
    "",
    `- ended ${at.toISOString()}`,
    `- Wrenn ${versions.wrenn}, Bun ${versions.bun}, ${versions.qemu}`,
    `- ${versions.os}, ${cores} cores`,
    "",
    row("file", "took", "test", "outcome"),
    row("---", "---", "---", "---"),
    ...outcomes.flatMap(rowsOf),
    "",
  ].join("\n");

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

const rowsOf = ({ file, results, tookMs }: SoakOutcome): string[] =>
  results.map(({ name, outcome }, index) => {
    const minutes = `${(tookMs / 60_000).toFixed(1)} min`;
    return index === 0 ? row(`\`${file}\``, minutes, name, outcome) : row("", "", name, outcome);
  });

/** The whole page: the last run is the one that counts. */
export const describeSoak = ({ at, versions, cores, outcomes }: Soak): string =>
  [
    "# Soak",
    "",
    "`bun run soak` runs the tests of several hosts at the pace that operators have: heartbeats every 30 s, a host",
    "lost after 90 s, links cut for 200 s, a server away for three minutes, two hundred hosts for half an hour. And",
    "of much through one sandbox: 1 GB up and down, 100 MB of output to a reader of 1 MB/s, 5,000 commands, 50",
    "streams idle for ten minutes. The last run:",
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

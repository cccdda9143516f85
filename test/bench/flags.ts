/** The command line of the benchmarks. */
import { parseArgs } from "node:util";

import { type CaseName, CASES, isCase } from "./cases.ts";

export const BENCH_USAGE = `usage: bun run bench [--json F] [--only CASE]... [--runs N] [--dir D] [--spans] [--docs]

  --json F     write machine, versions and rows to F as well
  --only CASE  measure this case only (may be given more than once): ${CASES.join(", ")}
  --runs N     repetitions per case and subject (default 30)
  --dir D      data directory of the Wrenn that is measured, kept for the next run
               (default /var/lib/wrenn-bench)
  --spans      print where the agent's time went, from its own log
  --docs       put table, plot and numbers into docs/
  --help       this text`;

export interface BenchFlags {
  json: string | null;
  only: CaseName[];
  runs: number;
  dir: string;
  spans: boolean;
  docs: boolean;
  help: boolean;
}

/** A flag that is unknown or has no such value. The message is for people. */
export class BadFlag extends Error {
  override name = "BadFlag";
}

const MAX_RUNS = 10_000;

const parseRuns = (text: string): number => {
  const runs = /^\d+$/.test(text) ? Number(text) : 0;
  if (runs < 1 || runs > MAX_RUNS) {
    throw new BadFlag(`--runs must be a number from 1 to ${MAX_RUNS}, not "${text}"`);
  }
  return runs;
};

const parseCase = (text: string): CaseName => {
  if (isCase(text)) return text;
  throw new BadFlag(`--only: there is no case "${text}"; the cases are ${CASES.join(", ")}`);
};

/** Throws `BadFlag`. */
export const parseBenchFlags = (args: string[]): BenchFlags => {
  const parsed = (() => {
    try {
      return parseArgs({
        args,
        strict: true,
        allowPositionals: false,
        options: {
          json: { type: "string" },
          only: { type: "string", multiple: true },
          runs: { type: "string", default: "30" },
          dir: { type: "string", default: "/var/lib/wrenn-bench" },
          spans: { type: "boolean", default: false },
          docs: { type: "boolean", default: false },
          help: { type: "boolean", default: false },
        },
      }).values;
    } catch (error) {
      throw new BadFlag(`${error instanceof Error ? error.message : String(error)}\n${BENCH_USAGE}`);
    }
  })();
  return {
    json: parsed.json ?? null,
    only: (parsed.only ?? []).map(parseCase),
    runs: parseRuns(parsed.runs),
    dir: parsed.dir,
    spans: parsed.spans,
    docs: parsed.docs,
    help: parsed.help,
  };
};

/** Runs `bun test` on some files and gathers what came of each test. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseReport, type TestResult } from "./results.ts";
import type { Suite } from "./suites.ts";

const readReport = async (path: string): Promise<TestResult[]> => {
  const file = Bun.file(path);
  return (await file.exists()) ? parseReport(await file.text()) : [];
};

/**
 * Output goes to this process's own, at the end and whole when others run meanwhile. A file that could not be loaded, or whose process did not end in
 * time, counts as one failed test.
 */
export const runFiles = async (
  suite: Suite,
  files: string[],
  options: { root: string; environment: Record<string, string>; isAlone: boolean },
): Promise<TestResult[]> => {
  const aside = mkdtempSync(join(tmpdir(), "wrenn-report-"));
  const reportPath = join(aside, "report.xml");
  const outputPath = join(aside, "output");
  const output = options.isAlone ? null : openSync(outputPath, "w");
  const argv = [process.execPath, "--no-env-file", "test", `--timeout=${suite.timeoutMs}`];
  if (suite.parallel) argv.push("--parallel=2");
  argv.push("--reporter=junit", `--reporter-outfile=${reportPath}`, ...files.map((path) => `./${path}`));
  try {
    const child = Bun.spawn(argv, {
      cwd: options.root,
      stdin: "ignore",
      stdout: output ?? "inherit",
      stderr: output ?? "inherit",
      env: { ...process.env, ...options.environment },
      timeout: suite.deadlineMs,
      killSignal: "SIGKILL",
    });
    const exitCode = await child.exited;
    if (output !== null) process.stdout.write(readFileSync(outputPath));
    const results = await readReport(reportPath);
    if (exitCode === 0) return results;
    const reported = new Set(results.map((result) => result.file));
    const silent = files.filter((path) => !reported.has(path));
    const why = child.signalCode === null ? "could not be run" : `ended by ${child.signalCode}`;
    for (const file of silent) results.push({ file, name: why, outcome: "failed" });
    if (!results.some((result) => result.outcome === "failed")) {
      results.push({
        file: files.join(", "),
        name: `an error outside any test (exit code ${exitCode})`,
        outcome: "failed",
      });
    }
    return results;
  } finally {
    if (output !== null) closeSync(output);
    rmSync(aside, { recursive: true, force: true });
  }
};

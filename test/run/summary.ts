/** The end of a test run, for people and for the last line a machine reads. */
import type { TestResult } from "./results.ts";

const list = (title: string, results: TestResult[]): string[] =>
  results.length === 0 ? [] : ["", `${title}:`, ...results.map(({ file, name }) => `  ${file}: ${name}`)];

/** Names every skipped and failed test; the last line is `N passed, N failed, N skipped`. */
export const summarize = (results: TestResult[], took: string): string => {
  const by = (outcome: TestResult["outcome"]): TestResult[] =>
    results.filter((result) => result.outcome === outcome);
  const [passed, failed, skipped] = [by("passed"), by("failed"), by("skipped")];
  return [
    ...list("skipped", skipped),
    ...list("failed", failed),
    "",
    `took ${took}`,
    `${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`,
  ].join("\n");
};

/**
 * `bun run test [filter…]`: the whole suite, or the files whose path contains a filter. Installs what the
 * real sandboxes need, prepares once what the suites share, and ends with the line
 * `N passed, N failed, N skipped`. Everything skipped is named with its reason.
 */
import { PROJECT_DIRECTORY, requireDependencies } from "../server/up/dependencies.ts";
import { describeError } from "../server/up/failure.ts";

const startedAt = performance.now();
const seconds = (): string => `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`;

const main = async (filters: string[]): Promise<number> => {
  await requireDependencies({ production: false });
  // These import packages, which may only just have come.
  const { findSuites } = await import("./run/suites.ts");
  const { findNoBrowser, findObstacle, prepareShared, provideTestTools } = await import("./run/prepare.ts");
  const { eachLimited } = await import("../proto/limit.ts");
  const { runFiles } = await import("./run/bun-test.ts");
  const { summarize } = await import("./run/summary.ts");

  const suites = findSuites(PROJECT_DIRECTORY, filters);
  if (suites.length === 0) {
    console.error(`test: no test file matches ${filters.join(" ")}`);
    return 2;
  }
  const results = [];
  await provideTestTools();
  const needsHost = suites.some((suite) => suite.needsHost);
  const obstacle = needsHost ? await findObstacle() : null;
  const needsBrowser = suites.some((suite) => suite.needsBrowser);
  const noBrowser = needsBrowser ? await findNoBrowser() : null;
  const shared = await prepareShared({
    host: needsHost && obstacle === null,
    dashboard: needsBrowser && noBrowser === null,
  });
  try {
    for (const suite of suites) {
      const missing = (suite.needsHost ? obstacle : null) ?? (suite.needsBrowser ? noBrowser : null);
      if (missing !== null) {
        for (const file of suite.files) results.push({ file, name: missing, outcome: "skipped" as const });
        continue;
      }
      const groups = suite.parallel ? [suite.files] : suite.files.map((file) => [file]);
      const { environment } = shared;
      const isAlone = suite.atOnce === 1;
      const settled = await eachLimited(groups, suite.atOnce, async (files) => {
        const what = files.length === 1 ? files[0] : `${files.length} files`;
        if (isAlone) console.log(`\n== ${suite.name}: ${what} (${seconds()})`);
        const found = await runFiles(suite, files, { root: PROJECT_DIRECTORY, environment, isAlone });
        if (!isAlone) console.log(`\n== ${suite.name}: ended ${what} (${seconds()})`);
        return found;
      });
      for (const one of settled) {
        if (one.status === "rejected") throw one.reason;
        results.push(...one.value);
      }
    }
  } finally {
    await shared.dispose();
  }
  console.log(summarize(results, seconds()));
  return results.some((result) => result.outcome === "failed") ? 1 : 0;
};

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  console.error(`test: ${describeError(error)}`);
  process.exit(1);
}

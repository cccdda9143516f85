/**
 * `bun run soak [filter…]`: the tests of several hosts at the pace that operators have, with links cut for
 * minutes, of much through one sandbox and through a browser at full size, of traffic with large bodies and long
 * silences, of a large team in the dashboard, and every case of the SDK in every combination. What came of it is written
 * with its date to docs/soak.md; commit it.
 */
import { join } from "node:path";

import { PROJECT_DIRECTORY, requireDependencies } from "../server/up/dependencies.ts";
import { describeError } from "../server/up/failure.ts";

const HOUR_MS = 3_600_000;
/** Where the tests are that can go on for long. */
const PLACES = [
  "test/hosts/",
  "test/sdk/",
  "test/server/many-hosts.test.ts",
  "test/server/traffic-quiet.test.ts",
  "test/e2e/guest-load.test.ts",
  "test/e2e/traffic.test.ts",
  "test/web/sandbox-live.test.ts",
  "test/web/scale.test.ts",
];
/** What makes them: operators' times, and half an hour of many hosts. */
const LENGTHS = { WRENN_TEST_SOAK: "1", WRENN_SOAK_MINUTES: "30" };

const main = async (filters: string[]): Promise<number> => {
  await requireDependencies({ production: false });
  // These import packages, which may only just have come.
  const { findSuites } = await import("./run/suites.ts");
  const { findNoBrowser, findObstacle, prepareShared } = await import("./run/prepare.ts");
  const { runFiles } = await import("./run/bun-test.ts");
  const { describeSoak } = await import("./run/soak-report.ts");
  const { readVersions } = await import("./bench/machine.ts");
  const { cpuCores } = await import("../agent/system/machine.ts");

  const runs = findSuites(PROJECT_DIRECTORY, PLACES)
    .flatMap((suite) => suite.files.map((file) => ({ suite, file })))
    .filter(({ file }) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  if (runs.length === 0) {
    console.error(`soak: no long test matches ${filters.join(" ")}`);
    return 2;
  }
  const needsBrowser = runs.some(({ suite }) => suite.needsBrowser);
  const obstacle = (await findObstacle()) ?? (needsBrowser ? await findNoBrowser() : null);
  if (obstacle !== null) {
    console.error(`soak: this machine cannot run it: ${obstacle}`);
    return 1;
  }
  const shared = await prepareShared({ host: true, dashboard: needsBrowser });
  const outcomes = [];
  try {
    const environment = { ...shared.environment, ...LENGTHS };
    for (const { suite, file } of runs) {
      const startedAt = performance.now();
      console.log(`\n== ${file}`);
      const patient = { ...suite, parallel: false, timeoutMs: HOUR_MS, deadlineMs: 2 * HOUR_MS };
      const results = await runFiles(patient, [file], {
        root: PROJECT_DIRECTORY,
        environment,
        isAlone: true,
      });
      outcomes.push({ file, results, tookMs: performance.now() - startedAt });
    }
  } finally {
    await shared.dispose();
  }
  const path = join(PROJECT_DIRECTORY, "docs", "soak.md");
  const versions = await readVersions(PROJECT_DIRECTORY, null);
  const soak = { at: new Date(), versions, cores: cpuCores(), outcomes };
  await Bun.write(path, describeSoak(soak, await Bun.file(path).text()));
  await Bun.spawn([process.execPath, "fmt", path]).exited;
  console.log(`\nwritten to ${path}`);
  return outcomes.some(({ results }) => results.some(({ outcome }) => outcome === "failed")) ? 1 : 0;
};

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  console.error(`soak: ${describeError(error)}`);
  process.exit(1);
}

/** The published `e2b` package as its users have it: every case of `cases/`, each as a test of its own. */
import { afterAll, beforeAll, describe, setDefaultTimeout, test } from "bun:test";

import { CaseRunner } from "./support/case-runner.ts";
import { casesOf, COMBINATIONS, nameOf } from "./support/combinations.ts";
import { findRuntime } from "./support/runtimes.ts";
import { Stage } from "./support/stage.ts";

const isSoak = process.env["WRENN_TEST_SOAK"] === "1";
const START_MS = 600_000;
const CASE_MS = isSoak ? 600_000 : 90_000;
/** After the case's own limit, for the runner to say so. */
setDefaultTimeout(CASE_MS + 30_000);

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start(0);
}, START_MS);
afterAll(() => stage[Symbol.asyncDispose](), START_MS);

for (const combination of COMBINATIONS) {
  const name = nameOf(combination);
  const cases = casesOf(combination, isSoak);
  const runtime = findRuntime(combination.runtime);
  if (typeof runtime === "string") {
    describe(name, () => test.skip(`${cases.length} cases: ${runtime}`, () => {}));
    continue;
  }
  describe(name, () => {
    let runner: CaseRunner;
    beforeAll(() => {
      runner = new CaseRunner(stage, combination, runtime);
    });
    afterAll(() => runner.stop());
    for (const one of cases) test(one.name, () => runner.run(one.name, CASE_MS));
  });
}

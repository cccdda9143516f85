/** A gigabyte (in the suite a tenth) up and down through server and agent, neither of which keeps it. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { LARGE_FILE, WARM_UP } from "./cases/transfers.ts";
import { CaseRunner } from "./support/case-runner.ts";
import { type Combination, nameOf } from "./support/combinations.ts";
import { peakOf } from "./support/memory.ts";
import { findRuntime } from "./support/runtimes.ts";
import { Stage } from "./support/stage.ts";

const START_MS = 600_000;
const isSoak = process.env["WRENN_TEST_SOAK"] === "1";
const CASE_MS = isSoak ? 1_500_000 : 150_000;
const MOST_GROWTH_MB = 50;
setDefaultTimeout(CASE_MS + 30_000);

const PLAIN: Combination = { runtime: "Node", version: "2.51.0", urls: "plain" };
const WITH_TLS: Combination = { runtime: "Bun", version: "2.51.0", urls: "tls" };
const USERS = isSoak ? [PLAIN, WITH_TLS] : [PLAIN];

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start(2);
}, START_MS);
afterAll(() => stage[Symbol.asyncDispose](), START_MS);

for (const combination of USERS) {
  const runtime = findRuntime(combination.runtime);
  const name = `${nameOf(combination)}: a large file there and back`;
  if (typeof runtime === "string") {
    test.skip(`${name}: ${runtime}`, () => {});
    continue;
  }
  test(name, async () => {
    const runner = new CaseRunner(stage, combination, runtime);
    const server = combination.urls === "plain" ? stage.server : stage.tlsServer;
    const pids = { server: server.pid, agent: stage.agent.pid };
    try {
      const before = await peakOf(pids, () => runner.run(WARM_UP.name, CASE_MS));
      const after = await peakOf(pids, () => runner.run(LARGE_FILE.name, CASE_MS));
      console.log(`${name}: MB before ${JSON.stringify(before)}, during ${JSON.stringify(after)}`);
      expect(after.server - before.server).toBeLessThan(MOST_GROWTH_MB);
      expect(after.agent - before.agent).toBeLessThan(MOST_GROWTH_MB);
    } finally {
      await runner.stop();
    }
  });
}

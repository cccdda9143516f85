/**
 * Time to interactive as the public ComputeSDK benchmark takes it: from the call that creates a sandbox to the end of
 * its first command, through the published e2b package. One after the other, started 200 ms apart, all at once.
 * https://github.com/computesdk/benchmarks
 */
import { Sandbox } from "e2b";

import type { CaseName } from "../cases.ts";
import type { Measurement, Runner } from "../rounds.ts";
import { type BenchContext, timed } from "./context.ts";

/** The benchmark's own. */
const MOST = 100;
const APART_MS = 200;
const COMMAND = 'echo "benchmark"';
/** A burst takes as long as it takes; this only ends a hang. */
const TIMEOUT_MS = 180_000;

type TtiCase = Extract<CaseName, `tti_${string}`>;

/** Starts all and resolves to their times. Rejects when one fails: none may. */
const MODES: Record<TtiCase, (count: number, once: () => Promise<number>) => Promise<number[]>> = {
  tti_sequential: async (count, once) => {
    const times = [];
    for (let index = 0; index < count; index++) times.push(await once());
    return times;
  },
  tti_staggered: async (count, once) => {
    const times = [];
    for (let index = 0; index < count; index++) {
      if (index > 0) await Bun.sleep(APART_MS);
      times.push(once());
    }
    return Promise.all(times);
  },
  tti_burst: (count, once) => Promise.all(Array.from({ length: count }, once)),
};

const measured = (name: TtiCase, subject: "wrenn" | "gvisor", times: readonly number[]): Measurement[] =>
  times.map((value) => ({ case: name, subject, value }));

const wrenn = (name: TtiCase, { client, product, agentLog, runs }: BenchContext): Runner => ({
  name: "wrenn",
  once: async () => {
    const { url, apiKey } = product;
    const options = { apiUrl: url, sandboxUrl: url, apiKey, requestTimeoutMs: TIMEOUT_MS };
    await agentLog.sparesAreFull();
    const times = await MODES[name](Math.min(runs, MOST), async () => {
      const startedAt = performance.now();
      const sandbox = await Sandbox.create(options);
      const { exitCode, stdout } = await sandbox.commands.run(COMMAND);
      const ms = performance.now() - startedAt;
      const own = client.own(sandbox.sandboxId);
      if (exitCode !== 0 || stdout !== "benchmark\n") throw new Error(`${COMMAND} answered ${stdout}`);
      // Between two in a row nothing of the last one is left; of a crowd all live until the last has answered.
      if (name === "tti_sequential") await own.remove();
      return ms;
    });
    await client.removeAll();
    await agentLog.sparesAreFull();
    return measured(name, "wrenn", times);
  },
});

/** The same as processes, each sandboxed for its one command. */
const gvisor = (name: TtiCase, { gvisor: found, runs }: BenchContext): Runner[] =>
  "skipped" in found
    ? []
    : [
        {
          name: "gvisor",
          once: async () => {
            const once = () => timed(() => found.run(["echo", "benchmark"]));
            return measured(name, "gvisor", await MODES[name](Math.min(runs, MOST), once));
          },
        },
      ];

export const ttiRunners =
  (name: TtiCase) =>
  async (context: BenchContext): Promise<Runner[]> => [wrenn(name, context), ...gvisor(name, context)];

/** Runs scenarios one after the other and collects what they measured. */
import type { CaseName } from "./cases.ts";
import { type Row, type Skipped, toRows } from "./results.ts";
import { type Measurement, runRounds } from "./rounds.ts";
import { type Scenario, SCENARIOS } from "./scenarios/all.ts";
import type { BenchContext } from "./scenarios/context.ts";

const measure = async (context: BenchContext, scenario: Scenario, asked: number): Promise<Measurement[]> => {
  const startedAt = performance.now();
  const runs = scenario.runs(asked);
  const runners = await scenario.open(context);
  try {
    return await runRounds(runners, { warmUps: scenario.warmUps, runs });
  } finally {
    for (const runner of runners) await runner.dispose?.();
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    console.log(`${scenario.title}: ${runners.map(({ name }) => name).join(", ")} x ${runs} in ${seconds} s`);
  }
};

/**
 * Measures the wanted cases (all without any). A scenario that fails is named with its reason, leaves
 * nothing running, and the others go on.
 */
export const measureAll = async (
  context: BenchContext,
  { only, runs }: { only: readonly CaseName[]; runs: number },
): Promise<{ rows: Row[]; skipped: Skipped[] }> => {
  const isWanted = (name: CaseName): boolean => only.length === 0 || only.includes(name);
  const measurements: Measurement[] = [];
  const skipped: Skipped[] = [];
  if ("skipped" in context.gvisor) skipped.push({ subject: "gvisor", reason: context.gvisor.skipped });
  for (const scenario of SCENARIOS.filter(({ cases }) => cases.some(isWanted))) {
    try {
      measurements.push(...(await measure(context, scenario, runs)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      for (const name of scenario.cases) skipped.push({ case: name, subject: "wrenn", reason });
      console.error(`${scenario.title} failed: ${reason}`);
    } finally {
      await context.client.removeAll();
      await context.floor.removeAll();
    }
  }
  return { rows: toRows(measurements.filter(({ case: name }) => isWanted(name))), skipped };
};

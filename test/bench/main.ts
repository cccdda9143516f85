/**
 * `bun run bench`: starts a Wrenn of its own and measures it beside the floor and gVisor. Prints a table
 * and, with `--json`, writes the same numbers to a file.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { prepareDirectory } from "../../server/up/data-directory.ts";
import { PROJECT_DIRECTORY } from "../../server/up/dependencies.ts";
import { BadFlag, BENCH_USAGE, type BenchFlags, parseBenchFlags } from "./flags.ts";
import { openFloorTemplate } from "./floor/template.ts";
import { FloorVm } from "./floor/vm.ts";
import { prepareGvisor } from "./gvisor.ts";
import { readMachine, readVersions } from "./machine.ts";
import { encodeResults, type Skipped, toRows } from "./results.ts";
import { type Measurement, runRounds } from "./rounds.ts";
import { type Scenario, SCENARIOS } from "./scenarios/all.ts";
import type { BenchContext } from "./scenarios/context.ts";
import { formatTable } from "./table.ts";
import { AgentLog } from "./wrenn/agent-log.ts";
import { type Product, startProduct } from "./wrenn/product.ts";
import { createWrennClient } from "./wrenn/sandbox.ts";
import { formatSpans } from "./wrenn/spans.ts";

const isWanted = ({ cases }: Scenario, only: BenchFlags["only"]): boolean =>
  only.length === 0 || cases.some((name) => only.includes(name));

const openContext = async (product: Product, floorDirectory: string): Promise<BenchContext> => {
  const template = await openFloorTemplate(product.wrennDirectory);
  let floorVms = 0;
  return {
    product,
    client: createWrennClient(product),
    agentLog: new AgentLog(product.agentLogPath),
    template,
    gvisor: prepareGvisor(),
    newFloorVm: () => new FloorVm(template, floorDirectory, floorVms++),
  };
};

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

/** Runs every wanted scenario; one that fails is named with its reason and the others go on. */
const measureAll = async (context: BenchContext, flags: BenchFlags) => {
  const measurements: Measurement[] = [];
  const skipped: Skipped[] = [];
  if ("skipped" in context.gvisor) skipped.push({ subject: "gvisor", reason: context.gvisor.skipped });
  for (const scenario of SCENARIOS.filter((one) => isWanted(one, flags.only))) {
    try {
      measurements.push(...(await measure(context, scenario, flags.runs)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      skipped.push(...scenario.cases.map((name) => ({ case: name, subject: "wrenn" as const, reason })));
      console.error(`${scenario.title} failed: ${reason}`);
    }
  }
  const only = measurements.filter(({ case: name }) => flags.only.length === 0 || flags.only.includes(name));
  return { rows: toRows(only), skipped };
};

/** The exit code: 1 when a case could not be measured. */
const bench = async (flags: BenchFlags): Promise<number> => {
  const { root } = prepareDirectory(flags.dir);
  const floorDirectory = join(root, `floor-${process.pid}`);
  const product = await startProduct(root);
  try {
    const context = await openContext(product, floorDirectory);
    const { gvisor, template } = context;
    const machine = await readMachine(template.accelerator === "kvm" ? "kvm" : "emulated");
    const versions = await readVersions(PROJECT_DIRECTORY, "version" in gvisor ? gvisor.version : null);
    const { rows, skipped } = await measureAll(context, flags);
    console.log(`\n${Object.values(machine).join(", ")}\n${Object.values(versions).join(", ")}\n`);
    console.log(formatTable(rows));
    for (const { subject, case: name, reason } of skipped) {
      console.log(`skipped: ${name === undefined ? "" : `${name} `}${subject}: ${reason}`);
    }
    if (flags.spans) console.log(`\n${formatSpans(context.agentLog.all())}`);
    if (flags.json !== null) writeFileSync(flags.json, encodeResults({ machine, versions, rows, skipped }));
    return skipped.some(({ case: name }) => name !== undefined) ? 1 : 0;
  } finally {
    await product.stop();
    rmSync(floorDirectory, { recursive: true, force: true });
    console.log(`${root} is kept for the next run; "bun run down --purge --dir ${root}" removes it`);
  }
};

const main = async (args: string[]): Promise<number> => {
  try {
    const flags = parseBenchFlags(args);
    if (flags.help) {
      console.log(BENCH_USAGE);
      return 0;
    }
    return await bench(flags);
  } catch (error) {
    if (!(error instanceof BadFlag)) throw error;
    console.error(`bench: ${error.message}`);
    return 2;
  }
};

process.exit(await main(process.argv.slice(2)));

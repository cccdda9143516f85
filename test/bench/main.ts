/**
 * `bun run bench`: starts a Wrenn of its own and measures it beside the floor and gVisor. Prints a table
 * and, with `--json`, writes the same numbers to a file, with `--docs` into the documentation.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { prepareDirectory } from "../../server/up/data-directory.ts";
import { PROJECT_DIRECTORY } from "../../server/up/dependencies.ts";
import { CommandFailure } from "../../server/up/failure.ts";
import { isRoot } from "../../server/up/rights.ts";
import { BadFlag, BENCH_USAGE, type BenchFlags, parseBenchFlags } from "./flags.ts";
import { Floor, removeFloorLeftovers } from "./floor/floor.ts";
import { openFloorTemplate } from "./floor/template.ts";
import { prepareGvisor } from "./gvisor.ts";
import { readMachine, readVersions } from "./machine.ts";
import { writeDocuments } from "./report/documents.ts";
import { encodeResults } from "./results.ts";
import { measureAll } from "./run.ts";
import type { BenchContext } from "./scenarios/context.ts";
import { formatTable } from "./table.ts";
import { AgentLog } from "./wrenn/agent-log.ts";
import { startProduct } from "./wrenn/product.ts";
import { createWrennClient } from "./wrenn/sandbox.ts";
import { formatSpans } from "./wrenn/spans.ts";

const INTERRUPTED = 130;

const report = async (context: BenchContext, flags: BenchFlags): Promise<number> => {
  const { gvisor, template, agentLog } = context;
  const machine = await readMachine(template.accelerator === "kvm" ? "kvm" : "emulated");
  const versions = await readVersions(PROJECT_DIRECTORY, "version" in gvisor ? gvisor.version : null);
  const { rows, skipped } = await measureAll(context, flags);
  const run = { machine, versions, rows, skipped };
  const facts = (values: object) => Object.entries(values).map(([name, value]) => `${name} ${value}`);
  console.log(
    `\n${facts(machine).join(", ")}\n${facts(versions).join(", ")}\n\n${formatTable({ rows, cores: machine.cores })}`,
  );
  for (const { subject, case: name, reason } of skipped) {
    console.log(`skipped: ${name === undefined ? "" : `${name} `}${subject}: ${reason}`);
  }
  if (flags.spans) console.log(`\n${formatSpans(agentLog.all())}`);
  if (flags.json !== null) writeFileSync(flags.json, encodeResults(run));
  if (flags.docs) writeDocuments(join(PROJECT_DIRECTORY, "docs"), run);
  return skipped.some(({ case: name }) => name !== undefined) ? 1 : 0;
};

/** The exit code: 1 when a case could not be measured. */
const bench = async (flags: BenchFlags): Promise<number> => {
  if (!isRoot())
    throw new CommandFailure("missing_rights", "the floor makes VMs of its own: run the bench as root");
  const { root } = prepareDirectory(flags.dir);
  removeFloorLeftovers();
  await using ending = new AsyncDisposableStack();
  process.once("SIGINT", () => void ending.disposeAsync().finally(() => process.exit(INTERRUPTED)));
  const product = await startProduct(root);
  ending.defer(() => {
    console.log(`${root} is kept for the next run; "bun run down --purge --dir ${root}" removes it`);
  });
  ending.defer(() => product.stop());
  const template = await openFloorTemplate(product.wrennDirectory);
  const floor = new Floor(template, join(root, `floor-${process.pid}`));
  ending.defer(() => floor.removeAll());
  const client = createWrennClient(product);
  ending.defer(() => client.removeAll());
  const agentLog = new AgentLog(product.agentLogPath);
  const gvisor = prepareGvisor();
  return await report({ product, client, agentLog, template, floor, gvisor, runs: flags.runs }, flags);
};

const main = async (args: string[]): Promise<number> => {
  try {
    const flags = parseBenchFlags(args);
    if (!flags.help) return await bench(flags);
    console.log(BENCH_USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof BadFlag || error instanceof CommandFailure)) throw error;
    console.error(`bench: ${error.message}`);
    return error instanceof BadFlag ? 2 : 1;
  }
};

process.exit(await main(process.argv.slice(2)));

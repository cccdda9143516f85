/** A hundred live sandboxes that do nothing: what the last ones wait for, and what all of them cost meanwhile. */
import { readProcessCpuMs } from "../../../agent/system/cpu-time.ts";
import { initialize, runCommand, waitHealthy } from "../floor/guest.ts";
import { ownMegabytes } from "../process-memory.ts";
import type { Measurement, Runner } from "../rounds.ts";
import { type BenchContext, FIRST_COMMAND, timed } from "./context.ts";

const SANDBOXES = 100;
/** These are timed: the hundredth alone says little. */
const LAST = 10;
/** What was begun when they were made is over by then. */
const SETTLE_MS = 5_000;
const IDLE_MS = 15_000;

/** Of one core, in %, while nobody asks for anything. */
const idlePercents = async (pids: readonly number[]): Promise<number[]> => {
  await Bun.sleep(SETTLE_MS);
  const before = pids.map((pid) => readProcessCpuMs(pid) ?? 0);
  const ms = await timed(() => Bun.sleep(IDLE_MS));
  return pids.map((pid, index) => (((readProcessCpuMs(pid) ?? 0) - (before[index] ?? 0)) * 100) / ms);
};

const idleVms = (subject: "wrenn" | "floor", percents: readonly number[]): Measurement[] =>
  percents.map((value) => ({ case: "idle_cpu_vm", subject, value }));

/** Milliseconds of the last ones. */
const makeAll = async (makeOne: () => Promise<unknown>): Promise<number[]> => {
  const times = [];
  for (let made = 0; made < SANDBOXES; made++) times.push(await timed(makeOne));
  return times.slice(-LAST);
};

const lastOnes = (subject: "wrenn" | "floor", times: readonly number[]): Measurement[] =>
  times.map((value) => ({ case: "create_100th", subject, value }));

const wrenn = ({ client, product }: BenchContext): Runner => ({
  name: "wrenn",
  once: async () => {
    const services = [product.agentPid, product.serverPid];
    const size = async () => {
      const sizes = await Promise.all(services.map(ownMegabytes));
      return sizes.reduce((sum, one) => sum + one, 0);
    };
    const before = await size();
    const pids: number[] = [];
    const times = await makeAll(async () => {
      const sandbox = await client.create();
      await sandbox.exec(...FIRST_COMMAND);
      pids.push((await sandbox.journal()).vm.pid);
    });
    const [agent = 0, ...vms] = await idlePercents([product.agentPid, ...pids]);
    const perSandbox = ((await size()) - before) / SANDBOXES;
    await client.removeAll();
    return [
      ...lastOnes("wrenn", times),
      { case: "services_per_sandbox", subject: "wrenn", value: perSandbox },
      { case: "idle_cpu_agent", subject: "wrenn_agent", value: agent },
      ...idleVms("wrenn", vms),
    ];
  },
});

const viaFloor = ({ floor }: BenchContext): Runner => ({
  name: "floor",
  once: async () => {
    const pids: number[] = [];
    const times = await makeAll(async () => {
      const vm = floor.newVm();
      vm.create();
      waitHealthy(vm.namespace);
      initialize(vm.namespace);
      runCommand(vm.namespace, [...FIRST_COMMAND]);
      pids.push(vm.pid);
    });
    const vms = await idlePercents(pids);
    await floor.removeAll();
    return [...lastOnes("floor", times), ...idleVms("floor", vms)];
  },
});

export const hundredRunners = async (context: BenchContext): Promise<Runner[]> => [
  wrenn(context),
  viaFloor(context),
];

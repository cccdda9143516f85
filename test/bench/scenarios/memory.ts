/** Private memory of QEMU for each of many sandboxes that are up at once: just handed out, and after one command. */
import { initialize, runCommand, waitHealthy } from "../floor/guest.ts";
import { privateMegabytes } from "../process-memory.ts";
import type { Measurement, Runner } from "../rounds.ts";
import { type BenchContext, FIRST_COMMAND } from "./context.ts";

const SANDBOXES = 20;

type Case = "memory_idle" | "memory_after_first_command";

const measure = async (
  name: Case,
  subject: "wrenn" | "floor",
  pids: readonly number[],
): Promise<Measurement[]> =>
  Promise.all(pids.map(async (pid) => ({ case: name, subject, value: await privateMegabytes(pid) })));

const wrenn = ({ client }: BenchContext): Runner => ({
  name: "wrenn",
  once: async () => {
    const sandboxes = [];
    for (let made = 0; made < SANDBOXES; made++) sandboxes.push(await client.create());
    const pids = await Promise.all(sandboxes.map(async (sandbox) => (await sandbox.journal()).vm.pid));
    const before = await measure("memory_idle", "wrenn", pids);
    for (const sandbox of sandboxes) await sandbox.exec(...FIRST_COMMAND);
    const after = await measure("memory_after_first_command", "wrenn", pids);
    await client.removeAll();
    return [...before, ...after];
  },
});

const viaFloor = ({ floor }: BenchContext): Runner => ({
  name: "floor",
  once: async () => {
    const vms = Array.from({ length: SANDBOXES }, () => floor.newVm());
    for (const vm of vms) {
      vm.create();
      waitHealthy(vm.namespace);
      initialize(vm.namespace);
    }
    const pids = vms.map(({ pid }) => pid);
    const before = await measure("memory_idle", "floor", pids);
    for (const { namespace } of vms) runCommand(namespace, [...FIRST_COMMAND]);
    const after = await measure("memory_after_first_command", "floor", pids);
    await floor.removeAll();
    return [...before, ...after];
  },
});

export const memoryRunners = async (context: BenchContext): Promise<Runner[]> => [
  wrenn(context),
  viaFloor(context),
];

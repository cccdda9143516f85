/** Private memory of QEMU for each of many sandboxes that are up at once and have run one command. */
import { readFile } from "node:fs/promises";

import { initialize, runCommand, waitHealthy } from "../floor/guest.ts";
import type { Measurement, Runner } from "../rounds.ts";
import { type BenchContext, FIRST_COMMAND } from "./context.ts";

const SANDBOXES = 20;

/** MB that only this process has. */
const privateMegabytes = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const kilobytes = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  return (kilobytes("Private_Clean") + kilobytes("Private_Dirty")) / 1024;
};

const measure = async (subject: "wrenn" | "floor", pids: number[]): Promise<Measurement[]> =>
  Promise.all(
    pids.map(async (pid) => ({
      case: "memory_after_first_command" as const,
      subject,
      value: await privateMegabytes(pid),
    })),
  );

const wrenn = ({ client }: BenchContext): Runner => ({
  name: "wrenn",
  once: async () => {
    const pids = [];
    for (let made = 0; made < SANDBOXES; made++) {
      const sandbox = await client.create();
      await sandbox.exec(...FIRST_COMMAND);
      pids.push((await sandbox.journal()).vm.pid);
    }
    const measured = await measure("wrenn", pids);
    await client.removeAll();
    return measured;
  },
});

const viaFloor = ({ floor }: BenchContext): Runner => ({
  name: "floor",
  once: async () => {
    const pids = [];
    for (let made = 0; made < SANDBOXES; made++) {
      const vm = floor.newVm();
      vm.create();
      waitHealthy(vm.namespace);
      initialize(vm.namespace);
      runCommand(vm.namespace, [...FIRST_COMMAND]);
      pids.push(vm.pid);
    }
    const measured = await measure("floor", pids);
    await floor.removeAll();
    return measured;
  },
});

export const memoryRunners = async (context: BenchContext): Promise<Runner[]> => [
  wrenn(context),
  viaFloor(context),
];

/** Twenty at once: copies of one running sandbox, and sandboxes asked for at the same time. */
import { initialize, runCommand, waitHealthy } from "../floor/guest.ts";
import type { FloorVm } from "../floor/vm.ts";
import type { Runner } from "../rounds.ts";
import { type BenchContext, FIRST_COMMAND, timed } from "./context.ts";

const CROWD = 20;

/** Until all copies have been handed out, and how long the source stood for that. */
const forkWrenn = ({ client, agentLog }: BenchContext): Runner => ({
  name: "wrenn",
  once: async () => {
    const source = await client.create();
    await source.exec(...FIRST_COMMAND);
    const { sandboxId } = await source.journal();
    const startedAt = performance.now();
    const children = await source.fork(CROWD);
    const value = performance.now() - startedAt;
    const { stoppedMs } = await agentLog.next("sandbox_captured", sandboxId);
    for (const sandbox of [...children, source]) await sandbox.remove();
    await agentLog.standbysAreFull();
    return [
      { case: "fork_20", subject: "wrenn", value },
      { case: "fork_20_stopped", subject: "wrenn_agent", value: Number(stoppedMs) },
    ];
  },
});

const forkFloor = ({ floor }: BenchContext): Runner => ({
  name: "floor",
  once: async () => {
    const source = floor.newVm();
    source.create();
    waitHealthy(source.namespace);
    initialize(source.namespace);
    runCommand(source.namespace, [...FIRST_COMMAND]);
    const children = Array.from({ length: CROWD }, () => floor.newVm());
    const startedAt = performance.now();
    const { disk, saved, stoppedMs } = source.copy();
    for (const child of children) {
      child.cloneOf(disk, saved);
      waitHealthy(child.namespace);
    }
    const value = performance.now() - startedAt;
    for (const vm of [...children, source]) await floor.remove(vm);
    return [
      { case: "fork_20", subject: "floor", value },
      { case: "fork_20_stopped", subject: "floor", value: stoppedMs },
    ];
  },
});

export const fork20Runners = async (context: BenchContext): Promise<Runner[]> => [
  forkWrenn(context),
  forkFloor(context),
];

/** Until the last one has been handed out. */
const burstWrenn = ({ client, agentLog }: BenchContext): Runner => ({
  name: "wrenn",
  once: async () => {
    await agentLog.sparesAreFull();
    const sandboxes = Array.from({ length: CROWD }, () => client.create());
    const value = await timed(() => Promise.all(sandboxes));
    for (const sandbox of await Promise.all(sandboxes)) await sandbox.remove();
    await agentLog.sparesAreFull();
    return [{ case: "burst_20", subject: "wrenn", value }];
  },
});

const burstFloor = ({ floor }: BenchContext): Runner => ({
  name: "floor",
  once: async () => {
    const vms: FloorVm[] = Array.from({ length: CROWD }, () => floor.newVm());
    const value = await timed(() => {
      for (const vm of vms) {
        vm.create();
        waitHealthy(vm.namespace);
      }
    });
    for (const vm of vms) await floor.remove(vm);
    return [{ case: "burst_20", subject: "floor", value }];
  },
});

export const burst20Runners = async (context: BenchContext): Promise<Runner[]> => [
  burstWrenn(context),
  burstFloor(context),
];

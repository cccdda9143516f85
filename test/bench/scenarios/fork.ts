/** One copy of a running sandbox, up and answering. Each source is copied once: chains stay as short. */
import { initialize, runCommand, waitHealthy } from "../floor/guest.ts";
import type { Runner } from "../rounds.ts";
import { type BenchContext, FIRST_COMMAND, timed } from "./context.ts";

const wrenn = ({ client, agentLog }: BenchContext): Runner => ({
  name: "wrenn",
  once: async () => {
    const source = await client.create();
    await source.exec(...FIRST_COMMAND);
    const startedAt = performance.now();
    const children = await source.fork(1);
    const value = performance.now() - startedAt;
    for (const sandbox of [...children, source]) await sandbox.remove();
    await agentLog.standbysAreFull();
    return [{ case: "fork", subject: "wrenn", value }];
  },
});

const viaFloor = ({ floor }: BenchContext): Runner => ({
  name: "floor",
  once: async () => {
    const source = floor.newVm();
    source.create();
    waitHealthy(source.namespace);
    initialize(source.namespace);
    runCommand(source.namespace, [...FIRST_COMMAND]);
    const child = floor.newVm();
    const value = await timed(() => {
      const { disk, saved } = source.copy();
      child.cloneOf(disk, saved);
      waitHealthy(child.namespace);
    });
    for (const vm of [child, source]) {
      await floor.remove(vm);
    }
    return [{ case: "fork", subject: "floor", value }];
  },
});

export const forkRunners = async (context: BenchContext): Promise<Runner[]> => [
  wrenn(context),
  viaFloor(context),
];

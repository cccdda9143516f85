/** From nothing to a sandbox that is up, and on to the end of its first command. */
import { initialize, runCommand, waitHealthy } from "../floor/guest.ts";
import type { Runner } from "../rounds.ts";
import { type BenchContext, FIRST_COMMAND } from "./context.ts";

const wrenn = ({ client }: BenchContext): Runner => ({
  name: "wrenn",
  once: async () => {
    const startedAt = performance.now();
    const sandbox = await client.create();
    const healthyAt = performance.now();
    await sandbox.exec(...FIRST_COMMAND);
    const endedAt = performance.now();
    await sandbox.remove();
    return [
      { case: "create_to_healthy", subject: "wrenn", value: healthyAt - startedAt },
      { case: "create_to_first_command", subject: "wrenn", value: endedAt - startedAt },
    ];
  },
});

const viaFloor = ({ floor }: BenchContext): Runner => ({
  name: "floor",
  once: async () => {
    const vm = floor.newVm();
    const startedAt = performance.now();
    vm.create();
    waitHealthy(vm.namespace);
    const healthyAt = performance.now();
    initialize(vm.namespace);
    const initializedAt = performance.now();
    runCommand(vm.namespace, [...FIRST_COMMAND]);
    const endedAt = performance.now();
    await floor.remove(vm);
    return [
      { case: "create_to_healthy", subject: "floor", value: healthyAt - startedAt },
      { case: "create_to_healthy", subject: "floor_init", value: initializedAt - startedAt },
      { case: "create_to_first_command", subject: "floor", value: endedAt - startedAt },
    ];
  },
});

export const createRunners = async (context: BenchContext): Promise<Runner[]> => [
  wrenn(context),
  viaFloor(context),
  ...("runner" in context.gvisor ? [context.gvisor.runner] : []),
];

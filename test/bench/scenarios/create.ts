/** From nothing to a sandbox that is up, and on to the end of its first command. */
import { initialize, runCommand, waitHealthy } from "../floor/guest.ts";
import type { Measurement, Runner } from "../rounds.ts";
import { type BenchContext, FIRST_COMMAND, timed } from "./context.ts";

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

const floor = ({ newFloorVm }: BenchContext, subject: "floor" | "floor_init"): Runner => ({
  name: subject,
  once: async (): Promise<Measurement[]> => {
    const vm = newFloorVm();
    const startedAt = performance.now();
    vm.create();
    waitHealthy(vm.namespace);
    if (subject === "floor_init") initialize(vm.namespace);
    const healthyMs = performance.now() - startedAt;
    const commandMs = await timed(() => runCommand(vm.namespace, [...FIRST_COMMAND]));
    await vm.end();
    vm.removeFiles();
    return [
      { case: "create_to_healthy", subject, value: healthyMs },
      { case: "create_to_first_command", subject, value: healthyMs + commandMs },
    ];
  },
});

export const createRunners = async (context: BenchContext): Promise<Runner[]> => [
  wrenn(context),
  floor(context, "floor"),
  floor(context, "floor_init"),
  ...("runner" in context.gvisor ? [context.gvisor.runner] : []),
];

/** From nothing to a sandbox that is up, and on to the end of its first command. */
import { initialize, runCommand, waitHealthy } from "../floor/guest.ts";
import type { Runner } from "../rounds.ts";
import { type BenchContext, FIRST_COMMAND } from "./context.ts";

/** @param before what a repetition waits for, untimed */
const wrenn = (
  { client }: BenchContext,
  subject: "wrenn" | "wrenn_unpaced",
  before: () => Promise<void>,
): Runner => ({
  name: subject,
  once: async () => {
    await before();
    const startedAt = performance.now();
    const sandbox = await client.create();
    const healthyAt = performance.now();
    await sandbox.exec(...FIRST_COMMAND);
    const endedAt = performance.now();
    await sandbox.remove();
    return [
      { case: "create_to_healthy", subject, value: healthyAt - startedAt },
      { case: "create_to_first_command", subject, value: endedAt - startedAt },
    ];
  },
});

/** In a row, each as soon as the one before is gone: faster than spares are made. */
const UNPACED_ROW = 4;

const inARow = (runner: Runner): Runner => ({
  ...runner,
  once: async () => {
    const measured = [];
    for (let index = 0; index < UNPACED_ROW; index++) measured.push(...(await runner.once()));
    return measured;
  },
});

/** No spare is made beside the others' repetitions. */
const thenRest = (runner: Runner, { agentLog }: BenchContext): Runner => ({
  ...runner,
  once: async () => {
    const measured = await runner.once();
    await agentLog.sparesAreFull();
    return measured;
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
  thenRest(
    wrenn(context, "wrenn", () => context.agentLog.sparesAreReady()),
    context,
  ),
  thenRest(inARow(wrenn(context, "wrenn_unpaced", async () => {})), context),
  viaFloor(context),
  ...("runner" in context.gvisor ? [context.gvisor.runner] : []),
];

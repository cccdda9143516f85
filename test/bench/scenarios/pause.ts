/** Pause with so many MB that differ from the template, and the resume after it. */
import { initialize, runCommand, waitHealthy } from "../floor/guest.ts";
import { megabytesOf } from "../floor/memory.ts";
import type { Measurement, Runner } from "../rounds.ts";
import { waitForProcessEnd } from "../wrenn/sandbox.ts";
import { type BenchContext, FIRST_COMMAND, timed } from "./context.ts";

export type PauseCase = "pause_5mb" | "pause_50mb" | "pause_200mb";

/** What the first command alone leaves dirty. */
const BASIS_MB = 6;
const DIRTY_MB: Record<PauseCase, number> = { pause_5mb: BASIS_MB, pause_50mb: 50, pause_200mb: 200 };

/** Fills guest memory that survives a pause. */
const fill = (megabytes: number): [string, ...string[]] => [
  "dd",
  "if=/dev/urandom",
  "of=/dev/shm/fill",
  "bs=1M",
  `count=${megabytes}`,
];

/** Pages of 4 KiB in a MB. */
const PAGES_PER_MB = 256;

/** Resumes are measured where the least memory is loaded. */
const resumeOf = (name: PauseCase, subject: Measurement["subject"], value: number): Measurement[] =>
  name === "pause_5mb" ? [{ case: "resume_to_healthy", subject, value }] : [];

const wrenn = async (context: BenchContext, name: PauseCase): Promise<Runner> => {
  const sandbox = await context.client.create();
  await sandbox.exec(...FIRST_COMMAND);
  const extraMb = DIRTY_MB[name] - BASIS_MB;
  if (extraMb > 0) await sandbox.exec(...fill(extraMb));
  return {
    name: "wrenn",
    once: async () => {
      const { vm, sandboxId } = await sandbox.journal();
      const pauseMs = await timed(() => sandbox.pause());
      await waitForProcessEnd(vm.pid);
      const logged = await context.agentLog.next("sandbox_paused", sandboxId);
      const resumeMs = await timed(() => sandbox.resume());
      // None is made beside the floor's repetition.
      await context.agentLog.standbysAreFull();
      const dirtyMb = Number(logged["pages"]) / PAGES_PER_MB;
      return [
        { case: name, subject: "wrenn", value: pauseMs, dirtyMb },
        { case: name, subject: "wrenn_agent", value: Number(logged["totalMs"]), dirtyMb },
        ...resumeOf(name, "wrenn", resumeMs),
      ];
    },
  };
};

const viaFloor = (context: BenchContext, name: PauseCase): Runner => {
  const vm = context.floor.newVm();
  vm.create();
  waitHealthy(vm.namespace);
  initialize(vm.namespace);
  runCommand(vm.namespace, [...FIRST_COMMAND]);
  const extraMb = DIRTY_MB[name] - BASIS_MB;
  if (extraMb > 0) runCommand(vm.namespace, fill(extraMb));
  return {
    name: "floor",
    once: async () => {
      const startedAt = performance.now();
      const saved = vm.pause();
      const pauseMs = performance.now() - startedAt;
      await vm.end();
      const resumeMs = await timed(() => {
        vm.resume(saved);
        waitHealthy(vm.namespace);
      });
      vm.drop(saved);
      const dirtyMb = megabytesOf(saved.runs);
      return [
        { case: name, subject: "floor", value: pauseMs, dirtyMb },
        ...resumeOf(name, "floor", resumeMs),
      ];
    },
  };
};

export const pauseRunners =
  (name: PauseCase) =>
  async (context: BenchContext): Promise<Runner[]> => [await wrenn(context, name), viaFloor(context, name)];

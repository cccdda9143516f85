/**
 * Waits until a guest has nothing to do. What it is in the middle of when its memory is saved, every clone of
 * that memory does again before anything else: timers that are due, connections that end, garbage being collected.
 */
import { readProcessCpuMs } from "../system/cpu-time.ts";

/** A guest that does nothing still wakes now and then. */
const QUIET_WINDOW_MS = 1_000;
const QUIET_CPU_MS = 20;

/**
 * Resolves when the process took next to no processor time for a second, and after `deadlineMs` as it is: some
 * images run programs that are never quiet.
 */
export const untilQuiet = async (pid: number, deadlineMs: number): Promise<void> => {
  const untilMs = performance.now() + deadlineMs;
  while (performance.now() < untilMs) {
    const before = readProcessCpuMs(pid);
    await Bun.sleep(QUIET_WINDOW_MS);
    const after = readProcessCpuMs(pid);
    if (before === null || after === null || after - before <= QUIET_CPU_MS) return;
  }
};

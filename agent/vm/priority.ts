/** How a VM's process stands beside others: what it gets of the processor, and how early it goes when memory runs out. */
import { writeFileSync } from "node:fs";

import { setGroupNice } from "../system/libc.ts";
import type { VmPriority } from "./runtime.ts";

const NICE: Record<VmPriority, number> = { normal: 0, background: 10 };

/**
 * Of a range to 1000: the kernel should end sandboxes long before the agent when memory runs out, and before
 * any of them what nobody would miss, however small.
 */
const OOM_SCORE: Record<VmPriority, number> = { normal: 600, background: 1_000 };

/** Throws errno errors when the process is gone. */
export const offerToOomKiller = (pid: number, priority: VmPriority): void =>
  writeFileSync(`/proc/${pid}/oom_score_adj`, String(OOM_SCORE[priority]));

/**
 * Outside of control groups the kernel shares the processor among sessions, by a niceness of their own, and what
 * single processes have counts within theirs alone (sched(7), "The autogroup feature"). Not every kernel has it,
 * and a container may not let it be written.
 */
const setSessionNice = (pid: number, nice: number): void => {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(nice));
  } catch {
    // Then the group's niceness is what counts, or there is nothing to be done.
  }
};

/** @param leader of a session and process group of its own. Throws errno errors and `LibcFailed` when it is gone. */
export const setProcessPriority = (leader: number, priority: VmPriority): void => {
  setGroupNice(leader, NICE[priority]);
  setSessionNice(leader, NICE[priority]);
  offerToOomKiller(leader, priority);
};

/** Processor time that a process or the whole machine has used so far. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Of one tick of /proc/pid/stat; the kernel shows a hundred per second whatever it counts in. */
const TICK_MS = 10;

/** Fields 14 and 15 of /proc/pid/stat (proc(5)) in ms; the name in parentheses may hold anything. */
export const parseProcessCpuMs = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
};

/** With all its threads, in user and kernel mode. Null when there is no such process. */
export const readProcessCpuMs = (pid: number): number | null => {
  try {
    return parseProcessCpuMs(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return null;
  }
};

export interface MachineCpu {
  busyMs: number;
  /** Of all CPUs together. */
  totalMs: number;
}

export const readMachineCpu = (): MachineCpu => {
  const sum = { busyMs: 0, totalMs: 0 };
  for (const { times } of cpus()) {
    const busyMs = times.user + times.nice + times.sys + times.irq;
    sum.busyMs += busyMs;
    sum.totalMs += busyMs + times.idle;
  }
  return sum;
};

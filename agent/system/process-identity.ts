/** Tells whether a process is still the one that was once seen: pids are reused, start times are not. */
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/pid/stat: clock ticks from the host's boot to the start of the process. */
  startTicks: number;
}

/** A process whose first thread has ended holds its files and devices until the last one has. */
const hasOtherThreads = (pid: number): boolean => {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
};

const readStat = (pid: number): string | null => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
};

/** Null when there is no such process, or it has ended and only waits to be reaped. */
export const identifyProcess = (pid: number): ProcessIdentity | null => {
  const stat = readStat(pid);
  if (stat === null) return null;
  // The name in parentheses may hold spaces and parentheses; fields are counted from its end (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  if (state === undefined || ("ZXx".includes(state) && !hasOtherThreads(pid))) return null;
  return { pid, startTicks: Number(fields[19]) };
};

/** True while that very process runs. */
export const isRunning = ({ pid, startTicks }: ProcessIdentity): boolean =>
  identifyProcess(pid)?.startTicks === startTicks;

/** Kills that very process; nothing happens when it is gone. */
export const killProcess = (identity: ProcessIdentity, signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): void => {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended between the two lines.
  }
};

/** Resolves true when the process is gone, false after `timeoutMs`. For processes that are not children. */
export const waitForEnd = async (identity: ProcessIdentity, timeoutMs: number): Promise<boolean> => {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 1; isRunning(identity); pauseMs = Math.min(pauseMs * 2, 100)) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(pauseMs);
  }
  return true;
};

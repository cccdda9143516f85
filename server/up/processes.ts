/** Which process is which: a pid alone may have been reused, a pid with its start time may not. */
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/pid/stat, in clock ticks since boot. */
  startTicks: number;
}

export const encodeIdentity = ({ pid, startTicks }: ProcessIdentity): string =>
  `${JSON.stringify({ pid, start_ticks: startTicks })}\n`;

/** Null for anything `encodeIdentity` did not write. */
export const decodeIdentity = (text: string): ProcessIdentity | null => {
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content !== "object" || content === null) return null;
    if (!("pid" in content) || !("start_ticks" in content)) return null;
    const [pid, startTicks] = [Number(content.pid), Number(content.start_ticks)];
    return Number.isInteger(pid) && pid > 1 && Number.isInteger(startTicks) ? { pid, startTicks } : null;
  } catch {
    return null;
  }
};

/** Null when no such process is alive (a zombie is not). */
export const identify = (pid: number): ProcessIdentity | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name stands in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    return { pid, startTicks: Number(fields[19]) };
  } catch {
    return null;
  }
};

export const isAlive = (identity: ProcessIdentity): boolean =>
  identify(identity.pid)?.startTicks === identity.startTicks;

/** Signals exactly this process; false when it is gone already. */
export const signal = (identity: ProcessIdentity, name: NodeJS.Signals): boolean => {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, name);
    return true;
  } catch {
    return false;
  }
};

/** True once it is gone; false when it still lives after `timeoutMs`. */
export const waitUntilGone = async (identity: ProcessIdentity, timeoutMs: number): Promise<boolean> => {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(identity)) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(20);
  }
  return true;
};

/** Ends it by `name`, then by SIGKILL past `graceMs`. Resolves when it is gone. */
export const endProcess = async (
  identity: ProcessIdentity,
  options: { signal: NodeJS.Signals; graceMs: number },
): Promise<void> => {
  if (!signal(identity, options.signal)) return;
  if (await waitUntilGone(identity, options.graceMs)) return;
  signal(identity, "SIGKILL");
  await waitUntilGone(identity, 5_000);
};

/** Asks the kernel's log whether the out-of-memory killer ended a process. */
import { closeSync, constants, openSync, readSync } from "node:fs";

import type { ProcessIdentity } from "../system/process-identity.ts";

/** Kernel clock ticks per second as user space sees them (USER_HZ, fixed on Linux). */
const TICKS_PER_SECOND = 100;

/** One record of /dev/kmsg: priority, number, microseconds since boot, flags; text. */
const RECORD = /^\d+,\d+,(\d+),[^;]*;.*Killed process (\d+) \(/;

/** True when `record` reports the kill of that very process, not of an earlier one with its pid. */
export const reportsKill = (record: string, { pid, startTicks }: ProcessIdentity): boolean => {
  const [, atUs, killedPid] = RECORD.exec(record) ?? [];
  return Number(killedPid) === pid && Number(atUs) / 1e6 >= startTicks / TICKS_PER_SECOND;
};

/** Largest record the kernel hands out (CONSOLE_EXT_LOG_MAX, linux/printk.h). */
const RECORD_BYTES = 8192;

/** False also where the log cannot be read, as in some containers. */
export const wasOomKilled = (identity: ProcessIdentity): boolean => {
  let fd: number;
  try {
    fd = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  const buffer = Buffer.alloc(RECORD_BYTES);
  try {
    for (;;) {
      const length = readSync(fd, buffer, 0, buffer.length, null);
      if (length === 0 || reportsKill(buffer.toString("utf8", 0, length), identity)) return length > 0;
    }
  } catch {
    // The end of the log: reading would block.
    return false;
  } finally {
    closeSync(fd);
  }
};

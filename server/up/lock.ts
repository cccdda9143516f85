/** One `up` per data directory: a kernel lock that vanishes with its holder, however it ends. */
import { dlopen } from "bun:ffi";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";

const LOCK_EXCLUSIVE_NONBLOCKING = 2 | 4;

export interface DirectoryLock {
  release(): void;
}

/** What the holder of a lock wrote about itself, for messages. Empty when unknown. */
export const readHolder = (path: string): string => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
};

/** Null when another process holds it. `holder` is one line about this process. */
export const tryLock = (path: string, holder: string): DirectoryLock | null => {
  const libc = dlopen("libc.so.6", { flock: { args: ["i32", "i32"], returns: "i32" } });
  // Opened close-on-exec: children do not keep the lock alive.
  const fd = openSync(path, "a+", 0o600);
  try {
    if (libc.symbols.flock(fd, LOCK_EXCLUSIVE_NONBLOCKING) !== 0) {
      closeSync(fd);
      return null;
    }
  } finally {
    libc.close();
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${holder}\n`);
  return { release: () => closeSync(fd) };
};

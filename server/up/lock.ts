/** One `up` per data directory: a kernel lock that vanishes with its holder, however it ends. */
import { dlopen } from "bun:ffi";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";

import { decodeIdentity, encodeIdentity, type ProcessIdentity } from "./processes.ts";

const LOCK_EXCLUSIVE = 2;
const LOCK_NONBLOCKING = 4;
const LOCK_UNLOCK = 8;

export interface DirectoryLock {
  release(): void;
}

/** Who holds the lock or held it last; null when that is not known. */
export const readHolder = (path: string): ProcessIdentity | null => {
  try {
    return decodeIdentity(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
};

const flock = (fd: number, operation: number): boolean => {
  const libc = dlopen("libc.so.6", { flock: { args: ["i32", "i32"], returns: "i32" } });
  try {
    return libc.symbols.flock(fd, operation) === 0;
  } finally {
    libc.close();
  }
};

/** Null when another process holds it. `holder` is written into the file, for others to find. */
export const tryLock = (path: string, holder: ProcessIdentity): DirectoryLock | null => {
  const fd = openSync(path, "a+", 0o600);
  if (!flock(fd, LOCK_EXCLUSIVE | LOCK_NONBLOCKING)) {
    closeSync(fd);
    return null;
  }
  ftruncateSync(fd, 0);
  writeSync(fd, encodeIdentity(holder));
  return {
    release: () => {
      // Said aloud: a child between fork and exec may still hold a copy of the descriptor.
      flock(fd, LOCK_UNLOCK);
      closeSync(fd);
    },
  };
};

/** An exclusive lock on a file that dies with its holder: one agent per directory. */
import { dlopen, FFIType } from "bun:ffi";
import { closeSync, openSync } from "node:fs";

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Another process holds the lock. */
export class Locked extends Error {
  override name = "Locked";
}

/**
 * Takes the lock or throws `Locked` at once. The kernel drops it when this process ends in any way; the
 * descriptor is close-on-exec, so nothing spawned keeps it.
 */
export const lockFile = (path: string): { unlock(): void } => {
  const descriptor = openSync(path, "a", 0o600);
  const libc = dlopen("libc.so.6", { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } });
  if (libc.symbols.flock(descriptor, LOCK_EX | LOCK_NB) !== 0) {
    closeSync(descriptor);
    throw new Locked(`${path} is locked by another process`);
  }
  return { unlock: () => closeSync(descriptor) };
};

/**
 * Finds VMs that nobody remembers: an agent killed between spawning one and writing its journal leaves a
 * process behind. Every VM's working directory is its own directory, which tells whose it is.
 */
import { readdirSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

import { identifyProcess, killProcess, waitForEnd } from "../system/process-identity.ts";
import type { ProcessIdentity } from "../system/process-identity.ts";

const link = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    // The process ended while the list was read, or is a thread of the kernel.
    return "";
  }
};

/** Every VM process whose directory lies under `root` (a real path), at whatever step of its start. */
export const findVmProcesses = (root: string): ProcessIdentity[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    // A removed directory reads as "path (deleted)", still under its root.
    .filter((name) => link(`/proc/${name}/cwd`).startsWith(`${root}/`))
    .filter((name) => VM_PROGRAMS.test(basename(link(`/proc/${name}/exe`))))
    .flatMap((name) => identifyProcess(Number(name)) ?? []);

/** The steps of the jail, one after the other in the same process (`machine.ts`). */
const VM_PROGRAMS = /^(nsenter|setpriv|qemu-system-.*)$/;

const END_TIMEOUT_MS = 10_000;

export interface Strays {
  /** A real path. */
  root: string;
  keepPids?: ReadonlySet<number>;
  /** Directories whose VMs are left alone. */
  keepUnder?: readonly string[];
}

/** Ends every VM under `root` that is not to be kept; returns how many there were. */
export const endStrays = async ({ root, keepPids, keepUnder = [] }: Strays): Promise<number> => {
  const kept = new Set(keepPids);
  for (const directory of keepUnder) for (const { pid } of findVmProcesses(directory)) kept.add(pid);
  const strays = findVmProcesses(root).filter(({ pid }) => !kept.has(pid));
  for (const stray of strays) killProcess(stray);
  await Promise.all(strays.map((stray) => waitForEnd(stray, END_TIMEOUT_MS)));
  return strays.length;
};

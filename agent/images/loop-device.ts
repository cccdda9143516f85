/**
 * Read-only loop devices over base memory files. QEMU before 8.2 opens the file it maps privately for
 * writing too; through a read-only device that harms nothing, and clones still share its page cache.
 */
import { chmod } from "node:fs/promises";

import { run } from "../system/exec.ts";

interface LoopDevice {
  name: string;
  backFile: string;
  readOnly: boolean;
}

/** Since the device is kept beyond the agent's end, VMs that outlive it go on. */
const DELETED = " (deleted)";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** @param text output of `losetup --list --json`; empty when there are none */
export const parseLoopDevices = (text: string): LoopDevice[] => {
  const parsed: unknown = text.trim() === "" ? {} : JSON.parse(text);
  const list = isRecord(parsed) ? parsed["loopdevices"] : undefined;
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).map((device) => ({
    name: String(device["name"]),
    backFile: String(device["back-file"]),
    readOnly: device["ro"] === true,
  }));
};

const listLoopDevices = async (): Promise<LoopDevice[]> =>
  parseLoopDevices(await run(["losetup", "--list", "--json", "--output", "NAME,BACK-FILE,RO"]));

/**
 * The read-only device over `file`; attached unless it is already. Any uid may read it: a jailed VM maps
 * it. Throws `CommandFailed` when the kernel has no loop device left.
 */
export const attachReadOnly = async (file: string): Promise<string> => {
  const present = (await listLoopDevices()).find(({ backFile, readOnly }) => backFile === file && readOnly);
  const device =
    present?.name ??
    (await run(["losetup", "--find", "--show", "--read-only", "--direct-io=off", file])).trim();
  // QEMU before 8.2 opens it for writing as well, under the sandbox's uid; the device refuses the writes.
  await chmod(device, 0o666);
  return device;
};

/** The node gets its own mode back first: it may be given to something else afterwards. */
const detach = async (device: string): Promise<void> => {
  await chmod(device, 0o660);
  await run(["losetup", "--detach", device]);
};

/** Lets go of every device over files at or under `path`; one still in use goes when its last user does. */
export const detachUnder = async (path: string): Promise<void> => {
  for (const { name, backFile } of await listLoopDevices()) {
    const file = backFile.endsWith(DELETED) ? backFile.slice(0, -DELETED.length) : backFile;
    if (file === path || file.startsWith(`${path}/`)) await detach(name);
  }
};

/** Devices under `path` whose file is gone: left by a template that was removed while in use. */
export const detachDeleted = async (path: string): Promise<void> => {
  for (const { name, backFile } of await listLoopDevices()) {
    if (backFile.endsWith(DELETED) && backFile.startsWith(`${path}/`)) await detach(name);
  }
};

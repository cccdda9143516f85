/**
 * Read-only loop devices over base memory files. QEMU before 8.2 opens the file it maps privately for
 * writing too; a read-only device refuses the writes, and clones still share its page cache.
 *
 * What it does not refuse is to be detached or given another file (LOOP_CLR_FD, LOOP_CHANGE_FD): whoever
 * can open the device may do both. So only VMs of the instance can, as members of its group, through a node
 * of our own: udev gives the kernel's node back to `root:disk` at each event of the device.
 */
import { access, chmod, chown, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";

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

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const nodeOf = (device: string): string => join("/dev", `wrenn-${basename(device)}`);

/** The node through which members of `gid` open `device`. Twice at once is fine. */
const openToGroup = async (device: string, gid: number): Promise<string> => {
  const node = nodeOf(device);
  if (!(await isThere(node))) {
    const numbers = await readFile(`/sys/class/block/${basename(device)}/dev`, "utf8");
    const [major = "", minor = ""] = numbers.trim().split(":");
    try {
      await run(["mknod", "--mode=0600", node, "b", major, minor]);
    } catch (error) {
      if (!(await isThere(node))) throw error;
    }
  }
  await chown(node, 0, gid);
  await chmod(node, 0o660);
  return node;
};

/**
 * A node of the read-only device over `file`, which is attached unless it is already. Besides root only the
 * group `gid` can open it. Throws `CommandFailed` when the kernel has no loop device left.
 */
export const attachReadOnly = async (file: string, gid: number): Promise<string> => {
  const present = (await listLoopDevices()).find(({ backFile, readOnly }) => backFile === file && readOnly);
  const device =
    present?.name ??
    (await run(["losetup", "--find", "--show", "--read-only", "--direct-io=off", file])).trim();
  return await openToGroup(device, gid);
};

/** The node goes first: the device may be given to something else afterwards. */
const detach = async (device: string): Promise<void> => {
  await rm(nodeOf(device), { force: true });
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

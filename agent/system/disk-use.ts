/** How much of the disk something takes up. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

export const MB = 2 ** 20;

/** Bytes really taken, holes left out; several names of one file count once per `seen` (inodes). */
export const usedBytes = async (path: string, seen: Set<number>): Promise<number> => {
  const stats = await lstat(path).catch(() => null);
  if (stats === null || seen.has(stats.ino)) return 0;
  seen.add(stats.ino);
  let bytes = stats.blocks * 512;
  if (!stats.isDirectory()) return bytes;
  for (const name of await readdir(path)) bytes += await usedBytes(join(path, name), seen);
  return bytes;
};

/** Facts about the machine: processors, memory, disk. */
import { readFile, statfs } from "node:fs/promises";
import { availableParallelism } from "node:os";

export interface MemoryFacts {
  totalMb: number;
  /** What the kernel says new programs may take without swapping (MemAvailable). */
  availableMb: number;
}

export interface DiskFacts {
  totalMb: number;
  freeMb: number;
}

/** @param text the content of /proc/meminfo */
export const parseMemory = (text: string): MemoryFacts => {
  const megabytes = (key: string): number => {
    const match = new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text);
    return match === null ? 0 : Math.floor(Number(match[1]) / 1024);
  };
  return { totalMb: megabytes("MemTotal"), availableMb: megabytes("MemAvailable") };
};

export const readMemory = async (): Promise<MemoryFacts> =>
  parseMemory(await readFile("/proc/meminfo", "utf8"));

/** Of the file system that holds `path`; free is what root may still write without its reserve. */
export const readDisk = async (path: string): Promise<DiskFacts> => {
  const { bsize, blocks, bavail } = await statfs(path);
  const megabytes = (count: number) => Math.floor((count * bsize) / 2 ** 20);
  return { totalMb: megabytes(blocks), freeMb: megabytes(bavail) };
};

export const cpuCores = (): number => availableParallelism();

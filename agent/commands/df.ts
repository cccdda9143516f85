/** `df`: what takes up the disk under WRENN_DIR. Needs no running agent. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

import { loadConfig } from "../config.ts";
import { createLayout } from "../images/layout.ts";
import { readDisk } from "../system/machine.ts";

const MB = 2 ** 20;

/** Bytes really taken, holes left out; several names of one file count once. */
const usedBytes = async (path: string, seen: Set<number>): Promise<number> => {
  const stats = await lstat(path).catch(() => null);
  if (stats === null || seen.has(stats.ino)) return 0;
  seen.add(stats.ino);
  if (!stats.isDirectory()) return stats.blocks * 512;
  let bytes = stats.blocks * 512;
  for (const name of await readdir(path)) bytes += await usedBytes(join(path, name), seen);
  return bytes;
};

export const showDiskUsage = async (flags: Record<string, string>): Promise<void> => {
  const { directory } = await loadConfig(flags);
  const layout = createLayout(directory);
  const rows: [string, string][] = [
    ["templates", layout.templates],
    ["sandboxes", layout.sandboxes],
    ["layers", layout.layers],
    ["kernels", layout.kernels],
    ["drives", layout.drives],
    ["cache", layout.cache],
    ["staging", layout.staging],
  ];
  const seen = new Set<number>();
  let total = 0;
  for (const [name, path] of rows) {
    const bytes = await usedBytes(path, seen);
    total += bytes;
    process.stdout.write(`${name.padEnd(12)} ${(bytes / MB).toFixed(1).padStart(10)} MB  ${path}\n`);
  }
  process.stdout.write(`${"total".padEnd(12)} ${(total / MB).toFixed(1).padStart(10)} MB\n`);
  const disk = await readDisk(directory);
  process.stdout.write(
    `${"free".padEnd(12)} ${String(disk.freeMb).padStart(8)}.0 MB of ${disk.totalMb} MB\n`,
  );
};

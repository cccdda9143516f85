/** `df`: what takes up the disk under WRENN_DIR. Needs no running agent. */
import { loadConfig } from "../config.ts";
import { existingLayout } from "../images/layout.ts";
import { MB, usedBytes } from "../system/disk-use.ts";
import { readDisk } from "../system/machine.ts";

export const showDiskUsage = async (flags: Record<string, string>): Promise<void> => {
  const { directory } = await loadConfig(flags);
  const layout = await existingLayout(directory);
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
  const disk = await readDisk(layout.root);
  process.stdout.write(
    `${"free".padEnd(12)} ${String(disk.freeMb).padStart(8)}.0 MB of ${disk.totalMb} MB\n`,
  );
};

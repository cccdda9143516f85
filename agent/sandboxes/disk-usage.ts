/** Bytes on disk that belong to a sandbox alone: its top layer and its saved memory. */
import { stat } from "node:fs/promises";

import type { Host } from "./host.ts";
import type { Sandbox } from "./sandbox.ts";

/** What the file really takes, holes left out; 0 when it is gone. */
const allocatedBytes = async (path: string): Promise<number> => {
  const stats = await stat(path).catch(() => null);
  return stats === null ? 0 : stats.blocks * 512;
};

/** Measures anew; the result is kept for views. */
export const measureDisk = async (host: Host, sandbox: Sandbox): Promise<void> => {
  const { journal } = sandbox;
  if (journal === null || journal.state === "ended") {
    sandbox.diskBytes = 0;
    return;
  }
  const top = journal.layers.at(-1);
  const paths = top === undefined ? [] : [host.layers.path(top)];
  if (journal.state === "paused" && journal.saved !== null) {
    paths.push(journal.saved.diffPath, journal.saved.deviceStatePath);
  }
  const sizes = await Promise.all(paths.map(allocatedBytes));
  sandbox.diskBytes = sizes.reduce((sum, size) => sum + size, 0);
};

/**
 * Work in progress lives in `staging/` and becomes visible by one rename. What a crash leaves there is
 * removed when the agent starts, before anything else uses the directory.
 */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import type { Layout } from "./layout.ts";

/** Only while no other work is under way: at the start of the agent, which holds the lock. */
export const emptyStaging = async (layout: Layout): Promise<void> => {
  await mkdir(layout.staging, { recursive: true, mode: 0o711 });
  for (const name of await readdir(layout.staging)) {
    // what the last agent started may still be ending, and writing
    await rm(join(layout.staging, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
};

/** Gives `work` a fresh private directory and removes what is left of it afterwards, also on failure. */
export const withStaging = async <T>(
  layout: Layout,
  label: string,
  work: (directory: string) => Promise<T>,
): Promise<T> => {
  const directory = await mkdtemp(join(layout.staging, `${label}-`));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

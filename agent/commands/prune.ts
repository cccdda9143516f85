/** `prune`: lists what nothing refers to, and removes it unless it is asked to look only. */
import { rm } from "node:fs/promises";

import { loadConfig } from "../config.ts";
import { createLayerStore } from "../images/layers.ts";
import { existingLayout, type Layout } from "../images/layout.ts";
import { createTemplateStore } from "../images/templates.ts";
import { findPrunable, findStaged, NotAllKnown, type Prunable } from "../sandboxes/prunable.ts";
import { MB, usedBytes } from "../system/disk-use.ts";
import { lockDirectory } from "./lock.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const megabytes = (bytes: number): string => `${(bytes / MB).toFixed(1).padStart(10)} MB`;

/** Everything, or what was left in mid-work alone while it is not known what something stands on. */
const find = async (
  layout: Layout,
  templates: ReturnType<typeof createTemplateStore>,
): Promise<Prunable[]> => {
  try {
    return await findPrunable(layout, templates);
  } catch (error) {
    if (!(error instanceof NotAllKnown)) throw error;
    say(`${error.message}; until then only what was left in mid-work is removed`);
    return await findStaged(layout);
  }
};

/** Throws `Locked` while an agent works in the directory: stopping it does not touch its sandboxes. */
export const pruneDirectory = async (flags: Record<string, string>): Promise<void> => {
  const { dryRun, ...settings } = flags;
  const { directory } = await loadConfig(settings);
  const layout = await existingLayout(directory);
  const lock = lockDirectory(layout);
  try {
    const templates = createTemplateStore(layout, createLayerStore(layout));
    const seen = new Set<number>();
    let total = 0;
    for (const { kind, path, key } of await find(layout, templates)) {
      const bytes = await usedBytes(path, seen);
      total += bytes;
      say(`${kind.padEnd(8)} ${megabytes(bytes)}  ${path}`);
      if (dryRun !== undefined) continue;
      if (key === undefined) await rm(path, { recursive: true, force: true });
      else await templates.remove(key);
    }
    say(`${dryRun === undefined ? "removed" : "would go"} ${megabytes(total)}`);
  } finally {
    lock.unlock();
  }
};

/** Makes what a sandbox's disk stands on read-only, so that any slot's uid can read it and none can write it. */
import { stat } from "node:fs/promises";

import type { Host } from "./host.ts";

const WRITABLE = 0o222;

/**
 * Freezes every layer below the top that is not frozen yet. More than one can be: an agent killed between
 * naming a new top and switching to it leaves the VM on the one below.
 */
export const freezeBelow = async (host: Host, layers: readonly string[]): Promise<void> => {
  for (const layer of layers.slice(0, -1)) {
    const { mode, uid } = await stat(host.layers.path(layer));
    if ((mode & WRITABLE) !== 0 || uid !== 0) await host.layers.freeze(layer);
  }
};

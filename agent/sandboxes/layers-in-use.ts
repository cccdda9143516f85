/** Which disk layers and boot files something still stands on: told by journals, manifests and copies under way. */
import type { Host } from "./host.ts";

export const layersInUse = async (host: Host): Promise<Set<string>> => {
  const used = new Set(host.pinnedLayers.keys());
  for (const sandbox of host.sandboxes.values()) {
    for (const layer of sandbox.plannedLayers) used.add(layer);
    if (sandbox.journal !== null && sandbox.journal.state !== "ended") {
      for (const layer of sandbox.journal.layers) used.add(layer);
    }
  }
  for (const { manifest } of await host.templates.list()) {
    for (const layer of manifest.layers) used.add(layer);
  }
  return used;
};

/** Removes those of `layers` that nothing stands on, the newest first. */
export const removeUnusedLayers = async (host: Host, layers: readonly string[]): Promise<void> => {
  if (layers.length === 0) return;
  const used = await layersInUse(host);
  for (const layer of layers.toReversed()) {
    if (!used.has(layer)) await host.layers.remove(layer);
  }
};

/** Keeps layers from being collected while something is made of them. */
export const pinLayers = (host: Host, layers: readonly string[]): Disposable => {
  const count = (layer: string, by: number) => {
    const users = (host.pinnedLayers.get(layer) ?? 0) + by;
    if (users === 0) host.pinnedLayers.delete(layer);
    else host.pinnedLayers.set(layer, users);
  };
  for (const layer of layers) count(layer, 1);
  return {
    [Symbol.dispose]: () => {
      for (const layer of layers) count(layer, -1);
    },
  };
};

/** Digests of kernels and guest drives that saved memory was made with. */
export const bootFilesInUse = async (host: Host): Promise<Set<string>> => {
  const used = new Set<string>();
  for (const { journal } of host.sandboxes.values()) {
    if (journal === null || journal.state === "ended") continue;
    used.add(journal.kernelDigest).add(journal.guestDriveDigest);
  }
  for (const { manifest } of await host.templates.list()) {
    used.add(manifest.kernelDigest).add(manifest.guestDriveDigest);
  }
  return used;
};

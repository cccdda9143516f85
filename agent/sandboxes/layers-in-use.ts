/** Which disk layers and boot files something still stands on: told by journals, manifests and copies under way. */
import { describeError } from "../errors.ts";
import { TemplateDamaged, type TemplateManifest } from "../images/images.ts";
import type { Host } from "./host.ts";

/** Of every template. Throws `TemplateDamaged` while there is one whose needs are not known. */
const readManifests = async (host: Host): Promise<TemplateManifest[]> => {
  const [damaged] = await host.templates.listDamaged();
  if (damaged !== undefined) {
    throw new TemplateDamaged(damaged, "what it stands on is not known, so no disk layer is removed");
  }
  return (await host.templates.list()).map(({ manifest }) => manifest);
};

const layersInUse = async (host: Host): Promise<Set<string>> => {
  const used = new Set(host.pinnedLayers.keys());
  for (const sandbox of host.sandboxes.values()) {
    for (const layer of sandbox.plannedLayers) used.add(layer);
    if (sandbox.journal !== null && sandbox.journal.state !== "ended") {
      for (const layer of sandbox.journal.layers) used.add(layer);
    }
  }
  for (const { layers } of await readManifests(host)) {
    for (const layer of layers) used.add(layer);
  }
  return used;
};

/** Leaves everything to a later start of the agent while a template's needs are not known. */
const whileAllIsKnown = async (host: Host, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TemplateDamaged)) throw error;
    host.log.error("unused_files_kept", { error: describeError(error) });
  }
};

/** Removes those of `layers` that nothing stands on, the newest first. */
export const removeUnusedLayers = async (host: Host, layers: readonly string[]): Promise<void> => {
  if (layers.length === 0) return;
  await whileAllIsKnown(host, async () => {
    const used = await layersInUse(host);
    for (const layer of layers.toReversed()) {
      if (!used.has(layer)) await host.layers.remove(layer);
    }
  });
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
const bootFilesInUse = async (host: Host): Promise<Set<string>> => {
  const used = new Set<string>();
  for (const { journal } of host.sandboxes.values()) {
    if (journal === null || journal.state === "ended") continue;
    used.add(journal.kernelDigest).add(journal.guestDriveDigest);
  }
  for (const { kernelDigest, guestDriveDigest } of await readManifests(host)) {
    used.add(kernelDigest).add(guestDriveDigest);
  }
  return used;
};

/** Deletes every layer, kernel and guest drive that nothing stands on: at the start, once all journals are read. */
export const sweepUnusedFiles = async (host: Host): Promise<void> =>
  whileAllIsKnown(host, async () => {
    await host.layers.sweep(await layersInUse(host));
    await host.images.sweepBootFiles(await bootFilesInUse(host));
  });

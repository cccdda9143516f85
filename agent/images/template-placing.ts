/**
 * Gives the files of another host's template their names on this one, the template's own directory last.
 * What a crash leaves before that has no user and is removed at the next start.
 */
import { access, chmod, link, mkdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { sha256Files } from "../system/digest.ts";
import { syncDirectory } from "../system/durable.ts";
import type { TemplateManifest } from "./images.ts";
import { isDigest, type Layout } from "./layout.ts";
import { readManifest } from "./manifest.ts";
import { BadLayer, readBackingName } from "./qcow2.ts";
import { partNames } from "./template-parts.ts";
import { BadTemplate, type PlannedFile, waitingPath } from "./template-plan.ts";

/** The manifest that came, which must be of exactly the files of the plan. Throws `BadTemplate`. */
export const readReceivedManifest = async (
  aside: string,
  plan: readonly PlannedFile[],
): Promise<TemplateManifest> => {
  const manifest = await readManifest(aside);
  if (manifest === null || manifest === "damaged") throw new BadTemplate("its manifest cannot be read");
  const planned = new Map(plan.map((file) => [file.name, file]));
  const names = partNames(manifest);
  if (names.length !== planned.size || !names.every((name) => planned.has(name))) {
    throw new BadTemplate("its manifest tells of other files than were announced");
  }
  const { memory, deviceState } = manifest;
  for (const { fileName, digest } of [memory, deviceState]) {
    if (planned.get(fileName)?.digest !== digest) throw new BadTemplate(`${fileName} is another one`);
  }
  if (planned.get(memory.fileName)?.sizeBytes !== memory.sizeBytes) {
    throw new BadTemplate("its memory has another size than its manifest says");
  }
  return manifest;
};

/** A raw image is at the bottom, and any other layer stands on the one below it and on nothing else. */
const checkChain = async (layers: readonly string[], pathOf: (layer: string) => string, layout: Layout) => {
  for (const [index, layer] of layers.entries()) {
    const below = layers[index - 1];
    if (isDigest(layer)) {
      if (below !== undefined) throw new BadLayer("a raw image can only be at the bottom of a disk");
      continue;
    }
    const expected = below === undefined ? null : basename(layout.layer(below));
    if ((await readBackingName(pathOf(layer))) !== expected) {
      throw new BadLayer("a disk layer stands on another file than the layer below it");
    }
  }
};

/** Puts a file where there is none yet: one that came by another way meanwhile is in use already. */
const place = async (from: string, to: string): Promise<void> => {
  await chmod(from, 0o444);
  await link(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await syncDirectory(dirname(to));
};

const placeKernel = async (layout: Layout, aside: string, digest: string): Promise<void> => {
  const target = layout.kernelDirectory(digest);
  const directory = join(aside, "kernel");
  await mkdir(directory, { mode: 0o755 });
  for (const name of ["vmlinuz", "initrd"]) {
    await place(waitingPath(aside, `kernels/${digest}/${name}`), join(directory, name));
  }
  const isThere = await access(target).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  await rename(directory, target);
  await syncDirectory(layout.kernels);
};

/**
 * Gives what the template shares with others its place; all is checked before anything is placed.
 * Throws `BadTemplate`, `BadLayer`.
 */
export const placeShared = async (
  layout: Layout,
  aside: string,
  { manifest, received }: { manifest: TemplateManifest; received: ReadonlySet<string> },
): Promise<void> => {
  const { kernelDigest, guestDriveDigest, layers } = manifest;
  const waiting = (name: string): string => waitingPath(aside, name);
  const kernel = ["vmlinuz", "initrd"].map((name) => `kernels/${kernelDigest}/${name}`);
  const drive = `drives/${guestDriveDigest}`;
  if (kernel.some((name) => received.has(name))) {
    if ((await sha256Files(...kernel.map(waiting))) !== kernelDigest) {
      throw new BadTemplate("its kernel is not what its name says");
    }
  }
  if (received.has(drive) && (await sha256Files(waiting(drive))) !== guestDriveDigest) {
    throw new BadTemplate("its guest drive is not what its name says");
  }
  const fresh = layers.filter((layer) => received.has(`layers/${layer}`));
  for (const layer of fresh.filter(isDigest)) {
    if ((await sha256Files(waiting(`layers/${layer}`))) !== layer) {
      throw new BadLayer("a raw image is not what its name says");
    }
  }
  const pathOf = (layer: string) =>
    fresh.includes(layer) ? waiting(`layers/${layer}`) : layout.layer(layer);
  await checkChain(layers, pathOf, layout);
  if (kernel.some((name) => received.has(name))) await placeKernel(layout, aside, kernelDigest);
  if (received.has(drive)) await place(waiting(drive), layout.drive(guestDriveDigest));
  for (const layer of fresh) await place(waiting(`layers/${layer}`), layout.layer(layer));
};

/** Moves what the template has to itself into the directory that is to be its own. */
export const moveOwn = async (
  aside: string,
  directory: string,
  { memory, deviceState }: TemplateManifest,
): Promise<void> => {
  for (const { fileName } of [memory, deviceState]) {
    await rename(join(aside, fileName), join(directory, fileName));
  }
};

/** What another host says its template consists of, and what of it this host would have to be sent. */
import { stat } from "node:fs/promises";
import { join } from "node:path";

import { requireFreeSpace } from "../system/free-space.ts";
import type { TemplateKey } from "./images.ts";
import type { Layout } from "./layout.ts";
import { parsePart, partPath } from "./template-parts.ts";

/** A file as the host that has it describes it. */
export interface PlannedFile {
  name: string;
  sizeBytes: number;
  digest: string;
  /** What it takes on disk, holes left out. */
  allocatedBytes: number;
}

/** What was received is not the template that was announced. Nothing of it is kept. */
export class BadTemplate extends Error {
  override name = "BadTemplate";
}

/** More than the disk of any template has layers, and than any file has bytes. */
const MAX_FILES = 100;
const MAX_FILE_BYTES = 2 ** 42;
const isWhole = async (path: string, sizeBytes: number): Promise<boolean> =>
  stat(path).then(
    ({ size }) => size === sizeBytes,
    () => false,
  );

/** Throws `BadTemplate`, `BadPathName` for a plan no agent makes. */
export const checkPlan = (files: readonly PlannedFile[]): void => {
  if (files.length > MAX_FILES) throw new BadTemplate(`a template of ${files.length} files is none`);
  if (new Set(files.map(({ name }) => name)).size !== files.length) {
    throw new BadTemplate("a file is announced twice");
  }
  for (const { name, sizeBytes } of files) {
    parsePart(name);
    if (sizeBytes > MAX_FILE_BYTES) throw new BadTemplate(`${name} cannot have ${sizeBytes} bytes`);
  }
};

/** Those of a plan that are not here: what a template has to itself, and what it shares and nobody has brought. */
export const findMissing = async (
  layout: Layout,
  key: TemplateKey,
  files: readonly PlannedFile[],
): Promise<PlannedFile[]> => {
  const missing = [];
  for (const file of files) {
    const part = parsePart(file.name);
    const isHere = part.kind !== "own" && (await isWhole(partPath(layout, key, part), file.sizeBytes));
    if (!isHere) missing.push(file);
  }
  return missing;
};

/** Throws `DiskFull` unless what is missing fits. */
export const requireRoom = (layout: Layout, missing: readonly PlannedFile[]): Promise<void> =>
  requireFreeSpace(
    layout.staging,
    missing.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0),
  );

/** Where a received file waits until all are there. */
export const waitingPath = (aside: string, name: string): string => join(aside, name.replaceAll("/", "_"));

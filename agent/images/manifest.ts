/** Reads and writes a template's `manifest.json`. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { TemplateManifest } from "./images.ts";

const MANIFEST = "manifest.json";

export const encodeManifest = (manifest: TemplateManifest): string =>
  `${JSON.stringify(manifest, null, 1)}\n`;

export const manifestPath = (directory: string): string => join(directory, MANIFEST);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isFileName = (value: unknown): boolean =>
  typeof value === "string" && /^[a-z0-9][a-z0-9.-]{0,63}$/.test(value);

const STRINGS = ["name", "runtimeId", "kernelDigest", "guestDriveDigest", "agentVersion", "createdAt"];
const NUMBERS = ["vcpus", "memoryMb", "diskSizeMb"];

const isManifest = (value: unknown): value is TemplateManifest => {
  if (!isRecord(value) || value["version"] !== 1) return false;
  const { layers, memory, deviceState } = value;
  if (!Array.isArray(layers) || layers.length === 0 || !isRecord(memory) || !isRecord(deviceState))
    return false;
  return (
    STRINGS.every((key) => typeof value[key] === "string") &&
    NUMBERS.every((key) => Number.isInteger(value[key])) &&
    layers.every((layer) => typeof layer === "string") &&
    isFileName(memory["fileName"]) &&
    isFileName(deviceState["fileName"]) &&
    typeof memory["digest"] === "string" &&
    typeof deviceState["digest"] === "string"
  );
};

/** Null when there is none; `"damaged"` when it is not a whole manifest of this version. */
export const readManifest = async (directory: string): Promise<TemplateManifest | null | "damaged"> => {
  const text = await readFile(manifestPath(directory), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isManifest(value) ? value : "damaged";
  } catch {
    return "damaged";
  }
};

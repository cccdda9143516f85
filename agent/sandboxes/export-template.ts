/** A template on its way to another host: what it consists of, and the content of what is asked for. */
import { stat } from "node:fs/promises";

import { AgentError } from "../errors.ts";
import type { TemplateKey, TemplateManifest } from "../images/images.ts";
import { type Piece, readPieces } from "../images/pieces.ts";
import { parsePart, partNames, partPath } from "../images/template-parts.ts";
import type { PlannedFile } from "../images/template-plan.ts";
import { digestFile } from "../system/digest.ts";
import type { Host } from "./host.ts";
import { pinLayers } from "./layers-in-use.ts";

export interface TemplatePlan {
  files: PlannedFile[];
  runtimeId: string;
}

const requireSnapshot = async (host: Host, key: TemplateKey): Promise<TemplateManifest> => {
  const template = host.doomedTemplates.has(key.templateId) ? null : await host.templates.open(key);
  if (template === null) {
    throw new AgentError("template_not_found", `template ${key.templateId} is not on this host`);
  }
  const { manifest } = template;
  if (manifest.type !== "snapshot" || manifest.variantOf !== undefined) {
    throw new AgentError("unsupported", `template ${key.templateId} is made by each host itself`);
  }
  return manifest;
};

const describe = async (
  host: Host,
  key: TemplateKey,
  { memory }: TemplateManifest,
  name: string,
): Promise<PlannedFile> => {
  const path = partPath(host.layout, key, parsePart(name));
  const { size, blocks } = await stat(path);
  // Of the largest file the digest is known, and was checked when the template was opened.
  const digest = name === memory.fileName ? memory.digest : await digestFile(path);
  return { name, sizeBytes: size, digest, allocatedBytes: blocks * 512 };
};

/** Reads the disk layers and boot files once, for their digests. Throws `template_not_found`, `unsupported`. */
export const planExport = async (host: Host, key: TemplateKey): Promise<TemplatePlan> => {
  const manifest = await requireSnapshot(host, key);
  using copy = host.copies.takeOut(key.templateId);
  using _layers = pinLayers(host, manifest.layers);
  const files = [];
  for (const name of partNames(manifest)) {
    copy.signal.throwIfAborted();
    files.push(await describe(host, key, manifest, name));
  }
  return { files, runtimeId: manifest.runtimeId };
};

export type Exported = { kind: "file"; name: string } | Piece;

/**
 * @param names of the plan's files, all without any; in the plan's order.
 * Throws `template_not_found`, also when the template is deleted meanwhile, `invalid_request`, `busy`.
 */
export async function* exportTemplate(
  host: Host,
  key: TemplateKey,
  { names, signal }: { names: readonly string[]; signal: AbortSignal },
): AsyncGenerator<Exported> {
  const manifest = await requireSnapshot(host, key);
  const all = partNames(manifest);
  const stranger = names.find((name) => !all.includes(name));
  if (stranger !== undefined) {
    throw new AgentError("invalid_request", `the template has no file ${JSON.stringify(stranger)}`);
  }
  using copy = host.copies.takeOut(key.templateId);
  using _layers = pinLayers(host, manifest.layers);
  const ended = AbortSignal.any([signal, copy.signal]);
  for (const name of all.filter((one) => names.length === 0 || names.includes(one))) {
    yield { kind: "file", name };
    yield* readPieces(partPath(host.layout, key, parsePart(name)), ended);
  }
}

/**
 * The warm memory a create starts from: the template's own when size and runtime match, else a variant
 * made on first use and kept as a template of its own.
 */
import { createHash } from "node:crypto";

import { ZERO_UUID } from "../../proto/ids.ts";
import { AgentError } from "../errors.ts";
import type { Template, TemplateKey } from "../images/images.ts";
import type { Host } from "./host.ts";
import { warmTemplate } from "./warm-template.ts";

export interface MachineSize {
  vcpus: number;
  memoryMb: number;
}

/** A UUID that follows from the template, the size and the runtime: the same variant is found again. */
export const variantKey = (key: TemplateKey, size: MachineSize, runtimeId: string): TemplateKey => {
  const text = `${key.templateId} ${size.vcpus} ${size.memoryMb} ${runtimeId}`;
  const hex = createHash("sha256").update(text).digest("hex");
  // Version 8 (own making) and the RFC 9562 variant.
  const templateId = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return { teamId: key.teamId, templateId };
};

const notHere = (host: Host, key: TemplateKey): AgentError =>
  key.templateId === ZERO_UUID && host.templateBuilds.has(ZERO_UUID)
    ? new AgentError("template_building", "the template minimal is still being built on this host")
    : new AgentError("template_not_found", `template ${key.templateId} is not on this host`);

const buildVariant = async (host: Host, template: Template, key: TemplateKey, size: MachineSize) => {
  const { name, diskSizeMb, layers } = template.manifest;
  const subject = `${name} with ${size.vcpus} vcpus, ${size.memoryMb} MB`;
  await host.work.during("template_build", subject, (progress) =>
    warmTemplate(
      host,
      {
        key,
        type: template.manifest.type,
        name,
        ...size,
        diskSizeMb,
        layers,
        variantOf: { teamId: template.teamId, templateId: template.templateId },
      },
      progress,
    ),
  );
  return key;
};

/** Throws `template_not_found`, `template_building`, `runtime_mismatch`. */
export const templateForSize = async (host: Host, key: TemplateKey, size: MachineSize): Promise<Template> => {
  if (host.doomedTemplates.has(key.templateId)) throw notHere(host, key);
  const template = await host.templates.open(key);
  if (template === null) throw notHere(host, key);
  const { manifest } = template;
  const sameRuntime = manifest.runtimeId === host.runtime.runtimeId;
  const sameSize = manifest.vcpus === size.vcpus && manifest.memoryMb === size.memoryMb;
  if (sameRuntime && sameSize) return template;
  if (!sameRuntime && manifest.type === "snapshot") {
    throw new AgentError(
      "runtime_mismatch",
      `the snapshot was saved by ${manifest.runtimeId} and this host runs ${host.runtime.runtimeId}`,
    );
  }
  const wanted = variantKey(key, size, host.runtime.runtimeId);
  const existing = await host.templates.open(wanted);
  if (existing !== null) return existing;
  const build = host.templateBuilds.get(wanted.templateId) ?? buildVariant(host, template, wanted, size);
  host.templateBuilds.set(wanted.templateId, build);
  try {
    await build;
  } finally {
    host.templateBuilds.delete(wanted.templateId);
  }
  const made = await host.templates.open(wanted);
  if (made === null) throw notHere(host, wanted);
  return made;
};

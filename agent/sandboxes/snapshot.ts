/** A template made from a sandbox as it is now; the sandbox goes on as it was. */
import { AgentError } from "../errors.ts";
import type { Template, TemplateKey } from "../images/images.ts";
import { captureSandbox } from "./capture.ts";
import type { Host } from "./host.ts";
import type { BaseMemory } from "./journal.ts";
import type { Sandbox } from "./sandbox.ts";
import { fillTemplate, warmTemplate } from "./warm-template.ts";

export interface SnapshotRequest {
  key: TemplateKey;
  name: string;
}

/** Null: all zeroes. */
const basePathOf = async (host: Host, base: BaseMemory): Promise<string | null> => {
  if (base.kind === "zero") return null;
  const template = await host.templates.open(base.key);
  if (template === null) throw new AgentError("template_not_found", "the sandbox's base memory is not here");
  return template.baseMemoryPath;
};

const makeSnapshot = async (host: Host, source: Sandbox, request: SnapshotRequest): Promise<Template> => {
  const { key, name } = request;
  if ((await host.templates.open(key)) !== null) {
    throw new AgentError("template_exists", `template ${key.templateId} is already on this host`);
  }
  const memoryMb = source.journal?.state === "ended" ? 0 : (source.journal?.memoryMb ?? 0);
  using _room = await host.admission.reserve({ memoryMb: 0, diskSizeMb: memoryMb });
  await using capture = await source.exclusively("snapshot", () => captureSandbox(host, source));
  const { facts, saved } = capture;
  const { vcpus, diskSizeMb, layers } = facts;
  const subject = name === "" ? key.templateId : name;
  return await host.work.during("template_build", subject, async (progress) => {
    if (saved === null) {
      return warmTemplate(
        host,
        { key, type: "snapshot", name, vcpus, memoryMb: facts.memoryMb, diskSizeMb, layers },
        progress,
      );
    }
    progress("copying memory", 0);
    const basePath = await basePathOf(host, facts.base);
    return host.templates.publish(key, async (directory) => ({
      version: 1,
      type: "snapshot",
      name,
      vcpus,
      memoryMb: facts.memoryMb,
      diskSizeMb,
      runtimeId: saved.runtimeId,
      kernelDigest: facts.kernelDigest,
      guestDriveDigest: facts.guestDriveDigest,
      agentVersion: host.settings.agentVersion,
      layers,
      createdAt: new Date().toISOString(),
      ...(await fillTemplate(directory, { basePath, saved, memoryMb: facts.memoryMb })),
    }));
  });
};

/** Throws `template_exists`, `invalid_state`, `disk_full`; nothing of the template is left then. */
export const snapshotSandbox = async (
  host: Host,
  source: Sandbox,
  request: SnapshotRequest,
): Promise<Template> => {
  const { templateId } = request.key;
  if (host.templateBuilds.has(templateId)) {
    throw new AgentError("busy", `template ${templateId} is being made on this host; try again later`);
  }
  const snapshot = makeSnapshot(host, source, request);
  host.templateBuilds.set(templateId, snapshot);
  try {
    return await snapshot;
  } finally {
    host.templateBuilds.delete(templateId);
  }
};

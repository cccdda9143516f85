/** A new sandbox from a template's warm memory. */
import { invalidRequest } from "../errors.ts";
import type { TemplateKey } from "../images/images.ts";
import type { NetworkPolicy } from "../net/slots.ts";
import { startClone, undoing } from "./clone.ts";
import type { Host } from "./host.ts";
import type { SandboxTimeout } from "./journal.ts";
import { registerSandbox, unregisterSandbox } from "./register.ts";
import type { Sandbox } from "./sandbox.ts";
import { checkTimeout } from "./timeout.ts";
import { templateForSize } from "./variants.ts";

export interface CreateRequest {
  sandboxId: string;
  teamId: string;
  template: TemplateKey;
  vcpus: number;
  memoryMb: number;
  diskSizeMb: number;
  timeout: SandboxTimeout;
  network: NetworkPolicy;
  envs: Record<string, string>;
  accessToken: string;
}

/**
 * Resolves when the sandbox runs and has been initialised. Throws `invalid_request`, `sandbox_exists`,
 * `template_not_found`, `template_building`, `memory_full`, `disk_full`, `draining`, `runtime_mismatch`,
 * `guest_failed`; then nothing is left.
 */
export const createSandbox = async (host: Host, request: CreateRequest): Promise<Sandbox> => {
  checkTimeout(request.timeout);
  if (request.accessToken === "") throw invalidRequest("access_token", "must not be empty");
  await host.admission.checkSize(request);
  const sandbox = registerSandbox(host, request.sandboxId, request.teamId);
  return sandbox.exclusively("create", async () => {
    try {
      using _room = await host.admission.reserve(request);
      sandbox.plannedTemplate = request.template;
      const template = await templateForSize(host, request.template, request);
      sandbox.plannedTemplate = { teamId: template.teamId, templateId: template.templateId };
      sandbox.plannedLayers = template.manifest.layers;
      const { kernelDigest, guestDriveDigest, layers } = template.manifest;
      await startClone(host, sandbox, {
        facts: {
          ...request,
          createdAt: new Date().toISOString(),
          deadlineMs: null,
          diskSizeMb: Math.max(request.diskSizeMb, template.manifest.diskSizeMb),
          layers,
          base: { kind: "template", key: sandbox.plannedTemplate },
          kernelDigest,
          guestDriveDigest,
        },
        bootFiles: await host.images.bootFiles(kernelDigest, guestDriveDigest),
        saved: template.saved,
      });
      return sandbox;
    } catch (error) {
      await undoing(host, sandbox, () => unregisterSandbox(host, sandbox));
      throw error;
    }
  });
};

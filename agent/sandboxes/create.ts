/** A new sandbox from a template's warm memory. */
import { invalidRequest } from "../errors.ts";
import type { TemplateKey } from "../images/images.ts";
import type { NetworkPolicy } from "../net/slots.ts";
import { Steps } from "../system/steps.ts";
import { startClone, undoing } from "./clone.ts";
import type { Host } from "./host.ts";
import type { SandboxTimeout } from "./journal.ts";
import { registerSandbox, unregisterSandbox } from "./register.ts";
import { reserveRoom } from "./room.ts";
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
  const steps = new Steps();
  checkTimeout(request.timeout);
  if (request.accessToken === "") throw invalidRequest("access_token", "must not be empty");
  await host.admission.checkSize(request);
  const sandbox = registerSandbox(host, request.sandboxId, request.teamId);
  return sandbox.exclusively("create", async () => {
    try {
      using _room = await reserveRoom(host, request);
      sandbox.plannedTemplate = request.template;
      const template = await templateForSize(host, request.template, request);
      sandbox.plannedTemplate = { teamId: template.teamId, templateId: template.templateId };
      sandbox.plannedLayers = template.manifest.layers;
      const bootFiles = await host.images.bootFiles(
        template.manifest.kernelDigest,
        template.manifest.guestDriveDigest,
      );
      steps.done("template");
      const { kernelDigest, guestDriveDigest, layers } = template.manifest;
      const diskSizeMb = Math.max(request.diskSizeMb, template.manifest.diskSizeMb);
      await startClone(host, sandbox, {
        facts: {
          ...request,
          createdAt: new Date().toISOString(),
          deadlineMs: null,
          diskSizeMb,
          layers,
          base: { kind: "template", key: sandbox.plannedTemplate },
          kernelDigest,
          guestDriveDigest,
        },
        bootFiles,
        saved: template.saved,
        operation: "create",
        steps,
        spare: host.spares.claim({ template: sandbox.plannedTemplate, diskSizeMb }),
      });
      return sandbox;
    } catch (error) {
      await undoing(host, sandbox, () => unregisterSandbox(host, sandbox));
      throw error;
    }
  });
};

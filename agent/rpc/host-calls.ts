/** HostService: calls about templates and the host itself. */
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";

import type { HostService } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import { AgentError } from "../errors.ts";
import { drainHost, undrainHost } from "../sandboxes/drain.ts";
import { findSandbox } from "../sandboxes/find.ts";
import { readHostStatus } from "../sandboxes/host-status.ts";
import type { Host } from "../sandboxes/host.ts";
import { pauseAll } from "../sandboxes/pause-all.ts";
import { snapshotSandbox } from "../sandboxes/snapshot.ts";
import { deleteTemplate, listTemplates } from "../sandboxes/templates.ts";
import { decodeSandboxId, decodeTemplate } from "./decode.ts";
import { encodeTemplate } from "./encode.ts";

type HostCalls = Pick<
  ServiceImpl<typeof HostService>,
  | "createSnapshot"
  | "deleteTemplate"
  | "listTemplates"
  | "exportTemplate"
  | "getHostStatus"
  | "pauseAll"
  | "drain"
  | "undrain"
>;

export const hostCalls = (host: Host): HostCalls => ({
  async createSnapshot({ sandboxId, template }) {
    const key = decodeTemplate(template);
    const source = findSandbox(host, decodeSandboxId(sandboxId));
    await snapshotSandbox(host, source, { key, name: template?.template ?? "" });
    const made = (await listTemplates(host)).find(
      ({ teamId, templateId }) => teamId === key.teamId && templateId === key.templateId,
    );
    if (made === undefined) throw new AgentError("template_not_found", "the snapshot was removed meanwhile");
    return { template: encodeTemplate(made) };
  },

  async deleteTemplate({ template }) {
    await deleteTemplate(host, decodeTemplate(template));
    return {};
  },

  async listTemplates() {
    return { templates: (await listTemplates(host)).map(encodeTemplate) };
  },

  exportTemplate() {
    throw new ConnectError("this agent does not copy templates to other hosts", Code.Unimplemented);
  },

  async getHostStatus() {
    const { freeMemoryMb, freeDiskMb, running, paused, ...status } = await readHostStatus(host);
    return {
      ...status,
      freeMemoryMb: BigInt(freeMemoryMb),
      freeDiskMb: BigInt(freeDiskMb),
      runningSandboxes: running,
      pausedSandboxes: paused,
    };
  },

  async pauseAll() {
    const { paused, failedSandboxIds } = await pauseAll(host, { reason: "pause_all", tell: true });
    return { paused, failedSandboxIds: failedSandboxIds.map(formatSandboxId) };
  },

  async drain({ pause }) {
    await drainHost(host, { pause });
    return {};
  },

  async undrain() {
    await undrainHost(host);
    return {};
  },
});

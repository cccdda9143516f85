/** HostService: calls about templates and the host itself. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";

import type { HostService } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import { AgentError } from "../errors.ts";
import { drainHost, undrainHost } from "../sandboxes/drain.ts";
import { exportTemplate, planExport } from "../sandboxes/export-template.ts";
import { findSandbox } from "../sandboxes/find.ts";
import { readHostStatus } from "../sandboxes/host-status.ts";
import type { Host } from "../sandboxes/host.ts";
import { planImport } from "../sandboxes/import-template.ts";
import { pauseAll } from "../sandboxes/pause-all.ts";
import { snapshotSandbox } from "../sandboxes/snapshot.ts";
import { deleteTemplate, listTemplates } from "../sandboxes/templates.ts";
import { decodeSandboxId, decodeTemplate } from "./decode.ts";
import { encodeRounds, encodeStepTimes, encodeTemplate } from "./encode.ts";
import { toConnectError } from "./errors.ts";
import { decodePlan, encodeExported, encodePlan } from "./template-messages.ts";

type HostCalls = Pick<
  ServiceImpl<typeof HostService>,
  | "createSnapshot"
  | "deleteTemplate"
  | "listTemplates"
  | "listTemplateFiles"
  | "listMissingFiles"
  | "exportTemplate"
  | "getHostStatus"
  | "listSamples"
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

  async listTemplateFiles({ template }) {
    return { plan: encodePlan(await planExport(host, decodeTemplate(template))) };
  },

  async listMissingFiles({ template, plan }) {
    const names = await planImport(host, decodeTemplate(template), decodePlan(plan));
    return { present: names === null, names: names ?? [] };
  },

  async *exportTemplate({ template, names }, { signal, method }) {
    try {
      for await (const part of exportTemplate(host, decodeTemplate(template), { names, signal })) {
        yield encodeExported(part);
      }
    } catch (error) {
      // What is thrown between two messages passes no interceptor.
      throw toConnectError(error, method.name, host.log);
    }
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

  listSamples({ afterRound }) {
    return {
      rounds: encodeRounds(host.sampler.after(Number(afterRound))),
      lastRound: BigInt(host.sampler.lastRound),
      now: timestampFromMs(Date.now()),
      readySpares: host.spares.count,
      readyStandbys: host.standbys.count,
      stepTimes: encodeStepTimes(host.stepTimes.list()),
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

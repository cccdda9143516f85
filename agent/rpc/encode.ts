/** From what `sandboxes/` says to messages. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

import {
  type SandboxState,
  SandboxStateSchema,
  SandboxStatus,
  TemplateSchema,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import type { SandboxStatusName } from "../errors.ts";
import type { ListedTemplate } from "../sandboxes/templates.ts";
import type { SandboxView } from "../sandboxes/view.ts";

const STATUS: Record<SandboxStatusName, SandboxStatus> = {
  running: SandboxStatus.RUNNING,
  paused: SandboxStatus.PAUSED,
  busy: SandboxStatus.BUSY,
  ended: SandboxStatus.ENDED,
};

export const encodeSandbox = (view: SandboxView): SandboxState =>
  create(SandboxStateSchema, {
    sandboxId: formatSandboxId(view.sandboxId),
    status: STATUS[view.status],
    reason: view.reason,
    memoryKept: view.memoryKept,
    ...(view.expiresAtMs === null ? {} : { expiresAt: timestampFromMs(view.expiresAtMs) }),
    lastActiveAt: timestampFromMs(view.lastActiveMs),
    vcpus: view.vcpus,
    memoryMb: view.memoryMb,
    teamId: view.teamId,
    templateId: view.templateId,
    diskBytes: BigInt(view.diskBytes),
  });

export const encodeTemplate = (
  template: Pick<ListedTemplate, "teamId" | "templateId" | "manifest" | "sizeBytes">,
): MessageInitShape<typeof TemplateSchema> => ({
  ref: { teamId: template.teamId, templateId: template.templateId },
  vcpus: template.manifest.vcpus,
  memoryMb: template.manifest.memoryMb,
  diskSizeMb: template.manifest.diskSizeMb,
  sizeBytes: BigInt(template.sizeBytes),
  runtimeId: template.manifest.runtimeId,
});

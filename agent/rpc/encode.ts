/** From what `sandboxes/` says to messages. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

import {
  type SampleRoundSchema,
  type SandboxState,
  SandboxStateSchema,
  SandboxStatus,
  type StepTimesSchema,
  TemplateSchema,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import type { SandboxStatusName } from "../errors.ts";
import type { SampleRound } from "../sandboxes/sampler.ts";
import { STEP_LIMITS_MS, type StepTime } from "../sandboxes/step-times.ts";
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

/** So many samples fit into an answer that the server takes, several times over; the rest is asked for next. */
const MAX_SAMPLES = 5_000;

const encodeRound = (round: SampleRound): MessageInitShape<typeof SampleRoundSchema> => ({
  round: BigInt(round.round),
  at: timestampFromMs(round.atMs),
  hostCpuUsedPercent: round.hostCpuUsedPercent,
  hostFreeMemoryMb: BigInt(round.hostFreeMemoryMb),
  hostFreeDiskMb: BigInt(round.hostFreeDiskMb),
  sandboxes: round.sandboxes.map((sample) => ({
    sandboxId: formatSandboxId(sample.sandboxId),
    cpuUsedPercent: sample.cpuUsedPercent,
    cpuCount: sample.cpuCount,
    memoryUsedBytes: BigInt(sample.memoryUsedBytes),
    memoryTotalBytes: BigInt(sample.memoryTotalBytes),
    memoryCacheBytes: BigInt(sample.memoryCacheBytes),
    diskUsedBytes: BigInt(sample.diskUsedBytes),
    diskTotalBytes: BigInt(sample.diskTotalBytes),
  })),
});

/** The oldest rounds, at least one. */
export const encodeRounds = (
  rounds: readonly SampleRound[],
): MessageInitShape<typeof SampleRoundSchema>[] => {
  let samples = 0;
  const fitting = rounds.filter(({ sandboxes }, index) => {
    samples += sandboxes.length;
    return index === 0 || samples <= MAX_SAMPLES;
  });
  return fitting.map(encodeRound);
};

export const encodeStepTimes = (steps: readonly StepTime[]): MessageInitShape<typeof StepTimesSchema> => ({
  limitsMs: [...STEP_LIMITS_MS],
  steps: steps.map(({ counts, ...step }) => ({ ...step, counts: counts.map(BigInt) })),
});

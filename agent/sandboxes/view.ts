/** A sandbox as others see it. */
import type { SandboxStatusName } from "../errors.ts";
import { expiresAtMs } from "./expiry.ts";
import type { Host } from "./host.ts";
import type { Sandbox } from "./sandbox.ts";

export interface SandboxView {
  sandboxId: string;
  status: SandboxStatusName;
  /** Empty for an ordinary running one. */
  reason: string;
  memoryKept: boolean;
  /** Unix milliseconds; null: not foreseeable. */
  expiresAtMs: number | null;
  lastActiveMs: number;
  vcpus: number;
  memoryMb: number;
  teamId: string;
  templateId: string;
  diskBytes: number;
}

export const viewSandbox = (sandbox: Sandbox): SandboxView => {
  const { journal, id, teamId, lastActiveMs, diskBytes, status } = sandbox;
  const live = journal === null || journal.state === "ended" ? null : journal;
  return {
    sandboxId: id,
    status,
    reason: journal === null || journal.state === "running" ? "" : journal.reason,
    memoryKept: journal?.state === "running" || (journal?.state === "paused" && journal.saved !== null),
    expiresAtMs: expiresAtMs(sandbox),
    lastActiveMs,
    vcpus: live?.vcpus ?? 0,
    memoryMb: live?.memoryMb ?? 0,
    teamId,
    templateId: journal?.template.templateId ?? "",
    diskBytes,
  };
};

/** Those with an unreadable journal are `busy`: nobody may draw conclusions from them. */
export const viewAll = (host: Host): SandboxView[] => [
  ...[...host.sandboxes.values()].map(viewSandbox),
  ...[...host.unreadable].map((sandboxId): SandboxView => ({
    sandboxId,
    status: "busy",
    reason: "journal_unreadable",
    memoryKept: false,
    expiresAtMs: null,
    lastActiveMs: 0,
    vcpus: 0,
    memoryMb: 0,
    teamId: "",
    templateId: "",
    diskBytes: 0,
  })),
];

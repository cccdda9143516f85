/** A sandbox's status in words, colour and groups to filter by. */
import { html, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";

import "../../components/dot.ts";
import type { Tone } from "../../components/dot.ts";
import type { Sandbox, SandboxStatus } from "../../state/sandboxes.ts";

const FACES: Record<SandboxStatus, { label: string; tone: Tone }> = {
  pending: { label: "Starting", tone: "busy" },
  running: { label: "Running", tone: "good" },
  pausing: { label: "Pausing", tone: "busy" },
  paused: { label: "Paused", tone: "idle" },
  resuming: { label: "Resuming", tone: "busy" },
  missing: { label: "Host away", tone: "warn" },
  stopped: { label: "Ended", tone: "idle" },
  error: { label: "Error", tone: "bad" },
};

/** Reasons of the API in plain words; others are shown as they are. */
const REASONS: Record<string, string> = {
  deleted: "deleted",
  timeout: "its time ran out",
  vm_died: "its machine died",
  oom: "out of memory",
  lost_on_host: "its host lost it",
};

export const describeReason = (reason: string): string => REASONS[reason] ?? reason.replaceAll("_", " ");

export const statusLabel = (status: SandboxStatus): string => FACES[status].label;

export const renderStatus = ({ status, status_reason: reason }: Sandbox): TemplateResult => {
  const { label, tone } = FACES[status];
  const words = reason === "" ? undefined : describeReason(reason);
  return html`<wr-dot tone=${tone} ?pulse=${status === "running"} title=${ifDefined(words)}
    >${label}</wr-dot
  >`;
};

export interface StatusGroup {
  value: string;
  label: string;
  statuses: readonly SandboxStatus[];
  /** Offered only while there are some. */
  isRare: boolean;
}

export const GROUPS: readonly StatusGroup[] = [
  { value: "running", label: "Running", statuses: ["running"], isRare: false },
  { value: "paused", label: "Paused", statuses: ["paused"], isRare: false },
  { value: "changing", label: "Changing", statuses: ["pending", "pausing", "resuming"], isRare: true },
  { value: "missing", label: "Host away", statuses: ["missing"], isRare: true },
  { value: "ended", label: "Ended", statuses: ["stopped", "error"], isRare: false },
];

/**
 * The life of a sandbox as data: its statuses, and each step with the statuses it may start from.
 *
 * Every step is a compare-and-set on the row (`UPDATE … WHERE status = ANY(from)`), so two requests
 * at once cannot both win, and a late answer cannot overwrite what happened meanwhile.
 */

import type { SandboxStatus } from "../../db/constants.ts";

/** Statuses that never change again. */
export const FINAL_STATUSES = ["stopped", "error"] as const satisfies readonly SandboxStatus[];

/** Statuses in which a sandbox exists: it counts against limits and blocks its host's removal. */
export const LIVE_STATUSES = [
  "pending",
  "running",
  "pausing",
  "paused",
  "resuming",
  "missing",
] as const satisfies readonly SandboxStatus[];

interface Transition {
  readonly from: readonly SandboxStatus[];
  readonly to: SandboxStatus;
}

export const TRANSITIONS = {
  started: { from: ["pending"], to: "running" },
  startFailed: { from: ["pending"], to: "error" },
  pauseBegun: { from: ["running"], to: "pausing" },
  paused: { from: ["pausing"], to: "paused" },
  pauseFailed: { from: ["pausing"], to: "running" },
  resumeBegun: { from: ["paused"], to: "resuming" },
  resumed: { from: ["resuming"], to: "running" },
  resumeFailed: { from: ["resuming"], to: "paused" },
  /** Its host fell silent; what the host says when it is back decides. */
  missed: { from: ["pending", "running", "pausing", "resuming"], to: "missing" },
  deleted: { from: LIVE_STATUSES, to: "stopped" },
} as const satisfies Record<string, Transition>;

export const isFinal = (status: SandboxStatus): boolean => FINAL_STATUSES.some((final) => final === status);

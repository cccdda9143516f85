/**
 * What to do about one sandbox, given its row and what its host says: the whole table of
 * database status × host report, as a pure function.
 *
 * Level-triggered: the same inputs always give the same decision, and applying one twice does no
 * harm. Nothing here destroys a sandbox the database does not know: a restored backup or a wrong
 * database must not wipe hosts.
 */
import type { SandboxStatus } from "../../db/constants.ts";

/** A host's word on one sandbox. `absent`: its list does not name the sandbox. */
export type HostReport =
  | { kind: "running" }
  | { kind: "paused"; memoryKept: boolean; reason: string }
  | { kind: "busy" }
  | { kind: "ended"; reason: string }
  | { kind: "absent" };

/** The part of a row that decides. */
export interface KnownSandbox {
  status: SandboxStatus;
  statusReason: string;
  /** Whether a resume can go on where it was paused. */
  memoryKept: boolean;
  updatedAt: Date;
}

/** Which audit row a decision writes; `none` where the change was already recorded. */
export type AuditOutcome =
  "none" | "create_failed" | "pause" | "resume" | "destroy" | "lost" | "crashed" | "returned";

export type Decision =
  | { action: "leave" }
  | {
      action: "set";
      to: SandboxStatus;
      reason: string;
      memoryKept: boolean;
      audit: AuditOutcome;
    }
  | { action: "destroy" }
  | { action: "acknowledge" }
  | { action: "quarantine"; pause: boolean };

/** How long a status is trusted to be an operation still under way, in ms. */
export const GRACE_MS: Record<SandboxStatus, number> = {
  pending: 60_000,
  pausing: 180_000,
  resuming: 60_000,
  stopped: 60_000,
  error: 60_000,
  running: 0,
  paused: 0,
  missing: 0,
};

/**
 * Status reason of a sandbox whose operation got no answer: nobody waits for it any more, so the host's word
 * counts at once.
 */
export const UNANSWERED = "unanswered";

const graceMs = ({ status, statusReason }: KnownSandbox): number =>
  statusReason === UNANSWERED ? 0 : GRACE_MS[status];

export const LOST_ON_HOST = "lost_on_host";

/** Reasons with which a VM ended by itself. */
const CRASHES = new Set(["vm_died", "oom"]);

const LEAVE: Decision = { action: "leave" };

const afterUnknown = (report: HostReport): Decision => {
  switch (report.kind) {
    case "running":
      return { action: "quarantine", pause: true };
    case "paused":
      return { action: "quarantine", pause: false };
    case "ended":
      return { action: "acknowledge" };
    default:
      return LEAVE;
  }
};

const afterFinal = (report: HostReport): Decision => {
  switch (report.kind) {
    case "running":
    case "paused":
      return { action: "destroy" };
    case "ended":
      return { action: "acknowledge" };
    default:
      return LEAVE;
  }
};

const running = (status: SandboxStatus): Decision => {
  if (status === "running") return LEAVE;
  const audits: Partial<Record<SandboxStatus, AuditOutcome>> = {
    missing: "returned",
    resuming: "resume",
    paused: "resume",
  };
  const audit = audits[status] ?? "none";
  return { action: "set", to: "running", reason: "", memoryKept: false, audit };
};

const paused = (
  row: KnownSandbox,
  { memoryKept, reason }: { memoryKept: boolean; reason: string },
): Decision => {
  const { status } = row;
  if (status === "paused") {
    if (memoryKept === row.memoryKept) return LEAVE;
    // A resume that did not come about may have cost the memory.
    return { action: "set", to: "paused", reason: row.statusReason, memoryKept, audit: "none" };
  }
  // A resume that came back paused changed nothing worth telling.
  const quiet = status === "resuming";
  const audit = CRASHES.has(reason) ? "crashed" : quiet ? "none" : "pause";
  return { action: "set", to: "paused", reason, memoryKept, audit };
};

const ended = (status: SandboxStatus, reason: string): Decision => {
  if (status === "pending") {
    return { action: "set", to: "error", reason, memoryKept: false, audit: "create_failed" };
  }
  const audit = CRASHES.has(reason) ? "crashed" : reason === LOST_ON_HOST ? "lost" : "destroy";
  return { action: "set", to: "stopped", reason, memoryKept: false, audit };
};

/**
 * @param row the sandbox's row, read after the host answered; null when there is none.
 * @param report what the host said, asked at `askedAt`.
 * @param askedAt the database's clock before the host was asked: a row changed since then is newer
 *   than the report and is left alone.
 */
export const reconcile = (row: KnownSandbox | null, report: HostReport, askedAt: Date): Decision => {
  if (report.kind === "busy") return LEAVE;
  if (row === null) return afterUnknown(report);
  const ageMs = askedAt.getTime() - row.updatedAt.getTime();
  if (ageMs <= 0 || ageMs < graceMs(row)) return LEAVE;
  if (row.status === "stopped" || row.status === "error") return afterFinal(report);
  switch (report.kind) {
    case "running":
      return running(row.status);
    case "paused":
      return paused(row, report);
    case "ended":
      return ended(row.status, report.reason);
    case "absent":
      return ended(row.status, row.status === "pending" ? "create_lost" : LOST_ON_HOST);
  }
};

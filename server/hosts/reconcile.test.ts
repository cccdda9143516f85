import { describe, expect, test } from "bun:test";

import { SANDBOX_STATUSES, type SandboxStatus } from "../../db/constants.ts";
import { GRACE_MS, type HostReport, reconcile, UNANSWERED } from "./reconcile.ts";

const ASKED_AT = new Date("2026-01-01T12:00:00Z");
const aged = (status: SandboxStatus, ageMs: number) => ({
  status,
  statusReason: "",
  memoryKept: true,
  updatedAt: new Date(ASKED_AT.getTime() - ageMs),
});

const REPORTS = {
  running: { kind: "running" },
  paused: { kind: "paused", memoryKept: true, reason: "timeout" },
  busy: { kind: "busy" },
  ended: { kind: "ended", reason: "timeout" },
  absent: { kind: "absent" },
} as const satisfies Record<string, HostReport>;

/** Outcome of each cell as "to:reason:audit", or the bare action. */
const TABLE: Record<SandboxStatus, Record<keyof typeof REPORTS, string>> = {
  pending: {
    running: "running::none",
    paused: "paused:timeout:pause",
    busy: "leave",
    ended: "error:timeout:create_failed",
    absent: "error:create_lost:create_failed",
  },
  running: {
    running: "leave",
    paused: "paused:timeout:pause",
    busy: "leave",
    ended: "stopped:timeout:destroy",
    absent: "stopped:lost_on_host:lost",
  },
  missing: {
    running: "running::returned",
    paused: "paused:timeout:pause",
    busy: "leave",
    ended: "stopped:timeout:destroy",
    absent: "stopped:lost_on_host:lost",
  },
  pausing: {
    running: "running::none",
    paused: "paused:timeout:pause",
    busy: "leave",
    ended: "stopped:timeout:destroy",
    absent: "stopped:lost_on_host:lost",
  },
  resuming: {
    running: "running::resume",
    paused: "paused:timeout:none",
    busy: "leave",
    ended: "stopped:timeout:destroy",
    absent: "stopped:lost_on_host:lost",
  },
  paused: {
    running: "running::resume",
    paused: "leave",
    busy: "leave",
    ended: "stopped:timeout:destroy",
    absent: "stopped:lost_on_host:lost",
  },
  stopped: {
    running: "destroy",
    paused: "destroy",
    busy: "leave",
    ended: "acknowledge",
    absent: "leave",
  },
  error: {
    running: "destroy",
    paused: "destroy",
    busy: "leave",
    ended: "acknowledge",
    absent: "leave",
  },
};

const outcome = (row: Parameters<typeof reconcile>[0], report: HostReport): string => {
  const decision = reconcile(row, report, ASKED_AT);
  return decision.action === "set" ? `${decision.to}:${decision.reason}:${decision.audit}` : decision.action;
};

describe("a row old enough to be believed", () => {
  for (const status of SANDBOX_STATUSES) {
    for (const [name, report] of Object.entries(REPORTS)) {
      const expected = TABLE[status][name as keyof typeof REPORTS];
      test(`${status} × ${name} → ${expected}`, () => {
        expect(outcome(aged(status, GRACE_MS[status] + 1), report)).toBe(expected);
      });
    }
  }
});

describe("a row that an operation may still own", () => {
  for (const status of SANDBOX_STATUSES.filter((status) => GRACE_MS[status] > 0)) {
    test(`${status} is left alone within its grace`, () => {
      for (const report of Object.values(REPORTS)) {
        expect(outcome(aged(status, GRACE_MS[status] - 1), report)).toBe("leave");
      }
    });
  }
});

test("an operation that got no answer is believed at once to be what the host says", () => {
  for (const status of ["pausing", "resuming"] as const) {
    const row = { ...aged(status, 1), statusReason: UNANSWERED };
    expect(outcome(row, REPORTS.running)).toStartWith("running");
    expect(outcome(row, REPORTS.paused)).toStartWith("paused");
    expect(outcome(row, REPORTS.busy)).toBe("leave");
  }
});

test("a row changed since the host was asked is never touched", () => {
  for (const status of SANDBOX_STATUSES) {
    for (const report of Object.values(REPORTS)) {
      expect(outcome(aged(status, 0), report)).toBe("leave");
      expect(outcome(aged(status, -5), report)).toBe("leave");
    }
  }
});

test("a sandbox without a row is never destroyed", () => {
  expect(reconcile(null, REPORTS.running, ASKED_AT)).toEqual({ action: "quarantine", pause: true });
  expect(reconcile(null, REPORTS.paused, ASKED_AT)).toEqual({ action: "quarantine", pause: false });
  expect(outcome(null, REPORTS.ended)).toBe("acknowledge");
  expect(outcome(null, REPORTS.busy)).toBe("leave");
});

test("a dead VM keeps its disk and says why", () => {
  const died: HostReport = { kind: "paused", memoryKept: false, reason: "vm_died" };
  expect(reconcile(aged("running", 10), died, ASKED_AT)).toEqual({
    action: "set",
    to: "paused",
    reason: "vm_died",
    memoryKept: false,
    audit: "crashed",
  });
});

test("a pause that lost its memory meanwhile is told so, its reason kept", () => {
  const row = { ...aged("paused", 10), statusReason: "resume_failed: vm_failed" };
  expect(reconcile(row, { ...REPORTS.paused, memoryKept: false }, ASKED_AT)).toEqual({
    action: "set",
    to: "paused",
    reason: "resume_failed: vm_failed",
    memoryKept: false,
    audit: "none",
  });
});

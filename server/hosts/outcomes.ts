/** Writes what a host says about a sandbox into its row, with the audit entry of it, or not at all. */
import type { Sql, Tx } from "../../db/sql.ts";
import { SYSTEM } from "../audit/actor.ts";
import type { AuditEntry } from "../audit/entry.ts";
import { record } from "../audit/record.ts";
import { sandboxEvents } from "../audit/sandbox-events.ts";
import { changeStatus } from "../sandboxes/status-store.ts";
import type { HostedSandbox } from "./reconcile-store.ts";
import type { AuditOutcome, Decision } from "./reconcile.ts";

type SetDecision = Extract<Decision, { action: "set" }>;

const entryOf = (
  audit: AuditOutcome,
  event: { teamId: string; sandboxId: string; reason: string },
): AuditEntry | null => {
  switch (audit) {
    case "none":
      return null;
    case "create_failed":
      return sandboxEvents.createFailed({ ...event, actor: SYSTEM });
    case "pause":
      return sandboxEvents.pausedBySystem(event);
    case "resume":
      return sandboxEvents.resumed({ ...event, actor: SYSTEM });
    case "destroy":
      return sandboxEvents.destroyedBySystem(event);
    case "lost":
      return sandboxEvents.lost(event);
    case "crashed":
      return sandboxEvents.crashed(event);
    case "returned":
      return sandboxEvents.returned(event);
  }
};

/**
 * @param reportedAt a row changed since then is newer than the report, and stays.
 * @returns false when the row had changed meanwhile.
 */
export const applyOutcome = (
  sql: Sql,
  sandbox: HostedSandbox,
  { decision, reportedAt, hostId }: { decision: SetDecision; reportedAt: Date; hostId: string },
): Promise<boolean> =>
  sql.begin(async (tx: Tx) => {
    const { id, teamId, status } = sandbox;
    const { to, reason, memoryKept, audit } = decision;
    const unchangedSince = reportedAt;
    const change = { id, from: [status], to, reason, memoryKept, unchangedSince, hostId };
    if (!(await changeStatus(tx, change))) return false;
    const entry = entryOf(audit, { teamId, sandboxId: id, reason });
    if (entry) await record(tx, entry);
    return true;
  });

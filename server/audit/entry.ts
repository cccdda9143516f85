/** One row of the audit trail as the events describe it. */
import type { AuditResourceType, AuditScope, AuditStatus } from "../../db/constants.ts";
import type { Json } from "../../db/sql.ts";
import { SYSTEM } from "./actor.ts";
import type { Actor } from "./actor.ts";

export interface AuditEntry {
  /** The chain it belongs to; the platform's is the all-zero team's. */
  teamId: string;
  actor: Actor;
  resourceType: AuditResourceType;
  /** Prefixed id, or a name; null when there is none (a sign-in to an account that does not exist). */
  resourceId: string | null;
  action: string;
  scope: AuditScope;
  status: AuditStatus;
  metadata?: Record<string, Json>;
}

/** An event by the platform itself, and why: `timeout`, `vm_died`, `lost_on_host`, … */
export type Because<T> = Omit<T, "actor"> & { reason: string };

/** Marks an event as the platform's own. */
export const bySystem = <T extends object>(event: T): T & { actor: Actor } => ({ ...event, actor: SYSTEM });

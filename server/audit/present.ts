/** Audit rows as the API shows them. */
import { type Static, t } from "elysia";

import { ACTOR_TYPES, AUDIT_RESOURCE_TYPES, AUDIT_SCOPES, AUDIT_STATUSES } from "../../db/constants.ts";
import type { Json } from "../../db/sql.ts";
import { formatAuditLogId } from "../../proto/ids.ts";
import { integer, nullable, Timestamp, wordOf } from "../http/schemas.ts";
import type { AuditRow } from "./store.ts";

export const AuditModel = t.Object(
  {
    id: t.String({ examples: ["log-0198c0de-0000-7000-8000-000000000001"] }),
    seq: integer({ description: "Place in the team's chain, from 1 without gaps" }),
    actor_type: wordOf(ACTOR_TYPES),
    actor_id: nullable(t.String()),
    actor_name: nullable(t.String({ description: "Of the person or key, as it was then" })),
    resource_type: wordOf(AUDIT_RESOURCE_TYPES),
    resource_id: nullable(t.String()),
    action: t.String(),
    scope: wordOf(AUDIT_SCOPES),
    status: wordOf(AUDIT_STATUSES),
    metadata: t.Unsafe<Json>(t.Record(t.String(), t.Unknown())),
    hash: t.String({ description: "Of this row and the one before, hex" }),
    created_at: Timestamp,
  },
  { title: "AuditLog" },
);

export const presentAuditRow = (row: AuditRow): Static<typeof AuditModel> => ({
  id: formatAuditLogId(row.id),
  seq: row.seq,
  actor_type: row.actorType,
  actor_id: row.actorId,
  actor_name: row.actorName,
  resource_type: row.resourceType,
  resource_id: row.resourceId,
  action: row.action,
  scope: row.scope,
  status: row.status,
  metadata: row.metadata,
  hash: row.hash,
  created_at: row.createdAt.toISOString(),
});

export const VerificationModel = t.Object(
  {
    is_intact: t.Boolean(),
    broken_seq: nullable(
      integer({ description: "The first row that is not as it was written, or is missing" }),
    ),
    rows: integer({ description: "How many there should be" }),
  },
  { title: "AuditVerification" },
);

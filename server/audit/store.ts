/** SQL that reads the audit trail. Writing is `record.ts`, recomputing the chain `verify.ts`. */
import type { ActorType, AuditResourceType, AuditScope, AuditStatus } from "../../db/constants.ts";
import type { Json, Queryable } from "../../db/sql.ts";

export interface AuditRow {
  id: string;
  seq: number;
  actorType: ActorType;
  actorId: string | null;
  actorName: string | null;
  resourceType: AuditResourceType;
  resourceId: string | null;
  action: string;
  scope: AuditScope;
  status: AuditStatus;
  metadata: Json;
  /** Hex. */
  hash: string;
  createdAt: Date;
}

/** Empty lists and nulls let everything through. */
export interface AuditFilter {
  teamId: string;
  scope: AuditScope | null;
  resourceTypes: readonly AuditResourceType[];
  actions: readonly string[];
  resourceId: string | null;
}

const columns = (sql: Queryable) => sql`
  id, seq, actor_type as "actorType", actor_id as "actorId", actor_name as "actorName",
  resource_type as "resourceType", resource_id as "resourceId", action, scope, status, metadata,
  encode(hash, 'hex') as hash, created_at as "createdAt"`;

/** Newest first, from below `beforeSeq`. */
export const listAuditRows = (
  sql: Queryable,
  filter: AuditFilter,
  page: { beforeSeq: number | null; limit: number },
): Promise<AuditRow[]> => sql<AuditRow[]>`
  select ${columns(sql)} from audit_logs
  where team_id = ${filter.teamId}
    ${filter.scope === null ? sql`` : sql`and scope = ${filter.scope}`}
    ${page.beforeSeq === null ? sql`` : sql`and seq < ${page.beforeSeq}`}
    ${filter.resourceTypes.length === 0 ? sql`` : sql`and resource_type = any(${[...filter.resourceTypes]})`}
    ${filter.actions.length === 0 ? sql`` : sql`and action = any(${[...filter.actions]})`}
    ${filter.resourceId === null ? sql`` : sql`and resource_id = ${filter.resourceId}`}
  order by seq desc limit ${page.limit}`;

/** Of any chain. */
export const findAuditRows = (
  sql: Queryable,
  ids: readonly string[],
): Promise<(AuditRow & { teamId: string })[]> => sql<(AuditRow & { teamId: string })[]>`
  select team_id as "teamId", ${columns(sql)} from audit_logs where id = any(${[...ids]}::uuid[])`;

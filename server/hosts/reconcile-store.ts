/** SQL of the reconcile: the rows to compare with what a host says. */
import type { SandboxStatus } from "../../db/constants.ts";
import type { Queryable } from "../../db/sql.ts";
import { LIVE_STATUSES } from "../sandboxes/status.ts";

/** The part of a sandbox's row that the reconcile looks at. */
export interface HostedSandbox {
  id: string;
  teamId: string;
  hostId: string | null;
  status: SandboxStatus;
  statusReason: string;
  memoryKept: boolean;
  updatedAt: Date;
}

/** The database's clock: the only one that rows are compared with. */
export const databaseNow = async (sql: Queryable): Promise<Date> => {
  const [row] = await sql<{ now: Date }[]>`select clock_timestamp() as now`;
  if (!row) throw new Error("the database told no time");
  return row.now;
};

/**
 * The database's clock while the host is online: one that is being marked lost is waited for. Null when it is not:
 * what it says counts when it has beaten again.
 */
export const onlineNow = async (sql: Queryable, hostId: string): Promise<Date | null> => {
  const [row] = await sql<{ now: Date }[]>`
    select clock_timestamp() as now from hosts
    where id = ${hostId} and status = 'online' and deleted_at is null for share`;
  return row?.now ?? null;
};

/** The live sandboxes of a host, and whatever is known of the ids it reported. */
export const listHosted = async (
  sql: Queryable,
  { hostId, reportedIds }: { hostId: string; reportedIds: string[] },
): Promise<HostedSandbox[]> => sql<HostedSandbox[]>`
  select id, team_id as "teamId", host_id as "hostId", status,
    status_reason as "statusReason", memory_kept as "memoryKept", updated_at as "updatedAt"
  from sandboxes
  where (host_id = ${hostId} and status = any(${[...LIVE_STATUSES]}))
    or id = any(${reportedIds}::uuid[])`;

/** One sandbox of a host, in any status. */
export const findHosted = async (
  sql: Queryable,
  { id, hostId }: { id: string; hostId: string },
): Promise<HostedSandbox | null> => {
  const [row] = await sql<HostedSandbox[]>`
    select id, team_id as "teamId", host_id as "hostId", status,
    status_reason as "statusReason", memory_kept as "memoryKept", updated_at as "updatedAt"
    from sandboxes where id = ${id} and host_id = ${hostId}`;
  return row ?? null;
};

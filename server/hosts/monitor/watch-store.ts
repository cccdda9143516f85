/** SQL of what the monitor watches, and of what it marks lost. */
import type { Queryable, Tx } from "../../../db/sql.ts";
import type { WatchedHost } from "./staleness.ts";

/** With what is told of it. */
export interface NamedHost extends WatchedHost {
  name: string;
  /** Null: a host of the platform. */
  teamId: string | null;
}

/** Every online host. One that beat has left the holds before. */
export const listWatched = async (sql: Queryable): Promise<NamedHost[]> => {
  const rows = await sql<
    (Omit<NamedHost, "held"> & { end: "beat" | "released" | "expired" | null; endedAt: Date | null })[]
  >`
    select h.id, h.name, h.team_id as "teamId", h.team_id is null as "isPlatforms",
      coalesce(h.last_heartbeat_at, h.created_at) as "lastHeartbeatAt",
      held.end_reason as end, held.ended_at as "endedAt"
    from hosts h left join lateral (
      select end_reason, ended_at from monitor_holds m
      where h.id = any(m.host_ids) and m.ended_at > h.last_heartbeat_at
      order by m.ended_at desc limit 1
    ) held on true
    where h.deleted_at is null and h.status = 'online'`;
  return rows.map(({ end, endedAt, ...host }) => ({ ...host, held: end && endedAt && { end, endedAt } }));
};

/** False when it beat since, or is no more. */
export const markUnreachable = async (
  tx: Tx,
  host: { id: string; lastHeartbeatAt: Date; reason: string },
): Promise<boolean> => {
  // Dates have milliseconds, the column has microseconds.
  const beforeMs = host.lastHeartbeatAt.getTime() + 1;
  const rows = await tx`
    update hosts set status = 'unreachable', status_reason = ${host.reason}, reachable = false,
      updated_at = now()
    where id = ${host.id} and status = 'online' and deleted_at is null
      and coalesce(last_heartbeat_at, created_at) < ${new Date(beforeMs)}
    returning id`;
  return rows.length === 1;
};

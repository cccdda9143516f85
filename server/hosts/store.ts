/** SQL about hosts' rows. Credentials and heartbeats have stores of their own. */
import { HOST_STATUSES, type HostStatus, type HostType } from "../../db/constants.ts";
import type { Queryable, Tx } from "../../db/sql.ts";
import { type Host, type HostRow, toHost } from "./host.ts";
import type { HostCandidate } from "./scheduler.ts";

export type NewHost = Pick<Host, "id" | "type" | "teamId" | "name" | "provider" | "availabilityZone"> & {
  createdBy: string | null;
};

export const insertHost = async (tx: Tx, host: NewHost): Promise<Host> => {
  const [row] = await tx<HostRow[]>`
    insert into hosts ${tx({
      id: host.id,
      type: host.type,
      team_id: host.teamId,
      name: host.name,
      provider: host.provider,
      availability_zone: host.availabilityZone,
      created_by: host.createdBy,
    })}
    returning *`;
  if (!row) throw new Error("insert returned no row");
  return toHost(row);
};

/** Whose hosts: one team's own, and the shared ones where `regular`. */
export interface HostScope {
  teamId: string | null;
  regular: boolean;
}

const inScope = (sql: Queryable, { teamId, regular }: HostScope) =>
  sql`(team_id = ${teamId} or (${regular} and type = 'regular'))`;

/** Oldest first. */
export const listHosts = async (
  sql: Queryable,
  { scope, afterId, limit }: { scope: HostScope; afterId: string | null; limit: number },
): Promise<Host[]> => {
  const rows = await sql<HostRow[]>`
    select * from hosts
    where deleted_at is null and ${inScope(sql, scope)}
      ${afterId === null ? sql`` : sql`and id > ${afterId}`}
    order by id limit ${limit}`;
  return rows.map(toHost);
};

/** Every host, oldest first; `null` filters nothing. */
export const listAllHosts = async (
  sql: Queryable,
  page: { type: HostType | null; status: HostStatus | null; afterId: string | null; limit: number },
): Promise<{ host: Host; teamName: string | null }[]> => {
  const rows = await sql<(HostRow & { team_name: string | null })[]>`
    select h.*, t.name as team_name from hosts h left join teams t on t.id = h.team_id
    where h.deleted_at is null
      and (${page.type}::text is null or h.type = ${page.type})
      and (${page.status}::text is null or h.status = ${page.status})
      and (${page.afterId}::uuid is null or h.id > ${page.afterId}::uuid)
    order by h.id limit ${page.limit}`;
  return rows.map((row) => ({ host: toHost(row), teamName: row.team_name }));
};

/** Whoever's. */
export const findHost = async (sql: Queryable, id: string): Promise<Host | null> => {
  const [row] = await sql<HostRow[]>`select * from hosts where id = ${id} and deleted_at is null`;
  return row ? toHost(row) : null;
};

export const nameHosts = (sql: Queryable, ids: readonly string[]): Promise<{ id: string; name: string }[]> =>
  sql<{ id: string; name: string }[]>`
    select id, name from hosts where id = any(${[...ids]}::uuid[]) and deleted_at is null order by id`;

/** Every host the server should be talking to. @param only this one, if it is one. */
export const listOnlineHosts = async (sql: Queryable, only?: string): Promise<Host[]> => {
  const rows = await sql<HostRow[]>`
    select * from hosts where deleted_at is null and status = 'online' and address is not null
      ${only === undefined ? sql`` : sql`and id = ${only}`}`;
  return rows.map(toHost);
};

/** Hosts a team's sandbox of this template might run on, as the scheduler sees them. */
export const listCandidates = async (
  sql: Queryable,
  { teamId, templateId }: { teamId: string; templateId: string },
): Promise<HostCandidate[]> => sql<HostCandidate[]>`
  select h.id, coalesce(h.address, '') as address, h.tls_cert as "tlsCert", h.type, h.team_id as "teamId", h.status, h.reachable, h.draining,
    coalesce(h.cpu_cores, 0) as "cpuCores", coalesce(h.memory_mb, 0) as "memoryMb",
    coalesce(h.free_memory_mb, 0) as "freeMemoryMb", coalesce(h.free_disk_mb, 0) as "freeDiskMb",
    coalesce(h.runtime_id, '') as "runtimeId",
    coalesce(t.state = 'present', false) as "holdsTemplate",
    coalesce(t.state = 'copying', false) as "copiesTemplate"
  from hosts h
  left join host_templates t on t.host_id = h.id and t.template_id = ${templateId}
  where h.deleted_at is null and (h.type = 'regular' or h.team_id = ${teamId})`;

/** Whether the server's own call got through; writes nothing, and returns false, when nothing changed. */
export const setReachable = async (
  sql: Queryable,
  host: { id: string; from?: readonly HostStatus[]; reachable: boolean; reason: string },
): Promise<boolean> => {
  const { id, from = HOST_STATUSES, reachable, reason } = host;
  const { count } = await sql`
    update hosts set reachable = ${reachable}, status_reason = ${reason}, updated_at = now()
    where id = ${id} and deleted_at is null and status = any(${[...from]})
      and (reachable, status_reason) is distinct from (${reachable}, ${reason}::text)`;
  return count > 0;
};

/**
 * Whether the host takes new sandboxes. With `pause` it is also to pause what runs on it, which it is told
 * until it did. Null when the host is deleted, `isChanged` false when there was nothing to change.
 */
export const setDraining = async (
  tx: Tx,
  { id, draining, pause }: { id: string; draining: boolean; pause: boolean },
): Promise<{ host: Host; isChanged: boolean } | null> => {
  const before = await lockHost(tx, id);
  if (!before) return null;
  if (before.draining === draining && !pause) return { host: before, isChanged: false };
  const [row] = await tx<HostRow[]>`
    update hosts set draining = ${draining}, updated_at = now(),
      drain_pause_due = ${draining} and (drain_pause_due or ${pause})
    where id = ${id} returning *`;
  return { host: row ? toHost(row) : before, isChanged: true };
};

/** The host was told to pause what runs on it, and did. */
export const notePaused = async (sql: Queryable, id: string): Promise<void> => {
  await sql`update hosts set drain_pause_due = false where id = ${id} and drain_pause_due`;
};

/** Sandboxes that exist on a host. */
export interface SandboxCounts {
  /** With those that are just being made, paused or resumed. */
  running: number;
  paused: number;
  missing: number;
}

export const countSandboxesOn = async (sql: Queryable, id: string): Promise<SandboxCounts> => {
  const [row] = await sql<SandboxCounts[]>`
    select count(*) filter (where status not in ('paused', 'missing'))::int as running,
      count(*) filter (where status = 'paused')::int as paused,
      count(*) filter (where status = 'missing')::int as missing
    from sandboxes where host_id = ${id} and status not in ('stopped', 'error')`;
  return row ?? { running: 0, paused: 0, missing: 0 };
};

/** A team's own hosts. */
export const listHostsOf = async (sql: Queryable, teamId: string): Promise<Host[]> => {
  const rows = await sql<HostRow[]>`
    select * from hosts where team_id = ${teamId} and deleted_at is null order by id`;
  return rows.map(toHost);
};

/** Keeps new sandboxes off the host until the commit; null when it is deleted already. */
export const lockHost = async (tx: Tx, id: string): Promise<Host | null> => {
  const [row] = await tx<HostRow[]>`
    select * from hosts where id = ${id} and deleted_at is null for no key update`;
  return row ? toHost(row) : null;
};

/** Keeps the host from being deleted until the commit; false when it already is. */
export const keepHost = async (tx: Tx, id: string): Promise<boolean> => {
  const rows = await tx`select id from hosts where id = ${id} and deleted_at is null for share`;
  return rows.length === 1;
};

/** Marks the host deleted and ends its credentials; false when it was already. */
export const deleteHost = async (tx: Tx, id: string): Promise<boolean> => {
  const rows = await tx`
    update hosts set deleted_at = now(), updated_at = now()
    where id = ${id} and deleted_at is null returning id`;
  await tx`update host_refresh_tokens set revoked_at = now() where host_id = ${id} and revoked_at is null`;
  await tx`update host_registration_tokens set used_at = now() where host_id = ${id} and used_at is null`;
  await tx`delete from host_templates where host_id = ${id}`;
  await tx`delete from quarantine where host_id = ${id}`;
  return rows.length === 1;
};

/** Whoever's, with the name of the team; those that are not deleted. */
export const findHosts = async (
  sql: Queryable,
  ids: readonly string[],
): Promise<{ host: Host; teamName: string | null }[]> => {
  const rows = await sql<(HostRow & { team_name: string | null })[]>`
    select h.*, t.name as team_name from hosts h left join teams t on t.id = h.team_id
    where h.deleted_at is null and h.id = any(${[...ids]}::uuid[])`;
  return rows.map((row) => ({ host: toHost(row), teamName: row.team_name }));
};

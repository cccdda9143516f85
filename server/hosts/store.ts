/** SQL about hosts' rows. Credentials and heartbeats have stores of their own. */
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

export const findHost = async (
  sql: Queryable,
  { id, scope }: { id: string; scope: HostScope },
): Promise<Host | null> => {
  const [row] = await sql<HostRow[]>`
    select * from hosts where id = ${id} and deleted_at is null and ${inScope(sql, scope)}`;
  return row ? toHost(row) : null;
};

/** Every host the server should be talking to. */
export const listOnlineHosts = async (sql: Queryable): Promise<Host[]> => {
  const rows = await sql<HostRow[]>`
    select * from hosts where deleted_at is null and status = 'online' and address is not null`;
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
    t.host_id is not null as "holdsTemplate"
  from hosts h
  left join host_templates t
    on t.host_id = h.id and t.template_id = ${templateId} and t.state = 'present'
  where h.deleted_at is null and (h.type = 'regular' or h.team_id = ${teamId})`;

/** Whether the server's own call got through; writes nothing when nothing changed. */
export const setReachable = async (
  sql: Queryable,
  { id, reachable, reason }: { id: string; reachable: boolean; reason: string },
): Promise<void> => {
  await sql`
    update hosts set reachable = ${reachable}, status_reason = ${reason}, updated_at = now()
    where id = ${id} and deleted_at is null
      and (reachable, status_reason) is distinct from (${reachable}, ${reason}::text)`;
};

/** A team's own hosts. */
export const listHostsOf = async (sql: Queryable, teamId: string): Promise<Host[]> => {
  const rows = await sql<HostRow[]>`
    select * from hosts where team_id = ${teamId} and deleted_at is null order by id`;
  return rows.map(toHost);
};

/** Keeps new sandboxes off the host until the commit; false when it is deleted already. */
export const lockHost = async (tx: Tx, id: string): Promise<boolean> => {
  const rows = await tx`select id from hosts where id = ${id} and deleted_at is null for update`;
  return rows.length === 1;
};

/** Keeps the host from being deleted until the commit; false when it already is. */
export const keepHost = async (tx: Tx, id: string): Promise<boolean> => {
  const rows = await tx`select id from hosts where id = ${id} and deleted_at is null for key share`;
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
  return rows.length === 1;
};

/** SQL of traffic: the one query before a request is passed on, and who was active last. */
import type { SandboxStatus } from "../../db/constants.ts";
import type { Queryable } from "../../db/sql.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";

/** What decides about a request to a sandbox. */
export interface TrafficSandbox {
  /** Bare UUIDs. */
  id: string;
  teamId: string;
  status: SandboxStatus;
  publicPorts: boolean;
  autoResume: boolean;
  /** Null while it has no host that can be called. */
  endpoint: HostEndpoint | null;
}

interface Row {
  id: string;
  team_id: string;
  status: SandboxStatus;
  public_ports: boolean;
  auto_resume: boolean;
  host_id: string | null;
  address: string | null;
  tls_cert: string | null;
}

/** Any team's, in any status. */
export const findTrafficSandbox = async (sql: Queryable, id: string): Promise<TrafficSandbox | null> => {
  const [row] = await sql<Row[]>`
    select s.id, s.team_id, s.status, s.public_ports, s.auto_resume, s.host_id, h.address, h.tls_cert
    from sandboxes s left join hosts h on h.id = s.host_id and h.deleted_at is null
    where s.id = ${id}`;
  if (!row) return null;
  const { host_id, address, tls_cert } = row;
  return {
    id: row.id,
    teamId: row.team_id,
    status: row.status,
    publicPorts: row.public_ports,
    autoResume: row.auto_resume,
    endpoint: host_id !== null && address !== null ? { id: host_id, address, tlsCert: tls_cert } : null,
  };
};

/** Ids of running sandboxes of all teams, the one used last first. */
export const listRecentlyActive = async (sql: Queryable, limit: number): Promise<string[]> => {
  const rows = await sql<{ id: string }[]>`
    select id from sandboxes where status = 'running'
    order by last_active_at desc nulls last, id desc limit ${limit}`;
  return rows.map(({ id }) => id);
};

/** SQL of the sandboxes that hosts have and the database has no row of. */
import type { Queryable, Tx } from "../../db/sql.ts";

/** Ids are bare UUIDs. */
export interface Stranger {
  sandbox: string;
  hostId: string;
  hostName: string;
  firstSeenAt: Date;
}

/**
 * What a host has of them now: new ones count from here, those it has no more are forgotten.
 * @returns those first seen longer ago than `keptMs`.
 */
export const noteStrangers = async (
  sql: Queryable,
  { hostId, strangers, keptMs }: { hostId: string; strangers: readonly string[]; keptMs: number },
): Promise<string[]> => {
  const ids = [...strangers];
  const rows = await sql<{ sandbox: string }[]>`
    with gone as (
      delete from quarantine where host_id = ${hostId} and sandbox <> all(${ids}::uuid[])
    ), seen as (
      insert into quarantine (host_id, sandbox) select id, sandbox
      from hosts, unnest(${ids}::uuid[]) as sandbox where id = ${hostId} and deleted_at is null
      on conflict do nothing
    )
    select sandbox from quarantine
    where host_id = ${hostId} and sandbox = any(${ids}::uuid[])
      and first_seen_at < clock_timestamp() - make_interval(secs => ${keptMs / 1000})`;
  return rows.map(({ sandbox }) => sandbox);
};

/** False when another server was faster. */
export const forgetStranger = async (
  tx: Tx,
  { hostId, sandbox }: { hostId: string; sandbox: string },
): Promise<boolean> => {
  const rows = await tx`
    delete from quarantine where host_id = ${hostId} and sandbox = ${sandbox} returning sandbox`;
  return rows.length === 1;
};

export const listStrangersOf = async (sql: Queryable, hostId: string): Promise<string[]> => {
  const rows = await sql<{ sandbox: string }[]>`
    select sandbox from quarantine where host_id = ${hostId} order by sandbox`;
  return rows.map(({ sandbox }) => sandbox);
};

/** Of all hosts, in the order of the ids. */
export const listStrangers = (
  sql: Queryable,
  { after, limit }: { after: { hostId: string; sandbox: string } | null; limit: number },
): Promise<Stranger[]> => sql<Stranger[]>`
  select q.sandbox, q.host_id as "hostId", h.name as "hostName", q.first_seen_at as "firstSeenAt"
  from quarantine q join hosts h on h.id = q.host_id
  where ${after === null ? sql`true` : sql`(q.host_id, q.sandbox) > (${after.hostId}::uuid, ${after.sandbox}::uuid)`}
  order by q.host_id, q.sandbox limit ${limit}`;

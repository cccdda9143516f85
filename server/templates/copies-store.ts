/**
 * All SQL about copies. The row of a template on a host is the lock: whoever put its lease into it copies,
 * as long as it renews it; a server that died is taken over from.
 */
import type { HostTemplateState } from "../../db/constants.ts";
import type { Queryable } from "../../db/sql.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import { mayHold } from "./placement.ts";

/** A copy not renewed for so long belongs to nobody. */
const LEASE_SEC = 15;

/** Bare UUIDs. */
export interface CopyKey {
  templateId: string;
  hostId: string;
}

export interface Claim extends CopyKey {
  lease: string;
}

/**
 * Makes the copy the caller's; false when someone else's is alive, the host has it, or it may not go there:
 * only snapshots are copied, and a team's only to hosts that run its sandboxes. A deletion under way is waited
 * for: one that did not see the row would leave it, and the files with it.
 */
export const claimCopy = async (sql: Queryable, { templateId, hostId, lease }: Claim): Promise<boolean> => {
  const rows = await sql`
    insert into host_templates (host_id, template_id, state, lease)
    select h.id, t.id, 'copying', ${lease}
    from hosts h, templates t join teams owner on owner.id = t.team_id
    where h.id = ${hostId} and h.deleted_at is null
      and t.id = ${templateId} and t.deleted_at is null and t.type = 'snapshot'
      and ${mayHold(sql)}
    for share of h, t
    on conflict (host_id, template_id) do update
      set lease = excluded.lease, progress = 0, renewed_at = now(), created_at = now()
      where host_templates.state = 'copying'
        and host_templates.renewed_at < now() - make_interval(secs => ${LEASE_SEC})
    returning host_id`;
  return rows.length === 1;
};

/** False when the copy is not the caller's any more: deleted, or taken over. */
export const renewCopy = async (sql: Queryable, claim: Claim, progress: number): Promise<boolean> => {
  const rows = await sql`
    update host_templates set progress = ${progress}, renewed_at = now()
    where host_id = ${claim.hostId} and template_id = ${claim.templateId}
      and (state = 'present' or (state = 'copying' and lease = ${claim.lease}))
    returning host_id`;
  return rows.length === 1;
};

/** The host has it whole; false when it was deleted meanwhile. */
export const completeCopy = async (sql: Queryable, claim: Claim): Promise<boolean> => {
  const rows = await sql`
    update host_templates set state = 'present', progress = 1, lease = null
    where host_id = ${claim.hostId} and template_id = ${claim.templateId}
      and (state = 'present' or (state = 'copying' and lease = ${claim.lease}))
    returning host_id`;
  return rows.length === 1;
};

/** Nothing of it is on the host. */
export const abandonCopy = async (sql: Queryable, claim: Claim): Promise<void> => {
  await sql`
    delete from host_templates
    where host_id = ${claim.hostId} and template_id = ${claim.templateId}
      and state = 'copying' and lease = ${claim.lease}`;
};

/** Copies whose servers died: their hosts have dropped what had come. */
export const forgetAbandoned = async (sql: Queryable): Promise<void> => {
  await sql`
    delete from host_templates
    where state = 'copying' and renewed_at < now() - make_interval(secs => ${2 * LEASE_SEC})`;
};

/** How far the template is on the host; null when nothing of it is there. */
export const findCopy = async (
  sql: Queryable,
  { templateId, hostId }: CopyKey,
): Promise<{ state: HostTemplateState; progress: number } | null> => {
  const [row] = await sql<{ state: HostTemplateState; progress: number }[]>`
    select state, progress from host_templates
    where host_id = ${hostId} and template_id = ${templateId}`;
  return row ?? null;
};

/**
 * Hosts that hold the template whole and can be called, also draining ones. A platform's host takes nothing
 * from a host that belongs to a team: whoever runs that one could have put anything into it.
 */
export const listSources = (sql: Queryable, { templateId, hostId }: CopyKey): Promise<HostEndpoint[]> => sql<
  HostEndpoint[]
>`
  select h.id, h.address, h.tls_cert as "tlsCert"
  from host_templates ht
  join hosts h on h.id = ht.host_id
  join hosts target on target.id = ${hostId}
  where ht.template_id = ${templateId} and ht.state = 'present' and h.id <> target.id
    and h.deleted_at is null and h.status = 'online' and h.reachable and h.address is not null
    and (h.type = 'regular' or h.team_id = target.team_id)
  order by h.draining desc, h.last_heartbeat_at desc limit 10`;

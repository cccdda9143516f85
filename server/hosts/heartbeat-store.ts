/** The heartbeat's one query. */
import type { Accelerator, HostStatus } from "../../db/constants.ts";
import type { Queryable } from "../../db/sql.ts";
import { ZERO_UUID } from "../../proto/ids.ts";
import { mayHold } from "../templates/placement.ts";

export interface Beat {
  hostId: string;
  freeMemoryMb: number;
  freeDiskMb: number;
  runtimeId: string;
  address: string;
  agentVersion: string;
  accelerator: Accelerator;
  /** Ids of the templates whose files the host holds whole. */
  templateIds: string[];
  /** Built-in templates that it is making, and how far each is, 0 to 1. */
  building: { templateId: string; progress: number }[];
}

/** What the row was before the beat. */
export interface BeforeBeat {
  status: HostStatus;
  address: string | null;
  reachable: boolean;
  teamId: string | null;
  name: string;
  tlsCert: string | null;
}

/** What became of a host that has no row to beat for: known but deleted, or never there. */
export const isDeleted = async (sql: Queryable, hostId: string): Promise<boolean> => {
  const rows = await sql`select 1 from hosts where id = ${hostId} and deleted_at is not null`;
  return rows.length > 0;
};

/**
 * Records a beat and which templates the host holds; a template on its way out stays so, and a deleted one
 * that the host still names is to be removed there: a snapshot may come about after its request was given
 * up. What it may not hold it cannot claim. What it is making of the built-in ones is as far as it says, and no
 * more once it says nothing of it; snapshots under way are the server's own. A host is online from here on.
 * @param expected `settled`: online, and at the same address as before.
 * @returns null when the host is not as expected, unknown or deleted.
 */
export const recordBeat = async (
  sql: Queryable,
  beat: Beat,
  expected: "settled" | "any",
): Promise<BeforeBeat | null> => {
  const building = beat.building.map(({ templateId }) => templateId);
  const [before] = await sql<BeforeBeat[]>`
    with before as (
      select id, status, address, reachable, team_id, name, tls_cert from hosts
      where id = ${beat.hostId} and deleted_at is null
        and (${expected === "any"} or (status = 'online' and address = ${beat.address}))
      for no key update
    ), beat as (
      update hosts h set
        status = 'online', last_heartbeat_at = now(), free_memory_mb = ${beat.freeMemoryMb},
        free_disk_mb = ${beat.freeDiskMb}, runtime_id = ${beat.runtimeId},
        address = ${beat.address}, agent_version = ${beat.agentVersion},
        accelerator = ${beat.accelerator}
      from before where h.id = before.id
      returning h.id
    ), gone as (
      delete from host_templates h using beat, templates t
      where h.host_id = beat.id and h.template_id = t.id
        and (h.state = 'present' or (h.state = 'building' and t.type = 'base'))
        and h.template_id <> all(${beat.templateIds}::uuid[])
        and h.template_id <> all(${building}::uuid[])
    ), made as (
      insert into host_templates (host_id, template_id, state, progress)
      select beat.id, t.id, 'building', told.progress
      from beat, unnest(${building}::uuid[], ${beat.building.map(({ progress }) => progress)}::real[])
        as told (id, progress) join templates t on t.id = told.id
      where t.type = 'base' and t.team_id = ${ZERO_UUID} and t.deleted_at is null
        and t.id <> all(${beat.templateIds}::uuid[])
      on conflict (host_id, template_id) do update set state = 'building', progress = excluded.progress
        where host_templates.state in ('building', 'present')
    ), held as (
      insert into host_templates (host_id, template_id, state, progress)
      select h.id, t.id, case when t.deleted_at is null then 'present' else 'deleting' end, 1
      from beat join hosts h on h.id = beat.id, templates t join teams owner on owner.id = t.team_id
      where t.id = any(${beat.templateIds}::uuid[]) and ${mayHold(sql)}
      on conflict (host_id, template_id) do update set state = excluded.state, progress = 1
        where host_templates.state in ('building', 'copying')
          or (host_templates.state = 'present' and excluded.state = 'deleting')
    )
    select status, address, reachable, team_id as "teamId", name, tls_cert as "tlsCert" from before`;
  return before ?? null;
};

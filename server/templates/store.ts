/** All SQL about templates and which hosts hold them. */
import type { HostTemplateState, TemplateType } from "../../db/constants.ts";
import type { Queryable, Tx } from "../../db/sql.ts";
import { ZERO_UUID } from "../../proto/ids.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import { LIVE_STATUSES } from "../sandboxes/status.ts";
import { canonicalName, type TemplateRef } from "./names.ts";

/** Ids are bare UUIDs. */
export interface Template {
  id: string;
  teamId: string;
  name: string;
  type: TemplateType;
  vcpus: number;
  memoryMb: number;
  diskSizeMb: number;
  /** Null until it is whole, and for built-in ones, which each host builds. */
  sizeBytes: number | null;
  runtimeId: string | null;
  createdAt: Date;
  /** `present` where any host holds it whole, else how far it came; null when no host has any of it. */
  state: HostTemplateState | null;
  /** Hosts that hold it whole. */
  hosts: number;
  /** Of the copy to a further host that is furthest, 0 to 1; null when there is none. */
  copying: number | null;
  /** Of its making on a host, the same. */
  building: number | null;
}

const columns = (sql: Queryable) => sql`
  t.id, t.team_id as "teamId", t.name, t.type, t.vcpus, t.memory_mb as "memoryMb",
  t.disk_size_mb as "diskSizeMb", t.size_bytes as "sizeBytes", t.runtime_id as "runtimeId",
  t.created_at as "createdAt",
  (select h.state from host_templates h where h.template_id = t.id
    order by (h.state = 'present') desc, h.progress desc limit 1) as state,
  (select count(*)::int from host_templates h where h.template_id = t.id and h.state = 'present') as hosts,
  (select max(h.progress) from host_templates h where h.template_id = t.id and h.state = 'copying') as copying,
  (select max(h.progress) from host_templates h where h.template_id = t.id and h.state = 'building') as building`;

const isNamed = (sql: Queryable, { name, id, slug }: TemplateRef) => sql`
  ${id ? sql`(t.id = ${id} or t.name = ${canonicalName(name)})` : sql`t.name = ${canonicalName(name)}`}
  ${slug ? sql`and t.team_id in (select o.id from teams o where o.slug = ${slug})` : sql``}`;

/** The team's own first, then the platform's; by its id before one that only bears it as a name. */
export const findTemplate = async (
  sql: Queryable,
  { teamId, ...ref }: TemplateRef & { teamId: string },
): Promise<Template | null> => {
  const [template] = await sql<Template[]>`
    select ${columns(sql)} from templates t
    where t.team_id in (${teamId}, ${ZERO_UUID}) and t.deleted_at is null and ${isNamed(sql, ref)}
    order by t.id is not distinct from ${ref.id ?? null} desc, t.team_id = ${teamId} desc limit 1`;
  return template ?? null;
};

/** Of the team, and of the platform where `withPlatform`; newest first. */
export const listTemplates = async (
  sql: Queryable,
  filter: {
    teamId: string;
    withPlatform: boolean;
    type: TemplateType | null;
    /** Only what it names. */
    ref?: TemplateRef;
    /** Only those made from this sandbox. */
    sandboxId?: string;
    beforeId: string | null;
    limit: number;
  },
): Promise<Template[]> => sql<Template[]>`
  select ${columns(sql)} from templates t
  where (t.team_id = ${filter.teamId} or (${filter.withPlatform} and t.team_id = ${ZERO_UUID}))
    and t.deleted_at is null
    ${filter.type === null ? sql`` : sql`and t.type = ${filter.type}`}
    ${filter.ref === undefined ? sql`` : sql`and ${isNamed(sql, filter.ref)}`}
    ${filter.sandboxId === undefined ? sql`` : sql`and t.source_sandbox = ${filter.sandboxId}`}
    ${filter.beforeId === null ? sql`` : sql`and t.id < ${filter.beforeId}`}
  order by t.id desc limit ${filter.limit}`;

/** What a team made of a template, as far as rows tell: ended sandboxes go after a month. */
export interface TemplateUse {
  count: number;
  lastAt: Date;
}

/** By template id; those that were not used are left out. */
export const listUse = async (
  sql: Queryable,
  { teamId, templateIds }: { teamId: string; templateIds: readonly string[] },
): Promise<Map<string, TemplateUse>> => {
  const rows = await sql<(TemplateUse & { id: string })[]>`
    select template_id as id, count(*)::int as count, max(created_at) as "lastAt" from sandboxes
    where team_id = ${teamId} and template_id = any(${[...templateIds]}) group by template_id`;
  return new Map(rows.map(({ id, ...use }) => [id, use]));
};

export const isPlatformName = async (sql: Queryable, name: string): Promise<boolean> => {
  const rows = await sql`
    select 1 from templates where team_id = ${ZERO_UUID} and name = ${name} and deleted_at is null`;
  return rows.length > 0;
};

/** A snapshot under way on the host of its sandbox. */
export const insertSnapshot = async (
  tx: Tx,
  snapshot: Pick<Template, "id" | "teamId" | "name" | "vcpus" | "memoryMb" | "diskSizeMb"> & {
    hostId: string;
    sandboxId: string;
  },
): Promise<void> => {
  await tx`insert into templates ${tx({
    id: snapshot.id,
    team_id: snapshot.teamId,
    source_sandbox: snapshot.sandboxId,
    name: snapshot.name,
    type: "snapshot",
    vcpus: snapshot.vcpus,
    memory_mb: snapshot.memoryMb,
    disk_size_mb: snapshot.diskSizeMb,
  })}`;
  await tx`insert into host_templates ${tx({
    host_id: snapshot.hostId,
    template_id: snapshot.id,
    state: "building",
  })}`;
};

/** Keeps others from settling the same until the commit; false when one has. */
export const lockUnfinished = async (
  tx: Tx,
  { id, hostId }: { id: string; hostId: string },
): Promise<boolean> => {
  const rows = await tx`
    select 1 from host_templates h join templates t on t.id = h.template_id
    where h.host_id = ${hostId} and t.id = ${id} and h.state = 'building' and t.deleted_at is null
    for update of h`;
  return rows.length === 1;
};

/** The host has it whole; false when it was deleted meanwhile. */
export const completeSnapshot = async (
  tx: Tx,
  snapshot: {
    id: string;
    hostId: string;
    diskSizeMb: number;
    sizeBytes: number;
    runtimeId: string;
  },
): Promise<boolean> => {
  const rows = await tx`
    update templates set size_bytes = ${snapshot.sizeBytes}, runtime_id = ${snapshot.runtimeId},
      disk_size_mb = ${snapshot.diskSizeMb}
    where id = ${snapshot.id} and deleted_at is null returning id`;
  if (rows.length === 0) return false;
  await tx`
    insert into host_templates (host_id, template_id, state, progress)
    values (${snapshot.hostId}, ${snapshot.id}, 'present', 1)
    on conflict (host_id, template_id) do update set state = 'present', progress = 1`;
  return true;
};

/** Ids of the sandboxes that still need the template. Locks out new ones until the commit. */
export const lockUsersOf = async (tx: Tx, id: string): Promise<string[]> => {
  await tx`select id from templates where id = ${id} for no key update`;
  const rows = await tx<{ id: string }[]>`
    select id from sandboxes where template_id = ${id} and status = any(${[...LIVE_STATUSES]})
    order by id limit 100`;
  return rows.map((row) => row.id);
};

/** Marks it deleted; its files on hosts are `deleting` until each host has removed them. */
export const deleteTemplate = async (tx: Tx, id: string): Promise<boolean> => {
  const rows = await tx`
    update templates set deleted_at = now() where id = ${id} and deleted_at is null returning id`;
  await tx`update host_templates set state = 'deleting' where template_id = ${id}`;
  return rows.length === 1;
};

/** A team's templates that are not deleted. */
export const listOwn = (sql: Queryable, teamId: string): Promise<{ id: string; name: string }[]> => sql<
  { id: string; name: string }[]
>`
  select id, name from templates where team_id = ${teamId} and deleted_at is null order by id`;

/** A deleted template whose files a host still has. */
export interface Leftover {
  templateId: string;
  teamId: string;
  name: string;
  host: HostEndpoint;
}

/** Of one host, or of one template. */
export const listLeftovers = async (
  sql: Queryable,
  of: { hostId: string } | { templateId: string },
): Promise<Leftover[]> => sql<Leftover[]>`
  select t.id as "templateId", t.team_id as "teamId", t.name,
    json_build_object('id', h.id, 'address', h.address, 'tlsCert', h.tls_cert) as host
  from host_templates ht
  join templates t on t.id = ht.template_id
  join hosts h on h.id = ht.host_id
  where ht.state = 'deleting' and h.deleted_at is null and h.address is not null
    and ${"hostId" in of ? sql`ht.host_id = ${of.hostId}` : sql`ht.template_id = ${of.templateId}`}
  limit 100`;

export const forgetLeftover = async (
  sql: Queryable,
  { hostId, templateId }: { hostId: string; templateId: string },
): Promise<void> => {
  await sql`
    delete from host_templates
    where host_id = ${hostId} and template_id = ${templateId} and state = 'deleting'`;
};

/** Keeps the template from being deleted until the commit; false when it already is. */
export const keepTemplate = async (tx: Tx, id: string): Promise<boolean> => {
  const rows = await tx`
    select id from templates where id = ${id} and deleted_at is null for share`;
  return rows.length === 1;
};

/** Names of the templates whose files a host holds whole. */
export const listHeldNames = async (sql: Queryable, hostId: string): Promise<string[]> => {
  const rows = await sql<{ name: string }[]>`
    select t.name from host_templates h join templates t on t.id = h.template_id
    where h.host_id = ${hostId} and h.state = 'present' and t.deleted_at is null order by t.name`;
  return rows.map(({ name }) => name);
};

/** Snapshots begun on a host so long ago that whoever asked for them is gone. */
export const listUnfinished = async (
  sql: Queryable,
  { hostId, olderThanSec }: { hostId: string; olderThanSec: number },
): Promise<{ id: string; teamId: string; name: string; diskSizeMb: number }[]> => sql<
  { id: string; teamId: string; name: string; diskSizeMb: number }[]
>`
  select t.id, t.team_id as "teamId", t.name, t.disk_size_mb as "diskSizeMb"
  from host_templates h join templates t on t.id = h.template_id
  where h.host_id = ${hostId} and h.state = 'building' and t.type = 'snapshot' and t.deleted_at is null
    and h.created_at < now() - make_interval(secs => ${olderThanSec})
  limit 100`;

/** Of any team; those that are not deleted. */
export const findTemplates = (sql: Queryable, ids: readonly string[]): Promise<Template[]> => sql<Template[]>`
  select ${columns(sql)} from templates t where t.deleted_at is null and t.id = any(${[...ids]}::uuid[])`;

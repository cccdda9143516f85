/** All SQL about sandboxes' rows, their statuses aside (`status-store.ts`). */
import type { SandboxStatus } from "../../db/constants.ts";
import type { Queryable, Tx } from "../../db/sql.ts";
import type { EndedSandbox } from "./end-all.ts";
import {
  type ListedRow,
  type ListedSandbox,
  type Network,
  type PlacedSandbox,
  type Sandbox,
  type SandboxRow,
  toListed,
  toSandbox,
} from "./sandbox.ts";
import { isFinal, LIVE_STATUSES } from "./status.ts";

/** What a new row needs; the rest has its defaults. */
export interface NewSandbox {
  id: string;
  teamId: string;
  hostId: string;
  templateId: string;
  templateName: string;
  vcpus: number;
  memoryMb: number;
  diskSizeMb: number;
  timeoutKind: Sandbox["timeoutKind"];
  timeoutSec: number;
  onTimeout: Sandbox["onTimeout"];
  keepMemoryOnTimeout: boolean;
  autoResume: boolean;
  network: Network;
  publicPorts: boolean;
  metadata: Record<string, string>;
  createdBy: string | null;
}

/** `pending` rows: nothing of them exists on a host yet. */
export const insertSandboxes = async (tx: Tx, sandboxes: readonly NewSandbox[]): Promise<void> => {
  await tx`
    insert into sandboxes ${tx(
      sandboxes.map((sandbox) => ({
        id: sandbox.id,
        team_id: sandbox.teamId,
        host_id: sandbox.hostId,
        template_id: sandbox.templateId,
        template_name: sandbox.templateName,
        vcpus: sandbox.vcpus,
        memory_mb: sandbox.memoryMb,
        disk_size_mb: sandbox.diskSizeMb,
        timeout_kind: sandbox.timeoutKind,
        timeout_sec: sandbox.timeoutSec,
        on_timeout: sandbox.onTimeout,
        keep_memory_on_timeout: sandbox.keepMemoryOnTimeout,
        auto_resume: sandbox.autoResume,
        network: tx.json({ ...sandbox.network }),
        public_ports: sandbox.publicPorts,
        metadata: tx.json(sandbox.metadata),
        created_by: sandbox.createdBy,
      })),
    )}`;
};

/** A sandbox of a team. */
export interface SandboxRef {
  id: string;
  teamId: string;
}

/** One team's sandbox, in any status, with its host's endpoint: the one query before every call. */
export const findSandbox = async (
  sql: Queryable,
  { id, teamId }: SandboxRef,
): Promise<PlacedSandbox | null> => {
  const [row] = await sql<(SandboxRow & { address: string | null; tls_cert: string | null })[]>`
    select s.*, h.address, h.tls_cert
    from sandboxes s left join hosts h on h.id = s.host_id and h.deleted_at is null
    where s.id = ${id} and s.team_id = ${teamId}`;
  if (!row) return null;
  const { host_id, address, tls_cert } = row;
  const endpoint = host_id !== null && address !== null ? { id: host_id, address, tlsCert: tls_cert } : null;
  return { ...toSandbox(row), endpoint };
};

/**
 * The condition of the indexes of live sandboxes, word for word: a plan made for any list of statuses cannot
 * know that it holds.
 */
const isLive = (sql: Queryable) => sql`status not in ('stopped', 'error')`;

export interface ListFilter {
  teamId: string;
  /** Null: all that have not ended. */
  statuses: readonly SandboxStatus[] | null;
  /** Every pair must be there. */
  metadata: Record<string, string>;
  /** Those created from it. */
  templateId?: string;
  /** Those created then or later. */
  createdFrom?: Date;
  /** @default {"desc"} newest first */
  order?: "asc" | "desc";
  /** Where the page before ended. */
  after: ListPlace | null;
  limit: number;
}

/** A row's place in the order of creation. */
export type ListPlace = Pick<ListedSandbox, "createdAt" | "id">;

/** A query for one status is cheaper than one for a list of them: by a tenth of what a page takes. */
const hasStatus = (sql: Queryable, statuses: readonly SandboxStatus[]) => {
  const [only, ...others] = statuses;
  if (only !== undefined && others.length === 0) return sql`status = ${only}`;
  return sql`status = any(${[...statuses]})`;
};

export const listSandboxes = async (
  sql: Queryable,
  { teamId, statuses, metadata, templateId, createdFrom, order = "desc", after, limit }: ListFilter,
): Promise<ListedSandbox[]> => {
  const isRising = order === "asc";
  // One for all that is not asked for: each fragment costs as much as a promise.
  const nothing = sql``;
  const withoutEnded = statuses === null || !statuses.some(isFinal);
  const rows = await sql<ListedRow[]>`
    select id, host_id, template_id, template_name, status, status_reason, vcpus, memory_mb, disk_size_mb, timeout_sec,
      on_timeout, expires_at, auto_resume, memory_kept, network, metadata, started_at, last_active_at,
      paused_at, created_at
    from sandboxes
    where team_id = ${teamId}
      ${withoutEnded ? sql`and ${isLive(sql)}` : nothing}
      ${statuses === null ? nothing : sql`and ${hasStatus(sql, statuses)}`}
      ${Object.keys(metadata).length > 0 ? sql`and metadata @> ${sql.json(metadata)}` : nothing}
      ${templateId === undefined ? nothing : sql`and template_id = ${templateId}`}
      ${createdFrom === undefined ? nothing : sql`and created_at >= ${createdFrom}`}
      ${after ? sql`and (created_at, id) ${isRising ? sql`>` : sql`<`} (${after.createdAt}, ${after.id}::uuid)` : nothing}
    order by ${isRising ? sql`created_at, id` : sql`created_at desc, id desc`}
    limit ${limit}`;
  return rows.map(toListed);
};

/** The sandboxes that exist, running and paused alike, of a team or on a host, with where they are. */
export const listLive = async (
  sql: Queryable,
  of: { teamId: string } | { hostId: string },
): Promise<EndedSandbox[]> => sql<EndedSandbox[]>`
  select s.id, s.team_id as "teamId",
    case when h.address is not null
      then json_build_object('id', h.id, 'address', h.address, 'tlsCert', h.tls_cert) end as endpoint
  from sandboxes s left join hosts h on h.id = s.host_id and h.deleted_at is null
  where s.status = any(${[...LIVE_STATUSES]})
    and ${"teamId" in of ? sql`s.team_id = ${of.teamId}` : sql`s.host_id = ${of.hostId}`}
  order by s.id`;

/** What is counted of a team, and limited. */
export interface TeamUsage {
  /** Sandboxes that exist: running, paused and in between. */
  sandboxes: number;
  vcpus: number;
  memoryMb: number;
  /** Disks of paused sandboxes at their nominal size: what they may grow to. */
  pausedDiskMb: number;
}

/** What a team's live sandboxes hold. Serialises what adds to it until the transaction ends. */
export const lockUsage = async (tx: Tx, teamId: string): Promise<TeamUsage> => {
  await tx`select pg_advisory_xact_lock(hashtextextended(${`quota:${teamId}`}, 0))`;
  const [row] = await tx<TeamUsage[]>`
    select count(*)::int as sandboxes, coalesce(sum(vcpus), 0)::int as vcpus,
      coalesce(sum(memory_mb), 0)::int as "memoryMb",
      coalesce(sum(disk_size_mb) filter (where status in ('paused', 'pausing')), 0)::int8 as "pausedDiskMb"
    from sandboxes where team_id = ${teamId} and status = any(${[...LIVE_STATUSES]})`;
  return row ?? { sandboxes: 0, vcpus: 0, memoryMb: 0, pausedDiskMb: 0 };
};

/** False when the sandbox waits for no host any more, or this one was deleted. */
export const moveToHost = async (
  sql: Queryable,
  { id, hostId }: { id: string; hostId: string },
): Promise<boolean> => {
  const rows = await sql`
    with host as (select id from hosts where id = ${hostId} and deleted_at is null for share)
    update sandboxes s set host_id = host.id, updated_at = clock_timestamp()
    from host where s.id = ${id} and s.status = 'pending' returning s.id`;
  return rows.length === 1;
};

/** Timeout settings after the host took them; `expiresAt` as the host says. */
export const setTimeoutOf = async (
  sql: Queryable,
  sandbox: {
    id: string;
    timeoutSec: number;
    onTimeout: Sandbox["onTimeout"];
    expiresAt: Date | null;
  },
): Promise<Sandbox | null> => {
  const [row] = await sql<SandboxRow[]>`
    update sandboxes set timeout_sec = ${sandbox.timeoutSec}, on_timeout = ${sandbox.onTimeout},
      expires_at = ${sandbox.expiresAt}, updated_at = clock_timestamp()
    where id = ${sandbox.id} and status = any(${[...LIVE_STATUSES]}) returning *`;
  return row ? toSandbox(row) : null;
};

/** The same after an extension: of several answers that come in any order, the latest end stays. */
export const extendTimeoutOf = async (
  sql: Queryable,
  { id, timeoutSec, expiresAt }: { id: string; timeoutSec: number; expiresAt: Date | null },
): Promise<Sandbox | null> => {
  const [row] = await sql<SandboxRow[]>`
    update sandboxes set
      timeout_sec = case when expires_at > ${expiresAt} then timeout_sec else ${timeoutSec} end,
      expires_at = greatest(expires_at, ${expiresAt}), updated_at = clock_timestamp()
    where id = ${id} and status = any(${[...LIVE_STATUSES]}) returning *`;
  return row ? toSandbox(row) : null;
};

/** Egress rules after the host took them. */
export const setNetworkOf = async (
  sql: Queryable,
  { id, network }: { id: string; network: Network },
): Promise<Sandbox | null> => {
  const [row] = await sql<SandboxRow[]>`
    update sandboxes set network = ${sql.json({ ...network })}
    where id = ${id} and status = any(${[...LIVE_STATUSES]}) returning *`;
  return row ? toSandbox(row) : null;
};

/**
 * Says of sandboxes that are still being made that someone is at it: the reconcile then waits on.
 */
export const touchPending = async (sql: Queryable, ids: string[]): Promise<void> => {
  await sql`
    update sandboxes set updated_at = clock_timestamp() where id = any(${ids}) and status = 'pending'`;
};

/**
 * When the sandbox expires and was last used, as its own host said when it was asked; its status stands, and so does
 * what was set since then.
 */
export const noteActivity = async (
  sql: Queryable,
  { hostId, askedAt }: { hostId: string; askedAt: Date },
  sandboxes: { id: string; expiresAt: Date | null; lastActiveAt: Date | null }[],
): Promise<void> => {
  if (sandboxes.length === 0) return;
  const rows = sandboxes.map(({ id, expiresAt, lastActiveAt }) => ({
    id,
    expires_at: expiresAt?.toISOString() ?? null,
    last_active_at: lastActiveAt?.toISOString() ?? null,
  }));
  await sql`
    update sandboxes s set expires_at = n.expires_at, last_active_at = n.last_active_at
    from jsonb_to_recordset(${sql.json(rows)}) as n(id uuid, expires_at timestamptz, last_active_at timestamptz)
    where s.id = n.id and s.host_id = ${hostId} and s.status = 'running' and s.updated_at < ${askedAt}
      and (s.expires_at, s.last_active_at) is distinct from (n.expires_at, n.last_active_at)`;
};

/** Of any team; those that are there. */
export const findSandboxes = async (sql: Queryable, ids: readonly string[]): Promise<Sandbox[]> => {
  const rows = await sql<SandboxRow[]>`select * from sandboxes where id = any(${[...ids]}::uuid[])`;
  return rows.map(toSandbox);
};

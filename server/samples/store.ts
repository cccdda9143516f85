/** SQL of samples: written many at once, made coarser, read as a series. */
import type { Queryable } from "../../db/sql.ts";
import { LIVE_STATUSES } from "../sandboxes/status.ts";
import { FINEST_SEC, type Span } from "./resolutions.ts";
import type { HostSample, Round, SandboxSample } from "./sample.ts";

/**
 * One host's rounds, in one statement; a sample of a sandbox that is not on it is left out. Twice is fine, the
 * later one counts.
 */
export const insertRounds = async (
  sql: Queryable,
  hostId: string,
  rounds: readonly Round[],
): Promise<void> => {
  const hosts = rounds.map(({ host }) => ({ ...host, at: host.at.toISOString() }));
  const sandboxes = rounds.flatMap((round) =>
    round.sandboxes.map((sample) => ({ ...sample, at: sample.at.toISOString() })),
  );
  await sql`
    with of_host as (
      insert into host_metrics (host_id, resolution_sec, sampled_at, running_sandboxes, cpu_used_percent,
        free_memory_mb, free_disk_mb)
      select ${hostId}, ${FINEST_SEC}, n.at,
        (select count(*) from sandboxes s where s.host_id = ${hostId} and s.status = 'running'),
        n."cpuUsedPercent", n."freeMemoryMb", n."freeDiskMb"
      from jsonb_to_recordset(${sql.json(hosts)}) as n(
        at timestamptz, "cpuUsedPercent" real, "freeMemoryMb" integer, "freeDiskMb" integer)
      on conflict (host_id, resolution_sec, sampled_at) do nothing
    )
    insert into sandbox_metrics (sandbox_id, resolution_sec, sampled_at, cpu_count, cpu_used_percent,
      memory_used_bytes, memory_total_bytes, memory_cache_bytes, disk_used_bytes, disk_total_bytes)
    select distinct on (s.id, n.at) s.id, ${FINEST_SEC}, n.at, n."cpuCount", n."cpuUsedPercent",
      n."memoryUsedBytes", n."memoryTotalBytes", n."memoryCacheBytes", n."diskUsedBytes", n."diskTotalBytes"
    from jsonb_to_recordset(${sql.json(sandboxes)}) as n(
      id uuid, at timestamptz, "cpuCount" integer, "cpuUsedPercent" real, "memoryUsedBytes" bigint,
      "memoryTotalBytes" bigint, "memoryCacheBytes" bigint, "diskUsedBytes" bigint, "diskTotalBytes" bigint)
    join sandboxes s on s.id = n.id and s.host_id = ${hostId}
    on conflict (sandbox_id, resolution_sec, sampled_at) do update set
      cpu_used_percent = excluded.cpu_used_percent, memory_used_bytes = excluded.memory_used_bytes,
      memory_cache_bytes = excluded.memory_cache_bytes, disk_used_bytes = excluded.disk_used_bytes`;
};

/** Every team with live sandboxes at this time: what it has, and what its running ones used within the last minute. */
export const insertTeamTotals = async (sql: Queryable, at: Date): Promise<void> => {
  await sql`
    insert into team_metrics (team_id, resolution_sec, sampled_at, running_sandboxes, paused_sandboxes, vcpus,
      memory_mb, cpu_used, memory_used_bytes, disk_used_bytes)
    select s.team_id, ${FINEST_SEC}, ${at}, count(*) filter (where s.status = 'running'),
      count(*) filter (where s.status in ('paused', 'pausing')), sum(s.vcpus), sum(s.memory_mb),
      coalesce(sum(m.cpu_used_percent * m.cpu_count / 100), 0), coalesce(sum(m.memory_used_bytes), 0),
      coalesce(sum(m.disk_used_bytes), 0)
    from sandboxes s left join lateral (
      select cpu_used_percent, cpu_count, memory_used_bytes, disk_used_bytes from sandbox_metrics m
      where s.status = 'running' and m.sandbox_id = s.id and m.resolution_sec = ${FINEST_SEC}
        and m.sampled_at > ${at}::timestamptz - interval '1 minute'
      order by m.sampled_at desc limit 1
    ) m on true
    where s.status = any(${[...LIVE_STATUSES]})
    group by s.team_id
    on conflict (team_id, resolution_sec, sampled_at) do nothing`;
};

const since = (sql: Queryable, { start, end, resolutionSec }: Span) => sql`
  resolution_sec = ${resolutionSec} and sampled_at >= ${start} and sampled_at < ${end}`;
const bin = (sql: Queryable, { stepSec }: Pick<Span, "stepSec">) => sql`
  date_bin(make_interval(secs => ${stepSec}), sampled_at, 'epoch')`;

/** Oldest first; the mean of each step that has samples. Whose the sandbox is, the caller has looked at. */
export const readSandboxSeries = (sql: Queryable, id: string, span: Span): Promise<SandboxSample[]> =>
  sql<SandboxSample[]>`
    select ${bin(sql, span)} as at, max(cpu_count) as "cpuCount",
      round(avg(cpu_used_percent)::numeric, 1)::float8 as "cpuUsedPercent",
      avg(memory_used_bytes)::int8 as "memoryUsedBytes", max(memory_total_bytes) as "memoryTotalBytes",
      avg(memory_cache_bytes)::int8 as "memoryCacheBytes", avg(disk_used_bytes)::int8 as "diskUsedBytes",
      max(disk_total_bytes) as "diskTotalBytes"
    from sandbox_metrics where sandbox_id = ${id} and ${since(sql, span)}
    group by 1 order by 1`;

export const readHostSeries = (
  sql: Queryable,
  id: string,
  span: Span,
): Promise<(HostSample & { runningSandboxes: number })[]> => sql<
  (HostSample & { runningSandboxes: number })[]
>`
  select ${bin(sql, span)} as at, round(avg(cpu_used_percent)::numeric, 1)::float8 as "cpuUsedPercent",
    avg(free_memory_mb)::int4 as "freeMemoryMb", avg(free_disk_mb)::int4 as "freeDiskMb",
    avg(running_sandboxes)::int4 as "runningSandboxes"
  from host_metrics where host_id = ${id} and ${since(sql, span)}
  group by 1 order by 1`;

/** What a team has and uses. */
export interface TeamSample {
  at: Date;
  runningSandboxes: number;
  pausedSandboxes: number;
  vcpus: number;
  memoryMb: number;
  /** Whole CPUs. */
  cpuUsed: number;
  memoryUsedBytes: number;
  diskUsedBytes: number;
}

export const readTeamSeries = (sql: Queryable, id: string, span: Span): Promise<TeamSample[]> =>
  sql<TeamSample[]>`
    select ${bin(sql, span)} as at, avg(running_sandboxes)::int4 as "runningSandboxes",
      avg(paused_sandboxes)::int4 as "pausedSandboxes", avg(vcpus)::int4 as vcpus,
      avg(memory_mb)::int4 as "memoryMb", round(avg(cpu_used)::numeric, 2)::float8 as "cpuUsed",
      avg(memory_used_bytes)::int8 as "memoryUsedBytes", avg(disk_used_bytes)::int8 as "diskUsedBytes"
    from team_metrics where team_id = ${id} and ${since(sql, span)}
    group by 1 order by 1`;

export interface TeamTotals {
  /** By status. */
  counts: Record<string, number>;
  vcpus: number;
  memoryMb: number;
  pausedDiskMb: number;
  /** Of the running ones, as last sampled; null before the first. */
  used: { cpuUsed: number; memoryUsedBytes: number; diskUsedBytes: number } | null;
}

/** Of its live sandboxes, now. */
export const readTeamTotals = async (sql: Queryable, teamId: string): Promise<TeamTotals> => {
  const [row] = await sql<TeamTotals[]>`
    select coalesce(json_object_agg(s.status, s.count) filter (where s.status is not null), '{}') as counts,
      coalesce(sum(s.vcpus), 0)::int as vcpus, coalesce(sum(s.memory_mb), 0)::int as "memoryMb",
      coalesce(sum(s.disk_size_mb) filter (where s.status in ('paused', 'pausing')), 0)::int8 as "pausedDiskMb",
      (
        select json_build_object('cpuUsed', round(cpu_used::numeric, 2), 'memoryUsedBytes', memory_used_bytes,
          'diskUsedBytes', disk_used_bytes)
        from team_metrics where team_id = ${teamId} and resolution_sec = ${FINEST_SEC}
          and sampled_at > now() - interval '2 minutes'
        order by sampled_at desc limit 1
      ) as used
    from (
      select status, count(*)::int, sum(vcpus) as vcpus, sum(memory_mb) as memory_mb,
        sum(disk_size_mb) as disk_size_mb
      from sandboxes where team_id = ${teamId} and status = any(${[...LIVE_STATUSES]}) group by status
    ) s`;
  if (!row) throw new Error("the database told no totals");
  return row;
};

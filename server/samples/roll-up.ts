/** Makes coarser rows of finer ones, again and again over the last while: what came late counts too. */
import type { Queryable, Sql, Tx } from "../../db/sql.ts";
import { RESOLUTIONS } from "./resolutions.ts";

interface Step {
  fromSec: number;
  toSec: number;
}

const STEPS: readonly Step[] = RESOLUTIONS.slice(1).map(({ sec }, index) => ({
  fromSec: RESOLUTIONS[index]?.sec ?? sec,
  toSec: sec,
}));

/** Steps back that are made anew: hosts keep what a server missed for five minutes. */
const AGAIN = { least: 2, sec: 600 };

const beginOf = (sql: Queryable, { toSec }: Step) => sql`
  date_bin(make_interval(secs => ${toSec}), now() - make_interval(secs => ${Math.max(AGAIN.sec, AGAIN.least * toSec)}), 'epoch')`;
const binOf = (sql: Queryable, { toSec }: Step) => sql`
  date_bin(make_interval(secs => ${toSec}), sampled_at, 'epoch')`;

const ofSandboxes = (sql: Queryable, step: Step) => sql`
  insert into sandbox_metrics as m (sandbox_id, resolution_sec, sampled_at, cpu_count, cpu_used_percent,
    memory_used_bytes, memory_total_bytes, memory_cache_bytes, disk_used_bytes, disk_total_bytes)
  select sandbox_id, ${step.toSec}, ${binOf(sql, step)}, max(cpu_count), avg(cpu_used_percent),
    avg(memory_used_bytes)::int8, max(memory_total_bytes), avg(memory_cache_bytes)::int8,
    avg(disk_used_bytes)::int8, max(disk_total_bytes)
  from sandbox_metrics where resolution_sec = ${step.fromSec} and sampled_at >= ${beginOf(sql, step)}
  group by 1, 3
  on conflict (sandbox_id, resolution_sec, sampled_at) do update set
    cpu_count = excluded.cpu_count, cpu_used_percent = excluded.cpu_used_percent,
    memory_used_bytes = excluded.memory_used_bytes, memory_total_bytes = excluded.memory_total_bytes,
    memory_cache_bytes = excluded.memory_cache_bytes, disk_used_bytes = excluded.disk_used_bytes,
    disk_total_bytes = excluded.disk_total_bytes
  where m is distinct from excluded`;

const ofTeams = (sql: Queryable, step: Step) => sql`
  insert into team_metrics as m (team_id, resolution_sec, sampled_at, running_sandboxes, paused_sandboxes,
    vcpus, memory_mb, cpu_used, memory_used_bytes, disk_used_bytes)
  select team_id, ${step.toSec}, ${binOf(sql, step)}, avg(running_sandboxes)::int4,
    avg(paused_sandboxes)::int4, avg(vcpus)::int4, avg(memory_mb)::int4, avg(cpu_used),
    avg(memory_used_bytes)::int8, avg(disk_used_bytes)::int8
  from team_metrics where resolution_sec = ${step.fromSec} and sampled_at >= ${beginOf(sql, step)}
  group by 1, 3
  on conflict (team_id, resolution_sec, sampled_at) do update set
    running_sandboxes = excluded.running_sandboxes, paused_sandboxes = excluded.paused_sandboxes,
    vcpus = excluded.vcpus, memory_mb = excluded.memory_mb, cpu_used = excluded.cpu_used,
    memory_used_bytes = excluded.memory_used_bytes, disk_used_bytes = excluded.disk_used_bytes
  where m is distinct from excluded`;

const ofHosts = (sql: Queryable, step: Step) => sql`
  insert into host_metrics as m (host_id, resolution_sec, sampled_at, running_sandboxes, free_memory_mb,
    free_disk_mb, cpu_used_percent)
  select host_id, ${step.toSec}, ${binOf(sql, step)}, avg(running_sandboxes)::int4,
    avg(free_memory_mb)::int4, avg(free_disk_mb)::int4, avg(cpu_used_percent)
  from host_metrics where resolution_sec = ${step.fromSec} and sampled_at >= ${beginOf(sql, step)}
  group by 1, 3
  on conflict (host_id, resolution_sec, sampled_at) do update set
    running_sandboxes = excluded.running_sandboxes, free_memory_mb = excluded.free_memory_mb,
    free_disk_mb = excluded.free_disk_mb, cpu_used_percent = excluded.cpu_used_percent
  where m is distinct from excluded`;

/** From fine to coarse. Twice, or on two servers, does no harm. */
export const rollUp = async (sql: Sql): Promise<void> => {
  for (const step of STEPS) {
    await ofSandboxes(sql, step);
    await ofTeams(sql, step);
    await ofHosts(sql, step);
  }
};

const TABLES = ["sandbox_metrics", "team_metrics", "host_metrics"] as const;

/** For the sweeper: what is older than its resolution is kept for. @returns removals by name */
export const sampleSweeps = (batch: number): Record<string, (tx: Tx) => Promise<{ count: number }>> =>
  Object.fromEntries(
    TABLES.flatMap((table) =>
      RESOLUTIONS.map(({ sec, keepSec }) => [
        `${table} ${sec}`,
        (tx: Tx) => tx`
          delete from ${tx(table)} where ctid in (
            select ctid from ${tx(table)} where resolution_sec = ${sec}
              and sampled_at < now() - make_interval(secs => ${keepSec}) limit ${batch})`,
      ]),
    ),
  );

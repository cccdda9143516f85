/** What was sampled, written straight into the database: a past that no test waits for. */
import type { Sql } from "../../db/sql.ts";
import { parseHostId, parseSandboxId, parseTeamId } from "../../proto/ids.ts";

const MB = 2 ** 20;

export interface Past {
  /** How fine: 15, 60 or 900. */
  stepSec: number;
  count: number;
}

/** The times that samples are kept for, oldest first, up to the one that is past. */
const timesOf = ({ stepSec, count }: Past): { at: Date; wave: number }[] => {
  const stepMs = stepSec * 1_000;
  const last = Math.floor(Date.now() / stepMs) * stepMs;
  return Array.from({ length: count }, (_, index) => ({
    at: new Date(last - (count - 1 - index) * stepMs),
    // From 0 to 1, as use goes up and down.
    wave: 0.5 + 0.35 * Math.sin(index / 17) + 0.15 * Math.sin(index / 3),
  }));
};

/** Of a sandbox with one CPU, 512 MB and 5 GB. */
export const insertSandboxSamples = async (sql: Sql, id: string, past: Past): Promise<void> => {
  const rows = timesOf(past).map(({ at, wave }) => ({
    sandbox_id: parseSandboxId(id),
    resolution_sec: past.stepSec,
    sampled_at: at,
    cpu_count: 1,
    cpu_used_percent: 80 * wave,
    memory_used_bytes: Math.round((100 + 200 * wave) * MB),
    memory_total_bytes: 512 * MB,
    disk_used_bytes: 300 * MB,
    disk_total_bytes: 5_120 * MB,
  }));
  await sql`insert into sandbox_metrics ${sql(rows)} on conflict do nothing`;
};

/** Of a team whose sandboxes have eight CPUs and 4 GB together. */
export const insertTeamSamples = async (sql: Sql, id: string, past: Past): Promise<void> => {
  const rows = timesOf(past).map(({ at, wave }) => ({
    team_id: parseTeamId(id),
    resolution_sec: past.stepSec,
    sampled_at: at,
    running_sandboxes: Math.round(8 * wave),
    paused_sandboxes: 1,
    vcpus: 8,
    memory_mb: 4_096,
    cpu_used: 6 * wave,
    memory_used_bytes: Math.round((300 + 2_000 * wave) * MB),
    disk_used_bytes: 2_400 * MB,
  }));
  await sql`insert into team_metrics ${sql(rows)} on conflict do nothing`;
};

/** Of a machine with 8 GB and 100 GB. */
export const insertHostSamples = async (sql: Sql, id: string, past: Past): Promise<void> => {
  const rows = timesOf(past).map(({ at, wave }) => ({
    host_id: parseHostId(id),
    resolution_sec: past.stepSec,
    sampled_at: at,
    running_sandboxes: Math.round(8 * wave),
    cpu_used_percent: 90 * wave,
    free_memory_mb: Math.round(7_000 - 5_000 * wave),
    free_disk_mb: 61_440,
  }));
  await sql`insert into host_metrics ${sql(rows)} on conflict do nothing`;
};

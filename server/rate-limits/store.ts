/** All SQL of rate limits. Windows are cut by the database's clock: servers may disagree about the time. */
import type { Sql } from "../../db/sql.ts";
import type { Rule } from "./classes.ts";
import type { Seen } from "./sliding-window.ts";

export interface Hit extends Seen {
  passed: boolean;
}

interface HitRow {
  elapsed_ms: number;
  previous: number;
  /** As the statement began. */
  current: number;
  /** With this request; null when it did not pass. */
  counted: number | null;
}

export const createRateLimitStore = (sql: Sql) => ({
  /** Counts a request if it passes by the rule of `sliding-window.ts`, in one statement. */
  async hit(bucket: string, { count, windowSec }: Rule): Promise<Hit> {
    const windowMs = windowSec * 1000;
    const allowed = count * windowMs;
    // A count that a crash forgets costs nothing, so the commit waits for no disk.
    const [row] = await sql<HitRow[]>`
      with clock as (
        select floor(extract(epoch from now()) * 1000)::bigint as now_ms
      ), present as (
        select now_ms % ${windowMs}::bigint as elapsed_ms,
          to_timestamp((now_ms - now_ms % ${windowMs}::bigint) / 1000) as start
        from clock
      ), seen as (
        select p.start, p.elapsed_ms,
          coalesce(old.hits, 0) as previous, coalesce(own.hits, 0) as current,
          coalesce(old.hits, 0) * (${windowMs}::bigint - p.elapsed_ms) as carried
        from present p
        left join rate_limits own on own.bucket = ${bucket} and own.window_start = p.start
        left join rate_limits old on old.bucket = ${bucket}
          and old.window_start = p.start - make_interval(secs => ${windowSec})
      ), counted as (
        insert into rate_limits as l (bucket, window_start, hits)
        select ${bucket}, start, 1 from seen where ${windowMs}::bigint + carried <= ${allowed}::bigint
        on conflict (bucket, window_start) do update set hits = l.hits + 1
          where (l.hits + 1) * ${windowMs}::bigint + (select carried from seen) <= ${allowed}::bigint
        returning l.hits, set_config('synchronous_commit', 'off', true) as commit_mode
      )
      select elapsed_ms, previous, current, counted.hits as counted, commit_mode
      from seen left join counted on true`;
    if (row === undefined) throw new Error("the rate limit was not counted");
    const { previous, elapsed_ms: elapsedMs, counted } = row;
    if (counted !== null) return { passed: true, previous, elapsedMs, current: counted };
    // Others may have been counted since the statement began: as many as left no room, at the least.
    const carried = (previous * (windowMs - elapsedMs)) / windowMs;
    const current = Math.max(row.current, Math.floor(count - carried));
    return { passed: false, previous, elapsedMs, current };
  },
});

export type RateLimitStore = ReturnType<typeof createRateLimitStore>;

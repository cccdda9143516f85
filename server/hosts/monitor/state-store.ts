/** SQL of what the monitor tells of itself, for any server to show. */
import type { Queryable } from "../../../db/sql.ts";
import { LEADER_LOCK } from "./leadership.ts";

export interface MonitorState {
  /** Name of the process that leads, or led last. */
  leader: string;
  leadingSince: Date;
  lastRoundAt: Date;
  lastRoundMs: number;
  /** Somebody leads now. */
  isLed: boolean;
}

/** A round of the leader is over. */
export const noteRound = async (
  sql: Queryable,
  round: { leader: string; leadingSince: Date; tookMs: number },
): Promise<void> => {
  const { leader, leadingSince } = round;
  const tookMs = Math.round(round.tookMs);
  await sql`
    insert into monitor (leader, leading_since, last_round_at, last_round_ms)
    values (${leader}, ${leadingSince}, clock_timestamp(), ${tookMs})
    on conflict (is_only) do update set leader = excluded.leader, leading_since = excluded.leading_since,
      last_round_at = excluded.last_round_at, last_round_ms = excluded.last_round_ms`;
};

/** Null before the first round of all. */
export const readMonitor = async (sql: Queryable): Promise<MonitorState | null> => {
  const [row] = await sql<MonitorState[]>`
    select leader, leading_since as "leadingSince", last_round_at as "lastRoundAt",
      last_round_ms as "lastRoundMs",
      exists (
        select from pg_locks
        where locktype = 'advisory' and classid = 0 and objid = ${LEADER_LOCK} and granted
          and database = (select oid from pg_database where datname = current_database())
      ) as "isLed"
    from monitor`;
  return row ?? null;
};

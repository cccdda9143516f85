/** SQL of the events table. */
import type { Queryable } from "../../db/sql.ts";
import type { Change } from "./change.ts";
import type { Cursor } from "./cursor.ts";

/**
 * Where the triggers ring. With twenty writers at once, measured on two cores: 2,900 commits a second without any
 * ring, 2,000 with one that rings for all, 500 if each rang.
 */
export const CHANNEL = "wrenn_events";

/** Which changes a reader asks for; null: all. */
export type Interest =
  | null
  /** Of the team, of the platform, and of the person's memberships anywhere. */
  | { teamId: string; userId: string }
  /** Of the platform, and what its admins are told of teams. */
  | "administrative";

export interface Read {
  /** Where things are now. */
  now: Cursor;
  /** The session that was asked. */
  pid: number;
  /** Transactions are under way that this reading did not see: there may be more soon. */
  hasRunning: boolean;
  /** The cursor is of a time that this database has not had yet: another one, or an older state of it. */
  isForeign: boolean;
  /** Each thing once, in the order of its last change; empty without a cursor. */
  changes: Change[];
}

const interested = (sql: Queryable, interest: Interest) => {
  if (interest === null) return sql``;
  if (interest === "administrative") return sql`and (team is null or kind in ('host', 'team'))`;
  const { teamId, userId } = interest;
  return sql`and (team is null or team = ${teamId} or (kind = 'member' and resource = ${userId}))`;
};

/**
 * What was committed since the cursor, whenever it was begun: a row counts when the cursor's snapshot did not see
 * the transaction that wrote it. One statement, so that the changes and the new cursor are of one moment.
 */
export const readChanges = async (
  sql: Queryable,
  { since, interest, limit }: { since: Cursor | null; interest: Interest; limit: number },
): Promise<Read> => {
  const snapshot = since?.snapshot ?? null;
  const [row] = await sql<(Omit<Read, "now"> & Cursor)[]>`
    select pg_current_snapshot()::text as snapshot, pg_backend_pid() as pid,
      (select oid::int8 from pg_database where datname = current_database()) as database,
      floor(extract(epoch from clock_timestamp()) * 1000)::int8 as "atMs",
      pg_snapshot_xmin(pg_current_snapshot()) < pg_snapshot_xmax(pg_current_snapshot()) as "hasRunning",
      coalesce(pg_snapshot_xmax(${snapshot}::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()), false)
        as "isForeign",
      (
        select coalesce(json_agg(json_build_object(
          'team', c.team, 'kind', c.kind, 'resource', c.resource, 'isNew', c.is_new) order by c.last), '[]')
        from (
          select team, kind, resource, bool_or(is_new) as is_new, max(id) as last
          from events
          where written_by >= pg_snapshot_xmin(${snapshot}::pg_snapshot)
            and written_by < pg_snapshot_xmax(pg_current_snapshot())
            and not pg_visible_in_snapshot(written_by, ${snapshot}::pg_snapshot)
            ${interested(sql, interest)}
          group by team, kind, resource
          limit ${limit}
        ) c
      ) as changes`;
  if (!row) throw new Error("the database told nothing");
  const { atMs, database, snapshot: now, isForeign, ...rest } = row;
  const isOther = since !== null && since.database !== database;
  return { now: { atMs, database, snapshot: now }, isForeign: isForeign || isOther, ...rest };
};

export const listen = async (session: Queryable): Promise<number> => {
  await session`listen ${session.unsafe(CHANNEL)}`;
  const [row] = await session<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return row?.pid ?? 0;
};

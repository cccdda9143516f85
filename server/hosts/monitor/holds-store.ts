/** SQL of holds: any server may see and release one, whichever leads. */
import type { HoldEnd } from "../../../db/constants.ts";
import type { Queryable } from "../../../db/sql.ts";
import { newId } from "../../../proto/ids.ts";

export interface Hold {
  id: string;
  hostIds: string[];
  begunAt: Date;
  endedAt: Date | null;
  end: HoldEnd | null;
}

const columns = (sql: Queryable) => sql`
  id, host_ids as "hostIds", begun_at as "begunAt", ended_at as "endedAt", end_reason as "end"`;

export const findOpenHold = async (sql: Queryable): Promise<Hold | null> => {
  const [row] = await sql<Hold[]>`select ${columns(sql)} from monitor_holds where ended_at is null`;
  return row ?? null;
};

/** The last one that ended. */
export const findLastHold = async (sql: Queryable): Promise<Hold | null> => {
  const [row] = await sql<Hold[]>`
    select ${columns(sql)} from monitor_holds where ended_at is not null order by ended_at desc limit 1`;
  return row ?? null;
};

/** Nothing when there is one. */
export const openHold = async (sql: Queryable, hostIds: readonly string[]): Promise<void> => {
  await sql`
    insert into monitor_holds (id, host_ids) values (${newId()}, ${[...hostIds]}::uuid[])
    on conflict do nothing`;
};

/** False when none is open. */
export const endHold = async (
  sql: Queryable,
  { end, releasedBy = null }: { end: HoldEnd; releasedBy?: string | null },
): Promise<boolean> => {
  const rows = await sql`
    update monitor_holds set ended_at = clock_timestamp(), end_reason = ${end}, released_by = ${releasedBy}
    where ended_at is null returning id`;
  return rows.length === 1;
};

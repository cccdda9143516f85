/** Recomputes a team's chain. */
import type { Queryable } from "../../db/sql.ts";
import { FIRST_HASH, hashRow } from "./hash.ts";
import type { HashedRow } from "./hash.ts";

const BATCH = 1_000;

type StoredRow = HashedRow & { prev_hash: Buffer; hash: Buffer };

/**
 * Number of the first row that is not as it was written, also when it is missing: the chain's end is told by
 * its head. Null for an unbroken chain.
 */
export const findBrokenRow = async (sql: Queryable, teamId: string): Promise<number | null> => {
  // Read first: rows appended meanwhile are beyond it, and none of their concern.
  const [head] = await sql<{ seq: number; hash: Buffer }[]>`
    select seq, hash from audit_heads where team_id = ${teamId}`;
  const end = head ?? { seq: 0, hash: FIRST_HASH };
  let last: { seq: number; hash: Buffer } = { seq: 0, hash: FIRST_HASH };
  while (last.seq < end.seq) {
    const rows = await sql<StoredRow[]>`
      select team_id, seq, actor_type, actor_id, actor_name, resource_type, resource_id, action, scope, status,
        metadata, prev_hash, hash, created_at
      from audit_logs where team_id = ${teamId} and seq > ${last.seq} and seq <= ${end.seq}
      order by seq limit ${BATCH}`;
    if (rows.length === 0) return last.seq + 1;
    for (const row of rows) {
      const fits = row.seq === last.seq + 1 && row.prev_hash.equals(last.hash);
      if (!fits || !hashRow(last.hash, row).equals(row.hash)) return row.seq;
      last = { seq: row.seq, hash: row.hash };
    }
  }
  return last.hash.equals(end.hash) ? null : end.seq;
};

/** Recomputes a team's chain. */
import type { Queryable } from "../../db/sql.ts";
import { FIRST_HASH, hashRow } from "./hash.ts";
import type { HashedRow } from "./hash.ts";

const BATCH = 1_000;

type StoredRow = HashedRow & { prev_hash: Buffer; hash: Buffer };

export interface Verification {
  /** The first row that is not as it was written, or is missing; null for an unbroken chain. */
  brokenSeq: number | null;
  /** How many rows the chain should have. */
  rows: number;
}

interface Place {
  seq: number;
  hash: Buffer;
}

const START: Place = { seq: 0, hash: FIRST_HASH };

const findBroken = async (sql: Queryable, teamId: string, end: Place): Promise<number | null> => {
  let last = START;
  while (last.seq < end.seq) {
    const rows = await sql<StoredRow[]>`
      select team_id, seq, actor_type, actor_id, actor_name, resource_type, resource_id, action, scope, status,
        metadata, prev_hash, hash, created_at
      from audit_logs where team_id = ${teamId} and seq > ${last.seq} and seq <= ${end.seq}
      order by seq limit ${BATCH}`;
    if (rows.length === 0) return last.seq + 1;
    for (const row of rows) {
      if (row.seq !== last.seq + 1) return last.seq + 1;
      const fits = row.prev_hash.equals(last.hash) && hashRow(last.hash, row).equals(row.hash);
      if (!fits) return row.seq;
      last = { seq: row.seq, hash: row.hash };
    }
  }
  return last.hash.equals(end.hash) ? null : end.seq;
};

/** Recomputes all of it. The chain's end is told by its head, so rows that are missing there show too. */
export const verifyChain = async (sql: Queryable, teamId: string): Promise<Verification> => {
  // Read first: rows appended meanwhile are beyond it, and none of their concern.
  const [head] = await sql<Place[]>`select seq, hash from audit_heads where team_id = ${teamId}`;
  const end = head ?? START;
  return { brokenSeq: await findBroken(sql, teamId, end), rows: end.seq };
};

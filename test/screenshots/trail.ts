/** An audit trail that tells the story instead of what making it left: with its times, and a chain that holds. */
import type { Sql } from "../../db/sql.ts";
import { newId } from "../../proto/ids.ts";
import { FIRST_HASH, type HashedRow, hashRow } from "../../server/audit/hash.ts";

export type TrailRow = Omit<HashedRow, "team_id" | "seq">;

/** @param sql of the tables' owner. @param rows oldest first */
export const writeTrail = async (sql: Sql, teamId: string, rows: readonly TrailRow[]): Promise<void> => {
  await sql.begin(async (tx) => {
    await tx`alter table audit_logs disable trigger audit_logs_append_only`;
    await tx`delete from audit_logs where team_id = ${teamId}`;
    await tx`alter table audit_logs enable trigger audit_logs_append_only`;
    let last: Buffer = FIRST_HASH;
    for (const [index, row] of rows.entries()) {
      const whole = { ...row, team_id: teamId, seq: index + 1 };
      const hash = hashRow(last, whole);
      await tx`insert into audit_logs ${tx({
        ...whole,
        id: newId(),
        metadata: tx.json(row.metadata),
        prev_hash: last,
        hash,
      })}`;
      last = hash;
    }
    await tx`update audit_heads set seq = ${rows.length}, hash = ${last} where team_id = ${teamId}`;
  });
};

/** A long audit trail, written straight into the database: a true chain, as one event after the other would make it. */
import type { Sql } from "../../db/sql.ts";
import { formatSandboxId, newId, parseTeamId } from "../../proto/ids.ts";
import { hashRow } from "../../server/audit/hash.ts";

/** What one statement takes in parameters. */
const AT_ONCE = 2_000;

/** Events of the platform itself, a second apart, the last one now. */
export const insertAuditRows = async (
  sql: Sql,
  { teamId: prefixedId, count }: { teamId: string; count: number },
): Promise<void> => {
  const teamId = parseTeamId(prefixedId) ?? "";
  const firstMs = Date.now() - count * 1_000;
  await sql.begin(async (tx) => {
    const [head] = await tx<{ seq: number; hash: Buffer }[]>`
      select seq, hash from audit_heads where team_id = ${teamId} for update`;
    if (head === undefined) throw new Error("the team has no chain yet");
    let { seq, hash } = head;
    for (let done = 0; done < count; done += AT_ONCE) {
      const rows = Array.from({ length: Math.min(AT_ONCE, count - done) }, (_, index) => {
        seq += 1;
        const row = {
          team_id: teamId,
          seq,
          actor_type: "system",
          actor_id: null,
          actor_name: null,
          resource_type: "sandbox",
          resource_id: formatSandboxId(newId()),
          action: "pause",
          scope: "team",
          status: "info",
          metadata: { reason: "timeout" },
          created_at: new Date(firstMs + (done + index) * 1_000),
        };
        const previous = hash;
        hash = hashRow(previous, row);
        return { ...row, id: newId(), metadata: tx.json(row.metadata), prev_hash: previous, hash };
      });
      await tx`insert into audit_logs ${tx(rows)}`;
    }
    await tx`update audit_heads set seq = ${seq}, hash = ${hash} where team_id = ${teamId}`;
  });
};

/** Appends rows to a team's chain, inside the transaction of the change they tell of. */
import type { Json, Queryable } from "../../db/sql.ts";
import { newId, ZERO_UUID } from "../../proto/ids.ts";
import type { AuditEntry } from "./entry.ts";
import { hashRow } from "./hash.ts";

// PostgreSQL stores neither zero bytes nor halves of surrogate pairs; the hash must cover what is stored.
const storable = (text: string): string => text.toWellFormed().replaceAll("\0", "");

const storableJson = (value: Json): Json => {
  const text = JSON.stringify(value, (_key, inner) => (typeof inner === "string" ? storable(inner) : inner));
  return JSON.parse(text);
};

interface Head {
  seq: number;
  hash: Buffer;
}

const lockHead = async (tx: Queryable, teamId: string): Promise<Head> => {
  const select = () => tx<Head[]>`select seq, hash from audit_heads where team_id = ${teamId} for update`;
  const [head] = await select();
  if (head !== undefined) return head;
  await tx`insert into audit_heads (team_id) values (${teamId}) on conflict do nothing`;
  const [made] = await select();
  if (made === undefined) throw new Error(`the audit chain of team ${teamId} could not be begun`);
  return made;
};

/** As stored, but for its place in the chain. */
const toRow = (entry: AuditEntry) => ({
  team_id: entry.teamId,
  actor_type: entry.actor.type,
  actor_id: entry.actor.id,
  actor_name: entry.actor.name === null ? null : storable(entry.actor.name),
  resource_type: entry.resourceType,
  resource_id: entry.resourceId === null ? null : storable(entry.resourceId),
  action: entry.action,
  scope: entry.scope,
  status: entry.status,
  metadata: storableJson(entry.metadata ?? {}),
  // Milliseconds, not the database's microseconds: a Date is what comes back when the chain is verified.
  created_at: new Date(),
});

/** Rows in one statement: far below the number of parameters that one takes. */
const MAX_ROWS = 500;

/**
 * Adds entries of one chain in their order, in two statements however many they are. `tx` must be the transaction of
 * the changes, and this its last statement: the chain's head stays locked until the commit.
 */
const recordChain = async (tx: Queryable, teamId: string, entries: readonly AuditEntry[]): Promise<void> => {
  for (let from = 0; from < entries.length; from += MAX_ROWS) {
    let head = await lockHead(tx, teamId);
    const rows = entries.slice(from, from + MAX_ROWS).map((entry) => {
      const row = { ...toRow(entry), seq: head.seq + 1 };
      const hash = hashRow(head.hash, row);
      const stored = { ...row, id: newId(), metadata: tx.json(row.metadata), prev_hash: head.hash, hash };
      head = { seq: row.seq, hash };
      return stored;
    });
    await tx`
      with head as (
        update audit_heads set seq = ${head.seq}, hash = ${head.hash} where team_id = ${teamId}
      )
      insert into audit_logs ${tx(rows)}`;
  }
};

/**
 * Adds `entry` to its chain. `tx` must be the transaction of the change, and this its last statement: the
 * chain's head stays locked until the commit.
 */
export const record = (tx: Queryable, entry: AuditEntry): Promise<void> =>
  recordChain(tx, entry.teamId, [entry]);

/** Teams in the order of their ids, the platform's chain last: transactions that tell several never wait in a circle. */
const byChain = (a: AuditEntry, b: AuditEntry): number => {
  if (a.teamId === b.teamId) return 0;
  if (a.teamId === ZERO_UUID) return 1;
  if (b.teamId === ZERO_UUID) return -1;
  return a.teamId < b.teamId ? -1 : 1;
};

/** Adds entries of any number of chains, each chain's in the order given; the last thing in the transaction. */
export const recordAll = async (tx: Queryable, entries: readonly AuditEntry[]): Promise<void> => {
  for (const [teamId, own] of Map.groupBy(entries.toSorted(byChain), (entry) => entry.teamId)) {
    await recordChain(tx, teamId, own);
  }
};

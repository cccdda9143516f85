/** SQL of idempotency keys. */
import type { Json, Queryable } from "../../db/sql.ts";

export interface Claim {
  teamId: string;
  key: string;
  requestHash: Buffer;
}

/**
 * True when the caller is the one to do the work: the key is new, or older than a day, or its first request
 * never ended (its server died).
 */
export const claimKey = async (sql: Queryable, { teamId, key, requestHash }: Claim): Promise<boolean> => {
  const rows = await sql`
    insert into idempotency_keys (team_id, key, request_hash) values (${teamId}, ${key}, ${requestHash})
    on conflict (team_id, key) do update
      set request_hash = excluded.request_hash, response_status = null, response_body = null,
        created_at = now()
      where idempotency_keys.created_at < now() - interval '24 hours'
        or (idempotency_keys.response_status is null
          and idempotency_keys.created_at < now() - interval '3 minutes')
    returning key`;
  return rows.length === 1;
};

/** The answer is null while the first request is under way. */
export const readAnswer = async (
  sql: Queryable,
  { teamId, key }: Claim,
): Promise<{ requestHash: Buffer; answer: unknown } | null> => {
  const [row] = await sql<{ requestHash: Buffer; answer: unknown }[]>`
    select request_hash as "requestHash", response_body as answer
    from idempotency_keys where team_id = ${teamId} and key = ${key}`;
  return row ?? null;
};

export const keepAnswer = async (
  sql: Queryable,
  { teamId, key, status, answer }: Claim & { status: number; answer: Json },
): Promise<void> => {
  await sql`
    update idempotency_keys set response_status = ${status}, response_body = ${sql.json(answer)}
    where team_id = ${teamId} and key = ${key}`;
};

export const forgetKey = async (sql: Queryable, { teamId, key }: Claim): Promise<void> => {
  await sql`
    delete from idempotency_keys
    where team_id = ${teamId} and key = ${key} and response_status is null`;
};

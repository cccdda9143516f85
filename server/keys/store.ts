/** All SQL of API keys. */
import type { ApiKeyScope } from "../../db/constants.ts";
import type { Queryable } from "../../db/sql.ts";

export interface ApiKeyRow {
  id: string;
  name: string;
  key_prefix: string;
  scopes: ApiKeyScope[];
  created_by: string;
  last_used_at: Date | null;
  expires_at: Date | null;
  created_at: Date;
}

export const insertKey = async (
  tx: Queryable,
  key: {
    id: string;
    teamId: string;
    name: string;
    hash: Buffer;
    prefix: string;
    scopes: readonly ApiKeyScope[];
    createdBy: string;
    expiresAt: Date | null;
  },
): Promise<ApiKeyRow> => {
  const [row] = await tx<ApiKeyRow[]>`
    insert into api_keys (id, team_id, name, key_hash, key_prefix, scopes, created_by, expires_at)
    values (${key.id}, ${key.teamId}, ${key.name}, ${key.hash}, ${key.prefix}, ${[...key.scopes]},
      ${key.createdBy}, ${key.expiresAt})
    returning id, name, key_prefix, scopes, created_by, last_used_at, expires_at, created_at`;
  if (row === undefined) throw new Error("the new key was not returned");
  return row;
};

/** Keys that are not revoked, newest first; expired ones are listed, so that people see why one fails. */
export const listKeys = (
  sql: Queryable,
  page: { teamId: string; before: string | null; limit: number },
): Promise<ApiKeyRow[]> =>
  sql<ApiKeyRow[]>`
    select id, name, key_prefix, scopes, created_by, last_used_at, expires_at, created_at
    from api_keys
    where team_id = ${page.teamId} and revoked_at is null
      and (${page.before}::uuid is null or id < ${page.before}::uuid)
    order by id desc limit ${page.limit}`;

/** Locks the key until the transaction ends. */
export const lockKey = async (
  tx: Queryable,
  key: { teamId: string; keyId: string },
): Promise<{ name: string; created_by: string } | undefined> => {
  const [row] = await tx<{ name: string; created_by: string }[]>`
    select name, created_by from api_keys
    where id = ${key.keyId} and team_id = ${key.teamId} and revoked_at is null for update`;
  return row;
};

export const revokeKey = async (tx: Queryable, keyId: string): Promise<void> => {
  await tx`update api_keys set revoked_at = now() where id = ${keyId}`;
};

/** Of any team; those that are not revoked. */
export const findKeys = (
  sql: Queryable,
  ids: readonly string[],
): Promise<(ApiKeyRow & { team_id: string })[]> => sql<(ApiKeyRow & { team_id: string })[]>`
  select team_id, id, name, key_prefix, scopes, created_by, last_used_at, expires_at, created_at
  from api_keys where revoked_at is null and id = any(${[...ids]}::uuid[])`;

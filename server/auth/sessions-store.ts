/** All SQL of sessions. A session is a family: one sign-in and every rotation of its refresh token. */
import type { Queryable } from "../../db/sql.ts";
import { newId } from "../../proto/ids.ts";

export interface RefreshRow {
  id: string;
  user_id: string;
  family_id: string;
  user_agent: string | null;
  is_live: boolean;
  is_rotated: boolean;
  /** Rotated so recently that another tab, or a lost answer, explains it. */
  in_grace: boolean;
  is_disabled: boolean;
  family_is_live: boolean;
}

export const insertSession = async (
  tx: Queryable,
  session: {
    userId: string;
    familyId: string;
    tokenHash: Buffer;
    lifeSec: number;
    userAgent: string | null;
  },
): Promise<void> => {
  await tx`
    insert into sessions (id, user_id, family_id, token_hash, expires_at, user_agent)
    values (${newId()}, ${session.userId}, ${session.familyId}, ${session.tokenHash},
      now() + make_interval(secs => ${session.lifeSec}), ${session.userAgent})`;
};

/**
 * The row of a refresh token, with its family locked until the transaction ends: uses at once take turns, and
 * each sees what the one before did.
 */
export const lockRefreshToken = async (
  tx: Queryable,
  options: { tokenHash: Buffer; graceSec: number },
): Promise<RefreshRow | undefined> => {
  const { tokenHash, graceSec } = options;
  await tx`
    select pg_advisory_xact_lock(hashtextextended(family_id::text, 0))
    from sessions where token_hash = ${tokenHash}`;
  const [row] = await tx<RefreshRow[]>`
    select s.id, s.user_id, s.family_id, s.user_agent,
      s.revoked_at is null and s.expires_at > now() as is_live,
      s.rotated_at is not null as is_rotated,
      coalesce(s.rotated_at > now() - make_interval(secs => ${graceSec}), false) as in_grace,
      u.disabled_at is not null as is_disabled,
      exists (
        select from sessions f where f.family_id = s.family_id
          and f.rotated_at is null and f.revoked_at is null and f.expires_at > now()
      ) as family_is_live
    from sessions s join users u on u.id = s.user_id
    where s.token_hash = ${tokenHash}`;
  return row;
};

export const markRotated = async (tx: Queryable, id: string): Promise<void> => {
  await tx`update sessions set rotated_at = now(), last_seen_at = now() where id = ${id}`;
};

/** True when there was something to revoke. */
export const revokeFamily = async (tx: Queryable, familyId: string): Promise<boolean> => {
  const rows = await tx`
    update sessions set revoked_at = now()
    where family_id = ${familyId} and revoked_at is null
    returning rotated_at`;
  return rows.some(({ rotated_at }) => rotated_at === null);
};

/** All of a user's sessions; for a changed password or a disabled account. */
export const revokeAllSessions = async (tx: Queryable, userId: string): Promise<void> => {
  await tx`update sessions set revoked_at = now() where user_id = ${userId} and revoked_at is null`;
};

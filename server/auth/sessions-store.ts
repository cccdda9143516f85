/**
 * All SQL of sessions. A session is a family: one sign-in and every rotation of its refresh token. Whoever
 * begins, continues or ends one holds its person's lock until the commit: a session that is being refreshed
 * cannot slip past "end them all".
 */
import type { Queryable } from "../../db/sql.ts";
import { newId } from "../../proto/ids.ts";
import { lockUser } from "../users/store.ts";

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
 * The row of a refresh token, with its person's sessions locked until the transaction ends: uses at once take
 * turns, and each sees what the one before did.
 */
export const lockRefreshToken = async (
  tx: Queryable,
  options: { tokenHash: Buffer; graceSec: number },
): Promise<RefreshRow | undefined> => {
  const { tokenHash, graceSec } = options;
  await tx`
    select id from users where id = (select user_id from sessions where token_hash = ${tokenHash})
    for no key update`;
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

/** A session that can still be continued. */
export interface LiveSession {
  /** Its family. */
  id: string;
  userAgent: string | null;
  /** When its token was last refreshed. */
  lastSeenAt: Date;
  expiresAt: Date;
}

const isLive = (sql: Queryable) => sql`rotated_at is null and revoked_at is null and expires_at > now()`;

/** Whether the session can still be continued; true until the commit for who holds the person's lock. */
export const isSessionLive = async (
  tx: Queryable,
  { userId, familyId }: { userId: string; familyId: string },
): Promise<boolean> => {
  const rows = await tx`
    select id from sessions where user_id = ${userId} and family_id = ${familyId} and ${isLive(tx)}`;
  return rows.length === 1;
};

/** Newest first. */
export const listLiveSessions = (
  sql: Queryable,
  page: { userId: string; beforeId: string | null; limit: number },
): Promise<LiveSession[]> => sql<LiveSession[]>`
  select family_id as id, user_agent as "userAgent", last_seen_at as "lastSeenAt", expires_at as "expiresAt"
  from sessions
  where user_id = ${page.userId} and ${isLive(sql)}
    and (${page.beforeId}::uuid is null or family_id < ${page.beforeId}::uuid)
  order by family_id desc limit ${page.limit}`;

/** True when there was something to revoke. */
export const revokeFamily = async (
  tx: Queryable,
  { userId, familyId }: { userId: string; familyId: string },
): Promise<boolean> => {
  const rows = await tx`
    update sessions set revoked_at = now()
    where family_id = ${familyId} and user_id = ${userId} and revoked_at is null
    returning rotated_at`;
  return rows.some(({ rotated_at }) => rotated_at === null);
};

/**
 * All of a person's sessions, or all but one: for a changed password, a disabled account, a sign-out
 * everywhere.
 */
export const revokeSessions = async (
  tx: Queryable,
  { userId, exceptId = null }: { userId: string; exceptId?: string | null },
): Promise<void> => {
  await lockUser(tx, userId);
  await tx`
    update sessions set revoked_at = now()
    where user_id = ${userId} and revoked_at is null and family_id is distinct from ${exceptId}::uuid`;
};

/** All SQL of what platform admins see of accounts and decide about them. */
import type { Queryable, Tx } from "../../db/sql.ts";
import { escapeLike } from "./search.ts";

/** An account as platform admins see it. */
export interface AnyUser {
  id: string;
  email: string;
  name: string;
  isAdmin: boolean;
  isDisabled: boolean;
  hasPassword: boolean;
  /** Live teams it is in. */
  teamCount: number;
  /** When a session of it was last refreshed; null when it has none. */
  lastSeenAt: Date | null;
  createdAt: Date;
}

const anyUsers = (sql: Queryable) => sql`
  select u.id, u.email, u.name, u.is_admin as "isAdmin", u.disabled_at is not null as "isDisabled",
    u.password_hash is not null as "hasPassword", u.created_at as "createdAt",
    (select count(*)::int from memberships m join teams t on t.id = m.team_id and t.deleted_at is null
      where m.user_id = u.id) as "teamCount",
    (select max(last_seen_at) from sessions s where s.user_id = u.id) as "lastSeenAt"
  from users u
  where true`;

/** Newest first. @param prefix of the address, lower-case; null for all. */
export const listAllUsers = (
  sql: Queryable,
  page: { prefix: string | null; beforeId: string | null; limit: number },
): Promise<AnyUser[]> => sql<AnyUser[]>`
  ${anyUsers(sql)}
    ${page.prefix === null ? sql`` : sql`and u.email like ${`${escapeLike(page.prefix)}%`}`}
    and (${page.beforeId}::uuid is null or u.id < ${page.beforeId}::uuid)
  order by u.id desc limit ${page.limit}`;

export const findAnyUser = async (sql: Queryable, id: string): Promise<AnyUser | undefined> => {
  const [row] = await sql<AnyUser[]>`${anyUsers(sql)} and u.id = ${id}`;
  return row;
};

export const findAnyUsers = (sql: Queryable, ids: readonly string[]): Promise<AnyUser[]> =>
  sql<AnyUser[]>`${anyUsers(sql)} and u.id = any(${[...ids]}::uuid[])`;

/** An administrator whose account is enabled. */
export interface ActingAdmin {
  id: string;
  /** With a password, or through a provider. */
  canSignIn: boolean;
}

/**
 * Locked until the transaction ends: two admins who disable each other at the same time take turns, and the
 * second finds itself none any more.
 */
export const lockAdmins = (tx: Tx): Promise<ActingAdmin[]> => tx<ActingAdmin[]>`
  select id, password_hash is not null
    or exists (select from oauth_identities i where i.user_id = users.id) as "canSignIn"
  from users where is_admin and disabled_at is null order by id for no key update`;

/** Keeps the caller an administrator until the commit; false when they are not any more. */
export const keepAdmin = async (tx: Tx, id: string): Promise<boolean> => {
  const rows = await tx`
    select id from users where id = ${id} and is_admin and disabled_at is null for share`;
  return rows.length === 1;
};

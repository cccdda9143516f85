/** All SQL of accounts. */
import type { TeamRole } from "../../db/constants.ts";
import type { Queryable } from "../../db/sql.ts";

export interface UserRow {
  id: string;
  email: string;
  name: string;
  is_admin: boolean;
  is_disabled: boolean;
  password_hash: string | null;
}

const FIRST_ACCOUNT_LOCK = 0x66_69_72_73_74;

export const hasUsers = async (sql: Queryable): Promise<boolean> => {
  const [row] = await sql`select exists (select from users) as found`;
  return row?.["found"] === true;
};

/**
 * True when the account about to be made is the first. Then, and only then, others who ask wait until this
 * transaction ends, so exactly one is first.
 */
export const claimFirstAccount = async (tx: Queryable): Promise<boolean> => {
  if (await hasUsers(tx)) return false;
  await tx`select pg_advisory_xact_lock(${FIRST_ACCOUNT_LOCK})`;
  return !(await hasUsers(tx));
};

/** Throws the unique violation `users_email_key` when the address is taken. */
export const insertUser = async (
  tx: Queryable,
  user: { id: string; email: string; name: string; passwordHash: string | null; isAdmin: boolean },
): Promise<void> => {
  await tx`
    insert into users (id, email, name, password_hash, is_admin)
    values (${user.id}, ${user.email}, ${user.name}, ${user.passwordHash}, ${user.isAdmin})`;
};

export const findUserByEmail = async (sql: Queryable, email: string): Promise<UserRow | undefined> => {
  const [row] = await sql<UserRow[]>`
    select id, email, name, is_admin, disabled_at is not null as is_disabled, password_hash
    from users where email = ${email.toLowerCase()}`;
  return row;
};

export const findUserById = async (sql: Queryable, id: string): Promise<UserRow | undefined> => {
  const [row] = await sql<UserRow[]>`
    select id, email, name, is_admin, disabled_at is not null as is_disabled, password_hash
    from users where id = ${id}`;
  return row;
};

/**
 * The account as it is now, locked until the transaction ends: passwords, sessions and what an admin decides
 * about it change one at a time.
 */
export const lockUser = async (tx: Queryable, id: string): Promise<UserRow | undefined> => {
  const [row] = await tx<UserRow[]>`
    select id, email, name, is_admin, disabled_at is not null as is_disabled, password_hash
    from users where id = ${id} for no key update`;
  return row;
};

/** The platform's first administrator who can still act. */
export const findOldestAdmin = async (sql: Queryable): Promise<UserRow | undefined> => {
  const [row] = await sql<UserRow[]>`
    select id, email, name, is_admin, false as is_disabled, password_hash
    from users where is_admin and disabled_at is null order by created_at, id limit 1`;
  return row;
};

export const setPassword = async (
  tx: Queryable,
  user: { id: string; passwordHash: string },
): Promise<void> => {
  await tx`
    update users set password_hash = ${user.passwordHash}, updated_at = now() where id = ${user.id}`;
};

export const setName = async (tx: Queryable, user: { id: string; name: string }): Promise<void> => {
  await tx`update users set name = ${user.name}, updated_at = now() where id = ${user.id}`;
};

export const setAdmin = async (tx: Queryable, user: { id: string; isAdmin: boolean }): Promise<void> => {
  await tx`update users set is_admin = ${user.isAdmin}, updated_at = now() where id = ${user.id}`;
};

export const setDisabled = async (
  tx: Queryable,
  user: { id: string; isDisabled: boolean },
): Promise<void> => {
  await tx`
    update users set disabled_at = ${user.isDisabled ? tx`now()` : null}, updated_at = now()
    where id = ${user.id}`;
};

export interface TeamChoice {
  team_id: string;
  role: TeamRole;
}

/** The live team to start in: the wished one, else the default, else the earliest joined; or none. */
export const chooseTeam = async (
  sql: Queryable,
  options: { userId: string; wished: string | null },
): Promise<TeamChoice | undefined> => {
  const [row] = await sql<TeamChoice[]>`
    select m.team_id, m.role
    from memberships m join teams t on t.id = m.team_id and t.deleted_at is null
    where m.user_id = ${options.userId}
    order by m.team_id is not distinct from ${options.wished}::uuid desc,
      m.is_default desc, m.created_at, m.team_id
    limit 1`;
  return row;
};

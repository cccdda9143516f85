/**
 * The role the server acts as. It may read and write every table but can neither change nor remove rows
 * of the audit trail, nor touch the schema. Where the database's user may not make roles, the server
 * runs as that user and the trigger on `audit_logs` is the guard that remains.
 */
import { errorCode } from "./sql.ts";
import type { Queryable } from "./sql.ts";

export const SERVER_ROLE = "wrenn_server";

const INSUFFICIENT_PRIVILEGE = "42501";

const createRole = `
do $$ begin
  if not exists (select from pg_roles where rolname = '${SERVER_ROLE}') then
    create role ${SERVER_ROLE} nologin;
  end if;
exception when duplicate_object or unique_violation then
  null; -- another database of this cluster made it just now
end $$;
do $$ begin
  if not pg_has_role(current_user, '${SERVER_ROLE}', 'member') then
    execute format('grant ${SERVER_ROLE} to %I', current_user);
  end if;
end $$;`;

// Repeated after every migration run, so that new tables are covered and a widened right is taken back.
const grantRights = `
grant usage on schema public to ${SERVER_ROLE};
revoke all on all tables in schema public from ${SERVER_ROLE};
grant select, insert, update, delete on all tables in schema public to ${SERVER_ROLE};
revoke update, delete on audit_logs from ${SERVER_ROLE};
revoke insert, update, delete on schema_migrations from ${SERVER_ROLE};
grant usage on all sequences in schema public to ${SERVER_ROLE};`;

/**
 * Makes the role and gives it its rights, inside the caller's transaction. Resolves to the role's name, or
 * to null when the connected user is not allowed to make or use it.
 */
export const prepareServerRole = async (tx: {
  savepoint<T>(work: (sql: Queryable) => Promise<T>): Promise<unknown>;
}): Promise<string | null> => {
  try {
    await tx.savepoint(async (sql) => {
      await sql.unsafe(createRole);
      await sql.unsafe(grantRights);
      await sql.unsafe(`set local role ${SERVER_ROLE}`);
      await sql.unsafe("reset role");
    });
    return SERVER_ROLE;
  } catch (error) {
    if (errorCode(error) === INSUFFICIENT_PRIVILEGE) return null;
    throw error;
  }
};

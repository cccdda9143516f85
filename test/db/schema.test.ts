/** The schema keeps its promises by itself, and the programs' word lists are the schema's. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { CHECKED_COLUMNS } from "../../db/constants.ts";
import type { Sql } from "../../db/sql.ts";
import { newId, ZERO_UUID } from "../../proto/ids.ts";
import { createTestDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let sql: Sql;
beforeAll(async () => {
  database = await createTestDatabase();
  sql = database.sql;
});
afterAll(() => database.drop());

interface Check {
  table_name: string;
  column_name: string;
  definition: string;
}

test("every word list of a CHECK is exported, and the other way round", async () => {
  const checks = await sql<Check[]>`
    select c.conrelid::regclass::text as table_name, a.attname as column_name,
      pg_get_constraintdef(c.oid) as definition
    from pg_constraint c
    join pg_attribute a on a.attrelid = c.conrelid and c.conkey = array[a.attnum]
    where c.contype = 'c' and c.connamespace = 'public'::regnamespace
      and pg_get_constraintdef(c.oid) ~ 'ARRAY\\[|= ''set_password'''`;
  const found = Object.fromEntries(
    checks.map(({ table_name, column_name, definition }) => [
      `${table_name}.${column_name}`,
      [...definition.matchAll(/'([^']+)'::text/g)].map(([, word]) => word ?? "").toSorted(),
    ]),
  );
  const exported = Object.fromEntries(
    Object.entries(CHECKED_COLUMNS).map(([column, words]) => [column, [...words].toSorted()]),
  );
  expect(found).toEqual(exported);
});

test("platform team and minimal template are there", async () => {
  const [team] = await sql`select name, slug from teams where id = ${ZERO_UUID}`;
  expect(team).toMatchObject({ name: "Platform", slug: "000000-000000" });
  const [template] = await sql`select name, type from templates where id = ${ZERO_UUID}`;
  expect(template).toMatchObject({ name: "minimal", type: "base" });
});

test("every column named …_id that holds a UUID points somewhere", async () => {
  const loose = await sql<{ name: string }[]>`
    select c.table_name || '.' || c.column_name as name
    from information_schema.columns c
    where c.table_schema = 'public' and c.data_type = 'uuid' and c.column_name ~ '(_id|_by)$'
      and not exists (
        select from pg_constraint k
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
        where k.contype = 'f' and k.conrelid = c.table_name::regclass and a.attname = c.column_name
      )
    order by 1`;
  // Families are named by their first token's session, which is no row of its own.
  expect(loose.map(({ name }) => name)).toEqual([
    "host_refresh_tokens.family_id",
    "oauth_flows.family_id",
    "sessions.family_id",
  ]);
});

describe("the audit trail", () => {
  test.each(["update audit_logs set action = 'x'", "delete from audit_logs", "truncate audit_logs"])(
    "refuses the server's role: %s",
    (statement) => expect(sql.unsafe(statement)).rejects.toThrow("permission denied for table audit_logs"),
  );

  test.each(["update audit_logs set action = 'x'", "delete from audit_logs", "truncate audit_logs"])(
    "refuses the owner too: %s",
    (statement) => expect(database.ownerSql.unsafe(statement)).rejects.toThrow("audit_logs is append-only"),
  );

  test("the server's role cannot lift the guard", () => {
    expect(sql`drop trigger audit_logs_append_only on audit_logs`).rejects.toThrow("must be owner");
    expect(sql`alter table audit_logs disable trigger all`).rejects.toThrow("must be owner");
    expect(sql`update schema_migrations set sha256 = ''`).rejects.toThrow("permission denied");
  });
});

describe("constraints", () => {
  const team = async (): Promise<string> => {
    const id = newId();
    await sql`insert into teams (id, name, slug) values (${id}, 'T', ${`${id.slice(-6)}-${id.slice(-12, -6)}`})`;
    return id;
  };
  const user = async (): Promise<string> => {
    const id = newId();
    await sql`insert into users (id, email, name) values (${id}, ${`${id}@example.com`}, 'U')`;
    return id;
  };
  const join = (teamId: string, userId: string, role: string) =>
    sql`insert into memberships (team_id, user_id, role) values (${teamId}, ${userId}, ${role})`.execute();

  test("a team has one owner at most", async () => {
    const [teamId, first, second] = [await team(), await user(), await user()];
    await join(teamId, first, "owner");
    expect(join(teamId, second, "owner")).rejects.toThrow("memberships_one_owner");
    await join(teamId, second, "admin");
  });

  test("an address is stored in lower case", () =>
    expect(
      sql`insert into users (id, email, name) values (${newId()}, 'A@example.com', 'A')`.execute(),
    ).rejects.toThrow("users_email_check"));

  test("a BYOC host has a team, a regular one has none", async () => {
    const insert = (type: string, teamId: string | null) =>
      sql`insert into hosts (id, type, team_id, name) values (${newId()}, ${type}, ${teamId}, 'h')`.execute();
    expect(insert("byoc", null)).rejects.toThrow("hosts_check");
    expect(insert("regular", await team())).rejects.toThrow("hosts_check");
    await insert("byoc", await team());
    await insert("regular", null);
  });

  test("a template's name is free again once it is deleted", async () => {
    const teamId = await team();
    const insert = () => sql`
      insert into templates (id, team_id, name, type, vcpus, memory_mb, disk_size_mb)
      values (${newId()}, ${teamId}, 'same', 'snapshot', 1, 512, 5120)`;
    await insert();
    expect(insert()).rejects.toThrow("templates_live_name");
    await sql`update templates set deleted_at = now() where team_id = ${teamId}`;
    await insert();
  });
});

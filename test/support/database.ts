/**
 * A fresh, migrated database for each test file: copied from a template database that is made once per
 * PostgreSQL server. The server is WRENN_TEST_POSTGRES (a URL of one, set by the test runner so that
 * all files share it), or one that this process starts for itself.
 */
import { join } from "node:path";

import { migrate } from "../../db/migrate.ts";
import { MIGRATIONS_DIRECTORY, readMigrations } from "../../db/migration-files.ts";
import { SERVER_ROLE } from "../../db/role.ts";
import { connectDatabase } from "../../db/sql.ts";
import type { Sql } from "../../db/sql.ts";

export interface TestDatabase {
  url: string;
  /** As the server: without rights to change the audit trail. */
  sql: Sql;
  /** As the owner of the tables, for setting up what no API can do. */
  ownerSql: Sql;
  drop(): Promise<void>;
}

const startOwnServer = async (): Promise<string> => {
  const child = Bun.spawn([process.execPath, "--no-env-file", join(import.meta.dir, "postgres-process.ts")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  child.unref();
  const { value } = await child.stdout.getReader().read();
  if (value === undefined) throw new Error("the tests' PostgreSQL did not start");
  return Buffer.from(value).toString().trim();
};

let ownServer: Promise<string> | null = null;

/** URL of the maintenance database of the PostgreSQL server that tests use. */
export const testPostgresUrl = (): Promise<string> => {
  const given = process.env["WRENN_TEST_POSTGRES"];
  if (given) return Promise.resolve(given);
  ownServer ??= startOwnServer();
  return ownServer;
};

const withDatabase = (url: string, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
};

/** Runs `work` with one connection to the maintenance database. */
const administer = async <T>(work: (sql: Sql) => Promise<T>): Promise<T> => {
  const url = await testPostgresUrl();
  const sql = connectDatabase({
    url,
    applicationName: "wrenn test",
    maxConnections: 1,
    statementTimeoutMs: 0,
  });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
};

const TEMPLATE_LOCK = 7_265_001;

/** Name of the migrated template; made by the first who asks, whichever process that is. */
const prepareTemplate = async (sql: Sql): Promise<string> => {
  const files = await readMigrations(MIGRATIONS_DIRECTORY);
  const digest = new Bun.CryptoHasher("sha256").update(files.map((file) => file.sha256).join()).digest("hex");
  const name = `wrenn_template_${digest.slice(0, 12)}`;
  await sql`select pg_advisory_lock(${TEMPLATE_LOCK})`;
  try {
    const [found] = await sql`select datistemplate from pg_database where datname = ${name}`;
    if (found?.["datistemplate"] === true) return name;
    // Without the mark it is what a killed test left half made.
    await sql`drop database if exists ${sql(name)} with (force)`;
    await sql`create database ${sql(name)}`;
    await migrate({ url: withDatabase(await testPostgresUrl(), name) });
    await sql`alter database ${sql(name)} with is_template true`;
    return name;
  } finally {
    await sql`select pg_advisory_unlock(${TEMPLATE_LOCK})`;
  }
};

/** An empty database without any table. */
export const createEmptyDatabase = async (): Promise<{ url: string; drop(): Promise<void> }> => {
  const name = `t_${crypto.randomUUID().replaceAll("-", "")}`;
  await administer((sql) => sql`create database ${sql(name)}`);
  return {
    url: withDatabase(await testPostgresUrl(), name),
    drop: async () => {
      await administer((sql) => sql`drop database if exists ${sql(name)} with (force)`);
    },
  };
};

/** A migrated database. Drop it in `afterAll`. */
export const createTestDatabase = async (): Promise<TestDatabase> => {
  const name = `t_${crypto.randomUUID().replaceAll("-", "")}`;
  await administer(async (sql) => {
    const template = await prepareTemplate(sql);
    await sql`create database ${sql(name)} with template ${sql(template)}`;
  });
  const url = withDatabase(await testPostgresUrl(), name);
  const sql = connectDatabase({ url, applicationName: "wrenn test server", role: SERVER_ROLE });
  const ownerSql = connectDatabase({ url, applicationName: "wrenn test owner", maxConnections: 2 });
  const drop = async (): Promise<void> => {
    await Promise.all([sql.end({ timeout: 1 }), ownerSql.end({ timeout: 1 })]);
    await administer((admin) => admin`drop database if exists ${admin(name)} with (force)`);
  };
  return { url, sql, ownerSql, drop };
};

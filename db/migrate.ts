/**
 * Brings a database to the newest schema: each migration in a transaction of its own, all of it under an
 * advisory lock, so any number of servers may start at once. What does not fit is refused, never repaired.
 */
import { MIGRATIONS_DIRECTORY, readMigrations } from "./migration-files.ts";
import type { Migration } from "./migration-files.ts";
import { prepareServerRole } from "./role.ts";
import { connectDatabase } from "./sql.ts";
import type { Queryable, Sql } from "./sql.ts";

/** The database's schema and this program's migrations do not belong together. */
export class MigrationRefused extends Error {
  override name = "MigrationRefused";
}

export interface AppliedMigration {
  version: number;
  name: string;
  sha256: string;
  applied_at: Date;
}

export interface MigrateResult {
  /** Versions applied by this call. */
  applied: number[];
  /** Role the server is to act as; null when the database's user may not make one. */
  role: string | null;
}

// Any number will do as long as it never changes: "wrenn" in ASCII.
const LOCK = 0x77_72_65_6e_6e;
const LOCK_WAIT_MS = 120_000;

/** What is recorded as applied; empty for a database without any of our tables. */
export const readApplied = async (sql: Queryable): Promise<AppliedMigration[]> => {
  const [table] = await sql`select to_regclass('public.schema_migrations') is not null as present`;
  if (table?.present !== true) return [];
  return sql<AppliedMigration[]>`
    select version, name, sha256, applied_at from schema_migrations order by version`;
};

/** Throws `MigrationRefused` unless `applied` is exactly the beginning of `files`. */
export const checkApplied = (files: readonly Migration[], applied: readonly AppliedMigration[]): void => {
  for (const [index, row] of applied.entries()) {
    const label = `${String(row.version).padStart(4, "0")}_${row.name}`;
    if (row.version > files.length) {
      throw new MigrationRefused(
        `The database holds migration ${label}, which this version of Wrenn does not know ` +
          `(its newest is ${files.length}). Start a newer version, or restore a backup made by this one.`,
      );
    }
    if (row.version !== index + 1) {
      throw new MigrationRefused(
        `The database holds migration ${label} but not migration ${index + 1} before it. ` +
          "Its schema_migrations table was changed by hand; restore a backup.",
      );
    }
    if (files[index]?.sha256 !== row.sha256) {
      throw new MigrationRefused(
        `Migration ${label} was changed after it had been applied to this database. ` +
          "Put the original file back, and make the change in a new migration.",
      );
    }
  }
};

const applyOne = async (sql: Sql, migration: Migration): Promise<void> => {
  await sql.begin(async (tx) => {
    await tx.unsafe(migration.text);
    await tx`insert into schema_migrations ${tx({
      version: migration.version,
      name: migration.name,
      sha256: migration.sha256,
    })}`;
  });
};

const applyAll = async (sql: Sql, files: readonly Migration[]): Promise<MigrateResult> => {
  await sql`create table if not exists schema_migrations (
    version integer primary key, name text not null, sha256 text not null,
    applied_at timestamptz not null default now())`;
  const before = await readApplied(sql);
  checkApplied(files, before);
  const applied: number[] = [];
  for (const migration of files.slice(before.length)) {
    await applyOne(sql, migration);
    applied.push(migration.version);
  }
  const role = await sql.begin((tx) => prepareServerRole(tx));
  return { applied, role };
};

/**
 * Migrates the database at `url` as its own user. Waits up to two minutes for another migrator.
 * Throws `MigrationRefused`, or the driver's error.
 */
export const migrate = async (options: { url: string; directory?: string }): Promise<MigrateResult> => {
  const files = await readMigrations(options.directory ?? MIGRATIONS_DIRECTORY);
  // One connection: the lock belongs to its session and goes with it, also when this process dies.
  const sql = connectDatabase({
    url: options.url,
    applicationName: "wrenn migrate",
    maxConnections: 1,
    statementTimeoutMs: 0,
  });
  try {
    await sql`select set_config('lock_timeout', ${String(LOCK_WAIT_MS)}, false)`;
    await sql`select pg_advisory_lock(${LOCK})`;
    return await applyAll(sql, files);
  } finally {
    await sql.end({ timeout: 5 });
  }
};

/** Puts a backup into an empty database: all of it, or nothing. */
import { createReadStream } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createGunzip } from "node:zlib";

import { migrate, readApplied } from "../../../db/migrate.ts";
import { MIGRATIONS_DIRECTORY, readMigrations } from "../../../db/migration-files.ts";
import { errorCode, isDatabaseAway, type Queryable, type Sql, type Tx } from "../../../db/sql.ts";
import { CommandFailure } from "../failure.ts";
import { type BackupHeader, decodeHeader, decodeMark, END_OF_ROWS, type TableHeader } from "./format.ts";
import { readLines } from "./lines.ts";
import { readTables } from "./tables.ts";
import { untold } from "./untold.ts";

const BATCH_ROWS = 500;

const refuse = (message: string, cause?: unknown): CommandFailure =>
  new CommandFailure("backup_refused", message, { cause });

const nextLine = async (lines: AsyncGenerator<Buffer>): Promise<Buffer | null> => {
  const { value, done } = await lines.next();
  return done ? null : value;
};

/** The backup's migrations must be the beginning of this program's. Returns how many it had. */
const checkHeader = async (header: BackupHeader): Promise<number> => {
  const known = await readMigrations(MIGRATIONS_DIRECTORY);
  if (header.migrations.length > known.length) {
    throw refuse(
      `the backup was made by a newer version (schema ${header.migrations.length}, this one knows ` +
        `${known.length}); restore it with that version`,
    );
  }
  const changed = header.migrations.find(({ sha256 }, index) => known[index]?.sha256 !== sha256);
  if (changed !== undefined)
    throw refuse(`the backup's migration ${changed.version} is not the one known here`);
  return header.migrations.length;
};

/** Brings an empty database to exactly the backup's schema. */
const migrateTo = async (url: string, count: number): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), "wrenn-restore-"));
  try {
    const names = [...new Bun.Glob("*.sql").scanSync({ cwd: MIGRATIONS_DIRECTORY })].toSorted();
    for (const name of names.slice(0, count)) {
      await copyFile(join(MIGRATIONS_DIRECTORY, name), join(directory, basename(name)));
    }
    await migrate({ url, directory });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

/** Refuses a database in use, and one that anybody has worked in. */
const checkEmpty = async (sql: Sql, count: number): Promise<void> => {
  const [others] = await sql<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;
  if ((others?.count ?? 0) > 0) throw refuse("other programs use this database; stop every server first");
  const applied = await readApplied(sql);
  if (applied.length === 0) return;
  const [found] = await sql<{ used: boolean }[]>`
    select exists (select from users) or exists (select from hosts) or exists (select from audit_logs) as used`;
  if (found?.used !== false) {
    throw refuse(
      'the database is not empty. Restore into a new one: another --dir, or "bun run down --purge" first',
    );
  }
  if (applied.length > count) {
    throw refuse("the database already has a newer schema than the backup; restore into a new, empty one");
  }
};

/** The rows of one table, up to the mark that ends them, so many at a time. */
async function* readBatches(
  lines: AsyncGenerator<Buffer>,
  options: { table: string; rows: number },
): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for (;;) {
    const line = (await nextLine(lines))?.toString("utf8");
    if (line === undefined) throw refuse(`the backup ends in the middle of table ${options.table}`);
    if (line === END_OF_ROWS) break;
    batch.push(line);
    if (batch.length < options.rows) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const loadRows = async (tx: Tx, mark: TableHeader, lines: AsyncGenerator<Buffer>): Promise<void> => {
  const { table, columns } = mark;
  const [self] = await tx`
    select 1 from pg_constraint
    where contype = 'f' and conrelid = confrelid and conrelid = ${table}::regclass`;
  // Foreign keys are checked per statement: rows that point at each other go in together.
  const rows = self === undefined ? BATCH_ROWS : Number.POSITIVE_INFINITY;
  for await (const batch of readBatches(lines, { table, rows })) {
    const list = `[${batch.join(",")}]`;
    await tx`
      insert into ${tx(table)} (${tx(columns)})
      select ${tx(columns)} from json_populate_recordset(null::${tx(table)}, ${list}::text::json)`;
  }
};

const clearSeeds = async (tx: Queryable): Promise<void> => {
  for (const { name } of (await readTables(tx)).toReversed()) {
    // Statement triggers refuse any DELETE there, and it is empty anyway.
    if (name !== "audit_logs") await tx`delete from ${tx(name)}`;
  }
};

const loadTables = async (tx: Tx, lines: AsyncGenerator<Buffer>, digest: () => string): Promise<number> => {
  await clearSeeds(tx);
  const known = await readTables(tx);
  for (let loaded = 0; ; loaded += 1) {
    const line = await nextLine(lines);
    const mark = line === null ? null : decodeMark(line.toString("utf8"));
    if (mark === null) throw refuse("the backup is cut short or damaged");
    if ("sha256" in mark) {
      if (mark.sha256 !== digest()) throw refuse("the backup is damaged: its digest does not match");
      return loaded;
    }
    if (!known.some(({ name }) => name === mark.table))
      throw refuse(`unknown table ${mark.table} in the backup`);
    await loadRows(tx, mark, lines);
  }
};

/** Throws `CommandFailure` (`backup_refused`) with the database as it was. Resolves to the number of tables. */
export const loadDatabase = async (sql: Sql, options: { url: string; path: string }): Promise<number> => {
  const hasher = new Bun.CryptoHasher("sha256");
  if (!(await Bun.file(options.path).exists())) throw refuse(`there is no file ${options.path}`);
  const source = createReadStream(options.path).on("error", (error) => gunzip.destroy(error));
  const gunzip = createGunzip();
  source.pipe(gunzip);
  /** Counts a line when the next one is asked for: at the last line the digest covers all before it. */
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const line of readLines(gunzip)) {
      yield line;
      hasher.update(line).update("\n");
    }
  }
  const lines = hashed();
  try {
    const first = await nextLine(lines);
    const header = first === null ? null : decodeHeader(first.toString("utf8"));
    if (header === null) throw refuse(`${options.path} is not a backup this version can read`);
    const count = await checkHeader(header);
    await checkEmpty(sql, count);
    await migrateTo(options.url, count);
    const digest = () => hasher.copy().digest("hex");
    const tables = await sql.begin((tx) => untold(tx, () => loadTables(tx, lines, digest)));
    await migrate({ url: options.url });
    return tables;
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_")) {
      throw refuse("the backup is cut short or damaged", error);
    }
    if (errorCode(error) !== null && !isDatabaseAway(error)) {
      throw refuse("the database did not take the backup, which left it as it was", error);
    }
    throw error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
};

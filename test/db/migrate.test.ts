/** The migrator against a real PostgreSQL: races, and every reason to refuse. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { migrate } from "../../db/migrate.ts";
import { MIGRATIONS_DIRECTORY, readMigrations } from "../../db/migration-files.ts";
import { SERVER_ROLE } from "../../db/role.ts";
import { connectDatabase } from "../../db/sql.ts";
import { createEmptyDatabase } from "../support/database.ts";

const known = (await readMigrations(MIGRATIONS_DIRECTORY)).map(({ version }) => version);
const next = known.length + 1;
const file = (version: number, name: string) => `${String(version).padStart(4, "0")}_${name}`;

/** The real migrations and one more. */
let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "wrenn-migrations-"));
  await cp(MIGRATIONS_DIRECTORY, directory, { recursive: true });
  await Bun.write(join(directory, file(next, "next.sql")), "create table next (id int);");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const withDatabase = async (work: (url: string) => Promise<void>): Promise<void> => {
  const { url, drop } = await createEmptyDatabase();
  try {
    await work(url);
  } finally {
    await drop();
  }
};

const runSql = async (url: string, text: string): Promise<readonly Record<string, unknown>[]> => {
  const sql = connectDatabase({ url, applicationName: "test", maxConnections: 1 });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end();
  }
};

describe("migrate", () => {
  test("twenty at once apply each migration once", () =>
    withDatabase(async (url) => {
      const results = await Promise.all(Array.from({ length: 20 }, () => migrate({ url, directory })));
      expect(results.flatMap(({ applied }) => applied)).toEqual([...known, next]);
      expect(new Set(results.map(({ role }) => role))).toEqual(new Set([SERVER_ROLE]));
      const rows = await runSql(url, "select version, name from schema_migrations order by version");
      expect(rows.map(({ version }) => version)).toEqual([...known, next]);
      expect(rows.at(0)).toMatchObject({ name: "initial" });
      expect(rows.at(-1)).toMatchObject({ name: "next" });
    }));

  test("a migration that fails leaves nothing of itself, and the next try goes on from there", () =>
    withDatabase(async (url) => {
      const broken = await mkdtemp(join(tmpdir(), "wrenn-migrations-"));
      await cp(directory, broken, { recursive: true });
      const third = join(broken, file(next + 1, "third.sql"));
      await Bun.write(third, "create table third (id int); select 1/0;");
      expect(migrate({ url, directory: broken })).rejects.toThrow("division by zero");
      await migrate({ url, directory: broken }).catch(() => {});
      const [row] = await runSql(url, "select to_regclass('third') is null as absent");
      expect(row?.absent).toBe(true);
      await Bun.write(third, "create table third (id int);");
      expect((await migrate({ url, directory: broken })).applied).toEqual([next + 1]);
      await rm(broken, { recursive: true });
    }));

  test("refuses a file that was changed after it was applied", () =>
    withDatabase(async (url) => {
      await migrate({ url, directory });
      await runSql(url, `update schema_migrations set sha256 = 'other' where version = ${next}`);
      expect(migrate({ url, directory })).rejects.toThrow(`Migration ${file(next, "next")} was changed`);
    }));

  test("refuses a database that a newer version migrated", () =>
    withDatabase(async (url) => {
      await migrate({ url, directory });
      expect(migrate({ url })).rejects.toThrow(`holds migration ${file(next, "next")}, which this version`);
    }));

  test("refuses a gap in what is applied", () =>
    withDatabase(async (url) => {
      await migrate({ url, directory });
      await runSql(url, "delete from schema_migrations where version = 1");
      expect(migrate({ url, directory })).rejects.toThrow("but not migration 1 before it");
    }));

  test.each([
    [file(next + 2, "gap.sql"), `expected migration ${next + 1} here, found ${next + 2}`],
    ["3_short.sql", "a migration is named NNNN_name.sql"],
    [file(next, "twice.sql"), `expected migration ${next + 1} here, found ${next}`],
  ])("refuses the file %s", async (name, sentence) => {
    const copy = await mkdtemp(join(tmpdir(), "wrenn-migrations-"));
    await cp(directory, copy, { recursive: true });
    await Bun.write(join(copy, name), "select 1;");
    expect(migrate({ url: "postgres://nowhere:1/x", directory: copy })).rejects.toThrow(sentence);
    await rm(copy, { recursive: true });
  });
});

describe("a database user who may not make roles", () => {
  test("migrates all the same, without the role", () =>
    withDatabase(async (url) => {
      const name = `limited_${crypto.randomUUID().slice(0, 8)}`;
      await runSql(url, `create role ${name} login; grant all on schema public to ${name}`);
      const limited = new URL(url);
      limited.username = name;
      const result = await migrate({ url: limited.href });
      expect(result).toEqual({ applied: known, role: null });
      // The trigger still guards the trail, from its owner too.
      const change = runSql(limited.href, "delete from audit_logs");
      expect(change).rejects.toThrow("audit_logs is append-only: DELETE is refused");
      await runSql(url, `drop owned by ${name} cascade; drop role ${name}`);
    }));
});

test("the command applies, tells, and refuses without DATABASE_URL", () =>
  withDatabase(async (url) => {
    const run = async (argv: string[], databaseUrl: string) => {
      const child = Bun.spawn([process.execPath, "--no-env-file", "db/main.ts", ...argv], {
        cwd: join(import.meta.dir, "../.."),
        env: { ...process.env, DATABASE_URL: databaseUrl },
        stdout: "pipe",
        stderr: "pipe",
      });
      const [stdout, stderr, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { code, stdout, stderr };
    };
    expect((await run([], "")).code).toBe(2);
    expect((await run(["--status"], url)).stdout).toContain("0001_initial  pending");
    expect((await run([], url)).stdout).toContain(`Applied: ${known.join(", ")}.`);
    expect((await run([], url)).stdout).toContain("up to date");
    expect((await run(["--status"], url)).stdout).toContain("0001_initial  applied");
  }));

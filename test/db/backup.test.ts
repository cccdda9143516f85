/** Backup and restore against a real PostgreSQL: everything comes back, and nothing doubtful goes in. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { migrate } from "../../db/migrate.ts";
import { connectDatabase, type Sql } from "../../db/sql.ts";
import { newId, ZERO_UUID } from "../../proto/ids.ts";
import { dumpDatabase } from "../../server/up/backup/dump.ts";
import { loadDatabase } from "../../server/up/backup/load.ts";
import { testPostgresUrl } from "../support/database.ts";

const scratch = mkdtempSync(join(tmpdir(), "wrenn-backup-"));
const opened: { sql: Sql; name: string }[] = [];

const open = (url: string): Sql =>
  connectDatabase({ url, applicationName: "backup test", maxConnections: 1 });

/** A new database without any table. */
const emptyDatabase = async (): Promise<{ sql: Sql; url: string }> => {
  const maintenance = open(await testPostgresUrl());
  const name = `backup_${newId().replaceAll("-", "")}`;
  await maintenance`create database ${maintenance(name)}`;
  await maintenance.end();
  const url = new URL(await testPostgresUrl());
  url.pathname = `/${name}`;
  const sql = open(url.href);
  opened.push({ sql, name });
  return { sql, url: url.href };
};

const sourceDatabase = async (): Promise<{ sql: Sql; url: string }> => {
  const source = await emptyDatabase();
  await migrate({ url: source.url });
  const { sql } = source;
  await sql`
    insert into users (id, email, name)
    select gen_random_uuid(), 'user' || n || '@example.com', E'na\tme \\\\ "ü" \\. ' || n from generate_series(1, 1200) n`;
  const host = newId();
  await sql`insert into hosts (id, type, name, metadata) values (${host}, 'regular', 'h', ${sql.json({ a: [1, null] })})`;
  // Each points at one that sorts before or after it.
  const [first, second] = [newId(), newId()];
  const hash = (byte: number) => Buffer.alloc(32, byte);
  await sql`
    insert into host_refresh_tokens (id, host_id, family_id, token_hash, expires_at, replaced_by)
    values (${first}, ${host}, ${newId()}, ${hash(1)}, now(), ${second}),
      (${second}, ${host}, ${newId()}, ${hash(2)}, now(), null)`;
  await sql`
    insert into audit_logs (id, team_id, seq, actor_type, resource_type, action, scope, status, prev_hash, hash, created_at)
    values (${newId()}, ${ZERO_UUID}, 1, 'system', 'user', 'signup', 'admin', 'info', ${hash(0)}, ${hash(3)}, now())`;
  await sql`insert into settings (key, value) values ('instance_id', '"x"')`;
  return source;
};

const digestOf = async (sql: Sql): Promise<unknown> => {
  const tables = ["users", "hosts", "host_refresh_tokens", "audit_logs", "settings", "teams", "templates"];
  const digests = await Promise.all(
    tables.map(
      (table) => sql`select md5(string_agg(t::text, '|' order by t::text)) as md5 from ${sql(table)} t`,
    ),
  );
  return digests.map(([row]) => row?.["md5"]);
};

afterAll(async () => {
  const maintenance = open(await testPostgresUrl());
  for (const { sql, name } of opened) {
    await sql.end();
    await maintenance`drop database ${maintenance(name)} with (force)`;
  }
  await maintenance.end();
  rmSync(scratch, { recursive: true, force: true });
});

const path = join(scratch, "backup.gz");

test("everything comes back, and the file is private", async () => {
  const source = await sourceDatabase();
  await dumpDatabase(source.sql, path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const target = await emptyDatabase();
  await loadDatabase(target.sql, { url: target.url, path });
  expect(await digestOf(target.sql)).toEqual(await digestOf(source.sql));
  // Nobody is told of what is old; what comes from now on is noted again.
  const told = () => target.sql`select kind from events`;
  expect(await told()).toHaveLength(0);
  await target.sql`update hosts set draining = true`;
  expect(await told()).toHaveLength(1);
  await expect(loadDatabase(target.sql, { url: target.url, path })).rejects.toThrow("not empty");
});

const rewrite = async (name: string, change: (text: string) => string): Promise<string> => {
  const text = Buffer.from(Bun.gunzipSync(await Bun.file(path).bytes())).toString("utf8");
  const changed = join(scratch, name);
  await Bun.write(changed, Bun.gzipSync(Buffer.from(change(text))));
  return changed;
};

test.each([
  ["changed", (text: string) => text.replace("user7@", "userx@"), "digest"],
  ["cut", (text: string) => text.slice(0, text.length / 2), "ends in the middle"],
  ["without its end", (text: string) => text.slice(0, text.lastIndexOf("\n{")), "cut short"],
  [
    "newer",
    (text: string) =>
      text.replace('"migrations":[', `"migrations":[${'{"version":1,"sha256":"x"},'.repeat(99)}`),
    "newer version",
  ],
  ["foreign", () => "hello\n", "not a backup"],
])("a %s backup is refused and nothing is left of it", async (name, change, reason) => {
  const target = await emptyDatabase();
  const damaged = await rewrite(`${name}.gz`, change);
  await expect(loadDatabase(target.sql, { url: target.url, path: damaged })).rejects.toThrow(reason);
  const [found] = await target.sql`select to_regclass('public.users') is not null as present`;
  if (found?.["present"] !== true) return;
  const [users] = await target.sql`select count(*)::int as count from users`;
  expect(users?.["count"]).toBe(0);
});

test("a half-downloaded file is refused", async () => {
  const target = await emptyDatabase();
  const half = join(scratch, "half.gz");
  const whole = await Bun.file(path).bytes();
  await Bun.write(half, whole.subarray(0, whole.length / 2));
  await expect(loadDatabase(target.sql, { url: target.url, path: half })).rejects.toThrow(
    "cut short or damaged",
  );
});

test("a database in use is refused", async () => {
  const target = await emptyDatabase();
  const other = open(target.url);
  await other`select 1`;
  await expect(loadDatabase(target.sql, { url: target.url, path })).rejects.toThrow("stop every server");
  await other.end();
});

/** What the triggers note, and what they are silent about. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";

import type { Sql } from "../../db/sql.ts";
import { newId, ZERO_UUID } from "../../proto/ids.ts";
import { createTestDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let sql: Sql;
const teamId = newId();
const userId = newId();
const hostId = newId();
const sandboxId = newId();
beforeAll(async () => {
  database = await createTestDatabase();
  sql = database.sql;
  await sql`insert into teams (id, name, slug) values (${teamId}, 'T', 'aaaaaa-bbbbbb')`;
  await sql`insert into users (id, email, name) values (${userId}, 'a@b.c', 'A')`;
  await sql`insert into memberships (team_id, user_id, role) values (${teamId}, ${userId}, 'owner')`;
  await sql`
    insert into hosts (id, type, name, status, last_heartbeat_at, free_memory_mb, free_disk_mb)
    values (${hostId}, 'regular', 'h', 'online', '2026-01-01 12:00:00Z', 1000, 1000)`;
  await sql`
    insert into sandboxes (id, team_id, host_id, template_id, template_name, status, vcpus, memory_mb,
      disk_size_mb, timeout_sec, expires_at, last_active_at)
    values (${sandboxId}, ${teamId}, ${hostId}, ${ZERO_UUID}, 'minimal', 'running', 1, 512, 5120, 300,
      '2026-01-01 12:05:00Z', '2026-01-01 12:00:00Z')`;
});
afterAll(() => database.drop());
beforeEach(async () => {
  await sql`delete from events`;
});

const noted = async (): Promise<string[]> => {
  const rows = await sql<{ kind: string; team: string | null; resource: string; isNew: boolean }[]>`
    select kind, team, resource, is_new as "isNew" from events order by id`;
  return rows.map(({ kind, team, isNew }) => `${isNew ? "new " : ""}${kind} of ${team ?? "the platform"}`);
};

/** Tables whose changes nobody is told of, and why. */
const SILENT: Record<string, string> = {
  schema_migrations: "not the server's",
  settings: "secrets",
  events: "itself",
  audit_heads: "the trail's own rows are told",
  one_time_links: "whoever made one has it",
  oauth_identities: "a person's own, on one page",
  oauth_flows: "under way",
  host_registration_tokens: "secrets",
  host_refresh_tokens: "secrets",
  idempotency_keys: "requests",
  rate_limits: "requests",
  monitor: "written each round: its page reads it",
  sandbox_metrics: "samples: charts read them",
  team_metrics: "samples: charts read them",
  host_metrics: "samples: charts read them",
};

test("every table tells of its changes, or is silent for a reason", async () => {
  const rows = await sql<{ name: string; tells: boolean }[]>`
    select c.relname as name, exists (
      select from pg_trigger t where t.tgrelid = c.oid and t.tgname = c.relname || '_tell') as tells
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'`;
  const silent = rows.filter(({ tells }) => !tells).map(({ name }) => name);
  expect(silent.toSorted()).toEqual(Object.keys(SILENT).toSorted());
});

test("beats are noted once a minute, and at once when they bring something", async () => {
  const beat = (at: string) => sql`
    update hosts set status = 'online', last_heartbeat_at = ${at}, free_memory_mb = free_memory_mb - 1
    where id = ${hostId}`;
  for (let sec = 10; sec < 60; sec += 10) await beat(`2026-01-01 12:00:${sec}Z`);
  expect(await noted()).toEqual([]);
  await beat("2026-01-01 12:01:00Z");
  expect(await noted()).toEqual(["host of the platform"]);
  await sql`update hosts set accelerator = 'kvm', last_heartbeat_at = '2026-01-01 12:01:10Z' where id = ${hostId}`;
  expect(await noted()).toHaveLength(2);
});

test("a sandbox in use is noted when its end has moved by a tenth of its timeout, or a minute is over", async () => {
  const use = (at: string, end: string) => sql`
    update sandboxes set last_active_at = ${at}, expires_at = ${end}, updated_at = now() where id = ${sandboxId}`;
  for (let sec = 1; sec < 30; sec += 4) {
    const text = String(sec).padStart(2, "0");
    await use(`2026-01-01 12:00:${text}Z`, `2026-01-01 12:05:${text}Z`);
  }
  expect(await noted()).toEqual([]);
  await use("2026-01-01 12:00:31Z", "2026-01-01 12:05:31Z");
  expect(await noted()).toEqual([`sandbox of ${teamId}`]);
  await use("2026-01-01 12:01:00Z", "2026-01-01 12:05:31Z");
  expect(await noted()).toHaveLength(2);
  await sql`update sandboxes set status_reason = 'x' where id = ${sandboxId}`;
  expect(await noted()).toHaveLength(3);
});

test("a person is noted for the platform and for each of their teams", async () => {
  await sql`update users set name = 'B' where id = ${userId}`;
  expect(await noted()).toEqual(["user of the platform", `member of ${teamId}`]);
});

test("who leaves is noted, and of sessions the end alone", async () => {
  const other = newId();
  const family = newId();
  await sql`insert into users (id, email, name) values (${other}, 'o@b.c', 'O')`;
  await sql`insert into memberships (team_id, user_id, role) values (${teamId}, ${other}, 'member')`;
  await sql`
    insert into sessions (id, user_id, token_hash, family_id, expires_at)
    values (${newId()}, ${other}, ${Buffer.alloc(32, 7)}, ${family}, now())`;
  await sql`delete from events`;
  await sql`delete from memberships where user_id = ${other}`;
  await sql`update sessions set last_seen_at = now() where family_id = ${family}`;
  await sql`update sessions set revoked_at = now() where family_id = ${family}`;
  expect(await noted()).toEqual([`member of ${teamId}`, "session of the platform"]);
});

test("a template of the platform, where it is and how far a copy is; not whose turn the copy is", async () => {
  await sql`
    insert into host_templates (host_id, template_id, state) values (${hostId}, ${ZERO_UUID}, 'copying')`;
  await sql`update host_templates set progress = 0.5 where host_id = ${hostId}`;
  await sql`update host_templates set renewed_at = now() where host_id = ${hostId}`;
  await sql`delete from host_templates where host_id = ${hostId}`;
  expect(await noted()).toEqual(Array.from({ length: 3 }, () => "template of the platform"));
});

test("what is rolled back is not noted", async () => {
  await sql
    .begin(async (tx) => {
      await tx`update teams set name = 'X' where id = ${teamId}`;
      throw new Error("no");
    })
    .catch(() => {});
  expect(await noted()).toEqual([]);
});

/** What the sweeper takes, and what it leaves. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { newId, ZERO_UUID } from "../../proto/ids.ts";
import { createLog } from "../../server/log.ts";
import { Sweeper } from "../../server/system/sweeper.ts";
import { createTestDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test("takes what is over, in batches, and nothing else; two at once do no harm", async () => {
  const { sql } = database;
  const userId = newId();
  await sql`insert into users (id, email, name) values (${userId}, 'a@b.c', 'A')`;
  await sql`
    insert into sessions (id, user_id, token_hash, family_id, expires_at)
    select gen_random_uuid(), ${userId}, sha256(n::text::bytea), gen_random_uuid(),
      now() + case when n <= 2500 then interval '-2 days' else interval '1 day' end
    from generate_series(1, 2503) n`;
  const sandbox = (status: string, days: number) => sql`
    insert into sandboxes (id, team_id, template_id, template_name, status, vcpus, memory_mb, disk_size_mb, updated_at)
    values (${newId()}, ${ZERO_UUID}, ${ZERO_UUID}, 'minimal', ${status}, 1, 512, 5120,
      now() - make_interval(days => ${days}))`;
  await sandbox("stopped", 31);
  await sandbox("stopped", 29);
  await sandbox("pending", 31);
  await sql`insert into idempotency_keys (team_id, key, request_hash, created_at)
    values (${ZERO_UUID}, 'old', ${Buffer.alloc(32)}, now() - interval '25 hours'),
      (${ZERO_UUID}, 'new', ${Buffer.alloc(32)}, now())`;
  // What the rows above were told by is not counted here.
  await sql`delete from events`;
  await sql`insert into events (kind, resource, is_new, created_at)
    values ('user', ${userId}, true, now() - interval '2 hours'), ('session', ${userId}, false, now())`;
  await sql`insert into rate_limits (bucket, window_start)
    values ('old', now() - interval '2 days'), ('new', now())`;

  const log = createLog(() => {});
  await Promise.all([new Sweeper(sql, log).sweep(), new Sweeper(sql, log).sweep()]);
  await new Sweeper(sql, log).sweep();

  const [left] = await sql`
    select (select count(*)::int from sessions) as sessions,
      (select array_agg(status order by status) from sandboxes) as sandboxes,
      (select array_agg(key) from idempotency_keys) as keys,
      (select array_agg(kind) from events) as events,
      (select array_agg(bucket) from rate_limits) as limits`;
  expect(left).toEqual({
    sessions: 3,
    sandboxes: ["pending", "stopped"],
    keys: ["new"],
    events: ["session"],
    limits: ["new"],
  });
});

/** What PostgreSQL counts follows the same rule as what is counted in memory. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";

import { passes, toVerdict } from "../../server/rate-limits/sliding-window.ts";
import { createRateLimitStore, type RateLimitStore } from "../../server/rate-limits/store.ts";
import { createTestDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";

const RULE = { count: 10, windowSec: 3600 };
const BUCKET = "login:203.0.113.7";

let database: TestDatabase;
let store: RateLimitStore;
beforeAll(async () => {
  database = await createTestDatabase();
  store = createRateLimitStore(database.sql);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.ownerSql`truncate rate_limits`;
});

/** As if so many had passed in the present window and in the one before. */
const fill = (current: number, previous: number) => database.sql`
  insert into rate_limits (bucket, window_start, hits) values
    (${BUCKET}, date_trunc('hour', now()), ${current}),
    (${BUCKET}, date_trunc('hour', now()) - interval '1 hour', ${previous}),
    (${BUCKET}, date_trunc('hour', now()) - interval '2 hours', 1000)`;

test.each([0, 1, 5, 8, 9, 10].flatMap((current) => [0, 1, 5, 10].map((previous) => [current, previous])))(
  "%d passed in this window and %d in the last",
  async (current = 0, previous = 0) => {
    await fill(current, previous);
    const hit = await store.hit(BUCKET, RULE);
    const before = { current, previous, elapsedMs: hit.elapsedMs };
    expect(hit.passed).toBe(passes(before, RULE));
    expect(hit.previous).toBe(previous);
    expect(toVerdict(hit, RULE, hit.passed).resetSec).toBeGreaterThan(0);
    const [row] = await database.sql`
      select hits from rate_limits where bucket = ${BUCKET} and window_start = date_trunc('hour', now())`;
    expect(row?.["hits"]).toBe(hit.passed ? current + 1 : current);
  },
);

test("a window that begins is bound by the one before, also for the first request in it", async () => {
  const rule = { count: 10, windowSec: 43_200 };
  await database.sql`
    insert into rate_limits (bucket, window_start, hits)
    select ${BUCKET}, date_bin('12 hours', now(), 'epoch'::timestamptz) - interval '12 hours', 1000000`;
  expect(await store.hit(BUCKET, rule)).toMatchObject({ passed: false, previous: 1_000_000 });
  expect(await store.hit("login:203.0.113.8", rule)).toMatchObject({ passed: true, previous: 0, current: 1 });
});

test("of fifty at once as many pass as may", async () => {
  const hits = await Promise.all(Array.from({ length: 50 }, () => store.hit(BUCKET, RULE)));
  expect(hits.filter(({ passed }) => passed)).toHaveLength(10);
});

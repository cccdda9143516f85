/** Connections that PostgreSQL ends: whoever waits is told, and the pool goes on. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { connectSession, isDatabaseAway } from "../../db/sql.ts";
import { createTestDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { waitFor } from "../support/wait-for.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

test("in the middle of a transaction", async () => {
  const { ownerSql } = database;
  for (let round = 0; round < 20; round += 1) {
    const failure = await failureOf(
      ownerSql.begin(async (tx) => {
        await tx`select pg_terminate_backend(pg_backend_pid())`;
      }),
    );
    expect(isDatabaseAway(failure)).toBe(true);
    expect([...(await ownerSql`select 1 as one`)]).toEqual([{ one: 1 }]);
  }
});

test("a session of its own says that it is gone, and is not the same afterwards", async () => {
  let closed = 0;
  const session = connectSession(database.sql, {
    applicationName: "session",
    idleMs: 300,
    onClose: () => (closed += 1),
  });
  const pid = async () => (await session<{ pid: number }[]>`select pg_backend_pid() as pid`)[0]?.pid ?? 0;
  const first = await pid();
  expect(await pid()).toBe(first);
  await waitFor("PostgreSQL ends it for its silence", () => closed === 1);
  expect(await pid()).not.toBe(first);
  await session.end({ timeout: 1 });
});

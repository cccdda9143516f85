/** The audit trail: one unbroken chain per team, whoever writes at once; a change behind its back shows. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { newId, ZERO_UUID } from "../../proto/ids.ts";
import { SYSTEM } from "../../server/audit/actor.ts";
import { record } from "../../server/audit/record.ts";
import { sandboxEvents } from "../../server/audit/sandbox-events.ts";
import { AuditSideChannel } from "../../server/audit/side-channel.ts";
import { userEvents } from "../../server/audit/user-events.ts";
import { verifyChain } from "../../server/audit/verify.ts";
import { createLog } from "../../server/log.ts";
import { createTestDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const newTeam = async (): Promise<string> => {
  const id = newId();
  const slug = `${id.slice(-6)}-${id.slice(-12, -6)}`;
  await database.sql`insert into teams (id, name, slug) values (${id}, 'T', ${slug})`;
  return id;
};

const created = (teamId: string, template = "minimal") =>
  sandboxEvents.created({ teamId, actor: SYSTEM, sandboxId: newId(), template });

const write = (teamId: string, template?: string) =>
  database.sql.begin((tx) => record(tx, created(teamId, template)));

describe("the chain", () => {
  test("fifty writers at once: no gap, no fork, each hash on the one before", async () => {
    const teamId = await newTeam();
    await Promise.all(Array.from({ length: 50 }, () => write(teamId)));
    const rows = await database.sql`select seq from audit_logs where team_id = ${teamId} order by seq`;
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect((await verifyChain(database.sql, teamId)).brokenSeq).toBeNull();
  });

  test("a change that is rolled back leaves no row and no gap", async () => {
    const teamId = await newTeam();
    await write(teamId);
    const failed = database.sql.begin(async (tx) => {
      await record(tx, created(teamId));
      throw new Error("the change failed");
    });
    expect(failed).rejects.toThrow("the change failed");
    await write(teamId);
    const rows = await database.sql`select seq from audit_logs where team_id = ${teamId} order by seq`;
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2]);
    expect((await verifyChain(database.sql, teamId)).brokenSeq).toBeNull();
  });

  test("text that PostgreSQL cannot store is stored as it can be, and verifies", async () => {
    const teamId = await newTeam();
    await write(teamId, "a\u0000b\ud800c 😀 \u2028");
    const [row] = await database.sql`select metadata from audit_logs where team_id = ${teamId}`;
    expect(row?.["metadata"]).toEqual({ template: "ab\ufffdc 😀 \u2028" });
    expect((await verifyChain(database.sql, teamId)).brokenSeq).toBeNull();
  });

  test.each([
    ["a changed word", "update audit_logs set action = 'destroy' where seq = 3 and team_id = $1", 3],
    ["changed metadata", "update audit_logs set metadata = '{}' where seq = 4 and team_id = $1", 4],
    ["a removed row", "delete from audit_logs where seq = 2 and team_id = $1", 2],
    ["a cut-off end", "delete from audit_logs where seq = 5 and team_id = $1", 5],
  ])("%s is found", async (_what, statement, brokenAt) => {
    const teamId = await newTeam();
    for (let index = 0; index < 5; index += 1) await write(teamId);
    // As someone with the database's own rights would, past the trigger.
    await database.ownerSql.begin(async (tx) => {
      await tx`alter table audit_logs disable trigger audit_logs_append_only`;
      await tx.unsafe(statement, [teamId]);
      await tx`alter table audit_logs enable trigger audit_logs_append_only`;
    });
    expect((await verifyChain(database.sql, teamId)).brokenSeq).toBe(brokenAt);
  });
});

test("the side channel writes in order, and gives up on what cannot be written without a throw", async () => {
  const lines: string[] = [];
  const channel = new AuditSideChannel(
    database.sql,
    createLog((line) => void lines.push(line)),
  );
  for (const email of ["a@b.c", "d@e.f"]) {
    channel.record(userEvents.loginFailed({ email, userId: null, reason: "invalid_credentials" }));
  }
  channel.record(created("01980000-0000-7000-8000-00000000dead"));
  await channel.drain();
  const rows = await database.sql`
    select metadata ->> 'email' as email from audit_logs
    where team_id = ${ZERO_UUID} and action = 'login_failed' order by seq`;
  expect(rows.map(({ email }) => email)).toEqual(["a@b.c", "d@e.f"]);
  expect(lines.join()).toContain("audit entry lost");
}, 20_000);

/** Lists of sandboxes among very many: which index answers, and that no row is lost between pages. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { parseTeamId } from "../../proto/ids.ts";
import { LIVE_STATUSES } from "../../server/sandboxes/status.ts";
import { type ListedPage, type ListPlace, listSandboxes } from "../../server/sandboxes/store.ts";
import { signUp, startTestServer, type TestServer } from "../support/server.ts";

setDefaultTimeout(120_000);

const COUNT = 20_000;

let server: TestServer;
let teamId = "";

beforeAll(async () => {
  server = await startTestServer();
  const { ownerSql } = server.database;
  teamId = parseTeamId((await signUp(server.url)).teamId) ?? "";
  // Pending: no host is needed. Several in each millisecond.
  await ownerSql`
    insert into sandboxes (id, team_id, template_id, template_name, vcpus, memory_mb, disk_size_mb, metadata,
      created_at)
    select gen_random_uuid(), ${teamId}, t.id, t.name, 1, 512, 5120, jsonb_build_object('n', n::text),
      now() - make_interval(secs => n * 0.0003)
    from generate_series(1, ${COUNT}) n, templates t`;
  await ownerSql`analyze sandboxes`;
});
afterAll(() => server.stop());

const filter = { statuses: LIVE_STATUSES, after: null, limit: 100 };

test("by metadata only the team's own live ones are looked at, whatever values the plan is made for", async () => {
  const { sql } = server.database;
  const plan = await sql.begin(async (tx) => {
    const page = await listSandboxes(tx, { ...filter, teamId, metadata: { n: "7" } });
    expect(page).toMatchObject({ items: [{ metadata: { n: "7" } }], next: null });
    // What the driver has prepared in this session: the very text.
    const [prepared] = await tx<{ statement: string }[]>`
      select statement from pg_prepared_statements where statement like ${"%from sandboxes%metadata @>%"}`;
    const lines = await tx.unsafe<{ "QUERY PLAN": string }[]>(
      `explain (generic_plan) ${prepared?.statement}`,
    );
    return lines.map((line) => line["QUERY PLAN"]).join("\n");
  });
  expect(plan).toContain("Index Scan using sandboxes_live_of_team");
  expect(plan).toContain("Index Cond: (team_id = $2)");
});

test.each(["asc", "desc"] as const)("page by page, %s: each once, in order", async (order) => {
  const seen: string[] = [];
  let after: ListPlace | null = null;
  do {
    const page: ListedPage = await listSandboxes(server.database.sql, {
      ...filter,
      teamId,
      metadata: {},
      order,
      after,
      limit: 250,
    });
    seen.push(...page.items.map(({ id }) => id));
    after = page.next;
  } while (after !== null && seen.length < 5_000);
  const expected = await server.database.sql<{ id: string }[]>`
    select id from sandboxes where team_id = ${teamId}
    order by ${order === "asc" ? server.database.sql`created_at, id` : server.database.sql`created_at desc, id desc`}
    limit ${seen.length}`;
  expect(seen).toHaveLength(5_000);
  expect(seen).toEqual(expected.map(({ id }) => id));
});

/** Lists of sandboxes among very many: which index answers, and that no row is lost between pages. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { parseTeamId } from "../../proto/ids.ts";
import { LIVE_STATUSES } from "../../server/sandboxes/status.ts";
import { type ListPlace, listSandboxes } from "../../server/sandboxes/store.ts";
import { signUp, startTestServer, type TestServer } from "../support/server.ts";

setDefaultTimeout(120_000);

const COUNT = 20_000;
const PAGE = 250;

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

const filter = { after: null, limit: 100 };

test.each([
  ["all that live", null],
  ["one status", ["pending"] as const],
  ["several", LIVE_STATUSES],
])(
  "by metadata only the team's own live ones are looked at, whatever values the plan is made for: %s",
  async (_, statuses) => {
    const { sql } = server.database;
    const plan = await sql.begin(async (tx) => {
      const found = await listSandboxes(tx, { ...filter, statuses, teamId, metadata: { n: "7" } });
      expect(found).toMatchObject([{ metadata: { n: "7" } }]);
      // What the driver has prepared in this session last: the very text.
      const [prepared] = await tx<{ statement: string }[]>`
      select statement from pg_prepared_statements where statement like ${"%from sandboxes%metadata @>%"}
      order by prepare_time desc limit 1`;
      const lines = await tx.unsafe<{ "QUERY PLAN": string }[]>(
        `explain (generic_plan) ${prepared?.statement}`,
      );
      return lines.map((line) => line["QUERY PLAN"]).join("\n");
    });
    expect(plan).toContain("Index Scan using sandboxes_live_of_team");
    expect(plan).toContain("Index Cond: (team_id = $1)");
  },
);

test.each(["asc", "desc"] as const)("page by page, %s: each once, in order", async (order) => {
  const seen: string[] = [];
  let after: ListPlace | null = null;
  do {
    const found: ListPlace[] = await listSandboxes(server.database.sql, {
      ...filter,
      statuses: null,
      teamId,
      metadata: {},
      order,
      after,
      limit: PAGE,
    });
    seen.push(...found.map(({ id }) => id));
    after = found.length < PAGE ? null : (found.at(-1) ?? null);
  } while (after !== null && seen.length < 5_000);
  const expected = await server.database.sql<{ id: string }[]>`
    select id from sandboxes where team_id = ${teamId}
    order by ${order === "asc" ? server.database.sql`created_at, id` : server.database.sql`created_at desc, id desc`}
    limit ${seen.length}`;
  expect(seen).toHaveLength(5_000);
  expect(seen).toEqual(expected.map(({ id }) => id));
});

/** The audit trail as people read it: pages under load, filters, scopes, verification, export. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { newId, parseTeamId } from "../../proto/ids.ts";
import { SYSTEM } from "../../server/audit/actor.ts";
import { memberEvents } from "../../server/audit/member-events.ts";
import { record } from "../../server/audit/record.ts";
import { sandboxEvents } from "../../server/audit/sandbox-events.ts";
import { addMember, call, createKey, signUp, startTestServer } from "../support/server.ts";
import type { AnyBody, TestPerson, TestServer } from "../support/server.ts";

interface Row extends AnyBody {
  id: string;
  seq: number;
  action: string;
  resource_type: string;
  scope: string;
  actor_type: string;
  actor_id: string | null;
  actor_name: string | null;
}
interface PageBody extends AnyBody {
  items: Row[];
  next_cursor: string | null;
}
interface Verification extends AnyBody {
  is_intact: boolean;
  broken_seq: number | null;
  rows: number;
}

let server: TestServer;
let platformAdmin: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  platformAdmin = await signUp(server.url, "Root");
});
afterAll(() => server.stop());

const list = (token: string, query = "") => call<PageBody>(server.url, `/v1/audit-logs${query}`, { token });
const verify = (token: string) => call<Verification>(server.url, "/v1/audit-logs/verify", { token });

/** As someone with the database's own rights would, past the trigger. */
const tamper = (statement: string, values: string[]) =>
  server.database.ownerSql.begin(async (tx) => {
    await tx`alter table audit_logs disable trigger audit_logs_append_only`;
    await tx.unsafe(statement, values);
    await tx`alter table audit_logs enable trigger audit_logs_append_only`;
  });

const ROWS = Number(process.env["WRENN_TEST_AUDIT_ROWS"] ?? 10_000);
const CLIENTS = 20;
const PAGE = 7;

test(`${ROWS} rows written by ${CLIENTS} clients at once, read in pages of ${PAGE} meanwhile: none missed, none twice`, async () => {
  const owner = await signUp(server.url);
  const teamId = parseTeamId(owner.teamId) ?? "";
  const { sql } = server.database;
  const entry = () => sandboxEvents.created({ teamId, actor: SYSTEM, sandboxId: newId(), template: "t" });
  const writeFor = async (rows: number): Promise<void> => {
    for (let index = 0; index < rows; index += 1) await sql.begin((tx) => record(tx, entry()));
  };
  const burst = (rows: number) =>
    Promise.all(Array.from({ length: CLIENTS }, () => writeFor(rows / CLIENTS)));
  // Half of it is there before the first page is read, half comes while it is.
  await burst(ROWS / 2);
  const writing = burst(ROWS / 2);

  const seen: number[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: { body: PageBody } = await list(
      owner.token,
      `?limit=${PAGE}${cursor === "" ? "" : `&cursor=${cursor}`}`,
    );
    seen.push(...page.body.items.map(({ seq }) => seq));
    cursor = page.body.next_cursor;
  }
  await writing;
  const newest = seen[0] ?? 0;
  expect(newest).toBeGreaterThanOrEqual(ROWS / 2);
  expect(seen).toEqual(Array.from({ length: newest }, (_, index) => newest - index));

  const rows = ROWS + 1; // and the team's own creation
  expect((await verify(owner.token)).body).toEqual({ is_intact: true, broken_seq: null, rows });
  await tamper(
    `update audit_logs set resource_id = overlay(resource_id placing 'x' from 20 for 1)
     where team_id = $1 and seq = 4711 % $2::int + 1`,
    [teamId, String(ROWS)],
  );
  expect((await verify(owner.token)).body).toEqual({
    is_intact: false,
    broken_seq: (4711 % ROWS) + 1,
    rows,
  });
}, 120_000);

describe("what is shown", () => {
  let owner: TestPerson;
  let admin: TestPerson;
  let member: TestPerson;
  beforeAll(async () => {
    owner = await signUp(server.url);
    admin = await addMember(server.url, owner, "admin");
    member = await addMember(server.url, owner);
    await createKey(server.url, member, { name: "of the member" });
  });

  test("members see scope team, owner and admin all; a change of role counts at once", async () => {
    const types = async (token: string) =>
      (await list(token)).body.items.map(({ resource_type, action }) => `${resource_type} ${action}`);
    const all = ["api_key create", "member add", "member add", "team create"];
    expect(await types(owner.token)).toEqual(all);
    expect(await types(admin.token)).toEqual(all);
    expect(await types(member.token)).toEqual(["api_key create", "team create"]);
    const setRole = (role: string) =>
      call(server.url, `/v1/teams/${owner.teamId}/members/${member.userId}`, {
        token: owner.token,
        method: "PATCH",
        body: { role },
      });
    await setRole("admin");
    expect(await types(member.token)).toEqual(["member role_update", ...all]);
    await setRole("member");
    expect(await types(member.token)).toEqual(["api_key create", "team create"]);
  });

  test("filters: one value, several by comma, by repeating, both; by resource", async () => {
    const seqs = async (query: string) => {
      const { body } = await list(owner.token, query);
      return body.items.map(({ resource_type, action }) => `${resource_type} ${action}`);
    };
    expect(await seqs("?resource_type=team")).toEqual(["team create"]);
    expect(await seqs("?resource_type=team,api_key")).toEqual(["api_key create", "team create"]);
    expect(await seqs("?resource_type=team&resource_type=api_key")).toEqual([
      "api_key create",
      "team create",
    ]);
    expect(await seqs("?action=create")).toEqual(["api_key create", "team create"]);
    expect(await seqs("?action=add,%20role_update&action=create&resource_type=member,team")).toEqual([
      "member role_update",
      "member role_update",
      "member add",
      "member add",
      "team create",
    ]);
    expect(await seqs(`?resource_id=${admin.userId}`)).toEqual(["member add"]);
    expect(await seqs("?action=%27%20or%20true--")).toEqual([]);
    const first = await list(owner.token, "?action=create&limit=1");
    const second = await list(owner.token, `?action=create&limit=1&cursor=${first.body.next_cursor}`);
    expect(second.body.items[0]?.resource_type).toBe("team");
    expect(second.body.next_cursor).toBeNull();
  });

  test("who did it: a person with name, a key with its own", async () => {
    const [made] = (await list(owner.token, "?resource_type=api_key")).body.items;
    expect(made).toMatchObject({ actor_type: "user", actor_id: member.userId, actor_name: "The member" });
    const apiKey = await createKey(server.url, owner, { name: "ci <b>" });
    await call(server.url, "/v1/sandboxes", { apiKey, body: { template: "minimal" } });
    await server.server.services.auditSideChannel.drain();
    const [failed] = (await list(owner.token, "?resource_type=sandbox")).body.items;
    expect(failed).toMatchObject({
      action: "create",
      status: "error",
      actor_type: "api_key",
      actor_id: expect.stringMatching(/^key-/),
      actor_name: "ci <b>",
      metadata: { reason: "no_hosts_available" },
    });
  });

  test.each([
    ["?resource_type=car", "resource_type", "enum"],
    ["?limit=201", "limit", "maximum"],
    ["?limit=0", "limit", "minimum"],
    ["?cursor=nonsense", "cursor", "cursor"],
    [`?cursor=${Buffer.from('["0"]').toString("base64url")}`, "cursor", "cursor"],
    [`?action=${"a,".repeat(60)}`, "action", "max_items"],
    ["?action=,", "action", "min_items"],
    ["?resource_type=", "resource_type", "min_items"],
    ["?colour=red", "colour", "unknown_field"],
  ])("refuses %s", async (query, field, rule) => {
    const answer = await list(owner.token, query);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ field, rule });
  });

  test("keys may not read it, strangers see their own team's alone", async () => {
    const apiKey = await createKey(server.url, owner);
    expect((await call(server.url, "/v1/audit-logs", { apiKey })).status).toBe(401);
    const stranger = await signUp(server.url);
    const { body } = await list(stranger.token);
    expect(body.items.map(({ actor_id }) => actor_id)).toEqual([stranger.userId]);
  });
});

describe("the platform's", () => {
  test("is for admins; any team's too, also a deleted one's", async () => {
    const owner = await signUp(server.url);
    const read = (token: string, query = "") =>
      call<PageBody>(server.url, `/v1/admin/audit-logs${query}`, { token });
    expect((await read(owner.token)).status).toBe(403);
    const own = await read(platformAdmin.token, "?resource_type=user&limit=1");
    expect(own.body.items).toMatchObject([{ action: "signup", resource_id: owner.userId }]);
    await call(server.url, `/v1/teams/${owner.teamId}`, { token: owner.token, method: "DELETE" });
    const theirs = await read(platformAdmin.token, `?team_id=${owner.teamId}`);
    expect(theirs.body.items.map(({ action }) => action)).toEqual(["delete", "create"]);
    const check = await call<Verification>(
      server.url,
      `/v1/admin/audit-logs/verify?team_id=${owner.teamId}`,
      { token: platformAdmin.token },
    );
    expect(check.body).toEqual({ is_intact: true, broken_seq: null, rows: 2 });
    expect((await read(platformAdmin.token, "?team_id=nonsense")).body.error?.field).toBe("team_id");
  });
});

describe("export", () => {
  test("as JSON lines and as CSV: all rows in order, quoted, formulas disarmed", async () => {
    const owner = await signUp(server.url, '=HYPERLINK("x")');
    const teamId = parseTeamId(owner.teamId) ?? "";
    const actor = { ...SYSTEM, name: '=cmd|" /C calc"!A0' };
    for (let index = 0; index < 1_200; index += 1) {
      await server.database.sql.begin((tx) =>
        record(
          tx,
          memberEvents.added({ teamId, actor, userId: newId(), email: `${index}@x`, role: "member" }),
        ),
      );
    }
    const read = (format: string) =>
      fetch(`${server.url}/v1/audit-logs/export?format=${format}`, {
        headers: { authorization: `Bearer ${owner.token}` },
      });
    const jsonl = await read("jsonl");
    expect(jsonl.headers.get("content-disposition")).toBe('attachment; filename="audit.jsonl"');
    const lines = (await jsonl.text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual(
      Array.from({ length: 1_201 }, (_, index) => 1_201 - index),
    );
    const csv = await read("csv");
    expect(csv.headers.get("content-type")).toStartWith("text/csv");
    const rows = (await csv.text()).trimEnd().split("\r\n");
    expect(rows).toHaveLength(1_202);
    expect(rows[0]).toStartWith("seq,created_at,actor_type");
    expect(rows[1]).toContain(`"'=cmd|"" /C calc""!A0"`);
    expect(rows[1]).toContain('"{""role"":""member"",""email"":""1199@x""}"');
    const wrong = await call(server.url, "/v1/audit-logs/export?format=xml", { token: owner.token });
    expect([wrong.status, wrong.body.error?.field]).toEqual([400, "format"]);
  }, 60_000);
});

const psql = Bun.which("psql");
if (psql === null) console.log("skipped: what psql may do to the trail (there is no psql here)");

describe.skipIf(psql === null)("psql as the server's own role", () => {
  const ask = (statement: string) =>
    Bun.spawnSync([
      psql ?? "",
      server.database.url.replace(/^postgres:\/\/([^@]*)@localhost\//, "postgresql://$1@/"),
      "--no-psqlrc",
      "--command=set role wrenn_server",
      `--command=${statement}`,
    ]);

  test.each([
    ["update audit_logs set action = 'x'", "permission denied for table audit_logs"],
    ["delete from audit_logs", "permission denied for table audit_logs"],
    ["truncate audit_logs", "permission denied for table audit_logs"],
    ["alter table audit_logs disable trigger all", "must be owner of table audit_logs"],
    ["drop table audit_logs", "must be owner of table audit_logs"],
    ["select count(*) from audit_logs", null],
  ])("%s", (statement, refusal) => {
    const { exitCode, stderr } = ask(statement);
    expect([exitCode === 0, stderr.toString()]).toEqual([
      refusal === null,
      refusal === null ? "" : expect.stringContaining(refusal),
    ]);
  });
});

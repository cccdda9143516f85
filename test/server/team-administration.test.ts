/** What platform admins do with teams: see all, let them bring hosts, set limits, hand them over. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { parseTeamId } from "../../proto/ids.ts";
import { call, countBy, createKey, signUp, startTestServer } from "../support/server.ts";
import type { AnyBody, TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";

interface TeamBody extends AnyBody {
  id: string;
  name: string;
  is_byoc: boolean;
  limits: Record<string, number>;
  owner: { user_id: string } | null;
}

let server: TestServer;
let admin: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  admin = await signUp(server.url);
});
afterAll(() => server.stop());

const list = (query = "") =>
  call<{ items: TeamBody[]; next_cursor: string | null }>(server.url, `/v1/admin/teams${query}`, {
    token: admin.token,
  });
const byoc = (id: string, enabled: unknown) =>
  call<TeamBody>(server.url, `/v1/admin/teams/${id}/byoc`, {
    token: admin.token,
    method: "PUT",
    body: { enabled },
  });
const limits = (id: string, body: unknown) =>
  call<TeamBody>(server.url, `/v1/admin/teams/${id}/limits`, { token: admin.token, method: "PUT", body });

const platformTrail = async (teamId: string, action: string) => {
  const rows = await server.database.sql`
    select t.name as chain, a.scope, a.status, a.metadata from audit_logs a join teams t on t.id = a.team_id
    where a.action = ${action} and a.resource_id = ${teamId} order by a.seq`;
  return [...rows];
};

test("are all listed but the platform's, with their owner; found by part of the name", async () => {
  const person = await signUp(server.url, "Xenia 100%");
  const { body } = await list("?search=XENIA");
  expect(body.items).toMatchObject([
    {
      id: person.teamId,
      name: "Xenia 100's Team",
      owner: { user_id: person.userId, name: "Xenia 100%", email: person.email },
      member_count: 1,
      sandbox_count: 0,
      host_count: 0,
    },
  ]);
  expect((await list("?search=%25")).body.items).toEqual([]);
  expect((await list("?search=Platform")).body.items).toEqual([]);
  expect((await list("?limit=1")).body.next_cursor).toBeString();
});

test("hosts of their own: on, off, and not off while there are any", async () => {
  const person = await signUp(server.url);
  expect((await byoc(person.teamId, true)).body.is_byoc).toBe(true);
  await byoc(person.teamId, true);
  const host = await StandInHost.join(server.url, admin.token);
  await server.database.sql`
    update hosts set type = 'byoc', team_id = ${parseTeamId(person.teamId)} where team_id is null`;
  const refused = await byoc(person.teamId, false);
  expect([refused.status, refused.body.error?.code]).toEqual([409, "team_has_hosts"]);
  await server.database.sql`
    update hosts set deleted_at = now() where team_id = ${parseTeamId(person.teamId)}`;
  expect((await byoc(person.teamId, false)).body.is_byoc).toBe(false);
  await host.stop();
  const event = (enabled: boolean) => ({
    chain: "Platform",
    scope: "admin",
    status: "info",
    metadata: { enabled },
  });
  expect(await platformTrail(person.teamId, "set_byoc")).toEqual([event(true), event(false)]);
  expect((await byoc(person.teamId, "yes")).body.error?.field).toBe("enabled");
  expect((await byoc("team-00000000-0000-0000-0000-000000000000", true)).status).toBe(404);
});

test("limits of their own, each met with 429 that names it; null is the instance's again", async () => {
  const person = await signUp(server.url);
  const apiKey = await createKey(server.url, person);
  const host = await StandInHost.join(server.url, admin.token);
  const create = (body: object = {}) =>
    call<AnyBody & { id: string }>(server.url, "/v1/sandboxes", {
      apiKey,
      body: { template: "minimal", ...body },
    });
  expect((await limits(person.teamId, { sandboxes: 2, vcpus: 3, memory_mb: 2048 })).body.limits).toEqual({
    sandboxes: 2,
    vcpus: 3,
    memory_mb: 2048,
  });
  const limitOf = async (answer: ReturnType<typeof create>) => {
    const { status, body } = await answer;
    return [status, body.error?.code, (body.error as Record<string, unknown> | undefined)?.["limit"]];
  };
  expect(await limitOf(create({ vcpus: 4 }))).toEqual([429, "quota_exceeded", "vcpus"]);
  expect(await limitOf(create({ memory_mb: 4096 }))).toEqual([429, "quota_exceeded", "memory_mb"]);
  const answers = await Promise.all([create(), create(), create()]);
  expect(countBy(answers)).toEqual({ 201: 2, 429: 1 });

  await limits(person.teamId, { sandboxes: null, paused_disk_mb: 5120 });
  const [one, two] = answers.filter(({ status }) => status === 201).map(({ body }) => body.id);
  const pause = (id: string | undefined) =>
    call<AnyBody & { id: string }>(server.url, `/v1/sandboxes/${id}/pause`, { apiKey, method: "POST" });
  expect((await pause(one)).status).toBe(200);
  expect(await limitOf(pause(two))).toEqual([429, "quota_exceeded", "paused_disk_mb"]);
  expect((await create()).status).toBe(201);
  // As if timeouts had paused more than the team may have.
  await limits(person.teamId, { paused_disk_mb: 0 });
  expect(await limitOf(create())).toEqual([429, "quota_exceeded", "paused_disk_mb"]);
  await host.stop();
  expect((await platformTrail(person.teamId, "set_limits")).at(-1)).toMatchObject({
    chain: "Platform",
    metadata: { paused_disk_mb: 0 },
  });
});

test.each([
  [{ sandboxes: -1 }, "sandboxes"],
  [{ vcpus: 1.5 }, "vcpus"],
  [{ disks: 3 }, "disks"],
  [{ memory_mb: "many" }, "memory_mb"],
])("refuses the limits %p", async (body, field) => {
  const answer = await limits(admin.teamId, body);
  expect([answer.status, answer.body.error?.field]).toEqual([400, field]);
});

test("a team whose only person is disabled is handed to someone outside it", async () => {
  const gone = await signUp(server.url, "Gone");
  const heir = await signUp(server.url, "Heir");
  await call(server.url, `/v1/admin/users/${gone.userId}`, {
    token: admin.token,
    method: "PUT",
    body: { is_disabled: true },
  });
  const transfer = (user_id: string) =>
    call(server.url, `/v1/teams/${gone.teamId}/transfer`, { token: admin.token, body: { user_id } });
  expect((await transfer("usr-00000000-0000-7000-8000-000000000000")).body.error?.code).toBe(
    "user_not_found",
  );
  expect((await transfer(heir.userId)).status).toBe(204);
  expect((await transfer(gone.userId)).body.error?.code).toBe("user_disabled");
  const rows = await server.database.sql`
    select u.name, m.role from memberships m join users u on u.id = m.user_id
    where m.team_id = ${parseTeamId(gone.teamId)} order by u.name`;
  expect([...rows]).toEqual([
    { name: "Gone", role: "admin" },
    { name: "Heir", role: "owner" },
  ]);
});

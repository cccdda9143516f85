/** Teams over HTTP: found, seen, renamed, handed over, and who may. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { parseTeamId, parseUserId } from "../../proto/ids.ts";
import { addMember, call, signUp, startTestServer } from "../support/server.ts";
import type { AnyBody, SignInBody, TestPerson, TestServer } from "../support/server.ts";

interface TeamBody extends AnyBody {
  id: string;
  name: string;
  slug: string;
  role: string;
  is_default: boolean;
}
interface TeamPage extends AnyBody {
  items: TeamBody[];
  next_cursor: string | null;
}

const QUIRKY = "O'Brien-Ops @ HQ";

let server: TestServer;
let platformAdmin: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  platformAdmin = await signUp(server.url);
});
afterAll(() => server.stop());

const found = (token: string, name: unknown) =>
  call<TeamBody>(server.url, "/v1/teams", { token, body: { name } });
const get = (token: string, id: string) => call<TeamBody>(server.url, `/v1/teams/${id}`, { token });
const list = (token: string, query = "") => call<TeamPage>(server.url, `/v1/teams${query}`, { token });
const rename = (token: string, id: string, name: unknown) =>
  call<TeamBody>(server.url, `/v1/teams/${id}`, { token, method: "PATCH", body: { name } });
const transfer = (token: string, id: string, user_id: string) =>
  call(server.url, `/v1/teams/${id}/transfer`, { token, body: { user_id } });

const rolesIn = async (teamId: string): Promise<Record<string, string>> => {
  const rows = await server.database.sql`
    select u.name, m.role from memberships m join users u on u.id = m.user_id
    where m.team_id = ${parseTeamId(teamId)}`;
  return Object.fromEntries(rows.map(({ name, role }) => [String(name), String(role)]));
};

describe("found and see", () => {
  test("a quirky name works everywhere; the founder is its owner; the trail begins with it", async () => {
    const person = await signUp(server.url);
    const made = await found(person.token, `  ${QUIRKY} `);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: QUIRKY, role: "owner", is_default: false, is_byoc: false });
    expect(made.body.slug).toMatch(/^[0-9a-f]{6}-[0-9a-f]{6}$/);
    expect((await get(person.token, made.body.id)).body).toEqual(made.body);
    expect((await list(person.token)).body.items.map(({ name }) => name)).toEqual([QUIRKY, "Ada's Team"]);
    const renamed = await rename(person.token, made.body.id, `${QUIRKY}2`);
    expect(renamed.body).toMatchObject({ name: `${QUIRKY}2`, slug: made.body.slug });
    const { body } = await call<SignInBody>(server.url, "/v1/auth/switch-team", {
      token: person.token,
      body: { team_id: made.body.id },
    });
    const audit = await call<TeamPage>(server.url, "/v1/audit-logs", { token: body.token });
    expect(audit.body.items).toMatchObject([
      { action: "rename", metadata: { old_name: QUIRKY, new_name: `${QUIRKY}2` } },
      { action: "create", resource_type: "team", resource_id: made.body.id },
    ]);
  });

  test.each([
    ["a\nb", "pattern"],
    ["x".repeat(129), "max_length"],
    ["   ", "min_length"],
    ["", "min_length"],
    ["<b>", "pattern"],
    ["😀", "pattern"],
    [7, "type"],
    [undefined, "required"],
  ])("refuses the name %p by %s, also as a new name", async (name, rule) => {
    const { token, teamId } = platformAdmin;
    for (const answer of [await found(token, name), await rename(token, teamId, name)]) {
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatchObject({ code: "invalid_request", field: "name", rule });
    }
  });

  test("lists in pages, without deleted teams and those of others", async () => {
    const person = await signUp(server.url);
    for (const name of ["b", "c", "d"]) await found(person.token, name);
    const gone = await found(person.token, "gone");
    await server.database.sql`
      update teams set deleted_at = now() where id = ${parseTeamId(gone.body.id)}`;
    const first = await list(person.token, "?limit=3");
    const second = await list(person.token, `?limit=3&cursor=${first.body.next_cursor}`);
    const names = [first, second].flatMap(({ body }) => body.items.map(({ name }) => name));
    expect(names).toEqual(["d", "c", "b", "Ada's Team"]);
    expect(second.body.next_cursor).toBeNull();
  });

  test("twenty are enough for one owner, however many are asked for at once", async () => {
    const person = await signUp(server.url);
    const answers = await Promise.all(Array.from({ length: 25 }, (_, i) => found(person.token, `t${i}`)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(19);
    const refused = answers.find(({ status }) => status !== 201);
    expect(refused?.status).toBe(429);
    expect(refused?.body.error).toMatchObject({ code: "quota_exceeded", limit: "teams", max: 20 });
  });

  test("a stranger: 403, of the platform's too; no such team: 404; another kind of id: 400", async () => {
    const person = await signUp(server.url);
    for (const id of [platformAdmin.teamId, "team-00000000-0000-0000-0000-000000000000"]) {
      const refused = await get(person.token, id);
      expect([refused.status, refused.body.error?.code]).toEqual([403, "not_a_member"]);
    }
    const missing = await get(person.token, "team-00000000-0000-7000-8000-000000000000");
    expect([missing.status, missing.body.error?.code]).toEqual([404, "team_not_found"]);
    const wrong = await get(person.token, person.userId);
    expect([wrong.status, wrong.body.error?.field]).toEqual([400, "id"]);
  });
});

test("rename is for owner and admin; the same name again leaves no trace", async () => {
  const owner = await signUp(server.url);
  const [admin, member] = [await addMember(server.url, owner, "admin"), await addMember(server.url, owner)];
  expect((await rename(admin.token, owner.teamId, "By the admin")).status).toBe(200);
  const refused = await rename(member.token, owner.teamId, "By the member");
  expect([refused.status, refused.body.error?.code]).toEqual([403, "role_required"]);
  await rename(owner.token, owner.teamId, "By the admin");
  const rows = await server.database.sql`
    select actor_id from audit_logs where action = 'rename' and resource_id = ${owner.teamId}`;
  expect([...rows]).toEqual([{ actor_id: admin.userId }]);
});

describe("hand over", () => {
  test("by the owner, to a member; the owner so far stays as an admin", async () => {
    const owner = await signUp(server.url, "First");
    const heir = await addMember(server.url, owner);
    expect((await transfer(owner.token, owner.teamId, heir.userId)).status).toBe(204);
    expect(await rolesIn(owner.teamId)).toEqual({ First: "admin", "The member": "owner" });
    // What the old token says of its role is of no account.
    expect((await transfer(owner.token, owner.teamId, owner.userId)).status).toBe(403);
    const [row] = await server.database.sql`
      select scope, status, metadata from audit_logs
      where action = 'transfer_ownership' and resource_id = ${owner.teamId}`;
    expect(row).toEqual({ scope: "admin", status: "info", metadata: { new_owner: heir.userId } });
  });

  test("an admin and a member may not, a stranger even less; a platform admin may", async () => {
    const owner = await signUp(server.url, "First");
    const admin = await addMember(server.url, owner, "admin");
    const member = await addMember(server.url, owner);
    for (const person of [admin, member]) {
      const refused = await transfer(person.token, owner.teamId, person.userId);
      expect([refused.status, refused.body.error?.code]).toEqual([403, "role_required"]);
    }
    const stranger = await signUp(server.url);
    expect((await transfer(stranger.token, owner.teamId, stranger.userId)).body.error?.code).toBe(
      "not_a_member",
    );
    expect((await transfer(platformAdmin.token, owner.teamId, admin.userId)).status).toBe(204);
    expect(await rolesIn(owner.teamId)).toMatchObject({ First: "admin", "The admin": "owner" });
    const platform = await transfer(
      platformAdmin.token,
      "team-00000000-0000-0000-0000-000000000000",
      platformAdmin.userId,
    );
    expect([platform.status, platform.body.error?.code]).toEqual([404, "team_not_found"]);
  });

  test("not to someone outside, nor to a disabled account", async () => {
    const owner = await signUp(server.url);
    const stranger = await signUp(server.url);
    expect((await transfer(owner.token, owner.teamId, stranger.userId)).body.error?.code).toBe(
      "member_not_found",
    );
    const member = await addMember(server.url, owner);
    await server.database.sql`
      update users set disabled_at = now() where id = ${parseUserId(member.userId)}`;
    const refused = await transfer(owner.token, owner.teamId, member.userId);
    expect([refused.status, refused.body.error?.code]).toEqual([409, "user_disabled"]);
  });

  test("ten at once to ten people: one owner at the end, and a line for each that came about", async () => {
    const owner = await signUp(server.url);
    const heirs = await Promise.all(Array.from({ length: 10 }, () => addMember(server.url, owner)));
    await Promise.all(heirs.map(({ userId }) => transfer(owner.token, owner.teamId, userId)));
    const rows = await server.database.sql`
      select role, count(*)::int as count from memberships
      where team_id = ${parseTeamId(owner.teamId)} group by role order by role`;
    expect([...rows]).toEqual([
      { role: "admin", count: 1 },
      { role: "member", count: 9 },
      { role: "owner", count: 1 },
    ]);
    const [trail] = await server.database.sql`
      select count(*)::int as count from audit_logs
      where action = 'transfer_ownership' and resource_id = ${owner.teamId}`;
    expect(trail?.["count"]).toBe(1);
  });
});

describe("the default team", () => {
  const setDefault = (token: string, team_id: string) =>
    call(server.url, "/v1/me/default-team", { token, method: "PUT", body: { team_id } });
  const logIn = ({ email, password }: TestPerson) =>
    call<SignInBody>(server.url, "/v1/auth/login", { body: { email, password } });

  test("a sign-in starts in it, else in the earliest joined live one, else in none", async () => {
    const person = await signUp(server.url);
    const second = await found(person.token, "Second");
    const third = await found(person.token, "Third");
    expect((await logIn(person)).body.team_id).toBe(person.teamId);
    expect((await setDefault(person.token, third.body.id)).status).toBe(204);
    expect((await logIn(person)).body).toMatchObject({ team_id: third.body.id, role: "owner" });
    const end = (id: string) => server.database.sql`
      update teams set deleted_at = now() where id = ${parseTeamId(id)}`;
    await end(third.body.id);
    await end(person.teamId);
    expect((await logIn(person)).body.team_id).toBe(second.body.id);
    await end(second.body.id);
    const none = await logIn(person);
    expect(none.body).toMatchObject({ team_id: null, role: null });
    const refused = await call(server.url, "/v1/sandboxes", {
      token: none.body.token,
      body: { template: "minimal" },
    });
    expect([refused.status, refused.body.error?.code]).toEqual([403, "no_team"]);
  });

  test("must be one's own; of twenty at once one wins and none fails", async () => {
    const person = await signUp(server.url);
    expect((await setDefault(person.token, platformAdmin.teamId)).status).toBe(403);
    const teams = await Promise.all(["a", "b", "c"].map((name) => found(person.token, name)));
    const wishes = Array.from({ length: 20 }, (_, i) => teams[i % 3]?.body.id ?? "");
    const answers = await Promise.all(wishes.map((id) => setDefault(person.token, id)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
    const rows = await server.database.sql`
      select 1 from memberships where user_id = ${parseUserId(person.userId)} and is_default`;
    expect(rows).toHaveLength(1);
  });
});

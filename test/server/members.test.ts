/** A team's people over HTTP: added, changed, removed, gone; every role against every other. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { parseTeamId, parseUserId } from "../../proto/ids.ts";
import {
  addMember,
  call,
  countBy,
  createKey,
  signUp,
  startTestServer,
  switchTeam,
} from "../support/server.ts";
import type { AnyBody, TestPerson, TestServer } from "../support/server.ts";

interface MemberBody extends AnyBody {
  user_id: string;
  email: string;
  name: string;
  role: string;
}

let server: TestServer;
let owner: TestPerson;
let admin: TestPerson;
let member: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  owner = await signUp(server.url, "The owner");
  admin = await addMember(server.url, owner, "admin");
  member = await addMember(server.url, owner);
});
afterAll(() => server.stop());

const path = (teamId = owner.teamId) => `/v1/teams/${teamId}/members`;
const list = (token: string, query = "") =>
  call<{ items: MemberBody[]; next_cursor: string | null }>(server.url, `${path()}${query}`, { token });
const add = (token: string, body: unknown, teamId?: string) =>
  call<MemberBody>(server.url, path(teamId), { token, body });
const setRole = (token: string, userId: string, role: string) =>
  call<MemberBody>(server.url, `${path()}/${userId}`, { token, method: "PATCH", body: { role } });
const remove = (token: string, userId: string, teamId?: string) =>
  call(server.url, `${path(teamId)}/${userId}`, { token, method: "DELETE" });
const leave = (token: string, teamId = owner.teamId) =>
  call(server.url, `/v1/teams/${teamId}/leave`, { token, method: "POST" });

const trailOf = async (userId: string) => {
  const rows = await server.database.sql`
    select action, scope, status, metadata from audit_logs
    where resource_type = 'member' and resource_id = ${userId} order by seq`;
  return [...rows];
};

test("every member sees all, name and address apart, in pages", async () => {
  for (const { token } of [owner, admin, member]) {
    const first = await list(token, "?limit=2");
    const second = await list(token, `?limit=2&cursor=${first.body.next_cursor}`);
    const seen = [...first.body.items, ...second.body.items].slice(0, 3);
    expect(seen).toMatchObject([
      { user_id: owner.userId, name: "The owner", email: owner.email, role: "owner" },
      { user_id: admin.userId, name: "The admin", email: admin.email, role: "admin" },
      { user_id: member.userId, name: "The member", email: member.email, role: "member" },
    ]);
  }
});

describe("add", () => {
  test("by owner and admin, in any case of the address, as member unless said otherwise", async () => {
    const [a, b] = [await signUp(server.url), await signUp(server.url)];
    const added = await add(owner.token, { email: ` ${a.email.toUpperCase()} ` });
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({ user_id: a.userId, email: a.email, role: "member" });
    expect((await add(admin.token, { email: b.email, role: "admin" })).body.role).toBe("admin");
    expect(await trailOf(b.userId)).toEqual([
      { action: "add", scope: "admin", status: "success", metadata: { email: b.email, role: "admin" } },
    ]);
  });

  test("refusals", async () => {
    const { email } = await signUp(server.url);
    const refused = async (token: string, body: unknown) => {
      const { status, body: answer } = await add(token, body);
      return [status, answer.error?.code, answer.error?.field];
    };
    expect(await refused(member.token, { email })).toEqual([403, "role_required", undefined]);
    expect(await refused(owner.token, { email: member.email })).toEqual([409, "already_member", undefined]);
    expect(await refused(owner.token, { email: "nobody@example.com" })).toEqual([
      404,
      "user_not_found",
      undefined,
    ]);
    expect(await refused(owner.token, { email, role: "owner" })).toEqual([400, "invalid_request", "role"]);
    expect(await refused(owner.token, {})).toEqual([400, "invalid_request", "email"]);
    const disabled = await signUp(server.url);
    await server.database.sql`
      update users set disabled_at = now() where id = ${parseUserId(disabled.userId)}`;
    expect(await refused(owner.token, { email: disabled.email })).toEqual([404, "user_not_found", undefined]);
  });

  test("twenty at once of one person: one membership, one line in the trail", async () => {
    const { email, userId } = await signUp(server.url);
    const answers = await Promise.all(Array.from({ length: 20 }, () => add(owner.token, { email })));
    expect(countBy(answers)).toEqual({ 201: 1, 409: 19 });
    expect(await trailOf(userId)).toHaveLength(1);
  });
});

describe("roles", () => {
  test("owner and admin change those of others, and their effect is immediate", async () => {
    const person = await addMember(server.url, owner);
    const rename = () =>
      call(server.url, `/v1/teams/${owner.teamId}`, {
        token: person.token,
        method: "PATCH",
        body: { name: "Renamed" },
      });
    expect((await rename()).status).toBe(403);
    expect((await setRole(admin.token, person.userId, "admin")).body.role).toBe("admin");
    expect((await rename()).status).toBe(200);
    expect((await setRole(owner.token, person.userId, "member")).status).toBe(200);
    expect((await rename()).status).toBe(403);
    expect((await trailOf(person.userId)).slice(1)).toEqual([
      { action: "role_update", scope: "admin", status: "info", metadata: { new_role: "admin" } },
      { action: "role_update", scope: "admin", status: "info", metadata: { new_role: "member" } },
    ]);
  });

  test("the owner's is protected, a member may change none, and there is no other role", async () => {
    const code = async (answer: ReturnType<typeof setRole>) => {
      const { status, body } = await answer;
      return [status, body.error?.code];
    };
    expect(await code(setRole(admin.token, owner.userId, "member"))).toEqual([409, "owner_protected"]);
    expect(await code(setRole(owner.token, owner.userId, "admin"))).toEqual([409, "owner_protected"]);
    expect(await code(setRole(member.token, admin.userId, "member"))).toEqual([403, "role_required"]);
    expect(await code(setRole(owner.token, member.userId, "owner"))).toEqual([400, "invalid_request"]);
    const stranger = await signUp(server.url);
    expect(await code(setRole(owner.token, stranger.userId, "admin"))).toEqual([404, "member_not_found"]);
    expect(await code(setRole(owner.token, owner.teamId, "admin"))).toEqual([400, "invalid_request"]);
  });

  test("two admins who demote each other at once: never both without a trace of it", async () => {
    const [a, b] = [await addMember(server.url, owner, "admin"), await addMember(server.url, owner, "admin")];
    const answers = await Promise.all([
      setRole(a.token, b.userId, "member"),
      setRole(b.token, a.userId, "member"),
    ]);
    // Whoever came second was no admin any more.
    expect(countBy(answers)).toEqual({ 200: 1, 403: 1 });
  });
});

describe("remove and leave", () => {
  test("a removed member is out at once, and the keys it made end for good", async () => {
    const person = await addMember(server.url, owner);
    const apiKey = await createKey(server.url, person);
    const reads = async () => [
      (await call(server.url, "/v1/sandboxes", { apiKey })).status,
      (await call(server.url, "/v1/sandboxes", { token: person.token })).status,
      (await call(server.url, path(), { token: person.token })).status,
    ];
    expect(await reads()).toEqual([200, 200, 200]);
    expect((await remove(admin.token, person.userId)).status).toBe(204);
    expect(await reads()).toEqual([401, 403, 403]);
    expect((await trailOf(person.userId)).at(-1)).toEqual({
      action: "remove",
      scope: "admin",
      status: "warning",
      metadata: { email: person.email, keys_revoked: 1 },
    });
    await add(owner.token, { email: person.email });
    expect(await reads()).toEqual([401, 200, 200]);
  });

  test("an admin may remove an admin; a member nobody; nobody the owner", async () => {
    const other = await addMember(server.url, owner, "admin");
    expect((await remove(member.token, other.userId)).body.error?.code).toBe("role_required");
    expect((await remove(admin.token, owner.userId)).body.error?.code).toBe("owner_protected");
    expect((await remove(admin.token, other.userId)).status).toBe(204);
    expect((await remove(admin.token, other.userId)).body.error?.code).toBe("member_not_found");
  });

  test("admins and members leave; the owner does not", async () => {
    for (const role of ["admin", "member"] as const) {
      const person = await addMember(server.url, owner, role);
      expect((await leave(person.token)).status).toBe(204);
      expect((await leave(person.token)).body.error?.code).toBe("not_a_member");
      expect((await trailOf(person.userId)).at(-1)).toMatchObject({ action: "leave", status: "info" });
    }
    const refused = await leave(owner.token);
    expect([refused.status, refused.body.error?.code]).toEqual([409, "owner_protected"]);
  });

  test("removed and made owner at the same time: never a team without an owner", async () => {
    for (let round = 0; round < 5; round += 1) {
      const founder = await signUp(server.url);
      const heir = await addMember(server.url, founder);
      await Promise.all([
        remove(founder.token, heir.userId, founder.teamId),
        call(server.url, `/v1/teams/${founder.teamId}/transfer`, {
          token: founder.token,
          body: { user_id: heir.userId },
        }),
        leave(heir.token, founder.teamId),
      ]);
      const rows = await server.database.sql`
        select 1 from memberships where team_id = ${parseTeamId(founder.teamId)} and role = 'owner'`;
      expect(rows).toHaveLength(1);
    }
  });
});

describe("search", () => {
  const search = (email: string, token = member.token) =>
    call<{ items: { id: string; email: string }[] }>(
      server.url,
      `/v1/users/search?email=${encodeURIComponent(email)}`,
      { token },
    );
  const emails = async (text: string) => (await search(text)).body.items.map(({ email }) => email);

  beforeAll(async () => {
    const { sql } = server.database;
    const rows = [
      "per%cent@example.com",
      "under_score@example.com",
      "underxscore@example.com",
      "back\\slash@example.com",
      "gone@example.com",
      ...Array.from({ length: 12 }, (_, index) => `many@${String(index).padStart(2, "0")}.example.com`),
    ].map((email) => ({
      id: crypto.randomUUID(),
      email,
      name: "x",
      disabled_at: email === "gone@example.com" ? new Date() : null,
    }));
    await sql`insert into users ${sql(rows)}`;
  });

  test.each([
    ["per%cent@", ["per%cent@example.com"]],
    ["PER%Cent@EXAMPLE", ["per%cent@example.com"]],
    ["%@example.com", []],
    ["%@%", []],
    ["_nder_score@", []],
    ["under_score@", ["under_score@example.com"]],
    ["back\\slash@", ["back\\slash@example.com"]],
    ["per\\%cent@", []],
    ["back\\\\slash@", []],
    ["gone@", []],
    ["ädam@", []],
    ["many@😀", []],
    ["'; --@x", []],
    ["@example.com", []],
  ])("%p finds %p", async (text, expected) => expect(await emails(text)).toEqual(expected));

  test("at most ten, in order, with no more than id and address", async () => {
    const { body } = await search("many@");
    expect(body.items).toHaveLength(10);
    expect(body.items[0]).toEqual({ id: expect.stringMatching(/^usr-/), email: "many@00.example.com" });
  });

  test.each([
    ["a@", "min_length"],
    ["", "min_length"],
    ["many", "at_sign"],
    ["%%%", "at_sign"],
  ])("refuses %p by %s", async (text, rule) => {
    const { status, body } = await search(text);
    expect(status).toBe(400);
    expect((body as AnyBody).error).toMatchObject({ field: "email", rule });
  });

  test("a key may not search", async () => {
    const apiKey = await createKey(server.url, owner);
    expect((await call(server.url, "/v1/users/search?email=many@", { apiKey })).status).toBe(401);
  });
});

test("a switch of teams reads membership, name and administration anew", async () => {
  const person = await addMember(server.url, owner);
  await call(server.url, "/v1/me", { token: person.token, method: "PATCH", body: { name: "New Name" } });
  await server.database.sql`update users set is_admin = true where id = ${parseUserId(person.userId)}`;
  await setRole(owner.token, person.userId, "admin");
  const token = await switchTeam(server.url, person.token, owner.teamId);
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  expect(claims).toMatchObject({ name: "New Name", is_admin: true, role: "admin" });
  await remove(owner.token, person.userId);
  expect(switchTeam(server.url, token, owner.teamId)).rejects.toThrow("not_a_member");
});

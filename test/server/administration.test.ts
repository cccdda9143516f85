/** What platform admins do: accounts, links, teams, limits. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { parseTeamId } from "../../proto/ids.ts";
import { call, countBy, createKey, signUp, startTestServer } from "../support/server.ts";
import type { AnyBody, SignInBody, TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";

interface UserBody extends AnyBody {
  id: string;
  email: string;
  is_admin: boolean;
  is_disabled: boolean;
  has_password: boolean;
  team_count: number;
}
interface LinkBody extends AnyBody {
  url: string;
  token: string;
  expires_at: string;
}
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
  server = await startTestServer({ WRENN_PUBLIC_URL: "https://wrenn.example.com" });
  admin = await signUp(server.url);
});
afterAll(() => server.stop());

const newEmail = () => `${crypto.randomUUID()}@example.com`;

const addUser = (body: unknown, token = admin.token) =>
  call<AnyBody & { user: UserBody; link: LinkBody }>(server.url, "/v1/admin/users", { token, body });
const update = (id: string, body: unknown, token = admin.token) =>
  call<UserBody>(server.url, `/v1/admin/users/${id}`, { token, method: "PUT", body });
const resetLink = (id: string, token = admin.token) =>
  call<LinkBody>(server.url, `/v1/admin/users/${id}/reset-link`, { token, method: "POST" });
const setPassword = (token: string, password = "a fine long sentence") =>
  call(server.url, "/v1/auth/set-password", { body: { token, password } });
const logIn = (email: string, password = "a fine long sentence") =>
  call<SignInBody>(server.url, "/v1/auth/login", { body: { email, password } });
const me = (token: string) => call(server.url, "/v1/me", { token });

const trailOf = async (userId: string) => {
  const rows = await server.database.sql`
    select action, actor_id from audit_logs
    where resource_type = 'user' and resource_id = ${userId} and action <> 'login_failed' order by seq`;
  return rows.map(({ action, actor_id }) => [action, actor_id]);
};

describe("accounts", () => {
  test("made by an admin: no password until the link is used, then a team and a sign-in", async () => {
    const email = newEmail();
    const made = await addUser({ email: email.toUpperCase(), name: " Grace " });
    expect(made.status).toBe(201);
    const { user, link } = made.body;
    expect(user).toMatchObject({ email, name: "Grace", is_admin: false, has_password: false, team_count: 1 });
    expect(link.url).toBe(`https://wrenn.example.com/set-password#${link.token}`);
    const hours = (new Date(link.expires_at).getTime() - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThanOrEqual(24);
    expect((await logIn(email)).status).toBe(401);
    expect((await setPassword(link.token)).status).toBe(204);
    const answer = await logIn(email);
    expect(answer.body).toMatchObject({ user_id: user.id, role: "owner", is_admin: false });
    expect(await trailOf(user.id)).toEqual([
      ["signup", admin.userId],
      ["password_change", user.id],
      ["login", user.id],
    ]);
    const again = await addUser({ email, name: "x" });
    expect([again.status, again.body.error?.code]).toEqual([409, "email_taken"]);
  });

  test("listed by the beginning of the address, in pages", async () => {
    const mark = crypto.randomUUID();
    for (const index of [0, 1, 2]) await addUser({ email: `${mark}-${index}@example.com`, name: "x" });
    const list = (query: string) =>
      call<{ items: UserBody[]; next_cursor: string | null }>(server.url, `/v1/admin/users?${query}`, {
        token: admin.token,
      });
    const first = await list(`limit=2&email=${mark.toUpperCase()}`);
    const second = await list(`limit=2&email=${mark}&cursor=${first.body.next_cursor}`);
    const emails = [first, second].flatMap(({ body }) => body.items.map(({ email }) => email));
    expect(emails).toEqual([2, 1, 0].map((index) => `${mark}-${index}@example.com`));
    expect((await list("email=%25")).body.items).toEqual([]);
  });

  test("disabled: sessions, keys and links stop at once; enabled again: keys work, sessions do not", async () => {
    const person = await signUp(server.url);
    const apiKey = await createKey(server.url, person);
    const { body: link } = await resetLink(person.userId);
    const read = async () => (await call(server.url, "/v1/sandboxes", { apiKey })).status;
    expect((await update(person.userId, { is_disabled: true })).body.is_disabled).toBe(true);
    expect([(await me(person.token)).status, await read()]).toEqual([401, 401]);
    expect((await setPassword(link.token)).status).toBe(401);
    expect((await logIn(person.email, person.password)).body.error?.code).toBe("account_disabled");
    expect((await resetLink(person.userId)).body.error?.code).toBe("user_disabled");
    expect((await update(person.userId, { is_disabled: false })).body.is_disabled).toBe(false);
    expect([(await me(person.token)).status, await read()]).toEqual([401, 200]);
    expect((await logIn(person.email, person.password)).status).toBe(200);
    const actions = (await trailOf(person.userId)).map(([action]) => action);
    expect(actions).toEqual(expect.arrayContaining(["reset_link", "disable", "enable"]));
  });

  test("administration is granted and revoked, with effect at once", async () => {
    const person = await signUp(server.url);
    expect((await addUser({ email: newEmail(), name: "x" }, person.token)).body.error?.code).toBe(
      "admin_only",
    );
    await update(person.userId, { is_admin: true, name: "Boss" });
    expect((await addUser({ email: newEmail(), name: "x" }, person.token)).status).toBe(201);
    await update(person.userId, { is_admin: false });
    expect((await addUser({ email: newEmail(), name: "x" }, person.token)).status).toBe(403);
    const actions = (await trailOf(person.userId)).map(([action]) => action);
    expect(actions).toEqual(["signup", "admin_grant", "admin_revoke"]);
  });

  test("the last admin who can act stays one; two who end each other: one is left", async () => {
    for (const change of [{ is_admin: false }, { is_disabled: true }]) {
      const refused = await update(admin.userId, change);
      expect([refused.status, refused.body.error?.code]).toEqual([409, "last_admin"]);
    }
    for (let round = 0; round < 5; round += 1) {
      const other = await signUp(server.url);
      await update(other.userId, { is_admin: true });
      const answers = await Promise.all([
        update(other.userId, { is_admin: false }, admin.token),
        update(admin.userId, { is_admin: false }, other.token),
      ]);
      const rows = await server.database.sql`select email from users where is_admin and disabled_at is null`;
      expect(rows).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      if (rows[0]?.["email"] !== admin.email) await update(admin.userId, { is_admin: true }, other.token);
      await update(other.userId, { is_admin: false });
    }
  });

  test.each([
    [{ email: "nobody", name: "x" }, "email"],
    [{ email: "a@b.c", name: " \n" }, "name"],
    [{ email: "a@b.c" }, "name"],
    [{ email: "a@b.c", name: "x", password: "y" }, "password"],
  ])("refuses %p", async (body, field) => {
    const answer = await addUser(body);
    expect([answer.status, answer.body.error?.field]).toEqual([400, field]);
  });

  test("an account that is not there: 404; another kind of id: 400", async () => {
    const id = "usr-00000000-0000-7000-8000-000000000000";
    expect((await update(id, { is_admin: true })).body.error?.code).toBe("user_not_found");
    expect((await resetLink(id)).body.error?.code).toBe("user_not_found");
    expect((await update(admin.teamId, {})).body.error?.field).toBe("id");
  });
});

describe("one-time links", () => {
  test("fifty at once: one password is set, and the winner's", async () => {
    const person = await signUp(server.url);
    const { body: link } = await resetLink(person.userId);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => setPassword(link.token, `new sentence ${index}`)),
    );
    const winners = answers.flatMap(({ status }, index) => (status === 204 ? [index] : []));
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(49);
    expect((await logIn(person.email, `new sentence ${winners[0]}`)).status).toBe(200);
    expect((await me(person.token)).status).toBe(401);
  }, 30_000);

  test("a newer one ends the older; a password that is refused uses nothing up", async () => {
    const person = await signUp(server.url);
    const [first, second] = [await resetLink(person.userId), await resetLink(person.userId)];
    expect((await setPassword(first.body.token)).body.error?.code).toBe("invalid_link");
    const weak = await setPassword(second.body.token, "Password123");
    expect([weak.status, weak.body.error?.rule]).toEqual([400, "common_password"]);
    expect((await setPassword(second.body.token, person.email)).body.error?.rule).toBe("common_password");
    expect((await setPassword(second.body.token)).status).toBe(204);
  });

  test("expired, unknown and malformed ones", async () => {
    const person = await signUp(server.url);
    const { body: link } = await resetLink(person.userId);
    await server.database.sql`update one_time_links set expires_at = now() where used_at is null`;
    expect((await setPassword(link.token)).body.error?.code).toBe("invalid_link");
    expect((await setPassword("0".repeat(64))).body.error?.code).toBe("invalid_link");
    expect((await setPassword("x")).body.error?.field).toBe("token");
    const rows = await server.database.sql`select token_hash from one_time_links`;
    expect(JSON.stringify(rows)).not.toContain(link.token);
  });

  test("a changed password ends a link that is still about", async () => {
    const person = await signUp(server.url);
    const { body: link } = await resetLink(person.userId);
    await call(server.url, "/v1/me/password", {
      token: person.token,
      body: { current_password: person.password, new_password: "a new long sentence" },
    });
    expect((await setPassword(link.token)).body.error?.code).toBe("invalid_link");
  });
});

describe("teams", () => {
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
});

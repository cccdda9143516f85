/** What platform admins do with accounts: make them, change them, hand out links. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { resetPassword } from "../../server/admin/operations.ts";
import { call, createKey, signUp, startTestServer } from "../support/server.ts";
import type { AnyBody, SignInBody, TestPerson, TestServer } from "../support/server.ts";

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

  test("an admin who cannot sign in yet does not count as another", async () => {
    const { body } = await addUser({ email: newEmail(), name: "Second", is_admin: true });
    const refused = await update(admin.userId, { is_admin: false });
    expect([refused.status, refused.body.error?.code]).toEqual([409, "last_admin"]);
    await update(body.user.id, { is_admin: false });
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

  test("a changed password ends a link that is still about, also one changed by the operator", async () => {
    const person = await signUp(server.url);
    const first = await resetLink(person.userId);
    await call(server.url, "/v1/me/password", {
      token: person.token,
      body: { current_password: person.password, new_password: "a new long sentence" },
    });
    expect((await setPassword(first.body.token)).body.error?.code).toBe("invalid_link");
    const second = await resetLink(person.userId);
    await resetPassword(server.database.sql, person.email);
    expect((await setPassword(second.body.token)).body.error?.code).toBe("invalid_link");
  });
});

/** Sign-up: the first account, who else may, and hundred at once. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { formatTeamId } from "../../proto/ids.ts";
import { call, signUp, startTestServer } from "../support/server.ts";
import type { SignInBody, TestServer } from "../support/server.ts";

const request = (email: string, extra: Record<string, unknown> = {}) => ({
  body: { email, password: "a fine long sentence", name: "Zoë", ...extra },
});

const withServer = async (
  env: Record<string, string>,
  work: (server: TestServer) => Promise<void>,
): Promise<void> => {
  const server = await startTestServer(env);
  try {
    await work(server);
  } finally {
    await server.stop();
  }
};

describe("on loopback", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  test("a hundred at once with one address make one account, one team, one administrator", async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => call(server.url, "/v1/auth/signup", request("Race@Example.com"))),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(99);
    const { sql } = server.database;
    const users = await sql`select email, is_admin from users`;
    expect([...users]).toEqual([{ email: "race@example.com", is_admin: true }]);
    const teams = await sql`select name, slug from teams where name <> 'Platform'`;
    expect([...teams]).toEqual([
      { name: "Zoë's Team", slug: expect.stringMatching(/^[0-9a-f]{6}-[0-9a-f]{6}$/) },
    ]);
  }, 30_000);

  test(
    "a hundred at once with an address each, on a new server: one administrator",
    () =>
      withServer({}, async ({ url, database }) => {
        const answers = await Promise.all(
          Array.from({ length: 100 }, (_, index) =>
            call(url, "/v1/auth/signup", request(`person-${index}@example.com`)),
          ),
        );
        expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
        expect(answers.filter(({ body }) => body["is_admin"] === true)).toHaveLength(1);
        const [row] = await database.sql`
        select count(*)::int as people, count(*) filter (where is_admin)::int as admins from users`;
        expect(row).toEqual({ people: 100, admins: 1 });
      }),
    60_000,
  );

  test("the answer, the team's role and the audit rows fit together", async () => {
    const answer = await call<SignInBody>(
      server.url,
      "/v1/auth/signup",
      request("second@example.com", { name: "<>!" }),
    );
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      email: "second@example.com",
      name: "<>!",
      role: "owner",
      is_admin: false,
    });
    const cookie = answer.headers.get("set-cookie") ?? "";
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("SameSite=Strict");
    expect(cookie).toContain("Path=/v1/auth");
    expect(cookie).not.toContain("Secure");
    const rows = await server.database.sql`
      select a.resource_type, a.action, a.resource_id, t.name as team from audit_logs a
      join teams t on t.id = a.team_id
      where a.actor_id = ${answer.body.user_id} order by a.created_at, a.resource_type`;
    expect([...rows]).toEqual([
      { resource_type: "team", action: "create", resource_id: answer.body.team_id, team: "My Team" },
      { resource_type: "user", action: "signup", resource_id: answer.body.user_id, team: "Platform" },
    ]);
  });

  test.each([
    ["not-an-address", {}, "email", "pattern"],
    ["a@b.c", { password: "short" }, "password", "min_length"],
    ["a@b.c", { password: "Password123" }, "password", "common_password"],
    ["a@b.c", { password: "x".repeat(129) }, "password", "max_length"],
    ["a@b.c", { name: "" }, "name", "min_length"],
    ["a@b.c", { name: " \u0000 " }, "name", "pattern"],
    ["a@b.c", { name: undefined }, "name", "required"],
    ["a@b.c", { is_admin: true }, "is_admin", "unknown_field"],
    ["a@b.c", { name: 7 }, "name", "type"],
  ])("refuses %p with %p", async (email, extra, field, rule) => {
    const answer = await call(server.url, "/v1/auth/signup", request(email, extra));
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: "invalid_request", field, rule });
  });
});

test("a reachable server wants the set-up code for the first account, and is closed after it", () =>
  withServer({ WRENN_LISTEN: "0.0.0.0:0" }, async ({ server, url: anyUrl }) => {
    const url = anyUrl.replace("0.0.0.0", "127.0.0.1");
    const without = await call(url, "/v1/auth/signup", request("a@example.com"));
    expect([without.status, without.body.error?.code]).toEqual([403, "setup_code_required"]);
    const wrong = await call(url, "/v1/auth/signup", request("a@example.com", { setup_code: "0" }));
    expect([wrong.status, wrong.body.error?.code]).toEqual([403, "setup_code_wrong"]);
    const { setupCode } = server.services.settings;
    const right = await call(url, "/v1/auth/signup", request("a@example.com", { setup_code: setupCode }));
    expect([right.status, right.body["is_admin"]]).toEqual([201, true]);
    const next = await call(url, "/v1/auth/signup", request("b@example.com", { setup_code: setupCode }));
    expect([next.status, next.body.error?.code]).toEqual([403, "signup_closed"]);
  }));

test("domains", () =>
  withServer({ WRENN_SIGNUP: "domains:example.com" }, async ({ url }) => {
    await signUp(url);
    const other = await call(url, "/v1/auth/signup", request("a@example.org"));
    expect([other.status, other.body.error?.code]).toEqual([403, "signup_domain"]);
    expect((await call(url, "/v1/auth/signup", request("a@EXAMPLE.com"))).status).toBe(201);
  }));

test("the configured administrator is made once, and signs in", () =>
  withServer(
    { WRENN_ADMIN_EMAIL: "Root@example.com", WRENN_ADMIN_PASSWORD: "a fine long sentence" },
    async ({ url, database }) => {
      const answer = await call<SignInBody>(url, "/v1/auth/login", {
        body: { email: "root@example.com", password: "a fine long sentence" },
      });
      expect(answer.body).toMatchObject({ is_admin: true, role: "owner" });
      const [team] = await database.sql`select team_id from memberships`;
      expect(answer.body.team_id).toBe(formatTeamId(String(team?.["team_id"])));
    },
  ));

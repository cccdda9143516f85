/** What people do with their own account: name, password, sessions. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { parseUserId } from "../../proto/ids.ts";
import { call, cookieOf, countBy, createKey, signUp, startTestServer } from "../support/server.ts";
import type { AnyBody, SignInBody, TestPerson, TestServer } from "../support/server.ts";

interface SessionBody extends AnyBody {
  id: string;
  user_agent: string | null;
  is_current: boolean;
  created_at: string;
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await signUp(server.url);
});
afterAll(() => server.stop());

const me = (token: string) => call(server.url, "/v1/me", { token });

const logIn = async ({ email, password }: TestPerson, userAgent = "test") => {
  const answer = await call<SignInBody>(server.url, "/v1/auth/login", {
    body: { email, password },
    headers: { "user-agent": userAgent },
  });
  return { ...answer, token: answer.body.token, cookie: cookieOf(answer) };
};

const refresh = (cookie: string) =>
  call<SignInBody>(server.url, "/v1/auth/refresh", { method: "POST", headers: { cookie } });

const sessionsOf = async (token: string) =>
  (await call<{ items: SessionBody[] }>(server.url, "/v1/me/sessions", { token })).body.items;

const trailOf = async (person: TestPerson, action: string) => {
  const rows = await server.database.sql`
    select metadata from audit_logs where action = ${action} and resource_id = ${person.userId} order by seq`;
  return rows.map(({ metadata }) => metadata as Record<string, unknown>);
};

describe("name", () => {
  const rename = (token: string, body: unknown) =>
    call(server.url, "/v1/me", { token, method: "PATCH", body });

  test("is trimmed, and read from the database at the next request", async () => {
    const person = await signUp(server.url);
    const answer = await rename(person.token, { name: "  Zoë <b>😀</b> " });
    expect([answer.status, answer.body["name"]]).toEqual([200, "Zoë <b>😀</b>"]);
    expect((await me(person.token)).body["name"]).toBe("Zoë <b>😀</b>");
    expect((await refresh(person.cookie)).body.name).toBe("Zoë <b>😀</b>");
  });

  test.each([
    [{ name: "" }, "name", "min_length"],
    [{ name: " \n " }, "name", "pattern"],
    [{ name: "x".repeat(101) }, "name", "max_length"],
    [{}, "name", "required"],
    [{ name: "a", email: "a@b.c" }, "email", "unknown_field"],
  ])("refuses %p", async (body, field, rule) => {
    const person = await signUp(server.url);
    const answer = await rename(person.token, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ field, rule });
  });
});

describe("password", () => {
  const change = (token: string, body: unknown) => call(server.url, "/v1/me/password", { token, body });
  const wish = (person: TestPerson, new_password = "a new long sentence") => ({
    current_password: person.password,
    new_password,
  });

  test("a new one ends every other session at once, and its own goes on", async () => {
    const person = await signUp(server.url);
    const other = await logIn(person);
    expect((await change(person.token, wish(person))).status).toBe(204);
    expect((await me(other.token)).status).toBe(401);
    expect((await refresh(other.cookie)).status).toBe(401);
    expect((await me(person.token)).status).toBe(200);
    expect((await refresh(person.cookie)).status).toBe(200);
    expect((await logIn(person)).status).toBe(401);
    expect((await logIn({ ...person, password: "a new long sentence" })).status).toBe(200);
    expect(await trailOf(person, "password_change")).toHaveLength(1);
  });

  test("a wrong one is 403 and leaves a line in the trail; nothing changes", async () => {
    const person = await signUp(server.url);
    const other = await logIn(person);
    for (const current_password of ["not the one", null, undefined]) {
      const answer = await change(person.token, { current_password, new_password: "a new long sentence" });
      expect([answer.status, answer.body.error?.code]).toEqual([403, "wrong_password"]);
    }
    expect((await me(other.token)).status).toBe(200);
    expect((await logIn(person)).status).toBe(200);
    await server.server.services.auditSideChannel.drain();
    expect(await trailOf(person, "login_failed")).toEqual(
      Array.from({ length: 3 }, () => ({ email: person.email, reason: "wrong_current_password" })),
    );
  });

  test.each([
    ["short", "min_length"],
    ["Password123", "common_password"],
    ["x".repeat(129), "max_length"],
  ])("refuses %p by %s", async (password, rule) => {
    const person = await signUp(server.url);
    const answer = await change(person.token, wish(person, password));
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ field: "new_password", rule });
  });

  test("ten at once with the same old one: one wins", async () => {
    const person = await signUp(server.url);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => change(person.token, wish(person, `new sentence ${index}`))),
    );
    expect(countBy(answers)).toEqual({ 204: 1, 403: 9 });
    const winner = answers.findIndex(({ status }) => status === 204);
    expect((await logIn({ ...person, password: `new sentence ${winner}` })).status).toBe(200);
  });

  test("changed while refreshes and sign-ins are under way: no other session is left alive", async () => {
    for (let round = 0; round < 5; round += 1) {
      const person = await signUp(server.url);
      const others = await Promise.all([logIn(person), logIn(person)]);
      const [changed, ...rest] = await Promise.all([
        change(person.token, wish(person)),
        ...others.map(({ cookie }) => refresh(cookie)),
        logIn(person),
        logIn(person),
      ]);
      expect(changed?.status).toBe(204);
      for (const answer of rest) {
        const token = (answer as { body: Partial<SignInBody> }).body.token;
        if (token !== undefined) expect((await me(token)).status).toBe(401);
      }
      expect(await sessionsOf(person.token)).toHaveLength(1);
    }
  });
});

describe("sessions", () => {
  test("are listed newest first, with the one that asks marked; secrets are not", async () => {
    const person = await signUp(server.url);
    await logIn(person, "phone");
    const last = await logIn(person, `laptop ${"x".repeat(600)}`);
    const found = await sessionsOf(last.token);
    expect(found.map(({ user_agent, is_current }) => [user_agent?.slice(0, 6), is_current])).toEqual([
      ["laptop", true],
      ["phone", false],
      [expect.any(String), false],
    ]);
    const aged = Date.now() - new Date(found[0]?.created_at ?? 0).getTime();
    expect(aged).toBeGreaterThanOrEqual(0);
    expect(aged).toBeLessThan(60_000);
    expect(JSON.stringify(found)).not.toContain(last.cookie.split("=")[1] ?? "");
  });

  test("one is ended by its id: token and cookie stop, the others go on; 404 the second time", async () => {
    const person = await signUp(server.url);
    const phone = await logIn(person, "phone");
    const id = (await sessionsOf(person.token)).find(({ user_agent }) => user_agent === "phone")?.id ?? "";
    const end = () => call(server.url, `/v1/me/sessions/${id}`, { token: person.token, method: "DELETE" });
    expect((await end()).status).toBe(204);
    expect((await me(phone.token)).status).toBe(401);
    expect((await refresh(phone.cookie)).status).toBe(401);
    expect((await me(person.token)).status).toBe(200);
    expect((await end()).body.error?.code).toBe("session_not_found");
    expect(await trailOf(person, "session_revoke")).toEqual([{ session: id, reason: "revoked" }]);
  });

  test("someone else's is not there, and another kind of id is a bad request", async () => {
    const [person, other] = [await signUp(server.url), await signUp(server.url)];
    const id = (await sessionsOf(other.token))[0]?.id;
    const end = (what = "") =>
      call(server.url, `/v1/me/sessions/${what}`, { token: person.token, method: "DELETE" });
    expect((await end(id)).status).toBe(404);
    expect((await me(other.token)).status).toBe(200);
    const wrong = await end(person.userId);
    expect([wrong.status, wrong.body.error?.field]).toEqual([400, "session_id"]);
  });

  test.each([
    ["", [401, 401], "signed_out_everywhere"],
    ["?keep_current=true", [200, 401], "signed_out_elsewhere"],
  ])("sign out everywhere %p", async (query, statuses, reason) => {
    const person = await signUp(server.url);
    const other = await logIn(person);
    const apiKey = await createKey(server.url, person);
    const out = await call(server.url, `/v1/me/sessions${query}`, { token: person.token, method: "DELETE" });
    expect(out.status).toBe(204);
    expect([(await me(person.token)).status, (await me(other.token)).status]).toEqual([...statuses]);
    expect((await refresh(person.cookie)).status).toBe(statuses[0] ?? 0);
    // Keys are not sessions.
    expect((await call(server.url, "/v1/sandboxes", { apiKey })).status).toBe(200);
    expect(await trailOf(person, "session_revoke")).toEqual([{ reason }]);
  });

  test("a hundred refreshes of one cookie: no lock-out, one live token, one cookie", async () => {
    const person = await signUp(server.url);
    const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(person.cookie)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const cookies = answers.filter(({ headers }) => headers.has("set-cookie")).map(cookieOf);
    expect(cookies).toHaveLength(1);
    const [row] = await server.database.sql`
      select count(*)::int as live from sessions
      where user_id = ${parseUserId(person.userId)} and rotated_at is null and revoked_at is null`;
    expect(row).toEqual({ live: 1 });
    expect((await refresh(cookies[0] ?? "")).status).toBe(200);
  });

  test("ended while it is being refreshed: it does not live on", async () => {
    for (let round = 0; round < 5; round += 1) {
      const person = await signUp(server.url);
      const [refreshed] = await Promise.all([
        refresh(person.cookie),
        call(server.url, "/v1/me/sessions", { token: person.token, method: "DELETE" }),
      ]);
      if (refreshed.status === 200) expect((await me(refreshed.body.token)).status).toBe(401);
      const rows = await server.database.sql`
        select 1 from sessions where user_id = ${parseUserId(person.userId)} and revoked_at is null`;
      expect(rows).toHaveLength(0);
    }
  });
});

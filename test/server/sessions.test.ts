/** Signing in, the refresh cookie's rotation, and everything that ends a session. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { parseUserId } from "../../proto/ids.ts";
import { call, cookieOf, signUp, startTestServer } from "../support/server.ts";
import type { SignInBody, TestPerson, TestServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const refresh = (cookie: string, body?: unknown) =>
  call<SignInBody>(server.url, "/v1/auth/refresh", { method: "POST", headers: { cookie }, body });

const me = (token: string) => call(server.url, "/v1/me", { token });

const uuidOf = (person: TestPerson): string => parseUserId(person.userId) ?? "";

/** As if the rotations of this person's tokens were long ago. */
const age = (person: TestPerson) => server.database.sql`
  update sessions set rotated_at = rotated_at - interval '31 seconds' where user_id = ${uuidOf(person)}`;

describe("refresh", () => {
  test("rotates: a new cookie and token each time, for the same session", async () => {
    const person = await signUp(server.url);
    const before = await me(person.token);
    const first = await refresh(person.cookie);
    expect(first.status).toBe(200);
    expect(cookieOf(first)).not.toBe(person.cookie);
    const second = await refresh(cookieOf(first));
    expect(second.status).toBe(200);
    const after = await me(second.body.token);
    expect(after.body["session_id"]).toBe(before.body["session_id"]);
  });

  test("within the grace an old cookie yields a token and no cookie", async () => {
    const person = await signUp(server.url);
    const first = await refresh(person.cookie);
    const again = await refresh(person.cookie);
    expect([again.status, again.headers.get("set-cookie")]).toEqual([200, null]);
    expect((await me(again.body.token)).status).toBe(200);
    expect((await refresh(cookieOf(first))).status).toBe(200);
  });

  test("twenty tabs at once: all go on, one gets the cookie", async () => {
    const person = await signUp(server.url);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(person.cookie)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(answers.filter(({ headers }) => headers.has("set-cookie"))).toHaveLength(1);
  });

  test("after the grace a reused cookie ends the session for everyone, and the trail tells", async () => {
    const person = await signUp(server.url);
    const first = await refresh(person.cookie);
    await age(person);
    const reused = await refresh(person.cookie);
    expect([reused.status, reused.body.error?.code]).toEqual([401, "session_revoked"]);
    expect((await refresh(cookieOf(first))).status).toBe(401);
    expect((await me(first.body.token)).status).toBe(401);
    const rows = await server.database.sql`
      select metadata from audit_logs where action = 'session_revoke' and resource_id = ${person.userId}`;
    expect(rows).toMatchObject([{ metadata: { reason: "refresh_token_reused" } }]);
  });

  test.each([
    ["no cookie", ""],
    ["a cookie of the wrong form", "x"],
    ["a cookie nobody was given", "0".repeat(64)],
  ])("%s: 401", async (_what, value) => {
    const person = await signUp(server.url);
    const name = person.cookie.split("=")[0];
    const answer = await refresh(value === "" ? "" : `${name}=${value}`);
    expect(answer.status).toBe(401);
  });

  test("keeps the tab's team while its user is a member, and refuses other kinds of ids", async () => {
    const person = await signUp(server.url);
    const other = await signUp(server.url);
    const kept = await refresh(person.cookie, { team_id: person.teamId });
    expect(kept.body.team_id).toBe(person.teamId);
    const foreign = await refresh(cookieOf(kept), { team_id: other.teamId });
    expect(foreign.body.team_id).toBe(person.teamId);
    const wrong = await refresh(cookieOf(foreign), { team_id: person.userId });
    expect([wrong.status, wrong.body.error?.field]).toEqual([400, "team_id"]);
  });
});

describe("log in and out", () => {
  test("signs in with any case of the address; out ends the token at once", async () => {
    const person = await signUp(server.url);
    const answer = await call<SignInBody>(server.url, "/v1/auth/login", {
      body: { email: person.email.toUpperCase(), password: person.password },
    });
    expect(answer.body).toMatchObject({ user_id: person.userId, team_id: person.teamId, role: "owner" });
    const out = await call(server.url, "/v1/auth/logout", {
      method: "POST",
      headers: { cookie: cookieOf(answer) },
    });
    expect(out.status).toBe(204);
    expect((await me(answer.body.token)).status).toBe(401);
    expect((await me(person.token)).status).toBe(200);
  });

  test("out without a session is fine", async () => {
    expect((await call(server.url, "/v1/auth/logout", { method: "POST" })).status).toBe(204);
  });

  test("a wrong password and an unknown address answer the same, and the trail tells", async () => {
    const person = await signUp(server.url);
    const unknown = `${crypto.randomUUID()}@example.com`;
    const answers = await Promise.all(
      [person.email, unknown].map((email) =>
        call(server.url, "/v1/auth/login", { body: { email, password: "not the one" } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    expect(answers[0]?.body).toEqual(answers[1]?.body ?? {});
    await server.server.services.auditSideChannel.drain();
    const rows = await server.database.sql`
      select resource_id, metadata ->> 'email' as email from audit_logs
      where action = 'login_failed' and metadata ->> 'email' in ${server.database.sql([person.email, unknown])}`;
    expect([...rows].toSorted((a) => (a["resource_id"] === null ? 1 : -1))).toEqual([
      { resource_id: person.userId, email: person.email },
      { resource_id: null, email: unknown },
    ]);
  });

  test("a disabled account: its token and cookie stop, and it cannot sign in", async () => {
    const person = await signUp(server.url);
    await server.database.sql`update users set disabled_at = now() where id = ${uuidOf(person)}`;
    expect((await me(person.token)).status).toBe(401);
    expect((await refresh(person.cookie)).status).toBe(401);
    const answer = await call(server.url, "/v1/auth/login", {
      body: { email: person.email, password: person.password },
    });
    expect([answer.status, answer.body.error?.code]).toEqual([403, "account_disabled"]);
  });
});

describe("switch team", () => {
  test("404 for a team that is not there, 403 for someone else's, 400 for another kind of id", async () => {
    const [person, other] = [await signUp(server.url), await signUp(server.url)];
    const switchTo = (team_id: string) =>
      call<SignInBody>(server.url, "/v1/auth/switch-team", { token: person.token, body: { team_id } });
    expect((await switchTo(person.teamId)).body.team_id).toBe(person.teamId);
    expect((await switchTo(other.teamId)).status).toBe(403);
    expect((await switchTo("team-00000000-0000-7000-8000-000000000000")).status).toBe(404);
    expect((await switchTo("key-00000000-0000-7000-8000-000000000000")).status).toBe(400);
  });
});

describe("tokens", () => {
  test.each(["", "x", "a.b.c"])("refuses %p", async (token) => {
    expect((await me(token)).status).toBe(401);
  });

  test("refuses a token of another instance, of a host, and one whose claims were changed", async () => {
    const other = await startTestServer();
    const stranger = await signUp(other.url);
    await other.stop();
    expect((await me(stranger.token)).status).toBe(401);
    const { token: hostToken } = await server.server.services.tokens.signHost(crypto.randomUUID());
    expect((await me(hostToken)).status).toBe(401);
    const person = await signUp(server.url);
    const [head, payload = "", signature] = person.token.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const forged = Buffer.from(JSON.stringify({ ...claims, is_admin: true })).toString("base64url");
    expect((await me(`${head}.${forged}.${signature}`)).status).toBe(401);
    const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
    expect((await me(`${none}.${payload}.`)).status).toBe(401);
  });
});

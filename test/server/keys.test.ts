/** API keys over HTTP: their life, their scopes, and who may end them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { Elysia } from "elysia";

import { parseTeamId, parseUserId } from "../../proto/ids.ts";
import type { TeamCaller } from "../../server/auth/context.ts";
import { errorBody, toApiError } from "../../server/errors.ts";
import { call, createKey, signUp, startTestServer } from "../support/server.ts";
import type { AnyBody, TestPerson, TestServer } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

interface KeyBody extends AnyBody {
  id: string;
  key?: string;
  key_prefix: string;
  scopes: string[];
  last_used_at: string | null;
}
interface KeyPage extends AnyBody {
  items: KeyBody[];
  next_cursor: string | null;
}

let server: TestServer;
let owner: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  owner = await signUp(server.url);
});
afterAll(() => server.stop());

const list = (token: string, query = "") => call<KeyPage>(server.url, `/v1/api-keys${query}`, { token });

/** What a route behind the guard sees of the key; the guard itself is the server's. */
const behindGuard = async (apiKey: string, method = "GET") => {
  const { guards } = server.server.services;
  const app = new Elysia()
    .onError(({ error, set }) => {
      const answer = toApiError(error);
      set.status = answer.status;
      return errorBody(answer);
    })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"] }))
    .all("/", ({ caller }) => caller);
  const response = await app.handle(
    new Request("http://localhost/", { method, headers: { "x-api-key": apiKey } }),
  );
  const body: AnyBody & Partial<TeamCaller> = await response.json();
  return { status: response.status, body };
};

describe("make", () => {
  test("shows the key once, with its prefix; the database holds no more than its digest", async () => {
    const made = await call<KeyBody>(server.url, "/v1/api-keys", {
      token: owner.token,
      body: { name: "  ci  " },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: "ci", scopes: ["read", "sandboxes", "templates"] });
    const text = made.body.key ?? "";
    expect(text).toMatch(/^wrn_[0-9a-f]{32}$/);
    expect(text.startsWith(made.body.key_prefix)).toBe(true);
    const listed = await list(owner.token);
    expect(listed.body.items[0]?.id).toBe(made.body.id);
    expect(JSON.stringify(listed.body)).not.toContain(text);
    const [row] = await server.database.sql`select * from api_keys where name = 'ci'`;
    expect(JSON.stringify(row)).not.toContain(text.slice(12));
    const [audit] = await server.database.sql`
      select action, metadata from audit_logs where resource_id = ${made.body.id}`;
    expect(audit).toMatchObject({ action: "create", metadata: { name: "ci" } });
  });

  test.each([
    [{ name: "" }, "name"],
    [{ name: "x".repeat(101) }, "name"],
    [{ name: "a", scopes: ["everything"] }, "scopes.0"],
    [{ name: "a", scopes: [] }, "scopes"],
    [{ name: "a", expires_at: "tomorrow" }, "expires_at"],
    [{ name: "a", expires_at: "2001-01-01T00:00:00Z" }, "expires_at"],
    [{ name: "a", expires_at: "+275760-09-13T00:00:00Z" }, "expires_at"],
    [{ name: "a", team_id: "x" }, "team_id"],
  ])("refuses %p", async (body, field) => {
    const answer = await call(server.url, "/v1/api-keys", { token: owner.token, body });
    expect([answer.status, answer.body.error?.field]).toEqual([400, field]);
  });
});

describe("use", () => {
  test("as wrn_ and as e2b_: the same team and maker; noted within a minute once", async () => {
    const key = await createKey(server.url, owner);
    for (const text of [key, key.replace("wrn_", "e2b_")]) {
      const { status, body } = await behindGuard(text);
      expect(status).toBe(200);
      expect(body).toMatchObject({ teamId: parseTeamId(owner.teamId), role: "owner", isAdmin: false });
    }
    await waitFor("the note of its use", async () => {
      const [row] = (await list(owner.token)).body.items;
      return row?.last_used_at !== null;
    });
  });

  test("by scope: read opens GETs, sandboxes everything, templates nothing here", async () => {
    const statuses = async (scopes: string[]) => {
      const key = await createKey(server.url, owner, { scopes });
      return [(await behindGuard(key)).status, (await behindGuard(key, "POST")).status];
    };
    expect(await statuses(["read"])).toEqual([200, 403]);
    expect(await statuses(["sandboxes"])).toEqual([200, 200]);
    expect(await statuses(["templates"])).toEqual([403, 403]);
  });

  test("a route for people answers 401 to a key", async () => {
    const apiKey = await createKey(server.url, owner);
    expect((await call(server.url, "/v1/api-keys", { apiKey })).status).toBe(401);
    expect((await call(server.url, "/v1/me", { apiKey })).status).toBe(401);
  });

  test.each(["", "wrn_", "wrn_zz", "wrn_00000000000000000000000000000000"])("refuses %p", async (key) => {
    const { status, body } = await behindGuard(key);
    expect([status, body.error?.code]).toEqual([401, "invalid_api_key"]);
  });

  test("expired: 401 that says so", async () => {
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    const key = await createKey(server.url, owner, { name: "short", expires_at });
    expect((await behindGuard(key)).status).toBe(200);
    await server.database.sql`
      update api_keys set expires_at = now() - interval '1 second' where name = 'short'`;
    const { status, body } = await behindGuard(key);
    expect([status, body.error?.code]).toEqual([401, "api_key_expired"]);
  });

  test("its maker removed from the team, disabled, or the team deleted: it stops at once", async () => {
    const { sql } = server.database;
    const breaks: ((userId: string | null, teamId: string | null) => PromiseLike<unknown>)[] = [
      (userId) => sql`delete from memberships where user_id = ${userId}`,
      (userId) => sql`update users set disabled_at = now() where id = ${userId}`,
      (_userId, teamId) => sql`update teams set deleted_at = now() where id = ${teamId}`,
    ];
    for (const apply of breaks) {
      const person = await signUp(server.url);
      const key = await createKey(server.url, person);
      expect((await behindGuard(key)).status).toBe(200);
      await apply(parseUserId(person.userId), parseTeamId(person.teamId));
      expect((await behindGuard(key)).status).toBe(401);
    }
  });
});

describe("revoke", () => {
  const revoke = (token: string, id: string) =>
    call(server.url, `/v1/api-keys/${id}`, { method: "DELETE", token });

  test("stops the key, hides it, and answers 404 the second time; twenty at once revoke once", async () => {
    const person = await signUp(server.url);
    const key = await createKey(server.url, person);
    const id = (await list(person.token)).body.items[0]?.id ?? "";
    const answers = await Promise.all(Array.from({ length: 20 }, () => revoke(person.token, id)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    expect(statuses.filter((status) => status === 404)).toHaveLength(19);
    expect((await behindGuard(key)).body.error?.code).toBe("api_key_revoked");
    expect((await list(person.token)).body.items).toEqual([]);
    const rows = await server.database.sql`
      select action from audit_logs where resource_id = ${id} order by seq`;
    expect(rows.map(({ action }) => action)).toEqual(["create", "revoke"]);
  });

  test("another team's key is not there; another kind of id is a bad request", async () => {
    const other = await signUp(server.url);
    await createKey(server.url, owner);
    const id = (await list(owner.token)).body.items[0]?.id ?? "";
    expect((await revoke(other.token, id)).status).toBe(404);
    const wrong = await revoke(owner.token, owner.teamId);
    expect([wrong.status, wrong.body.error?.field]).toEqual([400, "key_id"]);
  });

  test("a member may end its own keys only", async () => {
    const member = await signUp(server.url);
    await server.database.sql`
      insert into memberships (team_id, user_id, role)
      values (${parseTeamId(owner.teamId)}, ${parseUserId(member.userId)}, 'member')`;
    const { body } = await call<{ token: string }>(server.url, "/v1/auth/switch-team", {
      token: member.token,
      body: { team_id: owner.teamId },
    });
    await createKey(server.url, owner, { name: "of the owner" });
    const ownersKey = (await list(body.token)).body.items[0]?.id ?? "";
    expect((await revoke(body.token, ownersKey)).status).toBe(403);
    await createKey(server.url, body, { name: "of the member" });
    const ownKey = (await list(body.token)).body.items[0]?.id ?? "";
    expect((await revoke(body.token, ownKey)).status).toBe(204);
  });
});

describe("list", () => {
  test("pages are whole and stable while keys are made", async () => {
    const person = await signUp(server.url);
    for (let index = 0; index < 5; index += 1) await createKey(server.url, person, { name: `k${index}` });
    const first = await list(person.token, "?limit=2");
    await createKey(server.url, person, { name: "new" });
    const second = await list(person.token, `?limit=2&cursor=${first.body.next_cursor}`);
    const third = await list(person.token, `?limit=2&cursor=${second.body.next_cursor}`);
    const names = [first, second, third].flatMap(({ body }) => body.items.map((item) => item["name"]));
    expect(names).toEqual(["k4", "k3", "k2", "k1", "k0"]);
    expect(third.body.next_cursor).toBeNull();
  });

  test.each([
    ["?limit=0", "limit"],
    ["?limit=201", "limit"],
    ["?limit=many", "limit"],
    ["?cursor=nonsense", "cursor"],
    ["?cursor=WyJ4Il0", "cursor"],
    ["?colour=red", "colour"],
  ])("refuses %s", async (query, field) => {
    const answer = await list(owner.token, query);
    expect([answer.status, answer.body.error?.field]).toEqual([400, field]);
  });
});

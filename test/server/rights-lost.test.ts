/**
 * Rights that end between the guard and the commit: a request that was let in is stopped at its lock, the
 * right is taken away, and the request must not have its way. Sockets stay open long after: theirs end too.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { Tx } from "../../db/sql.ts";
import { parseTeamId, parseUserId } from "../../proto/ids.ts";
import { addMember, call, createKey, signUp, startTestServer } from "../support/server.ts";
import type { Answer, AnyBody, TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

let server: TestServer;
let platformAdmin: TestPerson;
let host: StandInHost;
beforeAll(async () => {
  server = await startTestServer({ WRENN_RECHECK_MS: "50" });
  platformAdmin = await signUp(server.url);
  host = await StandInHost.join(server.url, platformAdmin.token);
});
afterAll(async () => {
  await host.stop();
  await server.stop();
});

const someoneWaits = async (): Promise<boolean> => {
  // As their owner: others do not see what a connection waits for.
  const rows = await server.database.ownerSql`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  return rows.length > 0;
};

/** Sends the request while `hold` has what it needs; `change` happens before it gets on. */
const overtaken = async (steps: {
  hold: (tx: Tx) => Promise<unknown>;
  send: () => Promise<Answer>;
  change: (tx: Tx) => Promise<unknown>;
}): Promise<Answer> => {
  let answer: Promise<Answer> | undefined;
  await server.database.ownerSql.begin(async (tx) => {
    await steps.hold(tx);
    answer = steps.send();
    await waitFor("the request waits", someoneWaits);
    await steps.change(tx);
  });
  if (answer === undefined) throw new Error("nothing was sent");
  return answer;
};

const holdTeam = (id: string) => (tx: Tx) =>
  tx`select id from teams where id = ${parseTeamId(id)} for no key update`;
const holdUser = (id: string) => (tx: Tx) =>
  tx`select id from users where id = ${parseUserId(id)} for no key update`;
const setRole = (person: TestPerson, role: string) => (tx: Tx) => tx`
  update memberships set role = ${role}
  where user_id = ${parseUserId(person.userId)} and team_id = ${parseTeamId(person.teamId)}`;
const leave = (person: TestPerson) => (tx: Tx) => tx`
  delete from memberships
  where user_id = ${parseUserId(person.userId)} and team_id = ${parseTeamId(person.teamId)}`;
const demote = (person: TestPerson) => (tx: Tx) =>
  tx`update users set is_admin = false where id = ${parseUserId(person.userId)}`;

const outcome = ({ status, body }: Answer) => [status, body.error?.code];

describe("in a team", () => {
  let owner: TestPerson;
  let admin: TestPerson;
  beforeAll(async () => {
    owner = await signUp(server.url);
  });

  test("a demoted admin does not rename it", async () => {
    admin = await addMember(server.url, owner, "admin");
    const answer = await overtaken({
      hold: holdTeam(owner.teamId),
      send: () =>
        call(server.url, `/v1/teams/${owner.teamId}`, {
          token: admin.token,
          method: "PATCH",
          body: { name: "Hijacked" },
        }),
      change: setRole(admin, "member"),
    });
    expect(outcome(answer)).toEqual([403, "role_required"]);
  });

  test("a removed admin does not revoke the keys of others", async () => {
    admin = await addMember(server.url, owner, "admin");
    const made = await call<AnyBody & { id: string }>(server.url, "/v1/api-keys", {
      token: owner.token,
      body: { name: "k" },
    });
    const answer = await overtaken({
      hold: holdTeam(owner.teamId),
      send: () => call(server.url, `/v1/api-keys/${made.body.id}`, { token: admin.token, method: "DELETE" }),
      change: leave(admin),
    });
    expect(outcome(answer)).toEqual([403, "not_a_member"]);
  });

  test("a removed member's sandbox is not made", async () => {
    const member = await addMember(server.url, owner);
    const answer = await overtaken({
      hold: holdTeam(owner.teamId),
      send: () => call(server.url, "/v1/sandboxes", { token: member.token, body: { template: "minimal" } }),
      change: leave(member),
    });
    expect(outcome(answer)).toEqual([403, "not_a_member"]);
    const rows = await server.database.sql`
      select 1 from sandboxes where team_id = ${parseTeamId(owner.teamId)}`;
    expect(rows).toHaveLength(0);
  });
});

describe("on the platform", () => {
  const newAdmin = async (): Promise<TestPerson> => {
    const person = await signUp(server.url);
    await call(server.url, `/v1/admin/users/${person.userId}`, {
      token: platformAdmin.token,
      method: "PUT",
      body: { is_admin: true },
    });
    return person;
  };

  test.each<[string, (target: TestPerson) => { path: string; method: string; body?: unknown }]>([
    [
      "make others admin",
      (target) => ({ path: `users/${target.userId}`, method: "PUT", body: { is_admin: true } }),
    ],
    ["hand out links", (target) => ({ path: `users/${target.userId}/reset-link`, method: "POST" })],
    [
      "make accounts",
      () => ({ path: "users", method: "POST", body: { email: `${crypto.randomUUID()}@x.org`, name: "x" } }),
    ],
    [
      "set limits",
      (target) => ({ path: `teams/${target.teamId}/limits`, method: "PUT", body: { sandboxes: 9 } }),
    ],
    [
      "set BYOC",
      (target) => ({ path: `teams/${target.teamId}/byoc`, method: "PUT", body: { enabled: true } }),
    ],
  ])("a demoted admin does not %s", async (_what, make) => {
    const [admin, target] = [await newAdmin(), await signUp(server.url)];
    const { path, ...options } = make(target);
    const answer = await overtaken({
      hold: holdUser(admin.userId),
      send: () => call(server.url, `/v1/admin/${path}`, { token: admin.token, ...options }),
      change: demote(admin),
    });
    expect(outcome(answer)).toEqual([403, "admin_only"]);
  });

  test("a demoted admin does not hand teams over", async () => {
    const [admin, target] = [await newAdmin(), await signUp(server.url)];
    const answer = await overtaken({
      hold: holdUser(admin.userId),
      send: () =>
        call(server.url, `/v1/teams/${target.teamId}/transfer`, {
          token: admin.token,
          body: { user_id: admin.userId },
        }),
      change: demote(admin),
    });
    expect(outcome(answer)).toEqual([403, "not_a_member"]);
  });
});

test("a session that ended while its new password was being hashed sets none", async () => {
  const person = await signUp(server.url);
  const id = parseUserId(person.userId);
  await server.database.sql`update users set password_hash = null where id = ${id}`;
  const answer = await overtaken({
    hold: holdUser(person.userId),
    send: () =>
      call(server.url, "/v1/me/password", {
        token: person.token,
        body: { new_password: "a new long sentence" },
      }),
    change: (tx) => tx`update sessions set revoked_at = now() where user_id = ${id}`,
  });
  expect(outcome(answer)).toEqual([401, "unauthorized"]);
});

describe("an open socket", () => {
  /** What a socket was told until it closed. */
  const open = async (headers: Record<string, string>, owner: TestPerson) => {
    const sandbox = await call<AnyBody & { id: string }>(server.url, "/v1/sandboxes", {
      token: owner.token,
      body: { template: "minimal" },
    });
    const url = `${server.url.replace("http", "ws")}/v1/sandboxes/${sandbox.body.id}/pty`;
    // Bun takes headers here, where the standard's type has protocols only.
    const socket = new WebSocket(url, { headers } as unknown as string[]);
    const closed = Promise.withResolvers<number>();
    const messages: string[] = [];
    socket.addEventListener("message", ({ data }) => messages.push(String(data)));
    socket.addEventListener("close", ({ code }) => closed.resolve(code));
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    return { socket, closed: closed.promise, messages };
  };

  test("is closed when its key's maker is removed, and begins nothing", async () => {
    const owner = await signUp(server.url);
    const member = await addMember(server.url, owner);
    const { socket, closed, messages } = await open(
      { "x-api-key": await createKey(server.url, member) },
      owner,
    );
    const removed = await call(server.url, `/v1/teams/${owner.teamId}/members/${member.userId}`, {
      token: owner.token,
      method: "DELETE",
    });
    expect(removed.status).toBe(204);
    socket.send(JSON.stringify({ type: "start", cols: 80, rows: 24 }));
    expect(await closed).toBe(1008);
    expect(messages.join()).toContain('"code":"api_key_revoked"');
  });

  test("is closed by the next look, though nothing is asked of it", async () => {
    const owner = await signUp(server.url);
    const { closed, messages } = await open({ "x-api-key": await createKey(server.url, owner) }, owner);
    await server.database.sql`
      update api_keys set expires_at = now() where team_id = ${parseTeamId(owner.teamId)}`;
    expect(await closed).toBe(1008);
    expect(messages.join()).toContain('"code":"api_key_expired"');
  });

  test("of a person is closed when they sign out everywhere", async () => {
    const owner = await signUp(server.url);
    const { closed, messages } = await open({ authorization: `Bearer ${owner.token}` }, owner);
    await call(server.url, "/v1/me/sessions", { token: owner.token, method: "DELETE" });
    expect(await closed).toBe(1008);
    expect(messages.join()).toContain('"code":"unauthorized"');
  });
});

/** The end of a team: what ends with it, at once in the database, and on every host that has some of it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { parseHostId, parseTeamId } from "../../proto/ids.ts";
import { ServerProcess } from "../support/server-process.ts";
import { addMember, call, createKey, signUp, startTestServer, switchTeam } from "../support/server.ts";
import type { AnyBody, TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

let server: TestServer;
let platformAdmin: TestPerson;
let host: StandInHost;
beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "50" });
  platformAdmin = await signUp(server.url);
  host = await StandInHost.join(server.url, platformAdmin.token);
});
afterAll(async () => {
  await host.stop();
  await server.stop();
});

interface Team {
  owner: TestPerson;
  /** Of the team to be deleted. */
  id: string;
  sandboxId: string;
  apiKey: string;
}

/** A second team of a new owner, with a sandbox, a snapshot of it, and a key. */
const teamWithEverything = async (url: string): Promise<Team> => {
  const owner = await signUp(url);
  const { body } = await call<AnyBody & { id: string }>(url, "/v1/teams", {
    token: owner.token,
    body: { name: "Doomed" },
  });
  const token = await switchTeam(url, owner.token, body.id);
  const apiKey = await createKey(url, { token });
  const sandbox = await call<AnyBody & { id: string }>(url, "/v1/sandboxes", {
    apiKey,
    body: { template: "minimal" },
  });
  expect(sandbox.status).toBe(201);
  const snapshot = await call(url, "/v1/snapshots", {
    apiKey,
    body: { sandbox_id: sandbox.body.id, name: "doomed-snapshot" },
  });
  expect(snapshot.status).toBe(201);
  return { owner: { ...owner, token }, id: body.id, sandboxId: sandbox.body.id, apiKey };
};

const remove = (url: string, token: string, id: string) =>
  call(url, `/v1/teams/${id}`, { token, method: "DELETE" });

const templateStates = async (teamId: string) => {
  const rows = await server.database.sql`
    select ht.state from host_templates ht join templates t on t.id = ht.template_id
    where t.team_id = ${parseTeamId(teamId)}`;
  return rows.map(({ state }) => String(state));
};

test("by its owner alone", async () => {
  const owner = await signUp(server.url);
  const [admin, member] = [await addMember(server.url, owner, "admin"), await addMember(server.url, owner)];
  for (const { token } of [admin, member]) {
    const refused = await remove(server.url, token, owner.teamId);
    expect([refused.status, refused.body.error?.code]).toEqual([403, "role_required"]);
  }
  const stranger = await remove(server.url, platformAdmin.token, owner.teamId);
  expect([stranger.status, stranger.body.error?.code]).toEqual([403, "not_a_member"]);
});

test("sandboxes, keys and snapshots end with it, on the host too; slug and trail stay", async () => {
  const team = await teamWithEverything(server.url);
  host.calls.length = 0;
  expect((await remove(server.url, team.owner.token, team.id)).status).toBe(204);

  const { sql } = server.database;
  const [sandbox] = await sql`
    select status, status_reason from sandboxes where team_id = ${parseTeamId(team.id)}`;
  expect(sandbox).toEqual({ status: "stopped", status_reason: "team_deleted" });
  expect((await call(server.url, "/v1/sandboxes", { apiKey: team.apiKey })).status).toBe(401);
  const byToken = await call(server.url, "/v1/sandboxes", { token: team.owner.token });
  expect([byToken.status, byToken.body.error?.code]).toEqual([403, "not_a_member"]);
  expect((await remove(server.url, team.owner.token, team.id)).body.error?.code).toBe("team_not_found");
  const mine = await call<{ items: { name: string }[] }>(server.url, "/v1/teams", {
    token: team.owner.token,
  });
  expect(mine.body.items.map(({ name }) => name)).toEqual(["Ada's Team"]);
  const [row] = await sql`
    select slug, deleted_at is not null as deleted from teams where id = ${parseTeamId(team.id)}`;
  expect(row).toEqual({ slug: expect.stringMatching(/^[0-9a-f]{6}-/), deleted: true });

  await waitFor("the host to be rid of it", async () => {
    return !host.sandboxes.has(team.sandboxId) && (await templateStates(team.id)).length === 0;
  });
  expect(host.calls).toContain("destroySandbox");
  expect(host.calls).toContain("deleteTemplate");

  const trail = await sql`
    select a.resource_type, a.action, a.status, a.actor_type, t.name as chain, a.metadata
    from audit_logs a join teams t on t.id = a.team_id
    where a.action in ('destroy', 'delete') and
      (a.team_id = ${parseTeamId(team.id)} or a.resource_id = ${team.id}) order by a.created_at, a.seq`;
  expect([...trail]).toEqual([
    {
      resource_type: "sandbox",
      action: "destroy",
      status: "info",
      actor_type: "system",
      chain: "Doomed",
      metadata: { reason: "team_deleted" },
    },
    {
      resource_type: "snapshot",
      action: "delete",
      status: "warning",
      actor_type: "user",
      chain: "Doomed",
      metadata: {},
    },
    {
      resource_type: "team",
      action: "delete",
      status: "warning",
      actor_type: "user",
      chain: "Doomed",
      metadata: {},
    },
    {
      resource_type: "team",
      action: "delete",
      status: "warning",
      actor_type: "user",
      chain: "Platform",
      metadata: {},
    },
  ]);
});

test("its own hosts go with it, and their credentials", async () => {
  const team = await teamWithEverything(server.url);
  const { sql } = server.database;
  const own = await StandInHost.join(server.url, platformAdmin.token);
  await sql`
    update hosts set type = 'byoc', team_id = ${parseTeamId(team.id)} where id = ${parseHostId(own.id)}`;
  expect((await remove(server.url, team.owner.token, team.id)).status).toBe(204);
  const [row] =
    await sql`select deleted_at is not null as deleted from hosts where id = ${parseHostId(own.id)}`;
  expect(row).toEqual({ deleted: true });
  const refreshed = await call(server.url, "/v1/hosts/auth/refresh", {
    body: { refresh_token: own.registration.refresh_token },
  });
  expect(refreshed.status).toBe(410);
  await own.stop();
});

test("a host that is away now is rid of it when it is back", async () => {
  const team = await teamWithEverything(server.url);
  const { destroySandbox, deleteTemplate } = host.answers;
  const away = () => {
    throw new Error("away");
  };
  Object.assign(host.answers, { destroySandbox: away, deleteTemplate: away });
  expect((await remove(server.url, team.owner.token, team.id)).status).toBe(204);
  expect(await templateStates(team.id)).toEqual(["deleting"]);
  expect(host.sandboxes.has(team.sandboxId)).toBe(true);
  Object.assign(host.answers, { destroySandbox, deleteTemplate });
  // What ended less than a minute ago is left to whoever ended it.
  await server.database.sql`
    update sandboxes set updated_at = now() - interval '2 minutes' where team_id = ${parseTeamId(team.id)}`;
  await waitFor("the reconcile", async () => {
    return !host.sandboxes.has(team.sandboxId) && (await templateStates(team.id)).length === 0;
  });
});

describe("at the same time", () => {
  test("creates and a deletion: nothing is left alive in a deleted team", async () => {
    for (let round = 0; round < 5; round += 1) {
      const team = await teamWithEverything(server.url);
      const creates = Array.from({ length: 8 }, () =>
        call(server.url, "/v1/sandboxes", { apiKey: team.apiKey, body: { template: "minimal" } }),
      );
      const [deleted, ...answers] = await Promise.all([
        remove(server.url, team.owner.token, team.id),
        ...creates,
      ]);
      expect(deleted?.status).toBe(204);
      const { sql } = server.database;
      const [row] = await sql`
        select count(*)::int as live from sandboxes
        where team_id = ${parseTeamId(team.id)} and status not in ('stopped', 'error')`;
      expect(row).toEqual({ live: 0 });
      const expected = new Set([201, 401, 403, 409]);
      expect(answers.filter(({ status }) => !expected.has(status))).toEqual([]);
    }
  });

  test("revokes of its keys, deletes of its sandboxes, and a deletion: none waits in a circle", async () => {
    for (let round = 0; round < 5; round += 1) {
      const owner = await signUp(server.url);
      const apiKey = await createKey(server.url, owner);
      const body = { template: "minimal" };
      const sandboxes = await Promise.all(
        Array.from({ length: 12 }, () => call(server.url, "/v1/sandboxes", { apiKey, body })),
      );
      const keys = await Promise.all(
        Array.from({ length: 12 }, () =>
          call(server.url, "/v1/api-keys", { token: owner.token, body: { name: "k" } }),
        ),
      );
      const paths = [
        ...sandboxes.map(({ body: made }) => `/v1/sandboxes/${String(made["id"])}`),
        ...keys.map(({ body: made }) => `/v1/api-keys/${String(made["id"])}`),
      ].toReversed();
      const end = (path: string) => call(server.url, path, { token: owner.token, method: "DELETE" });
      const answers = await Promise.all([
        ...paths.slice(0, 12).map(end),
        end(`/v1/teams/${owner.teamId}`),
        ...paths.slice(12).map(end),
      ]);
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      expect(answers[12]?.status).toBe(204);
    }
  });

  test("ten deletions: one counts", async () => {
    const team = await teamWithEverything(server.url);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => remove(server.url, team.owner.token, team.id)),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const [row] = await server.database.sql`
      select count(*)::int as count from audit_logs
      where team_id = ${parseTeamId(team.id)} and resource_type = 'team' and action = 'delete'`;
    expect(row).toEqual({ count: 1 });
  });
});

test("killed right after the commit: the next start's reconcile does the rest", async () => {
  const database = server.database;
  await using process = await ServerProcess.start(database.url, { WRENN_MONITOR_MS: "100" });
  const owner = await signUp(process.url);
  const apiKey = await createKey(process.url, owner);
  const made = await call<AnyBody & { id: string }>(process.url, "/v1/sandboxes", {
    apiKey,
    body: { template: "minimal" },
  });
  expect(made.status).toBe(201);
  // The host does not answer until the server is dead.
  const held = Promise.withResolvers<void>();
  host.answers.destroySandbox = async () => {
    await held.promise;
    throw new Error("away");
  };
  expect((await remove(process.url, owner.token, owner.teamId)).status).toBe(204);
  await process.crash();
  held.resolve();
  expect(host.sandboxes.has(made.body.id)).toBe(true);
  delete host.answers.destroySandbox;
  await database.sql`
    update sandboxes set updated_at = now() - interval '2 minutes' where team_id = ${parseTeamId(owner.teamId)}`;
  await process.launch(database.url);
  await waitFor("the host to be rid of it", () => !host.sandboxes.has(made.body.id));
});

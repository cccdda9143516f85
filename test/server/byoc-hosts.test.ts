/** A team's own hosts: who adds and changes them, what is put on them, and how they go with the team. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { parseTeamId } from "../../proto/ids.ts";
import { addMember, call, createKey, signUp, startTestServer, switchTeam } from "../support/server.ts";
import type { AnyBody, TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

interface HostBody extends AnyBody {
  id: string;
  type: string;
  team_id: string | null;
  team_name: string | null;
}
interface Made extends AnyBody {
  host: HostBody;
  registration: { token: string };
}

let server: TestServer;
let platformAdmin: TestPerson;
let owner: TestPerson;
let admin: TestPerson;
let member: TestPerson;
beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "50" });
  platformAdmin = await signUp(server.url);
  owner = await signUp(server.url, "Owner");
  admin = await addMember(server.url, owner, "admin");
  member = await addMember(server.url, owner);
  await setByoc(owner.teamId, true);
});
afterAll(() => server.stop());

const setByoc = (team: string, enabled: boolean) =>
  call(server.url, `/v1/admin/teams/${team}/byoc`, {
    token: platformAdmin.token,
    method: "PUT",
    body: { enabled },
  });
const add = (token: string, body: Record<string, unknown> = {}) =>
  call<Made>(server.url, "/v1/hosts", { token, body: { name: "own", type: "byoc", ...body } });
const ask = <T = AnyBody>(token: string, path: string, method = "GET") =>
  call<T>(server.url, `/v1/hosts${path}`, { token, method });
const register = (token: string) =>
  call(server.url, "/v1/hosts/register", {
    body: {
      token,
      arch: "x86_64",
      cpu_cores: 2,
      memory_mb: 4096,
      disk_gb: 50,
      address: "http://127.0.0.1:9",
      agent_version: "0.1.0",
      accelerator: "emulated",
      runtime_id: "qemu-7.2",
    },
  });
const code = ({ status, body }: { status: number; body: AnyBody }) => `${status} ${body.error?.code ?? ""}`;

describe("adding", () => {
  test("by owner and admins for their team, by platform admins for any", async () => {
    for (const { token } of [owner, admin]) {
      const made = await add(token);
      expect(made.status).toBe(201);
      expect(made.body.host).toMatchObject({ type: "byoc", team_id: owner.teamId, status: "pending" });
    }
    expect((await add(owner.token, { team_id: owner.teamId })).status).toBe(201);
    const forThem = await add(platformAdmin.token, { team_id: owner.teamId });
    expect(forThem.body.host).toMatchObject({ type: "byoc", team_id: owner.teamId });
    expect(code(await add(member.token))).toBe("403 role_required");
  });

  test("for no other team, not for the platform, and not where it is not enabled", async () => {
    const other = await signUp(server.url, "Other");
    expect(code(await add(other.token))).toBe("403 byoc_not_enabled");
    expect(code(await add(other.token, { team_id: owner.teamId }))).toBe("403 not_a_member");
    expect(code(await add(owner.token, { type: "regular" }))).toBe("403 forbidden");
    expect(code(await add(platformAdmin.token, { type: "regular", team_id: owner.teamId }))).toBe(
      "400 invalid_request",
    );
    expect(code(await add(platformAdmin.token, { team_id: "team-x" }))).toBe("400 invalid_request");
    expect(code(await add(platformAdmin.token))).toBe("403 byoc_not_enabled");
  });

  test("not for a deleted team; a machine of one is refused too", async () => {
    const founder = await signUp(server.url, "Founder");
    const { body } = await call<{ id: string }>(server.url, "/v1/teams", {
      token: founder.token,
      body: { name: "Doomed" },
    });
    await setByoc(body.id, true);
    const token = await switchTeam(server.url, founder.token, body.id);
    const made = await add(token);
    expect((await call(server.url, `/v1/teams/${body.id}`, { token, method: "DELETE" })).status).toBe(204);
    expect(code(await add(platformAdmin.token, { team_id: body.id }))).toBe("404 team_not_found");
    // The token's team is none any more.
    expect(code(await add(token))).toBe("403 no_team");
    expect(code(await register(made.body.registration.token))).toBe("401 invalid_token");
  });

  test("a machine whose team was deleted some other way is refused, and its token is not used up", async () => {
    const other = await signUp(server.url, "Another");
    await setByoc(other.teamId, true);
    const { registration } = (await add(other.token)).body;
    const mark = (column: "deleted_at" | "is_byoc", value: unknown) =>
      server.database.ownerSql`
        update teams set ${server.database.ownerSql({ [column]: value })} where id = ${parseTeamId(other.teamId)}`;
    await mark("deleted_at", new Date());
    expect(code(await register(registration.token))).toBe("401 invalid_token");
    await mark("deleted_at", null);
    await mark("is_byoc", false);
    expect(code(await register(registration.token))).toBe("401 invalid_token");
    await mark("is_byoc", true);
    expect((await register(registration.token)).status).toBe(200);
  });

  test("while the team is being deleted or loses the right: one of both, never a host without a team", async () => {
    for (let round = 0; round < 8; round += 1) {
      const founder = await signUp(server.url, "Racer");
      await setByoc(founder.teamId, true);
      const end = () =>
        round % 2 === 0
          ? call(server.url, `/v1/teams/${founder.teamId}`, { token: founder.token, method: "DELETE" })
          : setByoc(founder.teamId, false);
      const [ended, ...made] = await Promise.all([end(), add(founder.token), add(founder.token)]);
      const [row] = await server.database.sql`
        select t.is_byoc and t.deleted_at is null as may, (
          select count(*)::int from hosts h where h.team_id = t.id and h.deleted_at is null
        ) as hosts from teams t where id = ${parseTeamId(founder.teamId)}`;
      if (row?.["may"] === false) expect(row["hosts"]).toBe(0);
      expect(
        made
          .map(code)
          .every((one) => /^(201 |403 byoc_not_enabled|403 no_team|404 team_not_found)/.test(one)),
      ).toBe(true);
      expect([200, 204, 409]).toContain(ended.status);
    }
  });
});

describe("seeing and changing", () => {
  test("members see, owner and admins change, others do not know of it", async () => {
    const { host } = (await add(owner.token)).body;
    const stranger = await signUp(server.url, "Stranger");
    for (const path of [`/${host.id}`, `/${host.id}/delete-preview`]) {
      expect((await ask(member.token, path)).status).toBe(200);
      expect(code(await ask(stranger.token, path))).toBe("404 host_not_found");
      expect((await ask(platformAdmin.token, path)).status).toBe(200);
    }
    const changes: [string, string][] = [
      ["/token", "POST"],
      ["/drain", "POST"],
      ["/undrain", "POST"],
      ["", "DELETE"],
    ];
    for (const [path, method] of changes) {
      expect(code(await ask(member.token, `/${host.id}${path}`, method))).toBe("403 role_required");
      expect(code(await ask(stranger.token, `/${host.id}${path}`, method))).toBe("404 host_not_found");
    }
    for (const [path, method] of changes) {
      const answer = await ask(admin.token, `/${host.id}${path}`, method);
      expect([path, answer.status]).toEqual([path, { "/token": 201, "": 204 }[path] ?? 200]);
    }
    expect(code(await ask(owner.token, `/${host.id}`))).toBe("404 host_not_found");
    const trail = await server.database.sql`
      select team_id, action, actor_id, scope from audit_logs where resource_id = ${host.id} order by seq`;
    expect(trail.map(({ action, actor_id, scope }) => [action, actor_id, scope])).toEqual([
      ["create", owner.userId, "admin"],
      ["token_issue", admin.userId, "admin"],
      ["drain", admin.userId, "admin"],
      ["undrain", admin.userId, "admin"],
      ["delete", admin.userId, "admin"],
    ]);
    expect(new Set(trail.map(({ team_id }) => team_id))).toEqual(new Set([parseTeamId(owner.teamId)]));
  });

  test("platform admins list all, with the teams' names, by pages", async () => {
    await add(owner.token);
    await call(server.url, "/v1/hosts", { token: platformAdmin.token, body: { name: "shared" } });
    const page = async (query: string) =>
      (
        await call<{ items: HostBody[]; next_cursor: string | null }>(server.url, `/v1/admin/hosts${query}`, {
          token: platformAdmin.token,
        })
      ).body;
    const all = await page("");
    expect(all.items.some(({ type, team_name }) => type === "regular" && team_name === null)).toBe(true);
    expect(all.items.find(({ team_id }) => team_id === owner.teamId)?.team_name).toBe("Owner's Team");
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const { items, next_cursor: next } = await page(`?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...items.map(({ id }) => id));
      cursor = next;
    }
    expect(seen).toEqual(all.items.map(({ id }) => id));
    const byoc = await page("?type=byoc&status=pending");
    expect(byoc.items.every(({ type }) => type === "byoc")).toBe(true);
    expect(byoc.items.length).toBeGreaterThan(0);
  });
});

test("a team's sandboxes are put on its own hosts only, and on them those of no other team", async () => {
  const other = await signUp(server.url, "Regular");
  const byocKey = await createKey(server.url, owner);
  const regularKey = await createKey(server.url, other);
  const create = (apiKey: string) =>
    call<AnyBody & { id: string; host_id: string }>(server.url, "/v1/sandboxes", {
      apiKey,
      body: { template: "minimal" },
    });
  const ready = (host: StandInHost) =>
    waitFor("it is reachable", async () => {
      const { body } = await call(server.url, `/v1/hosts/${host.id}`, { token: platformAdmin.token });
      return body["reachable"] === true;
    });

  const shared = await StandInHost.join(server.url, platformAdmin.token);
  await ready(shared);
  expect(code(await create(byocKey))).toBe("503 no_hosts_available");
  const own = await StandInHost.join(server.url, admin.token, {}, { type: "byoc" });
  await ready(own);
  for (let round = 0; round < 4; round += 1) {
    expect((await create(byocKey)).status).toBe(201);
    expect((await create(regularKey)).status).toBe(201);
  }
  expect([shared.sandboxes.size, own.sandboxes.size]).toEqual([4, 4]);
  const rows = await server.database.sql`
    select h.type, count(*)::int as count, count(distinct s.team_id)::int as teams
    from sandboxes s join hosts h on h.id = s.host_id where s.status = 'running' group by h.type order by 1`;
  expect([...rows].map((row) => ({ ...row }))).toEqual([
    { type: "byoc", count: 4, teams: 1 },
    { type: "regular", count: 4, teams: 1 },
  ]);

  await call(server.url, `/v1/hosts/${shared.id}?force=true`, {
    token: platformAdmin.token,
    method: "DELETE",
  });
  expect(code(await create(regularKey))).toBe("503 no_hosts_available");
  expect(own.sandboxes.size).toBe(4);
  // It has hosts: the right stays.
  expect(code(await setByoc(owner.teamId, false))).toBe("409 team_has_hosts");
  await Promise.all([shared.stop(), own.stop()]);
});

/** Hosts over HTTP and PostgreSQL: tokens, registration, beats, removal. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { decodeJwt } from "jose";

import { parseHostId, ZERO_UUID } from "../../proto/ids.ts";
import {
  type AnyBody,
  call,
  countBy,
  createKey,
  signUp,
  startTestServer,
  type TestPerson,
  type TestServer,
} from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

// Machines that run tests run much besides.
setDefaultTimeout(60_000);

interface HostBody extends AnyBody {
  id: string;
  status: string;
  status_reason: string;
  reachable: boolean;
  templates: string[];
  work: AnyBody[];
}
interface NewHostBody extends AnyBody {
  host: HostBody;
  registration: { token: string; expires_at: string; command: string };
}
interface Credentials extends AnyBody {
  host_id: string;
  token: string;
  refresh_token: string;
}

let server: TestServer;
let admin: TestPerson;

beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "100" });
  admin = await signUp(server.url);
});
afterAll(() => server.stop());

const asAdmin = <T = AnyBody>(path: string, options: { method?: string; body?: unknown } = {}) =>
  call<T>(server.url, `/v1/hosts${path}`, { token: admin.token, ...options });
const newHost = async (): Promise<NewHostBody> =>
  (await asAdmin<NewHostBody>("", { body: { name: "box" } })).body;

const SPECS = {
  arch: "x86_64",
  cpu_cores: 2,
  memory_mb: 4096,
  disk_gb: 50,
  address: "http://127.0.0.1:9",
  agent_version: "0.1.0",
  accelerator: "emulated",
  runtime_id: "qemu-7.2",
};
const register = (token: string, specs: Record<string, unknown> = {}) =>
  call<Credentials>(server.url, "/v1/hosts/register", { body: { ...SPECS, token, ...specs } });

const refresh = (refreshToken: string) =>
  call<Credentials>(server.url, "/v1/hosts/auth/refresh", { body: { refresh_token: refreshToken } });

const auditOf = (id: string): Promise<{ action: string; scope: string }[]> =>
  server.database.sql`select action, scope from audit_logs where resource_id = ${id} order by seq`;

describe("joining", () => {
  test("a host is pending until its machine registers, once", async () => {
    const { host, registration } = await newHost();
    expect(host).toMatchObject({ status: "pending", type: "regular", name: "box", cpu_cores: null });
    expect(registration.command).toContain(registration.token);
    expect(Date.parse(registration.expires_at) - Date.now()).toBeLessThanOrEqual(3_600_000);

    const registered = await register(registration.token);
    expect(registered.status).toBe(200);
    expect(registered.body).toMatchObject({ host_id: host.id, server_public_key: { kty: "OKP" } });
    const claims = decodeJwt(registered.body.token);
    expect([claims.sub, claims.aud]).toEqual([parseHostId(host.id) ?? "", "host"]);
    expect((await register(registration.token)).status).toBe(401);
    expect(await auditOf(host.id)).toEqual([{ action: "create", scope: "admin" }]);
  });

  test("of fifty machines with one token, one joins", async () => {
    const { registration } = await newHost();
    const answers = await Promise.all(Array.from({ length: 50 }, () => register(registration.token)));
    expect(countBy(answers)).toEqual({ 200: 1, 401: 49 });
  });

  test("a machine that cannot be dialled is told apart", async () => {
    const { host, registration } = await newHost();
    await register(registration.token);
    const { body } = await asAdmin<HostBody>(`/${host.id}`);
    expect(body).toMatchObject({ reachable: false, cpu_cores: 2, memory_mb: 4096 });
    expect(body.status_reason).toContain("127.0.0.1:9");
  });

  const refused: [string, Record<string, unknown>, string][] = [
    ["plain http off loopback", { address: "http://10.0.0.5:7070" }, "address"],
    ["https without a certificate", { address: "https://10.0.0.5:7070" }, "tls_cert"],
    ["no scheme", { address: "10.0.0.5:7070" }, "address"],
    ["a path", { address: "http://127.0.0.1:7070/x" }, "address"],
    ["credentials in it", { address: "http://a@127.0.0.1:7070" }, "address"],
    ["no cores", { cpu_cores: 0 }, "cpu_cores"],
    ["an unknown accelerator", { accelerator: "magic" }, "accelerator"],
    ["a token that is none", { token: "x" }, "token"],
  ];
  for (const [name, specs, field] of refused) {
    test(`${name} is refused, and the token is not used up`, async () => {
      const { registration } = await newHost();
      const answer = await register(registration.token, specs);
      expect([answer.status, answer.body.error?.field]).toEqual([400, field]);
      expect((await register(registration.token)).status).toBe(200);
    });
  }

  test("a new token ends the one before; an online host needs none", async () => {
    const { host, registration } = await newHost();
    const second = await asAdmin<{ token: string }>(`/${host.id}/token`, { method: "POST" });
    expect(second.status).toBe(201);
    expect((await register(registration.token)).status).toBe(401);
    expect((await register(second.body.token)).status).toBe(200);
    expect((await auditOf(host.id)).map(({ action }) => action)).toEqual(["create", "token_issue"]);

    const online = await StandInHost.join(server.url, admin.token);
    const answer = await asAdmin(`/${online.id}/token`, { method: "POST" });
    expect([answer.status, answer.body.error?.code]).toEqual([409, "host_online"]);
    await asAdmin(`/${online.id}`, { method: "DELETE" });
    await online.stop();
  });

  test("an expired token does nothing", async () => {
    const { registration } = await newHost();
    await server.database.ownerSql`
      update host_registration_tokens set expires_at = now() - interval '1 second' where used_at is null`;
    expect((await register(registration.token)).status).toBe(401);
  });

  test("only platform admins add, see and remove shared hosts", async () => {
    const { host } = await newHost();
    const eve = await signUp(server.url, "Eve");
    const asEve = (path: string, options: object = {}) =>
      call<AnyBody & { items: unknown[] }>(server.url, `/v1/hosts${path}`, { token: eve.token, ...options });
    expect((await asEve("", { body: { name: "mine" } })).status).toBe(403);
    expect((await asEve("")).body.items).toEqual([]);
    expect((await asEve(`/${host.id}`)).status).toBe(404);
    for (const [method, path] of [
      ["DELETE", ""],
      ["GET", "/delete-preview"],
      ["POST", "/token"],
      ["POST", "/drain"],
      ["POST", "/undrain"],
    ]) {
      expect((await asEve(`/${host.id}${path}`, { method })).status).toBe(404);
    }
    const apiKey = await createKey(server.url, admin);
    expect((await call(server.url, "/v1/hosts", { apiKey })).status).toBe(401);
  });
});

describe("refresh", () => {
  test("a token works once; using it again ends the family", async () => {
    const { registration } = await newHost();
    const first = (await register(registration.token)).body;
    const second = await refresh(first.refresh_token);
    expect(second.status).toBe(200);
    const third = await refresh(second.body.refresh_token);
    expect(third.status).toBe(200);
    const reused = await refresh(first.refresh_token);
    expect([reused.status, reused.body.error?.code]).toEqual([401, "invalid_refresh_token"]);
    expect((await refresh(third.body.refresh_token)).status).toBe(401);
    expect((await refresh("0".repeat(64))).status).toBe(401);
  });
});

describe("a lost answer to a refresh", () => {
  test("is made good for a moment, and the unused successor ends", async () => {
    const { registration } = await newHost();
    const first = (await register(registration.token)).body;
    const lost = await refresh(first.refresh_token);
    const again = await refresh(first.refresh_token);
    expect(again.status).toBe(200);
    expect((await refresh(again.body.refresh_token)).status).toBe(200);
    expect((await refresh(lost.body.refresh_token)).status).toBe(401);
  });

  test("not after half a minute", async () => {
    const { registration } = await newHost();
    const first = (await register(registration.token)).body;
    const next = await refresh(first.refresh_token);
    await server.database.ownerSql`
      update host_refresh_tokens set revoked_at = revoked_at - interval '31 seconds' where revoked_at is not null`;
    expect((await refresh(first.refresh_token)).status).toBe(401);
    expect((await refresh(next.body.refresh_token)).status).toBe(401);
  });
});

describe("beats", () => {
  test("tell how far a built-in template is, until it is there or given up", async () => {
    const host = await StandInHost.join(server.url, admin.token);
    const row = async () => {
      const [found] = await server.database.sql<{ state: string; progress: number }[]>`
        select state, progress from host_templates
        where host_id = ${parseHostId(host.id) ?? ""} and template_id = ${ZERO_UUID}`;
      return found && { ...found };
    };
    const beat = async (building: StandInHost["building"], templates: StandInHost["templates"] = []) => {
      Object.assign(host, { building, templates });
      expect((await host.beat()).status).toBe(200);
      return row();
    };
    const minimal = (progress: number) => ({ template_id: ZERO_UUID, progress });
    const held = host.templates;
    // It lost what it had.
    expect(await beat([minimal(0.25)])).toEqual({ state: "building", progress: 0.25 });
    expect(await beat([minimal(0.25), minimal(0.5)])).toEqual({ state: "building", progress: 0.5 });
    const told = await call(server.url, "/v1/templates/minimal", { token: admin.token });
    expect(told.body).toMatchObject({ building: 0.5 });
    expect(await beat([])).toBeUndefined();
    expect(await beat([minimal(0.75)])).toEqual({ state: "building", progress: 0.75 });
    // Whoever says both has it.
    expect(await beat([minimal(0.9)], held)).toEqual({ state: "present", progress: 1 });
    expect(await beat([], held)).toEqual({ state: "present", progress: 1 });
    // Nothing else is built in.
    expect((await host.beat()).status).toBe(200);
    expect(await beat([{ template_id: crypto.randomUUID(), progress: 0 }], held)).toMatchObject({
      state: "present",
    });
    await host.stop();
  });

  test("bring a host online, and dial it", async () => {
    const host = await StandInHost.join(server.url, admin.token);
    const seen = async () => (await asAdmin<HostBody>(`/${host.id}`)).body;
    await waitFor("it is reachable", async () => (await seen()).reachable);
    expect(await seen()).toMatchObject({
      status: "online",
      status_reason: "",
      free_memory_mb: 4096,
      templates: ["minimal"],
    });
    await server.database
      .ownerSql`update hosts set status = 'unreachable' where id = ${parseHostId(host.id) ?? ""}`;
    await host.beat();
    expect((await seen()).status).toBe("online");
    expect((await auditOf(host.id)).at(-1)).toEqual({ action: "marked_up", scope: "team" });

    host.templates = [];
    await host.beat();
    expect((await seen()).templates).toEqual([]);
    host.answers.getHostStatus = () => ({
      work: [{ kind: "template_build", subject: "minimal", step: "packages", progress: 0.5, error: "" }],
    });
    expect((await seen()).work).toMatchObject([{ subject: "minimal", progress: 0.5 }]);

    await host.stop();
    await waitFor("the server notices that it cannot call", async () => !(await seen()).reachable);
    await asAdmin(`/${host.id}`, { method: "DELETE" });
  });

  test("need the host's own token", async () => {
    const host = await StandInHost.join(server.url, admin.token);
    const { registration } = await newHost();
    const other = (await register(registration.token)).body;
    const { token } = host.registration;
    host.registration.token = other.token;
    expect((await host.beat()).status).toBe(403);
    host.registration.token = admin.token;
    expect((await host.beat()).status).toBe(401);
    host.registration.token = token;
    await asAdmin(`/${host.id}`, { method: "DELETE" });
    const gone = await host.beat();
    expect([gone.status, gone.body.error?.code]).toEqual([410, "host_deleted"]);
    await host.stop();
  });
});

describe("removal", () => {
  test("is refused while sandboxes are there; force ends them", async () => {
    const host = await StandInHost.join(server.url, admin.token);
    await waitFor("it is reachable", async () => (await asAdmin<HostBody>(`/${host.id}`)).body.reachable);
    const apiKey = await createKey(server.url, admin);
    const make = async () =>
      (await call<{ id: string }>(server.url, "/v1/sandboxes", { apiKey, body: { template: "minimal" } }))
        .body.id;
    const [running, paused] = [await make(), await make()];
    await call(server.url, `/v1/sandboxes/${paused}/pause`, { apiKey, method: "POST" });

    const refused = await asAdmin<{ error: { code: string; sandbox_ids: string[] } }>(`/${host.id}`, {
      method: "DELETE",
    });
    expect([refused.status, refused.body.error.code]).toEqual([409, "host_has_sandboxes"]);
    expect(refused.body.error.sandbox_ids.toSorted()).toEqual([running, paused].toSorted());

    expect((await asAdmin(`/${host.id}?force=true`, { method: "DELETE" })).status).toBe(204);
    for (const id of [running, paused]) {
      const { body } = await call(server.url, `/v1/sandboxes/${id}`, { apiKey });
      expect(body).toMatchObject({ status: "stopped", status_reason: "host_deleted" });
    }
    await waitFor("the host let go of both", () => host.sandboxes.size === 0);
    expect((await asAdmin(`/${host.id}`)).status).toBe(404);
    expect((await refresh(host.registration.refresh_token)).status).toBe(410);
    expect((await auditOf(host.id)).map(({ action }) => action)).toEqual(["create", "delete"]);
    await host.stop();
  });
});

/** Sandboxes over HTTP and PostgreSQL, on a host that does as each test says. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { Code, ConnectError } from "@connectrpc/connect";

import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import {
  call,
  createKey,
  signUp,
  startTestServer,
  type TestPerson,
  type TestServer,
} from "../support/server.ts";
import { refusal, StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

interface SandboxBody {
  id: string;
  status: string;
  status_reason: string;
  memory_kept: boolean;
  template: string;
  host_id: string | null;
  error?: { code: string; message: string; field?: string; status?: string };
  [field: string]: unknown;
}

// Machines that run tests run much besides.
setDefaultTimeout(60_000);

let server: TestServer;
let admin: TestPerson;
let apiKey: string;
let host: StandInHost;

beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "100" });
  admin = await signUp(server.url);
  apiKey = await createKey(server.url, admin);
  host = await StandInHost.join(server.url, admin.token);
});
afterAll(async () => {
  await host.stop();
  await server.stop();
});

const api = (
  path: string,
  options: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
) => call<SandboxBody>(server.url, `/v1/sandboxes${path}`, { apiKey, ...options });

const create = async (body: Record<string, unknown> = {}): Promise<SandboxBody> => {
  const answer = await api("", { body: { template: "minimal", ...body } });
  expect(answer.status).toBe(201);
  return answer.body;
};

const get = async (id: string): Promise<SandboxBody> => (await api(`/${id}`)).body;
const settled = async (id: string, status: string): Promise<SandboxBody> => {
  await waitFor(`${id} is ${status}`, async () => (await get(id)).status === status);
  return get(id);
};

const auditOf = async (id: string): Promise<{ action: string; actor_type: string; status: string }[]> =>
  server.database
    .sql`select action, actor_type, status from audit_logs where resource_id = ${id} order by seq`;

/** Makes a row look as old as the reconcile wants before it believes a host. */
const age = (id: string, seconds: number) => server.database.ownerSql`
  update sandboxes set updated_at = now() - make_interval(secs => ${seconds})
  where id = ${id.slice(3)}`;

describe("create", () => {
  test("answers with a running sandbox and the template's sizes", async () => {
    const sandbox = await create({ template: "base", metadata: { job: "7" } });
    expect(sandbox).toMatchObject({
      status: "running",
      status_reason: "",
      template: "minimal",
      vcpus: 1,
      memory_mb: 512,
      disk_size_mb: 5120,
      timeout_sec: 300,
      on_timeout: "pause",
      metadata: { job: "7" },
      host_id: host.id,
    });
    expect(await get(sandbox.id)).toEqual(sandbox);
    expect(await auditOf(sandbox.id)).toMatchObject([{ action: "create", actor_type: "api_key" }]);
  });

  const refused: [string, Record<string, unknown>, number, string, string?][] = [
    ["unknown template", { template: "nope" }, 404, "template_not_found"],
    ["no template", {}, 400, "invalid_request", "template"],
    ["0 vcpus", { template: "minimal", vcpus: 0 }, 400, "invalid_request", "vcpus"],
    ["65 vcpus", { template: "minimal", vcpus: 65 }, 400, "invalid_request", "vcpus"],
    ["more vcpus than any host", { template: "minimal", vcpus: 5 }, 400, "invalid_request", "vcpus"],
    ["127 MB", { template: "minimal", memory_mb: 127 }, 400, "invalid_request", "memory_mb"],
    ["memory above the host", { template: "minimal", memory_mb: 8193 }, 400, "invalid_request", "memory_mb"],
    ["a disk that does not fit", { template: "minimal", disk_size_mb: 60_000 }, 503, "no_hosts_available"],
    ["timeout -1", { template: "minimal", timeout_sec: -1 }, 400, "invalid_request", "timeout_sec"],
    [
      "timeout of 31 days",
      { template: "minimal", timeout_sec: 2_678_400 },
      400,
      "invalid_request",
      "timeout_sec",
    ],
    ["an unknown field", { template: "minimal", colour: "red" }, 400, "invalid_request", "colour"],
    [
      "an unknown action",
      { template: "minimal", on_timeout: "explode" },
      400,
      "invalid_request",
      "on_timeout",
    ],
    [
      "51 metadata keys",
      {
        template: "minimal",
        metadata: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ""])),
      },
      400,
      "invalid_request",
      "metadata",
    ],
    [
      "9 KB of metadata",
      { template: "minimal", metadata: { a: "x".repeat(9000) } },
      400,
      "invalid_request",
      "metadata",
    ],
    ...[
      "203.0.113.1",
      "localhost",
      "*",
      "a.*.example",
      "-a.example",
      "https://a.example",
      "a..example",
      "",
    ].map((domain): [string, Record<string, unknown>, number, string, string] => [
      `the domain ${JSON.stringify(domain)}`,
      { template: "minimal", network: { allow_domains: ["ok.example", domain] } },
      400,
      "invalid_request",
      "network.allow_domains.1",
    ]),
    [
      "101 domains",
      {
        template: "minimal",
        network: { allow_domains: Array.from({ length: 101 }, (_, i) => `d${i}.example`) },
      },
      400,
      "invalid_request",
      "network.allow_domains",
    ],
  ];
  for (const [name, body, status, code, field] of refused) {
    test(`${name} → ${status} ${code}, no row`, async () => {
      const [before] = await server.database.sql`select count(*) from sandboxes`;
      const answer = await api("", { body });
      expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
      if (field) expect(answer.body.error?.field).toBe(field);
      const [after] = await server.database.sql`select count(*) from sandboxes`;
      expect(after).toEqual(before);
    });
  }

  test("a body of 20 MB is refused", async () => {
    const answer = await api("", { body: { template: "x".repeat(20 << 20) } });
    expect(answer.status).toBe(413);
  });

  test("goes to another host when one is full, and says why when all are", async () => {
    const other = await StandInHost.join(server.url, admin.token);
    try {
      const full = () => {
        throw refusal("memory_full", Code.ResourceExhausted);
      };
      host.answers.createSandbox = full;
      const made = await Promise.all([create(), create()]);
      expect(made.map((one) => one.host_id)).toEqual([other.id, other.id]);
      other.answers.createSandbox = full;
      const answer = await api("", { body: { template: "minimal" } });
      expect([answer.status, answer.body.error?.code]).toEqual([503, "no_hosts_available"]);
      const rows = await server.database.sql`
        select status, status_reason from sandboxes order by created_at desc limit 1`;
      expect(rows[0]).toMatchObject({ status: "error", status_reason: "memory_full" });
    } finally {
      delete host.answers.createSandbox;
      await call(server.url, `/v1/hosts/${other.id}?force=true`, { method: "DELETE", token: admin.token });
      await other.stop();
    }
  });

  test("a lost answer is an error, and what came up is destroyed", async () => {
    host.answers.createSandbox = ({ sandboxId }) => {
      host.set(sandboxId, {});
      throw refusal("vm_failed", Code.Internal);
    };
    const answer = await api("", { body: { template: "minimal" } });
    delete host.answers.createSandbox;
    expect([answer.status, answer.body.error?.code]).toEqual([502, "agent_error"]);
    const [row] = await server.database.sql<{ id: string }[]>`
      select id from sandboxes where status = 'error' order by created_at desc limit 1`;
    await waitFor("it is gone from the host", () => !host.sandboxes.has(`sb-${row?.id}`));
    expect(await auditOf(`sb-${row?.id}`)).toMatchObject([
      { action: "create", status: "success" },
      { action: "create", status: "error" },
    ]);
  });

  test("the same Idempotency-Key gives the same sandbox, another body a conflict", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const send = (body: object) => api("", { headers, body });
    const [first, second] = await Promise.all([send({ template: "minimal" }), send({ template: "minimal" })]);
    expect(first?.body.id).toStartWith("sb-");
    expect(second?.body.id).toBe(first?.body.id ?? "");
    const other = await send({ template: "minimal", timeout_sec: 7 });
    expect([other.status, other.body.error?.code]).toEqual([409, "idempotency_key_reused"]);
  });

  test("a failed attempt frees its Idempotency-Key", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    expect((await api("", { headers, body: { template: "nope" } })).status).toBe(404);
    expect((await api("", { headers, body: { template: "minimal" } })).status).toBe(201);
  });

  test("a team's limit is named", async () => {
    await server.database
      .ownerSql`update teams set limits = '{"sandboxes": 0}' where id = ${admin.teamId.slice(5)}`;
    const answer = await api("", { body: { template: "minimal" } });
    await server.database.ownerSql`update teams set limits = '{}'`;
    expect(answer.status).toBe(429);
    expect(answer.body.error).toMatchObject({ code: "quota_exceeded", limit: "sandboxes", max: 0 });
    await waitFor("the audit trail tells it", async () => {
      const rows = await server.database.sql`
        select 1 from audit_logs where action = 'create' and metadata->>'reason' = 'quota_exceeded'`;
      return rows.length === 1;
    });
  });
});

describe("the egress rules", () => {
  const NOTHING = { allow_internet: true, allow_cidrs: [], deny_cidrs: [], allow_domains: [] };

  test("are told to the host and shown; with domains everything else is denied in so many words", async () => {
    const told: unknown[] = [];
    host.answers.createSandbox = ({ sandboxId, network }) => {
      told.push(network);
      return { sandbox: host.set(sandboxId, {}) };
    };
    host.answers.updateSandbox = ({ sandboxId, network }) => {
      told.push(network);
      return { sandbox: host.set(sandboxId, {}) };
    };
    const network = { allow_domains: ["api.example.com", "*.Example.org"], deny_cidrs: ["203.0.113.0/24"] };
    const { id } = await create({ network });
    expect(await get(id)).toMatchObject({ network: { ...NOTHING, ...network } });
    const changed = await api(`/${id}/network`, { method: "PUT", body: { allow_cidrs: ["203.0.113.7"] } });
    expect(changed.body).toMatchObject({ network: { ...NOTHING, allow_cidrs: ["203.0.113.7"] } });
    delete host.answers.createSandbox;
    delete host.answers.updateSandbox;
    expect(told).toMatchObject([
      {
        allowInternet: true,
        allowDomains: ["api.example.com", "*.Example.org"],
        denyCidrs: ["203.0.113.0/24", "0.0.0.0/0"],
      },
      { allowInternet: true, allowDomains: [], allowCidrs: ["203.0.113.7"], denyCidrs: [] },
    ]);
  });

  test("of a running sandbox are checked as those of a new one", async () => {
    const { id } = await create();
    const answer = await api(`/${id}/network`, { method: "PUT", body: { allow_domains: ["10.0.0.1"] } });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      code: "invalid_request",
      field: "allow_domains.0",
      rule: "pattern",
    });
  });
});

describe("pause and resume", () => {
  test("keep memory or not, each with its audit entry", async () => {
    const { id } = await create();
    const paused = await api(`/${id}/pause`, { method: "POST" });
    expect(paused.body).toMatchObject({ status: "paused", memory_kept: true, expires_at: null });
    const resumed = await api(`/${id}/resume`, { method: "POST" });
    expect(resumed.body).toMatchObject({ status: "running", paused_at: null });
    const dropped = await api(`/${id}/pause`, { body: { keep_memory: false } });
    expect(dropped.body).toMatchObject({ status: "paused", memory_kept: false });
    expect((await auditOf(id)).map(({ action }) => action)).toEqual(["create", "pause", "resume", "pause"]);
  });

  test("a wrong status is 409 and names it", async () => {
    const { id } = await create();
    const resumed = await api(`/${id}/resume`, { method: "POST" });
    expect(resumed.status).toBe(409);
    expect(resumed.body.error).toMatchObject({ code: "invalid_state", status: "running" });
  });

  test("two pauses at once: one wins", async () => {
    const { id } = await create();
    const answers = await Promise.all([1, 2].map(() => api(`/${id}/pause`, { method: "POST" })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  });

  test("a refused pause runs on, a refused resume stays paused", async () => {
    const { id } = await create();
    host.answers.pauseSandbox = () => {
      throw refusal("disk_full", Code.ResourceExhausted);
    };
    const failed = await api(`/${id}/pause`, { method: "POST" });
    delete host.answers.pauseSandbox;
    expect([failed.status, failed.body.error?.code]).toEqual([507, "disk_full"]);
    expect(await get(id)).toMatchObject({ status: "running", status_reason: "pause_failed: disk_full" });

    await api(`/${id}/pause`, { method: "POST" });
    host.answers.resumeSandbox = () => {
      throw refusal("snapshot_refused", Code.FailedPrecondition);
    };
    const refused = await api(`/${id}/resume`, { method: "POST" });
    delete host.answers.resumeSandbox;
    expect([refused.status, refused.body.error?.code]).toEqual([409, "snapshot_refused"]);
    expect(await get(id)).toMatchObject({ status: "paused", memory_kept: true });
    expect((await auditOf(id)).map(({ action }) => action)).toEqual(["create", "pause"]);
  });
});

describe("an answer that never came", () => {
  test("to a create: an error, and what came up is destroyed", async () => {
    host.answers.createSandbox = ({ sandboxId }) => {
      host.set(sandboxId, {});
      throw new ConnectError("late", Code.DeadlineExceeded);
    };
    const answer = await api("", { body: { template: "minimal" } });
    delete host.answers.createSandbox;
    expect([answer.status, answer.body.error?.code]).toEqual([504, "agent_timeout"]);
    const [row] = await server.database.sql<{ id: string; status_reason: string }[]>`
      select id, status_reason from sandboxes where status = 'error' order by created_at desc limit 1`;
    expect(row?.status_reason).toBe("create_timed_out");
    await waitFor("it is gone from the host", () => !host.sandboxes.has(`sb-${row?.id}`));
  });

  test("to a pause: in between until the host is asked", async () => {
    const { id } = await create();
    host.answers.pauseSandbox = ({ sandboxId }) => {
      host.set(sandboxId, { status: SandboxStatus.PAUSED, memoryKept: true });
      throw new ConnectError("the connection broke", Code.Unknown);
    };
    const answer = await api(`/${id}/pause`, { method: "POST" });
    delete host.answers.pauseSandbox;
    expect([answer.status, answer.body.error?.code]).toEqual([503, "host_unreachable"]);
    expect(await settled(id, "paused")).toMatchObject({ memory_kept: true });
  });

  test("to a pause that the host is still at: in between until it is over", async () => {
    const { id } = await create();
    host.answers.pauseSandbox = ({ sandboxId }) => {
      host.set(sandboxId, { status: SandboxStatus.BUSY });
      throw new ConnectError("the connection broke", Code.Unknown);
    };
    await api(`/${id}/pause`, { method: "POST" });
    delete host.answers.pauseSandbox;
    await server.server.services.monitor.round();
    expect(await get(id)).toMatchObject({ status: "pausing", status_reason: "unanswered" });
    host.set(id, { status: SandboxStatus.RUNNING });
    expect(await settled(id, "running")).toMatchObject({ status_reason: "" });
  });

  test("to a create whose server died: the host tells what became of it", async () => {
    const { id } = await create();
    await server.database.ownerSql`update sandboxes set status = 'pending' where id = ${id.slice(3)}`;
    await age(id, 61);
    expect(await settled(id, "running")).toMatchObject({ host_id: host.id });
    await server.database.ownerSql`update sandboxes set status = 'pending' where id = ${id.slice(3)}`;
    host.sandboxes.delete(id);
    await age(id, 61);
    expect(await settled(id, "error")).toMatchObject({ status_reason: "create_lost" });
  });
});

describe("delete", () => {
  test("answers at once in every status, and the host follows", async () => {
    const { id } = await create();
    await api(`/${id}/pause`, { method: "POST" });
    const deleted = await api(`/${id}`, { method: "DELETE" });
    expect(deleted.body).toMatchObject({ status: "stopped", status_reason: "deleted" });
    await waitFor("the host let go", () => !host.sandboxes.has(id));
    const again = await api(`/${id}`, { method: "DELETE" });
    expect([again.status, again.body.status]).toEqual([200, "stopped"]);
    expect((await auditOf(id)).map(({ action }) => action)).toEqual(["create", "pause", "destroy"]);
  });

  test("is finished by the reconcile when the host did not answer", async () => {
    const { id } = await create();
    host.answers.destroySandbox = () => {
      throw refusal("vm_failed", Code.Internal);
    };
    await api(`/${id}`, { method: "DELETE" });
    delete host.answers.destroySandbox;
    expect(host.sandboxes.has(id)).toBe(true);
    await age(id, 61);
    await waitFor("the reconcile destroyed it", () => !host.sandboxes.has(id));
    expect(await get(id)).toMatchObject({ status: "stopped", status_reason: "deleted" });
  });
});

describe("fork", () => {
  test("gives running children with ids of their own", async () => {
    const { id } = await create({ metadata: { of: "fork" } });
    const answer = await call<{ items: SandboxBody[] }>(server.url, `/v1/sandboxes/${id}/fork`, {
      apiKey,
      body: { count: 2 },
    });
    expect(answer.status).toBe(201);
    const { items } = answer.body;
    expect(items.map(({ status }) => status)).toEqual(["running", "running"]);
    expect(new Set([id, ...items.map((child) => child.id)]).size).toBe(3);
    expect(items[0]?.["metadata"]).toEqual({ of: "fork" });
    expect(await get(id)).toMatchObject({ status: "running" });
  });

  test("a child that failed is in error, with its reason", async () => {
    const { id } = await create();
    host.answers.forkSandbox = ({ children }) => ({
      results: children.map((child, index) =>
        index === 0
          ? { sandboxId: child.sandboxId, sandbox: host.set(child.sandboxId, {}) }
          : { sandboxId: child.sandboxId, error: "memory_full" },
      ),
    });
    const answer = await call<{ items: SandboxBody[] }>(server.url, `/v1/sandboxes/${id}/fork`, {
      apiKey,
      body: { count: 2 },
    });
    delete host.answers.forkSandbox;
    expect(answer.body.items).toMatchObject([
      { status: "running" },
      { status: "error", status_reason: "memory_full" },
    ]);
  });
});

describe("list", () => {
  test("pages are stable, filtered, and hide what has ended", async () => {
    const run = crypto.randomUUID();
    const ids = [];
    for (let index = 0; index < 5; index += 1) ids.push((await create({ metadata: { run } })).id);
    await api(`/${ids[1]}`, { method: "DELETE" });
    const page = (query: string) =>
      call<{ items: SandboxBody[]; next_cursor: string | null }>(
        server.url,
        `/v1/sandboxes?metadata.run=${run}&${query}`,
        { apiKey },
      );
    const first = await page("limit=2");
    await create({ metadata: { run } });
    const second = await page(`limit=2&cursor=${first.body.next_cursor}`);
    expect([...first.body.items, ...second.body.items].map(({ id }) => id)).toEqual(
      [ids[4], ids[3], ids[2], ids[0]].map(String),
    );
    expect(second.body.next_cursor).toBeNull();
    expect((await page("status=stopped")).body.items.map(({ id }) => id)).toEqual([String(ids[1])]);
    for (const bad of ["limit=201", "limit=0", "cursor=x", "status=asleep", "colour=red"]) {
      expect((await page(bad)).status).toBe(400);
    }
  });
});

describe("reconcile and heartbeat", () => {
  test("what an agent did by itself shows at once, once", async () => {
    const { id } = await create();
    host.set(id, { status: SandboxStatus.PAUSED, reason: "timeout", memoryKept: true });
    const beat = await host.beat([
      { sandbox_id: id, status: "paused", reason: "timeout", memory_kept: true },
    ]);
    expect(beat.body["acknowledged_seq"]).toBeNumber();
    expect(await settled(id, "paused")).toMatchObject({ status_reason: "timeout", memory_kept: true });
    expect(await auditOf(id)).toMatchObject([
      { action: "create" },
      { action: "pause", actor_type: "system" },
    ]);
  });

  test("old news does not undo a newer resume", async () => {
    const { id } = await create();
    const at = new Date(Date.now() - 60_000).toISOString();
    await host.beat([{ sandbox_id: id, status: "paused", reason: "timeout", at }]);
    await server.server.services.monitor.round();
    expect(await get(id)).toMatchObject({ status: "running" });
  });

  test("a VM that died is paused without memory", async () => {
    const { id } = await create();
    host.set(id, { status: SandboxStatus.PAUSED, reason: "vm_died", memoryKept: false });
    expect(await settled(id, "paused")).toMatchObject({ status_reason: "vm_died", memory_kept: false });
    expect((await auditOf(id)).at(-1)).toMatchObject({ action: "crashed", status: "error" });
  });

  test("a sandbox its host has lost is stopped, and says so", async () => {
    const { id } = await create();
    host.sandboxes.delete(id);
    expect(await settled(id, "stopped")).toMatchObject({ status_reason: "lost_on_host" });
    expect((await auditOf(id)).at(-1)).toMatchObject({ action: "lost", actor_type: "system" });
  });

  test("an expired one is recorded and acknowledged", async () => {
    const { id } = await create();
    host.set(id, { status: SandboxStatus.ENDED, reason: "timeout" });
    expect(await settled(id, "stopped")).toMatchObject({ status_reason: "timeout" });
    await age(id, 61);
    await waitFor("the host may forget it", () => !host.sandboxes.has(id));
  });

  test("one whose memory the host lost says so", async () => {
    const { id } = await create();
    expect((await api(`/${id}/pause`, { method: "POST" })).body.memory_kept).toBe(true);
    host.set(id, { memoryKept: false });
    await waitFor("the row follows", async () => !(await get(id)).memory_kept);
    await api(`/${id}`, { method: "DELETE" });
  });

  test("one the database does not know is paused and kept", async () => {
    const stranger = `sb-${crypto.randomUUID()}`;
    host.set(stranger, {});
    await waitFor("it is paused", () => host.sandboxes.get(stranger)?.status === SandboxStatus.PAUSED);
    await server.server.services.monitor.round();
    expect(host.sandboxes.has(stranger)).toBe(true);
    const { id } = await create();
    const seen = await call(server.url, `/v1/hosts/${host.id}`, { token: admin.token });
    expect(seen.body["quarantined"]).toEqual([stranger]);
    await api(`/${id}`, { method: "DELETE" });
    host.sandboxes.delete(stranger);
  });
});

describe("snapshots", () => {
  const snapshots = (path: string, options: { method?: string; body?: unknown } = {}) =>
    call<SandboxBody & { items: SandboxBody[] }>(server.url, `/v1/snapshots${path}`, { apiKey, ...options });
  const take = async (name?: string) =>
    snapshots("", { body: { sandbox_id: (await create()).id, ...(name && { name }) } });

  test("have names of their own, or get one", async () => {
    const made = await take("first.one");
    expect(made.body).toMatchObject({ name: "first.one", type: "snapshot", state: "present", owner: "team" });
    expect((await take()).body["name"]).toMatch(/^snapshot-[0-9a-f]{8}$/);
    const refused: [string, number, string][] = [
      ["first.one", 409, "template_name_taken"],
      ["minimal", 409, "name_reserved"],
      ["base", 409, "name_reserved"],
      ["-x", 400, "invalid_request"],
      ["a/b", 400, "invalid_request"],
    ];
    for (const [name, status, code] of refused) {
      const answer = await take(name);
      expect([name, answer.status, answer.body.error?.code]).toEqual([name, status, code]);
    }
    const { items } = (await snapshots("")).body;
    expect(items.map((item) => item["name"])).toContain("first.one");
    const all = await call<{ items: SandboxBody[] }>(server.url, "/v1/templates", { apiKey });
    expect(all.body.items.map((item) => item["name"])).toContain("minimal");
  });

  test("are started from, kept while in use, and free their name at once", async () => {
    await take("second");
    host.templates = [...host.templates, ...(await held("second"))];
    await host.beat();
    const child = await create({ template: "second" });
    const inUse = await snapshots("/second", { method: "DELETE" });
    expect([inUse.status, inUse.body.error?.code]).toEqual([409, "in_use"]);
    await api(`/${child.id}`, { method: "DELETE" });
    expect((await snapshots("/second", { method: "DELETE" })).status).toBe(204);
    await waitFor("the host was told", () => host.calls.includes("deleteTemplate"));
    expect((await take("second")).status).toBe(201);
    expect((await snapshots("/minimal", { method: "DELETE" })).status).toBe(404);
  });

  const held = async (name: string) =>
    server.database.sql<{ team_id: string; template_id: string }[]>`
      select team_id, id as template_id from templates where name = ${name} and deleted_at is null`;

  test("one that comes about after it was given up is removed from its host", async () => {
    host.answers.createSnapshot = () => {
      throw refusal("disk_full", Code.ResourceExhausted);
    };
    await take("late");
    delete host.answers.createSnapshot;
    const late = await server.database.sql<{ team_id: string; template_id: string }[]>`
      select team_id, id as template_id from templates where name = 'late'`;
    const left = async () => {
      const rows = await server.database.sql`
        select 1 from host_templates where template_id = ${late[0]?.template_id ?? ""}`;
      return rows.length;
    };
    await waitFor("it is forgotten", async () => (await left()) === 0);
    const removed: (string | undefined)[] = [];
    host.answers.deleteTemplate = ({ template }) => {
      removed.push(template?.templateId);
      return {};
    };
    host.templates = [...host.templates, ...late];
    await host.beat();
    await waitFor("the host was told again", () => removed.includes(late[0]?.template_id));
    delete host.answers.deleteTemplate;
    host.templates = host.templates.filter(({ template_id }) => template_id !== late[0]?.template_id);
  });

  test("a refused one leaves nothing, not even its name", async () => {
    host.answers.createSnapshot = () => {
      throw refusal("disk_full", Code.ResourceExhausted);
    };
    const failed = await take("third");
    delete host.answers.createSnapshot;
    expect([failed.status, failed.body.error?.code]).toEqual([507, "disk_full"]);
    expect((await take("third")).status).toBe(201);
  });

  test("one whose server died while it was made ends, or counts when the host has it", async () => {
    const forget = async (name: string): Promise<string> => {
      await take(name);
      const [row] = await held(name);
      const id = row?.template_id ?? "";
      await server.database.ownerSql`
        update host_templates set state = 'building', created_at = now() - interval '5 minutes'
        where template_id = ${id}`;
      return id;
    };
    const state = async (name: string) => {
      const answer = await call<SandboxBody>(server.url, `/v1/templates/${name}`, { apiKey });
      return answer.status === 404 ? "gone" : String(answer.body["state"]);
    };
    await forget("lost");
    await waitFor("it is gone", async () => (await state("lost")) === "gone");
    host.answers.listTemplates = async () => ({
      templates: (await held("whole")).map(({ team_id, template_id }) => ({
        ref: { teamId: team_id, templateId: template_id },
        sizeBytes: 7n,
        runtimeId: "stand-in",
      })),
    });
    await forget("whole");
    await waitFor("it counts", async () => (await state("whole")) === "present");
    delete host.answers.listTemplates;
  });
});

test("another team sees none of it", async () => {
  const { id } = await create();
  const stranger = await createKey(server.url, await signUp(server.url, "Eve"));
  const as = (path: string, method: string) =>
    call(server.url, `/v1/sandboxes/${path}`, { apiKey: stranger, method });
  for (const [path, method] of [
    [id, "GET"],
    [id, "DELETE"],
    [`${id}/pause`, "POST"],
    [`${id}/files?path=/etc/passwd`, "GET"],
  ] as const) {
    expect((await as(path, method)).status).toBe(404);
  }
  expect((await api("/host-0198c0de-0000-7000-8000-000000000001")).body.error).toMatchObject({ field: "id" });
});

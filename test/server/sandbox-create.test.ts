/** What a create asks for, answers and refuses, over HTTP and PostgreSQL, on a host that does as each test says. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { Code } from "@connectrpc/connect";

import { call } from "../support/server.ts";
import { refusal, StandInHost } from "../support/stand-in-host.ts";
import { StandInProduct } from "../support/stand-in-product.ts";
import { waitFor } from "../support/wait-for.ts";

// Machines that run tests run much besides.
setDefaultTimeout(60_000);

let scene: StandInProduct;
beforeAll(async () => {
  scene = await StandInProduct.start();
});
afterAll(() => scene.stop());

describe("create", () => {
  test("answers with a running sandbox and the template's sizes", async () => {
    const sandbox = await scene.create({ template: "base", metadata: { job: "7" } });
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
      host_id: scene.host.id,
    });
    expect(await scene.get(sandbox.id)).toEqual(sandbox);
    expect(await scene.auditOf(sandbox.id)).toMatchObject([{ action: "create", actor_type: "api_key" }]);
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
      const [before] = await scene.server.database.sql`select count(*) from sandboxes`;
      const answer = await scene.api("", { body });
      expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
      if (field) expect(answer.body.error?.field).toBe(field);
      const [after] = await scene.server.database.sql`select count(*) from sandboxes`;
      expect(after).toEqual(before);
    });
  }

  test("a body of 20 MB is refused", async () => {
    const answer = await scene.api("", { body: { template: "x".repeat(20 << 20) } });
    expect(answer.status).toBe(413);
  });

  test("goes to another host when one is full, and says why when all are", async () => {
    const other = await StandInHost.join(scene.server.url, scene.admin.token);
    try {
      const full = () => {
        throw refusal("memory_full", Code.ResourceExhausted);
      };
      scene.host.answers.createSandbox = full;
      const made = await Promise.all([scene.create(), scene.create()]);
      expect(made.map((one) => one.host_id)).toEqual([other.id, other.id]);
      other.answers.createSandbox = full;
      const answer = await scene.api("", { body: { template: "minimal" } });
      expect([answer.status, answer.body.error?.code]).toEqual([503, "no_hosts_available"]);
      const rows = await scene.server.database.sql`
        select status, status_reason from sandboxes order by created_at desc limit 1`;
      expect(rows[0]).toMatchObject({ status: "error", status_reason: "memory_full" });
    } finally {
      delete scene.host.answers.createSandbox;
      await call(scene.server.url, `/v1/hosts/${other.id}?force=true`, {
        method: "DELETE",
        token: scene.admin.token,
      });
      await other.stop();
    }
  });

  test("a lost answer is an error, and what came up is destroyed", async () => {
    scene.host.answers.createSandbox = ({ sandboxId }) => {
      scene.host.set(sandboxId, {});
      throw refusal("vm_failed", Code.Internal);
    };
    const answer = await scene.api("", { body: { template: "minimal" } });
    delete scene.host.answers.createSandbox;
    expect([answer.status, answer.body.error?.code]).toEqual([502, "agent_error"]);
    const [row] = await scene.server.database.sql<{ id: string }[]>`
      select id from sandboxes where status = 'error' order by created_at desc limit 1`;
    await waitFor("it is gone from the host", () => !scene.host.sandboxes.has(`sb-${row?.id}`));
    expect(await scene.auditOf(`sb-${row?.id}`)).toMatchObject([
      { action: "create", status: "success" },
      { action: "create", status: "error" },
    ]);
  });

  test("the same Idempotency-Key gives the same sandbox, another body a conflict", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const send = (body: object) => scene.api("", { headers, body });
    const [first, second] = await Promise.all([send({ template: "minimal" }), send({ template: "minimal" })]);
    expect(first?.body.id).toStartWith("sb-");
    expect(second?.body.id).toBe(first?.body.id ?? "");
    const other = await send({ template: "minimal", timeout_sec: 7 });
    expect([other.status, other.body.error?.code]).toEqual([409, "idempotency_key_reused"]);
  });

  test("a failed attempt frees its Idempotency-Key", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    expect((await scene.api("", { headers, body: { template: "nope" } })).status).toBe(404);
    expect((await scene.api("", { headers, body: { template: "minimal" } })).status).toBe(201);
  });

  test("a team's limit is named", async () => {
    await scene.server.database
      .ownerSql`update teams set limits = '{"sandboxes": 0}' where id = ${scene.admin.teamId.slice(5)}`;
    const answer = await scene.api("", { body: { template: "minimal" } });
    await scene.server.database.ownerSql`update teams set limits = '{}'`;
    expect(answer.status).toBe(429);
    expect(answer.body.error).toMatchObject({ code: "quota_exceeded", limit: "sandboxes", max: 0 });
    await waitFor("the audit trail tells it", async () => {
      const rows = await scene.server.database.sql`
        select 1 from audit_logs where action = 'create' and metadata->>'reason' = 'quota_exceeded'`;
      return rows.length === 1;
    });
  });
});

describe("the egress rules", () => {
  const NOTHING = { allow_internet: true, allow_cidrs: [], deny_cidrs: [], allow_domains: [] };

  test("are told to the host and shown; with domains everything else is denied in so many words", async () => {
    const told: unknown[] = [];
    scene.host.answers.createSandbox = ({ sandboxId, network }) => {
      told.push(network);
      return { sandbox: scene.host.set(sandboxId, {}) };
    };
    scene.host.answers.updateSandbox = ({ sandboxId, network }) => {
      told.push(network);
      return { sandbox: scene.host.set(sandboxId, {}) };
    };
    const network = { allow_domains: ["api.example.com", "*.Example.org"], deny_cidrs: ["203.0.113.0/24"] };
    const { id } = await scene.create({ network });
    expect(await scene.get(id)).toMatchObject({ network: { ...NOTHING, ...network } });
    const changed = await scene.api(`/${id}/network`, {
      method: "PUT",
      body: { allow_cidrs: ["203.0.113.7"] },
    });
    expect(changed.body).toMatchObject({ network: { ...NOTHING, allow_cidrs: ["203.0.113.7"] } });
    delete scene.host.answers.createSandbox;
    delete scene.host.answers.updateSandbox;
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
    const { id } = await scene.create();
    const answer = await scene.api(`/${id}/network`, {
      method: "PUT",
      body: { allow_domains: ["10.0.0.1"] },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      code: "invalid_request",
      field: "allow_domains.0",
      rule: "pattern",
    });
  });
});

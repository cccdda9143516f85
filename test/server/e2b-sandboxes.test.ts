/** E2B's create, list, get and kill, on a host that does as each test says. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";

import { ENVD_VERSION } from "../../proto/envd-version.ts";
import {
  type CreateSandboxRequest,
  SandboxStatus,
  TimeoutAction,
  TimeoutKind,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId, parseSandboxId, ZERO_UUID } from "../../proto/ids.ts";
import { E2bApi, type E2bBody, SANDBOX_CALLS } from "../support/e2b-api.ts";
import {
  call,
  createKey,
  signUp,
  startTestServer,
  type TestPerson,
  type TestServer,
} from "../support/server.ts";
import { refusal, StandInHost } from "../support/stand-in-host.ts";

setDefaultTimeout(60_000);

const HEX = /^[0-9a-f]{32}$/;
const BASE = ZERO_UUID.replaceAll("-", "");

let server: TestServer;
let admin: TestPerson;
let api: E2bApi;
let host: StandInHost;
let asked: CreateSandboxRequest[] = [];

beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "100" });
  admin = await signUp(server.url);
  api = new E2bApi(server.url, await createKey(server.url, admin));
  host = await StandInHost.join(server.url, admin.token);
  // Deadlines as a host keeps them.
  host.answers.createSandbox = (request) => {
    asked.push(request);
    const expiresAt = timestampFromMs(Date.now() + (request.timeout?.timeoutSec ?? 0) * 1_000);
    return {
      sandbox: { ...host.set(request.sandboxId, { status: SandboxStatus.RUNNING }), expiresAt },
    };
  };
});
afterAll(async () => {
  await host.stop();
  await server.stop();
});

const prefixed = (hex: string): string => formatSandboxId(parseSandboxId(hex) ?? "");
const lastAsked = (): CreateSandboxRequest => {
  const request = asked.at(-1);
  if (!request) throw new Error("the host was not asked");
  return request;
};

describe("create", () => {
  test("answers with what a client needs to reach it", async () => {
    const answer = await api.request("/v2/sandboxes", { templateID: "base" });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      sandboxID: expect.stringMatching(HEX),
      templateID: BASE,
      alias: "base",
      clientID: "wrenn",
      envdVersion: ENVD_VERSION,
      envdAccessToken: expect.stringMatching(/^[0-9a-f]{64}$/),
      trafficAccessToken: null,
      domain: null,
    });
    expect(lastAsked()).toMatchObject({
      sandboxId: prefixed(answer.body.sandboxID),
      accessToken: answer.body["envdAccessToken"],
      timeout: { kind: TimeoutKind.DEADLINE, timeoutSec: 300, action: TimeoutAction.KILL },
      network: { allowInternet: true, allowCidrs: [], denyCidrs: [] },
    });
  });

  test("the older way lasts 15 s when not told, and 0 is at once", async () => {
    await api.ok("/sandboxes", { templateID: "base", secure: true });
    expect(lastAsked().timeout?.timeoutSec).toBe(15);
    await api.ok("/v2/sandboxes", { templateID: "base", timeout: 0 });
    expect(lastAsked().timeout?.timeoutSec).toBe(1);
    await api.ok("/v2/sandboxes", { templateID: "base", timeout: 3 });
    expect(lastAsked().timeout?.timeoutSec).toBe(3);
  });

  test("every field arrives where it belongs", async () => {
    const id = await api.create({
      timeout: 60,
      metadata: { user: "ada" },
      envVars: { COLOUR: "red" },
      autoPause: true,
      autoResume: { enabled: true },
      allow_internet_access: true,
      network: { allowOut: ["192.0.2.7"], denyOut: ["0.0.0.0/0"], allowPublicTraffic: false },
    });
    expect(lastAsked()).toMatchObject({
      envs: { COLOUR: "red" },
      timeout: { timeoutSec: 60, action: TimeoutAction.PAUSE },
      network: { allowInternet: true, allowCidrs: ["192.0.2.7"], denyCidrs: ["0.0.0.0/0"] },
    });
    const { body } = await api.get(id);
    expect(body).toMatchObject({
      metadata: { user: "ada" },
      allowInternetAccess: false,
      network: { allowOut: ["192.0.2.7"], denyOut: ["0.0.0.0/0"], allowPublicTraffic: false },
      lifecycle: { onTimeout: "pause", autoResume: true },
    });
    const [row] = await server.database.sql`
      select auto_resume, public_ports, timeout_kind, timeout_sec, on_timeout from sandboxes
      where id = ${parseSandboxId(id)}`;
    expect(row).toEqual({
      auto_resume: true,
      public_ports: false,
      timeout_kind: "deadline",
      timeout_sec: 60,
      on_timeout: "pause",
    });
  });

  test("a pause by timeout may drop the memory", async () => {
    await api.create({ autoPause: true, autoPauseMemory: false });
    expect(lastAsked().timeout).toMatchObject({ action: TimeoutAction.PAUSE, dropMemory: true });
    await api.create({ autoPause: true, autoPauseMemory: true });
    expect(lastAsked().timeout?.dropMemory).toBe(false);
    await api.create({ autoPause: true });
    expect(lastAsked().timeout?.dropMemory).toBe(false);
  });

  test("ports that are not public have a token of their own", async () => {
    const body = await api.ok("/v2/sandboxes", {
      templateID: "base",
      network: { allowPublicTraffic: false },
    });
    expect(body["trafficAccessToken"]).toMatch(/^[0-9a-f]{64}$/);
    expect(body["trafficAccessToken"]).not.toBe(body["envdAccessToken"]);
  });

  test("fields nobody knows and empty ones of what is not supported are passed over", async () => {
    const answer = await api.request("/v2/sandboxes", {
      templateID: "base",
      colour: "red",
      metadata: null,
      network: { rules: {}, egressProxy: null, httpsPorts: [], shape: "round" },
      volumeMounts: [],
      mcp: null,
      iam: { tokens: {} },
    });
    expect(answer.status).toBe(201);
  });

  test.each([
    ["base"],
    ["minimal"],
    ["base:default"],
    ["000000-000000/base"],
    ["000000-000000/minimal:default"],
    [BASE],
    [`tpl-${ZERO_UUID}`],
  ])("%s is the built-in template", async (templateID) => {
    const answer = await api.request("/v2/sandboxes", { templateID });
    expect([answer.status, answer.body["templateID"]]).toEqual([201, BASE]);
  });

  const create = (more: Record<string, unknown>) => ({ templateID: "base", ...more });
  const refused: [string, Record<string, unknown>, number, string][] = [
    ["no template", {}, 400, "templateID is required"],
    ["an unknown template", { templateID: "nope" }, 404, "nope"],
    ["a tag", { templateID: "base:v2" }, 404, "base:v2"],
    ["another team's template", { templateID: "a1b2c3-d1e2f3/base" }, 404, "base"],
    ["an id that is none", { templateID: "f".repeat(32) }, 404, "ffff"],
    ["a path", { templateID: "a/b/c" }, 404, "a/b/c"],
    ["a negative timeout", create({ timeout: -1 }), 400, "timeout"],
    ["a timeout of 31 days", create({ timeout: 2_678_400 }), 400, "timeout"],
    ["a timeout of a word", create({ timeout: "soon" }), 400, "timeout"],
    ["metadata of numbers", create({ metadata: { a: 1 } }), 400, "metadata.a"],
    [
      "51 metadata keys",
      create({ metadata: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`k${at}`, ""])) }),
      400,
      "metadata",
    ],
    ["an environment name with a dash", create({ envVars: { "a-b": "" } }), 400, "envVars"],
    [
      "traffic that resumes without memory",
      create({ autoPause: true, autoPauseMemory: false, autoResume: { enabled: true } }),
      400,
      "autoResume",
    ],
    ["volumes", create({ volumeMounts: [{ name: "v", path: "/v" }] }), 400, "volumeMounts"],
    ["mcp", create({ mcp: { browserbase: {}, exa: { apiKey: "x" } } }), 400, "mcp"],
    ["iam", create({ iam: { tokens: { aws: { audience: "a", tokenType: "jwt" } } } }), 400, "iam"],
    [
      "rules and a proxy at once",
      create({
        network: {
          rules: { "example.com": [{ transform: { headers: { a: "b" } } }] },
          egressProxy: { address: "x:1" },
        },
      }),
      400,
      "network.rules, network.egressProxy",
    ],
    [
      "a domain without deny",
      create({ network: { allowOut: ["example.com"] } }),
      400,
      "0.0.0.0/0 to denyOut",
    ],
    ["a denied domain", create({ network: { denyOut: ["example.com"] } }), 400, "denyOut"],
    [
      "a destination that is none",
      create({ network: { allowOut: ["a b"], denyOut: ["0.0.0.0/0"] } }),
      400,
      "allowOut",
    ],
    ["an IPv6 network", create({ network: { denyOut: ["::/0"] } }), 400, "denyOut"],
  ];
  test.each(refused)("refuses %s", async (_name, body, status, message) => {
    const answer = await api.request("/v2/sandboxes", body);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body)).toEqual(["code", "message"]);
    expect(answer.body.code).toBe(status);
    expect(answer.body.message).toContain(message);
  });

  test("what the host refuses is told with its number", async () => {
    const own = host.answers.createSandbox;
    host.answers.createSandbox = () => {
      throw refusal("memory_full", Code.ResourceExhausted);
    };
    const full = await api.request("/v2/sandboxes", { templateID: "base" });
    expect([full.status, full.body.code, full.headers.get("retry-after")]).toEqual([503, 503, "1"]);
    host.answers.createSandbox = own;
  });

  test("a team's quota is 429", async () => {
    const limits = (body: object) =>
      call(server.url, `/v1/admin/teams/${admin.teamId}/limits`, { token: admin.token, method: "PUT", body });
    expect((await limits({ sandboxes: 1 })).status).toBe(200);
    const answer = await api.request("/v2/sandboxes", { templateID: "base" });
    expect([answer.status, answer.body.code]).toEqual([429, 429]);
    expect((await limits({})).status).toBe(200);
  });

  test("a body in chunks, and none at all", async () => {
    const send = (body: BodyInit | undefined) =>
      fetch(`${server.url}/v2/sandboxes`, {
        method: "POST",
        headers: { "x-api-key": api.apiKey, "content-type": "application/json" },
        body,
      });
    const chunks = new ReadableStream({
      start(controller) {
        for (const part of ['{"templateID"', ':"base"}']) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    });
    expect((await send(chunks)).status).toBe(201);
    expect((await send(undefined)).status).toBe(400);
    expect(await (await send("{")).json()).toEqual({ code: 400, message: "The body is not valid JSON." });
    const large = await send(JSON.stringify({ templateID: "x".repeat(1_100_000) }));
    expect(await large.json()).toMatchObject({ code: 413 });
  });
});

describe("get and kill", () => {
  test("shows all of it but its secrets", async () => {
    const beforeMs = Date.now();
    const id = await api.create({ timeout: 100, metadata: { a: "1" } });
    const { status, body } = await api.get(id);
    expect(status).toBe(200);
    expect(body).toEqual({
      sandboxID: id,
      templateID: BASE,
      alias: "base",
      clientID: "wrenn",
      envdVersion: ENVD_VERSION,
      startedAt: expect.any(String),
      endAt: expect.any(String),
      state: "running",
      cpuCount: 1,
      memoryMB: 512,
      diskSizeMB: 5120,
      metadata: { a: "1" },
      volumeMounts: [],
      domain: null,
      allowInternetAccess: true,
      network: { allowOut: [], denyOut: [], allowPublicTraffic: true },
      lifecycle: { onTimeout: "kill", autoResume: false },
    });
    const [startedMs, endMs] = [body["startedAt"], body["endAt"]].map((text) => Date.parse(String(text)));
    expect(startedMs).toBeGreaterThanOrEqual(beforeMs);
    expect(endMs).toBeGreaterThanOrEqual(beforeMs + 100_000);
    expect(endMs).toBeLessThanOrEqual(Date.now() + 100_000);
  });

  test("either form of the id is good, and ends at once", async () => {
    const id = await api.create();
    expect((await api.get(prefixed(id))).body.sandboxID).toBe(id);
    expect((await api.request(`/sandboxes/${id}`, undefined, "DELETE")).status).toBe(204);
    for (const method of ["GET", "DELETE"]) {
      const answer = await api.request(`/sandboxes/${id}`, undefined, method);
      expect([answer.status, answer.body.code]).toEqual([404, 404]);
    }
  });

  test.each(["nope", "00000000000000000000000000000000", `${"0".repeat(31)}G`, "sb-1", "..%2f..", "%00"])(
    "%s is nobody's: 404 on every call",
    async (id) => {
      const calls = [["GET", ""], ["DELETE", ""], ...SANDBOX_CALLS] as const;
      for (const [method, path, body] of calls) {
        const answer = await api.request(`/sandboxes/${id}${path}`, body, method);
        expect([path, answer.status, answer.body.code]).toEqual([path, 404, 404]);
      }
      expect((await api.request(`/v2/sandboxes/${id}/connect`, {})).status).toBe(404);
      expect((await api.request(`/v2/sandboxes/${id}/logs`)).status).toBe(404);
    },
  );

  test("another team's sandbox is not there", async () => {
    const id = await api.create();
    const stranger = new E2bApi(server.url, await createKey(server.url, await signUp(server.url)));
    expect((await stranger.get(id)).status).toBe(404);
    expect((await stranger.request(`/sandboxes/${id}`, undefined, "DELETE")).status).toBe(404);
    expect((await api.get(id)).status).toBe(200);
  });
});

describe("list", () => {
  let team: E2bApi;
  const ids: string[] = [];
  const list = async (
    query = "",
    of = team,
  ): Promise<{ ids: string[]; next: string | null; status: number }> => {
    const answer = await of.request<E2bBody[]>(`/v2/sandboxes${query}`);
    const found = Array.isArray(answer.body) ? answer.body.map(({ sandboxID }) => sandboxID) : [];
    return { ids: found, next: answer.headers.get("x-next-token"), status: answer.status };
  };
  /** As the SDK sends it. */
  const metadataQuery = (metadata: Record<string, string>): string => {
    const once = Object.entries(metadata).map(([key, value]) => [
      encodeURIComponent(key),
      encodeURIComponent(value),
    ]);
    return `?metadata=${encodeURIComponent(new URLSearchParams(Object.fromEntries(once)).toString())}`;
  };
  const ODD = { "a b&c=d": "1+1 = 2 % ü 🚀 / ?", plain: "yes" };

  beforeAll(async () => {
    team = new E2bApi(server.url, await createKey(server.url, await signUp(server.url)));
    for (const metadata of [{ n: "0" }, { n: "1", ...ODD }, { n: "2" }, { n: "3" }]) {
      ids.push(await team.create({ metadata }));
    }
    await team.ok(`/sandboxes/${ids[3]}/pause`, {});
    const ended = await team.create();
    await team.ok(`/sandboxes/${ended}`, undefined, "DELETE");
  });

  test("newest first or oldest first, what has ended left out", async () => {
    expect(await list()).toEqual({ ids: ids.toReversed(), next: null, status: 200 });
    expect((await list("?order=asc")).ids).toEqual(ids);
    expect((await list("?order=desc")).ids).toEqual(ids.toReversed());
  });

  test("in pages either way, each sandbox once, with a header only when there are more", async () => {
    for (const [order, expected] of [
      ["asc", ids],
      ["desc", ids.toReversed()],
    ] as const) {
      const first = await list(`?limit=3&order=${order}`);
      expect(first.ids).toEqual(expected.slice(0, 3));
      const second = await list(`?limit=3&order=${order}&nextToken=${first.next}`);
      expect(second).toEqual({ ids: expected.slice(3), next: null, status: 200 });
      expect((await list(`?limit=4&order=${order}`)).next).toBeNull();
    }
  });

  test("by state, one or both", async () => {
    expect((await list("?state=paused")).ids).toEqual([ids[3] ?? ""]);
    expect((await list("?state=running")).ids).toEqual(ids.slice(0, 3).toReversed());
    expect((await list("?state=running,paused")).ids).toEqual(ids.toReversed());
    expect((await list("?state=running%2Cpaused")).ids).toEqual(ids.toReversed());
    const older = await team.request<E2bBody[]>("/sandboxes");
    expect(older.body.map(({ sandboxID }) => sandboxID)).toEqual(ids.slice(0, 3).toReversed());
  });

  test("by metadata, encoded three times", async () => {
    expect((await list(metadataQuery(ODD))).ids).toEqual([ids[1] ?? ""]);
    expect((await list(metadataQuery({ n: "2" }))).ids).toEqual([ids[2] ?? ""]);
    expect((await list(metadataQuery({ n: "2", plain: "yes" }))).ids).toEqual([]);
    expect((await list("?metadata=")).ids).toHaveLength(4);
    expect((await list("?metadata=n%3D%25")).status).toBe(400);
  });

  test("by template and start", async () => {
    expect((await list("?template=base")).ids).toHaveLength(4);
    expect((await list(`?template=${BASE}`)).ids).toHaveLength(4);
    expect((await list("?template=nope")).ids).toEqual([]);
    const started = String((await team.get(ids[2] ?? "")).body["startedAt"]);
    expect((await list(`?startedAfter=${encodeURIComponent(started)}`)).ids).toEqual(
      ids.slice(2).toReversed(),
    );
  });

  test.each([
    ...["?limit=0", "?limit=101", "?state=gone", "?order=up", "?nextToken=x"],
    ...[
      "?startedAfter=soon",
      "?startedAfter=0000-01-01T00:00:00Z",
      "?startedAfter=%2B275760-09-13T00:00:00Z",
    ],
  ])("%s is refused", async (query) => {
    const answer = await team.request(`/v2/sandboxes${query}`);
    expect([answer.status, answer.body.code]).toEqual([400, 400]);
    expect(answer.body.message).toContain(/\?(\w+)/.exec(query)?.[1] ?? "");
  });

  test("shows a state for each status", async () => {
    const id = parseSandboxId(ids[0] ?? "");
    const shown: Record<string, unknown> = {};
    for (const status of ["pending", "running", "resuming", "missing", "pausing", "paused"]) {
      await server.database
        .ownerSql`update sandboxes set status = ${status}, updated_at = now() where id = ${id}`;
      shown[status] = (await team.get(ids[0] ?? "")).body["state"];
    }
    expect(shown).toEqual({
      pending: "running",
      running: "running",
      resuming: "running",
      missing: "running",
      pausing: "paused",
      paused: "paused",
    });
  });
});

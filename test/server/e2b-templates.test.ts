/** E2B's snapshots and templates, on a host that does as each test says. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { Code } from "@connectrpc/connect";

import { ENVD_VERSION } from "../../proto/envd-version.ts";
import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId, parseSandboxId } from "../../proto/ids.ts";
import { E2bApi, type E2bBody } from "../support/e2b-api.ts";
import { call, createKey, signUp, startTestServer, type TestServer } from "../support/server.ts";
import { refusal, StandInHost } from "../support/stand-in-host.ts";

setDefaultTimeout(60_000);

const HEX = /^[0-9a-f]{32}$/;
const BASE = "0".repeat(32);

interface Snapshot {
  snapshotID: string;
  names: string[];
  code?: number;
  message?: string;
}

let server: TestServer;
let host: StandInHost;
let api: E2bApi;
let slug = "";

/** A team of its own for each test. */
const newTeam = async (scopes?: string[]): Promise<E2bApi> => {
  const person = await signUp(server.url);
  const { body } = await call(server.url, `/v1/teams/${person.teamId}`, { token: person.token });
  slug = String(body["slug"]);
  return new E2bApi(server.url, await createKey(server.url, person, { scopes }));
};

beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "100" });
  host = await StandInHost.join(server.url, (await signUp(server.url)).token);
});
beforeEach(async () => {
  delete host.answers.createSnapshot;
  api = await newTeam();
});
afterAll(async () => {
  await host.stop();
  await server.stop();
});

const snapshot = (id: string, body: object = {}) => api.request<Snapshot>(`/sandboxes/${id}/snapshots`, body);
const remove = (id: string) => api.request(`/templates/${encodeURIComponent(id)}`, undefined, "DELETE");

describe("snapshots", () => {
  test("one without a name is given one, and is a template in every form", async () => {
    const id = await api.create();
    const { status, body } = await snapshot(id);
    expect(status).toBe(201);
    expect(body).toEqual({
      snapshotID: expect.stringMatching(HEX),
      names: [expect.stringMatching(new RegExp(`^${slug}/snapshot-[0-9a-f]{8}:default$`))],
    });
    expect((await api.get(id)).body["state"]).toBe("running");
    const fullName = body.names[0] ?? "";
    const name = fullName.slice(slug.length + 1, -":default".length);
    for (const templateID of [body.snapshotID, fullName, name, `${name}:default`, `${slug}/${name}`]) {
      const child = await api.ok("/v2/sandboxes", { templateID });
      expect(child).toMatchObject({ templateID: body.snapshotID, alias: name });
      await api.ok(`/sandboxes/${child.sandboxID}`, undefined, "DELETE");
    }
    expect((await remove(fullName)).status).toBe(204);
    expect((await remove(fullName)).status).toBe(404);
    expect((await api.request("/v2/sandboxes", { templateID: body.snapshotID })).status).toBe(404);
  });

  test("may be named, with the team's slug or without", async () => {
    const id = await api.create();
    for (const [name, listed] of [
      ["one", "one"],
      [`${slug}/two`, "two"],
      ["three:default", "three"],
    ] as const) {
      const { status, body } = await snapshot(id, { name });
      expect([status, body.names]).toEqual([201, [`${slug}/${listed}:default`]]);
    }
  });

  test("of a paused one leaves it paused", async () => {
    const id = await api.create();
    await api.ok(`/sandboxes/${id}/pause`, {});
    expect((await snapshot(id)).status).toBe(201);
    expect((await api.get(id)).body["state"]).toBe("paused");
  });

  test.each([
    ["a tag", { name: "mine:v2" }, 400],
    ["another team's slug", { name: "a1b2c3-d1e2f3/mine" }, 400],
    ["a name with a space", { name: "my name" }, 400],
    ["a name that is reserved", { name: "base" }, 409],
    ["a number for a name", { name: 5 }, 400],
  ])("refuses %s", async (_, body, expected) => {
    const answer = await snapshot(await api.create(), body);
    expect([answer.status, answer.body.code]).toEqual([expected, expected]);
  });

  test("refuses a name that is taken", async () => {
    const id = await api.create();
    await snapshot(id, { name: "taken" });
    const answer = await snapshot(id, { name: "taken" });
    expect([answer.status, answer.body.code]).toEqual([409, 409]);
    expect(answer.body.message).toContain("taken");
  });

  test("says why the host could not make it, and leaves nothing", async () => {
    const id = await api.create();
    host.answers.createSnapshot = () => {
      throw refusal("disk_full", Code.ResourceExhausted);
    };
    expect((await snapshot(id, { name: "failed" })).body.code).toBe(507);
    expect(await api.ok<Snapshot[]>("/snapshots")).toEqual([]);
  });

  test("in pages, newest first; one by its name or id", async () => {
    const id = await api.create();
    const made: Snapshot[] = [];
    for (const name of ["a", "b", "c"]) made.push((await snapshot(id, { name })).body);
    const page = async (query: string) => {
      const answer = await api.request<Snapshot[]>(`/snapshots${query}`);
      return { ids: answer.body.map((one) => one.snapshotID), next: answer.headers.get("x-next-token") };
    };
    const ids = made.map((one) => one.snapshotID).toReversed();
    expect(await page("")).toEqual({ ids, next: null });
    const first = await page("?limit=2");
    expect(first.ids).toEqual(ids.slice(0, 2));
    expect(await page(`?limit=2&nextToken=${first.next}`)).toEqual({ ids: ids.slice(2), next: null });
    for (const name of ["a", `${slug}/a`, "a:default", ids[2] ?? ""]) {
      expect((await page(`?name=${encodeURIComponent(name)}`)).ids).toEqual([ids[2] ?? ""]);
    }
    for (const name of ["nope", "a:v2", "a1b2c3-d1e2f3/a"]) {
      expect((await page(`?name=${encodeURIComponent(name)}`)).ids).toEqual([]);
    }
    expect((await api.request("/snapshots?limit=101")).body.code).toBe(400);
    expect((await api.request("/snapshots?nextToken=x")).body.message).toContain("nextToken");
  });

  test("those of one sandbox, also when it has ended", async () => {
    const [id, other] = [await api.create(), await api.create()];
    const [{ body: made }] = [await snapshot(id), await snapshot(other)];
    const of = async (sandboxID: string) =>
      (await api.ok<Snapshot[]>(`/snapshots?sandboxID=${sandboxID}`)).map((one) => one.snapshotID);
    expect(await of(id)).toEqual([made.snapshotID]);
    await api.ok(`/sandboxes/${id}`, undefined, "DELETE");
    expect(await of(id)).toEqual([made.snapshotID]);
    expect(await of(formatSandboxId(parseSandboxId(id) ?? ""))).toEqual([made.snapshotID]);
    for (const none of [BASE, "nope"]) expect(await of(none)).toEqual([]);
    // A month later its row goes, and the snapshot stays.
    await server.database.ownerSql`delete from sandboxes where id = ${parseSandboxId(id)}`;
    expect(await of(id)).toEqual([made.snapshotID]);
  });

  test("deleted by whoever may, when nothing needs it", async () => {
    const id = await api.create();
    const { body } = await snapshot(id);
    const child = await api.create({ templateID: body.snapshotID });
    const inUse = await remove(body.snapshotID);
    expect([inUse.status, inUse.body.code]).toEqual([409, 409]);
    await api.ok(`/sandboxes/${child}`, undefined, "DELETE");
    const stranger = await newTeam();
    expect((await stranger.request(`/templates/${body.snapshotID}`, undefined, "DELETE")).status).toBe(404);
    expect((await remove(body.snapshotID)).status).toBe(204);
    for (const gone of [body.snapshotID, BASE, "base", "nope", "a/b/c"]) {
      const answer = await remove(gone);
      expect([gone, answer.status, answer.body.code]).toEqual([gone, 404, 404]);
    }
  });

  test("a key for sandboxes alone makes none", async () => {
    api = await newTeam(["sandboxes"]);
    const id = await api.create();
    for (const answer of [await snapshot(id), await remove("x"), await api.request("/snapshots")]) {
      expect([answer.status, answer.body.code]).toEqual([403, 403]);
    }
  });
});

describe("templates", () => {
  test("are the team's and the platform's, with how much they are used", async () => {
    const id = await api.create();
    const { body: made } = await snapshot(id, { name: "mine" });
    const [mine, base] = await api.ok<Record<string, unknown>[]>("/templates");
    expect(mine).toMatchObject({
      templateID: made.snapshotID,
      aliases: ["mine"],
      names: [`${slug}/mine:default`],
      public: false,
      spawnCount: 0,
      lastSpawnedAt: null,
      createdBy: null,
    });
    expect(base).toEqual({
      templateID: BASE,
      buildID: "00000000-0000-0000-0000-000000000000",
      buildStatus: "ready",
      buildCount: 1,
      public: true,
      aliases: ["base", "minimal"],
      names: ["000000-000000/base:default"],
      cpuCount: 1,
      memoryMB: 512,
      diskSizeMB: 5120,
      envdVersion: ENVD_VERSION,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      createdBy: null,
      lastSpawnedAt: expect.any(String),
      spawnCount: 1,
    });
    const first = await api.request<E2bBody[]>("/v2/templates?limit=1");
    expect(first.body.map((one) => one["templateID"])).toEqual([made.snapshotID]);
    const next = first.headers.get("x-next-token") ?? "";
    const second = await api.request<E2bBody[]>(`/v2/templates?limit=1&nextToken=${next}`);
    expect(second.body.map((one) => one["templateID"])).toEqual([BASE]);
    expect(second.headers.get("x-next-token")).toBeNull();
  });

  test("are found by name", async () => {
    const { body: made } = await snapshot(await api.create(), { name: "mine" });
    const find = (alias: string) => api.request(`/templates/aliases/${encodeURIComponent(alias)}`);
    expect((await find("base")).body).toMatchObject({ templateID: BASE, public: true });
    for (const alias of ["mine", `${slug}/mine`, "mine:default", made.snapshotID]) {
      expect((await find(alias)).body).toMatchObject({ templateID: made.snapshotID, public: false });
    }
    for (const alias of ["nope", "mine:v2", "a1b2c3-d1e2f3/mine", "a/b/c"]) {
      const answer = await find(alias);
      expect([answer.status, answer.body.code]).toEqual([404, 404]);
    }
  });
});

describe("inside a sandbox", () => {
  const AT = { seconds: 1_767_323_045n, nanos: 500_000_000 };
  const SAMPLE = {
    at: AT,
    cpuCount: 2,
    cpuUsedPercent: 12.5,
    memoryUsedBytes: 100n,
    memoryTotalBytes: 200n,
    memoryCacheBytes: 30n,
    diskUsedBytes: 400n,
    diskTotalBytes: 500n,
  };
  const METRIC = {
    timestamp: "2026-01-02T03:04:05.500Z",
    timestampUnix: 1_767_323_045,
    cpuCount: 2,
    cpuUsedPct: 12.5,
    memUsed: 100,
    memTotal: 200,
    memCache: 30,
    diskUsed: 400,
    diskTotal: 500,
  };

  beforeEach(() => {
    host.answers.getMetrics = () => SAMPLE;
    host.answers.getSandboxLogs = () => ({
      console: Buffer.from("booting\nready\n"),
      guestAgent: Buffer.from("listening\n"),
    });
  });

  test("metrics are within the times asked for; a paused one uses nothing", async () => {
    const id = await api.create();
    const metrics = (query = "") => api.request<unknown[]>(`/sandboxes/${id}/metrics${query}`);
    expect((await metrics()).body).toEqual([METRIC]);
    expect((await metrics("?start=1767323045&end=1767323045")).body).toEqual([METRIC]);
    expect((await metrics("?start=1767323046")).body).toEqual([]);
    expect((await metrics("?end=1767323044")).body).toEqual([]);
    expect((await metrics("?start=2&end=1")).status).toBe(400);
    expect((await metrics("?start=x")).status).toBe(400);
    await api.ok(`/sandboxes/${id}/pause`, {});
    expect((await metrics()).body).toEqual([]);
  });

  test("metrics of several leave out what has none", async () => {
    const [id, paused] = [await api.create(), await api.create()];
    await api.ok(`/sandboxes/${paused}/pause`, {});
    const ask = (ids: string) => api.request(`/sandboxes/metrics?sandbox_ids=${ids}`);
    expect((await ask([id, paused, "nope", BASE].join(","))).body).toEqual({
      sandboxes: { [id]: METRIC },
    } as never);
    expect((await ask("")).body).toEqual({ sandboxes: {} } as never);
    expect((await api.request("/sandboxes/metrics")).status).toBe(400);
    expect((await ask(Array.from({ length: 101 }, () => id).join(","))).status).toBe(400);
  });

  test("a host that is away is 503", async () => {
    const id = await api.create();
    host.answers.getMetrics = () => {
      throw refusal("busy", Code.Unavailable);
    };
    const answer = await api.request(`/sandboxes/${id}/metrics`);
    expect([answer.status, answer.body.code]).toEqual([503, 503]);
  });

  test("logs in either form", async () => {
    const id = await api.create();
    const { body } = await api.request<{
      logs: { timestamp: string; line: string }[];
      logEntries: E2bBody[];
    }>(`/sandboxes/${id}/logs`);
    expect(body.logs.map(({ line }) => JSON.parse(line).message)).toEqual(["booting", "ready", "listening"]);
    expect(body.logEntries.map(({ message }) => message)).toEqual(["booting", "ready", "listening"]);
    const start = Date.parse(body.logs[1]?.timestamp ?? "");
    const later = await api.ok<{ logs: unknown[] }>(`/sandboxes/${id}/logs?start=${start}&limit=1`);
    expect(later.logs).toEqual([body.logs[1]]);
    const newer = await api.ok<{ logs: E2bBody[] }>(`/v2/sandboxes/${id}/logs?direction=backward&search=ing`);
    expect(newer.logs.map(({ message }) => message)).toEqual(["listening", "booting"]);
    expect((await api.request(`/v2/sandboxes/${id}/logs?level=loud`)).body.code).toBe(400);
  });

  test("a read-only key sees metrics and no logs", async () => {
    api = await newTeam(["sandboxes", "read"]);
    const id = await api.create();
    const [row] = await server.database.sql`select team_id from sandboxes where id = ${parseSandboxId(id)}`;
    expect(row).toBeDefined();
    await server.database.ownerSql`
      update api_keys set scopes = '{read}' where team_id = ${row?.["team_id"]}`;
    expect((await api.request(`/sandboxes/${id}/metrics`)).status).toBe(200);
    expect((await api.get(id)).status).toBe(200);
    for (const path of [`/sandboxes/${id}/logs`, `/v2/sandboxes/${id}/logs`]) {
      expect((await api.request(path)).body.code).toBe(403);
    }
    expect(host.sandboxes.get(formatSandboxId(parseSandboxId(id) ?? ""))?.status).toBe(SandboxStatus.RUNNING);
  });
});

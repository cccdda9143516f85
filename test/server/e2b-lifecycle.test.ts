/** E2B's connect, resume, timeout, pause, fork and network, on a host that does as each test says. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";

import {
  type ForkSandboxRequest,
  type PauseSandboxRequest,
  type ResumeSandboxRequest,
  type SandboxState,
  SandboxStateSchema,
  SandboxStatus,
  type Timeout,
  TimeoutAction,
  TimeoutKind,
  type UpdateSandboxRequest,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId, parseSandboxId } from "../../proto/ids.ts";
import { E2bApi, SANDBOX_CALLS } from "../support/e2b-api.ts";
import { SandboxApi } from "../support/sandbox-api.ts";
import { countBy, createKey, signUp, startTestServer, type TestServer } from "../support/server.ts";
import { refusal, StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

let server: TestServer;
let api: E2bApi;
let v1: SandboxApi;
let host: StandInHost;

/** What the host keeps of each sandbox's end, Unix milliseconds. */
const deadlines = new Map<string, number>();
const updates: UpdateSandboxRequest[] = [];
const resumes: ResumeSandboxRequest[] = [];
const pauses: PauseSandboxRequest[] = [];
const forks: ForkSandboxRequest[] = [];

const withEnd = (state: SandboxState, timeout?: Timeout): SandboxState => {
  if (timeout) deadlines.set(state.sandboxId, Date.now() + timeout.timeoutSec * 1_000);
  const endMs = deadlines.get(state.sandboxId);
  return create(SandboxStateSchema, {
    ...state,
    ...(endMs === undefined ? {} : { expiresAt: timestampFromMs(endMs) }),
  });
};

/** As the agent does it. */
const answerAsAgent = (): void => {
  host.answers.createSandbox = ({ sandboxId, timeout }) => ({
    sandbox: withEnd(host.set(sandboxId, { status: SandboxStatus.RUNNING }), timeout),
  });
  host.answers.updateSandbox = (request) => {
    updates.push(request);
    const { sandboxId, timeout, extendOnly } = request;
    const endMs = deadlines.get(sandboxId) ?? 0;
    const timeoutKept = extendOnly && endMs >= Date.now() + (timeout?.timeoutSec ?? 0) * 1_000;
    return { sandbox: withEnd(host.set(sandboxId, {}), timeoutKept ? undefined : timeout), timeoutKept };
  };
  host.answers.resumeSandbox = (request) => {
    resumes.push(request);
    const { sandboxId, timeout } = request;
    return { sandbox: withEnd(host.set(sandboxId, { status: SandboxStatus.RUNNING }), timeout) };
  };
  host.answers.pauseSandbox = (request) => {
    pauses.push(request);
    const state = { status: SandboxStatus.PAUSED, memoryKept: request.keepMemory };
    return { sandbox: host.set(request.sandboxId, state) };
  };
  host.answers.forkSandbox = (request) => {
    forks.push(request);
    return {
      results: request.children.map(({ sandboxId }) => ({
        sandboxId,
        sandbox: withEnd(host.set(sandboxId, { status: SandboxStatus.RUNNING }), request.timeout),
      })),
    };
  };
};

beforeAll(async () => {
  // The reconcile would find what tests hold in between.
  server = await startTestServer({ WRENN_MONITOR_MS: "600000" });
  const admin = await signUp(server.url);
  const key = await createKey(server.url, admin);
  api = new E2bApi(server.url, key);
  v1 = new SandboxApi(server.url, key);
  host = await StandInHost.join(server.url, admin.token);
});
beforeEach(answerAsAgent);
afterAll(async () => {
  await host.stop();
  await server.stop();
});

const prefixed = (hex: string): string => formatSandboxId(parseSandboxId(hex) ?? "");
const endOf = async (id: string): Promise<number> => Date.parse(String((await api.get(id)).body["endAt"]));
const setStatus = (id: string, status: string) => server.database.ownerSql`
  update sandboxes set status = ${status}, updated_at = now() where id = ${parseSandboxId(id)}`;
const statusOf = async (id: string): Promise<string> => (await v1.read(prefixed(id))).status;
const pausedSandbox = async (body: object = {}): Promise<string> => {
  const id = await api.create(body);
  await api.ok(`/sandboxes/${id}/pause`, {});
  return id;
};
const connect = (id: string, body: object = {}) => api.request(`/v2/sandboxes/${id}/connect`, body);

/** Within a second of `expectedMs`. */
const expectNear = (actualMs: number, expectedMs: number): void => {
  expect(Math.abs(actualMs - expectedMs)).toBeLessThan(1_000);
};

describe("connect", () => {
  test("to a running one is 200, and its end is only ever moved away", async () => {
    const id = await api.create({ timeout: 100 });
    const endMs = await endOf(id);
    const shorter = await connect(id, { timeout: 50 });
    expect(shorter.status).toBe(200);
    expect(shorter.body).toMatchObject({ sandboxID: id, envdAccessToken: expect.any(String) });
    expect(await endOf(id)).toBe(endMs);
    expect((await v1.read(prefixed(id)))["timeout_sec"]).toBe(100);
    expect((await connect(id, { timeout: 200 })).status).toBe(200);
    expectNear(await endOf(id), Date.now() + 200_000);
    expect((await v1.read(prefixed(id)))["timeout_sec"]).toBe(200);
    expect(updates.at(-1)).toMatchObject({
      extendOnly: true,
      timeout: { kind: TimeoutKind.DEADLINE, timeoutSec: 200, action: TimeoutAction.KILL },
    });
  });

  test("by several at once, answered in another order: the latest end stays", async () => {
    const id = await api.create({ timeout: 100 });
    const own = host.answers.updateSandbox;
    if (!own) throw new Error("the host has no answer");
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    host.answers.updateSandbox = async (request, context) => {
      const answer = await own(request, context);
      if (request.timeout?.timeoutSec === 250) await held;
      return answer;
    };
    const slow = connect(id, { timeout: 250 });
    await waitFor("the host was asked", () => updates.at(-1)?.timeout?.timeoutSec === 250);
    expect((await connect(id, { timeout: 400 })).status).toBe(200);
    letGo();
    expect((await slow).status).toBe(200);
    expectNear(await endOf(id), Date.now() + 400_000);
    expect((await v1.read(prefixed(id)))["timeout_sec"]).toBe(400);
  });

  test("without a timeout means 300 s on the newer call, and is refused on the older", async () => {
    const id = await api.create({ timeout: 10 });
    expect((await connect(id)).status).toBe(200);
    expectNear(await endOf(id), Date.now() + 300_000);
    const answer = await api.request(`/sandboxes/${id}/connect`, {});
    expect([answer.status, answer.body.code]).toEqual([400, 400]);
    expect((await api.request(`/sandboxes/${id}/connect`, { timeout: 10 })).status).toBe(200);
  });

  test("to a paused one resumes it with the timeout given: 201", async () => {
    const id = await pausedSandbox({ timeout: 100, autoPause: true });
    const token = (await connect(id, { timeout: 40 })).body["envdAccessToken"];
    expect(await statusOf(id)).toBe("running");
    expect(resumes.at(-1)).toMatchObject({
      cold: false,
      accessToken: String(token),
      timeout: { kind: TimeoutKind.DEADLINE, timeoutSec: 40, action: TimeoutAction.PAUSE },
    });
    expectNear(await endOf(id), Date.now() + 40_000);
    expect((await v1.read(prefixed(id)))["timeout_sec"]).toBe(40);
    await api.ok(`/sandboxes/${id}/pause`, {});
    expect((await connect(id, { memory: false })).status).toBe(201);
    expect(resumes.at(-1)).toMatchObject({ cold: true });
  });

  test("never shortens a timeout that follows activity", async () => {
    const id = await v1.create({ timeout_sec: 500 });
    await v1.pause(id);
    expect((await connect(id, { timeout: 20 })).status).toBe(201);
    expect(resumes.at(-1)?.timeout).toMatchObject({ kind: TimeoutKind.IDLE, timeoutSec: 500 });
    const never = await v1.create({ timeout_sec: 0 });
    await v1.pause(never);
    expect((await connect(never, { timeout: 20 })).status).toBe(201);
    expect(resumes.at(-1)?.timeout).toMatchObject({ kind: TimeoutKind.IDLE, timeoutSec: 0 });
  });

  test("waits while it is being paused, and resumes it", async () => {
    const id = await api.create();
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    host.answers.pauseSandbox = async ({ sandboxId }) => {
      await held;
      return { sandbox: host.set(sandboxId, { status: SandboxStatus.PAUSED, memoryKept: true }) };
    };
    const pausing = api.request(`/sandboxes/${id}/pause`, {});
    await waitFor("it is pausing", async () => (await statusOf(id)) === "pausing");
    expect((await api.get(id)).body["state"]).toBe("paused");
    const connecting = connect(id);
    letGo();
    expect((await pausing).status).toBe(204);
    expect((await connecting).status).toBe(201);
  });

  test("by many at once resumes once", async () => {
    const id = await pausedSandbox();
    const answers = await Promise.all(Array.from({ length: 8 }, () => connect(id)));
    expect(countBy(answers)).toEqual({ 200: 7, 201: 1 });
  });

  test("to one that its host has paused by itself waits for the host's word", async () => {
    const id = await api.create({ autoPause: true });
    host.set(prefixed(id), { status: SandboxStatus.PAUSED, reason: "timeout", memoryKept: true });
    const connecting = connect(id);
    await waitFor("the host was asked", () => updates.at(-1)?.sandboxId === prefixed(id));
    await host.beat([{ sandbox_id: prefixed(id), status: "paused", reason: "timeout", memory_kept: true }]);
    expect((await connecting).status).toBe(201);
  });

  test("to one whose host is away is 503", async () => {
    const id = await api.create();
    await setStatus(id, "missing");
    const answer = await connect(id);
    expect([answer.status, answer.body.code]).toEqual([503, 503]);
  });

  test("says what keeps the memory from being loaded", async () => {
    const id = await pausedSandbox();
    host.answers.resumeSandbox = () => {
      throw refusal("runtime_mismatch", Code.FailedPrecondition);
    };
    const answer = await connect(id);
    expect([answer.status, answer.body.code]).toEqual([409, 409]);
    expect(await statusOf(id)).toBe("paused");
  });
});

describe("resume", () => {
  test("a paused one: 201, and 15 s when not told", async () => {
    const id = await pausedSandbox();
    const answer = await api.request(`/sandboxes/${id}/resume`, { autoPause: true });
    expect([answer.status, answer.body.sandboxID]).toEqual([201, id]);
    expect(resumes.at(-1)?.timeout?.timeoutSec).toBe(15);
  });

  test("a running one: 409", async () => {
    const id = await api.create();
    const answer = await api.request(`/sandboxes/${id}/resume`, { timeout: 5 });
    expect([answer.status, answer.body.code]).toEqual([409, 409]);
  });
});

describe("timeout", () => {
  test("is set from now, nearer or further", async () => {
    const id = await api.create({ timeout: 100 });
    for (const timeout of [3, 400]) {
      expect((await api.request(`/sandboxes/${id}/timeout`, { timeout })).status).toBe(204);
      expectNear(await endOf(id), Date.now() + timeout * 1_000);
    }
    expect(updates.at(-1)?.extendOnly).toBe(false);
    await api.ok(`/sandboxes/${id}/timeout`, { timeout: 0 });
    expect(updates.at(-1)?.timeout?.timeoutSec).toBe(1);
  });

  test("a refresh only moves it away", async () => {
    const id = await api.create({ timeout: 100 });
    const endMs = await endOf(id);
    expect((await api.request(`/sandboxes/${id}/refreshes`, { duration: 10 })).status).toBe(204);
    expect(await endOf(id)).toBe(endMs);
    expect((await api.request(`/sandboxes/${id}/refreshes`, { duration: 200 })).status).toBe(204);
    expectNear(await endOf(id), Date.now() + 200_000);
    expect((await api.request(`/sandboxes/${id}/refreshes`, { duration: 3_601 })).status).toBe(400);
  });

  test.each([{}, { timeout: -1 }, { timeout: "x" }, { timeout: 1.5 }, { timeout: 3_000_000 }])(
    "%p is refused",
    async (body) => {
      const id = await api.create();
      const answer = await api.request(`/sandboxes/${id}/timeout`, body);
      expect([answer.status, answer.body.code]).toEqual([400, 400]);
    },
  );
});

describe("pause", () => {
  test("is 204, and 409 when it is paused or pausing", async () => {
    const id = await api.create();
    expect((await api.request(`/sandboxes/${id}/pause`, {})).status).toBe(204);
    expect(pauses.at(-1)).toMatchObject({ sandboxId: prefixed(id), keepMemory: true });
    expect((await api.get(id)).body["state"]).toBe("paused");
    for (const status of ["paused", "pausing"]) {
      await setStatus(id, status);
      const answer = await api.request(`/sandboxes/${id}/pause`, {});
      expect([answer.status, answer.body.code]).toEqual([409, 409]);
    }
  });

  test("drops the memory when asked, and may come without a body", async () => {
    const id = await api.create();
    await api.ok(`/sandboxes/${id}/pause`, { memory: false });
    expect(pauses.at(-1)?.keepMemory).toBe(false);
    await connect(id);
    expect((await api.request(`/sandboxes/${id}/pause`, undefined, "POST")).status).toBe(204);
    expect(pauses.at(-1)?.keepMemory).toBe(true);
  });

  test("waits for one that is being resumed", async () => {
    const id = await pausedSandbox();
    await setStatus(id, "resuming");
    const pausing = api.request(`/sandboxes/${id}/pause`, {});
    await setStatus(id, "running");
    expect((await pausing).status).toBe(204);
  });
});

describe("fork", () => {
  test("gives each copy or why there is none, and the source goes on", async () => {
    const id = await api.create({
      timeout: 100,
      metadata: { a: "1" },
      network: { allowPublicTraffic: false },
    });
    host.answers.forkSandbox = ({ children }) => ({
      results: children.map(({ sandboxId }, index) =>
        index === 1
          ? { sandboxId, error: "no memory left" }
          : { sandboxId, sandbox: host.set(sandboxId, { status: SandboxStatus.RUNNING }) },
      ),
    });
    const answer = await api.request<{ sandbox?: { sandboxID: string }; error?: unknown }[]>(
      `/sandboxes/${id}/fork`,
      { count: 3, timeout: 50 },
    );
    expect(answer.status).toBe(201);
    const [first, second, third] = answer.body;
    expect(second).toEqual({
      error: { code: 500, message: "The copy could not be started: no memory left." },
    });
    const ids = [first, third].map((one) => one?.sandbox?.sandboxID ?? "");
    expect(new Set([...ids, id]).size).toBe(3);
    expect(first?.sandbox).toMatchObject({ alias: "base", trafficAccessToken: expect.any(String) });
    for (const child of ids) {
      expect((await api.get(child)).body).toMatchObject({ state: "running", metadata: { a: "1" } });
    }
    expect((await api.get(id)).body["state"]).toBe("running");
  });

  test("copies end by a timeout of their own, 300 s when not told", async () => {
    const id = await api.create({ timeout: 100 });
    const [child] = await api.ok<{ sandbox: { sandboxID: string } }[]>(`/sandboxes/${id}/fork`, {
      count: 1,
      timeout: 50,
    });
    expect(forks.at(-1)?.timeout).toMatchObject({ kind: TimeoutKind.DEADLINE, timeoutSec: 50 });
    expectNear(await endOf(child?.sandbox.sandboxID ?? ""), Date.now() + 50_000);
    expectNear(await endOf(id), Date.now() + 100_000);
    expect(await api.ok(`/sandboxes/${id}/fork`, undefined, "POST")).toHaveLength(1);
    expect(forks.at(-1)?.timeout?.timeoutSec).toBe(300);
  });

  test.each([0, 101, "x"])("%p copies are refused", async (count) => {
    const id = await api.create();
    const answer = await api.request(`/sandboxes/${id}/fork`, { count });
    expect([answer.status, answer.body.code]).toEqual([400, 400]);
  });

  test("when none could be made, why", async () => {
    const id = await api.create();
    host.answers.forkSandbox = () => {
      throw refusal("disk_full", Code.ResourceExhausted);
    };
    const answer = await api.request(`/sandboxes/${id}/fork`, { count: 2 });
    expect([answer.status, answer.body.code]).toEqual([507, 507]);
  });
});

describe("network", () => {
  test("is replaced on the host, and what is left out is cleared", async () => {
    const id = await api.create({ network: { allowOut: ["192.0.2.1"], denyOut: ["192.0.2.0/24"] } });
    const put = (body: object) => api.request(`/sandboxes/${id}/network`, body, "PUT");
    expect((await put({ denyOut: ["198.51.100.0/24"] })).status).toBe(204);
    expect(updates.at(-1)).toMatchObject({
      sandboxId: prefixed(id),
      network: { allowInternet: true, allowCidrs: [], denyCidrs: ["198.51.100.0/24"] },
    });
    expect((await api.get(id)).body["network"]).toEqual({
      allowOut: [],
      denyOut: ["198.51.100.0/24"],
      allowPublicTraffic: true,
    });
    expect((await put({ allowOut: ["Example.com", "192.0.2.7"], denyOut: ["0.0.0.0/0"] })).status).toBe(204);
    expect(updates.at(-1)?.network).toMatchObject({
      allowInternet: true,
      allowCidrs: ["192.0.2.7"],
      allowDomains: ["example.com"],
    });
    expect((await put({ allow_internet_access: false })).status).toBe(204);
    expect(updates.at(-1)?.network).toMatchObject({ allowInternet: false });
    expect((await put({})).status).toBe(204);
    expect(updates.at(-1)?.network).toMatchObject({ allowInternet: true, allowCidrs: [], denyCidrs: [] });
  });

  test.each([
    [{ rules: { "example.com": [{ transform: {} }, { transform: { headers: { a: "b" } } }] } }, "rules"],
    [{ egressProxy: { address: "proxy:1080" } }, "egressProxy"],
    [{ allowOut: ["example.com"] }, "denyOut"],
    [{ denyOut: ["not a network"] }, "denyOut"],
    [{ allowOut: "192.0.2.1" }, "allowOut"],
  ])("%p is refused", async (body, message) => {
    const id = await api.create();
    const answer = await api.request(`/sandboxes/${id}/network`, body, "PUT");
    expect([answer.status, answer.body.code]).toEqual([400, 400]);
    expect(answer.body.message).toContain(message);
  });
});

describe("what has ended", () => {
  test("is 404 on every call, also when it ended on the way", async () => {
    const id = await api.create();
    await api.ok(`/sandboxes/${id}`, undefined, "DELETE");
    for (const [method, path, body] of SANDBOX_CALLS) {
      const answer = await api.request(`/sandboxes/${id}${path}`, body, method);
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, 404]);
    }
    const other = await api.create();
    host.answers.pauseSandbox = async ({ sandboxId }) => {
      await api.ok(`/sandboxes/${other}`, undefined, "DELETE");
      return { sandbox: host.set(sandboxId, { status: SandboxStatus.PAUSED }) };
    };
    const late = await api.request(`/sandboxes/${other}/pause`, {});
    expect([late.status, late.body.code]).toEqual([404, 404]);
  });

  test("a host that does not know it says so with 404", async () => {
    const id = await api.create();
    host.answers.updateSandbox = () => {
      throw refusal("sandbox_not_found", Code.NotFound);
    };
    const answer = await api.request(`/sandboxes/${id}/timeout`, { timeout: 5 });
    expect([answer.status, answer.body.code]).toEqual([404, 404]);
  });
});

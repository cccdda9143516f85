/** Pausing, resuming, forking and deleting, and answers of the host that never come. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { Code, ConnectError } from "@connectrpc/connect";

import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { call } from "../support/server.ts";
import { refusal } from "../support/stand-in-host.ts";
import { type SandboxBody, StandInProduct } from "../support/stand-in-product.ts";
import { waitFor } from "../support/wait-for.ts";

// Machines that run tests run much besides.
setDefaultTimeout(60_000);

let scene: StandInProduct;
beforeAll(async () => {
  scene = await StandInProduct.start();
});
afterAll(() => scene.stop());

describe("pause and resume", () => {
  test("keep memory or not, each with its audit entry", async () => {
    const { id } = await scene.create();
    const paused = await scene.api(`/${id}/pause`, { method: "POST" });
    expect(paused.body).toMatchObject({ status: "paused", memory_kept: true, expires_at: null });
    const resumed = await scene.api(`/${id}/resume`, { method: "POST" });
    expect(resumed.body).toMatchObject({ status: "running", paused_at: null });
    const dropped = await scene.api(`/${id}/pause`, { body: { keep_memory: false } });
    expect(dropped.body).toMatchObject({ status: "paused", memory_kept: false });
    expect((await scene.auditOf(id)).map(({ action }) => action)).toEqual([
      "create",
      "pause",
      "resume",
      "pause",
    ]);
  });

  test("a wrong status is 409 and names it", async () => {
    const { id } = await scene.create();
    const resumed = await scene.api(`/${id}/resume`, { method: "POST" });
    expect(resumed.status).toBe(409);
    expect(resumed.body.error).toMatchObject({ code: "invalid_state", status: "running" });
  });

  test("two pauses at once: one wins", async () => {
    const { id } = await scene.create();
    const answers = await Promise.all([1, 2].map(() => scene.api(`/${id}/pause`, { method: "POST" })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  });

  test("a refused pause runs on, a refused resume stays paused", async () => {
    const { id } = await scene.create();
    scene.host.answers.pauseSandbox = () => {
      throw refusal("disk_full", Code.ResourceExhausted);
    };
    const failed = await scene.api(`/${id}/pause`, { method: "POST" });
    delete scene.host.answers.pauseSandbox;
    expect([failed.status, failed.body.error?.code]).toEqual([507, "disk_full"]);
    expect(await scene.get(id)).toMatchObject({
      status: "running",
      status_reason: "pause_failed: disk_full",
    });

    await scene.api(`/${id}/pause`, { method: "POST" });
    scene.host.answers.resumeSandbox = () => {
      throw refusal("snapshot_refused", Code.FailedPrecondition);
    };
    const refused = await scene.api(`/${id}/resume`, { method: "POST" });
    delete scene.host.answers.resumeSandbox;
    expect([refused.status, refused.body.error?.code]).toEqual([409, "snapshot_refused"]);
    expect(await scene.get(id)).toMatchObject({ status: "paused", memory_kept: true });
    expect((await scene.auditOf(id)).map(({ action }) => action)).toEqual(["create", "pause"]);
  });
});

describe("an answer that never came", () => {
  test("to a create: an error, and what came up is destroyed", async () => {
    scene.host.answers.createSandbox = ({ sandboxId }) => {
      scene.host.set(sandboxId, {});
      throw new ConnectError("late", Code.DeadlineExceeded);
    };
    const answer = await scene.api("", { body: { template: "minimal" } });
    delete scene.host.answers.createSandbox;
    expect([answer.status, answer.body.error?.code]).toEqual([504, "agent_timeout"]);
    const [row] = await scene.server.database.sql<{ id: string; status_reason: string }[]>`
      select id, status_reason from sandboxes where status = 'error' order by created_at desc limit 1`;
    expect(row?.status_reason).toBe("create_timed_out");
    await waitFor("it is gone from the host", () => !scene.host.sandboxes.has(`sb-${row?.id}`));
  });

  test("to a pause: in between until the host is asked", async () => {
    const { id } = await scene.create();
    scene.host.answers.pauseSandbox = ({ sandboxId }) => {
      scene.host.set(sandboxId, { status: SandboxStatus.PAUSED, memoryKept: true });
      throw new ConnectError("the connection broke", Code.Unknown);
    };
    const answer = await scene.api(`/${id}/pause`, { method: "POST" });
    delete scene.host.answers.pauseSandbox;
    expect([answer.status, answer.body.error?.code]).toEqual([503, "host_unreachable"]);
    expect(await scene.settled(id, "paused")).toMatchObject({ memory_kept: true });
  });

  test("to a pause that the host is still at: in between until it is over", async () => {
    const { id } = await scene.create();
    scene.host.answers.pauseSandbox = ({ sandboxId }) => {
      scene.host.set(sandboxId, { status: SandboxStatus.BUSY });
      throw new ConnectError("the connection broke", Code.Unknown);
    };
    await scene.api(`/${id}/pause`, { method: "POST" });
    delete scene.host.answers.pauseSandbox;
    await scene.server.server.services.monitor.round();
    expect(await scene.get(id)).toMatchObject({ status: "pausing", status_reason: "unanswered" });
    scene.host.set(id, { status: SandboxStatus.RUNNING });
    expect(await scene.settled(id, "running")).toMatchObject({ status_reason: "" });
  });

  test("to a create whose server died: the host tells what became of it", async () => {
    const { id } = await scene.create();
    await scene.server.database.ownerSql`update sandboxes set status = 'pending' where id = ${id.slice(3)}`;
    await scene.age(id, 61);
    expect(await scene.settled(id, "running")).toMatchObject({ host_id: scene.host.id });
    await scene.server.database.ownerSql`update sandboxes set status = 'pending' where id = ${id.slice(3)}`;
    scene.host.sandboxes.delete(id);
    await scene.age(id, 61);
    expect(await scene.settled(id, "error")).toMatchObject({ status_reason: "create_lost" });
  });
});

describe("delete", () => {
  test("answers at once in every status, and the host follows", async () => {
    const { id } = await scene.create();
    await scene.api(`/${id}/pause`, { method: "POST" });
    const deleted = await scene.api(`/${id}`, { method: "DELETE" });
    expect(deleted.body).toMatchObject({ status: "stopped", status_reason: "deleted" });
    await waitFor("the host let go", () => !scene.host.sandboxes.has(id));
    const again = await scene.api(`/${id}`, { method: "DELETE" });
    expect([again.status, again.body.status]).toEqual([200, "stopped"]);
    expect((await scene.auditOf(id)).map(({ action }) => action)).toEqual(["create", "pause", "destroy"]);
  });

  test("is finished by the reconcile when the host did not answer", async () => {
    const { id } = await scene.create();
    scene.host.answers.destroySandbox = () => {
      throw refusal("vm_failed", Code.Internal);
    };
    await scene.api(`/${id}`, { method: "DELETE" });
    delete scene.host.answers.destroySandbox;
    expect(scene.host.sandboxes.has(id)).toBe(true);
    await scene.age(id, 61);
    await waitFor("the reconcile destroyed it", () => !scene.host.sandboxes.has(id));
    expect(await scene.get(id)).toMatchObject({ status: "stopped", status_reason: "deleted" });
  });
});

describe("fork", () => {
  test("gives running children with ids of their own", async () => {
    const { id } = await scene.create({ metadata: { of: "fork" } });
    const answer = await call<{ items: SandboxBody[] }>(scene.server.url, `/v1/sandboxes/${id}/fork`, {
      apiKey: scene.apiKey,
      body: { count: 2 },
    });
    expect(answer.status).toBe(201);
    const { items } = answer.body;
    expect(items.map(({ status }) => status)).toEqual(["running", "running"]);
    expect(new Set([id, ...items.map((child) => child.id)]).size).toBe(3);
    expect(items[0]?.["metadata"]).toEqual({ of: "fork" });
    expect(await scene.get(id)).toMatchObject({ status: "running" });
  });

  test("a child that failed is in error, with its reason", async () => {
    const { id } = await scene.create();
    scene.host.answers.forkSandbox = ({ children }) => ({
      results: children.map((child, index) =>
        index === 0
          ? { sandboxId: child.sandboxId, sandbox: scene.host.set(child.sandboxId, {}) }
          : { sandboxId: child.sandboxId, error: "memory_full" },
      ),
    });
    const answer = await call<{ items: SandboxBody[] }>(scene.server.url, `/v1/sandboxes/${id}/fork`, {
      apiKey: scene.apiKey,
      body: { count: 2 },
    });
    delete scene.host.answers.forkSandbox;
    expect(answer.body.items).toMatchObject([
      { status: "running" },
      { status: "error", status_reason: "memory_full" },
    ]);
  });
});

/** Lists of sandboxes, and how what hosts say by themselves comes into them. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";

import { SandboxStateSchema, SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { call, createKey, signUp } from "../support/server.ts";
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

describe("list", () => {
  test("pages are stable, filtered, and hide what has ended", async () => {
    const run = crypto.randomUUID();
    const ids = [];
    for (let index = 0; index < 5; index += 1) ids.push((await scene.create({ metadata: { run } })).id);
    await scene.api(`/${ids[1]}`, { method: "DELETE" });
    const page = (query: string) =>
      call<{ items: SandboxBody[]; next_cursor: string | null }>(
        scene.server.url,
        `/v1/sandboxes?metadata.run=${run}&${query}`,
        { apiKey: scene.apiKey },
      );
    const first = await page("limit=2");
    await scene.create({ metadata: { run } });
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
    const { id } = await scene.create();
    scene.host.set(id, { status: SandboxStatus.PAUSED, reason: "timeout", memoryKept: true });
    const beat = await scene.host.beat([
      { sandbox_id: id, status: "paused", reason: "timeout", memory_kept: true },
    ]);
    expect(beat.body["acknowledged_seq"]).toBeNumber();
    expect(await scene.settled(id, "paused")).toMatchObject({ status_reason: "timeout", memory_kept: true });
    expect(await scene.auditOf(id)).toMatchObject([
      { action: "create" },
      { action: "pause", actor_type: "system" },
    ]);
  });

  test("old news does not undo a newer resume", async () => {
    const { id } = await scene.create();
    const at = new Date(Date.now() - 60_000).toISOString();
    await scene.host.beat([{ sandbox_id: id, status: "paused", reason: "timeout", at }]);
    await scene.server.server.services.monitor.round();
    expect(await scene.get(id)).toMatchObject({ status: "running" });
  });

  test("a timeout that is set while the host is being asked stands", async () => {
    const { id } = await scene.create();
    const { host } = scene;
    const { monitor } = scene.server.server.services;
    const expiring = (at: Date) => Object.assign(host.set(id, {}), { expiresAt: timestampFromDate(at) });
    const before = create(SandboxStateSchema, expiring(new Date(Date.now() + 600_000)));
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let asks = 0;
    host.answers.listSandboxes = async () => {
      asks += 1;
      if (asks > 1) throw refusal("busy", Code.Unavailable);
      asked.resolve();
      await answer.promise;
      return { sandboxes: [...host.sandboxes.values()].map((one) => (one.sandboxId === id ? before : one)) };
    };
    host.answers.updateSandbox = () => ({ sandbox: expiring(new Date(Date.now() + 60_000)) });
    void monitor.round();
    await asked.promise;
    const set = await scene.api(`/${id}/timeout`, { body: { timeout_sec: 60 } });
    answer.resolve();
    await waitFor("what it said is done with", async () => {
      await monitor.round();
      return asks > 1;
    });
    expect(await scene.get(id)).toMatchObject({ timeout_sec: 60, expires_at: set.body["expires_at"] });

    // What the host says later counts again.
    delete host.answers.listSandboxes;
    delete host.answers.updateSandbox;
    const at = new Date(Date.now() + 300_000);
    expiring(at);
    await waitFor("the host is heard again", async () => {
      await host.beat();
      await monitor.round();
      return (await scene.get(id))["expires_at"] === at.toISOString();
    });
  });

  test("a VM that died is paused without memory", async () => {
    const { id } = await scene.create();
    scene.host.set(id, { status: SandboxStatus.PAUSED, reason: "vm_died", memoryKept: false });
    expect(await scene.settled(id, "paused")).toMatchObject({ status_reason: "vm_died", memory_kept: false });
    expect((await scene.auditOf(id)).at(-1)).toMatchObject({ action: "crashed", status: "error" });
  });

  test("a sandbox its host has lost is stopped, and says so", async () => {
    const { id } = await scene.create();
    scene.host.sandboxes.delete(id);
    expect(await scene.settled(id, "stopped")).toMatchObject({ status_reason: "lost_on_host" });
    expect((await scene.auditOf(id)).at(-1)).toMatchObject({ action: "lost", actor_type: "system" });
  });

  test("an expired one is recorded and acknowledged", async () => {
    const { id } = await scene.create();
    scene.host.set(id, { status: SandboxStatus.ENDED, reason: "timeout" });
    expect(await scene.settled(id, "stopped")).toMatchObject({ status_reason: "timeout" });
    await scene.age(id, 61);
    await waitFor("the host may forget it", () => !scene.host.sandboxes.has(id));
  });

  test("one whose memory the host lost says so", async () => {
    const { id } = await scene.create();
    expect((await scene.api(`/${id}/pause`, { method: "POST" })).body.memory_kept).toBe(true);
    scene.host.set(id, { memoryKept: false });
    await waitFor("the row follows", async () => !(await scene.get(id)).memory_kept);
    await scene.api(`/${id}`, { method: "DELETE" });
  });

  test("one the database does not know is paused and kept", async () => {
    const stranger = `sb-${crypto.randomUUID()}`;
    scene.host.set(stranger, {});
    await waitFor("it is paused", () => scene.host.sandboxes.get(stranger)?.status === SandboxStatus.PAUSED);
    await scene.server.server.services.monitor.round();
    expect(scene.host.sandboxes.has(stranger)).toBe(true);
    const { id } = await scene.create();
    const seen = await call(scene.server.url, `/v1/hosts/${scene.host.id}`, { token: scene.admin.token });
    expect(seen.body["quarantined"]).toEqual([stranger]);
    await scene.api(`/${id}`, { method: "DELETE" });
    scene.host.sandboxes.delete(stranger);
  });
});

test("another team sees none of it", async () => {
  const { id } = await scene.create();
  const stranger = await createKey(scene.server.url, await signUp(scene.server.url, "Eve"));
  const as = (path: string, method: string) =>
    call(scene.server.url, `/v1/sandboxes/${path}`, { apiKey: stranger, method });
  for (const [path, method] of [
    [id, "GET"],
    [id, "DELETE"],
    [`${id}/pause`, "POST"],
    [`${id}/files?path=/etc/passwd`, "GET"],
  ] as const) {
    expect((await as(path, method)).status).toBe(404);
  }
  expect((await scene.api("/host-0198c0de-0000-7000-8000-000000000001")).body.error).toMatchObject({
    field: "id",
  });
});

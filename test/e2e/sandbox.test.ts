/** One sandbox's life over HTTP, on a real server, a real agent and real microVMs. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { Product } from "../support/product.ts";
import type { SandboxBody } from "../support/sandbox-api.ts";
import { call } from "../support/server.ts";
import { readJournalOf } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(180_000);

let product: Product;
beforeAll(async () => {
  product = await Product.start();
});
afterAll(() => product[Symbol.asyncDispose]());

const api = (path: string, body?: unknown, method?: string) => product.api.request(path, body, method);
const ok = (path: string, body?: unknown, method?: string) => product.api.ok(path, body, method);
const create = (body?: object) => product.api.create(body);
const run = (id: string, cmd: string) => product.api.run(id, cmd);
const remove = (id: string) => product.api.remove(id);

test("create, run, pause, resume: file, process and memory survive", async () => {
  const id = await create({ envs: { COLOUR: "red" } });
  expect(await run(id, "uname -s; echo $COLOUR; whoami")).toBe("Linux\nred\nuser\n");
  expect(await run(id, 'python3 -c "print(6 * 7)"')).toBe("42\n");
  await run(
    id,
    "echo kept > kept.txt; (i=0; while :; do i=$((i+1)); echo $i > count; sleep 0.05; done) >/dev/null 2>&1 &",
  );
  await waitFor("it counts", async () => Number(await run(id, "cat count 2>/dev/null || true")) > 0);
  const paused = await ok(`/${id}/pause`, {});
  expect(paused).toMatchObject({ status: "paused", memory_kept: true });
  expect((await api(`/${id}/exec`, { cmd: "true" })).body.error).toMatchObject({
    code: "invalid_state",
    status: "paused",
  });
  expect(await ok(`/${id}/resume`, {})).toMatchObject({ status: "running" });
  expect(await run(id, "cat kept.txt")).toBe("kept\n");
  const before = Number(await run(id, "cat count"));
  await waitFor("it goes on counting", async () => Number(await run(id, "cat count")) > before);
  expect(await remove(id)).toMatchObject({ status: "stopped", status_reason: "deleted" });
});

test("forks are separate machines, and the source goes on", async () => {
  const id = await create();
  await run(id, "echo shared > shared.txt");
  const { items } = await ok(`/${id}/fork`, { count: 2 });
  expect(items.map(({ status }) => status)).toEqual(["running", "running"]);
  const all = [id, ...items.map((child) => child.id)];
  const said = await Promise.all(all.map((one) => run(one, "cat shared.txt /etc/machine-id; hostname")));
  expect(said.every((text) => text.startsWith("shared\n"))).toBe(true);
  expect(new Set(said).size).toBe(3);
  await Promise.all(all.map(remove));
});

test("a snapshot is a template, and is refused removal while it is in use", async () => {
  const id = await create();
  await run(id, "echo baked > baked.txt; sync");
  const { url, apiKey } = product.api;
  const snapshots = (path: string, options: object) =>
    call<SandboxBody>(url, `/v1/snapshots${path}`, { apiKey, ...options });
  const made = await snapshots("", { body: { sandbox_id: id, name: "baked" } });
  expect([made.status, made.body["state"]]).toEqual([201, "present"]);
  const child = await create({ template: "baked" });
  expect(await run(child, "cat baked.txt")).toBe("baked\n");
  expect((await snapshots("/baked", { method: "DELETE" })).body.error).toMatchObject({ code: "in_use" });
  await Promise.all([id, child].map(remove));
  expect((await snapshots("/baked", { method: "DELETE" })).status).toBe(204);
  expect((await api("", { template: "baked" })).body.error).toMatchObject({ code: "template_not_found" });
});

test("files go both ways", async () => {
  const id = await create();
  const url = `${product.server.url}/v1/sandboxes/${id}/files?path=data.bin`;
  const headers = { "x-api-key": product.api.apiKey };
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  expect((await fetch(url, { method: "PUT", headers, body: bytes })).status).toBe(204);
  expect(await run(id, "wc -c < data.bin")).toBe("65536\n");
  const got = await fetch(url, { headers });
  expect(Buffer.from(await got.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true);
  const shadow = await fetch(`${product.server.url}/v1/sandboxes/${id}/files?path=../../etc/shadow`, {
    headers,
  });
  expect(shadow.status).toBe(403);
  await remove(id);
});

test("what goes on inside can be seen", async () => {
  const id = await create();
  const { pid } = await ok(`/${id}/exec`, { cmd: "exec python3 -m http.server 8000", background: true });
  const shows = async () => (await ok(`/${id}/ports`)).items.some((item) => item["port"] === 8000);
  // Python starts slowly where every instruction is emulated.
  await waitFor("the port shows", shows, 30_000);
  expect((await ok(`/${id}/processes`)).items).toMatchObject([{ pid, cmd: "/bin/sh" }]);
  const metrics = await ok(`/${id}/metrics`);
  expect(metrics["cpu_count"]).toBe(1);
  expect(metrics["memory_total_bytes"]).toBeGreaterThan(400 * 2 ** 20);
  expect(metrics["disk_used_bytes"]).toBeGreaterThan(0);
  expect((await ok(`/${id}/logs`))["console"]).toBeString();
  expect((await api(`/${id}/processes/${pid}`, undefined, "DELETE")).status).toBe(204);
  await waitFor("it is gone", async () => (await ok(`/${id}/processes`)).items.length === 0);
  expect((await api(`/${id}/processes/${pid}`, undefined, "DELETE")).body.error?.code).toBe(
    "process_not_found",
  );
  await remove(id);
});

test("an idle sandbox pauses itself, and the server knows within a moment", async () => {
  const id = await create({ timeout_sec: 2 });
  await waitFor("it paused", async () => (await ok(`/${id}`)).status === "paused", 20_000);
  expect(await ok(`/${id}`)).toMatchObject({ status_reason: "timeout", memory_kept: true });
  await ok(`/${id}/resume`, {});
  await ok(`/${id}/timeout`, { timeout_sec: 2, on_timeout: "kill" });
  await waitFor("it ended", async () => (await ok(`/${id}`)).status === "stopped", 20_000);
});

describe("when things die", () => {
  test("the agent: sandboxes go on, and are reached again", async () => {
    const id = await create();
    await run(id, "echo $$ > pid");
    await product.agent.crash();
    const answer = await api(`/${id}/exec`, { cmd: "true" });
    expect([answer.status, answer.body.error?.code]).toEqual([503, "host_unreachable"]);
    await product.agent.launch();
    expect(await run(id, "cat pid")).toMatch(/^\d+\n$/);
    expect(await ok(`/${id}`)).toMatchObject({ status: "running" });
    await remove(id);
  });

  test("the agent in the middle of pause and resume: each sandbox ends as it truly is", async () => {
    const ids = await Promise.all([create(), create(), create()]);
    await Promise.all(ids.map((id) => run(id, `echo ${id} > mine.txt`)));
    await ok(`/${ids[2]}/pause`, {});
    const under = [api(`/${ids[0]}/pause`, {}), api(`/${ids[1]}/pause`, {}), api(`/${ids[2]}/resume`, {})];
    await waitFor("they are under way", async () => (await ok("?status=pausing,resuming")).items.length > 0);
    await product.agent.crash();
    await Promise.all(under);
    await product.agent.launch();
    const settled = async () => {
      const { items } = await ok("?status=running,paused");
      return ids.every((id) => items.some((item) => item.id === id));
    };
    await waitFor("each is running or paused", settled, 30_000);
    for (const id of ids) {
      if ((await ok(`/${id}`)).status === "paused") await ok(`/${id}/resume`, {});
      expect(await run(id, "cat mine.txt")).toBe(`${id}\n`);
    }
    await Promise.all(ids.map(remove));
  });

  test("the QEMU: paused without memory, the reason shown, the disk there after a cold resume", async () => {
    const id = await create({ envs: { COLOUR: "red" } });
    await run(id, "echo safe > safe.txt; sync");
    const journal = await readJournalOf(product.agent.directory, id);
    if (journal.state === "running") process.kill(journal.vm.pid, "SIGKILL");
    await waitFor("it is noticed", async () => (await ok(`/${id}`)).status === "paused", 20_000);
    expect(await ok(`/${id}`)).toMatchObject({ status_reason: "vm_died", memory_kept: false });
    expect(await ok(`/${id}/resume`, {})).toMatchObject({ status: "running" });
    expect(await run(id, "cat safe.txt; echo $COLOUR")).toBe("safe\nred\n");
    await remove(id);
  });
});

/** E2B's surface over real sandboxes: what times, memory, disk and network rules do to them. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { formatSandboxId, parseSandboxId } from "../../proto/ids.ts";
import { E2bApi } from "../support/e2b-api.ts";
import { Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(180_000);

let product: Product;
let e2b: E2bApi;
beforeAll(async () => {
  product = await Product.start();
  e2b = new E2bApi(product.server.url, product.api.apiKey);
});
afterAll(() => product[Symbol.asyncDispose]());

/** Wrenn's own door to the same sandbox. */
const run = (id: string, cmd: string): Promise<string> =>
  product.api.run(formatSandboxId(parseSandboxId(id) ?? ""), cmd);
const endOf = async (id: string): Promise<number> => Date.parse(String((await e2b.get(id)).body["endAt"]));
const kill = (id: string) => e2b.ok(`/sandboxes/${id}`, undefined, "DELETE");
const waitGone = (id: string) =>
  waitFor("it is gone", async () => (await e2b.get(id)).status === 404, 10_000);

test("a pause without memory boots again from its disk, with the same id and token", async () => {
  const made = await e2b.ok("/v2/sandboxes", { templateID: "base" });
  const id = made.sandboxID;
  const bootId = await run(id, "cat /proc/sys/kernel/random/boot_id");
  await run(id, "echo kept > kept.txt; echo lost > /dev/shm/lost.txt");
  await e2b.ok(`/sandboxes/${id}/pause`, { memory: false });
  expect((await e2b.get(id)).body["state"]).toBe("paused");
  const again = await e2b.request(`/sandboxes/${id}/pause`, {});
  expect([again.status, again.body.code]).toEqual([409, 409]);
  const back = await e2b.request(`/v2/sandboxes/${id}/connect`, { timeout: 300 });
  expect(back.status).toBe(201);
  expect(back.body).toMatchObject({ sandboxID: id, envdAccessToken: made["envdAccessToken"] });
  expect(await run(id, "cat kept.txt; ls /dev/shm")).toBe("kept\n");
  expect(await run(id, "cat /proc/sys/kernel/random/boot_id")).not.toBe(bootId);
  await kill(id);
});

test("three seconds are a timeout, over within two of the deadline", async () => {
  const id = await e2b.create({ timeout: 3 });
  const endMs = await endOf(id);
  await waitGone(id);
  expect(Date.now() - endMs).toBeLessThan(2_000);
  expect(Date.now()).toBeGreaterThanOrEqual(endMs);
});

test("activity does not move the end; auto-pause pauses at it, and connect resumes", async () => {
  const id = await e2b.create({ timeout: 4, autoPause: true });
  const endMs = await endOf(id);
  await run(id, "echo here > here.txt");
  expect(await endOf(id)).toBe(endMs);
  await waitFor("it is paused", async () => (await e2b.get(id)).body["state"] === "paused", 15_000);
  expect(Date.now()).toBeGreaterThanOrEqual(endMs);
  const back = await e2b.request(`/v2/sandboxes/${id}/connect`, { timeout: 60 });
  expect(back.status).toBe(201);
  expect(await run(id, "cat here.txt")).toBe("here\n");
  expect(Math.abs((await endOf(id)) - Date.now() - 60_000)).toBeLessThan(5_000);
  await kill(id);
});

test("auto-pause may drop the memory", async () => {
  const id = await e2b.create({ timeout: 3, autoPause: true, autoPauseMemory: false });
  const bootId = await run(id, "cat /proc/sys/kernel/random/boot_id");
  await run(id, "echo here > here.txt");
  await waitFor("it is paused", async () => (await e2b.get(id)).body["state"] === "paused", 15_000);
  const { memory_kept } = await product.api.read(formatSandboxId(parseSandboxId(id) ?? ""));
  expect(memory_kept).toBe(false);
  expect((await e2b.request(`/v2/sandboxes/${id}/connect`, { timeout: 60 })).status).toBe(201);
  expect(await run(id, "cat here.txt")).toBe("here\n");
  expect(await run(id, "cat /proc/sys/kernel/random/boot_id")).not.toBe(bootId);
  await kill(id);
});

test("connect only ever moves the end away, timeout sets it either way", async () => {
  const id = await e2b.create({ timeout: 100 });
  const endMs = await endOf(id);
  expect((await e2b.request(`/v2/sandboxes/${id}/connect`, { timeout: 10 })).status).toBe(200);
  expect(await endOf(id)).toBe(endMs);
  await Promise.all([150, 400, 250].map((timeout) => e2b.ok(`/v2/sandboxes/${id}/connect`, { timeout })));
  expect(Math.abs((await endOf(id)) - Date.now() - 400_000)).toBeLessThan(2_000);
  await e2b.ok(`/sandboxes/${id}/timeout`, { timeout: 1 });
  await waitGone(id);
});

test("a fork's copies have the memory, tokens and an end of their own", async () => {
  const source = await e2b.ok("/v2/sandboxes", { templateID: "base", timeout: 200, metadata: { a: "1" } });
  const id = source.sandboxID;
  await run(id, "echo shared > /dev/shm/shared.txt");
  const forks = await e2b.ok<{ sandbox: { sandboxID: string; envdAccessToken: string } }[]>(
    `/sandboxes/${id}/fork`,
    { count: 2, timeout: 90 },
  );
  const children = forks.map(({ sandbox }) => sandbox);
  const tokens = new Set([source["envdAccessToken"], ...children.map((child) => child.envdAccessToken)]);
  expect(tokens.size).toBe(3);
  for (const { sandboxID } of children) {
    expect(await run(sandboxID, "cat /dev/shm/shared.txt")).toBe("shared\n");
    expect((await e2b.get(sandboxID)).body["metadata"]).toEqual({ a: "1" });
    expect(Math.abs((await endOf(sandboxID)) - Date.now() - 90_000)).toBeLessThan(10_000);
  }
  expect((await endOf(id)) - Date.now()).toBeGreaterThan(150_000);
  await Promise.all([id, ...children.map((child) => child.sandboxID)].map(kill));
});

test("network rules change a running sandbox", async () => {
  const id = await e2b.create({ network: { denyOut: ["192.0.2.0/24"] } });
  // What refuses at once is told apart from what is let through to nowhere: no machine outside is needed.
  const reach = (address: string) =>
    run(id, `timeout 3 bash -c 'exec 3<>/dev/tcp/${address}/80' 2>&1 | grep -c refused || true`);
  expect(await reach("192.0.2.7")).toBe("1\n");
  await e2b.ok(`/sandboxes/${id}/network`, { denyOut: ["198.51.100.0/24"] }, "PUT");
  expect(await reach("198.51.100.7")).toBe("1\n");
  expect(await reach("192.0.2.7")).toBe("0\n");
  await e2b.ok(`/sandboxes/${id}/network`, { allowOut: ["192.0.2.7"], denyOut: ["0.0.0.0/0"] }, "PUT");
  expect([await reach("192.0.2.7"), await reach("192.0.2.8")]).toEqual(["0\n", "1\n"]);
  await e2b.ok(`/sandboxes/${id}/network`, { allow_internet_access: false }, "PUT");
  expect(await reach("192.0.2.7")).toBe("1\n");
  await e2b.ok(`/sandboxes/${id}/network`, {}, "PUT");
  expect(await reach("192.0.2.7")).toBe("0\n");
  await kill(id);
});

test("metrics and logs are the sandbox's own", async () => {
  const id = await e2b.create();
  const [metric] = await e2b.ok<Record<string, number>[]>(`/sandboxes/${id}/metrics`);
  expect(metric?.["cpuCount"]).toBe(1);
  expect(metric?.["memUsed"]).toBeGreaterThan(0);
  expect(metric?.["memUsed"]).toBeLessThan(metric?.["memTotal"] ?? 0);
  expect(metric?.["diskUsed"]).toBeLessThan(metric?.["diskTotal"] ?? 0);
  expect(Math.abs((metric?.["timestampUnix"] ?? 0) - Date.now() / 1_000)).toBeLessThan(5);
  await run(id, "echo a line on the console | sudo tee /dev/console >/dev/null");
  await waitFor("the line is in the logs", async () => {
    const { logs } = await e2b.ok<{ logs: { line: string }[] }>(`/sandboxes/${id}/logs`);
    return logs.some(({ line }) => JSON.parse(line).message === "a line on the console");
  });
  await kill(id);
});

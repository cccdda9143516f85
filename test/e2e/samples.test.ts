/** What real sandboxes use, as it is noted on their host and kept by the server; and their lives, told live. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { EventStream } from "../support/event-stream.ts";
import { Product } from "../support/product.ts";
import { call } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(180_000);

let product: Product;
beforeAll(async () => {
  product = await Product.start({ agent: { env: { WRENN_SAMPLE_MS: "1000" } } });
});
afterAll(() => product[Symbol.asyncDispose]());

interface Sample {
  at: string;
  cpu_used_percent: number;
  memory_used_bytes: number;
  memory_total_bytes: number;
  disk_used_bytes: number;
}

const MB = 2 ** 20;
/** Everything is emulated, on a machine that may have other things to do. */
const WAIT_MS = 90_000;
const POLL_MS = 250;

const seriesOf = async (id: string): Promise<Sample[]> => {
  const { items } = await product.api.ok(`/${id}/metrics?step=15`);
  return items as unknown as Sample[];
};
const lastOf = async (id: string): Promise<Sample | undefined> => (await seriesOf(id)).at(-1);
/** The last sample that is kept of it comes to be so. */
const untilLast = (what: string, id: string, matches: (sample: Sample) => boolean): Promise<void> =>
  waitFor(
    what,
    async () => {
      const sample = await lastOf(id);
      return sample !== undefined && matches(sample);
    },
    WAIT_MS,
    POLL_MS,
  );

test("one that works shows, one that does not is near nothing, and each keeps its own", async () => {
  const [busy, idle] = [await product.api.create(), await product.api.create()];
  await untilLast("the idle one rests", idle, ({ cpu_used_percent }) => cpu_used_percent < 5);
  const before = await lastOf(idle);
  await product.api.ok(`/${busy}/exec`, { cmd: "while :; do :; done", background: true });
  await untilLast("the busy one works", busy, ({ cpu_used_percent }) => cpu_used_percent > 20);
  await untilLast("the idle one still rests", idle, ({ cpu_used_percent }) => cpu_used_percent < 5);
  const quiet = (await seriesOf(idle)).map((sample) => sample.memory_used_bytes);
  expect(Math.max(...quiet) - Math.min(...quiet)).toBeLessThan(50 * MB);
  expect(before?.memory_total_bytes).toBeGreaterThan(400 * MB);
  const stats = await product.api.ok("/stats?step=15");
  expect(stats["counts"]).toMatchObject({ running: 2, paused: 0 });
  await waitFor(
    "the team's use",
    async () => {
      const used = (await product.api.ok("/stats"))["used"] as { cpu_used: number } | null;
      return used !== null && used.cpu_used > 0.2;
    },
    WAIT_MS,
    POLL_MS,
  );
  await Promise.all([busy, idle].map((id) => product.api.remove(id)));
});

test("memory and disk that are taken show, and stay readable while it is paused", async () => {
  const id = await product.api.create();
  await untilLast("a first sample", id, () => true);
  const before = await lastOf(id);
  const memory = "x = bytearray(120 << 20); import time; time.sleep(600)";
  await product.api.ok(`/${id}/exec`, { cmd: `exec python3 -c '${memory}'`, background: true });
  await product.api.run(id, "dd if=/dev/zero of=big bs=1M count=60 conv=fsync 2>/dev/null");
  await untilLast(
    "they show",
    id,
    (sample) =>
      sample.memory_used_bytes > (before?.memory_used_bytes ?? 0) + 100 * MB &&
      sample.disk_used_bytes > (before?.disk_used_bytes ?? 0) + 50 * MB,
  );
  await product.api.pause(id);
  expect((await seriesOf(id)).length).toBeGreaterThan(0);
  await product.api.remove(id);
});

test("the host's own load", async () => {
  const { admin, agent, server } = product;
  const answer = await call<{ items: { at: string; cpu_used_percent: number; free_memory_mb: number }[] }>(
    server.url,
    `/v1/hosts/${agent.hostId}/metrics?step=15`,
    { token: admin.token },
  );
  const last = answer.body.items.at(-1);
  expect(last?.free_memory_mb).toBeGreaterThan(0);
  expect(last?.cpu_used_percent).toBeGreaterThan(0);
});

test("a pause that the host decided by itself is told as it happens", async () => {
  await using stream = await EventStream.open(product.server.url, { token: product.admin.token });
  const id = await product.api.create({ timeout_sec: 2 });
  const seen = (status: string) =>
    stream.next(
      status,
      ({ event, data }) => event === "sandbox" && data.id === id && data.resource?.["status"] === status,
      30_000,
    );
  await seen("running");
  const paused = await seen("paused");
  expect(paused.data.resource).toMatchObject({ status_reason: "timeout", memory_kept: true });
  await product.api.remove(id);
  await seen("stopped");
});

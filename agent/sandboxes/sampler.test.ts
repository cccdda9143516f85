/** Samples of processes that really work, or do nothing. */
import { afterEach, expect, test } from "bun:test";
import { tmpdir } from "node:os";

import { ZERO_UUID } from "../../proto/ids.ts";
import type { GuestMetrics } from "../guest/protocol.ts";
import { createLogger } from "../system/log.ts";
import type { Running } from "./journal.ts";
import { Sampler } from "./sampler.ts";
import { type Live, Sandbox } from "./sandbox.ts";

const INTERVAL_MS = 100;
const GUEST: GuestMetrics = {
  ts: 1,
  cpu_count: 1,
  cpu_used_pct: 0,
  mem_total: 512,
  mem_used: 100,
  mem_cache: 10,
  disk_used: 20,
  disk_total: 40,
};

const children: Bun.Subprocess[] = [];
const samplers: Sampler[] = [];
afterEach(() => {
  for (const sampler of samplers.splice(0)) sampler.stop();
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A sandbox whose machine is this process. */
const sandboxOf = (id: string, argv: string[]): Sandbox => {
  const child = Bun.spawn(argv, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  children.push(child);
  const sandbox = new Sandbox(id, ZERO_UUID);
  // The sampler reads no more of either.
  sandbox.journal = { state: "running", vcpus: 1 } as Running;
  sandbox.live = { vm: { record: { pid: child.pid } } } as Live;
  sandbox.accepting = true;
  return sandbox;
};

const start = (sandboxes: Sandbox[]): { sampler: Sampler; asked: string[] } => {
  const asked: string[] = [];
  const sampler = new Sampler(
    {
      sandboxes: new Map(sandboxes.map((sandbox) => [sandbox.id, sandbox])),
      directory: tmpdir(),
      log: createLogger("error", () => {}),
      ask: async ({ id }) => {
        asked.push(id);
        return GUEST;
      },
    },
    INTERVAL_MS,
  );
  samplers.push(sampler);
  sampler.start();
  return { sampler, asked };
};

const until = async (what: string, check: () => boolean): Promise<void> => {
  const deadlineMs = performance.now() + 20_000;
  while (!check()) {
    if (performance.now() > deadlineMs) throw new Error(what);
    await Bun.sleep(10);
  }
};

test("one that works shows, and is asked again; one that does nothing is asked once", async () => {
  const busy = sandboxOf("busy", ["sh", "-c", "while :; do :; done"]);
  const idle = sandboxOf("idle", ["sleep", "1000"]);
  const { sampler, asked } = start([busy, idle]);
  const askedOf = (id: string): number => asked.filter((one) => one === id).length;
  await until("it is asked again", () => askedOf("busy") > 1 && sampler.after(0).length > 5);
  expect(askedOf("idle")).toBe(1);
  const all = sampler.after(0).flatMap(({ sandboxes }) => sandboxes);
  const of = (id: string) => all.filter(({ sandboxId }) => sandboxId === id).map((one) => one.cpuUsedPercent);
  expect(Math.max(...of("busy"))).toBeGreaterThan(10);
  expect(of("idle").length).toBeGreaterThan(0);
  expect(Math.max(...of("idle"))).toBe(0);
  expect(all[0]).toMatchObject({ memoryUsedBytes: 100, memoryTotalBytes: 512, diskUsedBytes: 20 });
}, 30_000);

test("keeps the newest twenty rounds, and gives those after the one that is known", async () => {
  const { sampler } = start([]);
  await until(
    "more than twenty",
    () => (sampler.after(0)[0]?.round ?? 0) > 0 && sampler.after(0).length === 20,
  );
  const [first] = sampler.after(0);
  await until("the first is gone", () => sampler.after(0)[0]?.round !== first?.round);
  const rounds = sampler.after(0).map(({ round }) => round);
  expect(rounds).toHaveLength(20);
  expect(rounds).toEqual(rounds.toSorted((a, b) => a - b));
  expect(sampler.lastRound).toBe(rounds.at(-1) ?? 0);
  expect(sampler.after(rounds[17] ?? 0).map(({ round }) => round)).toEqual(rounds.slice(18));
}, 30_000);

test("one under an operation, or not handed out yet, is left alone", async () => {
  const sandbox = sandboxOf("s", ["sleep", "1000"]);
  sandbox.accepting = false;
  const { sampler, asked } = start([sandbox]);
  await until("some rounds", () => sampler.after(0).length > 2);
  sandbox.accepting = true;
  sandbox.operation = "pause";
  const before = sampler.lastRound;
  await until("some more", () => sampler.after(before).length > 2);
  expect(asked).toEqual([]);
  expect(sampler.after(0).flatMap(({ sandboxes }) => sandboxes)).toEqual([]);
}, 30_000);

import { describe, expect, test } from "bun:test";

import type { GuestMetrics } from "../guest/protocol.ts";
import { SandboxLoad } from "./load.ts";

const GUEST: GuestMetrics = {
  ts: 1,
  cpu_count: 2,
  cpu_used_pct: 77,
  mem_total: 512,
  mem_used: 100,
  mem_cache: 50,
  disk_used: 1_000,
  disk_total: 5_000,
};

describe("the load of a sandbox", () => {
  test("is the processor time of its process, of all its CPUs together", () => {
    const load = new SandboxLoad();
    expect(load.note({ pid: 7, cpuMs: 1_000, atMs: 0 }, 2)).toBeNull();
    expect(load.note({ pid: 7, cpuMs: 4_000, atMs: 15_000 }, 2)).toBe(10);
    expect(load.note({ pid: 7, cpuMs: 4_000, atMs: 30_000 }, 2)).toBe(0);
    // Threads beside the guest's own do not count as more than all of it.
    expect(load.note({ pid: 7, cpuMs: 40_000, atMs: 45_000 }, 2)).toBe(100);
  });

  test("begins anew with another process", () => {
    const load = new SandboxLoad();
    load.note({ pid: 7, cpuMs: 9_000, atMs: 0 }, 1);
    load.answered(GUEST, 9_000);
    expect(load.note({ pid: 8, cpuMs: 100, atMs: 15_000 }, 1)).toBeNull();
    expect(load.isDue).toBe(true);
  });

  test("asks the guest once, and again when it did something", () => {
    const load = new SandboxLoad();
    load.note({ pid: 7, cpuMs: 100, atMs: 0 }, 1);
    expect(load.isDue).toBe(true);
    load.answered(GUEST, 150);
    load.note({ pid: 7, cpuMs: 400, atMs: 15_000 }, 1);
    expect(load.isDue).toBe(false);
    load.note({ pid: 7, cpuMs: 650, atMs: 30_000 }, 1);
    expect(load.isDue).toBe(true);
    // Silence is an answer.
    load.answered(null, 700);
    expect(load.isDue).toBe(false);
  });

  test("says nothing before the guest ever did, then what it said last", () => {
    const load = new SandboxLoad();
    expect(load.toSample("s", 1)).toBeNull();
    load.answered(GUEST, 0);
    load.answered(null, 0);
    expect(load.toSample("s", 1.5)).toEqual({
      sandboxId: "s",
      cpuUsedPercent: 1.5,
      cpuCount: 2,
      memoryUsedBytes: 100,
      memoryTotalBytes: 512,
      memoryCacheBytes: 50,
      diskUsedBytes: 1_000,
      diskTotalBytes: 5_000,
    });
  });
});

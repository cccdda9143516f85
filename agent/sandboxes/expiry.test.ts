import { afterEach, beforeEach, expect, jest, test } from "bun:test";

import { ZERO_UUID } from "../../proto/ids.ts";
import { expiresAtMs, Expiry } from "./expiry.ts";
import type { Running, SandboxTimeout } from "./journal.ts";
import { Sandbox } from "./sandbox.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const runningSandbox = (id: string, timeout: Partial<SandboxTimeout>, deadlineMs: number | null = null) => {
  const sandbox = new Sandbox(id, ZERO_UUID);
  const journal: Running = {
    state: "running",
    sandboxId: id,
    teamId: ZERO_UUID,
    template: { teamId: ZERO_UUID, templateId: ZERO_UUID },
    createdAt: "",
    vcpus: 1,
    memoryMb: 512,
    diskSizeMb: 1,
    accessToken: "",
    timeout: { kind: "idle", timeoutSec: 10, action: "pause", ...timeout },
    deadlineMs,
    network: { allowInternet: true, allowCidrs: [], denyCidrs: [], allowDomains: [] },
    layers: [],
    base: { kind: "zero" },
    kernelDigest: "",
    guestDriveDigest: "",
    slotIndex: 0,
    vm: { pid: 1, startTicks: 1, controlSocketPath: "", baseMemoryPath: "", runtimeId: "" },
  };
  sandbox.journal = journal;
  sandbox.lastActiveMs = Date.now();
  return sandbox;
};

const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
};

const expiryOf = (...sandboxes: Sandbox[]) => {
  const expired: string[] = [];
  const expire = jest.fn(async (sandbox: Sandbox) => {
    expired.push(sandbox.id);
    sandbox.journal = null;
  });
  const expiry = new Expiry(new Map(sandboxes.map((one) => [one.id, one])), expire);
  expiry.start();
  return { expired, expire, expiry };
};

test("when a sandbox expires", () => {
  const nowMs = Date.now();
  expect(expiresAtMs(runningSandbox("a", {}))).toBe(nowMs + 10_000);
  expect(expiresAtMs(runningSandbox("a", { timeoutSec: 0 }))).toBeNull();
  expect(expiresAtMs(runningSandbox("a", { kind: "deadline" }, nowMs + 5))).toBe(nowMs + 5);
  const streaming = runningSandbox("a", {});
  streaming.streams.add({ abort: () => {} });
  expect(expiresAtMs(streaming)).toBeNull();
  const withDeadline = runningSandbox("a", { kind: "deadline" }, nowMs + 5);
  withDeadline.streams.add({ abort: () => {} });
  expect(expiresAtMs(withDeadline)).toBe(nowMs + 5);
});

test("each sandbox expires at its own time, by one timer", async () => {
  const [late, soon] = [
    runningSandbox("late", { timeoutSec: 20 }),
    runningSandbox("soon", { timeoutSec: 5 }),
  ];
  const { expired, expiry } = expiryOf(late, soon);
  expiry.arm(late);
  expiry.arm(soon);
  jest.advanceTimersByTime(5_000);
  await settle();
  expect(expired).toEqual(["soon"]);
  jest.advanceTimersByTime(15_000);
  await settle();
  expect(expired).toEqual(["soon", "late"]);
});

test("activity moves an idle sandbox without touching the timer", async () => {
  const sandbox = runningSandbox("a", { timeoutSec: 10 });
  const { expired, expiry } = expiryOf(sandbox);
  expiry.arm(sandbox);
  jest.advanceTimersByTime(8_000);
  sandbox.lastActiveMs = Date.now();
  jest.advanceTimersByTime(9_000);
  await settle();
  expect(expired).toEqual([]);
  jest.advanceTimersByTime(1_000);
  await settle();
  expect(expired).toEqual(["a"]);
});

test("a failed expiry is tried again, not at once", async () => {
  const sandbox = runningSandbox("a", { timeoutSec: 1 });
  const { expired, expire, expiry } = expiryOf(sandbox);
  expire.mockImplementationOnce(async () => {
    throw new Error("the disk is full");
  });
  expiry.arm(sandbox);
  jest.advanceTimersByTime(1_000);
  await settle();
  jest.advanceTimersByTime(4_000);
  await settle();
  expect(expire).toHaveBeenCalledTimes(1);
  jest.advanceTimersByTime(1_000);
  await settle();
  expect(expired).toEqual(["a"]);
});

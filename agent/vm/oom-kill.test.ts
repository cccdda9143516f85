import { describe, expect, test } from "bun:test";

import { reportsKill } from "./oom-kill.ts";

const RECORD =
  "3,1234,5000000,-;Out of memory: Killed process 4711 (qemu-system-x86) total-vm:900000kB, anon-rss:500000kB";

describe("reportsKill()", () => {
  test.each([
    ["that process", { pid: 4711, startTicks: 499 }, true],
    ["another process", { pid: 471, startTicks: 1 }, false],
    ["an earlier process with its pid", { pid: 4711, startTicks: 501 }, false],
  ])("of %s", (_what, identity, expected) => {
    expect(reportsKill(RECORD, identity)).toBe(expected);
  });

  test("a kill by a cgroup's limit counts too", () => {
    const record = RECORD.replace("Out of memory", "Memory cgroup out of memory");
    expect(reportsKill(record, { pid: 4711, startTicks: 1 })).toBe(true);
  });

  test("other records say nothing", () => {
    expect(reportsKill("6,1,2,-;process 4711 started", { pid: 4711, startTicks: 0 })).toBe(false);
    expect(reportsKill("", { pid: 4711, startTicks: 0 })).toBe(false);
  });
});

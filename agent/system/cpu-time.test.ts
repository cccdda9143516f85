import { expect, test } from "bun:test";

import { parseProcessCpuMs, readMachineCpu, readProcessCpuMs } from "./cpu-time.ts";

test("user and kernel time of a process, whatever its name is", () => {
  const stat = "42 (qemu) 1 2 (x) S 1 42 42 0 -1 4194560 900 0 0 0 150 25 0 0 20 0 4 0 700 1000 200";
  expect(parseProcessCpuMs(stat)).toBe(1_750);
});

test("this process has used some, no more than the machine, and one that is not there none", () => {
  const deadlineMs = performance.now() + 5_000;
  let own = 0;
  // Counted in ticks: the first one takes some work.
  while (own === 0 && performance.now() < deadlineMs) own = readProcessCpuMs(process.pid) ?? 0;
  expect(own).toBeGreaterThan(0);
  const { busyMs, totalMs } = readMachineCpu();
  expect(busyMs).toBeGreaterThanOrEqual(own);
  expect(totalMs).toBeGreaterThanOrEqual(busyMs);
  expect(readProcessCpuMs(2 ** 22 + 1)).toBeNull();
});

import { expect, test } from "bun:test";

import { measureTscKhz } from "./time-stamp-counter.ts";

test.skipIf(process.arch !== "x64")("two measurements agree to 100 parts in a million", async () => {
  const [first, second] = [await measureTscKhz(), await measureTscKhz()];
  if (first === null || second === null) throw new Error("nothing was measured");
  expect(first).toBeGreaterThan(100_000);
  expect(Math.abs(first - second) / first).toBeLessThan(1e-4);
});

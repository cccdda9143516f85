import { expect, test } from "bun:test";

import { describeLimits, readLimit } from "./limit-names.ts";

test.each([
  ["", null],
  ["  ", null],
  ["0", 0],
  [" 20 ", 20],
  ["1000000000", 1_000_000_000],
  ["1000000001", "wrong"],
  ["-1", "wrong"],
  ["1.5", "wrong"],
  ["1e3", "wrong"],
  ["many", "wrong"],
] as const)("a limit typed as %p", (text, limit) => expect(readLimit(text)).toBe(limit));

test("limits in words, in their own order", () => {
  expect(describeLimits({ vcpus: 8, sandboxes: 20 })).toBe("20 sandboxes, 8 vCPU");
  expect(describeLimits({})).toBe("");
});

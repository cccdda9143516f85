import { describe, expect, test } from "bun:test";

import { summarize } from "./statistics.ts";

describe("summarize", () => {
  test.each([
    { values: [7], expected: { n: 1, p50: 7, p95: 7, p99: 7 } },
    { values: [3, 1, 2], expected: { n: 3, p50: 2, p95: 3, p99: 3 } },
    { values: [1, 2, 3, 4], expected: { n: 4, p50: 2, p95: 4, p99: 4 } },
    { values: [1.239, 1.239], expected: { n: 2, p50: 1.24, p95: 1.24, p99: 1.24 } },
    {
      values: Array.from({ length: 100 }, (_, index) => 100 - index),
      expected: { n: 100, p50: 50, p95: 95, p99: 99 },
    },
  ])("takes the nearest rank of $values", ({ values, expected }) => {
    expect(summarize(values)).toEqual(expected);
  });

  test("leaves its input alone and refuses nothing", () => {
    const values = [2, 1];
    summarize(values);
    expect(values).toEqual([2, 1]);
    expect(() => summarize([])).toThrow("no percentile of nothing");
  });
});

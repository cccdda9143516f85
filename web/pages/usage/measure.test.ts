import { expect, test } from "bun:test";

import { formatPercent, formatShare, pointsOf } from "./measure.ts";

test.each([
  [0, "0.0 %", "0"],
  [0.42, "0.4 %", "0.4"],
  [9.94, "9.9 %", "9.9"],
  [12.3, "12 %", "12"],
  [100, "100 %", "100"],
])("%d reads %p of all, %p of CPUs", (value, percent, share) => {
  expect([formatPercent(value), formatShare(value)]).toEqual([percent, share]);
});

test("points are in the samples' order, at their times", () => {
  const samples = [
    { at: "2026-01-02T03:04:05Z", used: 1 },
    { at: "2026-01-02T03:04:20Z", used: 3 },
  ];
  const [first, second] = pointsOf({ samples }, ({ used }) => used);
  expect(first).toEqual({ atMs: Date.parse("2026-01-02T03:04:05Z"), value: 1 });
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBe(15_000);
});

import { expect, test } from "bun:test";

import { toRows } from "./results.ts";
import type { Measurement } from "./rounds.ts";
import { formatTable } from "./table.ts";

const measured = (subject: Measurement["subject"], ...values: number[]): Measurement[] =>
  values.map((value) => ({ case: "create_to_healthy", subject, value }));

test("ratios are of medians, and a target is met or missed by them", () => {
  const met = formatTable(toRows([...measured("wrenn", 300, 150, 160), ...measured("floor", 100)]));
  expect(met.split("\n")[1]).toMatch(/wrenn +3 +160.0 ms +300.0 ms +300.0 ms +1.60 +<= 1.6 x floor met$/);
  const missed = formatTable(toRows([...measured("wrenn", 161), ...measured("floor", 100)]));
  expect(missed).toContain("<= 1.6 x floor MISSED");
});

test("of rates more is better", () => {
  const measure = (rate: number) =>
    formatTable(
      toRows([
        { case: "api_read", subject: "wrenn", value: rate },
        { case: "api_read", subject: "direct", value: 1_000 },
      ]),
    ).split("\n")[1];
  expect(measure(650)).toMatch(/650.0 \/s +0.65 +>= 0.65 x direct met$/);
  expect(measure(649)).toMatch(/>= 0.65 x direct MISSED$/);
});

test("without the subject to compare with it says so", () => {
  expect(formatTable(toRows(measured("wrenn", 161)))).toContain("(not comparable)");
});

test("a pause may take 2 ms more for each MB that was saved", () => {
  const pause = (value: number, dirtyMb: number): Measurement => ({
    case: "pause_50mb",
    subject: "wrenn_agent",
    value,
    dirtyMb,
  });
  expect(formatTable(toRows([pause(141, 51)]))).toContain("<= 142 ms met");
  expect(formatTable(toRows([pause(141, 50)]))).toContain("<= 140 ms MISSED");
});

test("a case is named on its first line only", () => {
  const lines = formatTable(toRows([...measured("wrenn", 1), ...measured("floor", 1)])).split("\n");
  expect(lines.map((line) => line.startsWith("create_to_healthy"))).toEqual([false, true, false]);
});

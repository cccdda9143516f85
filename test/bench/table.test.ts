import { expect, test } from "bun:test";

import { toRows } from "./results.ts";
import type { Measurement } from "./rounds.ts";
import { formatTable } from "./table.ts";

const CORES = 2;

const tableOfAll = (measurements: Measurement[]): string =>
  formatTable({ rows: toRows(measurements), cores: CORES });

const measured = (subject: Measurement["subject"], ...values: number[]): Measurement[] =>
  values.map((value) => ({ case: "resume_to_healthy", subject, value }));

test("ratios are of medians, and a target is met or missed by them", () => {
  const met = tableOfAll([...measured("wrenn", 300, 120, 125), ...measured("floor", 100)]);
  expect(met.split("\n")[1]).toMatch(/wrenn +3 +125.0 ms +300.0 ms +300.0 ms +1.25 +<= 1.25 x floor met$/);
  const missed = tableOfAll([...measured("wrenn", 126), ...measured("floor", 100)]);
  expect(missed).toContain("<= 1.25 x floor MISSED");
});

test("of rates more is better", () => {
  const measure = (rate: number) =>
    tableOfAll([
      { case: "api_read", subject: "wrenn", value: rate },
      { case: "api_read", subject: "direct", value: 1_000 },
    ]).split("\n")[1];
  expect(measure(650)).toMatch(/650.0 \/s +0.65 +>= 0.65 x direct met$/);
  expect(measure(649)).toMatch(/>= 0.65 x direct MISSED$/);
});

test("without the subject to compare with it says so", () => {
  expect(tableOfAll(measured("wrenn", 161))).toContain("(not comparable)");
});

test("a pause may take 2 ms more for each MB that was saved", () => {
  const pause = (value: number, dirtyMb: number): Measurement => ({
    case: "pause_50mb",
    subject: "wrenn",
    value,
    dirtyMb,
  });
  expect(tableOfAll([pause(141, 51)])).toContain("<= 142 ms met");
  expect(tableOfAll([pause(141, 50)])).toContain("<= 140 ms MISSED");
});

test("a case is named on its first line only", () => {
  const lines = tableOfAll([...measured("wrenn", 1), ...measured("floor", 1)]).split("\n");
  expect(lines.map((line) => line.startsWith("resume_to_healthy"))).toEqual([false, true, false]);
});

test("a row may have several targets, and one of its own spread", () => {
  const create = (subject: "wrenn" | "gvisor", value: number): Measurement => ({
    case: "create_to_first_command",
    subject,
    value,
  });
  const table = tableOfAll([create("wrenn", 100), create("wrenn", 201), create("gvisor", 100)]);
  expect(table).toContain("<= 1 x gvisor met; p95 <= 2 x p50 MISSED");
});

test("a crowd is held against as many resumes of the floor on all cores", () => {
  const fork = (value: number): Measurement => ({ case: "fork_20", subject: "wrenn", value });
  const floor = measured("floor", 100);
  expect(tableOfAll([fork(1_300), ...floor])).toContain("1.3 x 20 floor resumes / cores (1300 ms) met");
  expect(tableOfAll([fork(1_301), ...floor])).toContain("(1300 ms) MISSED");
  expect(tableOfAll([fork(1_300)])).toContain("floor resumes / cores (not comparable)");
});

import { expect, test } from "bun:test";

import { STEP_LIMITS_MS, StepTimes } from "./step-times.ts";

const bucketOf = (limitMs: number | null): number =>
  limitMs === null ? STEP_LIMITS_MS.length : STEP_LIMITS_MS.findIndex((one) => one === limitMs);

test("each time is in the first bucket that holds it, the longest in the last", () => {
  const times = new StepTimes();
  for (const ms of [0.3, 1, 1.01, 20, 10_000, 60_000]) times.note("pause", new Map([["memory", ms]]));
  const [memory] = times.list();
  const expected = Array<number>(STEP_LIMITS_MS.length + 1).fill(0);
  expected[bucketOf(1)] = 2;
  expected[bucketOf(2)] = 1;
  expected[bucketOf(20)] = 1;
  expected[bucketOf(10_000)] = 1;
  expected[bucketOf(null)] = 1;
  expect(memory).toMatchObject({ operation: "pause", step: "memory", counts: expected });
  expect(memory?.sumMs).toBeCloseTo(70_022.31);
});

test("operations and steps are told apart", () => {
  const times = new StepTimes();
  times.note(
    "pause",
    new Map([
      ["memory", 3],
      ["total", 4],
    ]),
  );
  times.note("resume", new Map([["memory", 3]]));
  times.note("pause", new Map([["total", 6]]));
  const shown = times.list().map(({ operation, step, sumMs }) => `${operation} ${step} ${sumMs}`);
  expect(shown).toEqual(["pause memory 3", "pause total 10", "resume memory 3"]);
});

import { expect, test } from "bun:test";

import { logFieldsOf, Steps } from "./steps.ts";

test("steps in order, one done twice once, and the total is at least their sum", () => {
  const steps = new Steps();
  for (const step of ["slot", "load", "slot"]) {
    const until = performance.now() + 2;
    while (performance.now() < until);
    steps.done(step);
  }
  const { times } = steps;
  expect([...times.keys()]).toEqual(["slot", "load", "total"]);
  const [slot = 0, load = 0, total = 0] = times.values();
  expect(slot).toBeGreaterThanOrEqual(4);
  expect(load).toBeGreaterThanOrEqual(2);
  expect(total).toBeGreaterThanOrEqual(slot + load);
});

test("fields of the log", () => {
  expect(logFieldsOf(new Map(Object.entries({ save: 12.345, total: 20 })))).toEqual({
    saveMs: 12.3,
    totalMs: 20,
  });
});

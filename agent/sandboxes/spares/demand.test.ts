import { expect, test } from "bun:test";

import { Demand } from "./demand.ts";

const MINUTE_MS = 60_000;

/** With a clock of its own. */
const demandAt = (most: number) => {
  const clock = { nowMs: 1_000_000 };
  return { clock, demand: new Demand(most, () => clock.nowMs) };
};

test("as many as were asked for in the last minute, then one, then none", () => {
  const { clock, demand } = demandAt(8);
  expect(demand.wanted("a")).toBe(0);
  for (let index = 0; index < 3; index++) demand.note("a");
  expect(demand.wanted("a")).toBe(3);
  clock.nowMs += MINUTE_MS + 1;
  expect(demand.wanted("a")).toBe(1);
  demand.note("a");
  expect(demand.wanted("a")).toBe(1);
  clock.nowMs += 10 * MINUTE_MS + 1;
  expect(demand.wanted("a")).toBe(0);
});

test("never more than can be kept", () => {
  const { demand } = demandAt(4);
  for (let index = 0; index < 100; index++) demand.note("a");
  expect(demand.wanted("a")).toBe(4);
});

test("what was asked for last comes first, and the oldest is forgotten beyond a bound", () => {
  const { demand } = demandAt(4);
  for (const kind of ["a", "b", "a"]) demand.note(kind);
  expect(demand.kinds()).toEqual(["a", "b"]);
  for (let index = 0; index < 64; index++) demand.note(`kind ${index}`);
  expect(demand.kinds()).toHaveLength(64);
  expect(demand.wanted("b")).toBe(0);
  demand.forget("kind 0");
  expect(demand.wanted("kind 0")).toBe(0);
});

import { afterEach, expect, setSystemTime, test } from "bun:test";

import { Demand } from "./demand.ts";

const MINUTE_MS = 60_000;
const NONE: ReadonlySet<string> = new Set();

afterEach(() => {
  setSystemTime();
});

/** With a clock of its own. */
const demandAt = (most: number) => {
  const clock = { nowMs: 1_000_000 };
  return { clock, demand: new Demand(most, () => clock.nowMs) };
};

const ask = (demand: Demand, kind: string, times: number): void => {
  for (let index = 0; index < times; index++) demand.note(kind);
};

test("as many as were asked for in the last minute, then one, then none", () => {
  const { clock, demand } = demandAt(8);
  const target = () => demand.targets(NONE).get("a") ?? 0;
  expect(target()).toBe(0);
  ask(demand, "a", 3);
  expect(target()).toBe(3);
  clock.nowMs += MINUTE_MS + 1;
  expect(target()).toBe(1);
  ask(demand, "a", 1);
  expect(target()).toBe(1);
  clock.nowMs += 10 * MINUTE_MS + 1;
  expect([target(), demand.knows("a")]).toEqual([0, false]);
});

test("one of what is kept, asked for or not", () => {
  const { demand } = demandAt(8);
  const kept = new Set(["a"]);
  expect(demand.targets(kept)).toEqual(new Map([["a", 1]]));
  ask(demand, "a", 2);
  expect(demand.targets(kept)).toEqual(new Map([["a", 2]]));
});

test("when it is too much each kind gets one before any gets two, the last asked for first", () => {
  const { demand } = demandAt(4);
  ask(demand, "a", 100);
  expect(demand.targets(NONE)).toEqual(new Map([["a", 4]]));
  ask(demand, "b", 2);
  expect(demand.targets(NONE)).toEqual(
    new Map([
      ["b", 2],
      ["a", 2],
    ]),
  );
  for (const kind of ["c", "d", "e"]) ask(demand, kind, 1);
  expect([...demand.targets(new Set(["k"])).keys()]).toEqual(["e", "d", "c", "b"]);
});

test("the oldest kind is forgotten beyond a bound", () => {
  const { demand } = demandAt(4);
  for (let index = 0; index <= 64; index++) demand.note(`kind ${index}`);
  expect([demand.knows("kind 0"), demand.knows("kind 1")]).toEqual([false, true]);
  demand.forget("kind 1");
  expect(demand.knows("kind 1")).toBe(false);
});

test("a wall clock that is set makes nothing old or new", () => {
  const demand = new Demand(4);
  ask(demand, "a", 2);
  setSystemTime(Date.now() + 60 * MINUTE_MS);
  expect(demand.targets(NONE).get("a")).toBe(2);
});

test("a half is none", () => {
  const { demand } = demandAt(1.5);
  for (const kind of ["a", "b", "c"]) ask(demand, kind, 1);
  expect(demand.targets(NONE)).toEqual(new Map([["c", 1]]));
});

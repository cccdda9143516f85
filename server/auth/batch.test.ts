import { expect, test } from "bun:test";

import { inBatches } from "./batch.ts";

const lookup = () => {
  const asked: number[][] = [];
  const halve = inBatches<number, number>(async (keys) => {
    asked.push(keys);
    await Bun.sleep(0);
    return keys.map((key) => (key % 2 === 0 ? key / 2 : undefined));
  });
  return { asked, halve };
};

test("what comes in one turn is asked at once, and each gets its own", async () => {
  const { asked, halve } = lookup();
  // After a promise it is still the same turn.
  const late = Promise.resolve().then(() => halve(8));
  expect(await Promise.all([halve(4), halve(3), halve(4), late])).toEqual([2, undefined, 2, 4]);
  expect(await halve(10)).toBe(5);
  expect(asked).toEqual([[4, 3, 4, 8], [10]]);
});

test("more than one query is asked of goes in several", async () => {
  const { asked, halve } = lookup();
  const keys = Array.from({ length: 250 }, (_, key) => 2 * key);
  expect(await Promise.all(keys.map(halve))).toEqual(keys.map((key) => key / 2));
  expect(asked.map(({ length }) => length)).toEqual([100, 100, 50]);
});

test("a failure is everybody's of that turn, and nobody's of the next", async () => {
  let fails = true;
  const find = inBatches<number, number>(async (keys) => {
    if (fails) throw new Error("away");
    return keys;
  });
  const failed = await Promise.allSettled([find(1), find(2)]);
  expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  fails = false;
  expect(await find(3)).toBe(3);
});

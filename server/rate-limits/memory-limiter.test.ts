import { expect, test } from "bun:test";

import { MemoryLimiter } from "./memory-limiter.ts";

const RULE = { count: 3, windowSec: 60 };

const exhaust = (limiter: MemoryLimiter, subject: string): number => {
  let passed = 0;
  while (limiter.hit(subject).passed) passed += 1;
  return passed;
};

test("subjects are counted apart, and a look counts nothing", () => {
  const limiter = new MemoryLimiter(RULE, { now: () => 0 });
  for (let look = 0; look < 10; look += 1) expect(limiter.peek("a").passed).toBe(true);
  expect(exhaust(limiter, "a")).toBe(3);
  expect(limiter.peek("a").passed).toBe(false);
  expect(limiter.peek("b").passed).toBe(true);
});

test("refusals do not count: a flood makes nobody wait longer", () => {
  let nowMs = 0;
  const limiter = new MemoryLimiter(RULE, { now: () => nowMs });
  exhaust(limiter, "a");
  const first = limiter.hit("a").resetSec;
  for (let flood = 0; flood < 10_000; flood += 1) limiter.hit("a");
  expect(limiter.hit("a").resetSec).toBe(first);
  nowMs += first * 1_000;
  expect(limiter.hit("a").passed).toBe(true);
});

test("a crowd of addresses neither grows it without bound nor frees who is over", () => {
  let nowMs = 0;
  const limiter = new MemoryLimiter(RULE, { now: () => nowMs, maxSubjects: 100 });
  exhaust(limiter, "attacker");
  for (let index = 0; index < 50_000; index += 1) limiter.hit(`stranger ${index}`);
  expect(limiter.size).toBeLessThan(1_000);
  expect(limiter.hit("attacker").passed).toBe(false);
  // Strangers beyond the bound share counters, which are used up by now.
  expect(limiter.hit("one more stranger").passed).toBe(false);
  nowMs += 60_000;
  expect(limiter.hit("attacker").passed).toBe(false);
  nowMs += 60_000;
  expect([limiter.hit("attacker").passed, limiter.hit("one more stranger").passed]).toEqual([true, true]);
  expect(limiter.size).toBe(2);
});

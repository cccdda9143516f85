import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { MemoryLimiter } from "./memory-limiter.ts";
import { passes, toVerdict, waitMs } from "./sliding-window.ts";

const RULE = { count: 10, windowSec: 10 };

describe("what passed in the window before fades out of this one", () => {
  test.each([
    [{ previous: 0, current: 9, elapsedMs: 0 }, true, 0],
    [{ previous: 0, current: 10, elapsedMs: 4_000 }, false, 7_000],
    [{ previous: 10, current: 0, elapsedMs: 0 }, false, 1_000],
    [{ previous: 10, current: 0, elapsedMs: 1_000 }, true, 0],
    [{ previous: 10, current: 4, elapsedMs: 4_000 }, false, 1_000],
    [{ previous: 4, current: 9, elapsedMs: 0 }, false, 10_000],
  ])("%j passes: %p, wait %p ms", (seen, expected, wait) => {
    expect([passes(seen, RULE), waitMs(seen, RULE)]).toEqual([expected, wait]);
  });

  test("a verdict tells what is left, and with nothing left when one passes again", () => {
    expect(toVerdict({ previous: 0, current: 1, elapsedMs: 2_500 }, RULE, true)).toEqual({
      passed: true,
      rule: RULE,
      remaining: 9,
      resetSec: 8,
    });
    expect(toVerdict({ previous: 0, current: 10, elapsedMs: 2_500 }, RULE, true)).toMatchObject({
      remaining: 0,
      resetSec: 9,
    });
  });
});

const rules = fc.record({ count: fc.integer({ min: 1, max: 8 }), windowSec: fc.integer({ min: 1, max: 5 }) });

test("whatever the pattern, no span of time lets more pass than the rule says", () => {
  fc.assert(
    fc.property(rules, fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 80 }), (rule, gapsMs) => {
      let nowMs = 0;
      const limiter = new MemoryLimiter(rule, { now: () => nowMs });
      const passedAt: number[] = [];
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        if (limiter.hit("one").passed) passedAt.push(nowMs);
      }
      for (const [first, fromMs] of passedAt.entries()) {
        for (const [offset, toMs] of passedAt.slice(first).entries()) {
          const atMost = rule.count * (1 + (toMs - fromMs) / (rule.windowSec * 1_000));
          expect(offset + 1).toBeLessThanOrEqual(atMost);
        }
      }
    }),
  );
});

test("who waits as told is served; a whole amount passes at once after two quiet windows", () => {
  fc.assert(
    fc.property(rules, fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 40 }), (rule, gapsMs) => {
      let nowMs = 0;
      const limiter = new MemoryLimiter(rule, { now: () => nowMs });
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        const { passed, resetSec } = limiter.hit("one");
        if (passed) continue;
        nowMs += resetSec * 1_000;
        expect(limiter.hit("one").passed).toBe(true);
      }
      nowMs += 2 * rule.windowSec * 1_000;
      const burst = Array.from({ length: rule.count + 1 }, () => limiter.hit("one").passed);
      expect(burst.filter(Boolean)).toHaveLength(rule.count);
    }),
  );
});

import { describe, expect, test } from "bun:test";

import { ApiError } from "../errors.ts";
import type { Rule } from "./classes.ts";
import { SharedLimiter } from "./shared-limiter.ts";
import { passes, type Seen } from "./sliding-window.ts";
import type { RateLimitStore } from "./store.ts";

const RULE = { count: 3, windowSec: 60 };

/** In place of the database: one window that never ends, and how often it was asked. */
class CountingStore implements RateLimitStore {
  statements = 0;
  readonly counts = new Map<string, number>();

  async hit(bucket: string, rule: Rule) {
    this.statements += 1;
    const seen: Seen = { previous: 0, current: this.counts.get(bucket) ?? 0, elapsedMs: 0 };
    const passed = passes(seen, rule);
    if (passed) this.counts.set(bucket, (seen.current += 1));
    return { passed, ...seen };
  }
}

const hits = async (limiter: SharedLimiter, times: number, subject = "a"): Promise<boolean[]> => {
  const passed: boolean[] = [];
  while (passed.length < times) passed.push((await limiter.hit(subject)).passed);
  return passed;
};

describe("a flood", () => {
  test("costs the database one statement per request that passes, one for the refusal, and then none", async () => {
    const store = new CountingStore();
    const limiter = new SharedLimiter({ store, name: "login", rule: RULE, now: () => 0 });
    const passed = await hits(limiter, 1_000);
    expect(passed.slice(0, 4)).toEqual([true, true, true, false]);
    expect(passed.filter(Boolean)).toHaveLength(3);
    expect(store.statements).toBe(4);
    expect([...store.counts]).toEqual([["login:a", 3]]);
  });

  test("others are still counted, and the database is asked again when the time is over", async () => {
    let nowMs = 0;
    const store = new CountingStore();
    const limiter = new SharedLimiter({ store, name: "login", rule: RULE, now: () => nowMs });
    await hits(limiter, 10);
    expect(await hits(limiter, 1, "b")).toEqual([true]);
    const { resetSec } = await limiter.hit("a");
    nowMs += 20_000;
    expect((await limiter.hit("a")).resetSec).toBe(resetSec - 20);
    nowMs += (resetSec - 20) * 1_000;
    store.counts.clear();
    expect(await hits(limiter, 1)).toEqual([true]);
  });

  test("of many subjects is remembered for some of them only", async () => {
    const store = new CountingStore();
    const rule = { count: 1, windowSec: 60 };
    const limiter = new SharedLimiter({ store, name: "login", rule, maxRemembered: 2, now: () => 0 });
    for (const subject of ["a", "b", "c"]) await hits(limiter, 2, subject);
    expect(store.statements).toBe(6);
    expect([await hits(limiter, 1, "b"), await hits(limiter, 1, "c")]).toEqual([[false], [false]]);
    expect(store.statements).toBe(6);
    expect(await hits(limiter, 1, "a")).toEqual([false]);
    expect(store.statements).toBe(7);
  });
});

test("without the database the request fails as it would anyway", async () => {
  const away = new ApiError(503, "database_unavailable", "Gone.");
  const limiter = new SharedLimiter({
    store: { hit: () => Promise.reject(away) },
    name: "login",
    rule: RULE,
  });
  expect(limiter.hit("a")).rejects.toBe(away);
});

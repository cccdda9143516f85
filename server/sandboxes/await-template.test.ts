import { expect, test } from "bun:test";

import { remainingMs, retryAfterSec } from "./await-template.ts";

test("how long a copy goes on follows from how fast it has been", () => {
  expect(remainingMs({ from: 0, to: 0.5, elapsedMs: 10_000 })).toBe(10_000);
  expect(remainingMs({ from: 0.5, to: 0.75, elapsedMs: 5_000 })).toBe(5_000);
  expect(remainingMs({ from: 0, to: 1, elapsedMs: 5_000 })).toBe(0);
});

test("not told before something has been seen of it", () => {
  expect(remainingMs({ from: 0, to: 0.5, elapsedMs: 1_000 })).toBeNull();
  expect(remainingMs({ from: 0.2, to: 0.2, elapsedMs: 20_000 })).toBeNull();
});

test("a create waits for what ends in time, and stays away for the rest of what does not", () => {
  const seen = { from: 0, to: 0.5, elapsedMs: 10_000 };
  expect(retryAfterSec(29_000, { from: 0, to: 0, elapsedMs: 0 })).toBeNull();
  expect(retryAfterSec(10_000, seen)).toBeNull();
  expect(retryAfterSec(20_000, seen)).toBeNull();
  expect(retryAfterSec(21_000, seen)).toBe(10);
  expect(retryAfterSec(10_000, { ...seen, to: 0.2 })).toBe(40);
  expect(retryAfterSec(10_000, { ...seen, to: 0.01 })).toBe(60);
  expect(retryAfterSec(31_000, { from: 0, to: 0, elapsedMs: 0 })).toBe(30);
});

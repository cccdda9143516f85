import { describe, expect, test } from "bun:test";

import { formatAge, formatDuration, formatMb, formatRelative, plural, shortId } from "./format.ts";

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;
const D = 24 * H;

describe("formatDuration", () => {
  test.each([
    [-5, "0 s"],
    [0, "0 s"],
    [8 * S, "8 s"],
    [90 * S, "1 min 30 s"],
    [12 * MIN + 5 * S, "12 min"],
    [H, "1 h"],
    [3 * D + 4 * H + 5 * MIN, "3 d 4 h"],
  ])("%d ms: %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

test.each([
  [-5, "0 s"],
  [90 * S, "1 min"],
  [3 * D + 4 * H, "3 d"],
])("formatAge: %d ms is %s", (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});

describe("formatRelative", () => {
  const now = Date.UTC(2026, 0, 2);
  test.each([
    [0, "just now"],
    [-3 * S, "just now"],
    [-40 * S, "40 s ago"],
    [-5 * MIN - 59 * S, "5 min ago"],
    [-3 * D, "3 d ago"],
    [2 * H, "in 2 h"],
  ])("%d ms: %s", (offset, text) => {
    expect(formatRelative(new Date(now + offset), now)).toBe(text);
  });
});

test("sizes, counts and ids", () => {
  expect([128, 1024, 1536, 16_384].map(formatMb)).toEqual(["128 MB", "1 GB", "1.5 GB", "16 GB"]);
  expect([plural(1, "sandbox", "sandboxes"), plural(0, "key")]).toEqual(["1 sandbox", "0 keys"]);
  expect(shortId("sb-01990000-0000-7000-8000-00000000abcd")).toBe("sb-0000abcd");
  expect(shortId("odd")).toBe("odd");
});

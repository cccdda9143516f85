import { expect, test } from "bun:test";

import fc from "fast-check";

import { chooseCoding } from "./encoding.ts";
import { conditionStatus, parseRange, rangeStillValid } from "./range.ts";

test.each([
  [null, 10, null],
  ["bytes=0-4", 10, { start: 0, end: 4 }],
  ["bytes=5-", 10, { start: 5, end: 9 }],
  ["bytes=-3", 10, { start: 7, end: 9 }],
  ["bytes=-30", 10, { start: 0, end: 9 }],
  ["bytes=8-99", 10, { start: 8, end: 9 }],
  ["Bytes = 1 - 2", 10, { start: 1, end: 2 }],
  ["bytes=10-", 10, "unsatisfiable"],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=-1", 0, "unsatisfiable"],
  ["bytes=4-2", 10, null],
  ["bytes=0-1,3-4", 10, null],
  ["items=0-1", 10, null],
  ["bytes=-", 10, null],
  ["bytes=a-b", 10, null],
] as const)("range %p of %p bytes", (header, size, expected) => {
  expect(parseRange(header, size)).toEqual(expected);
});

test("a range never leaves the file", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.nat(1_000), (text, number, size) => {
      for (const header of [
        text,
        `bytes=${text}`,
        `bytes=${number}-${text}`,
        `bytes=-${number}`,
        `bytes=${number}-`,
      ]) {
        const range = parseRange(header, size);
        if (range === null || range === "unsatisfiable") continue;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
      }
    }),
  );
});

const file = { etag: '"a-1"', modifiedMs: Date.parse("2026-01-02T03:04:05Z") };
const MODIFIED = "Fri, 02 Jan 2026 03:04:05 GMT";
const EARLIER = "Fri, 02 Jan 2026 03:04:04 GMT";

test.each([
  [{}, null],
  [{ "if-none-match": '"a-1"' }, 304],
  [{ "if-none-match": 'W/"a-1", "b"' }, 304],
  [{ "if-none-match": "*" }, 304],
  [{ "if-none-match": '"b"', "if-modified-since": MODIFIED }, null],
  [{ "if-modified-since": MODIFIED }, 304],
  [{ "if-modified-since": EARLIER }, null],
  [{ "if-modified-since": "nonsense" }, null],
  [{ "if-match": '"b"' }, 412],
  [{ "if-match": '"a-1"' }, null],
  [{ "if-unmodified-since": EARLIER }, 412],
  [{ "if-unmodified-since": MODIFIED }, null],
] as const)("conditions %p", (headers, status) => {
  expect(conditionStatus(new Headers(headers), file)).toBe(status);
});

test("If-Range keeps a range of the same version only", () => {
  const valid = (value: string): boolean => rangeStillValid(new Headers({ "if-range": value }), file);
  expect([valid('"a-1"'), valid('"b"'), valid(MODIFIED), valid(EARLIER)]).toEqual([true, false, true, false]);
});

test.each([
  [null, "identity"],
  ["", "identity"],
  ["gzip", "gzip"],
  ["gzip, deflate, br, zstd", "gzip"],
  ["br", "identity"],
  ["*", "gzip"],
  ["gzip;q=0", "identity"],
  ["gzip;q=0.5, identity;q=1", "identity"],
  ["identity;q=0, gzip;q=0.1", "gzip"],
  ["identity;q=0", null],
  ["*;q=0", null],
  ["br, identity;q=0", null],
  ["*;q=0, identity", "identity"],
] as const)("Accept-Encoding %p gives %p", (header, coding) => {
  expect(chooseCoding(header)).toBe(coding);
});

import { expect, test } from "bun:test";

import { isPlacePart } from "./list.ts";

const ID = "01990000-0000-7000-8000-000000000000";

test.each([
  ["2026-01-02T03:04:05.678Z", 0, true],
  ["2028-02-29T23:59:59.000Z", 0, true],
  ["2026-02-29T00:00:00.000Z", 0, false],
  ["2026-13-45T99:99:99.000Z", 0, false],
  ["2026-01-02T24:00:00.000Z", 0, false],
  ["0000-01-01T00:00:00.000Z", 0, false],
  ["2026-01-02 03:04:05.678901+00", 0, false],
  ["2026-01-02T03:04:05Z", 0, false],
  ["2026-01-02", 0, false],
  [ID, 0, false],
  [ID, 1, true],
  ["2026-01-02T03:04:05.678Z", 1, false],
])("%s as part %d of a cursor: %p", (part, index, is) => {
  expect(isPlacePart(part, index)).toBe(is);
});

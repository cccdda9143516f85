import { expect, test } from "bun:test";

import { TypeCompiler } from "@sinclair/typebox/compiler";

import { Timestamp } from "./schemas.ts";

const timestamp = TypeCompiler.Compile(Timestamp);

test.each([
  ["2026-01-02T03:04:05Z", true],
  ["2026-01-02T03:04:05.678901Z", true],
  ["2026-12-31T23:59:59+02:00", true],
  ["2026-13-02T03:04:05Z", false],
  ["2026-01-32T03:04:05Z", false],
  ["2026-01-02T24:04:05Z", false],
  ["2026-01-02T03:60:05Z", false],
  ["2026-01-02T03:04:05Z\n", false],
  ["x2026-01-02T03:04:05Z", false],
  ["0000-01-02T03:04:05Z", false],
  ["0000-01-02T03:04:05+00:00", false],
  ["+275760-09-13T00:00:00Z", false],
  ["tomorrow", false],
  ["", false],
])("%j is a time: %p", (text, is) => {
  expect(timestamp.Check(text)).toBe(is);
});

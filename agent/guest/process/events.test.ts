import { expect, test } from "bun:test";

import { keepaliveMs } from "./events.ts";

test.each([
  ["50", 50_000],
  ["0.1", 100],
  ["0.0000001", 50],
  ["86400", 86_400_000],
  ["86401", 90_000],
  ["0", 90_000],
  ["-1", 90_000],
  ["soon", 90_000],
  ["", 90_000],
  [null, 90_000],
])("a keepalive interval of %p seconds is %p ms", (header, ms) => {
  const headers = new Headers(header === null ? {} : { "keepalive-ping-interval": header });
  expect(keepaliveMs(headers)).toBe(ms);
});

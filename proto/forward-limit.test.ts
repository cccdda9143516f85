import { expect, test } from "bun:test";

import { forwardLimit } from "./forward-limit.ts";

test.each([
  [undefined, 192],
  ["", 192],
  ["many", 192],
  ["-4", 192],
  ["16384", 12_288],
])("of %p requests", (value, limit) => {
  expect(forwardLimit({ BUN_CONFIG_MAX_HTTP_REQUESTS: value })).toBe(limit);
});

import { expect, test } from "bun:test";

import { hashKey, newKey } from "./key-format.ts";

test("a new key is known again by its hash, with either prefix", () => {
  const { text, hash, prefix } = newKey();
  expect(text).toMatch(/^wrn_[0-9a-f]{32}$/);
  expect(text.startsWith(prefix)).toBe(true);
  expect(prefix).toHaveLength(10);
  expect(hashKey(text)).toEqual(hash);
  expect(hashKey(text.replace("wrn_", "e2b_"))).toEqual(hash);
  expect(newKey().text).not.toBe(text);
});

test.each(["", "wrn_", "wrn_12", `wrn_${"G".repeat(32)}`, `xyz_${"0".repeat(32)}`, ` wrn_${"0".repeat(32)}`])(
  "%p cannot be a key",
  (text) => expect(hashKey(text)).toBeNull(),
);

import { describe, expect, test } from "bun:test";

import { escapeLike, readSearch } from "./search.ts";

describe("readSearch", () => {
  test.each([
    ["ada@", "ada@"],
    ["  Ada@Example.com ", "ada@example.com"],
    ["a%_@", "a%_@"],
    ["ä@x", "ä@x"],
    ["@example.com", "@example.com"],
  ])("%p becomes %p", (text, prefix) => expect(readSearch(text)).toBe(prefix));

  test.each([
    ["", "min_length"],
    ["a@", "min_length"],
    ["😀@", "min_length"],
    ["ada", "at_sign"],
  ])("refuses %p by %s", (text, rule) => {
    expect(() => readSearch(text)).toThrow(expect.objectContaining({ details: { field: "email", rule } }));
  });
});

test.each([
  ["a%b_c\\d@", String.raw`a\%b\_c\\d@`],
  ["plain@x", "plain@x"],
])("escapeLike(%p)", (text, escaped) => expect(escapeLike(text)).toBe(escaped));

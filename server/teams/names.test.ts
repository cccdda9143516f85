import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { cleanTeamName, firstTeamName, newSlug, readTeamName } from "./names.ts";

describe("cleanTeamName", () => {
  test.each([
    ["  Ada's Team-1_x @home ", "Ada's Team-1_x @home"],
    ["e\u0301", "\u00e9"],
    ["日本語 チーム", "日本語 チーム"],
    ["x".repeat(128), "x".repeat(128)],
  ])("%p becomes %p", (text, expected) => expect(cleanTeamName(text)).toBe(expected));

  test.each(["", "   ", "a<b", "a\nb", "a/b", "x".repeat(129), "😀"])("refuses %p", (text) =>
    expect(cleanTeamName(text)).toBeNull(),
  );
});

describe("readTeamName", () => {
  test("takes what the rule takes", () =>
    expect(readTeamName(" O'Brien-Ops @ HQ ")).toBe("O'Brien-Ops @ HQ"));

  test.each([
    ["", "min_length"],
    [" \t ", "min_length"],
    ["x".repeat(129), "max_length"],
    ["a\nb", "pattern"],
    ["<b>", "pattern"],
  ])("refuses %p by %s", (text, rule) => {
    expect(() => readTeamName(text)).toThrow(expect.objectContaining({ details: { field: "name", rule } }));
  });
});

describe("firstTeamName", () => {
  test.each([
    ["Ada", "Ada's Team"],
    ["<Ada> & Co.", "Ada  Co's Team"],
    ["😀", "My Team"],
    ["   ", "My Team"],
  ])("of %p is %p", (name, expected) => expect(firstTeamName(name)).toBe(expected));

  test("is always a name that the rule takes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (name) => {
        expect(cleanTeamName(firstTeamName(name))).not.toBeNull();
      }),
    );
  });
});

test("slugs have their form", () => expect(newSlug()).toMatch(/^[0-9a-f]{6}-[0-9a-f]{6}$/));

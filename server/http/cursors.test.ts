import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { decodeCursor, encodeCursor, toPage } from "./cursors.ts";

const any = () => true;

describe("cursors", () => {
  test("come back as they were, whatever is in them", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (parts) => {
        expect(decodeCursor(encodeCursor(parts), parts.length, any)).toEqual(parts);
      }),
    );
  });

  test("any other text is refused or harmless, never a throw of another kind", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const parts = decodeCursor(text, 1, (part) => part === "only this");
          expect(parts).toEqual(["only this"]);
        } catch (error) {
          expect(error).toMatchObject({ status: 400, details: { field: "cursor" } });
        }
      }),
    );
  });

  test.each([
    [encodeCursor(["a"]), 2],
    [encodeCursor(["a", "b"]), 1],
    [Buffer.from("[1]").toString("base64url"), 1],
    [Buffer.from('{"0":"a"}').toString("base64url"), 1],
    ["", 1],
  ])("refuses %s for %i parts", (cursor, length) => {
    expect(() => decodeCursor(cursor, length, any)).toThrow("next_cursor");
  });
});

describe("toPage", () => {
  test.each([
    [[], 2, [], false],
    [["a", "b"], 2, ["a", "b"], false],
    [["a", "b", "c"], 2, ["a", "b"], true],
  ])("of %p with limit %i", (rows, limit, items, hasMore) => {
    const page = toPage(rows, limit, (last) => [last]);
    expect(page.items).toEqual(items);
    expect(page.next_cursor).toBe(hasMore ? encodeCursor(["b"]) : null);
  });
});

import { describe, expect, test } from "bun:test";

import { formatCursor, parseCursor } from "./cursor.ts";

describe("a cursor", () => {
  test.each(["745:745:", "745:751:745", "3:18446744073:3,17,99"])("comes back as it was: %s", (snapshot) => {
    const cursor = { atMs: 1_795_658_351_317, database: 16_384, snapshot };
    expect(parseCursor(formatCursor(cursor))).toEqual(cursor);
  });

  test.each([
    ["nothing", ""],
    ["no time", "745:745:"],
    ["a number", "17"],
    ["no database", "1795658351317-745:745:"],
    ["a word", "1795658351317-5-now"],
    ["its end before its beginning", "1795658351317-5-751:745:"],
    ["a transaction before it", "1795658351317-5-745:751:744"],
    ["a transaction after it", "1795658351317-5-745:751:751"],
    ["transactions out of order", "1795658351317-5-745:751:747,746"],
    ["a transaction twice", "1795658351317-5-745:751:746,746"],
    ["no first transaction", "1795658351317-5-0:751:"],
    ["more than a transaction's number holds", "1795658351317-5-745:99999999999999999999:"],
    ["a space", "1795658351317-5-745:751: "],
    [
      "more than any header holds",
      `1795658351317-5-1:99999:${Array.from({ length: 3_000 }, (_, n) => n + 1).join()}`,
    ],
  ])("is refused with %s", (_, text) => expect(parseCursor(text)).toBeNull());
});

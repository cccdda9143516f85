import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { isPlainText } from "../text.ts";
import { chooseName, MAX_NAME_LENGTH, usableEmail } from "./person.ts";

describe("chooseName", () => {
  test.each([
    [["Ada Lovelace", "ada"], "Ada Lovelace"],
    [[null, "ada"], "ada"],
    [[undefined, null], "grace"],
    [["", "  ", "ada"], "ada"],
    [["\u0000\u0007", "ada"], "ada"],
    [["  Ada\n\tLovelace\u0000 "], "Ada Lovelace"],
    [["Zoe\u0308 <b>&amp;</b> O'Brien"], "Zo\u00eb <b>&amp;</b> O'Brien"],
    [["half \ud800 pair"], "half \ufffd pair"],
    [["😀"], "😀"],
    [[`${"x".repeat(99)} yz`], "x".repeat(99)],
    [["😀".repeat(150)], "😀".repeat(100)],
  ])("of %p is %p", (names, expected) => expect(chooseName(names, "grace@example.com")).toBe(expected));

  test("is always a name that accounts may have", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 200 })), (names) => {
        const name = chooseName(names, "ada@example.com");
        expect(isPlainText(name)).toBe(true);
        expect(Array.from(name).length).toBeLessThanOrEqual(MAX_NAME_LENGTH);
        expect(name).toBe(name.trim().normalize("NFC"));
      }),
    );
  });
});

test.each([
  [" Ada@Example.COM ", "ada@example.com"],
  ["ada", null],
  ["ädä@example.com", null],
  ["ada@exa\u0000mple.com", null],
])("usableEmail of %p is %p", (text, expected) => expect(usableEmail(text)).toBe(expected));

import { expect, test } from "bun:test";

import fc from "fast-check";

import { highlight } from "./highlight.ts";

const kinds = (text: string, name: string): string =>
  highlight(text, name)
    .filter(({ kind }) => kind !== "plain")
    .map(({ kind, text: part }) => `${kind}:${part.trim()}`)
    .join(" ");

test.each([
  ["a.ts", 'const a = "b"; // c', 'word:const string:"b" comment:// c'],
  ["a.py", "def f(): # x\n  return 42", "word:def comment:# x word:return number:42"],
  [
    "run.sh",
    'if true; then echo "#no"; fi # yes',
    'word:if word:true word:then word:echo string:"#no" word:fi comment:# yes',
  ],
  ["a.yaml", "name: wrenn\non: 3", "name:name name:on number:3"],
  ["a.json", '{"a": [1, null]}', 'string:"a" number:1 word:null'],
  ["q.sql", "SELECT 1 -- one", "word:SELECT number:1 comment:-- one"],
  ["a.html", "<b>x</b><!-- y -->", "comment:<!-- y -->"],
  ["notes", "if it rains, 42", ""],
])("%s: %s", (name, text, expected) => {
  expect(kinds(text, name)).toBe(expected);
});

test("nothing of the text is lost or added, whatever it is", () => {
  const names = fc.constantFrom("a.ts", "a.py", "a.sh", "a.toml", "a.json", "a.sql", "a.html", "a");
  const source = fc.stringMatching(/^[\s"'`/*#\\a-z0-9<>!-]{0,60}$/);
  fc.assert(
    fc.property(source, names, (text, name) => {
      expect(
        highlight(text, name)
          .map((token) => token.text)
          .join(""),
      ).toBe(text);
    }),
  );
});

test("a long line without an end takes no time", () => {
  const startedAt = performance.now();
  for (const text of ['"'.repeat(200_000), "/*".repeat(100_000), "a".repeat(200_000), "`".repeat(199_999)]) {
    highlight(text, "a.ts");
  }
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

/** What words leave of a list. */
import { expect, test } from "bun:test";

import { withWords } from "./words.ts";

const BIRDS = [
  { name: "Wren", from: "Europe" },
  { name: "Kestrel", from: null },
];

const left = (typed: string): readonly string[] =>
  withWords(BIRDS, typed, ({ name, from }) => [name, from]).map(({ name }) => name);

test("each word has to stand somewhere, in any case and order", () => {
  expect(left("wren")).toEqual(["Wren"]);
  expect(left(" EURO  wr ")).toEqual(["Wren"]);
  expect(left("wren kestrel")).toEqual([]);
  expect(left("e")).toEqual(["Wren", "Kestrel"]);
});

test("no word reaches over two texts", () => {
  expect(left("wreneurope")).toEqual([]);
});

test("nothing typed leaves the list as it is", () => {
  expect(withWords(BIRDS, "  ", () => [])).toBe(BIRDS);
});

import { expect, test } from "bun:test";

import { cleanPath, join, nameOf, nameProblem, parentOf, wayTo } from "./paths.ts";

test("parts of a path", () => {
  expect(["/", "/a", "/a/b"].map(parentOf)).toEqual(["/", "/", "/a"]);
  expect(["/", "/a", "/a/b.txt"].map(nameOf)).toEqual(["", "a", "b.txt"]);
  expect([join("/", "a"), join("/a", "b")]).toEqual(["/a", "/a/b"]);
  expect(wayTo("/a/b")).toEqual(["/", "/a", "/a/b"]);
  expect(wayTo("/")).toEqual(["/"]);
});

test.each([
  ["", "/"],
  ["home/user", "/home/user"],
  ["/a//b/./c/", "/a/b/c"],
  ["/a/../../etc", "/etc"],
])("%p is %p", (path, clean) => {
  expect(cleanPath(path)).toBe(clean);
});

test("names that cannot be are refused with the reason", () => {
  expect(["notes.txt", "..hidden", "🪶"].map(nameProblem)).toEqual(["", "", ""]);
  for (const name of ["", "a/b", ".", "..", "ä".repeat(128)]) expect(nameProblem(name)).not.toBe("");
});

import { expect, test } from "bun:test";

import fc from "fast-check";

import { ApiError } from "../errors.ts";
import { readMetadataFilter } from "./metadata-filter.ts";

/** As E2B's client does it, up to what the framework decodes. */
const encode = (metadata: Record<string, string>): string =>
  new URLSearchParams(
    Object.entries(metadata).map(([key, value]) => [encodeURIComponent(key), encodeURIComponent(value)]),
  ).toString();

test("reads back what a client wrote, whatever it is", () => {
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(fc.dictionary(text, text), (metadata) => {
      expect(readMetadataFilter(encode(metadata))).toEqual({ ...metadata });
    }),
  );
});

test.each([
  [undefined, {}],
  ["", {}],
  ["user=abc&app=prod", { user: "abc", app: "prod" }],
  ["a", { a: "" }],
  ["a%2520b=c", { "a b": "c" }],
  ["a=1%2B1", { a: "1+1" }],
])("%p", (text, expected) => {
  expect(readMetadataFilter(text)).toEqual(expected);
});

test("what is no encoded text is refused", () => {
  expect(() => readMetadataFilter("a=100%25")).toThrow(ApiError);
});

import { expect, test } from "bun:test";

import { refuseUnsupported } from "./unsupported-fields.ts";

const EMPTY: unknown[] = [undefined, null, false, "", [], {}, { tokens: {} }, [{}], { a: { b: [] } }];
const ASKING: unknown[] = [true, 0, 1, "x", ["x"], { a: { b: "c" } }, [{ name: "v", path: "/v" }]];

test.each(EMPTY.map((value) => ({ value })))("%p asks for nothing", ({ value }) =>
  expect(() => refuseUnsupported({ field: value })).not.toThrow(),
);

test.each(ASKING.map((value) => ({ value })))("%p is refused", ({ value }) =>
  expect(() => refuseUnsupported({ field: value })).toThrow("leave it out: field."),
);

test("all of them are named", () => {
  expect(() => refuseUnsupported({ a: 1, "b.c": {}, "d.e": [1] })).toThrow("leave it out: a, d.e.");
});

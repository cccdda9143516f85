import { expect, test } from "bun:test";

import { ZERO_UUID } from "../../proto/ids.ts";
import { aliasOf, fullName, parseTemplateRef } from "./template-ref.ts";

const HEX = "0198c0de000070008000000000000001";
const UUID = "0198c0de-0000-7000-8000-000000000001";

test.each([
  ["base", { name: "base", id: null, slug: null }],
  ["my-template", { name: "my-template", id: null, slug: null }],
  ["my.template:default", { name: "my.template", id: null, slug: null }],
  ["a1b2c3-d1e2f3/mine", { name: "mine", id: null, slug: "a1b2c3-d1e2f3" }],
  ["a1b2c3-d1e2f3/mine:default", { name: "mine", id: null, slug: "a1b2c3-d1e2f3" }],
  [HEX, { name: HEX, id: UUID, slug: null }],
  [`${HEX}:default`, { name: HEX, id: UUID, slug: null }],
  [`tpl-${UUID}`, { name: `tpl-${UUID}`, id: UUID, slug: null }],
  ["0".repeat(32), { name: "0".repeat(32), id: ZERO_UUID, slug: null }],
  // Of the length, but no UUID of any version.
  ["f".repeat(31) + "g", { name: "f".repeat(31) + "g", id: null, slug: null }],
])("%s", (text, expected) => {
  expect(parseTemplateRef(text)).toEqual(expected);
});

test.each(["", "/", ":", "a/", "/a", "a:", ":default", "a/b/c", "a:v2", "a:default:default", "a:default/b"])(
  "%p is nobody's",
  (text) => expect(parseTemplateRef(text)).toBeNull(),
);

test("the built-in one has E2B's name, and what is listed can be given back", () => {
  expect([aliasOf("minimal"), aliasOf("mine")]).toEqual(["base", "mine"]);
  expect(fullName("000000-000000", "minimal")).toBe("000000-000000/base:default");
  expect(parseTemplateRef(fullName("a1b2c3-d1e2f3", "mine"))).toMatchObject({
    name: "mine",
    slug: "a1b2c3-d1e2f3",
  });
});

import { expect, test } from "bun:test";

import type { ApiKeyScope } from "../../db/constants.ts";
import { scopeAllows } from "./scopes.ts";

const cases: [ApiKeyScope[], string, boolean, boolean][] = [
  // scopes of the key, method, readable, allowed on a route of scope `sandboxes`
  [["read"], "GET", true, true],
  [["read"], "GET", false, false],
  [["read"], "POST", true, false],
  [["read"], "HEAD", true, false],
  [["sandboxes"], "GET", false, true],
  [["sandboxes"], "DELETE", true, true],
  [["templates"], "GET", true, false],
  [["templates"], "POST", true, false],
  [["read", "templates"], "GET", true, true],
  [[], "GET", true, false],
];

test.each(cases)("a key with %p, %s, readable %p: %p", (scopes, method, readable, allowed) => {
  expect(scopeAllows(scopes, { scope: "sandboxes", readable, method })).toBe(allowed);
});
